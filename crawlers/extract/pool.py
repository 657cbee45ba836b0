"""Many pages at once, on all cores: `resound stage extract`. One dict for each line, in order, whatever a line holds.

Lines travel to worker processes in small batches. A batch whose process dies or hangs is read again page by page, so
that a page which brings a parser down costs only itself.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from resound.article import Article, FoundDate, RawPage
from resound.errors import ExtractError
from resound.processing.dates import read_date

BATCH = 8
BATCH_CHARACTERS = 1_000_000
SECONDS_PER_PAGE = 60
MAX_BYTES = 10_000_000
NO_URL = "https://unknown.invalid/page"

_FIELDS = (
    "title",
    "text",
    "lead",
    "byline",
    "published",
    "published_from",
    "language",
    "script",
    "canonical_url",
)
# Where an outlet writes no zone, its language says which is most likely; a source's own zone is not known here.
_ZONES = {"vi": "Asia/Ho_Chi_Minh", "zh-Hant": "Asia/Taipei", "zh": "Asia/Taipei", "zh-Hans": "Asia/Shanghai"}


_ZONES_OF_COUNTRIES = {
    "tw": "Asia/Taipei",
    "vn": "Asia/Ho_Chi_Minh",
    "cn": "Asia/Shanghai",
    "hk": "Asia/Hong_Kong",
    "sg": "Asia/Singapore",
    "jp": "Asia/Tokyo",
    "th": "Asia/Bangkok",
}


def extract_many(lines: Iterable[str], workers: int | None = None) -> Iterator[dict[str, Any]]:
    """`{"html"|"path", "url", "language"?}` lines → title, text, lead, byline, published, … `error`, one for one.

    `published` is ISO 8601 by the outlet's own clock (its country's or language's), or YYYY-MM-DD where no time is known. What is no such line gets an `error`, and
    so does a page that cannot be read (`reason: sentence`). Memory is bounded: a few batches for each worker.
    """
    count = workers or len(os.sched_getaffinity(0))
    waiting: deque[tuple[list[str], ProcessFuture[list[dict[str, Any]]]]] = deque()
    with ProcessPool(max_workers=count, context=get_context("forkserver")) as pool:
        try:
            for batch in _batches(lines):
                waiting.append((batch, pool.schedule(read_lines, (batch,), timeout=SECONDS_PER_PAGE * 2)))
                if len(waiting) >= count * 3:
                    yield from _results(pool, *waiting.popleft())
            while waiting:
                yield from _results(pool, *waiting.popleft())
        except GeneratorExit:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def read_lines(lines: list[str]) -> list[dict[str, Any]]:
    """The worker's part: one dict for each line."""
    return [_read_line(line) for line in lines]


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) >= BATCH or size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _results(
    pool: ProcessPool, batch: list[str], future: ProcessFuture[list[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    try:
        yield from future.result()
    except (FutureTimeoutError, ProcessExpired) as err:
        if len(batch) == 1:
            yield _failed(_why(err))
            return
        for line in batch:
            alone: ProcessFuture[list[dict[str, Any]]] = pool.schedule(
                read_lines, ([line],), timeout=SECONDS_PER_PAGE
            )
            yield from _results(pool, [line], alone)


def _why(err: Exception) -> str:
    if isinstance(err, ProcessExpired):
        return f"worker-died: the process that read the page ended with code {err.exitcode}"
    return f"timeout: reading the page took more than {SECONDS_PER_PAGE} seconds"


def _read_line(line: str) -> dict[str, Any]:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as err:
        return _failed(f"bad-line: not JSON ({str(err)[:100]})")
    if not isinstance(asked, dict):
        return _failed("bad-line: not a JSON object")
    try:
        return _read(asked)
    except ExtractError as err:
        return _failed(f"{err.reason}: {err}")
    except OSError as err:
        return _failed(f"bad-line: the file cannot be read ({err.strerror or type(err).__name__})")
    except Exception as err:  # noqa: BLE001 (whatever a page does to a parser, the other lines are answered)
        return _failed(f"defect: {type(err).__name__}: {str(err)[:200]}")


def _read(asked: dict[str, Any]) -> dict[str, Any]:
    from crawlers.extract import extract  # late, as all that is heavy
    from nlp.language import detect_language

    body, headers = _body(asked)
    url = asked.get("url")
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        url = None
    prior = asked.get("language")
    prior = prior if isinstance(prior, str) and prior else None
    address = url or NO_URL
    page = RawPage(address, address, 200, headers, body, datetime.now(UTC))
    named = _zone_of(address, prior)
    zone = ZoneInfo(named or "UTC")
    article = extract(page, zone=zone, prior_language=prior, detect=detect_language)
    by_text = _ZONES.get(article.language.tag)
    if named is None and by_text is not None:  # nothing but its text says where the page is from
        zone = ZoneInfo(by_text)
        article = replace(
            article,
            published=_read_again(article.published, zone, page.fetched_at),
            updated=_read_again(article.updated, zone, page.fetched_at),
        )
    return _to_json(article, zone, has_url=url is not None)


def _read_again(found: FoundDate | None, zone: ZoneInfo, fetched_at: datetime) -> FoundDate | None:
    """The same date, by another clock where it names none itself."""
    if found is None or found.at is None:
        return found
    other = read_date(found.raw, zone=zone, origin=found.origin, fetched_at=fetched_at)
    return found if other is None or other.at is None else replace(found, at=other.at)


def _zone_of(url: str, prior: str | None) -> str | None:
    """The outlet's clock by its host's country, else by the language that was given."""
    host = urlsplit(url).hostname or ""
    return _ZONES_OF_COUNTRIES.get(host.rpartition(".")[2]) or _ZONES.get(prior or "")


def _body(asked: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    text, path = asked.get("html"), asked.get("path")
    if isinstance(text, str):
        # It was decoded by whoever wrote the line: what the page declares no longer holds.
        return text.encode("utf-8", "replace")[:MAX_BYTES], {"content-type": "text/html; charset=utf-8"}
    if not isinstance(path, str) or not path:
        raise ExtractError('a line needs "html" or "path"', reason="bad-line")
    with Path(path).open("rb") as file:
        body = file.read(MAX_BYTES)
    if body.startswith(b"\x1f\x8b"):
        import zlib

        try:
            body = zlib.decompressobj(wbits=31).decompress(body, MAX_BYTES)
        except zlib.error as err:
            raise ExtractError("the gzip file is broken", reason="not-html") from err
    return body, {}


def _to_json(article: Article, zone: ZoneInfo, *, has_url: bool) -> dict[str, Any]:
    return {
        "title": article.title,
        "text": article.text,
        "lead": article.lead,
        "byline": article.byline,
        "published": _written(article.published, zone),
        "published_from": article.published.origin if article.published else None,
        "language": article.language.language,
        "script": article.language.script,
        "canonical_url": article.canonical_url if has_url else None,
        "error": None,
        "updated": _written(article.updated, zone),
        "suspect": article.published.suspect if article.published else None,
        "section": article.section,
        "captions": list(article.captions),
        "extractor": article.extractor,
        "notes": list(article.notes),
    }


def _written(found: FoundDate | None, zone: ZoneInfo) -> str | None:
    """A day, or a moment as the outlet's own clock shows it, with its offset."""
    if found is None:
        return None
    return found.at.astimezone(zone).isoformat() if found.at is not None else str(found.day)


def _failed(sentence: str) -> dict[str, Any]:
    return {**dict.fromkeys(_FIELDS), "error": sentence}
