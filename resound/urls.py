"""One address per article: canonical URLs, the ids made from them, and whose they are.

Order of the rules of `canonical_url`: take it out of an AMP cache; escape and puny-code as a browser would (w3lib);
host in lower case without the mobile or AMP label, default port and userinfo gone; path without dot segments, doubled
slashes, AMP and session parts, its case untouched; query without tracking, sorted; fragment gone unless `#!`.
The URL's scheme, a leading `www.` and a trailing slash stay as they were served, and are no part of an article's identity.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from w3lib.url import safe_url_string

if TYPE_CHECKING:
    from tldextract import TLDExtract

    from resound.source import Edition, Source

MAX_LENGTH = 4000
"""Longer addresses are refused: no news site has them, and every rule here is linear in the length."""

_PORTS = {"http": 80, "https": 443}
_TWIN_LABELS = ("m", "mobile", "amp", "wap")
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "go", "gov", "idv", "ne", "net", "or", "org"))

# Never say which article is meant, whatever the site.
_TRACKING = frozenset(
    """
    fbclid gclid gclsrc dclid yclid ysclid gbraid wbraid msclkid twclid ttclid igshid igsh li_fat_id mibextid
    mc_cid mc_eid mkt_tok _hsenc _hsmi hsctatracking vero_id vero_conv oly_enc_id oly_anon_id wickedid xtor
    _ga _gl _ke _branch_match_id zarsrc gidzl spm scm ocid cmpid cmp ncid smid smtyp tpcc ito guccounter
    guce_referrer guce_referrer_sig soc_src soc_trk __twitter_impression __tn__ ref_src ref_url at_medium
    at_campaign at_custom1 at_custom2 at_custom3 at_custom4 chdtv ctrack openexternalbrowser openinbrowser
    jsessionid phpsessid aspsessionid usqp amp_js_v amp_gsa amp_tf _amp isamp traffic_source
    """.split()  # noqa: SIM905 - seventy lines otherwise
)
_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "itm_", "hsa_", "stm_", "__cft__", "ns_", "sc_cmp", "amp;")
# Tracking where something else already says which article is meant: `?from=udn-ch1`, but not `/show.php?ref=20131`.
_WEAK = frozenset(
    """
    ref referer referrer from src source share shared sharing rss via redirect medium campaign trk
    """.split()  # noqa: SIM905
)
_AMP_VALUES = frozenset(("amp", "1", "true", "yes", "on", ""))
_AMP_SWITCHES = frozenset(("outputtype", "output", "view", "format", "mode", "type"))

# /c/s/news.example/a (an AMP cache; also v, i, wp), /amp/s/news.example/a (google.com, bing.com)
_AMP_CACHE_PATH = re.compile(r"^/(?:c|v|i|wp|r|amp)/(?:(s)/)?([^/?#]+\.[^/?#]+)(/.*)?$")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST = re.compile(r"^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$")
_DOUBLED_SLASH = re.compile(r"(?<!:)/{2,}")  # the `://` of an archived address inside a path stays
_SESSION_PART = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
_AMP_ENDING = re.compile(r"\.amp(\.s?html?)$|(\.s?html?)\.amp$", re.IGNORECASE)  # a.amp.html, a.html.amp
_NUMBER = re.compile(r"\d{4,}")
_TEMPLATE = re.compile(r"\{\{|\}\}|\$\{|<%|%7B%7B|\[object|undefined|(?:^|/)null(?:$|[/?])", re.IGNORECASE)
_INDEX_FILE = re.compile(r"^/(?:index|default|home|main)(?:\.\w{2,5})?$", re.IGNORECASE)


def is_of_the_web(address: str) -> bool:
    """Whether it is http or https with a host: any other (`javascript:`, `file:`) must not stand behind a link."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def is_http_url(url: str) -> bool:
    """Whether it is a usable absolute http or https address. Never raises."""
    try:
        _split(url)
    except ValueError:
        return False
    return True


def host_of(url: str) -> str:
    """The host in lower case and punycode, without port and userinfo (`www.` stays; IPv6 without brackets).

    Raises ValueError where `url` is not a usable http or https address.
    """
    return _host(_split(url))


