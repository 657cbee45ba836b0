"""The forms in which news pages write dates: found in a text, taken apart, not yet judged.

Full-width digits, Chinese numerals, 民國 years, Vietnamese and English words, times before or after their day, zones
in any of their spellings, and which of several dates is the update. `resound.processing.dates` makes moments of what is here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

Role = Literal["published", "updated", ""]

MAX_LENGTH = 300
"""In characters; a longer text is no date. Every pattern here is linear in practice, and this keeps it so."""

ROC_OFFSET = 1911
"""民國 1 = 1912."""


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as it stands. `year` is None where none is written; `offset` counts minutes east of UTC.

    `is_ambiguous`: `month` and `day` could as well be read the other way round, or the year's first digits are a guess.
    """

    start: int
    end: int
    year: int | None
    month: int
    day: int
    hour: int | None = None
    minute: int = 0
    second: int = 0
    offset: int | None = None
    zone_name: str = ""
    role: Role = ""
    is_ambiguous: bool = False


_MONTH_NAMES = (
    *(("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june")),
    *(("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october")),
    *(("nov", "november"), ("dec", "december")),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

_DATE = re.compile(
    rf"""
    # 民國103年10月2日, 民國 103/10/02, 中華民國一百零三年十月二日 (numerals are digits by now)
    民[國国]\s*(?P<roc_y>\d{{1,3}})\s*(?:年|[-/.])\s*(?P<roc_m>\d{{1,2}})\s*(?:月|[-/.])\s*(?P<roc_d>\d{{1,2}})(?!\d)\s*日?
    # 2014年10月2日, 2014-10-02, 2014/10/2, 2014.10.02
  | (?<!\d)(?P<y>\d{{4}})\s*(?:年|[-/.])\s*(?P<m>\d{{1,2}})\s*(?:月|[-/.])\s*(?P<d>\d{{1,2}})(?!\d)\s*[日號号]?
    # 103年10月2日, 103/10/02 (no other calendar has this year), 14年10月2日
  | (?<!\d)(?P<short_y>1\d\d|\d\d)\s*年\s*(?P<short_m>\d{{1,2}})\s*月\s*(?P<short_d>\d{{1,2}})(?!\d)\s*[日號号]?
  | (?<![\d/.:-])(?P<roc2_y>1[0-4]\d)\s*[-/.]\s*(?P<roc2_m>\d{{1,2}})\s*[-/.]\s*(?P<roc2_d>\d{{1,2}})(?![\d/.-])
    # ngày 2 tháng 10 năm 2014; 2 tháng 10, 2014
  | (?<!\d)(?P<vi_d>\d{{1,2}})\s*tháng\s*(?P<vi_m>\d{{1,2}})\s*(?:,|năm|/|-)?\s*(?P<vi_y>\d{{4}})(?!\d)
    # 2 October 2014, 02-Oct-2014, 2nd of Oct. 2014
  | (?<!\d)(?P<en_d>\d{{1,2}})(?:st|nd|rd|th)?[\s,-]*(?:of\s+)?(?P<en_m>{_MONTH})\.?[\s,-]*(?P<en_y>\d{{4}}|\d\d(?!\d|:))(?!\d)
    # October 2, 2014; Oct. 2nd 2014
  | \b(?P<us_m>{_MONTH})\.?\s*(?P<us_d>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<us_y>\d{{4}})(?!\d)
    # Thu Oct  2 10:15:00 2014 (asctime), with a zone's name before the year or without
  | \b(?P<asc_m>{_MONTH})\s+(?P<asc_d>\d{{1,2}})\s+(?P<asc_t>\d\d:\d\d(?::\d\d)?)\s+(?:[A-Z]{{3,4}}\s+|[+-]\d{{4}}\s+)?(?P<asc_y>\d{{4}})(?!\d)
    # 2/10/2014, 02-10-2014, 2.10.2014
  | (?<![\d/.:])(?P<a>\d{{1,2}})\s*[-/.]\s*(?P<b>\d{{1,2}})\s*[-/.]\s*(?P<ab_y>\d{{4}})(?!\d|[./-]\d)
    # 02/10/14
  | (?<![\d/.:])(?P<c>\d{{1,2}})/(?P<e>\d{{1,2}})/(?P<ce_y>\d\d)(?![\d/:])
    # 10月2日
  | (?<!\d)(?P<md_m>\d{{1,2}})\s*月\s*(?P<md_d>\d{{1,2}})\s*[日號号]
    """,
    re.VERBOSE | re.IGNORECASE,
)

# The 8/8 of `2023/8/7 20:02(8/8 15:22 更新)`: only beside a whole date and a word for "updated".
_SHORT_DAY = re.compile(r"(?<![\d/:.-])(?P<a>\d{1,2})[/-](?P<b>\d{1,2})(?![\d/:-])")

_ZONE = r"""
    (?: \(?\s*(?:GMT|UTC)\s*(?P<{p}sign>[+-])\s*(?P<{p}h>\d{{1,2}})(?::?(?P<{p}m>\d\d))?\s*\)?
      | (?P<{p}sign2>[+-])(?P<{p}h2>\d\d):?(?P<{p}m2>\d\d)(?!\d)
      | \(?(?P<{p}name>Z|UTC|GMT|UT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|ICT|HKT|SGT|JST|KST|BST|CET|CEST|AEST|AEDT)\b\)?
      | \(?(?P<{p}place>台北時間|臺北時間|台灣時間|臺灣時間|北京时间|北京時間|giờ\ Việt\ Nam|giờ\ Hà\ Nội)\)?
    )"""

_TIME = re.compile(
    r"""
    (?P<before>上午|下午|早上|凌晨|清晨|中午|晚上|晚間|晚间|傍晚|\b(?:AM|PM)\s)?\s*
    (?<![\d:.+/])(?P<hour>[01]?\d|2[0-3])
    (?: \s?:\s?(?P<minute>[0-5]\d)(?:\s?:\s?(?P<second>[0-6]\d)(?:[.,]\d{1,9})?)?(?![\d:])
      | \s?(?:[hH時时點点]|giờ)\s?(?P<minute2>[0-5]?\d(?!\d))?(?:\s?分|['’])?(?:\s?(?P<second2>[0-5]?\d)\s?秒)?
      | (?:\.(?P<minute3>[0-5]\d))?(?=\s?[ap]\.?m\b)
    )
    \s*(?P<after>[ap]\.?m\b\.?|SA\b|CH\b|sáng|chiều|tối)?
    \s*"""
    + _ZONE.format(p="z")
    + "?",
    re.VERBOSE | re.IGNORECASE,
)
_TRAILING_ZONE = re.compile(r"[\s,|-]*" + _ZONE.format(p="z"), re.VERBOSE | re.IGNORECASE)

_AFTERNOON = ("下午", "晚上", "晚間", "晚间", "傍晚", "中午", "pm", "ch", "chiều", "tối")
_MORNING = ("上午", "早上", "凌晨", "清晨", "am", "sa", "sáng")

# In hours; RFC 822 names and those of the region.
_NAMED_HOURS = (
    *(
        ("Z", 0),
        ("UTC", 0),
        ("GMT", 0),
        ("UT", 0),
        ("BST", 1),
        ("CET", 1),
        ("CEST", 2),
        ("ICT", 7),
        ("HKT", 8),
    ),
    *(("SGT", 8), ("JST", 9), ("KST", 9), ("AEST", 10), ("AEDT", 11), ("EDT", -4), ("EST", -5), ("CDT", -5)),
    *(("CST", -6), ("MDT", -6), ("MST", -7), ("PDT", -7), ("PST", -8)),
)
_NAMED_OFFSETS = {name: hours * 60 for name, hours in _NAMED_HOURS}

_ROLE = re.compile(
    r"(?P<updated>更新|修改|修訂|修订|編輯時間|updated?\b|modified|edited|cập nhật|sửa lúc)"
    r"|(?P<published>發布|發佈|发布|發表|发表|出版|上架|刊登|首發|首发|建立|published|posted|đăng|xuất bản|phát hành)",
    re.IGNORECASE,
)

_NUMERAL = re.compile(r"[〇○零一二兩三四五六七八九十百廿卅]+(?=\s*[年月日號号])")
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "兩": 2}
_SPACE = re.compile(r"\s+")


