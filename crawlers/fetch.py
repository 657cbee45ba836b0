"""Fetching some URLs through the very downloader that crawls (guard, robots, bounds), and failures in words.

The work happens in a child process: Twisted's reactor runs once in a process, and callers may come again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from crawlers.guard import FetchRules
from resound.article import RawPage
from resound.errors import FetchError, ResoundError

if TYPE_CHECKING:
    from scrapy.http import Response

AT_ONCE = 16
"""Fetches under way at a time; one at a time for each host."""
AHEAD = 64
"""How far fetching may be ahead of the oldest URL that has no answer: their bodies wait in memory, up to 10 MB each."""


def fetch_many(urls: Sequence[str], rules: FetchRules) -> Generator[RawPage | FetchError, None, None]:
    """Fetch URLs; one answer for each, in their order. Closing it ends what is under way.

    Raises:
        ResoundError: the child process died.
    """
    if not urls:
        return
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=_run_child, args=(list(urls), rules, theirs), name="resound-fetch", daemon=True
    )
    child.start()
    theirs.close()
    waiting: dict[int, RawPage | FetchError] = {}
    given = 0
    try:
        while given < len(urls):
            try:
                number, answer = ours.recv()
            except EOFError as err:
                raise ResoundError("The process that fetches ended unexpectedly.") from err
            waiting[number] = answer
            while given in waiting:
                yield waiting.pop(given)
                given += 1
    finally:
        ours.close()
        if given == len(urls):
            child.join(5)
        if child.is_alive():  # or the caller wants no more: nothing is lost by ending it
            child.kill()
        child.join()


def stage_lines(lines: Sequence[object], rules: FetchRules) -> Iterator[dict[str, object]]:
    """For `resound stage fetch`: `{"url"}` → status, final_url, bytes or error; one answer for each line, in order."""
    urls = [_url_of(line) for line in lines]
    answers = fetch_many([url for url in urls if url is not None], rules)
    for line, url in zip(lines, urls, strict=True):
        if url is None:
            said = "not a JSON object" if not isinstance(line, dict) else '"url" must be a text'
            yield {**_EMPTY, "error": f"The line is wrong: {said}.", "reason": "bad-line"}
            continue
        answer = next(answers)
        if isinstance(answer, FetchError):
            yield {**_EMPTY, "url": url, "error": str(answer), "reason": answer.reason}
            continue
        yield {
            **_EMPTY,
            "url": url,
            "status": answer.status,
            "final_url": answer.final_url,
            "bytes": len(answer.body),
            "sha256": sha256(answer.body).hexdigest(),
            "content_type": next(
                (value for key, value in answer.headers.items() if key.lower() == "content-type"), ""
            ),
        }


_EMPTY: dict[str, object] = {
    "url": None,
    "status": None,
    "final_url": None,
    "bytes": None,
    "sha256": None,
    "content_type": None,
    "error": None,
    "reason": None,
}


def _url_of(line: object) -> str | None:
    url = line.get("url") if isinstance(line, dict) else None
    return url if isinstance(url, str) else None


def explain_failure(error: BaseException, url: str) -> FetchError:
    """What Scrapy, Twisted or OpenSSL raised, as a sentence and a stable reason."""
    causes = list(_causes(error))
    for one in causes:
        if isinstance(one, FetchError):
            return one
    names = {kind.__name__ for one in causes for kind in type(one).__mro__}
    text = " ".join(str(one) for one in causes)
    if "max redirections" in text:
        return FetchError("It redirects too often.", reason="too-many-redirects")
    if "MAXSIZE" in text or "maxsize" in text or "larger than" in text or "DownloadCancelledError" in names:
        return FetchError("It is larger than what is read of one address.", reason="too-large")
    if {"DownloadTimeoutError", "TimeoutError"} & names:
        return FetchError("The server did not answer in time.", reason="timeout")
    if {"CannotResolveHostError", "DNSLookupError"} & names:
        return FetchError("There is no such host.", reason="dns")
    if {"VerificationError", "CertificateError", "SSLError"} & names or "OpenSSL.SSL" in repr(
        [type(one) for one in causes]
    ):
        return FetchError(f"Its certificate cannot be trusted, or TLS failed ({text[:200]}).", reason="tls")
    if {"BadGzipFile", "EOFError", "error", "ZstdError"} & names:
        return FetchError(f"The body cannot be decompressed ({text[:200]}).", reason="bad-encoding")
    if {"ConnectionRefusedError", "DownloadConnectionRefusedError"} & names:
        return FetchError("The server does not accept connections.", reason="connection")
    if "ParseError" in names:
        return FetchError("What the server answers is not HTTP.", reason="connection")
    if {"ResponseDataLossError", "_DataLoss"} & names:
        return FetchError("The answer broke off before its end.", reason="connection")
    if {"ConnectError", "ConnectionLost", "DownloadFailedError", "ResponseFailed"} & names:
        return FetchError(f"The connection failed ({_last_words(causes)}).", reason="connection")
    if isinstance(error, ValueError | UnicodeError):
        return FetchError(f"{url[:200]!r} is no web address ({text[:200]}).", reason="bad-url")
    return FetchError(
        f"It could not be fetched ({type(error).__name__}: {text[:200]}).", reason="fetch-failed"
    )


def _last_words(causes: Sequence[BaseException]) -> str:
    """What the innermost error says; those around it only print the objects that they wrap."""
    said = [text for one in causes if (text := str(one).strip().rstrip(".")) and "twisted.python" not in text]
    return said[-1][:200] if said else type(causes[-1]).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error with everything that it wraps: causes, contexts, Twisted's lists of reasons."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        more = [one.__cause__, one.__context__]
        reasons = getattr(one, "reasons", None) or (
            one.args[0] if one.args and isinstance(one.args[0], list) else []
        )
        more += [getattr(reason, "value", reason) for reason in reasons]
        waiting.extend(found for found in more if isinstance(found, BaseException))


# --- the child -----------------------------------------------------------------------------------------------------


def _run_child(urls: list[str], rules: FetchRules, pipe: Connection) -> None:
    from scrapy import Spider
    from scrapy.crawler import CrawlerProcess

    from crawlers.settings import scrapy_settings
    from crawlers.spiders.downloads import Downloads

    class FetchSpider(Spider):
        name = "fetch"

        async def start(self) -> AsyncIterator[Any]:
            engine = self.crawler.engine
            if engine is None:
                raise RuntimeError("the engine is not running")
            downloads = Downloads(engine.download_async, {}, rules.delay_s or 0.0)
            gate = asyncio.Semaphore(AT_ONCE)
            begun: deque[asyncio.Task[None]] = deque()
            for number, url in enumerate(urls):
                if len(begun) == AHEAD:
                    await begun.popleft()
                begun.append(asyncio.create_task(self._answer(number, url, downloads, gate)))
            await asyncio.gather(*begun)
            nothing: tuple[Any, ...] = ()
            for one in nothing:
                yield one

        async def _answer(self, number: int, url: str, downloads: Downloads, gate: asyncio.Semaphore) -> None:
            try:
                # Waits for its host here: no deadline runs meanwhile, and no other host waits with it.
                async with downloads.turn(url), gate:
                    answer: RawPage | FetchError = read_response(url, await downloads.get(url))
            except Exception as err:  # noqa: BLE001 (each becomes an answer with a reason)
                answer = explain_failure(err, url)
            pipe.send((number, answer))

    process = CrawlerProcess(scrapy_settings(rules))
    process.crawl(FetchSpider)
    process.start()
    pipe.close()


def read_response(url: str, response: Response) -> RawPage:
    """A response as a page."""
    headers = {
        name.decode("latin-1"): ", ".join(value.decode("latin-1") for value in values)
        for name, values in response.headers.items()
    }
    return RawPage(url, response.url, response.status, headers, response.body, datetime.now(UTC))
