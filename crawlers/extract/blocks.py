"""A page as a line of text blocks: what the generic reading, the site rules and the checks all work on.

One walk over the parsed tree. An element is a range of blocks; a block knows how much of it is link text, whether it
is a caption or a heading, and which suspicious elements (`related`, `comments`, `cookie` …) it lies in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_NODES = 100_000
MAX_DEPTH = 200

_DROPPED = frozenset(
    """
    script style noscript template svg math iframe object embed canvas video audio select option textarea button
    input dialog map head link meta datalist progress
    """.split()  # noqa: SIM905 - a column of single words otherwise
)
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr o:p output picture q rb
    rp rt rtc ruby s samp small span st1:place strike strong sub sup time tt u var wbr center-inline
    """.split()  # noqa: SIM905 - a column of single words otherwise
)
_SUSPECT_TAGS = frozenset(("nav", "aside", "footer", "form", "menu"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_CONTAINERS = frozenset(
    """
    html body div article section main td center table tbody tr blockquote span form font dd ul ol header
    """.split()  # noqa: SIM905 - a column of single words otherwise
)

_SUSPECT = re.compile(
    r"""(?:^|[\s_-])(?:
        relat(?:ed|ive|es?)|recommend\w*|read-?(?:more|also|next)|more-(?:news|stories|from|on)|also-?read|most-?\w*|popular|trending|hot-?news
      | comments?|comment-?\w+|disqus\w*|discuss\w*|replies|fb-\w+|fyre|livefyre
      | share|sharing|share-?\w+|social|social-?\w+|sns|addthis\w*|follow-?\w*|like-?box
      | cookies?|cookie-?\w+|gdpr|consent|onetrust\w*|privacy-?\w*
      | side-?bar\w*|side-?col\w*|rightcol\w*|col-?right|aside|widget\w*
      | nav|navbar|nav-\w+|navigation|menu|menu-\w+|breadcrumbs?|crumbs?|pagination|pager|paging|topbar|toolbar
      | footer|foot|site-?footer|copyright|masthead|site-?header
      | newsletter\w*|subscribe\w*|subscription\w*|signup|sign-up|login|register|paywall-\w+|piano\w*
      | ad|ads|adv|advert\w*|ad-\w+|ads-\w+|banner\w*|promo\w*|sponsor\w*|outbrain|taboola\w*|dfp|gpt
      | tags?|tag-?list|tags?-\w+|keywords?|topics?-list
      | author-?(?:bio|info|box|card|detail)\w*|about-?author|editor-?note|bio
      | hidden|visually-?hidden|sr-only|screen-reader\w*|modal|popup|pop-up|overlay|lightbox|tooltip
      | rating|vote|poll|survey|quiz|print|download|app-?(?:download|promo|banner)\w*|qr-?code
      | other-?(?:news|post\w*)|tin-?(?:lien-?quan|khac|moi|cung\w*|noi-?bat|doc)|lien-?quan|doc-?nhieu|xem-?(?:them|nhieu)|binh-?luan|box-?tin\w*
      | xiangguan|tuijian|recom|recommended|guess-?you|hot-?(?:list|topic|rank)\w*|rank(?:ing)?(?:-?list)?
    )(?:$|[\s_-])""",
    re.VERBOSE | re.IGNORECASE,
)
# articleRelated, boxComment, newsTags: the words of camel case count, too.
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CAPTION = re.compile(
    r"(?:^|[\s_-])(?:fig-?)?captions?(?:$|[\s_-])|photo-?(?:desc|credit|info)|img-?(?:desc|info|alt|caption|title)"
    r"|image-?(?:caption|credit|desc\w*)|pic-?(?:desc|info|title)|tplcaption|wp-caption-text|(?:^|\s)photo(?:\s|$)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile(
    "[\u200b\u200e\u200f\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1f\x7f\ue000-\uf8ff]"
)
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0003ffff]")
_ENDS = tuple("。！？!?.…」』”\"’':：；;）)》")


@dataclass(slots=True)
class Block:
    """One paragraph, heading, cell or caption. `units` weighs a Han character as two letters: it says as much."""

    text: str
    tag: str
    units: int
    link_units: int
    links: int
    is_caption: bool
    suspects: tuple[int, ...]
    """Indices into `Page.suspects`."""

    @property
    def link_share(self) -> float:
        return self.link_units / self.units if self.units else 1.0

    @property
    def is_heading(self) -> bool:
        return self.tag in _HEADINGS


@dataclass(slots=True)
class Element:
    """An element that may hold an article: the blocks from `start` up to `end`. `label` is its tag, id, class, itemprop."""

    label: str
    start: int
    end: int
    node: LexborNode


@dataclass(slots=True)
class Page:
    """`suspects`: for each suspicious element its label and its range of blocks."""

    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    suspects: list[tuple[str, int, int]] = field(default_factory=list)
    is_cut: bool = False


def measure(text: str) -> int:
    """Length in letters, where a Han, kana or Hangul character counts as two."""
    return len(text) + len(_HAN.findall(text)) if not text.isascii() else len(text)


def clean_line(text: str) -> str:
    """White space single, nothing invisible or private."""
    return _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()


def read_blocks(tree: LexborHTMLParser) -> Page:
    """Walk the tree once. At most `MAX_NODES` nodes; what is beyond is left out and `is_cut` says so."""
    walker = _Walker()
    root = tree.body or tree.root
    if root is not None:
        walker.walk(root, 0)
        walker.flush()
    return walker.page


class _Walker:
    def __init__(self) -> None:
        self.page = Page()
        self.parts: list[str] = []
        self.link_parts: list[str] = []
        self.links = 0
        self.in_link = 0
        self.in_caption = 0
        self.suspects: tuple[int, ...] = ()
        self.tag = "body"
        self.seen = 0

    def flush(self) -> None:
        if not self.parts:
            self.links = 0
            return
        text = clean_line("".join(self.parts))
        self.parts.clear()
        if text:
            link = clean_line("".join(self.link_parts))
            units = measure(text)
            self.page.blocks.append(
                Block(
                    text,
                    self.tag,
                    units,
                    min(measure(link), units),
                    self.links,
                    self.in_caption > 0,
                    self.suspects,
                )
            )
        self.link_parts.clear()
        self.links = 0

    def walk(self, parent: LexborNode, depth: int) -> None:
        if depth > MAX_DEPTH:
            # No person wrote this; its words are kept as one block.
            self.page.is_cut = True
            self.parts.append(parent.text(deep=True, separator=" "))
            return
        node = parent.child
        while node is not None:
            self.seen += 1
            if self.seen > MAX_NODES:
                self.page.is_cut = True
                return
            tag = node.tag or ""
            if tag == "-text":
                text = node.text_content
                if text:
                    self.parts.append(text)
                    if self.in_link:
                        self.link_parts.append(text)
            elif tag == "br":
                self._break()
            elif tag not in _DROPPED and tag[:1] not in "-_":
                self._element(node, tag, depth)
            node = node.next

    def _break(self) -> None:
        """Two `<br>` part paragraphs; so does one after the end of a sentence."""
        last = self.parts[-1] if self.parts else ""
        if last == "\n" or "".join(self.parts[-3:]).rstrip().endswith(_ENDS):
            self.flush()
        elif self.parts:
            self.parts.append("\n")

    def _element(self, node: LexborNode, tag: str, depth: int) -> None:
        attributes = node.attributes if node.attrs is not None else {}
        label, is_suspect = "", tag in _SUSPECT_TAGS
        is_caption = tag == "figcaption"
        if attributes:
            style = attributes.get("style")
            if (
                "hidden" in attributes
                or (attributes.get("aria-hidden") == "true" and tag in ("div", "section"))
                or (style and _HIDDEN.search(style))
            ):
                is_suspect = True
                label = "hidden "
            names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
            if names != " ":
                label += names
                if not is_suspect and tag not in ("html", "body", "main", "article"):
                    is_suspect = _is_suspect(names)
                is_caption = is_caption or (_CAPTION.search(names) is not None and tag != "body")
            role = attributes.get("role")
            if role in ("navigation", "complementary", "contentinfo", "search", "banner", "dialog"):
                is_suspect = True
            itemprop = attributes.get("itemprop")
            if itemprop:
                label += f" itemprop={itemprop}"
                is_caption = is_caption or itemprop == "caption"
        is_inline = tag in _INLINE
        if is_inline and not is_suspect and not is_caption:
            is_link = tag == "a" and bool(attributes.get("href"))
            if is_link:
                self.in_link += 1
                self.links += 1
            self.walk(node, depth + 1)
            if is_link:
                self.in_link -= 1
            return
        self.flush()
        before = (self.tag, self.suspects, self.in_caption)
        if not is_inline:
            self.tag = tag
        if is_caption:
            self.in_caption += 1
        start = len(self.page.blocks)
        if is_suspect:
            self.page.suspects.append((f"{tag} {label}", start, start))
            self.suspects = (*self.suspects, len(self.page.suspects) - 1)
        is_link = tag == "a"
        self.in_link += is_link
        self.walk(node, depth + 1)
        self.in_link -= is_link
        self.flush()
        end = len(self.page.blocks)
        if is_suspect:
            number = self.suspects[-1]
            self.page.suspects[number] = (self.page.suspects[number][0], start, end)
        self.tag, self.suspects, self.in_caption = before
        if tag in _CONTAINERS and end > start:
            self.page.elements.append(Element(f"{tag} {label}", start, end, node))


_judged: dict[str, bool] = {}


def _is_suspect(names: str) -> bool:
    known = _judged.get(names)
    if known is None:
        if len(_judged) > 20_000:
            _judged.clear()
        known = _judged[names] = _SUSPECT.search(names) is not None or (
            _SUSPECT.search(_CAMEL.sub("-", names)) is not None
        )
    return known