def tidy(raw: str) -> str:
    """NFKC (full-width digits and colons), Chinese numerals before 年月日 as digits, white space single."""
    text = _SPACE.sub(" ", unicodedata.normalize("NFKC", raw)).strip()
    return _NUMERAL.sub(lambda match: str(_number(match[0])), text)


def scan(text: str, *, day_first: bool | None, reads_roc: bool) -> list[WrittenDate]:
    """Every date in a tidied text, in order, each with the time, zone and role that belong to it.

    `day_first` decides `2/10/2014`: None leaves it ambiguous (the day-first reading is given).
    `reads_roc`: two- and three-digit years may be 民國 years (`99年10月2日` is ambiguous, `103/10/02` is not).
    """
    text = text[:MAX_LENGTH]
    dates = [one for match in _DATE.finditer(text) if (one := _take_apart(match, day_first, reads_roc))]
    if dates and dates[0].year is not None and _ROLE.search(text):
        dates = _with_short_days(text, dates, day_first=day_first)
    return _with_roles(text, _with_times(text, dates)) if dates else []


def _take_apart(match: re.Match[str], day_first: bool | None, reads_roc: bool) -> WrittenDate | None:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    kind = next(iter(found)).partition("_")[0]
    start, end = match.span()

    def written(year: int | None, month: int, day: int, *, is_ambiguous: bool = False) -> WrittenDate | None:
        # 29 February is a day of some year; a year that has none shows when the date is made.
        if not (1 <= month <= 12 and 1 <= day <= 31) or (year is not None and not 1 <= year <= 9999):
            return None
        return WrittenDate(start, end, year, month, day, is_ambiguous=is_ambiguous)

    if kind in ("roc", "roc2"):
        if kind == "roc2" and not reads_roc:
            return None
        return written(int(found[f"{kind}_y"]) + ROC_OFFSET, int(found[f"{kind}_m"]), int(found[f"{kind}_d"]))
    if kind in ("y", "m", "d"):
        return written(int(found["y"]), int(found["m"]), int(found["d"]))
    if kind == "short":
        year, month, day = (int(found[f"short_{part}"]) for part in "ymd")
        if year >= 100:
            return written(year + ROC_OFFSET, month, day)
        # 99年 is 1999 or 民國 99; 14年 is 2014 (民國 14 was before any news site).
        return written(_full_year(year), month, day, is_ambiguous=reads_roc and year > 70)
    if kind == "vi":
        return written(int(found["vi_y"]), int(found["vi_m"]), int(found["vi_d"]))
    if kind in ("en", "us", "asc"):
        year = int(found[f"{kind}_y"])
        month = _MONTHS[found[f"{kind}_m"].lower()]
        one = written(_full_year(year) if year < 100 else year, month, int(found[f"{kind}_d"]))
        if one is None or kind != "asc":
            return one
        hour, minute, *second = (int(part) for part in found["asc_t"].split(":"))
        return replace(one, hour=hour % 24, minute=minute % 60, second=min(second[0] if second else 0, 59))
    if kind == "md":
        return written(None, int(found["md_m"]), int(found["md_d"]), is_ambiguous=True)
    low, high, year = (
        (int(found["a"]), int(found["b"]), int(found["ab_y"]))
        if "a" in found
        else (int(found["c"]), int(found["e"]), _full_year(int(found["ce_y"])))
    )
    is_guess = "c" in found and day_first is None
    if high > 12:
        return written(year, low, high, is_ambiguous=is_guess)
    if low > 12 or low == high or day_first is not None:
        swap = day_first is False and low <= 12
        return written(year, low if swap else high, high if swap else low, is_ambiguous=is_guess)
    return written(year, high, low, is_ambiguous=True)


