"""What the people who look after Resound see at one glance: queues, quarantine, models, storage, index, versions."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from nlp.calibrating import calibrated
from nlp.models import find_profile
from nlp.standing import ModelStanding, stand_models
from resound import __version__
from resound.errors import ResoundError
from resound.index.base import SearchIndex
from resound.keeping.storage import Storage, StorageGauge
from resound.outcome import STAGES, Stage
from resound.searching.indexing import Standing, index_standing
from resound.store import Store, work
from resound.store.place import store_engine
from resound.store.quarantine import Reason, Subject, list_reasons, next_planned, oldest_ready

ENGINES = ("ctranslate2", "onnxruntime", "transformers")


@dataclass(frozen=True, slots=True)
class Queue:
    """One stage. `oldest` is next in what is ready; `next_at`: when the first piece that was put off is due."""

    stage: Stage
    ready: int
    leased: int
    planned: int
    done: int
    duplicate: int
    rejected: int
    quarantined: int
    oldest: Subject | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many pieces of unfinished work of a stage wait for one reason."""

    stage: Stage
    reason: str
    detail: str
    count: int


@dataclass(frozen=True, slots=True)
class ModelsInUse:
    """The profile in use. `profile` is None where none is chosen; `problem` says why its models cannot be looked at.

    `not_calibrated`: thresholds that nobody has yet calibrated on labels, so that the profile's estimates are used.
    """

    profile: str | None
    label: str = ""
    models: tuple[ModelStanding, ...] = ()
    not_calibrated: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every model that is needed is there, as it was pulled."""
        return self.profile is not None and not self.problem and not any(one.is_missed for one in self.models)


@dataclass(frozen=True, slots=True)
class SystemState:
    """Everything at one moment. `at_work`: `host, process` → pieces of work it has in hand. No secret is in it."""

    queues: tuple[Queue, ...]
    waiting: tuple[Waiting, ...]
    at_work: Mapping[str, int]
    reasons: tuple[Reason, ...]
    models: ModelsInUse
    storage: Storage
    index: Standing
    versions: Mapping[str, str]


def look_at_system(
    store: Store,
    index: SearchIndex,
    gauge: StorageGauge,
    *,
    models_in_use: tuple[str, Path] | None,
    now: datetime,
) -> SystemState:
    """Look at everything. An index that does not answer, or models that cannot be read, are told, never raised."""
    standing = index_standing(store, index)
    with store.read() as connection:
        queues = list_queues(connection, now=now)
        waiting = [Waiting(*one) for one in work.waiting_reasons(connection, STAGES)]
        at_work = work.live_holders(connection, now=now)
        reasons = list_reasons(connection)
    return SystemState(
        queues=tuple(queues),
        waiting=tuple(waiting),
        at_work=at_work,
        reasons=tuple(reasons),
        models=look_at_models(models_in_use),
        storage=gauge.read(now),
        index=standing,
        versions=_versions(store, index, standing),
    )


def list_queues(connection: Connection, *, now: datetime) -> list[Queue]:
    """Every stage in the order of an article's way, an empty one too."""
    counts: dict[tuple[str, str], int] = {}
    for one in work.tallies(connection, now=now):
        counts[one.stage, one.outcome] = counts.get((one.stage, one.outcome), 0) + one.count
    oldest, planned = oldest_ready(connection, now=now), next_planned(connection, now=now)

    def count(stage: Stage, outcome: str) -> int:
        return counts.get((stage, outcome), 0)

    return [
        Queue(
            stage=stage,
            ready=count(stage, "waiting"),
            leased=count(stage, "leased"),
            planned=count(stage, "planned"),
            done=count(stage, "done"),
            duplicate=count(stage, "duplicate"),
            rejected=count(stage, "rejected"),
            quarantined=count(stage, "quarantined"),
            oldest=oldest.get(stage),
            next_at=datetime.fromtimestamp(planned[stage], UTC) if stage in planned else None,
        )
        for stage in STAGES
    ]


def look_at_models(models_in_use: tuple[str, Path] | None) -> ModelsInUse:
    """The models of the profile in use, and where they lie. Nothing is loaded, and nothing raised for what is found."""
    if models_in_use is None:
        return ModelsInUse(None)
    name, folder = models_in_use
    try:
        profile = find_profile(name, folder)
        models = stand_models(profile, folder)
        embedding = next((one for one in models if one.task == "embedding"), None)
        known = calibrated(folder, embedding.commit or "") if embedding is not None else frozenset()
    except (ResoundError, OSError) as err:  # the folder may be a disk of its own, and away
        return ModelsInUse(name, problem=str(err))
    missing = tuple(one for one in type(profile.thresholds).model_fields if one not in known)
    return ModelsInUse(name, profile.label, tuple(models), missing)


def _versions(store: Store, index: SearchIndex, standing: Standing) -> dict[str, str]:
    found = {"Resound": __version__, "Python": platform.python_version(), "store": store_engine(store)}
    if standing.answers:
        try:
            found["index"] = index.describe()
        except ResoundError as err:  # it answered a moment ago
            found["index"] = str(err)
    for name in ENGINES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
