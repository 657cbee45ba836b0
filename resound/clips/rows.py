"""Clips that people bring: the rows of a table, checked one by one.

A row is a clip or a problem, never nothing: what does not fit is said in a sentence with what would. Empty rows, and
rows whose first cell begins with `#`, are no rows. Column names may be English, Chinese or Vietnamese.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from resound.article import FoundDate, Medium
from resound.clips.table import excel_day, read_table
from resound.processing.dates import read_date
from resound.texts import N_
from resound.told import Told
from resound.urls import is_http_url
from resound.web_archives import is_capture, original_url

MEDIA: tuple[Medium, ...] = get_args(Medium)
_MEDIA_WORDS = N_("online, print, television, radio, agency")
"""As a reader writes them; a translation names words that are taken, too."""


@dataclass(frozen=True, slots=True)
class ClipRow:
    """One clip as the table gives it; `row` counts as a spreadsheet does. Cells that are empty are "".

    `date` is the day in the outlet's own calendar, or a moment where the table names a zone. `url` may be a capture
    in a web archive (`original_url` takes the article's own address out of it).
    """

    row: int
    url: str = ""
    outlet: str = ""
    date: FoundDate | None = None
    title: str = ""
    medium: Medium | None = None
    page: str = ""
    airtime: str = ""
    file: str = ""
    text: str = ""
    language: str = ""
    edition: str = ""
    archive_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClipProblem:
    """A row that cannot be taken, and a sentence that says what would fit. `column`: which cell is wrong, where one is.

    `title` (or the address) and `outlet` as they are written, by which whoever wrote the row knows it again.
    """

    row: int
    message: str
    column: str = ""
    title: str = ""
    outlet: str = ""


COLUMNS: Mapping[str, str] = {
    "url": "the article's own address, http or https; or its capture in a web archive",
    "outlet": "its id in sources/ or its name, in any language",
    "date": "the day of publication: 2014-10-02, 2014/10/2, 民國103年10月2日",
    "title": "the headline, or what the broadcast item is called",
    "medium": "online, print, tv, radio or agency",
    "page": "print: the page or section",
    "airtime": "tv and radio: when it was aired (19:30); each airing is a row of its own",
    "file": "a scan or recording beside this table",
    "text": "what it says; the campaign is looked for here",
    "language": "zh-Hant, zh-Hans, en, vi …",
    "edition": "the outlet's edition, by its id or language",
    "archive_url": "a capture of the page in a web archive",
    "note": "anything else",
}
_ALIASES: Mapping[str, str] = {
    "url": "link|address|web address|網址|連結|链接|连结|網頁|网址|đường dẫn|liên kết|địa chỉ",
    "outlet": "media|media outlet|newspaper|publication|channel|source|媒體|媒体|媒體名稱|媒体名称|報社|頻道"
    "|báo|tên báo|cơ quan báo chí|kênh|nguồn",
    "date": "published|day|publication date|日期|刊登日期|播出日期|發布日期|发布日期|刊出日期|ngày|ngày đăng|ngày phát sóng",
    "title": "headline|標題|标题|題目|tiêu đề|tít|tựa đề",
    "medium": "media type|type|媒體類型|媒体类型|類型|类型|類別|loại hình|loại|phương tiện",
    "page": "pages|版面|版次|版別|頁|頁碼|页码|trang|số trang",
    "airtime": "air time|time|broadcast time|播出時間|播出时间|時間|时间|giờ phát sóng|giờ phát|giờ",
    "file": "attachment|scan|檔案|檔名|附件|文件|tệp|tập tin|tệp đính kèm",
    "text": "content|body|transcript|內容|内容|內文|全文|逐字稿|nội dung|toàn văn",
    "language": "lang|語言|语言|ngôn ngữ|tiếng",
    "edition": "版本|語版|ấn bản|phiên bản",
    "archive_url": "archive|archived|capture|存檔|存檔網址|存档|備份網址|bản lưu|lưu trữ",
    "note": "notes|remark|remarks|comment|備註|备注|註記|ghi chú",
}
_MEDIUM_WORDS: Mapping[Medium, str] = {
    "online": "web|website|internet|網路|網站|网络|网站|線上|trực tuyến|báo mạng|báo điện tử|điện tử",
    "print": "newspaper|paper|magazine|報紙|报纸|平面|印刷|雜誌|紙本|báo in|báo giấy|in|tạp chí",
    "tv": "television|電視|电视|truyền hình|ti vi",
    "radio": "廣播|广播|電台|电台|phát thanh|đài",
    "agency": "news agency|wire|通訊社|通讯社|thông tấn|thông tấn xã|hãng tin|hãng thông tấn",
}
_LANGUAGE_WORDS: Mapping[str, str] = {
    "zh-Hant": "traditional chinese|chinese (traditional)|繁體中文|繁體|正體中文|正體|中文|華語|tiếng trung phồn thể",
    "zh-Hans": "simplified chinese|chinese (simplified)|簡體中文|簡體|简体中文|简体|tiếng trung giản thể",
    "zh": "chinese|tiếng trung|tiếng hoa",
    "en": "english|英文|英語|英语|tiếng anh",
    "vi": "vietnamese|越文|越南文|越南語|越語|越南语|tiếng việt",
}
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
# 19:30, 7h30, 19時30分
_CLOCK = re.compile(r"(\d{1,2})\s*(?:[:hH]|時|时|點|点)\s*(\d{2})(?::\d{2})?\s*分?")

_ZONES = (ZoneInfo("Asia/Taipei"), ZoneInfo("Asia/Tokyo"))


def read_clips(path: Path, *, now: datetime | None = None) -> Iterator[ClipRow | ClipProblem]:
    """Every row of a table, in order. CSV (UTF-8, UTF-16, Big5; parted by comma, semicolon or tab) or XLSX.

    `now` (aware; default: this moment) says which dates lie in the future.

    Raises:
        ResoundError: the file cannot be read as a table, or has no header row.
    """
    table = read_table(path, count_known=lambda names: sum(_column(name) is not None for name in names))
    columns, problems = _read_header(table.header)
    yield from (ClipProblem(table.header_row, message) for message in problems)
    moment = now or datetime.now(UTC)
    for row in table.rows:
        if row.wrong:
            yield ClipProblem(row.number, row.wrong)
            continue
        if not any(row.cells) or next(cell for cell in row.cells if cell).startswith("#"):
            continue
        beyond = [cell for cell in row.cells[len(columns) :] if cell]
        if beyond:
            yield ClipProblem(
                row.number,
                Told(
                    "The row has more cells than the header has names (%(cell)s is too much). "
                    'A text that holds the separator stands in quotation marks: "one, two".',
                    cell=repr(beyond[0][:60]),
                ),
            )
            continue
        yield _read_row(row.number, columns, row.cells, moment)


def clip_key(row: ClipRow) -> str:
    """16 hexadecimal digits that stand for what was printed or aired: the same row in another table has the same.

    Made of outlet (or, where none is named, the address), medium, day, page, air time and title, as written but for
    case, width and spaces; so it does not matter which sources are known when the row comes.
    """
    moment = row.date.at.astimezone(UTC) if row.date is not None and row.date.at is not None else None
    day = moment.date() if moment is not None else row.date.day if row.date is not None else None
    parts = (
        row.outlet or original_url(row.url),
        row.medium or "",
        day.isoformat() if day is not None else "",
        *(row.page, row.airtime, row.title),
    )
    written = "\n".join(("clip", *(_fold(part, keep_marks=True) for part in parts)))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def same_words(one: str, other: str) -> bool:
    """Whether two titles are the same but for case, width and spaces."""
    return _fold(one, keep_marks=True) == _fold(other, keep_marks=True)


def _read_header(header: Sequence[str]) -> tuple[list[str], list[Told]]:
    """The column that each cell of the header names ("" for none; a foreign name stays), and what is wrong with them."""
    columns: list[str] = []
    problems: list[Told] = []
    for written in header:
        found = _column(written)
        if found is None and written:
            near = difflib.get_close_matches(_fold(written), _COLUMN_OF, n=1, cutoff=0.8)
            if near:
                problems.append(
                    Told(
                        "The column %(written)s is not known; did you mean %(known)s? It is kept as a note.",
                        written=repr(written),
                        known=repr(_COLUMN_OF[near[0]]),
                    )
                )
        elif found is not None and found in columns:
            problems.append(
                Told(
                    "Two columns mean %(known)s; the second (%(written)s) is kept as a note.",
                    known=repr(found),
                    written=repr(written),
                )
            )
            found = None
        columns.append(found or (f"?{written}" if written else ""))
    return columns, problems


def _read_row(
    number: int, columns: Sequence[str], cells: Sequence[str], now: datetime
) -> ClipRow | ClipProblem:
    given: dict[str, str] = {}
    extra: list[str] = []
    for column, cell in zip(columns, cells, strict=False):  # trailing empty cells are often left out
        if column in COLUMNS:
            given[column] = cell
        elif cell:
            extra.append(f"{column[1:]}: {cell}" if column else cell)
    given["note"] = " · ".join(part for part in (given.get("note", ""), *extra) if part)
    return check_cells(number, given, now)


def check_cells(number: int, given: Mapping[str, str], now: datetime) -> ClipRow | ClipProblem:
    """One clip from its cells by column (those of `COLUMNS`; missing ones are empty), or what is wrong with the first.

    `now` (aware) says which dates lie in the future.
    """
    try:
        return ClipRow(
            row=number,
            **{
                name: given.get(name, "")
                for name in ("outlet", "title", "page", "file", "text", "edition", "note")
            },
            url=_check_url(given.get("url", ""), given),
            archive_url=_check_archive(given.get("archive_url", "")),
            date=_check_date(given.get("date", ""), now),
            medium=_check_medium(given.get("medium", "")),
            airtime=_check_airtime(given.get("airtime", "")),
            language=_check_language(given.get("language", "")),
        )
    except _UnfitCellError as err:
        title = given.get("title", "") or given.get("url", "")
        return ClipProblem(number, err.sentence, err.column, title, given.get("outlet", ""))


class _UnfitCellError(Exception):
    """A cell that cannot be taken; the sentence says what would fit."""

    def __init__(self, column: str, sentence: Told) -> None:
        super().__init__(sentence)
        self.column = column
        self.sentence = sentence


def _check_url(url: str, given: Mapping[str, str]) -> str:
    if not url:
        if not (given.get("outlet") and given.get("title")):
            column = "outlet" if not given.get("outlet") else "title"
            raise _UnfitCellError(column, Told("Either a web address is needed, or an outlet and a title."))
        return ""
    if not is_http_url(url):
        raise _UnfitCellError(
            "url",
            Told(
                "%(url)s is no web address; write it whole, as in https://news.example/2014/10/story-1.",
                url=repr(url[:200]),
            ),
        )
    if is_capture(url) and original_url(url) == url:
        raise _UnfitCellError(
            "url",
            Told(
                "%(url)s is in a web archive and does not tell the article's own address: "
                "put that into url, and this one into archive_url.",
                url=url[:200],
            ),
        )
    if not is_http_url(original_url(url)):
        raise _UnfitCellError("url", Told("The address inside %(url)s is no web address.", url=url[:200]))
    return url


def _check_archive(url: str) -> str:
    if url and not is_http_url(url):
        raise _UnfitCellError(
            "archive_url",
            Told(
                "%(url)s in archive_url is no web address; write it whole, or leave it empty.",
                url=repr(url[:200]),
            ),
        )
    return url


def _check_date(raw: str, now: datetime) -> FoundDate | None:
    if not raw:
        return None
    serial = excel_day(raw)
    if serial is not None:
        return FoundDate("import", raw, day=serial)
    shown = repr(raw[:100])
    found = [
        read_date(raw, zone=zone, origin="import", fetched_at=moment, language="zh")
        for zone, moment in ((_ZONES[0], now), (_ZONES[1], now), (_ZONES[0], now + timedelta(days=800)))
    ]
    here, there, later = found
    if here is None or there is None or later is None:
        raise _UnfitCellError(
            "date",
            Told(
                "%(date)s is no date that can be read. Write the day as 2014-10-02 (or 2014/10/2, 民國103年10月2日).",
                date=shown,
            ),
        )
    if _local(here) != _local(later):
        raise _UnfitCellError(
            "date",
            Told(
                "%(date)s does not say which year. Write the day as 2014-10-02 (or 2014/10/2, 民國103年10月2日).",
                date=shown,
            ),
        )
    if here.suspect == "ambiguous" or later.suspect == "ambiguous":
        raise _UnfitCellError(
            "date",
            Told(
                "%(date)s can be read in two ways (day first or month first). Write the day as 2014-10-02 (or 2014/10/2, 民國103年10月2日).",
                date=shown,
            ),
        )
    if here.suspect == "future":
        raise _UnfitCellError(
            "date",
            Told(
                "The date %(date)s lies in the future. Write the day as 2014-10-02 (or 2014/10/2, 民國103年10月2日).",
                date=shown,
            ),
        )
    if here.suspect is not None:
        raise _UnfitCellError(
            "date",
            Told(
                "The date %(date)s cannot be right (before 1990). Write the day as 2014-10-02 (or 2014/10/2, 民國103年10月2日).",
                date=shown,
            ),
        )
    if here.at is not None and here.at == there.at:  # a zone is written: it is a moment
        return here
    return FoundDate("import", raw, day=_local(here))


def _local(found: FoundDate) -> date | None:
    return found.day if found.at is None else found.at.astimezone(_ZONES[0]).date()


def _check_medium(written: str) -> Medium | None:
    if not written:
        return None
    found = _MEDIUM_OF.get(_fold(written))
    if found is None:
        raise _UnfitCellError(
            "medium",
            Told(
                "%(written)s is no medium. One of: %(media)s (or leave it empty).",
                written=repr(written[:60]),
                media=Told(_MEDIA_WORDS),
            ),
        )
    return found


def _check_language(written: str) -> str:
    if not written:
        return ""
    known = _LANGUAGE_OF.get(_fold(written))
    if known is not None:
        return known
    if _TAG.fullmatch(written) is None:
        raise _UnfitCellError(
            "language",
            Told(
                "%(written)s is no language. Write zh-Hant, zh-Hans, en, vi, or leave it empty.",
                written=repr(written[:60]),
            ),
        )
    return written


def _check_airtime(written: str) -> str:
    clock = _CLOCK.fullmatch(unicodedata.normalize("NFKC", written))
    if clock is None:
        return written  # "evening news" is told as it is
    if int(clock[1]) > 29 or int(clock[2]) > 59:  # broadcasters' days reach to 29:59
        raise _UnfitCellError(
            "airtime", Told("%(written)s is no time of day; write it as 19:30.", written=repr(written))
        )
    return f"{int(clock[1]):02}:{clock[2]}"


def _fold(written: str, *, keep_marks: bool = False) -> str:
    """For comparing names: width, case, spaces and (unless they are kept) Vietnamese marks make no difference."""
    plain = " ".join(unicodedata.normalize("NFKC", written).casefold().replace("_", " ").split())
    if keep_marks:
        return plain
    without = "".join(char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char))
    return without.replace("đ", "d")


def _column(written: str) -> str | None:
    # "Date (YYYY-MM-DD)", "標題*", "Tiêu đề:"
    return _COLUMN_OF.get(re.sub(r"\(.*\)|[*:]", "", _fold(written)).strip())


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {_fold(word): name for name, words in table.items() for word in (name, *words.split("|"))}


_COLUMN_OF = _words(_ALIASES)
_MEDIUM_OF: dict[str, Medium] = {
    _fold(word): name for name, words in _MEDIUM_WORDS.items() for word in (name, *words.split("|"))
}
_LANGUAGE_OF = _words(_LANGUAGE_WORDS)
