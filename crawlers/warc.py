"""One page as two WARC records (`response`, `metadata`), each a gzip member, and back again.

`crawlers.evidence` says where they lie; this is what they hold.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid4, uuid5

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from resound import __version__
from resound.article import RawPage, entry_from_json, entry_to_json
from resound.errors import EvidenceError

GZIP_LEVEL = 3
"""1.0 ms a page of 100 kB where level 9, which warcio fixes, takes 2.4 ms; the files grow by 8 %."""
MAX_RECORD_BYTES = 64_000_000
"""No record of ours is larger; a member that inflates to more is damaged or not ours."""

_ORIGINAL = "X-Archive-Orig-"
_EXPIRED = "X-Resound-Expired"
_STORED = 65_535
"""Bytes of a stored block of deflate."""
_UNDONE = ("content-encoding", "content-length", "transfer-encoding")
_PLAIN_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
_PLAIN_VALUE = re.compile(r"(?:[!-~](?:[ !-~]*[!-~])?)?")


class DamageError(Exception):
    """Bytes do not hold a page. `kind` is one of `EvidenceProblem`'s; the message ends a sentence."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(what)
        self.kind = kind


def warcinfo_id(file: str) -> str:
    """The `WARC-Warcinfo-ID` of a file's records. It follows from the file's random name, so no page can forge it."""
    return f"<urn:uuid:{uuid5(NAMESPACE_URL, 'urn:resound:evidence:' + file)}>"


def warcinfo_member(file: str) -> bytes:
    """The record that opens a file."""
    fields = {
        "software": f"Resound/{__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": "obey",
    }
    builder = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")
    record = builder.create_warcinfo_record(file, fields)
    record.rec_headers.replace_header("WARC-Record-ID", warcinfo_id(file))
    return _pack(builder, record)


