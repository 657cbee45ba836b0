"""The command line. Every command opens what it needs, calls one function of `resound`, and says what came of it.

Heavy imports happen inside the commands: `resound --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from resound import __version__
from resound.cli import (
    coding,
    collect,
    decide,
    define,
    demonstrate,
    digest,
    evaluate,
    find,
    indexes,
    keep,
    lists,
    look,
    mails,
    models,
    people,
    proposals,
    readiness,
    run,
    serve,
    stage,
)
from resound.cli.office import Office, complain
from resound.errors import ResoundError

app = typer.Typer(
    name="resound",
    help="Measures how far a communications campaign's news travels in Chinese, English and Vietnamese.",
    epilog="Start with `resound demo`: an invented newsroom, crawled and counted in a minute.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"resound {__version__}")
        raise typer.Exit


@app.callback()
def open_office(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder that holds the store, the evidence and the index. [default: resound-data]"),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and stop."),
    ] = False,
) -> None:
    """Settings come from RESOUND_* in the environment; options win over them."""
    context.obj = Office(data)
    context.call_on_close(context.obj.close)


demonstrate.register(app)
define.register(app)
collect.register(app)
find.register(app)
look.register(app)
readiness.register(app)
serve.register(app)
run.register(app)
lists.register(app)
mails.register(app)
digest.register(app)
indexes.register(app)
decide.register(app)
coding.register(app)
proposals.register(app)
models.register(app)
keep.register(app)
people.register(app)
app.add_typer(stage.app, name="stage")
app.add_typer(evaluate.app, name="evaluate")


def main() -> None:
    """The `resound` command: people see a sentence, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except ResoundError as err:
        complain(str(err))
        sys.exit(err.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader (head, less) has seen enough
        sys.exit(0)
