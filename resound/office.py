"""Opens what the command line and the web pages work with: settings, store, index, models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from nlp.models import Models
    from resound.errors import ModelError
    from resound.index.base import SearchIndex, StoreIdentity
    from resound.processing.modelling import ModelWorker
    from resound.settings import Settings
    from resound.store import Store


class Office:
    """Opens things when they are first needed and closes them at the end of the work."""

    def __init__(self, data: Path | None = None, **overrides: Any) -> None:
        self._overrides = overrides | ({"data": data} if data is not None else {})

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """With settings that were read already."""
        office = cls()
        office.__dict__["settings"] = settings
        return office

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
            return open_elastic(self.settings, store=lambda: self.identity)
        from resound.index.sqlite import SqliteIndex

        return SqliteIndex(self.settings.index, store=lambda: self.identity)

    @cached_property
    def identity(self) -> str:
        """What tells the store from every other."""
        from resound.store.identity import identify_store

        return identify_store(self.store)

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
        from resound.pipeline import NO_PROFILE
        from resound.processing.modelling import ModelSetup, ModelWorker

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


def open_elastic(settings: Settings, *, store: StoreIdentity | None = None) -> SearchIndex:
    """The index in Elasticsearch that the settings name; `store` says which store it is to be of.

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
        ),
        store=store,
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