def _with_short_days(text: str, dates: list[WrittenDate], *, day_first: bool | None) -> list[WrittenDate]:
    """Dates without a year take the nearest whole date's before them."""
    taken = [(one.start, one.end) for one in dates]
    for match in _SHORT_DAY.finditer(text):
        if match.start() < dates[0].end or any(
            low < match.end() and match.start() < high for low, high in taken
        ):
            continue
        one, two = int(match["a"]), int(match["b"])
        month, day = (two, one) if day_first or one > 12 else (one, two)
        if 1 <= month <= 12 and 1 <= day <= 31:
            dates.append(WrittenDate(*match.span(), None, month, day))
    dates.sort(key=lambda one: one.start)
    filled: list[WrittenDate] = []
    for date_ in dates:
        if date_.year is not None or not filled:
            filled.append(date_)
            continue
        whole = filled[-1]
        # Published on 31 December, updated on 1 January.
        later = (date_.month, date_.day) < (whole.month, whole.day)
        year = None if whole.year is None else whole.year + later
        filled.append(replace(date_, year=year, is_ambiguous=whole.is_ambiguous))
    return filled


def _with_times(text: str, dates: list[WrittenDate]) -> list[WrittenDate]:
    """Each date takes the nearest time, before (`10:15 02/10/2014`) or after it; a time serves once."""
    times = []
    for match in _TIME.finditer(text):
        end = match.start() + len(match[0].rstrip())
        if not any(one.start < end and match.start("hour") < one.end for one in dates):
            times.append((match.start("hour"), end, match))
    result = list(dates)
    gaps = sorted(
        (max(start - one.end, one.start - end), start < one.start, number, place)
        for number, one in enumerate(dates)
        for place, (start, end, _) in enumerate(times)
    )
    done: set[int] = set()
    used: set[int] = set()
    for gap, _, number, place in gaps:
        if gap > 40 or number in done or place in used or dates[number].hour is not None:
            continue
        done.add(number)
        used.add(place)
        match = times[place][2]
        second = match["second"] or match["second2"]
        offset, zone_name = _zone(match)
        trailing = _TRAILING_ZONE.match(text, max(dates[number].end, times[place][1]))
        if offset is None and trailing is not None:
            offset, zone_name = _zone(trailing)
        result[number] = replace(
            dates[number],
            hour=_hour(int(match["hour"]), (match["before"] or match["after"] or "")),
            minute=int(match["minute"] or match["minute2"] or match["minute3"] or 0),
            second=min(int(second), 59) if second else 0,
            offset=offset,
            zone_name=zone_name,
        )
    return result


