"""`resound store move`, `backup`, `restore`: keeping what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, now, progress_bar, say_json, screen, table
from resound.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resound.store.portable import TableSum

store = typer.Typer(help="The database that holds everything that was read and decided.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    store.command(
        epilog="""Examples: `resound store move postgresql://resound@db.example/resound` (the password in PGPASSWORD or
\\~/.pgpass) · `resound store move sqlite:///other/resound.sqlite`

Stop `resound crawl`, `process` and scheduled runs first. The store in use is not changed; afterwards RESOUND_STORE_URL
says which one is used."""
    )(move)
    app.add_typer(store, name="store")


def move(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="An empty store: a SQLAlchemy URL.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Copy the store into another database (SQLite to PostgreSQL or back) and compare every row."""
    from resound.moving import move_store
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
            progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
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


def sums_json(sums: Mapping[str, TableSum]) -> dict[str, dict[str, object]]:
    """For `--json`."""
    return {name: {"rows": one.rows, "keys": one.keys, "sha256": one.sha256} for name, one in sums.items()}


def print_sums(sums: Mapping[str, TableSum]) -> None:
    """A table of what each table holds."""
    columns = {"table": "left", "rows": "right", "keys (SHA-256)": "left", "content (SHA-256)": "left"}
    rows = [(name, one.rows, one.keys[:16], one.sha256[:16]) for name, one in sums.items() if one.rows]
    screen().print(table("", columns, rows))