def resolve(base: str, href: str) -> str:
    """`href` as it stands in the page `base`, absolute, spaces and control characters gone as a browser does it.

    Raises ValueError where the outcome is not an http or https address (`javascript:`, `mailto:`, `data:` …).
    """
    cleaned = _strip(href).replace("\\", "/") if not _strip(href).lower().startswith("data:") else href
    joined = urljoin(_strip(base), cleaned)
    _split(joined)
    return joined


def canonical_url(url: str, *, declared: str | None = None) -> str:
    """The one address of the article at `url`; `canonical_url(canonical_url(u)) == canonical_url(u)`.

    `declared` is the page's own `rel=canonical` (it may be relative). It is believed only where it stays on the same
    registered site, is not the home page or a section, and is not obviously broken; else `url` decides.
    Raises ValueError where `url` is not a usable http or https address; a bad `declared` is passed over.
    """
    own = _canonical(url)
    if declared is None or not declared.strip() or _TEMPLATE.search(declared):
        return own
    if bare_host(declared.strip().partition("/")[0].lower()) == bare_host(host_of(url)):
        return own  # `www.news.example/a` without its scheme would become a path
    try:
        other = _canonical(resolve(url, declared))
    except ValueError:
        return own
    return other if _is_believable(own, other) else own


def article_id(canonical: str) -> str:
    """16 hexadecimal digits that stand for a canonical URL, whatever its scheme, `www.` and trailing slash."""
    return hashlib.sha256(_identity(canonical).encode()).hexdigest()[:16]


def content_hash(title: str, paragraphs: Sequence[str]) -> str:
    """64 hexadecimal digits of the words as they stand: white space and Unicode composition make no difference."""
    lines = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (title, *paragraphs))
    return hashlib.sha256(
        "\n".join(line for line in lines if line).encode("utf-8", "surrogatepass")
    ).hexdigest()


def version_id(article: str, content: str) -> str:
    """16 hexadecimal digits for one wording (`content_hash`) of one article (`article_id`)."""
    return hashlib.sha256(f"{article}\n{content}".encode()).hexdigest()[:16]


def find_edition(url: str, sources: Iterable[Source]) -> tuple[Source, Edition] | None:
    """The outlet and edition that publish at `url`, or None where the host is unknown.

    Hosts are compared whole; in the URL a leading `www.`, `m.`, `mobile.`, `amp.` or `wap.` is tolerated, in the edition
    `www.`. A host written with a port fits that port only. The longest path prefix wins (whole segments: `/en` does not
    claim `/english`), an edition without paths takes the rest; then the very host, then the source given first.
    Raises ValueError where `url` is not a usable http or https address.
    """
    parts = _split(url)
    host, path = _host(parts), _drop_amp_segments(parts.path or "/")
    port = str(parts.port or _PORTS[parts.scheme.lower()])
    best: tuple[tuple[int, bool], Source, Edition] | None = None
    for source in sources:
        for edition in source.editions:
            length = _prefix_length(path, edition.paths)
            if length is None:
                continue
            for written in edition.hosts:
                name, _, wanted = written.partition(":")
                if (wanted and wanted != port) or (
                    name != host and name.removeprefix("www.") != bare_host(host)
                ):
                    continue
                rank = (length, name == host)
                if best is None or rank > best[0]:
                    best = (rank, source, edition)
    return None if best is None else best[1:]


def bare_host(host: str) -> str:
    """`host` without a leading `www.` and the labels of mobile and AMP twins: what two addresses of a site share."""
    return _without_twin_label(host).removeprefix("www.") if host.count(".") > 1 else host


