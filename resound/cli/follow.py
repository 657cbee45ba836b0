"""`resound process --follow`: the worker of a server. Looks for work again and again until it is told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

from resound.cli.office import Office, now

if TYPE_CHECKING:
    from resound.errors import ModelError
    from resound.pipeline import Processed
    from resound.processing.modelling import ModelWorker
    from resound.searching.indexing import IndexUpdate

INDEX_SECONDS = 5.0
"""How long the index is brought up before somebody is heard who wants an end."""


def follow_work(office: Office, *, workers: int, every: float) -> None:
    """Take what waits, look again `every` seconds after, and return once SIGTERM or SIGINT came and the batch is done.

    A line is logged for each round that did something, and when the index begins or ceases to make trouble; an index
    that cannot be written stops nothing. What breaks the store ends it with an error: whoever started it starts it again.
    """
    import structlog

    log = structlog.get_logger("resound.follow")
    trouble = ""
    with told_to_stop() as stop:
        log.info("following", every=every, workers=workers)
        while not stop.is_set():
            in_use = office.models_in_use
            # A profile that is chosen while this runs is taken up; until then its models stay in memory.
            with office.models() as models:
                while not stop.is_set() and office.models_in_use == in_use:
                    done = take_round(office, models, workers, stop.is_set)
                    update = bring_index_up(office, stop.is_set)
                    fields = describe_round(done, update, trouble_before=trouble)
                    trouble = update.trouble
                    if fields:
                        log.info("round", **fields)
                    stop.wait(every)
        log.info("stopped")


def describe_round(done: Processed, update: IndexUpdate, *, trouble_before: str) -> dict[str, Any]:
    """What a round's line says; nothing where nothing was done and nothing is new."""
    fields: dict[str, Any] = {}
    for (stage, outcome, _), count in sorted(done.ended.items()):
        key = f"{stage}_{outcome}"
        fields[key] = fields.get(key, 0) + count
    if update.looked_at:
        fields["indexed"] = update.looked_at - len(update.refused)
    if update.refused:
        fields["index_refused"] = len(update.refused)
    if (fields and update.behind) or update.trouble != trouble_before:
        fields |= {"index_behind": update.behind, "index_trouble": update.trouble}
    return fields


def take_round(
    office: Office, models: ModelWorker | ModelError, workers: int, should_stop: Callable[[], bool]
) -> Processed:
    """Take what waits through every stage but the index."""
    from resound.pipeline import process_pending
    from resound.processing.reading import PageReader

    # Readers of a round's own start with its first page, and give back at its end what parsers leave in memory.
    with PageReader(office.evidence, workers=workers) as reader:
        return process_pending(
            office.store,
            reader,
            models=models,
            enrich=office.settings.enrich,
            clock=now,
            should_stop=should_stop,
        )


def bring_index_up(office: Office, should_stop: Callable[[], bool]) -> IndexUpdate:
    """Write to the index what changed, until it is level or somebody wants an end."""
    from resound.index.base import Refusal
    from resound.searching.indexing import IndexUpdate, try_to_update_index

    looked_at, refused = 0, dict[str, Refusal]()
    while True:
        update = try_to_update_index(office.store, office.index, clock=now, seconds=INDEX_SECONDS)
        looked_at += update.looked_at
        refused.update((one.id, one) for one in update.refused)
        if should_stop() or update.trouble or not update.behind or not update.looked_at:
            return IndexUpdate(looked_at, tuple(refused.values()), update.behind, update.trouble)


@contextmanager
def told_to_stop() -> Iterator[Event]:
    """Set by the first SIGTERM or SIGINT; a second one ends the process at once, as it does elsewhere."""
    stop = Event()
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}

    def end_soon(number: int, _frame: Any) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for one in before:
        signal.signal(one, end_soon)
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
