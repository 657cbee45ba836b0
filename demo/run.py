"""The demo's whole way: serve the newsroom, crawl it, read, match, group, bring clips, translate, link, decide, count.

Every step can be repeated: run again on the same folder it adds nothing, and after a `kill -9` it goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

import demo
from crawlers.guard import FetchRules
from crawlers.run import crawl
from demo.server import DemoServer
from nlp.language import detect_language
from resound import __version__
from resound.clips.files import files_beside
from resound.clips.importing import import_clips
from resound.clips.rows import read_clips
from resound.coding.deciding import decide, item_key
from resound.coverage.figures import campaign_figures
from resound.coverage.model import Figures
from resound.definitions.applying import apply_definitions
from resound.definitions.written import load_campaign, load_path
from resound.errors import ConflictError, ModelError, ResoundError
from resound.index.base import SearchIndex
from resound.outcome import MODEL_STAGES, Stage
from resound.pipeline import process_pending
from resound.processing.modelling import ModelWorker
from resound.processing.reading import PageReader
from resound.searching.indexing import try_to_update_index
from resound.sending.subscribing import subscribe
from resound.sending.weeks import WeeklyTime, issue_of
from resound.settings import UiLanguage
from resound.store import Store, work
from resound.store.decisions import all_decisions
from resound.store.frontier import make_due
from resound.store.lists import MailingList, add_list, find_list, open_issue
from resound.store.registry import load_sources

CODER = "demo"
LIST = "managers"
WEEK = "2014-W41"
"""Of the demo's draft: about 29 September to 5 October 2014."""
_READERS: Mapping[str, UiLanguage] = {
    "lin@resound.example": "zh-Hant",
    "carter@resound.example": "en",
    "tran@resound.example": "vi",
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Demo:
    """What came of it."""

    figures: Figures
    added: int
    """Articles, versions, clips and decisions that were not there before."""
    enriched: Mapping[Stage, int]
    """How many articles the models had in hand, by stage; a second run has none."""


def run_demo(
    data: Path,
    store: Store,
    index: SearchIndex,
    evidence: Path,
    *,
    models: Callable[[], AbstractContextManager[ModelWorker | ModelError]],
    workers: int,
    say: Say,
    progress: Callable[[Stage, int], None] | None = None,
) -> Demo:
    """Run the demo in a data folder.

    Args:
        models: opens the demo's models, once the folder is known to be the demo's.

    Raises:
        ConflictError: the folder holds something else than the demo.
    """
    _claim_folder(data, store)
    before = _size(store)
    say("Reading the demo's outlets and its campaign …")
    campaign = load_campaign(demo.campaign_path())
    outlets = load_path(demo.SOURCES)
    apply_definitions(
        store,
        [*outlets, *load_path(demo.campaign_path())],
        who=CODER,
        now=_now(),
        replace=True,
    )
    with DemoServer(edition=_edition(data)) as server, PageReader(evidence, workers=workers) as reader:
        rules = FetchRules(
            user_agent=f"Resound/{__version__} (+demo@resound.example)",
            contact="demo@resound.example",
            allow=server.allow,
            delay_s=0.0,
        )
        while True:
            say(f"Crawling the newsroom, edition {server.edition + 1} of {server.editions} …")
            with store.write() as connection:
                make_due(connection)
            window = campaign.window
            report = crawl(
                store,
                evidence,
                rules,
                # Not the campaign's search feeds: the demo asks nothing of the real web.
                sources=[one.model.id for one in outlets],
                since=window.first,
                until=window.last,
                now=_now,
                progress=None,
            )
            say(f"  {report.sentence()}")
            process_pending(store, reader, clock=_now)
            if server.edition + 1 >= server.editions:
                break
            _write_edition(data, server.edition + 1)
            server.advance()
        say("Bringing in the clips: a broadcast and a printed page …")
        for row in import_clips(
            store,
            read_clips(demo.CLIPS),
            open_file=files_beside(demo.CLIPS.parent),
            evidence=evidence,
            detect=detect_language,
            who=CODER,
            now=_now(),
        ):
            if row.result == "problem":
                raise ResoundError(f"Row {row.row} of the demo's clips: {row.message}")
        say("Translating, judging tone and topics, comparing languages (small models made for the demo) …")
        with models() as worker:
            done = process_pending(store, reader, models=worker, clock=_now, progress=progress)
        for sentence in _waiting(store):
            say(f"  {sentence}")
    say("Deciding and coding as people of an office would …")
    _decide(store)
    _make_list(store)
    update = try_to_update_index(store, index)
    if update.sentence:
        say(update.sentence)
    with store.read() as connection:
        figures = campaign_figures(connection, campaign.id, by=("language",), now=_now())
    return Demo(figures, _size(store) - before, {stage: done.total(stage) for stage in MODEL_STAGES})


def _waiting(store: Store) -> list[str]:
    """What the models could not do, and why."""
    with store.read() as connection:
        found = work.waiting_reasons(connection, MODEL_STAGES)
    most: dict[str, int] = {}
    for _, _, detail, count in found:
        most[detail] = max(count, most.get(detail, 0))
    return [f"{count} of them wait{'s' if count == 1 else ''}: {detail}" for detail, count in most.items()]


def load_gold() -> Mapping[str, Any]:
    """What must be counted, by hand."""
    loaded: Mapping[str, Any] = json.loads(demo.GOLD.read_text(encoding="utf-8"))
    return loaded


def _decide(store: Store) -> None:
    for one in _decisions():
        with store.write() as connection:
            article = item_key(connection, one["url"])
            value = item_key(connection, one["value"]) if one["kind"] == "merge" else one.get("value")
            round_ = 2 if one.get("second") else 1
            # also one that somebody has taken back since: a second run decides nothing anew
            known = {(made.kind, made.round, made.article, made.value) for made in all_decisions(connection)}
            pairs = [(article, value), (value, article)] if one["kind"] == "merge" else [(article, value)]
            if any((one["kind"], round_, *pair) in known for pair in pairs):
                continue
            decide(
                connection,
                one["url"],
                one["kind"],
                value=one.get("value"),
                campaign=one.get("campaign"),
                basis=one.get("basis"),
                is_second=bool(one.get("second")),
                why=one["why"],
                who=one.get("who", CODER),
                now=_now(),
            )


def _make_list(store: Store) -> None:
    """A mailing list with three invented readers, and the draft of the week in which most was published."""
    with store.write() as connection:
        if find_list(connection, LIST) is not None:
            return
        campaign = load_campaign(demo.campaign_path())
        made = MailingList(
            LIST,
            campaign.id,
            "Managers (demo)",
            WeeklyTime(1, "08:00", "Asia/Taipei"),
            is_automatic=False,
            approvers=("officer@resound.example",),
        )
        add_list(connection, made, now=_now())
        for address, language in _READERS.items():
            subscribe(
                connection,
                LIST,
                address,
                language=language,
                who=CODER,
                why="an invented reader of the demo",
                is_confirmed=True,
                now=_now(),
            )
        open_issue(connection, made, issue_of(made.plan, WEEK), now=_now())


def _decisions() -> Iterator[Mapping[str, Any]]:
    for file in (demo.DECISIONS, demo.CODING):
        for one in YAML(typ="safe").load(file.read_text(encoding="utf-8")):
            value = one.get("value")
            yield {**one, **({} if value is None else {"value": str(value)})}


def _claim_folder(data: Path, store: Store) -> None:
    if demo.is_demo(data):
        return
    with store.read() as connection:
        known = load_sources(connection)
    if known:
        raise ConflictError(
            f"{data} holds a collection of {len(known)} sources; the demo would mix invented news into it. "
            "Name another folder: resound --data demo-data demo"
        )
    _write_edition(data, 0)


def _edition(data: Path) -> int:
    return int(json.loads((data / demo.MARK).read_text(encoding="utf-8"))["edition"])


def _write_edition(data: Path, edition: int) -> None:
    data.mkdir(parents=True, exist_ok=True)
    part = data / f".{demo.MARK}"
    part.write_text(json.dumps({"edition": edition}), encoding="utf-8")
    part.replace(data / demo.MARK)


def _size(store: Store) -> int:
    from sqlalchemy import func, select

    from resound.store.tables import article, clip, decision, version

    with store.read() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (article, version, clip, decision)
        )


def _now() -> datetime:
    return datetime.now(UTC)
