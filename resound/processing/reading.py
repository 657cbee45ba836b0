"""Reading stored pages in worker processes: a page that hangs or takes its process with it costs only itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from resound.article import Article
from resound.errors import EvidenceError, ExtractError
from resound.outcome import Outcome
from resound.processing.facts import edition_of, place_page
from resound.source import Source
from resound.store.captures import Capture

SECONDS_PER_PAGE = 60

Reading = Article | Outcome
"""What a page came to: an article, or the outcome that says why not."""


class PageReader:
    """A pool of worker processes that read pages from the evidence. Use as a context manager."""

    def __init__(self, evidence: Path, *, workers: int) -> None:
        self.evidence = evidence
        self._pool = ProcessPool(max_workers=workers, context=get_context("forkserver"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._pool.close()  # type: ignore[no-untyped-call]
        else:
            self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def read(self, captures: Sequence[Capture], sources: Mapping[str, Source]) -> list[Reading]:
        """Read captures, one result for each, in order."""
        futures = [self._submit(one, sources) for one in captures]
        return [_result(one) for one in futures]

    def _submit(self, seen: Capture, sources: Mapping[str, Source]) -> ProcessFuture[Reading]:
        place = place_page(seen.final_url, "und", sources)
        source = sources.get(place.outlet) or sources.get(seen.source)
        edition = edition_of(source, place.edition) if source is not None else None
        zone = source.timezone if source is not None else "UTC"
        prior = edition.language if edition is not None else None
        return self._pool.schedule(read_capture, (self.evidence, seen, zone, prior), timeout=SECONDS_PER_PAGE)


def read_capture(evidence: Path, seen: Capture, zone: str, prior_language: str | None) -> Reading:
    """Read one page from its evidence. Runs in a worker process; foreign pages never raise out of it."""
    from crawlers.evidence import EvidenceRef, read_page
    from crawlers.extract import extract
    from nlp.language import detect_language

    if seen.expired_at is not None:
        return Outcome.rejected(
            "expired", f"Its evidence expired on {seen.expired_at:%Y-%m-%d}; what was read stays."
        )
    try:
        where = EvidenceRef(seen.file, seen.offset, seen.length, seen.sha256, seen.payload_sha256)
        page = read_page(evidence, where)
        return extract(page, zone=ZoneInfo(zone), prior_language=prior_language, detect=detect_language)
    except ExtractError as err:
        return Outcome.rejected(err.reason, str(err))
    except EvidenceError as err:
        return Outcome.quarantined("evidence", str(err))


def _result(future: ProcessFuture[Reading]) -> Reading:
    try:
        return future.result()
    except FutureTimeoutError:
        return Outcome.quarantined("timeout", f"Reading the page took more than {SECONDS_PER_PAGE} seconds.")
    except ProcessExpired as err:
        return Outcome.quarantined(
            "worker-died", f"The process that read the page ended with code {err.exitcode}."
        )
    except Exception as err:  # noqa: BLE001 (whatever a page does to a parser, the others go on; kept for replay)
        return Outcome.quarantined("defect", f"{type(err).__name__}: {err}")
