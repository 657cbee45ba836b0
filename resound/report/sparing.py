"""WeasyPrint on long documents: the same pages in less time and memory.

None of it changes what is drawn; `benchmarks/README.md` has what it spares.

1. `own_html`: WeasyPrint's own style sheet gives each element six styles for footnotes and list markers; nothing of ours
   has any.
2. `draw_early`: what a page draws is drawn as soon as it is laid out, and of its boxes only that is kept which its tags
   are made of.
3. `remember_pages`: pydyf writes the references of all pages anew for each tag.
4. `write_once`: pydyf asks every object for its bytes twice, once to write them and once to hash them.
5. `few_collections`: a tree of millions of objects is searched for rubbish again and again while it grows.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

_NOTES = re.compile(r"^::[^{]*\{[^}]*\}$", re.MULTILINE)
"""`::footnote-call { content: counter(footnote) }`: a rule for a pseudo-element of every element."""
_BETWEEN = 100_000
"""Objects that may be made before young ones are searched for rubbish; Python's own number is 700."""
_SCALE = 0.75
"""Points of a PDF in a CSS pixel."""
_OF_TAGS = frozenset(
    {
        "element",
        "element_tag",
        "children",
        "colspan",
        "rowspan",
        "is_table_wrapper",
        "position_x",
        "position_y",
    }
)
"""Attributes of a box that its tag is made of."""
_PICTURES = frozenset({"img", "figure", "object", "{http://www.w3.org/2000/svg}svg"})
_OF_STYLES = ("lang", "display", "list_style_type")


@cache
def _own_sheet() -> Any:
    from weasyprint import CSS

    return CSS(
        string=_NOTES.sub("", (resources.files("weasyprint") / "css" / "html5_ua.css").read_text("utf-8"))
    )


def own_html(html: str, fetcher: Any) -> Any:
    """The document as WeasyPrint reads it, without styles for footnotes and list markers."""
    from weasyprint import HTML

    class Plain(HTML):  # type: ignore[misc]
        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:  # noqa: ARG002
            return [_own_sheet()]

    return Plain(string=html, url_fetcher=fetcher)


@dataclass(slots=True)
class Drawn:
    """What pages that were drawn early have drawn with: fonts, and what a PDF calls resources."""

    fonts: dict[Any, Any] = field(default_factory=dict)
    images: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"ExtGState": {}, "XObject": {}, "Pattern": {}, "Shading": {}}
    )


class EarlyPage:
    """A page of a document that waits for its margins. Of its own, `bookmarks`, `links` and `anchors` are whole."""

    def __init__(self, page: Any, drawn: Drawn) -> None:
        self.width: float = page.width
        self.height: float = page.height
        self.bleed, self.bookmarks, self.links, self.forms = (
            page.bleed,
            page.bookmarks,
            page.links,
            page.forms,
        )
        self.anchors: dict[str, Any] = page.anchors
        self._page_box = page._page_box
        self._drawn = drawn
        self._stream: bytes | None = None
        self._tags: dict[Any, Any] = {}
        self._margins: Any = None
        self.tell: Callable[[], None] | None = None

    @property
    def name(self) -> str:
        """By which `@page` rules know it."""
        return str(self._page_box.page_type.name or "")

    def draw_early(self) -> None:
        """Draw it now and let its boxes go, as far as tags need them not."""
        from weasyprint.pdf.stream import Stream

        drawn = self._drawn
        own = {key: dict(some) for key, some in drawn.resources.items()}
        size = (0, 0, self.width, self.height)
        stream = Stream(drawn.fonts, size, {**own, "ColorSpace": None}, drawn.images, self._tags, {}, None)
        _draw(self._page_box, stream)
        if own["Pattern"] or own["Shading"] or any(one is not None for one in own["XObject"].values()):
            # A drawing that is a stream of its own has to be drawn into the file that it comes to lie in.
            self._tags = {}
            return
        drawn.resources["ExtGState"].update(own["ExtGState"])
        drawn.resources["XObject"].update(own["XObject"])
        self._stream = _join(stream)
        for box in self._page_box.descendants(placeholders=True):
            _prune(box)

    def frame(self, page: Any) -> None:
        """Take the margins of a page of the same size that has nothing else."""
        from weasyprint.formatting_structure.boxes import MarginBox

        boxes = [one for one in page._page_box.children if isinstance(one, MarginBox)]
        self._margins = page._page_box.copy_with_children(boxes)
        self._page_box.children = (*self._page_box.children, *boxes)

    def let_go(self) -> None:
        """Of its boxes, when its tags are made."""
        self._page_box = self._margins = None
        self.links, self._tags = [], {}

    def paint(self, stream: Any, scale: float = _SCALE) -> None:
        """Draw it into its file. Called once."""
        for key, some in self._drawn.resources.items():
            stream._resources[key].update(some)
        for name, image in self._drawn.images.items():
            stream._images.setdefault(name, image)
        if self._stream is None:
            bare = self._page_box.copy_with_children(
                [
                    one
                    for one in self._page_box.children
                    if self._margins is None or one not in self._margins.children
                ]
            )
            _draw(bare, stream, scale)
        else:
            stream.stream.append(self._stream)
            stream._tags.update(self._tags)
        if self._margins is not None:
            _draw(self._margins, stream, scale)
        stream.stream[:] = [_join(stream)]
        if self.tell is not None:
            self.tell()


