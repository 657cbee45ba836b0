"""Dates of articles: read from whatever a page or a feed wrote, and chosen among several. Pure; never raises.

Order of `read_date`: epoch and run-together digits; ISO 8601; our own forms (`resound.processing.date_forms`: 民國 years, Vietnamese
and Chinese words, `10:15 02/10/2014`, several dates in one text); "3 hours ago"; last the dateparser library.
A zone that is written wins; else the outlet's. A date is marked suspect, never repaired in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from resound.article import DateOrigin, FoundDate
from resound.processing.date_forms import MAX_LENGTH, WrittenDate, nearest_past, scan, tidy

FUTURE_TOLERANCE = timedelta(hours=24)
"""A date this much later than the fetch is still an outlet's wrong clock or zone."""
DISAGREEMENT = timedelta(hours=48)
FIRST_YEAR = 1990
"""No news site has older pages of its own."""

_BY_PROVENANCE: tuple[DateOrigin, ...] = (
    *("decision", "import", "json-ld", "meta", "time-tag", "url", "feed", "sitemap", "text"),
)
_STRONG = frozenset(("json-ld", "meta", "time-tag", "url", "feed"))
# Where 2/10/2014 is 2 October, whatever the language of the edition.
_DAY_FIRST_ZONES = (
    *("Asia/Ho_Chi_Minh", "Asia/Saigon", "Asia/Hanoi", "Asia/Bangkok", "Asia/Jakarta", "Asia/Kolkata"),
    *(
        "Asia/Singapore",
        "Asia/Kuala_Lumpur",
        "Asia/Phnom_Penh",
        "Asia/Vientiane",
        "Asia/Hong_Kong",
        "Asia/Dhaka",
    ),
    *("Europe/", "Australia/", "Pacific/Auckland"),
)
_RUN_TOGETHER = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(\d\d)?)?")
_EPOCH = re.compile(r"[1-9]\d{8,9}(?:\.\d+)?|[1-9]\d{11,12}")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:?\d\d.*)?")
_AGO = re.compile(
    r"(?P<count>\d{1,3})\s*(?:(?P<minute>分鐘|分钟|phút|minutes?|mins?)|(?P<hour>小時|小时|個小時|giờ|tiếng|hours?|hrs?)"
    r"|(?P<day>天|日|ngày|days?))\s*(?:之前|以前|前|trước|ago)",
    re.IGNORECASE,
)
_BUDDHIST = range(2400, 2700)
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_VIETNAMESE = re.compile(r"\bthứ |chủ nhật|\bngày\b|cập nhật|\btháng\b", re.IGNORECASE)
_HAS_LETTER = re.compile(r"[^\W\d_]")


def read_date(
    raw: str, *, zone: ZoneInfo, origin: DateOrigin, fetched_at: datetime, language: str | None = None
) -> FoundDate | None:
    """The publication date that `raw` states, or the only date that it holds; None where there is none.

    `zone` is the outlet's and serves where none is written; `fetched_at` (aware) is the moment of the fetch. `language`
    of the edition helps with `2/10/2014`. Without a time of day, `day` is set. Never raises.
    """
    published, updated = read_dates(raw, zone=zone, origin=origin, fetched_at=fetched_at, language=language)
    return published or updated


def read_dates(
    raw: str, *, zone: ZoneInfo, origin: DateOrigin, fetched_at: datetime, language: str | None = None
) -> tuple[FoundDate | None, FoundDate | None]:
    """As `read_date`, for texts that hold both: (published, updated). `2023/8/7 20:02(8/8 15:22 更新)`."""
    shown = " ".join(raw[: MAX_LENGTH * 2].split())[:MAX_LENGTH]
    if not shown:
        return None, None
    try:
        published, updated = _read(shown, zone, fetched_at, language)
    except (ValueError, OverflowError):  # 31 February, year 1 in a zone east of Greenwich
        return None, None

    def judged(one: _Read | None) -> FoundDate | None:
        if one is None:
            return None
        value, is_ambiguous = one
        suspect = _judge(value, is_ambiguous, zone, fetched_at)
        if isinstance(value, datetime):
            return FoundDate(origin, shown, at=value, suspect=suspect)
        return FoundDate(origin, shown, day=value, suspect=suspect)

    return judged(published), judged(updated)


