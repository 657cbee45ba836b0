"""Whether this installation can work now: what `resound ready` prints, and what a server answers at /readyz.

The store is neither created nor migrated by looking. The store, the evidence and room on the disk are needed; without
the search index or the language models Resound does less, and catches up later.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from nlp.models import find_profile
from nlp.standing import stand_models
from resound.errors import ResoundError
from resound.index.base import SearchIndex
from resound.indexing import Standing, index_standing
from resound.settings import Settings
from resound.store import Store
from resound.store.database import open_unchanged

ROOM = 500_000_000
"""Bytes that must be free: below, a night's crawl could fill the disk before anybody looks."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. Where one that `is_needed` does not hold, Resound is not ready."""

    name: str
    is_ok: bool
    sentence: str
    is_needed: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def is_ready(checks: tuple[Check, ...]) -> bool:
    """Whether everything that is needed holds."""
    return all(one.is_ok for one in checks if one.is_needed)


def check_readiness(
    settings: Settings,
    *,
    open_index: Callable[[], SearchIndex],
    models_in_use: Callable[[], tuple[str, Path] | None],
    room: int = ROOM,
) -> tuple[Check, ...]:
    """Look at everything, in the order: store, evidence, disk, index, models. Raises nothing for what it finds.

    Args:
        open_index: the configured index; it is not closed here.
        models_in_use: the profile in use and the folder of its models; None where none is chosen.
        room: bytes that must be free.
    """
    store: Store | None = None
    try:
        store = open_unchanged(settings.store_address)
        stored = Check("store", True, "The store answers and has this version's schema.", True)
    except ResoundError as err:
        stored = Check("store", False, str(err), True)
    try:
        return (
            stored,
            check_folder(settings.evidence),
            check_room([settings.data, settings.evidence], room=room),
            _check_index(store, open_index),
            _check_models(models_in_use),
        )
    finally:
        if store is not None:
            store.close()


def check_folder(folder: Path) -> Check:
    """Whether pages can be written there, or where the folder will be made."""
    place = _nearest(folder)
    try:
        with TemporaryFile(dir=place) as file:
            file.write(b"resound")
            file.flush()
    except OSError as err:
        return Check(
            "evidence", False, f"Nothing can be written to {folder}: {err.strerror or err} ({place}).", True
        )
    return Check("evidence", True, f"{folder} can be written to.", True)


def check_room(folders: list[Path], *, room: int) -> Check:
    """Whether each folder's disk has `room` bytes free for this process."""
    for folder in folders:
        try:
            free = shutil.disk_usage(_nearest(folder)).free
        except OSError as err:
            return Check("disk", False, f"The disk of {folder} cannot be asked: {err.strerror or err}.", True)
        if free < room:
            return Check(
                "disk",
                False,
                f"The disk of {folder} is nearly full: {free // 1_000_000} MB free, at least {room // 1_000_000} MB are "
                "needed.",
                True,
            )
    return Check("disk", True, f"At least {room // 1_000_000} MB are free.", True)


def judge_index(standing: Standing) -> Check:
    """An index that is behind is well: it follows. One that does not answer, or was last in trouble, is not."""
    is_ok = standing.answers and not (standing.behind and standing.trouble)
    return Check("index", is_ok, " ".join(standing.sentences), False)


def _check_index(store: Store | None, open_index: Callable[[], SearchIndex]) -> Check:
    if store is None:
        return Check("index", False, "Nothing was asked of the index: it follows the store.", False)
    try:
        return judge_index(index_standing(store, open_index()))
    except ResoundError as err:
        return Check("index", False, str(err), False)


def _check_models(models_in_use: Callable[[], tuple[str, Path] | None]) -> Check:
    try:
        in_use = models_in_use()
        if in_use is None:
            return Check(
                "models",
                False,
                "No language models are chosen: resound models pull standard, then resound models use standard.",
                False,
            )
        profile, folder = in_use
        models = stand_models(find_profile(profile, folder), folder, hash_up_to=0)
        missing = [one.id for one in models if not one.optional and one.state != "there"]
    except (ResoundError, OSError) as err:  # the models' folder may be a disk of its own, and away
        return Check("models", False, str(err), False)
    if missing:
        names = ", ".join(missing)
        return Check(
            "models", False, f"Models of {profile} are missing: {names}. resound models pull {profile}", False
        )
    return Check("models", True, f"The models of {profile} are there.", False)


def _nearest(folder: Path) -> Path:
    """The folder, or what there is on the way to it."""
    folder = folder.absolute()
    return next((one for one in (folder, *folder.parents) if one.exists()), folder)