def _draw(page_box: Any, stream: Any, scale: float = _SCALE) -> None:
    from weasyprint.draw import draw_page

    with stream.stacked():
        stream.transform(a=scale, d=scale)
        draw_page(page_box, stream)


def _join(stream: Any) -> bytes:
    from pydyf import _to_bytes

    return b"\n".join(_to_bytes(one) for one in stream.stream)


_styles: dict[tuple[Any, ...], dict[str, Any]] = {}


def _prune(box: Any) -> None:
    """Take from a drawn box what its tag is not made of."""
    from weasyprint.formatting_structure.boxes import Box, PageBox, ReplacedBox, TableBox

    if isinstance(box, PageBox | ReplacedBox | TableBox) or not isinstance(box, Box):
        return
    if (
        box.element_tag in _PICTURES
    ):  # one that could not be shown is a box of words, whose place its tag says
        return
    key = tuple(box.style[name] for name in _OF_STYLES)
    style = _styles.setdefault(key, dict(zip(_OF_STYLES, key, strict=True)))
    kept = {name: value for name, value in box.__dict__.items() if name in _OF_TAGS}
    box.__dict__.clear()
    box.__dict__.update(kept, style=style)


def remember_pages() -> None:
    """Let pydyf remember the references of pages that it has written before."""
    import pydyf

    pydyf.PDF.page_references = property(_page_references)


def _page_references(pdf: Any) -> list[bytes]:
    numbers = pdf.pages["Kids"]  # 12, 0, R, 15, 0, R
    known: list[bytes] = pdf.__dict__.setdefault("_known_pages", [])
    known.extend(f"{numbers[at]} 0 R".encode("ascii") for at in range(len(known) * 3, len(numbers), 3))
    return known


def write_once(pdf: Any) -> None:
    """Put the bytes of each object in its place; nothing may be changed afterwards."""
    import pydyf

    class Written(pydyf.Object):  # type: ignore[misc]
        data = b""
        compressible = False

    for at, one in enumerate(pdf.objects):
        if one.free == "f":
            continue
        written = Written()
        written.number, written.generation = one.number, one.generation
        written.data, written.compressible = one.data, one.compressible
        pdf.objects[at] = written


def collect() -> None:
    """Let go of what the last piece of a document leaves behind, and never look at the rest again."""
    gc.collect()
    gc.freeze()


@contextmanager
def few_collections() -> Iterator[None]:
    """Search for rubbish seldom, and not in what was there before."""
    before = gc.get_threshold()
    collect()
    gc.set_threshold(_BETWEEN, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
        gc.collect()
