"""Where Elasticsearch is and how one talks to it: address, secrets, TLS; and what its troubles are called.

No secret reaches a message, a repr or a log: sentences name the address without user and password, and quote from an
answer only what Elasticsearch itself calls the reason, without what we signed in with.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from resound.errors import DefinitionError, StoreError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

# "resound", "news-2014": what Elasticsearch allows at the beginning of an index's name
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_WAITS = (
    "The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
)
MAX_REASON = 240
"""Characters of one of Elasticsearch's own sentences that a message quotes."""


@dataclass(frozen=True, slots=True)
class ElasticAddress:
    """A cluster, and the names that Resound's indexes have there.

    Either `urls` or `cloud_id`; either `api_key`, or `username` with `password`, or none of them. A user and password in
    a URL are taken out of it. `ca_file` is a PEM file that vouches for the cluster's certificate. `timeout` is how many
    seconds a search may take; writing may take six times as long.

    Raises DefinitionError where these do not go together.
    """

    urls: tuple[str, ...] = ("http://127.0.0.1:9200",)
    cloud_id: str = ""
    api_key: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    prefix: str = "resound"
    timeout: float = 10.0
    verify_certs: bool = True

    def __post_init__(self) -> None:
        self._part_urls()
        if self.cloud_id and self.urls != ElasticAddress.__dataclass_fields__["urls"].default:
            raise DefinitionError("Elasticsearch has two addresses: give its URL or its cloud id, not both.")
        if not self.cloud_id and not self.urls:
            raise DefinitionError(
                "Elasticsearch has no address: give its URL (https://host:9200) or its cloud id."
            )
        if self.api_key and (self.username or self.password):
            raise DefinitionError("Elasticsearch is given an API key and a user: give one of them.")
        if bool(self.username) != bool(self.password):
            raise DefinitionError(
                "Elasticsearch needs a user and a password together, or an API key instead."
            )
        if not _PREFIX.fullmatch(self.prefix):
            raise DefinitionError(
                f"{self.prefix!r} cannot begin the names of Elasticsearch's indexes: write lower-case letters, "
                "digits, hyphens and underscores (resound)."
            )
        if self.timeout <= 0:
            raise DefinitionError("Elasticsearch's time-out must be more than 0 seconds.")
        if self.ca_file is not None and not self.ca_file.is_file():
            raise DefinitionError(
                f"There is no file {self.ca_file}: it should hold the certificate (PEM) that vouches for Elasticsearch's."
            )

    def _part_urls(self) -> None:
        urls = []
        for url in self.urls:
            try:
                parts = urlsplit(url)
                is_whole = parts.scheme in ("http", "https") and bool(parts.hostname)
                port = parts.port or (443 if parts.scheme == "https" else 9200)
            except ValueError:
                is_whole = False
            if not is_whole:
                # The address itself is not quoted: what is misspelt may hold a password.
                raise DefinitionError(
                    "An address of Elasticsearch cannot be read: write it as https://host:9200."
                )
            if parts.username and not self.username:
                object.__setattr__(self, "username", unquote(parts.username))
                object.__setattr__(self, "password", unquote(parts.password or ""))
            host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
            urls.append(urlunsplit((parts.scheme, f"{host}:{port}", parts.path.rstrip("/"), "", "")))
        object.__setattr__(self, "urls", tuple(urls))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be told, also as a header carries it."""
        basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return tuple(one for one in (self.api_key, basic if self.password else "", self.password) if one)

    @property
    def place(self) -> str:
        """Where it is, without secrets."""
        return f"cloud {self.cloud_id.partition(':')[0]}" if self.cloud_id else ", ".join(self.urls)


def connect(address: ElasticAddress) -> Elasticsearch:
    """The client; it asks nothing of the network yet. Requests go to the next node where one cannot be reached.

    Raises DefinitionError for a cloud id that is none.
    """
    from elasticsearch import Elasticsearch

    # Its debugging log has whole requests and answers: articles, and what a careless proxy echoes of our headers.
    logging.getLogger("elastic_transport.node").setLevel(logging.INFO)
    options: dict[str, Any] = (
        {"cloud_id": address.cloud_id} if address.cloud_id else {"hosts": list(address.urls)}
    )
    if address.api_key:
        options["api_key"] = address.api_key
    elif address.username:
        options["basic_auth"] = (address.username, address.password)
    if address.cloud_id or any(url.startswith("https:") for url in address.urls):
        options["verify_certs"] = address.verify_certs
        if address.ca_file is not None:
            options["ca_certs"] = str(address.ca_file)
    try:
        return Elasticsearch(
            **options,
            # its own time-out comes first, and says what it found until then
            request_timeout=address.timeout + 2,
            max_retries=max(1, len(address.urls)),
            retry_on_timeout=False,
            retry_on_status=(),
        )
    except ValueError as err:
        if not address.cloud_id:
            raise
        raise DefinitionError(
            "Elasticsearch's cloud id cannot be read: copy the whole of it from the cloud's console (name:letters)."
        ) from err


@contextmanager
def speaking_of(address: ElasticAddress) -> Iterator[None]:
    """Turns the client's errors into StoreErrors with a sentence that helps."""
    from elastic_transport import TransportError
    from elasticsearch import ApiError

    try:
        yield
    except (TransportError, ApiError) as err:
        raise StoreError(explain(err, address)) from _without_secrets(err, address)


