"""Many documents into Elasticsearch, each with its own outcome.

Two requests are in flight while the next one is made. What passes (429, 5xx, a blocked index, a node that is away) is tried
again with growing, jittered pauses, in which nothing else is sent; what does not (a mapping that will not have a document)
is refused with Elasticsearch's reason. A stale version (409) lost to a newer one, as it should.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from resound.errors import StoreError
from resound.index.base import Refusal
from resound.index.elastic_client import ElasticAddress, explain, is_block, reason_in, reason_of
from resound.index.elastic_documents import Operation

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch
    from tenacity import RetryCallState

IN_FLIGHT = 2
CHUNK = 500
CHUNK_BYTES = 8_000_000
_FILTER = ("errors", "items.*.status", "items.*.error")
_LOG = structlog.get_logger("resound.index.elastic")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a write waits for what passes: `seconds` in all, pauses from `first` to `longest`."""

    seconds: float = 60.0
    first: float = 0.25
    longest: float = 10.0


@dataclass(slots=True)
class Outcome:
    """What came of one request's operations. `again` are worth another try, for `why`."""

    again: list[Operation] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    why: str = ""
    is_blocked: bool = False
    is_halved: bool = False


class _NotYetError(Exception):
    """Something of a request is to be tried again."""

    def __init__(self, why: str, *, is_blocked: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.is_blocked = is_blocked


class _ForbiddenError(Exception):
    """An item was forbidden to our key: that is no defect of the document."""


def sort_items(sent: Sequence[Operation], items: Sequence[Mapping[str, Any]]) -> Outcome:
    """Decides each item's fate by its status.

    Raises StoreError where the index has gone: somebody built a new one, which has a cursor of its own.
    """
    outcome = Outcome()
    for operation, item in zip(sent, items, strict=True):
        (result,) = item.values()
        status, error = int(result["status"]), result.get("error")
        if status < 300 or status == 409 or (status == 404 and error is None):
            continue  # 404: a document to take out was not there
        kind = error.get("type", "") if isinstance(error, Mapping) else ""
        reason = reason_in(error)
        is_blocked = kind == "cluster_block_exception" or is_block(status, reason)
        if kind == "index_not_found_exception":
            raise StoreError(
                "Elasticsearch's index was taken away while it was being written: another process has built it anew. "
                "Nothing is lost: the next update goes on from the new one."
            )
        if is_blocked or status == 429 or status >= 500:
            outcome.again.append(operation)
            outcome.why = reason
            outcome.is_blocked |= is_blocked
        elif status in (401, 403):
            raise _ForbiddenError(reason)
        else:
            outcome.refused.append(
                Refusal(operation.id, f"Elasticsearch refused it ({status} {kind}): {reason}")
            )
    return outcome


class _Pause:
    """Says that one request has to wait, and makes the others wait with it."""

    def __init__(self, gate: threading.Lock) -> None:
        self._gate = gate
        self._holds = False

    def begin(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, _NotYetError):
            event = "elasticsearch is blocked: paused" if error.is_blocked else "elasticsearch is asked again"
            pause = round(state.upcoming_sleep, 2)
            _LOG.warning(event, reason=error.why, attempt=state.attempt_number, pause=pause)
        if not self._holds:
            self._holds = self._gate.acquire()

    def end(self) -> None:
        if self._holds:
            self._gate.release()
            self._holds = False


class BulkWriter:
    """Sends operations to one index. May be shared between threads."""

    def __init__(self, client: Elasticsearch, address: ElasticAddress, patience: Patience) -> None:
        self._client = client.options(request_timeout=address.timeout * 6, max_retries=0)
        self._address = address
        self._patience = patience
        self._gate = threading.Lock()  # held through a pause: the other request waits too

    def send(self, index: str, operations: Iterable[Operation]) -> list[Refusal]:
        """Send all. Returns what was refused; everything else is durably in the index, or was overtaken there.

        Raises StoreError where patience ran out: some may be in, and all can be sent again.
        """
        refused: list[Refusal] = []
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="bulk") as pool:
            flying: set[Future[list[Refusal]]] = set()
            try:
                for chunk in cut(operations):
                    if len(flying) == IN_FLIGHT:
                        landed, flying = wait(flying, return_when=FIRST_COMPLETED)
                        for one in landed:
                            refused += one.result()
                    flying.add(pool.submit(self._send_chunk, index, chunk))
                for one in flying:
                    refused += one.result()
            finally:
                for one in flying:
                    one.cancel()
        return refused

    def _send_chunk(self, index: str, chunk: Sequence[Operation]) -> list[Refusal]:
        from tenacity import (
            RetryError,
            Retrying,
            retry_if_exception_type,
            stop_after_delay,
            wait_random_exponential,
        )

        patience = self._patience
        pause = _Pause(self._gate)
        retrying = Retrying(
            wait=wait_random_exponential(
                multiplier=patience.first, min=patience.first / 2, max=patience.longest
            ),
            stop=stop_after_delay(patience.seconds),
            retry=retry_if_exception_type(_NotYetError),
            before_sleep=pause.begin,
        )
        pending, refused = list(chunk), []
        try:
            with self._gate:  # not while another request pauses
                pass
            for attempt in retrying:
                with attempt:
                    outcome = self._try(index, pending)
                    if outcome.is_halved and len(outcome.refused) == len(pending) > 1:
                        raise StoreError(
                            f"{outcome.refused[0].reason} And so every document of {len(pending)}."
                        )
                    pending = outcome.again
                    refused += outcome.refused
                    if pending:
                        raise _NotYetError(outcome.why, is_blocked=outcome.is_blocked)
        except RetryError as err:
            cause = err.last_attempt.exception()
            raise StoreError(self._explain(cause)) from cause
        finally:
            pause.end()
        if retrying.statistics["attempt_number"] > 1:
            _LOG.info(
                "elasticsearch takes documents again",
                index=index,
                attempts=retrying.statistics["attempt_number"],
            )
        return refused

    def _try(self, index: str, chunk: Sequence[Operation]) -> Outcome:
        """One request; a request that is refused as a whole is halved until the one document is found that spoils it."""
        from elastic_transport import ConnectionError as NotConnected
        from elastic_transport import ConnectionTimeout
        from elasticsearch import ApiError

        try:
            answer = self._client.bulk(
                index=index,
                operations=[b"".join(one.lines for one in chunk)],  # type: ignore[list-item]  # written already
                filter_path=_FILTER,
            )
            return sort_items(chunk, answer["items"]) if answer["errors"] else Outcome()
        except (NotConnected, ConnectionTimeout) as err:
            raise _NotYetError(explain(err, self._address)) from err
        except _ForbiddenError as err:
            raise StoreError(
                f"Elasticsearch at {self._address.place} does not allow writing to its user ({err}): the key needs the right "
                "to write. Nothing is lost: the next update goes on."
            ) from None
        except ApiError as err:
            status, reason = err.status_code, reason_of(err, self._address)
            if is_block(status, reason) or status == 429 or status >= 500:
                raise _NotYetError(explain(err, self._address), is_blocked=is_block(status, reason)) from err
            if status not in (400, 413):
                raise
            if len(chunk) == 1:
                return Outcome(
                    refused=[Refusal(chunk[0].id, f"Elasticsearch refused it ({status}): {reason}")]
                )
            return self._halve(index, chunk)

    def _halve(self, index: str, chunk: Sequence[Operation]) -> Outcome:
        middle = len(chunk) // 2
        whole = Outcome(is_halved=True)
        for half in (chunk[:middle], chunk[middle:]):
            try:
                part = self._try(index, half)
            except _NotYetError as not_yet:  # what was refused already must not be forgotten
                part = Outcome(again=list(half), why=not_yet.why, is_blocked=not_yet.is_blocked)
            whole.again += part.again
            whole.refused += part.refused
            whole.why = part.why or whole.why
            whole.is_blocked |= part.is_blocked
        return whole

    def _explain(self, cause: BaseException | None) -> str:
        why = cause.why if isinstance(cause, _NotYetError) else str(cause)
        if isinstance(cause, _NotYetError) and not why.startswith("Elasticsearch at"):
            state = "is blocked" if cause.is_blocked else "does not take all documents"
            more = (
                " Where its disk is full, make room: the block is then lifted by itself."
                if cause.is_blocked
                else ""
            )
            why = f"Elasticsearch at {self._address.place} {state} ({why}).{more}"
        return (
            f"{why} Writing waited {self._patience.seconds:.0f} s. Nothing is lost: the index goes on from where it was at "
            "the next update."
        )


def cut(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    """Requests of at most `CHUNK` operations and `CHUNK_BYTES` bytes (a larger document goes alone)."""
    chunk: list[Operation] = []
    size = 0
    for one in operations:
        if chunk and (len(chunk) == CHUNK or size + len(one.lines) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += len(one.lines)
    if chunk:
        yield chunk
