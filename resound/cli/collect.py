"""`resound crawl`, `process`, `requeue`, `replay`, `evidence verify`: what fills and rebuilds the store."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, now, progress_bar, say_json, screen, table, warn
from resound.errors import EvidenceError, NotFoundError, ResoundError

if TYPE_CHECKING:
    from crawlers.guard import FetchRules
    from resound.pipeline import Processed

evidence = typer.Typer(help="The WARC files that every figure rests on.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command(
        epilog="""Examples:

`resound crawl` (everything that is due) · `resound crawl --source cna --source vnexpress`

`resound crawl --source tuoitre --since 2014-09-01 --until 2014-11-30` (its archive of those days)"""
    )(crawl)
    app.command(epilog="Examples: `resound process --workers 2` · `resound process --follow --every 60`")(
        process
    )
    app.command(epilog="Examples: `resound requeue` · `resound requeue --stage extract --reason timeout`")(
        requeue
    )
    app.command(epilog="Example: `resound replay --from-warc resound-data/evidence`")(replay)
    evidence.command(epilog="Example: `resound evidence verify`")(verify)
    app.add_typer(evidence, name="evidence")


def fetch_rules(office: Office, *, delay: float | None = None, is_trial: bool = False) -> FetchRules:
    """The bounds of every fetch, from the settings. A trial of single addresses by hand needs no contact."""
    from crawlers.guard import rules_of

    return rules_of(office.settings, delay=delay, is_trial=is_trial)


def crawl(
    context: typer.Context,
    source: Annotated[list[str] | None, typer.Option(help="Only these sources.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Read archives from this day.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="… to this day.")] = None,
    then_process: Annotated[
        bool, typer.Option("--process/--no-process", help="Read, match and group what came.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Poll feeds, sitemaps and listings that are due, and fetch new pages with their evidence."""
    from crawlers.run import crawl as run
    from resound.store.registry import load_sources

    office: Office = context.obj
    with office.store.read() as connection:
        known = load_sources(connection)
    if not known:
        raise NotFoundError("There are no sources yet. Begin with: resound apply --shipped")
    missing = [one for one in source or () if one not in known]
    if missing:
        raise NotFoundError(
            f"There is no source {missing[0]!r}. `resound sources list` shows all {len(known)}."
        )
    if (since is None) != (until is None):
        raise ResoundError("--since and --until belong together: an archive is read for a window of days.")
    if then_process:
        _ = (
            office.index
        )  # asks it nothing; a set-up that cannot work is said before hours of crawling, not after
    with progress_bar() as bar:
        task = bar.add_task("crawl", total=None)
        report = run(
            office.store,
            office.evidence,
            fetch_rules(office),
            sources=source,
            since=since.date() if since else None,
            until=until.date() if until else None,
            now=now,
            progress=lambda event: bar.update(
                task, completed=event.done, total=event.known, description=event.what
            ),
        )
    processed = process_all(office) if then_process else None
    if as_json:
        say_json({"crawl": report.to_json(), "process": None if processed is None else _as_json(processed)})
        return
    screen().print(report.sentence(), markup=False)
    if processed is not None:
        _print_processed(processed)


