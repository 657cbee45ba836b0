"""The file of the embedded index: connections, one for each thread, and putting another file in its place.

The path is a link to the file in use (or the file itself, until the first rebuild). A rebuild writes a file of its own
beside it and then turns the link round in one step. SQLite names its log after the file, not after the link, so no log
ever stands beside a file that it does not belong to, and who still has the old file open goes on reading it unharmed
until the next look at the link.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from resound.errors import StoreError

WAIT_SECONDS = 30
_TRIES = 20
_LOGS = ("-wal", "-shm", "-journal")
_Place = tuple[int, int]  # device and inode: tells whether the path leads to another file than before


class IndexFile:
    """Opens the file where the path leads to now. Safe to share between threads.

    `prepare` sees each new connection once, before its first use; it makes the tables or refuses the file.
    """

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self.path = path
        self._prepare = prepare
        self._local = threading.local()
        self._open: set[sqlite3.Connection] = set()
        self._lock = threading.Lock()
        self._rebuilding: int | None = None
        self._beside: Path | None = None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; undone where the block raises."""
        with self._guarded(), _transaction(self._connection(), "BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        with self._guarded(), _transaction(self._connection(), "BEGIN") as connection:
            yield connection

    @contextmanager
    def reading_apart(self) -> Iterator[sqlite3.Connection]:
        """One consistent view on a connection of its own: it may stay open while the thread does other things."""
        with self._guarded():
            connection, _ = self._connect()
            try:
                with _transaction(connection, "BEGIN"):
                    yield connection
            finally:
                self._shut(connection)

    def close(self) -> None:
        """Close every connection, whichever thread opened it."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def begin_beside(self) -> Path:
        """A new name beside the path. What a rebuild left that did not end is taken away.

        Raises:
            StoreError: another process is rebuilding now.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._named("rebuilding"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            os.close(lock)
            raise StoreError(
                f"Another process is building the index {self.path} anew. Wait until it has ended."
            ) from err
        self._rebuilding = lock
        in_use = self.path.resolve().name
        kept = {self._named("rebuilding").name, in_use, *(f"{in_use}{log}" for log in _LOGS)}
        for found in self.path.parent.glob(f"{self.path.name}.*"):
            if found.name not in kept:
                found.unlink(missing_ok=True)
        self._beside = self._named(uuid4().hex)
        return self._beside

    def take_beside(self) -> None:
        """Let the path lead to the new file, and remove the old one."""
        if self._beside is None:
            raise RuntimeError("nothing was begun")
        old, link = self.path.resolve(), self._named("link")
        link.unlink(missing_ok=True)
        link.symlink_to(self._beside.name)
        link.replace(self.path)
        _remove(old)  # where the old file stood at the path itself, only its log is left of it
        self._end()

    def drop_beside(self) -> None:
        """Remove the new file."""
        if self._beside is not None:
            _remove(self._beside)
        self._end()

    def _end(self) -> None:
        self._beside = None
        if self._rebuilding is not None:
            os.close(self._rebuilding)  # gives the lock back
            self._rebuilding = None

    def _named(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{ending}")

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection to the file that the path leads to now."""
        held: tuple[sqlite3.Connection, _Place] | None = getattr(self._local, "held", None)
        if held is not None:
            if _place(self.path) == held[1]:
                return held[0]
            self._local.held = None
            self._shut(held[0])
        made = self._connect()
        self._local.held = made
        return made[0]

    def _connect(self) -> tuple[sqlite3.Connection, _Place]:
        for _ in range(_TRIES):
            place, target = _place(self.path), self.path.resolve()
            try:
                connection = self._open_file(target, is_new=place is None)
            except sqlite3.OperationalError:
                if _place(self.path) == place and (place is None or target.exists()):
                    raise
                continue  # the file was put away between the look at the link and the opening
            found = _place(self.path)
            if found is not None and place in (None, found):
                return connection, found
            self._shut(connection)
        raise StoreError(f"The index {self.path} is being replaced over and over. Try again in a moment.")

    def _open_file(self, target: Path, *, is_new: bool) -> sqlite3.Connection:
        if is_new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        # Only where there is no file one is made: opened by a name that is gone, SQLite would make an empty one.
        connection = sqlite3.connect(
            f"file:{quote(str(target))}?mode={'rwc' if is_new else 'rw'}",
            uri=True,
            timeout=WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        with self._lock:
            self._open.add(connection)
        try:
            _write_ahead(connection)
            # derived data: a lost tail is read again from the store
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute("PRAGMA mmap_size = 1073741824")
            self._prepare(connection)
        except BaseException:
            self._shut(connection)
            raise
        return connection

    def _shut(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._open.discard(connection)
        with suppress(
            sqlite3.Error
        ):  # a statement of a torn-off reader is open: the garbage collector closes it
            connection.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as err:
            raise StoreError(
                f"The index {self.path} cannot be used ({err}). It is derived from the store: `resound reindex` "
                "builds it anew, and nothing is lost."
            ) from err
        except OSError as err:
            raise StoreError(f"The index {self.path} cannot be used: {err.strerror}.") from err


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[sqlite3.Connection]:
    connection.execute(begin)
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the log on, which a new file has not yet. Where several do that at once SQLite refuses without waiting."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as err:
            if err.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _place(path: Path) -> _Place | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _remove(path: Path) -> None:
    for name in (path, *(path.with_name(f"{path.name}{log}") for log in _LOGS)):
        if not name.is_symlink():
            name.unlink(missing_ok=True)
