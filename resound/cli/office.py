"""What commands share: settings, the store, the index, and ways to say things."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from nlp.models import Models
    from resound.errors import ModelError
    from resound.index.base import SearchIndex
    from resound.modelling import ModelWorker
    from resound.settings import Settings
    from resound.store import Store


class Office:
    """Opens things when they are first needed and closes them at the end of the command."""

    def __init__(self, data: Path | None = None, **overrides: Any) -> None:
        self._overrides = overrides | ({"data": data} if data is not None else {})

    @cached_property
    def settings(self) -> Settings:
        """From the environment and the options."""
        from resound.settings import load_settings

        return load_settings(**self._overrides)

    @cached_property
    def store(self) -> Store:
        """The store, created or migrated where needed."""
        from resound.store import open_store

        return open_store(self.settings.store_address)

    @cached_property
    def index(self) -> SearchIndex:
        """The search index as configured, not brought up to date. Nothing is asked of it yet."""
        if self.settings.elasticsearch is not None:
            return open_elastic(self.settings)
        from resound.index.sqlite import SqliteIndex

        return SqliteIndex(self.settings.index)

    @property
    def evidence(self) -> Path:
        """The folder of the WARC files."""
        return self.settings.evidence

    @property
    def has_store(self) -> bool:
        """Whether there is a store to look into; looking must not create one."""
        return self.settings.given_store_url is not None or (self.settings.data / "resound.sqlite").exists()

    @cached_property
    def is_demo(self) -> bool:
        """Whether the data folder holds the demo newsroom."""
        import demo

        return demo.is_demo(self.settings.data)

    @property
    def profile(self) -> str | None:
        """The profile of language models in use: as set, as chosen, or the demo's in the demo's folder."""
        import demo
        from nlp.profiles import chosen_profile

        own = DEMO_PROFILE if self.is_demo and demo.MODELS.exists() else None
        return self.settings.profile or chosen_profile(self.settings.model_folder) or own

    @property
    def model_folder(self) -> Path:
        """Where the models of the profile in use lie; the demo's come with Resound."""
        import demo

        return demo.MODELS if self.profile == DEMO_PROFILE else self.settings.model_folder

    @property
    def models_in_use(self) -> tuple[str, Path] | None:
        """The profile in use and where its models lie; None where none is chosen."""
        profile = self.profile
        return None if profile is None else (profile, self.model_folder)

    @contextmanager
    def models(self) -> Iterator[ModelWorker | ModelError]:
        """The models of the profile in use, or why there are none. Their process ends with the block."""
        from resound.modelling import ModelSetup, ModelWorker
        from resound.pipeline import NO_PROFILE

        if self.profile is None:
            yield NO_PROFILE
            return
        setup = ModelSetup(
            profile=self.profile,
            folder=self.model_folder,
            engine=self.settings.engine,
            threads=self.settings.threads,
            store_address=self.settings.store_address,
            is_demo=self.is_demo,
        )
        with ModelWorker(setup, seconds=self.settings.model_seconds) as worker:
            yield worker

    def close(self) -> None:
        """Close what was opened."""
        for name in ("store", "index"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()


DEMO_PROFILE = "demo"


def open_elastic(settings: Settings) -> SearchIndex:
    """The index in Elasticsearch that the settings name.

    Raises:
        ResoundError: its client is not installed.
    """
    from resound.errors import ResoundError

    try:
        from resound.index.elastic import ElasticIndex
        from resound.index.elastic_client import ElasticAddress
    except ModuleNotFoundError as err:
        raise ResoundError(
            'RESOUND_ELASTICSEARCH is set, but its client is not installed: pip install "resound[elastic]"'
        ) from err
    cloud = settings.elasticsearch_cloud
    where = {"urls": settings.elasticsearch_urls} if cloud is None else {"cloud_id": cloud}
    index: SearchIndex = ElasticIndex(
        ElasticAddress(
            **where,
            api_key=settings.elasticsearch_secret("api_key") or "",
            username=settings.elasticsearch_username or "",
            password=settings.elasticsearch_secret("password") or "",
            ca_file=settings.elasticsearch_ca_file,
            prefix=settings.elasticsearch_prefix,
            timeout=settings.elasticsearch_timeout,
        )
    )
    return index


def open_models(office: Office) -> Models:
    """The models of the profile in use, in this process: for single stages and for evaluation.

    Raises:
        ModelError: none is chosen, or it does not serve this data folder.
    """
    from nlp.models import open_profile
    from resound.pipeline import NO_PROFILE

    if office.profile is None:
        raise NO_PROFILE
    settings = office.settings
    return open_profile(
        office.profile,
        office.model_folder,
        is_demo=office.is_demo,
        engine=settings.engine,
        threads=settings.threads,
    )


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
        made.add_row(*(cell if isinstance(cell, Text) else Text(_printable(str(cell))) for cell in row))
    return made


def _printable(text: str) -> str:
    """Foreign text without control characters: it must not steer the terminal."""
    return "".join(
        " " if (ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160 else char for char in text
    )
