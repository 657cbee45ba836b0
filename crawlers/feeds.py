"""RSS, Atom and JSON Feed → entries of plain text.

The order of the rules: decide the charset ourselves (one bad byte must not turn a Vietnamese feed into mojibake), let
feedparser read XML, read JSON Feed here (feedparser 6 does not), choose the article's own address, read dates from the
raw strings (feedparser reads `2026年10月20日` as 1 November), strip every text.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax import SAXParseException
from zoneinfo import ZoneInfo

import feedparser

from crawlers.feed_text import decode_feed, repair_xml
from crawlers.plain import BYLINE_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT, plain_text
from crawlers.weburl import publisher_url, web_url
from resound.article import Entry, FoundDate
from resound.processing.dates import read_date

MAX_ENTRIES = 5_000
"""More than any newspaper's feed holds; what is beyond is reported in `problem`."""
MAX_FEED_BYTES = 4_000_000
"""Feeds are far smaller; a hostile one costs a second or two a megabyte to read."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a feed says. `problem` is empty or says in words what is wrong; entries may be there all the same.

    A feed without entries is no problem: a quiet desk publishes nothing.
    """

    title: str
    entries: tuple[Entry, ...]
    problem: str = ""
    language: str | None = None
    """The language that the feed declares for itself (BCP-47, as written)."""
    ttl: int | None = None
    """Seconds for which the feed asks not to be read again (RSS `ttl`)."""

    @property
    def is_broken(self) -> bool:
        """Nothing can be had from it: this counts as a failed poll."""
        return bool(self.problem) and not self.entries


def parse_feed(body: bytes, *, url: str, content_type: str = "", zone: ZoneInfo, now: datetime) -> ParsedFeed:
    """Read a feed of any common kind; never raises for what `body` holds.

    `url` is where the feed was read (relative addresses resolve against it), `zone` the outlet's own zone for dates
    that name none, `now` the moment of the fetch: later dates are suspect.
    """
    if not body.strip():
        return ParsedFeed("", (), "The answer is empty: no feed was served.")
    problem = ""
    if len(body) > MAX_FEED_BYTES:
        body, problem = body[:MAX_FEED_BYTES], "The feed is larger than 4 MB: only its beginning was read."
    text = decode_feed(body, content_type)
    start = (text if text is not None else body[:4_000].decode("latin-1")).lstrip("\ufeff \t\r\n\0")[:4_000]
    if start.startswith(("{", "[")):
        return _parse_json_feed(body, url=url, zone=zone, now=now)
    if _is_html(start):
        return ParsedFeed("", (), "A web page was served in place of a feed.")
    feed = _parse_xml(body, text, url=url, content_type=content_type, zone=zone, now=now)
    if problem:
        feed = ParsedFeed(feed.title, feed.entries, problem, feed.language, feed.ttl)
    return feed


def stage_line(line: object) -> dict[str, object]:
    """One line of `resound stage feed`: `{"path", "url", "timezone"?}` → `{"title", "entries", "error"}`.

    Always an answer: what is wrong with the line, the file or the feed stands in `error` (None where all is well).
    """
    if not isinstance(line, Mapping):
        return _stage_answer(
            None, 'Each line must be a JSON object such as {"path": "feed.xml", "url": "https://…"}.'
        )
    path, url = line.get("path"), line.get("url", "")
    if not isinstance(path, str) or not isinstance(url, str):
        return _stage_answer(None, "The line needs a `path` to a feed file, and `url` must be text.")
    try:
        body = Path(path).read_bytes()
        zone = ZoneInfo(str(line.get("timezone", "UTC")))
    except (OSError, ValueError, KeyError) as err:  # a path with a null byte; a zone that is none
        return _stage_answer(None, f"Cannot read the feed file: {err}")
    return _stage_answer(parse_feed(body, url=url, zone=zone, now=datetime.now(UTC)), None)


def entry_as_json(entry: Entry) -> dict[str, object]:
    """An entry as it would be stored, in JSON's own types."""
    return {
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "byline": entry.byline,
        "published": _date_as_json(entry.published),
        "updated": _date_as_json(entry.updated),
        "source_url": entry.source_url,
        "language": entry.language,
    }


def _stage_answer(feed: ParsedFeed | None, error: str | None) -> dict[str, object]:
    if feed is None:
        return {"title": "", "entries": [], "error": error}
    return {
        "title": feed.title,
        "entries": [entry_as_json(entry) for entry in feed.entries],
        "error": feed.problem or None,
    }


def _date_as_json(found: FoundDate | None) -> str | None:
    if found is None:
        return None
    if found.at is not None:
        return found.at.isoformat().replace("+00:00", "Z")
    return found.day.isoformat() if found.day is not None else None