def registered_site(host: str) -> str:
    """The name that its owner registered, by the public suffix list (`money.udn.com` → `udn.com`); an IP address is itself."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        # `.example` and names inside a house are on no list: there the last two labels are the site.
        return _suffixes()(host).top_domain_under_public_suffix or ".".join(host.split(".")[-2:])


@lru_cache(maxsize=1)
def _suffixes() -> TLDExtract:
    from tldextract import TLDExtract  # late: it imports a whole HTTP client

    # The list that came with the package: a look-up must never fetch anything.
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _strip(url: str) -> str:
    """As the URL standard: ends trimmed of spaces and controls, tabs and line ends gone from within."""
    return re.sub(r"[\t\n\r]", "", url.strip("".join(map(chr, range(0x21)))))


def _split(url: str) -> SplitResult:
    cleaned = _strip(url)
    if len(cleaned) > MAX_LENGTH:
        raise ValueError(f"address of {len(cleaned)} characters (at most {MAX_LENGTH}): {cleaned[:60]}…")
    if not re.match(r"https?:[/\\]{2}", cleaned, re.IGNORECASE):
        raise ValueError(f"not an http or https address: {cleaned[:200]!r}")
    head, mark, tail = _cut(cleaned)
    try:
        parts = urlsplit(head.replace("\\", "/") + mark + tail)
        _host(parts)
        _ = parts.port
    except (ValueError, UnicodeError) as err:
        raise ValueError(f"unusable address {cleaned[:200]!r}: {err}") from err
    return parts


def _cut(url: str) -> tuple[str, str, str]:
    """Before and after the first `?` or `#`: a backslash is a slash only before it."""
    found = re.search(r"[?#]", url)
    return (url, "", "") if found is None else (url[: found.start()], found[0], url[found.end() :])


def _host(parts: SplitResult) -> str:
    written = unquote(parts.hostname or "", errors="strict")
    if ":" in written or "[" in parts.netloc:
        return ipaddress.IPv6Address(written).compressed
    host = unicodedata.normalize("NFKC", written).lower().replace("。", ".").rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if not _HOST.match(host):
        raise ValueError(f"{written[:100]!r} is not a host name")
    return host


def _without_twin_label(host: str) -> str:
    """m.news.example → news.example, m.www.news.example → www.news.example; m.example and m.com.tw stay."""
    label, _, rest = host.partition(".")
    if label not in _TWIN_LABELS or "." not in rest:
        return host
    registered, _, above = rest.partition(".")
    return host if registered in _SECOND_LEVEL and "." not in above else _without_twin_label(rest)


def _canonical(url: str) -> str:
    written = url
    for _ in range(10):  # each turn may uncover another: a cache of a cache, an escaped `/amp/`
        parts = _split(written)
        spelt = _inside_amp_cache(parts) or _spell(parts)
        if spelt == written:
            return written
        written = spelt
    raise ValueError(f"an address wrapped in too many others: {url[:200]!r}")


def _spell(parts: SplitResult) -> str:
    scheme, host, port = parts.scheme.lower(), _without_twin_label(_host(parts)), parts.port
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[scheme]:
        place += f":{port}"
    path = _without_amp(_plain_path(parts))
    query = _canonical_query(_escape(parts.query), path)
    fragment = f"#{_escape(parts.fragment)}" if parts.fragment.startswith("!") else ""
    return f"{scheme}://{place}{path}{'?' if query else ''}{query}{fragment}"


def _inside_amp_cache(parts: SplitResult) -> str | None:
    host, path = _host(parts), _plain_path(parts)
    is_cache = host.endswith(".cdn.ampproject.org") or host == "cdn.ampproject.org"
    is_viewer = re.fullmatch(r"(?:www\.)?(?:google|bing)\.[a-z.]{2,6}", host) and path.startswith("/amp/")
    found = _AMP_CACHE_PATH.match(path) if is_cache or is_viewer else None
    if found is None:
        return None
    inner = f"{'https' if found[1] else 'http'}://{found[2]}{found[3] or '/'}{'?' if parts.query else ''}{parts.query}"
    return inner if is_http_url(inner) else None


def _escape(text: str) -> str:
    """Non-ASCII and unsafe characters escaped (w3lib), escapes in one spelling (RFC 3986, 6.2.2)."""
    if not text:
        return ""
    lone = text.encode("utf-8", "replace").decode()  # lone surrogates cannot be escaped
    guarded = _STRAY_PERCENT.sub("%25", lone).replace("?", "%3F").replace("#", "%23").replace("\\", "%5C")
    escaped = safe_url_string(f"http://h/{guarded}").removeprefix("http://h/")
    escaped = re.sub(r"[\"<>\\^`{|} ]", lambda found: f"%{ord(found[0]):02X}", escaped)

    def spell(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else found[0].upper()

    return _ESCAPE.sub(spell, escaped)


def _plain_path(parts: SplitResult) -> str:
    path = _SESSION_PART.sub("", _escape(parts.path))
    return _without_dots(_DOUBLED_SLASH.sub("/", path) or "/")


def _without_amp(path: str) -> str:
    while (shorter := _AMP_ENDING.sub(r"\1\2", _drop_amp_segments(path))) != path:
        path = shorter
    return path


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1:] in (["."], [".."]):
        kept.append("")
    return "/" + "/".join(kept)


def _drop_amp_segments(path: str) -> str:
    """/amp/news/1, /news/amp/story/1, /news/1/amp and /news/1/amp/ → the page; /tag/amp and /amp alone stay."""
    segments = path.split("/")
    names = [segment.lower() for segment in segments]
    if "amp" not in names:
        return path
    kept = [
        segment
        for number, segment in enumerate(segments)
        if names[number] != "amp"
        or names[number - 1] in ("tag", "tags", "topic", "topics", "search", "keyword")
    ]
    return "/".join(kept) if any(kept) and len(kept) > 1 else path


def _canonical_query(query: str, path: str) -> str:
    kept: list[tuple[str, str]] = []
    weak: list[tuple[str, str]] = []
    for piece in query.split("&"):
        if not piece:
            continue
        name, _, value = piece.partition("=")
        key = unquote(name).lower()
        if key in _TRACKING or key.startswith(_TRACKING_PREFIXES) or _is_amp_switch(key, value.lower()):
            continue
        (weak if key in _WEAK else kept).append((name, piece))
    if weak and not kept and not _names_an_article(path):
        kept = weak
    return "&".join(dict.fromkeys(piece for _, piece in sorted(kept)))


def _is_amp_switch(key: str, value: str) -> bool:
    return (key == "amp" and value in _AMP_VALUES) or (key in _AMP_SWITCHES and value == "amp")


def _names_an_article(path: str) -> bool:
    """A number of four digits or more, or a slug: a title of several words or in a script of its own."""
    last = path.rstrip("/").rpartition("/")[2]
    return bool(_NUMBER.search(path)) or last.count("-") + last.count("_") >= 3 or last.count("%") >= 12


def _identity(canonical: str) -> str:
    parts = _split(canonical)
    port = f":{parts.port}" if parts.port not in (None, *_PORTS.values()) else ""
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment.startswith("!") else ""
    return f"{_host(parts).removeprefix('www.')}{port}{parts.path.rstrip('/')}{query}{fragment}"


def _is_believable(own: str, declared: str) -> bool:
    here, there = _split(own), _split(declared)
    if registered_site(_host(here)) != registered_site(_host(there)):
        return False
    path, target = here.path.rstrip("/"), there.path.rstrip("/")
    if (not target or _INDEX_FILE.match(target)) and not there.query:
        return not path and not here.query  # the home page may call itself so, an article may not
    if here.query and not there.query and target == path:
        return _names_an_article(path)  # /news.php?id=12 declares /news.php
    if path.startswith(target + "/"):
        return _names_an_article(target)  # /world/2024-story declares /world
    return bool(there.query) or _names_an_article(target) or not _names_an_article(path) or "." in target


def _prefix_length(path: str, prefixes: Sequence[str]) -> int | None:
    """Length of the longest prefix that claims `path`; 0 for an edition that claims none; None where none fits."""
    if not prefixes:
        return 0
    lengths = [
        len(prefix)
        for prefix in ("/" + written.strip("/") for written in prefixes)
        if prefix == "/" or path == prefix or path.startswith(prefix + "/")
    ]
    return max(lengths, default=None)
