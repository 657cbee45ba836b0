"""Whether this installation can work now: what `resound ready` prints, and what a server answers at /readyz.

The store is neither created nor migrated by looking. The store, the evidence and room on the disk are needed; without
the search index or the language models Resound does less, and catches up later.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from nlp.models import find_profile
from nlp.standing import stand_models
from resound.errors import ResoundError
from resound.index.base import SearchIndex
from resound.searching.indexing import Standing, index_standing
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
    is_demo: bool = False,
    room: int = ROOM,
) -> tuple[Check, ...]:
    """Look at everything, in the order: store, evidence, disk, index, models, public address. Raises nothing for what it finds.

    Args:
        open_index: the configured index; it is not closed here.
        models_in_use: the profile in use and the folder of its models; None where none is chosen.
        is_demo: this is the demo, whose links may lead to this machine.
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
            check_public_url(settings.public_url, is_mailing=settings.smtp_url is not None, is_demo=is_demo),
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


def check_public_url(public_url: str | None, *, is_mailing: bool, is_demo: bool) -> Check:
    """Whether links in mail can be followed by those who get it: https, and a host that others can reach.

    What is looked at is its form; nothing is asked of the network.
    """
    if public_url is None:
        sentence = (
            "RESOUND_PUBLIC_URL is not set: mail holds no links to these pages, and no digest can be sent."
        )
        return Check("public address", not is_mailing, sentence, False)
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    troubles = []
    if is_local(host) and not is_demo:
        troubles.append(
            f"{host} is a name of this machine or of a private network: readers elsewhere cannot follow it"
        )
    elif "." not in host and ":" not in host and not is_local(host):
        troubles.append(f"{host} has no domain: only machines of your own network know such a name")
    if parts.scheme != "https" and not (is_local(host) and is_demo):
        troubles.append("it is not https: mail programs offer no one-click unsubscribing (RFC 8058)")
    if troubles:
        return Check(
            "public address", False, f"RESOUND_PUBLIC_URL is {public_url}: {'; '.join(troubles)}.", False
        )
    return Check("public address", True, f"Links in mail lead to {public_url}.", False)


def is_local(host: str) -> bool:
    """Whether a host is this machine, or an address that the public internet does not lead to."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith((".localhost", ".local", ".internal", ".home.arpa")):
        return True
    try:
        return not ip_address(name).is_global
    except ValueError:
        return False


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
