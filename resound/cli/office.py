"""What commands share: the office that opens things, and ways to say things."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from resound.office import Office as Office  # every command is given one
from resound.office import open_models as open_models

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)


def screen() -> Console:
    """For people: tables and colours where the terminal has them."""
    from rich.console import Console

    return Console(highlight=False)


def say_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def complain(sentence: str) -> None:
    """An error, on standard error."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, highlight=False).print(Text("Error: ", style="bold red") + Text(sentence))


def warn(sentence: str) -> None:
    """Something to know beside a result, on standard error."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, highlight=False).print(Text("Note: ", style="bold yellow") + Text(sentence))


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on standard error; silent where that is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        yield bar


def table(title: str, columns: Mapping[str, str], rows: list[tuple[Any, ...]]) -> Any:
    """A rich table; `columns` maps headings to `left` or `right`. Foreign text is shown as it is, never as markup."""
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="bold", pad_edge=False
    )
    for heading, side in columns.items():
        made.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(printable(str(cell))) for cell in row))
    return made


def counted(number: int, one: str, many: str) -> str:
    """`1 item`, `2 items`: a number and what it counts."""
    return f"{number} {one if number == 1 else many}"


def four_counts(items: int, stories: int, outlets: int, groups: int) -> str:
    """The four counts, which are always shown together."""
    told = (
        counted(items, "item", "items"),
        counted(stories, "story", "stories"),
        counted(outlets, "outlet", "outlets"),
        counted(groups, "publisher group", "publisher groups"),
    )
    return " · ".join(told)


def printable(text: str) -> str:
    """Foreign text without control characters: it must not steer the terminal."""
    return "".join(
        " " if (ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160 else char for char in text
    )