def _with_roles(text: str, dates: list[WrittenDate]) -> list[WrittenDate]:
    """`更新：DATE` leads, `DATE 更新` trails; one text does one of the two."""
    words = list(_ROLE.finditer(text))
    if not words:
        return dates
    is_trailing = words[0].start() > dates[0].start and words[-1].start() > dates[-1].start
    result = []
    for number, one in enumerate(dates):
        if is_trailing:
            until = dates[number + 1].start if number + 1 < len(dates) else len(text)
            near = [word for word in words if one.end <= word.start() < until][:1]
        else:
            since = dates[number - 1].end if number else 0
            near = [word for word in words if since <= word.start() < one.start][-1:]
        role: Role = "" if not near else "updated" if near[0]["updated"] else "published"
        result.append(replace(one, role=role))
    return result


def _zone(match: re.Match[str]) -> tuple[int | None, str]:
    """Minutes east of UTC, and the zone's name where it is one of letters."""
    sign = match["zsign"] or match["zsign2"]
    if sign:
        minutes = int(match["zh"] or match["zh2"]) * 60 + int(match["zm"] or match["zm2"] or 0)
        return (minutes if sign == "+" else -minutes) if minutes < 24 * 60 else None, ""
    if match["zname"]:
        name = match["zname"].upper()
        return _NAMED_OFFSETS[name], name
    if match["zplace"]:
        return (420 if match["zplace"].lower().startswith("giờ") else 480), ""
    return None, ""


def _hour(hour: int, word: str) -> int:
    word = word.strip().lower().replace(".", "")
    if word in _AFTERNOON and hour < 12 and not (word == "中午" and hour >= 10):
        return hour + 12
    return 0 if word in _MORNING and hour == 12 else hour


def _full_year(short: int) -> int:
    return short + (1900 if short > 70 else 2000)


def _number(numeral: str) -> int:
    """一〇三 → 103, 一百零三 → 103, 二十一 → 21, 廿一 → 21, 二〇一四 → 2014."""
    numeral = numeral.replace("廿", "二十").replace("卅", "三十")
    if not any(char in "十百" for char in numeral):
        return int("".join(str(_DIGITS[char]) for char in numeral[:8]))
    total, last = 0, 0
    for place, char in enumerate(numeral[:8]):
        if char in "十百":
            total += (last or (1 if place == 0 or char == "十" else 0)) * (10 if char == "十" else 100)
            last = 0
        else:
            last = _DIGITS[char]
    return total + last


def nearest_past(month: int, day: int, today: date) -> date | None:
    """The last such day up to `today`; None for one that no calendar has."""
    for year in (today.year, today.year - 1, today.year - 2, today.year - 3, today.year - 4):
        try:
            one = date(year, month, day)
        except ValueError:  # 29 February
            continue
        if one <= today:
            return one
    return None