def choose_date(found: Sequence[FoundDate], *, zone: ZoneInfo | None = None) -> FoundDate | None:
    """The best of several statements of one date: by provenance, those that are not suspect before those that are.

    A day gains the time of a lesser voice that names a moment of that very day in `zone`. `suspect` becomes
    `disagrees` where statements of the page itself, its URL or its feed lie more than 48 hours apart.
    """
    if not found:
        return None
    ranked = sorted(found, key=lambda one: (one.suspect is not None, _BY_PROVENANCE.index(one.origin)))
    best = ranked[0]
    if best.suspect is not None or best.origin in ("decision", "import"):
        return best
    spans = [
        _span(one, zone)
        for one in ranked
        if one.suspect is None and (one.origin in _STRONG or one.origin == best.origin)
    ]
    if best.day is not None and zone is not None:
        exact = [
            one
            for one in ranked
            if one.suspect is None and one.at is not None and one.at.astimezone(zone).date() == best.day
        ]
        best = exact[0] if exact else best
    if len(spans) > 1 and max(low for low, _ in spans) - min(high for _, high in spans) > DISAGREEMENT:
        return replace(best, suspect="disagrees")
    return best


_Read = tuple[datetime | date, bool]
"""A moment (aware, UTC) or a day; whether it is ambiguous."""


def _read(
    raw: str, zone: ZoneInfo, fetched_at: datetime, language: str | None
) -> tuple[_Read | None, _Read | None]:
    text = tidy(raw)
    plain = _read_plain(text, zone)
    if plain is not None:
        return (plain, False), None
    day_first = _is_day_first(zone, "vi" if _VIETNAMESE.search(text) else language)
    reads_roc = zone.key == "Asia/Taipei" or (language or "").lower().startswith("zh")
    dates = scan(text, day_first=day_first, reads_roc=reads_roc)
    if dates:
        published = next(
            (one for one in dates if one.role == "published"),
            next((one for one in dates if not one.role), None),
        )
        updated = next((one for one in dates if one.role == "updated"), None)
        read = [
            None if one is None else _make(one, text, zone, fetched_at, language)
            for one in (published, updated)
        ]
        if any(read):
            return read[0], read[1]
    ago = _AGO.search(text)
    if ago is not None and len(text) < 60:
        return _before(ago, zone, fetched_at), None
    return _ask_library(text, zone, fetched_at, language), None


