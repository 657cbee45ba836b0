"""Reports as files: each made once for all who ask, one at a time, in a thread that no answer waits for.

The same snapshot gives the same report, so what was made is handed out again until newer files take its room.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from resound.errors import ReportError, ResoundError
from resound.texts import N_
from resound.told import Told

MOST_FILES = 30
MOST_BYTES = 2_000_000_000
"""Of the files that are kept; the newest stays whatever its size."""
MOST_WAITING = 10
"""So many may wait for their turn; whoever comes then is asked to come again."""

log = logging.getLogger(__name__)
Make = Callable[[Path], object]
"""Writes the file at a path."""


class Presses:
    """The files of one process, in a folder that goes with it."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._asked: dict[str, Future[Path]] = {}

    def ask(self, what: str, make: Make, *, seconds: float) -> Path | None:
        """The file; None while it is still being made after `seconds`.

        Args:
            what: names its content; the same words are the same file.

        Raises:
            ResoundError: it could not be made; the next who asks has it tried again.
        """
        with self._lock:
            known = self._asked.pop(what, None)
            if known is None or (known.done() and (known.exception() or not known.result().is_file())):
                known = self._begin(what, make)
            self._asked[what] = known  # the one that was asked for last stands last
            self._make_room()
        wait([known], timeout=seconds)
        return known.result() if known.done() else None

    def close(self) -> None:
        """Remove the files. What is being made ends by itself."""
        with self._lock:
            self._asked.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _begin(self, what: str, make: Make) -> Future[Path]:
        if sum(not one.done() for one in self._asked.values()) >= MOST_WAITING:
            raise ReportError(Told(N_("Many reports are being made just now. Come again in some minutes.")))
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="resound-reports-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / sha256(what.encode()).hexdigest()
        made: Future[Path] = Future()

        def run() -> None:
            try:
                with self._turn:
                    make(path)
                made.set_result(path)
            except ResoundError as err:
                made.set_exception(err)
            except BaseException as err:  # whoever asks is told; a lost answer would be waited for
                log.exception("a report could not be made")
                told = ReportError(Told(N_("Something went wrong here; it has been written to the log.")))
                told.__cause__ = err
                made.set_exception(told)

        # A daemon: whoever ends the server does not wait for it, and a file is there whole or not at all.
        threading.Thread(target=run, name="press", daemon=True).start()
        return made

    def _make_room(self) -> None:
        """Remove the files that were asked for longest ago."""
        ready = [
            (what, one.result())
            for what, one in self._asked.items()
            if one.done() and one.exception() is None and one.result().is_file()
        ]
        room = 0
        for number, (what, path) in enumerate(reversed(ready)):
            room += path.stat().st_size
            if number and (number >= MOST_FILES or room > MOST_BYTES):
                del self._asked[what]
                path.unlink(missing_ok=True)
