"""Work that takes longer than an answer may: it runs in a thread beside the requests, and pages ask how far it is."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import Request

from resound.errors import NotFoundError, ResoundError
from resound.texts import N_
from resound.told import Told
from resound.watching.crawl_words import recognise

AT_ONCE = 4
KEPT = 100
"""So many chores are remembered, the youngest."""
KEPT_SECONDS = 3_600.0

log = logging.getLogger(__name__)


@dataclass
class Chore:
    """One piece of such work. `result` is what it came to so far; it may be there before the end.

    Only `owner` may look at it: what it holds was typed by them.
    """

    token: str
    kind: str
    owner: str
    about: Any
    begun: float
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    done: int = 0
    total: int = 0
    result: Any = None
    trouble: str = ""
    """Why it failed, in words that can be said in any language."""
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed")

    def progress(self, done: int, total: int) -> None:
        """For the work: how far it is."""
        self.done, self.total = done, total

    def should_stop(self) -> bool:
        """For the work: whether nobody wants it any more."""
        return self._stop.is_set()


class Chores:
    """The chores of one process."""

    def __init__(self) -> None:
        self._known: dict[str, Chore] = {}
        self._lock = threading.Lock()
        self._places = threading.Semaphore(AT_ONCE)

    def start(self, kind: str, owner: str, about: Any, work: Callable[[Chore], Any]) -> Chore:
        """Have `work` done; what it returns becomes the result. An earlier one of the same kind and owner is stopped."""
        chore = Chore(secrets.token_urlsafe(16), kind, owner, about, time.monotonic())
        with self._lock:
            self._forget()
            for other in self._known.values():
                if (other.kind, other.owner) == (kind, owner) and not other.is_over:
                    other._stop.set()
            self._known[chore.token] = chore
        self._begin(chore, work)
        return chore

    def again(self, chore: Chore, work: Callable[[Chore], Any]) -> None:
        """Let a chore that is over go on."""
        with self._lock:
            if not chore.is_over:
                return
            chore.state, chore.trouble, chore.begun = "waiting", "", time.monotonic()
        self._begin(chore, work)

    def find(self, token: str, owner: str) -> Chore:
        """One's own chore.

        Raises:
            NotFoundError: it is not known any more (the server was started anew, or it is long ago).
        """
        with self._lock:
            found = self._known.get(token)
        if found is None or found.owner != owner:
            raise NotFoundError(
                Told(N_("This is no longer known here: it was too long ago. Begin it again."))
            )
        return found

    def close(self) -> None:
        """Stop everything; what has begun may end its step."""
        with self._lock:
            for one in self._known.values():
                one._stop.set()

    def _begin(self, chore: Chore, work: Callable[[Chore], Any]) -> None:
        """In a thread that nobody waits for at the end of the process: what a chore writes is whole at any moment."""

        def run() -> None:
            with self._places:
                _run(chore, work)

        threading.Thread(target=run, name=f"chore-{chore.kind}", daemon=True).start()

    def _forget(self) -> None:
        moment = time.monotonic()
        old = [key for key, one in self._known.items() if one.is_over and moment - one.begun > KEPT_SECONDS]
        finished = [key for key, one in self._known.items() if one.is_over and key not in old]
        for key in [*old, *finished[: max(0, len(self._known) - len(old) - KEPT)]]:
            del self._known[key]


def chores_of(request: Request) -> Chores:
    """The chores of the application that was asked."""
    chores: Chores = request.app.state.chores
    return chores


def _run(chore: Chore, work: Callable[[Chore], Any]) -> None:
    chore.state = "running"
    try:
        chore.result = work(chore)
        chore.state = "done"
    except ResoundError as err:
        told = next((one for one in err.args if isinstance(one, Told)), None)
        chore.trouble, chore.state = told or recognise(str(err)), "failed"
    except Exception:
        log.exception("a chore failed", extra={"kind": chore.kind})
        chore.trouble = Told(N_("Something went wrong here; it has been written to the log."))
        chore.state = "failed"
