"""How much room everything takes, and how much is left. Folders are walked at most once a minute."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Literal

from crawlers.evidence import list_files
from resound.settings import Settings
from resound.store import Store
from resound.store.place import store_bytes
from resound.watching.readiness import ROOM

PlaceName = Literal["store", "index", "evidence", "attachments", "models"]
KEPT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Something that takes room on the disk. `bytes` is None where it lies on another machine (Elasticsearch)."""

    name: PlaceName
    bytes: int | None
    files: int


@dataclass(frozen=True, slots=True)
class Disk:
    """What is free on the disk that holds these places, in bytes."""

    places: tuple[str, ...]
    free: int
    total: int

    @property
    def is_low(self) -> bool:
        """Whether less is free than a night's crawl may take."""
        return self.free < ROOM


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything as it was at one moment. `oldest` and `newest`: the days on which the first and last WARC file was begun."""

    places: tuple[Place, ...]
    disks: tuple[Disk, ...]
    warc_files: int
    oldest: date | None
    newest: date | None
    at: datetime


def measure_storage(store: Store, settings: Settings, models: Path, *, now: datetime) -> Storage:
    """Walk through the folders. What is allocated counts: expired records leave holes in their files."""
    warcs = list_files(settings.evidence)
    evidence, attachments = _walk(settings.evidence), _walk(settings.attachments)
    index = [one for one in settings.data.glob(f"{settings.index.name}*") if not one.is_symlink()]
    places = (
        Place("store", store_bytes(store), 1),
        Place("index", None, 0)
        if settings.elasticsearch is not None
        else Place("index", sum(map(_allocated, index)), len(index)),
        Place("evidence", evidence[0] - attachments[0], evidence[1] - attachments[1]),
        Place("attachments", *attachments),
        Place("models", *_walk(models)),
    )
    return Storage(
        places=places,
        disks=_disks({"data": settings.data, "evidence": settings.evidence, "models": models}),
        warc_files=len(warcs),
        oldest=_day(warcs[0]) if warcs else None,
        newest=_day(warcs[-1]) if warcs else None,
        at=now,
    )


class StorageGauge:
    """The last measurement, made anew when it is older than a minute. Safe to share between threads."""

    def __init__(self, measure: Callable[[datetime], Storage]) -> None:
        self._measure = measure
        self._lock = Lock()
        self._last: Storage | None = None

    def read(self, now: datetime) -> Storage:
        """As it is now, or was less than a minute ago."""
        with self._lock:
            if self._last is None or not timedelta() <= now - self._last.at < KEPT:
                self._last = self._measure(now)
            return self._last


def _walk(folder: Path) -> tuple[int, int]:
    """(bytes, files) below a folder; links are not followed, and what goes away meanwhile is not counted."""
    size = files = 0
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                size += _allocated(Path(entry.path))
                files += 1
    return size, files


def _allocated(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def _disks(folders: dict[str, Path]) -> tuple[Disk, ...]:
    found: dict[int, list[str]] = {}
    usage: dict[int, tuple[int, int]] = {}
    for name, folder in folders.items():
        absolute = folder.absolute()
        there = next(one for one in (absolute, *absolute.parents) if one.exists())
        device = there.stat().st_dev
        found.setdefault(device, []).append(name)
        disk = shutil.disk_usage(there)
        usage[device] = (disk.free, disk.total)
    return tuple(Disk(tuple(names), *usage[device]) for device, names in found.items())


def _day(warc: Path) -> date:
    """`resound-20260115-080000-….warc.gz` was begun on 2026-01-15."""
    return datetime.strptime(warc.name.split("-")[1], "%Y%m%d").replace(tzinfo=UTC).date()
