"""How sources and the work as a whole are doing, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from resound.outcome import MODEL_STAGES, Stage
from resound.source import Source
from resound.store import outbox, work
from resound.store.frontier import Channel, list_channels
from resound.store.leads import open_leads
from resound.store.registry import load_campaigns, load_sources
from resound.store.tables import article, page, reading
from resound.store.work import Tally

WEEK = timedelta(days=7)
_WORK: Mapping[Stage, str] = {
    "headline": "the translation of their headlines",
    "tone": "their tone",
    "topics": "their topics",
    "link": "a comparison with other languages",
    "translate": "the translation of their text",
}


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """`state` is one word (`ok`, `never read`, `failing`, `stopped`, `by hand`, `too few`, `too many`); `sentence` says more."""

    source: str
    name: str
    type: str
    state: str
    sentence: str
    channels: int
    pages: int
    newest: date | None
    last_read: datetime | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Status:
    """Every stage's outcomes, and sentences about what a person should look at."""

    tallies: tuple[Tally, ...]
    sentences: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"work": [asdict(one) for one in self.tallies], "sentences": list(self.sentences)}


def source_health(connection: Connection, *, now: datetime) -> list[SourceHealth]:
    """Every source: whether it can be read, and whether it brings what it normally does."""
    sources = load_sources(connection)
    channels: dict[str, list[Channel]] = {}
    for one in list_channels(connection):
        channels.setdefault(one.source, []).append(one)
    last = dict(
        connection.execute(
            select(reading.c.source, func.max(reading.c.read_at)).group_by(reading.c.source)
        ).all()
    )
    pages: dict[str, int] = dict(
        connection.execute(select(page.c.source, func.count()).group_by(page.c.source)).all()
    )
    recent = (
        select(page.c.source, func.count()).where(page.c.first_seen >= now - WEEK).group_by(page.c.source)
    )
    weekly: dict[str, int] = dict(connection.execute(recent).all())
    first = dict(
        connection.execute(select(page.c.source, func.min(page.c.first_seen)).group_by(page.c.source)).all()
    )
    return [
        _health(
            source,
            channels.get(key, []),
            pages=pages.get(key, 0),
            weekly=weekly.get(key, 0),
            watched_a_week=key in first and first[key] <= now - WEEK,
            last_read=last.get(key),
        )
        for key, source in sources.items()
    ]


def overall_status(connection: Connection, *, now: datetime) -> Status:
    """What `resound status` says."""
    tallies = work.tallies(connection, now=now)
    sentences = []
    articles = connection.execute(select(func.count()).select_from(article)).scalar_one()
    sentences.append(f"{articles} articles of {len(load_campaigns(connection))} campaign(s) are stored.")
    quarantined = sum(one.count for one in tallies if one.outcome == "quarantined")
    if quarantined:
        sentences.append(f"{quarantined} in quarantine: `resound requeue` tries them again.")
    for stage, _, detail, count in work.waiting_reasons(connection, MODEL_STAGES):
        sentences.append(f"{count} waiting for {_WORK[stage]}: {detail}")
    leads = len(open_leads(connection))
    if leads:
        sentences.append(f"{leads} leads: known of, not readable, never counted.")
    mails = outbox.count_states(connection)
    if mails.get("unknown"):
        sentences.append(
            f"{mails['unknown']} mails of which nobody knows whether they arrived: `resound outbox list`."
        )
    if mails.get("failed"):
        sentences.append(f"{mails['failed']} mails were not taken: `resound outbox list`.")
    for one in source_health(connection, now=now):
        if one.state in ("failing", "stopped", "too few", "too many"):
            sentences.append(f"{one.name}: {one.sentence}")  # noqa: PERF401 (reads better beside the others)
    return Status(tuple(tallies), tuple(sentences))


def _health(
    source: Source,
    channels: Sequence[Channel],
    *,
    pages: int,
    weekly: int,
    watched_a_week: bool,
    last_read: datetime | None,
) -> SourceHealth:
    state, sentence = _state(source, channels, weekly if watched_a_week else None, last_read)
    newest = max((stamp for one in channels if (stamp := one.state.get("newest"))), default=None)
    return SourceHealth(
        source=source.id,
        name=source.names.best(),
        type=source.type,
        state=state,
        sentence=sentence,
        channels=len(channels),
        pages=pages,
        newest=_day(newest),
        last_read=last_read,
    )


def _state(
    source: Source, channels: Sequence[Channel], weekly: int | None, last_read: datetime | None
) -> tuple[str, str]:
    stopped = [one for one in channels if one.stopped]
    failing = [one for one in channels if not one.stopped and _failures(one.state)]
    if source.by_hand:
        return "by hand", "Read by people; clips come by import."
    if stopped and len(stopped) == len(channels):
        return "stopped", f"{stopped[0].url}: {stopped[0].stopped}"
    if failing:
        worst = max(failing, key=lambda one: _failures(one.state))
        count = _failures(worst.state)
        times = "once" if count == 1 else f"{count} times in a row"
        return "failing", f"{worst.url} failed {times}: {worst.state.get('last_error', '')}"
    if stopped:
        return "stopped", f"{stopped[0].url}: {stopped[0].stopped}"
    if last_read is None:
        return "never read", "Nothing of it has been read yet."
    if weekly is not None and source.expected is not None:
        if weekly < source.expected.min:
            return "too few", f"{weekly} new pages in seven days; at least {source.expected.min} are normal."
        if weekly > source.expected.max:
            return "too many", f"{weekly} new pages in seven days; at most {source.expected.max} are normal."
    return "ok", f"Last read {last_read:%Y-%m-%d %H:%M} UTC."


def _failures(state: Mapping[str, Any]) -> int:
    return int(state.get("failures", 0))


def _day(stamp: Any) -> date | None:
    return None if stamp is None else datetime.fromtimestamp(float(stamp), UTC).date()