def explain(err: Exception, address: ElasticAddress) -> str:
    """A whole sentence: what is wrong and what to do about it."""
    from elastic_transport import ConnectionTimeout, SerializationError, TlsError
    from elasticsearch import ApiError, UnsupportedProductError

    place = f"Elasticsearch at {address.place}"
    match err:
        case TlsError():
            return f"{_explain_tls(str(err.message), address)} {_WAITS}"
        case ConnectionTimeout():
            return f"{place} did not answer in time: it is overloaded, or the time-out is too short. {_WAITS}"
        case UnsupportedProductError() | SerializationError():
            return (
                f"What answers at {address.place} is not Elasticsearch: correct the address in the settings."
            )
        case ApiError():
            return _explain_answer(err, address)
        case _:
            return f"{place} cannot be reached: is it running, and is the address right? {_WAITS}"


# OpenSSL's names for an answer that is not TLS: "[SSL: WRONG_VERSION_NUMBER] wrong version number", "[SSL] record layer failure"
_NO_TLS = re.compile(
    r"wrong.version.number|record.layer.failure|packet.length.too.long|unknown.protocol", re.I
)


def _explain_tls(said: str, address: ElasticAddress) -> str:
    """By what OpenSSL calls it; it says "[X509…" of a file of certificates that it cannot read."""
    place = f"Elasticsearch at {address.place}"
    if "[X509" in said:
        return (
            f"The file {address.ca_file} holds no certificate that can be read (PEM), so {place} cannot be trusted: correct "
            "it, or name another one in the settings."
        )
    if _NO_TLS.search(said):
        return f"{place} does not speak TLS there: write http:// in the settings, or name the port that speaks it."
    return f"{place} shows a certificate that cannot be trusted: name the CA's file in the settings, or correct it."


def _explain_answer(err: Any, address: ElasticAddress) -> str:
    place, reason = f"Elasticsearch at {address.place}", reason_of(err, address)
    if is_block(err.status_code, reason):
        return (
            f"{place} takes nothing in: its index is blocked ({reason}). Where its disk is full, make room; the block is "
            f"then lifted by itself. {_WAITS}"
        )
    match err.status_code:
        case 401:
            return f"{place} refuses the API key or the password: correct it in the settings."
        case 403:
            return (
                f"{place} does not allow this to its user ({reason}): its role needs monitor and manage_index_templates of "
                f"the cluster, and read, write and manage of {address.prefix}-*. docs/operations.md shows it."
            )
        case 400 if "clause" in reason.lower():
            return f"The query is too large for {place}: use fewer words, or words that stand for fewer forms ({reason})."
        case 429:
            return f"{place} has too much to do ({reason}): try again later. {_WAITS}"
        case code if code >= 500:
            return f"{place} cannot answer now ({reason}). {_WAITS}"
        case code:
            return f"{place} refused a request ({code}: {reason}). `resound doctor` says more; `resound reindex` builds it anew."


def reason_of(err: Any, address: ElasticAddress) -> str:
    """The reason that Elasticsearch gives for refusing a request, without our secrets.

    A body that is no error of Elasticsearch's is not quoted: a gateway's page may hold anything, our headers included.
    """
    error = err.body.get("error") if isinstance(err.body, dict) else None
    told = reason_in(error, address.secrets) if isinstance(error, dict | str) else ""
    return told or f"status {err.status_code}, without a reason"


def reason_in(error: Any, secrets: Sequence[str] = ()) -> str:
    """The same of an error object within an answer: what failed, and why in the end."""
    if not isinstance(error, dict):
        return _shorten(str(error or ""), secrets)
    innermost = error
    while isinstance(innermost.get("caused_by"), dict):
        innermost = innermost["caused_by"]
    causes = error.get("root_cause") or [{}]
    said = (error.get("reason"), innermost.get("reason"), causes[0].get("reason"))
    parts = [one for one in said if one] or [error.get("type", "")]
    return ": ".join(dict.fromkeys(_shorten(str(one), secrets) for one in parts[:2]))


def _shorten(text: str, secrets: Sequence[str]) -> str:
    """Beginning and end: what is in between may be the whole text that did not fit."""
    for one in secrets:  # first: half a secret would not be known again
        text = text.replace(one, "***")
    half = MAX_REASON // 2
    return text if len(text) <= MAX_REASON else f"{text[:half]} … {text[-half:]}"


def is_block(status: int, reason: str) -> bool:
    """Whether an index is blocked (flood stage, or somebody's own block), which passes: nothing is wrong with a document."""
    return status in (403, 429) and ("blocked by:" in reason or "cluster_block" in reason)


def _without_secrets(err: Exception, address: ElasticAddress) -> Exception | None:
    """The cause, for logs; none where a server or a proxy echoed what must not be told."""
    told = f"{err!r} {err} {getattr(err, 'body', '')} {getattr(err, 'errors', '')}"
    return None if any(one in told for one in address.secrets) else err


def is_gone(err: Any, *kinds: str) -> bool:
    """Whether a 404 says that an index (or another thing, by `kinds`) is not there."""
    return err.status_code == 404 and any(
        kind in str(err.body) for kind in (kinds or ("index_not_found_exception", "alias"))
    )