def page_members(page: RawPage, file: str) -> bytes:
    """A page's two records as they are stored in `file`. Raises `EvidenceError` for what is no http page."""
    if not page.final_url.lower().startswith(("http://", "https://")):
        raise EvidenceError(
            f"Only what came over http or https is a page's evidence, not {page.final_url[:200]!r}."
        )
    common = {"WARC-Date": f"{page.fetched_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
    common["WARC-Warcinfo-ID"] = warcinfo_id(file)
    record_id = f"<urn:uuid:{uuid4()}>"
    builder = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")
    headers, is_exact = _stored_headers(page)
    http = StatusAndHeaders(f"{page.status} {_phrase(page.status)}", headers, protocol="HTTP/1.1")
    http.compute_headers_buffer()
    response = builder.create_warc_record(
        _target(page.final_url),
        "response",
        payload=BytesIO(page.body),
        length=len(page.body),
        http_headers=http,
        warc_headers_dict={
            **common,
            "WARC-Record-ID": record_id,
            **_digests(page.body, http.headers_buff),
        },
    )
    block = json.dumps(_told(page, is_exact=is_exact), sort_keys=True).encode("ascii")
    metadata = builder.create_warc_record(
        _target(page.final_url),
        "metadata",
        payload=BytesIO(block),
        length=len(block),
        warc_content_type="application/json",
        warc_headers_dict={**common, "WARC-Concurrent-To": record_id, **_digests(block)},
    )
    return _pack(builder, response) + _pack(builder, metadata)


def expired_member(file: str, offset: int, length: int, at: datetime) -> bytes:
    """A record that stands in the place of a page that expired: exactly as long, valid, and nearly all zeros.

    Deflate's stored blocks keep the zeros as they are, so that a file system need not store them. Raises ValueError
    where there is too little room (no page of ours is that short).
    """
    room = length - 18  # gzip's header and trailer
    blocks = -(-room // (_STORED + 5))
    size = room - 5 * blocks
    name = f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:resound:expired:{file}:{offset}')}"
    # A length of fixed width: the head must not change its own size.
    head = (
        f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <{name}>\r\n"
        f"WARC-Warcinfo-ID: {warcinfo_id(file)}\r\nWARC-Date: {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\r\n"
        "Content-Type: application/octet-stream\r\n"
        f"{_EXPIRED}: yes\r\nContent-Length: {{:010d}}\r\n\r\n"
    )
    body = size - len(head.format(0)) - 4
    if body < 0 or size <= 0:
        raise ValueError(f"{length} bytes are too few for a record")
    plain = head.format(body).encode("ascii") + bytes(body) + b"\r\n\r\n"
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for start in range(0, size, _STORED):
        part = plain[start : start + _STORED]
        is_last = start + _STORED >= size
        parts += [bytes([is_last]), struct.pack("<HH", len(part), len(part) ^ 0xFFFF), part]
    parts.append(struct.pack("<LL", zlib.crc32(plain), size & 0xFFFFFFFF))
    made = b"".join(parts)
    if len(made) != length:
        raise ValueError(f"{length} bytes cannot be filled")
    return made


def is_expired(plain: bytes) -> bool:
    """Whether an inflated record is one of `expired_member`."""
    head, _, _ = plain[:1000].partition(b"\r\n\r\n")
    return head.startswith(b"WARC/1.1\r\nWARC-Type: metadata\r\n") and f"\r\n{_EXPIRED}: yes".encode() in head


def inflate_member(data: bytes) -> tuple[bytes, bytes]:
    """One gzip member, and what follows it in `data`. Raises `DamageError`."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    try:
        plain = unpacker.decompress(data, MAX_RECORD_BYTES)
    except zlib.error as err:
        raise DamageError("unreadable", "a record is damaged") from err
    if unpacker.unconsumed_tail:
        raise DamageError("unreadable", "a record is larger than any of ours")
    if not unpacker.eof:
        raise DamageError("torn", "a record has no end")
    return plain, unpacker.unused_data


def parse_page(response: bytes, metadata: bytes, file: str) -> RawPage:
    """The page of two inflated records of `file`, every digest checked. Raises `DamageError`."""
    first, second = _parse_record(response, "response", file), _parse_record(metadata, "metadata", file)
    if second.headers.get_header("WARC-Concurrent-To") != first.headers.get_header("WARC-Record-ID"):
        raise DamageError("unreadable", "the two records do not belong together")
    try:
        told = json.loads(second.content)
        return RawPage(
            url=told["url"],
            final_url=told["final_url"],
            status=int(first.http.get_statuscode()),
            headers=told.get("headers", _read_headers(first.http.headers)),
            body=first.content,
            fetched_at=datetime.fromisoformat(told["fetched_at"]),
            entry=entry_from_json(told["entry"]) if "entry" in told else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise DamageError("unreadable", f"the metadata record cannot be read ({err})") from err


def _told(page: RawPage, *, is_exact: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "url": page.url,
        "final_url": page.final_url,
        "fetched_at": page.fetched_at.astimezone(UTC).isoformat(),
    }
    if not is_exact:
        told["headers"] = dict(page.headers)
    if page.entry is not None:
        told["entry"] = entry_to_json(page.entry)
    return told


def _digests(payload: bytes, before: bytes = b"") -> dict[str, str]:
    """In hexadecimal, so that `sha256sum` shows the same."""
    return {
        "WARC-Payload-Digest": f"sha256:{sha256(payload).hexdigest()}",
        "WARC-Block-Digest": f"sha256:{sha256(before + payload).hexdigest()}",
    }


def _target(url: str) -> str:
    """The URL as a header value; warcio knows schemes in lower case only. The exact one is in the metadata."""
    scheme, _, rest = url.partition(":")
    return f"{scheme.lower()}:{_ascii(rest, keep='!-~')}"


def _ascii(text: str, *, keep: str) -> str:
    return re.sub(f"[^{keep}]+", lambda odd: quote(odd[0], errors="replace"), text)


def _pack(builder: WARCWriter, record: Any) -> bytes:
    out = BytesIO()
    builder.out = out
    builder.write_record(record)
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(out.getvalue()) + packer.flush()


def _stored_headers(page: RawPage) -> tuple[list[tuple[str, str]], bool]:
    """The header block, and whether `_read_headers` brings back exactly the page's headers from it."""
    stored, is_exact = [], True
    for name, value in page.headers.items():
        is_plain = bool(_PLAIN_NAME.fullmatch(name) and _PLAIN_VALUE.fullmatch(value))
        is_exact = is_exact and is_plain and not name.lower().startswith(_ORIGINAL.lower())
        safe = name if _PLAIN_NAME.fullmatch(name) else "X-Archive-Odd-" + name.encode(errors="replace").hex()
        prefix = _ORIGINAL if name.lower() in _UNDONE else ""
        stored.append((prefix + safe, value if is_plain else _ascii(value, keep=" -~").strip()))
    stored.append(("Content-Length", str(len(page.body))))
    return stored, is_exact


def _read_headers(stored: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    return {name.removeprefix(_ORIGINAL): value for name, value in stored if name.lower() != "content-length"}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""  # 599 and its like have no phrase


@dataclass(frozen=True, slots=True)
class _Record:
    headers: StatusAndHeaders
    http: StatusAndHeaders
    content: bytes


def _parse_record(data: bytes, kind: str, file: str) -> _Record:
    try:
        record = next(iter(ArchiveIterator(BytesIO(data), check_digests=True)), None)
        content = record.raw_stream.read() if record is not None else b""
    except (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, ValueError) as err:
        raise DamageError("unreadable", f"a record cannot be read ({err})") from err
    if record is None or record.rec_type != kind:
        raise DamageError("unreadable", f"there is no {kind} record")
    if record.rec_headers.get_header("WARC-Warcinfo-ID") != warcinfo_id(file):
        raise DamageError("unreadable", "a record is not of this file")
    if record.digest_checker.passed is not True:  # None: warcio saw no digest, or not the whole record
        raise DamageError("changed", "a record's digest does not fit")
    return _Record(record.rec_headers, record.http_headers, content)