# --- XML -----------------------------------------------------------------------------------------------------------

_HTML_START = re.compile(
    r"(?:\s|<!--.*?-->|<\?xml[^>]*>)*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])",
    re.IGNORECASE | re.DOTALL,
)


def _is_html(start: str) -> bool:
    return _HTML_START.match(start) is not None


def _parse_xml(
    body: bytes, text: str | None, *, url: str, content_type: str, zone: ZoneInfo, now: datetime
) -> ParsedFeed:
    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    if text is not None:
        body = repair_xml(text).encode("utf-8", errors="replace")
        headers["content-type"] = "application/xml; charset=utf-8"
    try:
        # Our own stripping follows, so feedparser's sanitiser (slow on hostile markup) is not needed.
        parsed = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
        found = parsed.get("feed", {})
        raw_entries = parsed.get("entries", [])
        entries = tuple(_xml_entries(parsed, url=url, zone=zone, now=now))
    except Exception as err:  # noqa: BLE001 - feedparser raises many kinds on hostile input; each is reported in words
        return ParsedFeed("", (), f"The feed cannot be read ({type(err).__name__}: {str(err)[:200]}).")
    return ParsedFeed(
        title=_detail_text(found, "title", TITLE_LIMIT, is_atom=_is_atom(parsed)),
        entries=entries,
        problem=_xml_problem(parsed, entries_seen=len(raw_entries), entries_kept=len(entries)),
        language=_language(found),
        ttl=_minutes(found.get("ttl")),
    )


def _xml_problem(parsed: Any, *, entries_seen: int, entries_kept: int) -> str:
    reason = parsed.get("bozo_exception")
    if not parsed.get("version") and not entries_kept:
        return "This is not a feed: neither RSS, Atom nor JSON Feed was recognised."
    mere_label = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
    if parsed.get("bozo") and not isinstance(reason, mere_label):
        if isinstance(reason, SAXParseException):
            words = f"line {reason.getLineNumber()}: {reason.getMessage()}"
        else:
            words = str(reason)
        return f"The feed is not well formed ({_one_line(words)}): {entries_kept} entries could be read."
    if entries_seen > MAX_ENTRIES:
        return f"The feed has {entries_seen} entries: only the first {MAX_ENTRIES} were read."
    if entries_seen > entries_kept:
        return f"{entries_seen - entries_kept} of {entries_seen} entries have no usable web address."
    return ""


def _xml_entries(parsed: Any, *, url: str, zone: ZoneInfo, now: datetime) -> Iterator[Entry]:
    feed_language = _language(parsed.get("feed", {}))
    is_atom = _is_atom(parsed)
    for raw in parsed.entries[:MAX_ENTRIES]:
        address = _entry_url(raw, base=url)
        if address is None:
            continue  # counted: the caller reports how many entries had no usable address
        # dict.get, because feedparser's own get answers `updated` with `published` and the other way round.
        published = _read_first(raw, ("published", "created"), zone=zone, now=now)
        updated = _read_first(raw, ("updated",), zone=zone, now=now)
        if (
            published is None and not is_atom
        ):  # dc:date is the day of publication in RSS 1.0, and feedparser's `updated`
            published, updated = updated, None
        yield Entry(
            url=address,
            title=_detail_text(raw, "title", TITLE_LIMIT, is_atom=is_atom),
            summary=_detail_text(raw, "summary", SUMMARY_LIMIT, is_atom=is_atom),
            byline=_byline(raw),
            published=published,
            updated=updated,
            source_url=_source_url(raw, base=url),
            language=_language(raw.get("title_detail") or {}) or feed_language,
        )


def _entry_url(raw: Any, *, base: str) -> str | None:
    """feedburner's original link, else the alternate link, else a guid that is a permalink."""
    candidates = [raw.get("feedburner_origlink"), raw.get("pheedo_origlink")]
    links = [link for link in raw.get("links", []) if link.get("rel", "alternate") == "alternate"]
    links.sort(key=lambda link: "html" not in (link.get("type") or "html"))
    candidates += [link.get("href") for link in links]
    candidates.append(raw.get("link"))
    if raw.get("guidislink") or str(raw.get("id", "")).startswith(("http://", "https://")):
        candidates.append(raw.get("id"))
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.strip():
            address = web_url(base, candidate)
            if (
                address is not None and address != base
            ):  # what feedparser makes of `https://` is the feed itself
                return publisher_url(address)
    return None


