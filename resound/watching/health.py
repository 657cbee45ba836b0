"""How sources and the work as a whole are doing, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, case, func, select

from resound.outcome import MODEL_STAGES, Stage
from resound.source import Channel as DefinedChannel
from resound.source import Source
from resound.store import outbox, work
from resound.store.frontier import Channel, list_channels
from resound.store.leads import count_open_leads
from resound.store.registry import current_definitions, load_sources
from resound.store.tables import article, page, reading
from resound.store.work import Tally
from resound.texts import N_
from resound.told import Told
from resound.watching.crawl_words import recognise

WEEK = timedelta(days=7)
_WORK: Mapping[Stage, str] = {
    "headline": "the translation of their headlines",
    "tone": "their tone",
    "topics": "their topics",
    "link": "a comparison with other languages",
    "translate": "the translation of their text",
}


State = Literal["ok", "never read", "failing", "stopped", "by hand", "too few", "too many"]


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """`state` is one of few words; `sentence` says more."""

    source: str
    name: str
    type: str
    state: State
    sentence: Told
    channels: int
    pages: int
    newest: date | None
    last_read: datetime | None
    next_due: datetime | None = None
    """When one of its channels is read next; None where none is."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        names = ("source", "name", "type", "state", "sentence", "channels", "pages", "newest", "last_read")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """One address that is read regularly, and how that goes. `due` is None where it is read no more."""

    url: str
    kind: Literal["feed", "sitemap", "listing"]
    proven: bool
    state: State
    sentence: Told
    read_at: datetime | None
    due: datetime | None
    newest: date | None


@dataclass(frozen=True, slots=True)
class Status:
    """Every stage's outcomes, and sentences about what a person should look at. `articles`: how many are stored."""

    articles: int
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
    # One walk through the pages for all three: there may be a million of them.
    seen = select(
        page.c.source,
        func.count().label("pages"),
        func.count(case((page.c.first_seen >= now - WEEK, 1))).label("weekly"),
        func.min(page.c.first_seen).label("first"),
    ).group_by(page.c.source)
    pages = {row.source: row for row in connection.execute(seen)}
    return [
        _health(
            source,
            channels.get(key, []),
            pages=pages[key].pages if key in pages else 0,
            weekly=pages[key].weekly if key in pages else 0,
            watched_a_week=key in pages and pages[key].first <= now - WEEK,
            last_read=last.get(key),
        )
        for key, source in sources.items()
    ]


def overall_status(connection: Connection, *, now: datetime) -> Status:
    """What `resound status` says."""
    tallies = work.tallies(connection, now=now)
    sentences = []
    articles = connection.execute(select(func.count()).select_from(article)).scalar_one()
    sentences.append(
        f"{articles} articles of {len(current_definitions(connection, 'campaign'))} campaign(s) are stored."
    )
    quarantined = sum(one.count for one in tallies if one.outcome == "quarantined")
    if quarantined:
        sentences.append(f"{quarantined} in quarantine: `resound requeue` tries them again.")
    for stage, _, detail, count in work.waiting_reasons(connection, MODEL_STAGES):
        sentences.append(f"{count} waiting for {_WORK[stage]}: {detail}")
    leads = count_open_leads(connection)
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
    return Status(articles, tuple(tallies), tuple(sentences))


def _health(
    source: Source,
    channels: Sequence[Channel],
    *,
    pages: int,
    weekly: int,
    watched_a_week: bool,
    last_read: datetime | None,
) -> SourceHealth:
    state, told = _state(source, channels, weekly if watched_a_week else None, last_read)
    due = [one.next_due for one in channels if not one.stopped]
    newest = max((stamp for one in channels if (stamp := one.state.get("newest"))), default=None)
    return SourceHealth(
        source=source.id,
        name=source.names.best(),
        type=source.type,
        state=state,
        sentence=told,
        channels=len(channels),
        pages=pages,
        newest=_day(newest),
        last_read=last_read,
        next_due=datetime.fromtimestamp(min(due), UTC) if due else None,
    )


def channel_health(connection: Connection, source: Source) -> list[ChannelHealth]:
    """Every channel of a source in the order of its definition; archives are read on demand and left out."""
    stored = {one.url: one for one in list_channels(connection, sources=[source.id])}
    listed: list[tuple[Literal["feed", "sitemap", "listing"], DefinedChannel]] = [
        *(("feed", one) for one in source.feeds),
        *(("sitemap", one) for one in source.sitemaps if not one.is_archive),
        *(("listing", one) for one in source.listings),
    ]
    found = []
    for kind, one in listed:
        channel = stored.get(one.url, Channel(source.id, one.url, {}, 0.0, None))
        state, told = _channel_state(channel)
        due = None if channel.stopped else datetime.fromtimestamp(channel.next_due, UTC)
        read_at = _moment(channel.state.get("read_at"))
        found.append(
            ChannelHealth(
                one.url, kind, one.proven, state, told, read_at, due, _day(channel.state.get("newest"))
            )
        )
    return found


def _channel_state(channel: Channel) -> tuple[State, Told]:
    if channel.stopped:
        return "stopped", recognise(channel.stopped)
    failures, error = _failures(channel.state), str(channel.state.get("last_error", ""))
    if failures:
        return "failing", Told(_FAILED, times=_times(failures), error=recognise(error))
    if channel.state.get("read_at") is None:
        return "never read", Told(N_("Nothing of it has been read yet."))
    return "ok", recognise(error)


_FAILED = N_("Failed %(times)s: %(error)s")


def _times(count: int) -> Told:
    return Told(N_("once")) if count == 1 else Told(N_("%(count)s times in a row"), count=count)


def _state(
    source: Source, channels: Sequence[Channel], weekly: int | None, last_read: datetime | None
) -> tuple[State, Told]:
    stopped = [one for one in channels if one.stopped]
    failing = [one for one in channels if not one.stopped and _failures(one.state)]
    if source.by_hand:
        return "by hand", Told(N_("Read by people; clips come by import."))
    if stopped and len(stopped) == len(channels):
        return "stopped", _of(stopped[0])
    if failing:
        worst = max(failing, key=lambda one: _failures(one.state))
        sentence = N_("%(url)s failed %(times)s: %(error)s")
        error = recognise(str(worst.state.get("last_error", "")))
        return "failing", Told(sentence, url=worst.url, times=_times(_failures(worst.state)), error=error)
    if stopped:
        return "stopped", _of(stopped[0])
    if last_read is None:
        return "never read", Told(N_("Nothing of it has been read yet."))
    if weekly is not None and source.expected is not None:
        if weekly < source.expected.min:
            sentence = N_("%(count)s new pages in seven days; at least %(bound)s are normal.")
            return "too few", Told(sentence, count=weekly, bound=source.expected.min)
        if weekly > source.expected.max:
            sentence = N_("%(count)s new pages in seven days; at most %(bound)s are normal.")
            return "too many", Told(sentence, count=weekly, bound=source.expected.max)
    return "ok", Told(N_("Last read %(moment)s UTC."), moment=f"{last_read:%Y-%m-%d %H:%M}")


_AT = "%(url)s: %(why)s"


def _of(channel: Channel) -> Told:
    return Told(_AT, url=channel.url, why=recognise(channel.stopped or ""))


def _failures(state: Mapping[str, Any]) -> int:
    return int(state.get("failures", 0))


def _moment(stamp: Any) -> datetime | None:
    return None if stamp is None else datetime.fromtimestamp(float(stamp), UTC)


def _day(stamp: Any) -> date | None:
    moment = _moment(stamp)
    return None if moment is None else moment.date()
