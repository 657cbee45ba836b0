"""A backup put back: everything is unpacked, hashed and loaded aside, and only then put in place, the store last.

Whatever goes wrong before that, the folder is as empty as it was.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection

from resound.errors import BackupError, ConflictError, SchemaTooNewError
from resound.keeping.archive import sync_folder, unpack
from resound.keeping.backup import open_lines
from resound.keeping.moving import refuse_filled
from resound.store import lists, open_store, outbox
from resound.store.database import name_store, shipped_revisions
from resound.store.identity import forget_identity
from resound.store.portable import (
    IDENTITY_TABLE,
    Summer,
    TableForm,
    TableSum,
    check_forms,
    form_from_json,
    read_line,
    set_numbers,
    sum_table,
    write_table,
)

STAGING = ".restoring"
STORE_FILE = "resound.sqlite"
SHOWN_SETTINGS = "settings-of-the-backup.json"
_WORST_RATIO = 1040
"""gzip packs at most 1,032 : 1."""

Progress = Callable[[str, int, int], None]


DOUBT = "It waited when the backup was made; whether it was sent afterwards is not known."
"""Of mail and issues that were not done with then: the original may have gone on."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place; every table was compared with what the backup says of it (before mail that waited was doubted)."""

    tables: dict[str, TableSum]
    files: int
    made_by: str
    made_at: str
    schema: str
    settings: Path
    """What the settings were, for whoever sets the environment; Resound does not read it."""


def restore_backup(
    path: Path, folder: Path, *, store_address: str | None = None, progress: Progress | None = None
) -> Restored:
    """Put a backup into an empty data folder and, where `store_address` is given, an empty store elsewhere.

    Raises:
        ConflictError: the folder or the store is not empty; nothing was changed.
        BackupError: the backup is cut off, altered, or none; nothing was changed.
        SchemaTooNewError: a newer Resound made it.
        StoreError: the store cannot be opened or filled.
    """
    if not path.is_file():
        raise BackupError(f"There is no backup {path}.")
    with _aside(folder) as staging:
        try:
            _check_room(path, staging)
            manifest = unpack(path, staging, _bytes_told(progress, path.stat().st_size))
            loaded = _Loaded.from_manifest(manifest, staging)
            address = store_address or _sqlite_address(staging / STORE_FILE)
            placed = [staging / "evidence", *(staging / "data").glob("*.json")]
            store = open_store(address, revision=loaded.schema)
            try:
                with store.write() as connection:
                    check_forms(connection, loaded.forms)
                    refuse_filled(connection, name_store(address), loaded.forms)
                    if any(one.name == IDENTITY_TABLE for one in loaded.forms):
                        forget_identity(connection)  # nor does the backup bring one: it is made anew
                    loaded.load(connection, staging, progress)
                    loaded.doubt(connection)
                    if (
                        store_address is not None
                    ):  # the commit comes last: a store without its evidence is a lie
                        _place(placed, folder)
            except BaseException:
                if store_address is not None:
                    _take_away(placed, folder)
                raise
            finally:
                store.close()
            open_store(address, is_new=True).close()  # an older schema is brought forward
            if store_address is None:
                _place([*placed, staging / STORE_FILE], folder)
        except OSError as err:
            raise BackupError(f"The backup could not be restored: {err.strerror or err}.") from err
    return Restored(
        loaded.sums,
        sum(one["name"].startswith("evidence/") for one in manifest["members"]),
        str(manifest.get("made_by", "")),
        str(manifest.get("made_at", "")),
        loaded.schema,
        folder / SHOWN_SETTINGS,
    )


