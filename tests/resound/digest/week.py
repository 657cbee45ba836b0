"""Weeks made by hand: items, where they stand, and the facts of an edition, without a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from resound.coverage.campaign import Headline
from resound.coverage.counting import count_four
from resound.coverage.model import ItemFacts, StandingKind
from resound.digest.correcting import gained, sort_earlier, stated_weeks
from resound.digest.edition import WeekFacts, of_days
from resound.digest.model import (
    Edition,
    Entry,
    FailingSource,
    LanguageRow,
    UnreadSource,
    Watched,
    WeekBar,
)
from resound.sending.mail import MailServer
from resound.sending.weeks import WeeklyTime
from resound.store.lists import MailingList, Subscription

FIRST = date(2026, 1, 5)
NOW = datetime(2026, 1, 12, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
NAMES = {"en": "Green team", "zh-Hant": "綠耕隊", "vi": "Đội Xanh"}
PUBLIC = "https://resound.example.org"
SERVER = MailServer("127.0.0.1", 25, "none", "press@cpc.example", "Resound <press@cpc.example>")
LIST = MailingList("managers", "c", "Managers 主管", WeeklyTime(1, "08:00", "Asia/Taipei"), False)


def item(
    key: str, *, day: date | None = FIRST, story: str = "", outlet: str = "one", **more: Any
) -> ItemFacts:
    """One counted item."""
    values: dict[str, Any] = {
        "item": key,
        "url": f"https://{outlet}.example/{key}",
        "title": f"Title {key}",
        "outlet": outlet,
        "outlet_name": outlet.title(),
        "provisional": False,
        "group": f"g-{outlet}",
        "group_name": outlet,
        "country": "VN",
        "language": "en",
        "tag": "en",
        "medium": "online",
        "origin": None,
        "relation": "independent",
        "story": story or key,
        "day": day,
        "in_window": True,
        "window_reason": "",
        "review": "accepted",
        "still_matches": True,
        "prominence": "lead",
        "version": f"v{key}",
    }
    return ItemFacts(**{**values, **more})


def entry(of: ItemFacts, **more: Any) -> Entry:
    """As a digest shows it."""
    if of.day is None:
        raise AssertionError(of)
    headlines = {} if of.tag == "en" else {"en": Headline(f"In English: {of.title}", "en", "model-x")}
    made = Entry(
        of.item, of.url, of.title, of.tag, of.outlet, dict.fromkeys(("en", "zh-Hant", "vi"), of.outlet_name),
        of.medium, of.day, of.story, of.prominence, None, None, headlines, of.re_run,
    )  # fmt: skip
    return replace(made, **more)


def facts(
    items: Iterable[ItemFacts | tuple[ItemFacts, StandingKind]],
    *,
    week: str = "2026-W03",
    first: date = FIRST,
    earlier: Sequence[Edition] = (),
    pending: Sequence[tuple[date, date]] = (),
    as_of: datetime = NOW,
    seen: Mapping[str, datetime] | None = None,
    topics: Mapping[str, tuple[str, ...]] | None = None,
    beside: Mapping[str, int] | None = None,
    heirs: Mapping[str, str] | None = None,
    **more: Any,
) -> WeekFacts:
    """As `gather_week` would bring them."""
    last = first + WEEK - DAY
    placed = [one if isinstance(one, tuple) else (one, "counted") for one in items]
    known: dict[str, tuple[ItemFacts, StandingKind]] = {
        facts.item: (facts, kind)
        for facts, kind in sorted(placed, key=lambda one: (one[0].day or date.max, one[0].url))
    }
    counted = [one for one, kind in known.values() if kind == "counted"]
    sorted_ = sort_earlier(counted, first=first, earlier=earlier, pending=pending, heirs=heirs or {})
    new = gained(stated_weeks(earlier, heirs=heirs or {}), counted)
    values: dict[str, Any] = {
        "campaign": "c",
        "names": NAMES,
        "review": "manual",
        "window": (date(2026, 1, 1), date(2026, 12, 31)),
        "week": week,
        "first": first,
        "last": last,
        "as_of": as_of,
        "items": known,
        "entries": {one.item: entry(one) for one in counted if one.day is not None},
        "before": count_four(of_days(known, first - WEEK, last - WEEK)),
        "at_least": False,
        "before_at_least": False,
        "languages": (LanguageRow("en", len(of_days(known, first, last)), 0),),
        "series": (WeekBar(first, last, {"en": 1}, False),),
        "beside": dict(beside or {}),
        "watched": Watched(
            3, 2, (UnreadSource("s", NAMES, 2),), (FailingSource("s", NAMES, "failing", "It failed."),)
        ),
        "topics": topics or {},
        "topic_names": {"waste": {"en": "Waste", "zh-Hant": "廢棄物", "vi": "Rác thải"}},
        "topics_by": ("model-t",) if topics else (),
        "earlier": tuple(earlier),
        "sorted": sorted_,
        "heirs": heirs or {},
        "first_seen": {key: (seen or {}).get(key, as_of - DAY) for key in new},
    }
    return WeekFacts(**{**values, **more})


def reader(number: int = 1, **more: Any) -> Subscription:
    """Somebody who reads the list."""
    values: dict[str, Any] = {
        "id": number,
        "list": "managers",
        "address": f"r{number}@reader.example",
        "name": "",
        "language": "en",
        "key": f"key-{number}",
        "asked_at": NOW,
        "confirmed_at": NOW,
        "ended_at": None,
        "ended_by": None,
        "who": "",
        "why": "",
    }
    return Subscription(**{**values, **more})