def _read_plain(text: str, zone: ZoneInfo) -> datetime | date | None:
    """What machines write: digits only, and ISO 8601."""
    run = _RUN_TOGETHER.fullmatch(text)
    if run is not None:
        year, month, day, *clock = (int(part) for part in run.groups() if part is not None)
        if 1 <= month <= 12 and 1 <= day <= 31:
            if not clock:
                return date(year, month, day)
            hour, minute, second = (*clock, 0)[:3]
            return _moment(datetime.combine(date(year, month, day), time(hour, minute, second)), zone)
    if _EPOCH.fullmatch(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    if _ISO.fullmatch(text) is None:
        return None
    if len(text) == 10:
        return date.fromisoformat(text)
    try:
        return _moment(datetime.fromisoformat(text), zone)
    except ValueError:
        return None  # `2014-10-02 10:15 (8/10 更新)` begins like one


def _make(
    one: WrittenDate, text: str, zone: ZoneInfo, fetched_at: datetime, language: str | None
) -> _Read | None:
    is_ambiguous = one.is_ambiguous
    if one.year is None:
        past = nearest_past(one.month, one.day, fetched_at.astimezone(zone).date())
        if past is None:
            return None
        day = past
    else:
        year = one.year
        if year in _BUDDHIST and ((language or "").startswith("th") or _THAI.search(text)):
            year -= 543
        try:
            day = date(year, one.month, one.day)
        except ValueError:
            return None
        if is_ambiguous and one.day <= 12 and one.day != one.month:
            # News is never from the future: where only one reading is past, it is the right one.
            other = date(year, one.day, one.month)
            latest = (fetched_at + FUTURE_TOLERANCE).date()
            if (day <= latest) != (other <= latest) and year >= 1000:
                day, is_ambiguous = min(day, other), False
    if one.hour is None:
        return day, is_ambiguous
    local = datetime.combine(day, time(one.hour, one.minute, one.second))
    if one.offset is None or (one.zone_name == "CST" and zone.utcoffset(local) == timedelta(hours=8)):
        return _moment(local, zone), is_ambiguous  # CST is China's time in Taipei, Chicago's elsewhere
    return _moment(local.replace(tzinfo=timezone(timedelta(minutes=one.offset))), zone), is_ambiguous


def _moment(value: datetime, zone: ZoneInfo) -> datetime:
    return (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC)


def _before(ago: re.Match[str], zone: ZoneInfo, fetched_at: datetime) -> _Read:
    count = int(ago["count"])
    if ago["day"]:
        return fetched_at.astimezone(zone).date() - timedelta(days=count), False
    return (fetched_at - timedelta(**{"hours" if ago["hour"] else "minutes": count})).astimezone(UTC), False


def _is_day_first(zone: ZoneInfo, language: str | None) -> bool | None:
    if (language or "").lower().startswith("vi") or zone.key.startswith(_DAY_FIRST_ZONES):
        return True
    return False if zone.key.startswith(("America/New", "America/Chi", "America/Los", "US/")) else None


def _judge(value: datetime | date, is_ambiguous: bool, zone: ZoneInfo, fetched_at: datetime) -> str | None:
    latest = fetched_at + FUTURE_TOLERANCE
    is_future = value > latest if isinstance(value, datetime) else value > latest.astimezone(zone).date()
    if is_future:
        return "future"
    if value.year < FIRST_YEAR:
        return "before-1990"
    return "ambiguous" if is_ambiguous else None


def _span(one: FoundDate, zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    """First and last moment that it may mean; a day in an unknown zone reaches round the earth."""
    if one.at is not None:
        return one.at, one.at
    day = one.day or date.min
    if zone is not None:
        start = datetime.combine(day, time(), zone).astimezone(UTC)
        return start, start + timedelta(days=1)
    start = datetime.combine(day, time(), UTC)
    return start - timedelta(hours=14), start + timedelta(hours=36)


def _ask_library(text: str, zone: ZoneInfo, fetched_at: datetime, language: str | None) -> _Read | None:
    """dateparser, for what our forms do not know. It is slow and guesses: it must find year, month and day."""
    if len(text) > 60 or not any(char.isdigit() for char in text) or not _HAS_LETTER.search(text):
        return None
    return _ask(text, zone.key, fetched_at.replace(minute=0, second=0, microsecond=0), (language or "")[:2])


@lru_cache(maxsize=512)
def _ask(text: str, zone: str, fetched_at: datetime, language: str) -> _Read | None:
    try:
        parser = _library(zone, language)
        data = parser.get_date_data(text)
    except Exception:  # noqa: BLE001 (a library of a thousand rules on foreign text: whatever it trips over is no date)
        return None
    value = data.date_obj
    if value is None or data.period not in ("day", "time") or value > fetched_at + timedelta(days=366 * 600):
        return None
    if value.year in _BUDDHIST:  # 2 ตุลาคม 2557
        value = value.replace(year=value.year - 543)
    if data.period == "day":
        return value.date(), False
    return value.astimezone(UTC), False


@cache
def _library(zone: str, language: str) -> Any:
    from dateparser.date import DateDataParser  # late: 0.3 s

    # Those whose letters tell them apart; a wider list makes months of foreign words.
    languages = dict.fromkeys(("en", "vi", "zh", "zh-Hant", "th", "ko", "ja"))
    if language and language not in ("zh", "ot", "un"):
        languages = dict.fromkeys((language, *languages))
    settings = {
        "TIMEZONE": zone,
        "RETURN_AS_TIMEZONE_AWARE": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RETURN_TIME_AS_PERIOD": True,
        "PARSERS": ["absolute-time"],
    }
    try:
        return DateDataParser(languages=list(languages), settings=settings)
    except ValueError:  # a language that it does not know
        return _library(zone, "")