def process(
    context: typer.Context,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes. [default: one per core]")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Go on taking work as it comes, until told to stop (SIGTERM, Ctrl-C)."),
    ] = False,
    every: Annotated[
        float | None, typer.Option(min=0.1, max=86_400, help="Seconds between two looks. [default: 30]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take everything that waits through reading, matching, grouping and indexing."""
    if follow:
        if as_json:
            raise ResoundError("--follow writes a line for each round; --json belongs to a run that ends.")
        from resound.cli.follow import follow_work

        follow_work(
            context.obj, workers=workers or os.cpu_count() or 1, every=30.0 if every is None else every
        )
        return
    if every is not None:
        raise ResoundError("--every says how often --follow looks: give both, or neither.")
    processed = process_all(context.obj, workers=workers)
    if as_json:
        say_json(_as_json(processed))
    else:
        _print_processed(processed)


def process_all(office: Office, *, workers: int | None = None) -> Processed:
    """Run the pipeline until nothing waits, with a progress bar, and bring the index up; one that cannot be waits."""
    from resound.outcome import STAGES, Outcome
    from resound.pipeline import process_pending
    from resound.processing.reading import PageReader
    from resound.searching.indexing import try_to_update_index

    count = workers or os.cpu_count() or 1
    index = office.index
    with (
        progress_bar() as bar,
        PageReader(office.evidence, workers=count) as reader,
        office.models() as models,
    ):
        tasks = {stage: bar.add_task(stage, total=None) for stage in STAGES[1:]}
        processed = process_pending(
            office.store,
            reader,
            models=models,
            enrich=office.settings.enrich,
            clock=now,
            progress=lambda stage, moved: bar.advance(tasks[stage], moved),
        )
        update = try_to_update_index(
            office.store,
            index,
            clock=now,
            progress=lambda done: bar.update(tasks["index"], completed=done),
        )
    for one in update.refused:
        processed.add("index", Outcome.quarantined("refused", one.reason))
    if update.sentence:
        warn(update.sentence)
    return processed


def requeue(
    context: typer.Context,
    stage: Annotated[str | None, typer.Option(help="Only this stage, as `resound status` shows it.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only this reason, as `resound status` shows it.")
    ] = None,
    outcome: Annotated[
        str, typer.Option(help="Which endings: quarantined, rejected, duplicate or done.")
    ] = "quarantined",
) -> None:
    """Open finished work again: by default everything in quarantine. `resound process` and `crawl` then do it."""
    from resound.outcome import STAGES
    from resound.store import work

    office: Office = context.obj
    found = next((one for one in STAGES if one == stage), None)
    if stage is not None and found is None:
        raise ResoundError(f"{stage!r} is no stage. One of: {', '.join(STAGES)}.")
    if outcome not in ("quarantined", "rejected", "duplicate", "done"):
        raise ResoundError(f"{outcome!r} is no outcome. One of: quarantined, rejected, duplicate, done.")
    with office.store.write() as connection:
        count = work.requeue(connection, stage=found, outcome=outcome, reason=reason)
    screen().print(f"{count} piece{'' if count == 1 else 's'} of work opened again.")


def replay(
    context: typer.Context,
    from_warc: Annotated[
        Path, typer.Option("--from-warc", help="Folder of WARC files.", exists=True, file_okay=False)
    ],
) -> None:
    """Rebuild the store from the evidence: every record that the store does not name yet is taken in and processed.

    Definitions, decisions and imported clips are not in the WARC files: apply, decide and import them again, or replay
    beside the old store.
    """
    from resound.keeping.replaying import replay_evidence

    office: Office = context.obj
    with progress_bar() as bar:
        task = bar.add_task("records", total=None)
        found = replay_evidence(office.store, from_warc, office.evidence, progress=lambda: bar.advance(task))
    screen().print(f"{found.records} records, {found.added} of them new to the store.")
    for problem in found.problems:
        screen().print(f"Passed over: {problem}", markup=False)
    _print_processed(process_all(office))


def verify(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Hash every record and clip file again and compare with what the store says."""
    from resound.keeping.replaying import verify_evidence

    office: Office = context.obj
    with progress_bar() as bar:
        task = bar.add_task("records", total=None)
        checked, problems = verify_evidence(office.store, office.evidence, progress=lambda: bar.advance(task))
    if as_json:
        say_json({"checked": checked, "problems": problems})
    if problems:
        if not as_json:
            screen().print(
                table("", {"evidence": "left", "problem": "left"}, [tuple(one) for one in problems])
            )
        raise EvidenceError(f"{len(problems)} of {checked} pieces of evidence do not hold.")
    if not as_json:
        screen().print(f"All {checked} pieces of evidence hold.")


def _as_json(processed: Processed) -> list[dict[str, object]]:
    return [
        {"stage": stage, "outcome": outcome, "reason": reason, "count": count}
        for (stage, outcome, reason), count in sorted(processed.ended.items())
    ]


def _print_processed(processed: Processed) -> None:
    if not processed.ended:
        screen().print("Nothing waited to be processed.")
        return
    columns = {"stage": "left", "outcome": "left", "reason": "left", "count": "right"}
    from resound.outcome import STAGES

    order = {stage: at for at, stage in enumerate(STAGES)}
    rows = [
        (*key, count)
        for key, count in sorted(processed.ended.items(), key=lambda one: (order.get(one[0][0], 9), one[0]))
    ]
    screen().print(table("", columns, rows))
