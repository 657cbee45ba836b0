"""`resound store move`, `backup`, `restore`: keeping what there is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.collect import evidence
from resound.cli.office import Office, complain, now, progress_bar, say_json, screen, table, warn
from resound.errors import NotFoundError, ResoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resound.store.portable import TableSum

store = typer.Typer(
    help="The database that holds everything that was read and decided.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    store.command(
        epilog="""Examples: `resound store move postgresql://resound@db.example/resound` (the password in PGPASSWORD or
\\~/.pgpass) · `resound store move sqlite:///other/resound.sqlite`

Stop `resound crawl`, `process` and scheduled runs first. The store in use is not changed; afterwards RESOUND_STORE_URL
says which one is used."""
    )(move)
    app.add_typer(store, name="store")
    evidence.command(epilog="Examples: `resound evidence expire --dry-run` · `resound evidence expire`")(
        expire
    )
    app.command(
        epilog="Example: `resound backup /backups/resound-2026-01-15.tar` (crawling may go on meanwhile)"
    )(backup)
    app.command(
        epilog="""Examples: `resound --data resound-data restore /backups/resound-2026-01-15.tar` ·
`resound restore /backups/resound-2026-01-15.tar --into looked-at` (to look at it, beside what is in use)"""
    )(restore)


def move(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="An empty store: a SQLAlchemy URL.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Copy the store into another database (SQLite to PostgreSQL or back) and compare every row."""
    from resound.keeping.moving import move_store
    from resound.store.database import name_store

    office: Office = context.obj
    if not office.has_store:
        raise NotFoundError(f"There is no store in {office.settings.data} to move.")
    name = name_store(url)
    with progress_bar() as bar:
        task = bar.add_task("move", total=None)
        moved = move_store(
            office.store,
            url,
            now=now(),
            progress=lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            ),
        )
    if as_json:
        say_json({"to": name, "tables": sums_json(moved.tables)})
        return
    print_sums(moved.tables)
    screen().print(
        f"Both stores hold the same: the same rows, keys and content in every table. The copy is {name}.\n"
        "The store in use is still the old one, unchanged. To use the copy from now on, set RESOUND_STORE_URL to its "
        "address wherever Resound runs (environment, service, docker-compose.yml), then start everything again. "
        "Evidence and clips stay in the data folder; the search index goes on where it was.",
        markup=False,
    )


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file (a tar that any tool can list).", dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the store, the evidence, clips and harmless settings into one file, while Resound may be at work."""
    import demo
    from resound.keeping.backup import LEFT_OUT, harmless_settings, make_backup

    office: Office = context.obj
    if not office.has_store:
        raise NotFoundError(f"There is no store in {office.settings.data} to back up.")
    with progress_bar() as bar:
        task = bar.add_task("backup", total=None)
        made = make_backup(
            office.store,
            office.evidence,
            file,
            own=[office.settings.data / demo.MARK],
            settings=harmless_settings(office.settings),
            now=now(),
            progress=lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            ),
        )
    if as_json:
        say_json(
            {
                "file": str(file),
                "bytes": made.bytes,
                "evidence_files": made.files,
                "tables": sums_json(made.tables),
                "problems": list(made.problems),
            }
        )
    else:
        print_sums(made.tables)
        screen().print(
            f"{file}: {made.bytes / 1_000_000:.1f} MB, with {made.files} files of evidence and clips. Not in it: {LEFT_OUT}.",
            markup=False,
        )
    for one in made.problems:
        complain(f"{one} The rest was backed up; `resound evidence verify` tells more.")
    if made.problems:
        raise typer.Exit(1)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `resound backup` wrote.")],
    into: Annotated[
        Path | None,
        typer.Option(help="Another empty folder than the data folder; its store is a SQLite file in it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put a backup into an empty data folder (and an empty database, where RESOUND_STORE_URL names one)."""
    from resound.keeping.restoring import restore_backup

    office: Office = context.obj
    folder = into or office.settings.data
    stronger = office.settings.stronger_than_data if into is not None else ()
    with progress_bar() as bar:
        task = bar.add_task("restore", total=None)
        done = restore_backup(
            file,
            folder,
            store_address=None if into is not None else office.settings.given_store_url,
            progress=lambda what, part, total: bar.update(
                task, description=what, completed=part, total=total
            ),
        )
    if as_json:
        say_json(
            {
                "folder": str(folder),
                "made_by": done.made_by,
                "made_at": done.made_at,
                "schema": done.schema,
                "evidence_files": done.files,
                "tables": sums_json(done.tables),
                "go_on_with": list(_go_on_with(folder, stronger)),
            }
        )
        return
    print_sums(done.tables)
    go_on = ", then ".join(_go_on_with(folder, stronger))
    screen().print(
        f"Restored into {folder}: every table holds what it held when the backup was made ({done.made_at}, by "
        f"{done.made_by}), and {done.files} files of evidence and clips have their hashes.\n"
        f"What the settings were is in {done.settings} (Resound does not read it: set the environment; passwords and keys "
        "were not in the backup).\n"
        f"Go on with: {go_on}\n"
        "To an index in Elasticsearch it is another store than its original: give it a RESOUND_ELASTICSEARCH_PREFIX of its "
        "own, or `reindex --take-over` where it takes the original's place.",
        markup=False,
        soft_wrap=True,
    )
    if stronger:
        warn(
            f"{' and '.join(stronger)} name{'s' if len(stronger) == 1 else ''} what is in use, also for `--data {folder}`: "
            "without `env -u …` in front, as above, commands would read and change that and not what was restored."
        )
    people = done.tables.get("person")
    if people is not None and people.rows:
        screen().print(
            "People have their accounts and roles, and no password: `resound user list` shows them, `resound user link LOGIN` "
            "makes the link by which one is chosen. API keys are made anew.",
            markup=False,
        )


def _go_on_with(folder: Path, stronger: Sequence[str]) -> tuple[str, str]:
    """The commands that look at what was restored into a folder, and at nothing else."""
    words = ["env", *(part for name in stronger for part in ("-u", name))] if stronger else []
    beginning = shlex.join([*words, "resound", "--data", str(folder)])
    return f"{beginning} reindex", f"{beginning} evidence verify"


def expire(
    context: typer.Context,
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove the stored pages of articles that belong to no campaign, RESOUND_EXPIRE_UNMATCHED_DAYS after they were fetched.

    A page stays where its article or another of its story ever matched a campaign, is named by a decision or is a clip.
    Hashes, texts and what was decided stay in any case.
    """
    from resound.keeping.expiring import expire_unmatched

    office: Office = context.obj
    days = office.settings.expire_unmatched_days
    if days is None:
        raise ResoundError(
            "Evidence is kept for ever unless you say otherwise: set RESOUND_EXPIRE_UNMATCHED_DAYS to a number of days, "
            "for example 400, and look at `resound evidence expire --dry-run` first."
        )
    with progress_bar() as bar:
        task = bar.add_task("files", total=None)
        gone = expire_unmatched(
            office.store,
            office.evidence,
            days=days,
            now=now(),
            is_dry=is_dry,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        say_json(
            {
                "dry_run": is_dry,
                "records": gone.records,
                "bytes": gone.bytes,
                "files": gone.files,
                "problems": gone.problems,
            }
        )
    else:
        screen().print(
            f"{gone.records} records of unmatched pages, {gone.bytes / 1_000_000:.1f} MB in {len(gone.files)} files, "
            f"{'would go' if is_dry else 'are gone; the store keeps their hashes and the day'}."
        )
    for one in gone.problems:
        complain(one)
    if gone.problems:
        raise typer.Exit(1)


def sums_json(sums: Mapping[str, TableSum]) -> dict[str, dict[str, object]]:
    """For `--json`."""
    return {name: {"rows": one.rows, "keys": one.keys, "sha256": one.sha256} for name, one in sums.items()}


def print_sums(sums: Mapping[str, TableSum]) -> None:
    """A table of what each table holds."""
    columns = {"table": "left", "rows": "right", "keys (SHA-256)": "left", "content (SHA-256)": "left"}
    rows = [(name, one.rows, one.keys[:16], one.sha256[:16]) for name, one in sums.items() if one.rows]
    screen().print(table("", columns, rows))