@dataclass(frozen=True, slots=True)
class _Loaded:
    schema: str
    forms: list[TableForm]
    sums: dict[str, TableSum]
    bytes: Mapping[str, int]
    numbers: Mapping[str, int]

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any], staging: Path) -> _Loaded:
        try:
            schema = str(manifest["schema"])
            tables = manifest["tables"]
            forms = [form_from_json(one) for one in tables]
            sums = {
                one["name"]: TableSum(int(one["rows"]), str(one["keys"]), str(one["sha256"]))
                for one in tables
            }
            sizes = {one["name"]: int(one["bytes"]) for one in tables}
            numbers = {str(name): int(number) for name, number in manifest["numbers"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            raise BackupError(f"The backup's manifest does not say what the store held ({err}).") from err
        if schema not in shipped_revisions():
            raise SchemaTooNewError(
                f"This backup was made by a newer Resound ({manifest.get('made_by')}, schema {schema}; this one knows up "
                f"to {shipped_revisions()[-1]}). Nothing was changed. Install the newer version to restore it."
            )
        packed = {
            one.name.removesuffix(".jsonl.gz"): one.stat().st_size for one in (staging / "store").glob("*")
        }
        if set(packed) != set(sums):
            raise BackupError("The backup does not hold the tables that its manifest names.")
        absurd = [name for name, size in sizes.items() if not 0 <= size <= packed[name] * _WORST_RATIO]
        if absurd or sum(sizes.values()) > 4 * shutil.disk_usage(staging).free:
            raise BackupError(
                f"The backup says that its tables are absurdly large ({', '.join(absurd) or 'all'})."
            )
        return cls(schema, forms, sums, sizes, numbers)

    def doubt(self, connection: Connection) -> None:
        """Mail that was still to be sent when the backup was made may have been sent since: only a person knows."""
        there = {one.name for one in self.forms}
        if "outbox" in there:
            outbox.doubt_all(connection, reason=DOUBT)
        if "issue" in there:
            lists.doubt_issues(connection, reason=DOUBT)

    def load(self, connection: Connection, staging: Path, progress: Progress | None) -> None:
        """Fill the store and compare it with the manifest."""
        total = sum(one.rows for one in self.sums.values())
        done = 0
        for form in self.forms:
            summer = Summer(form)
            with (staging / "store" / f"{form.name}.jsonl.gz").open("rb") as file:
                lines = open_lines(file, most=self.bytes[form.name], name=form.name)
                for count in write_table(connection, form, _rows(form, lines, summer)):
                    done += count
                    if progress is not None:
                        progress(form.name, done, total)
            if summer.total() != self.sums[form.name]:
                raise BackupError(f"The backup's table {form.name} does not hold what its manifest says.")
        set_numbers(connection, self.forms, self.numbers)
        for form in self.forms:
            if progress is not None:
                progress(f"comparing {form.name}", done, total)
            if sum_table(connection, form) != self.sums[form.name]:
                raise BackupError(f"What arrived in the table {form.name} is not what the backup holds.")


def _rows(form: TableForm, lines: Iterator[str], summer: Summer) -> Iterator[list[Any]]:
    for line in lines:
        row = read_line(form, line)
        summer.add(row, line)
        yield row


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A place inside the empty data folder (so on its disk), removed at the end; one that a killed restore left is cleared."""
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as err:
        raise BackupError(f"The folder {folder} cannot be used: {err.strerror}.") from err
    staging = folder / STAGING
    is_mine = is_done = False
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise ConflictError(f"Another restore into {folder} is at work.") from err
        is_mine = True
        there = sorted(one.name for one in folder.iterdir() if one.name != STAGING)
        if there:
            told = ", ".join(there[:5]) + (", …" if len(there) > 5 else "")
            raise ConflictError(
                f"The folder {folder} is not empty: {told}. Nothing was changed. Name another one with --into FOLDER."
            )
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        yield staging
        is_done = True
    finally:
        if is_mine:
            shutil.rmtree(staging, ignore_errors=True)
            if is_new and not is_done and not any(folder.iterdir()):
                folder.rmdir()
        os.close(handle)


def _place(placed: list[Path], folder: Path) -> None:
    for one in placed:
        if one.exists():
            one.rename(folder / _name_in_place(one))
    sync_folder(folder)


def _take_away(placed: list[Path], folder: Path) -> None:
    for one in placed:
        there = folder / _name_in_place(one)
        if there.exists():
            there.rename(one)


def _name_in_place(one: Path) -> str:
    return SHOWN_SETTINGS if one.name == "settings.json" else one.name


def _check_room(path: Path, staging: Path) -> None:
    needed, free = path.stat().st_size, shutil.disk_usage(staging).free
    if needed > free:
        raise BackupError(
            f"There is too little room: the backup needs {needed // 1_000_000} MB and {free // 1_000_000} MB are free."
        )


def _bytes_told(progress: Progress | None, total: int) -> Callable[[int], None] | None:
    if progress is None:
        return None
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress("unpacking", done, total)

    return tell


def _sqlite_address(path: Path) -> str:
    return URL.create("sqlite", database=str(path)).render_as_string()