def _source_url(raw: Any, *, base: str) -> str | None:
    source = raw.get("source")
    href = source.get("href") or source.get("link") if isinstance(source, Mapping) else None
    return web_url(base, href) if isinstance(href, str) and href.strip() else None


def _byline(raw: Any) -> str:
    names = [
        author.get("name") or "" for author in raw.get("authors") or [] if isinstance(author, Mapping)
    ] or [str(raw.get("author") or "")]
    lines = [plain_text(str(name), is_html=True, limit=BYLINE_LIMIT) for name in names]
    return plain_text(
        ", ".join(dict.fromkeys(line for line in lines if line)), is_html=False, limit=BYLINE_LIMIT
    )


def _read_first(raw: Any, keys: tuple[str, ...], *, zone: ZoneInfo, now: datetime) -> FoundDate | None:
    for key in keys:
        value = dict.get(raw, key)
        if isinstance(value, str) and value.strip():
            found = read_date(value.strip()[:200], zone=zone, origin="feed", fetched_at=now)
            if found is not None:
                return found
    return None


def _is_atom(parsed: Any) -> bool:
    return str(parsed.get("version", "")).startswith("atom")


def _detail_text(raw: Any, key: str, limit: int, *, is_atom: bool) -> str:
    value = dict.get(raw, key)
    if not isinstance(value, str):
        return ""
    detail = dict.get(raw, f"{key}_detail") or {}
    kind = detail.get("type", "text/html")
    # RSS says nothing about markup: `AT&amp;amp;T` means AT&T there. Atom does, and its plain text is left as it is.
    is_html = kind != "text/plain" or (not is_atom and "&" in value)
    return plain_text(value[: limit * 20], is_html=is_html, limit=limit)


def _language(raw: Any) -> str | None:
    value = raw.get("language")
    return (
        value.strip()
        if isinstance(value, str) and re.fullmatch(r"\s*[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*\s*", value)
        else None
    )


def _minutes(value: object) -> int | None:
    return int(value) * 60 if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value) else None


def _one_line(text: str) -> str:
    return plain_text(text, is_html=False, limit=200)


# --- JSON Feed -----------------------------------------------------------------------------------------------------


def _parse_json_feed(body: bytes, *, url: str, zone: ZoneInfo, now: datetime) -> ParsedFeed:
    """https://www.jsonfeed.org/version/1.1/"""
    try:
        document = json.loads(body.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError) as err:
        return ParsedFeed("", (), f"This begins like a JSON Feed but is not JSON ({_one_line(str(err))}).")
    items = document.get("items") if isinstance(document, Mapping) else None
    if not isinstance(items, list):
        return ParsedFeed("", (), "This is JSON but not a JSON Feed: it has no list of items.")
    language = _language(document)
    seen = items[:MAX_ENTRIES]
    entries = []
    for item in seen:
        entry = _json_entry(item, base=url, language=language, zone=zone, now=now)
        if entry is not None:
            entries.append(entry)
    lost = len(seen) - len(entries)
    return ParsedFeed(
        title=_json_text(document, "title", TITLE_LIMIT),
        entries=tuple(entries),
        problem=f"{lost} of {len(seen)} entries have no usable web address." if lost else "",
        language=language,
    )


def _json_entry(
    item: object, *, base: str, language: str | None, zone: ZoneInfo, now: datetime
) -> Entry | None:
    if not isinstance(item, Mapping):
        return None
    for key in ("url", "external_url", "id"):
        href = item.get(key)
        address = (
            web_url(base, href)
            if isinstance(href, str) and (key != "id" or href.startswith("http"))
            else None
        )
        if address is not None:
            break
    else:
        return None
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    names = [_json_text(person, "name", BYLINE_LIMIT) for person in people if isinstance(person, Mapping)]
    summary = (
        _json_text(item, "summary", SUMMARY_LIMIT)
        or _json_text(item, "content_text", SUMMARY_LIMIT)
        or _json_text(item, "content_html", SUMMARY_LIMIT, is_html=True)
    )
    return Entry(
        url=publisher_url(address),
        title=_json_text(item, "title", TITLE_LIMIT),
        summary=summary,
        byline=plain_text(", ".join(name for name in names if name), is_html=False, limit=BYLINE_LIMIT),
        published=_read_first(dict(item), ("date_published",), zone=zone, now=now),
        updated=_read_first(dict(item), ("date_modified",), zone=zone, now=now),
        language=_language(item) or language,
    )


def _json_text(item: Mapping[str, object], key: str, limit: int, *, is_html: bool = False) -> str:
    value = item.get(key)
    return plain_text(value[: limit * 20], is_html=is_html, limit=limit) if isinstance(value, str) else ""
