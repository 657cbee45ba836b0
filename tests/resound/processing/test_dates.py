"""Dates as news pages and feeds write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resound.article import FoundDate
from resound.processing.dates import choose_date, read_date, read_dates

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TAIPEI, SAIGON, UTC_ZONE = ZoneInfo("Asia/Taipei"), ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("UTC")


def read(raw: str, zone: ZoneInfo = TAIPEI, language: str | None = None) -> FoundDate | None:
    return read_date(raw, zone=zone, origin="text", fetched_at=NOW, language=language)


@pytest.mark.parametrize(
    "raw",
    [
        "2014-10-02",
        "2014/10/2",
        "2014.10.02",
        "20141002",
        "2014年10月2日",
        "2014 年 10 月 02 日",
        "２０１４年１０月２日",
        "二〇一四年十月二日",
        "民國103年10月2日",
        "民國 103/10/02",
        "中華民國一百零三年十月二日",
        "民國一○三年十月二日",
        "103年10月2日",
        "103/10/02",
        "103-10-02",
        "Oct. 2, 2014",
        "October 2nd, 2014",
        "2 October 2014",
        "02-Oct-2014",
        "Ngày 2 tháng 10 năm 2014",
        "2 Tháng 10, 2014",
        "2014년 10월 2일",
    ],
)
def test_days(raw: str) -> None:
    found = read(raw)
    assert found is not None
    assert (found.day, found.at, found.suspect) == (date(2014, 10, 2), None, None)


@pytest.mark.parametrize(
    ("raw", "zone", "moment"),
    [
        ("2014-10-02T10:15:00+0700", TAIPEI, "2014-10-02T03:15"),
        ("2014-10-02T10:15:00.123Z", TAIPEI, "2014-10-02T10:15"),
        ("2014-10-02 10:15", TAIPEI, "2014-10-02T02:15"),
        ("20141002101500", TAIPEI, "2014-10-02T02:15"),
        ("1412216100", TAIPEI, "2014-10-02T02:15"),
        ("1412216100000", TAIPEI, "2014-10-02T02:15"),
        ("Thu, 02 Oct 2014 10:15:00 GMT", TAIPEI, "2014-10-02T10:15"),
        ("Thu, 02 Oct 14 10:15:00 EST", TAIPEI, "2014-10-02T15:15"),
        ("Thu, 02 Oct 2014 10:15:00 CST", TAIPEI, "2014-10-02T02:15"),  # China's
        ("Thu, 02 Oct 2014 10:15:00 CST", UTC_ZONE, "2014-10-02T16:15"),  # Chicago's
        ("Thu Oct  2 10:15:00 2014", UTC_ZONE, "2014-10-02T10:15"),
        ("Oct. 2, 2014, 3:05 p.m.", UTC_ZONE, "2014-10-02T15:05"),
        ("2014年10月2日 下午3時5分", TAIPEI, "2014-10-02T07:05"),
        ("2014/10/02 (四) 上午 10:15", TAIPEI, "2014-10-02T02:15"),
        ("２０１４年１０月０２日　１０：１５", TAIPEI, "2014-10-02T02:15"),
        ("2014/10/02 10:15 台北時間", UTC_ZONE, "2014-10-02T02:15"),
        ("Thứ Năm, 2/10/2014 | 10:15 (GMT+7)", UTC_ZONE, "2014-10-02T03:15"),
        ("10:15 02/10/2014", SAIGON, "2014-10-02T03:15"),
        ("Cập nhật lúc 10h15, ngày 2/10/2014", SAIGON, "2014-10-02T03:15"),
        ("02-10-2014 10:15 CH", SAIGON, "2014-10-02T15:15"),
        ("Thứ sáu, 26/9/2014 08:05:00 AM", SAIGON, "2014-09-26T01:05"),
        ("12:05 AM, 26/9/2014", SAIGON, "2014-09-25T17:05"),
        ("2014-10-02T24:00:00", TAIPEI, None),
    ],
)
def test_moments(raw: str, zone: ZoneInfo, moment: str | None) -> None:
    found = read(raw, zone)
    assert found is not None
    if moment is None:
        assert found.day == date(2014, 10, 2)
    else:
        assert found.at is not None
        assert found.at.replace(second=0, microsecond=0) == datetime.fromisoformat(moment + "+00:00")
    assert found.suspect is None


def test_feedparser_reads_this_as_november() -> None:
    found = read("2026年10月20日")
    assert found is not None
    assert found.day == date(2026, 10, 20)


@pytest.mark.parametrize(
    ("raw", "published", "updated"),
    [
        ("2023/8/7 20:02(8/8 15:22 更新)", "2023-08-07T12:02", "2023-08-08T07:22"),
        ("2023/12/31 20:02（1/1 15:22 更新）", "2023-12-31T12:02", "2024-01-01T07:22"),
        (
            "發布時間：2014/10/02 10:00 更新時間：2014/10/03 11:00",
            "2014-10-02T02:00",
            "2014-10-03T03:00",
        ),
        ("2014-10-02 10:15 更新：2014-10-03 11:00", "2014-10-02T02:15", "2014-10-03T03:00"),
        ("2014-10-02 10:15 發布 2014-10-03 11:00 更新", "2014-10-02T02:15", "2014-10-03T03:00"),
        ("更新時間：2014/10/03 11:00", None, "2014-10-03T03:00"),
    ],
)
def test_published_and_updated(raw: str, published: str | None, updated: str) -> None:
    both = read_dates(raw, zone=TAIPEI, origin="text", fetched_at=NOW)
    expected = [
        None if one is None else datetime.fromisoformat(one + "+00:00") for one in (published, updated)
    ]
    assert [None if one is None else one.at for one in both] == expected


def test_an_only_update_is_the_date() -> None:
    found = read("更新時間：2014/10/03 11:00")
    assert found is not None
    assert found.at == datetime(2014, 10, 3, 3, tzinfo=UTC)


def test_slashes_need_evidence() -> None:
    for raw, zone, language, day, suspect in [
        ("3/4/2014", UTC_ZONE, None, date(2014, 4, 3), "ambiguous"),
        ("3/4/2014", SAIGON, None, date(2014, 4, 3), None),
        ("3/4/2014", UTC_ZONE, "vi", date(2014, 4, 3), None),
        ("3/4/2014", ZoneInfo("America/New_York"), None, date(2014, 3, 4), None),
        ("4/13/2014", SAIGON, "vi", date(2014, 4, 13), None),
        ("13/4/2014", UTC_ZONE, None, date(2014, 4, 13), None),
        ("4/4/2014", UTC_ZONE, None, date(2014, 4, 4), None),
        ("10/12/2026", UTC_ZONE, None, date(2026, 10, 12), None),  # the other reading has not come yet
        ("02/10/14", UTC_ZONE, "vi", date(2014, 10, 2), None),
        ("99年10月2日", TAIPEI, None, date(1999, 10, 2), "ambiguous"),  # or 民國 99
    ]:
        found = read(raw, zone, language)
        assert found is not None, raw
        assert (found.day, found.suspect) == (day, suspect), raw


def test_suspects() -> None:
    for raw, suspect in [
        ("2026-11-01T23:00:00Z", None),
        ("2026-11-02T01:00:00Z", "future"),
        ("2031-01-01", "future"),
        ("1989-12-31", "before-1990"),
        ("0", None),
    ]:
        found = read(raw, UTC_ZONE)
        assert (found.suspect if found else None) == suspect, raw


def test_thai_years() -> None:
    found = read("2 ตุลาคม 2557 10:15", ZoneInfo("Asia/Bangkok"), "th")
    assert found is not None
    assert found.at == datetime(2014, 10, 2, 3, 15, tzinfo=UTC)


def test_ago() -> None:
    assert read("3小時前") == FoundDate("text", "3小時前", at=NOW - timedelta(hours=3))
    assert read("2 giờ trước") == FoundDate("text", "2 giờ trước", at=NOW - timedelta(hours=2))
    assert read("2 days ago", UTC_ZONE) == FoundDate("text", "2 days ago", day=date(2026, 10, 30))


@pytest.mark.parametrize(
    "raw", ["", "   ", "hello", "2014-02-31", "32/13/2014", "May 2014", "2014", "10:15", "0001-01-01T00:00:00",
            "9999-12-31T23:59:59-10:00", "10.0.0.127", "1.2.3", "v2.10.2014.5", "+84 28 3822 2014"]
)  # fmt: skip
def test_what_is_no_date(raw: str) -> None:
    assert read(raw) is None


@given(st.text(max_size=80) | st.from_regex(r"[0-9年月日民國/:. \-+TZ()更新]{1,40}", fullmatch=True))
@settings(max_examples=150, deadline=None)
def test_never_raises(raw: str) -> None:
    found = read(raw)
    if found is not None:
        assert (found.at is None) != (found.day is None)
        assert found.at is None or found.at.utcoffset() == timedelta()


@given(st.dates(date(1990, 1, 1), date(2026, 10, 30)))
@settings(max_examples=60, deadline=None)
def test_every_day_in_every_form(day: date) -> None:
    roc = day.year - 1911
    forms = [
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"民國{roc}年{day.month}月{day.day}日",
        f"{day.day}/{day.month}/{day.year}",
        f"ngày {day.day} tháng {day.month} năm {day.year}",
        day.strftime("%d %B %Y"),
        day.strftime("%b %d, %Y"),
    ]
    for raw in forms:
        found = read(raw, SAIGON)
        assert found is not None, raw
        assert (found.day, found.suspect) == (day, None), raw


class TestChoose:
    def test_provenance_decides(self) -> None:
        meta = FoundDate("meta", "a", at=datetime(2014, 10, 2, 3, tzinfo=UTC))
        ld = FoundDate("json-ld", "b", at=datetime(2014, 10, 2, 4, tzinfo=UTC))
        assert choose_date([meta, ld]) == ld
        assert choose_date([]) is None

    def test_a_suspect_one_comes_last(self) -> None:
        future = FoundDate("json-ld", "a", day=date(2031, 1, 1), suspect="future")
        text = FoundDate("text", "b", day=date(2014, 10, 2))
        assert choose_date([future, text]) == text
        assert choose_date([future]) == future

    def test_disagreement_is_shown(self) -> None:
        ld = FoundDate("json-ld", "a", at=datetime(2024, 10, 2, tzinfo=UTC))
        url = FoundDate("url", "b", day=date(2014, 10, 2))
        chosen = choose_date([url, ld])
        assert chosen is not None
        assert (chosen.raw, chosen.suspect) == ("a", "disagrees")

    def test_a_weak_voice_does_not_disagree(self) -> None:
        ld = FoundDate("json-ld", "a", at=datetime(2024, 10, 2, tzinfo=UTC))
        assert choose_date([ld, FoundDate("text", "b", day=date(2014, 1, 1))]) == ld
        assert choose_date([ld, FoundDate("sitemap", "b", day=date(2025, 1, 1))]) == ld

    def test_two_days_are_no_disagreement(self) -> None:
        ld = FoundDate("json-ld", "a", at=datetime(2014, 10, 4, 10, tzinfo=UTC))
        assert choose_date([ld, FoundDate("url", "b", day=date(2014, 10, 2))], zone=TAIPEI) == ld

    def test_a_day_gains_the_time_of_a_lesser_voice(self) -> None:
        url = FoundDate("url", "a", day=date(2014, 10, 3))
        feed = FoundDate("feed", "b", at=datetime(2014, 10, 2, 23, tzinfo=UTC))
        assert choose_date([url, feed], zone=TAIPEI) == feed
        assert choose_date([url, feed], zone=UTC_ZONE) == url
