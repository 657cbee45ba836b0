"""An empty table of clips to fill in: every column explained, three examples, as CSV or as a workbook.

Explanations and examples begin with `#` and are no clips. Column names may be those of any language that `read_clips` knows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from resound.clips.rows import COLUMNS, MEDIA
from resound.errors import ResoundError
from resound.settings import UiLanguage

COLUMN_NAMES: Mapping[UiLanguage, Mapping[str, str]] = {
    "en": {name: name for name in COLUMNS},
    "zh-Hant": {
        "url": "網址", "outlet": "媒體", "date": "日期", "title": "標題", "medium": "媒體類型", "page": "版面",
        "airtime": "播出時間", "file": "檔案", "text": "內文", "language": "語言", "edition": "語版",
        "archive_url": "存檔網址", "note": "備註",
    },
    "vi": {
        "url": "Đường dẫn", "outlet": "Cơ quan báo chí", "date": "Ngày đăng", "title": "Tiêu đề", "medium": "Loại hình",
        "page": "Trang", "airtime": "Giờ phát sóng", "file": "Tệp đính kèm", "text": "Nội dung", "language": "Ngôn ngữ",
        "edition": "Ấn bản", "archive_url": "Bản lưu", "note": "Ghi chú",
    },
}  # fmt: skip
"""The names that a template is written with; each is one that the reading of tables knows."""
_EXPLAINED: Mapping[UiLanguage, Mapping[str, str]] = {
    "en": COLUMNS,
    "zh-Hant": {
        "url": "文章本身的網址（http 或 https），或網頁典藏的網址",
        "outlet": "媒體名稱，中、英、越文皆可",
        "date": "刊播日期：2014-10-02、2014/10/2、民國103年10月2日",
        "title": "標題，或節目單元名稱",
        "medium": "網路、平面、電視、廣播或通訊社",
        "page": "平面媒體：版面",
        "airtime": "電視與廣播：播出時間（19:30）；每次播出各填一列",
        "file": "與此表一同上傳的掃描檔或錄影、錄音檔名稱",
        "text": "內文或摘要；系統由此比對宣傳活動名稱",
        "language": "zh-Hant、zh-Hans、en、vi",
        "edition": "媒體的語言版本",
        "archive_url": "網頁典藏中的網址",
        "note": "其他說明",
    },
    "vi": {
        "url": "địa chỉ của chính bài báo (http hoặc https), hoặc bản lưu của bài",
        "outlet": "tên cơ quan báo chí, bằng tiếng Hoa, Anh hoặc Việt",
        "date": "ngày đăng hoặc phát: 2014-10-02, 2014/10/2",
        "title": "tiêu đề, hoặc tên mục phát sóng",
        "medium": "báo mạng, báo in, truyền hình, phát thanh hoặc hãng thông tấn",
        "page": "báo in: trang hoặc chuyên mục",
        "airtime": "truyền hình và phát thanh: giờ phát (19:30); mỗi lần phát là một dòng",
        "file": "tên tệp quét hoặc ghi âm, ghi hình gửi kèm bảng này",
        "text": "nội dung hoặc tóm tắt; hệ thống tìm tên chiến dịch ở đây",
        "language": "zh-Hant, zh-Hans, en, vi",
        "edition": "ấn bản theo ngôn ngữ của báo",
        "archive_url": "địa chỉ của bản lưu trang",
        "note": "ghi chú khác",
    },
}
_EXAMPLES: tuple[Mapping[str, str], ...] = (
    {"url": "https://news.example/story-1", "outlet": "Example News", "date": "2014-10-02", "title": "A workshop", "medium": "online"},
    {"outlet": "範例日報", "date": "民國103年10月3日", "title": "綠耕隊訪越", "medium": "print", "page": "A5", "file": "page-a5.pdf", "text": "綠耕隊……", "language": "zh-Hant"},
    {"outlet": "Truyền hình Ví dụ", "date": "2014-10-04", "title": "Thời sự tối", "medium": "tv", "airtime": "19:30", "file": "news.mp4", "language": "vi"},
)  # fmt: skip

_EXAMPLE_NOTES: Mapping[UiLanguage, tuple[str, str, str]] = {
    "en": (
        "example: a page that cannot be crawled; the address is enough to tell the outlet",
        "example: a printed page, with its scan beside this table",
        "example: one airing; when it is aired again that is another row",
    ),
    "zh-Hant": (
        "範例：無法自動擷取的網頁；有網址即可辨識媒體",
        "範例：平面報導，掃描檔與此表一同上傳",
        "範例：一次播出；重播請另填一列",
    ),
    "vi": (
        "ví dụ: trang không thu thập tự động được; chỉ cần đường dẫn là biết cơ quan báo chí",
        "ví dụ: trang báo in, tệp quét gửi kèm bảng này",
        "ví dụ: một lần phát; phát lại thì ghi thêm một dòng",
    ),
}
MEDIUM_NAMES: Mapping[UiLanguage, Mapping[str, str]] = {
    "en": {one: one for one in MEDIA},
    "zh-Hant": {"online": "網路", "print": "平面", "tv": "電視", "radio": "廣播", "agency": "通訊社"},
    "vi": {"online": "báo mạng", "print": "báo in", "tv": "truyền hình", "radio": "phát thanh", "agency": "hãng thông tấn"},
}  # fmt: skip
"""As they are chosen from a list; each is one that the reading of tables knows."""


def write_template(path: Path) -> None:
    """Write a CSV table (UTF-8 with a mark, as Excel wants it) to a file that is not there yet.

    Raises:
        ResoundError: the file is there already, is not named .csv, or cannot be written.
    """
    if path.suffix.lower() != ".csv":
        raise ResoundError(
            f"The template is a CSV file: name it {path.with_suffix('.csv')}. Any spreadsheet opens it."
        )
    try:
        with path.open("xb") as file:
            file.write(csv_template())
    except FileExistsError as err:
        raise ResoundError(f"{path} is there already; nothing was written. Choose another name.") from err
    except OSError as err:
        raise ResoundError(f"{path} cannot be written: {err.strerror}.") from err


def csv_template(language: UiLanguage = "en") -> bytes:
    """The table as CSV."""
    made = io.StringIO(newline="")
    csv.writer(made).writerows(_rows(language))
    return made.getvalue().encode("utf-8-sig")


def xlsx_template(language: UiLanguage = "en") -> bytes:
    """The table as a workbook. Cells are text, so that no spreadsheet changes a date; the medium is chosen from a list."""
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(
        made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet()
        text = book.add_format({"num_format": "@", "valign": "top"})
        head = book.add_format({"bold": True, "bottom": 1})
        told = book.add_format({"italic": True, "font_color": "#566066", "text_wrap": True, "valign": "top"})
        sheet.set_column(0, len(COLUMNS) - 1, 22, text)
        for number, row in enumerate(_rows(language)):
            sheet.write_row(number, 0, row, head if number == 0 else told)
        sheet.freeze_panes(1, 0)
        medium = list(COLUMNS).index("medium")
        sheet.data_validation(
            1,
            medium,
            5000,
            medium,
            {"validate": "list", "source": list(MEDIUM_NAMES[language].values()), "ignore_blank": True},
        )
    return made.getvalue()


def _rows(language: UiLanguage) -> Iterator[list[str]]:
    names, explained = COLUMN_NAMES[language], _EXPLAINED[language]
    media = MEDIUM_NAMES[language]
    yield [names[name] for name in COLUMNS]
    examples = (
        {**cells, "medium": media.get(cells["medium"], ""), "note": note}
        for cells, note in zip(_EXAMPLES, _EXAMPLE_NOTES[language], strict=True)
    )
    for cells in (explained, *examples):
        line = [cells.get(name, "") for name in COLUMNS]
        yield [f"# {line[0]}", *line[1:]]
