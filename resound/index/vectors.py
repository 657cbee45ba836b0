"""The articles most like one: the stored vectors in memory (4 bytes a number), compared by brute force.

As in `columns`, what was read under a key never becomes wrong, since keys are never used again. What is gone since is
found out when its row is looked for, and swept out when half of the matrix is gone.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Number = TypeVar("_Number", np.float32, np.float64)

PLACES = 6
"""Likeness is compared to so many decimal places; what is as like stands by id."""
_CLOSE = 1e-5  # more than a product of rows in single precision can be off
_BATCH = 4096


class Matrix:
    """The vectors of one model in one file."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._read_up_to = 0
        self._swept_at = 0
        self._keys: NDArray[np.int64] | None = None
        self._rows: NDArray[np.float32] | None = None

    def nearest(self, connection: sqlite3.Connection, key: int, limit: int) -> list[tuple[int, str, float]]:
        """(key, id, cosine) of the documents most like the one of this key, which has a vector of this model."""
        import numpy as np

        keys, rows = self._extend(connection)
        (row,) = connection.execute("SELECT row FROM vector WHERE key = ?", (key,)).fetchone()
        asked = _unit(np.frombuffer(row, "<f2").astype(np.float64))
        scores = rows @ asked.astype(np.float32)
        wanted = limit
        while True:
            wanted = min(wanted * 2 + 8, len(keys))
            edge = np.partition(scores, len(keys) - wanted)[len(keys) - wanted] - _CLOSE
            near = np.flatnonzero(scores >= edge)
            found = [
                (int(keys[at]), stored[0], _cosine(stored[1], asked))
                for at in near
                if keys[at] != key and (stored := _stored(connection, int(keys[at]))) is not None
            ]
            if len(found) >= limit or wanted == len(keys):
                found.sort(key=lambda one: (-one[2], one[1]))
                return found[:limit]

    def _extend(self, connection: sqlite3.Connection) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import numpy as np

        with self._lock:
            fresh = list(self._new(connection))
            if fresh:
                self._read_up_to = fresh[-1][0]
                keys = np.array([key for key, _ in fresh], np.int64)
                length = len(fresh[0][1]) // 2
                rows = np.empty((len(fresh), length), np.float32)
                for start in range(0, len(fresh), _BATCH):
                    part = b"".join(row for _, row in fresh[start : start + _BATCH])
                    rows[start : start + _BATCH] = _unit(
                        np.frombuffer(part, "<f2").reshape(-1, length).astype(np.float32)
                    )
                del fresh
                if self._keys is not None and self._rows is not None:
                    keys, rows = np.concatenate((self._keys, keys)), np.concatenate((self._rows, rows))
                self._keys, self._rows = keys, rows
                self._sweep(connection)
            assert self._keys is not None
            assert self._rows is not None
            return self._keys, self._rows

    def _new(self, connection: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
        statement = "SELECT key, row FROM vector WHERE model = ? AND key > ? ORDER BY key"
        yield from connection.execute(statement, (self._model, self._read_up_to))

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Let go of rows whose documents are gone, once they may be half of all."""
        import numpy as np

        if self._keys is None or self._rows is None or len(self._keys) < 2 * self._swept_at:
            return
        found = connection.execute("SELECT key FROM vector WHERE model = ?", (self._model,))
        living = np.isin(self._keys, np.fromiter((key for (key,) in found), np.int64))
        if not living.all():
            self._keys, self._rows = self._keys[living], self._rows[living]
        self._swept_at = max(1024, len(self._keys))


def _unit(rows: NDArray[_Number]) -> NDArray[_Number]:
    """Rows of length 1: half precision leaves them a little off. A row of zeros stays, and is like nothing."""
    import numpy as np

    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    made: NDArray[_Number] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return made


def _cosine(row: bytes, asked: NDArray[np.float64]) -> float:
    """Of the row that was written, in double precision from end to end: every engine says the same to the last place."""
    import numpy as np

    return round(float(np.dot(_unit(np.frombuffer(row, "<f2").astype(np.float64)), asked)), PLACES)


def _stored(connection: sqlite3.Connection, key: int) -> tuple[str, bytes] | None:
    """(id, row) of a document, where it is still there."""
    found: tuple[str, bytes] | None = connection.execute(
        "SELECT id, row FROM doc JOIN vector USING (key) WHERE key = ?", (key,)
    ).fetchone()
    return found
