"""WeasyPrint on long documents: the same pages in less time and memory.

Measured at 1,000 clips (`benchmarks/bench_report.py`); each point says what it spares. None changes what is drawn.

1. `own_html`: WeasyPrint's own style sheet gives each element six styles for footnotes and list markers; nothing of ours
   has any.
2. `spare`: the pages of a document, each of which lets go of what only drawing needs as soon as it is drawn.
3. `know_pages`: pydyf writes the references of all pages anew for each tag.
4. `write_once`: pydyf asks every object for its bytes twice, once to write them and once to hash them.
5. `few_collections`: a tree of millions of objects is searched for rubbish again and again while it grows.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

_NOTES = re.compile(r"^::[^{]*\{[^}]*\}$", re.MULTILINE)
"""`::footnote-call { content: counter(footnote) }`: a rule for a pseudo-element of every element."""
_BETWEEN = 100_000
"""Objects that may be made before young ones are searched for rubbish; Python's own number is 700."""


@cache
def _own_sheet() -> Any:
    from weasyprint import CSS, UA_STYLESHEET

    plain = (resources.files("weasyprint") / "css" / "html5_ua.css").read_text("utf-8")
    sparing, left_out = _NOTES.subn("", plain)
    return CSS(string=sparing) if left_out else UA_STYLESHEET


def own_html(html: str, fetcher: Any) -> Any:
    """The document as WeasyPrint reads it, without styles for footnotes and list markers."""
    from weasyprint import HTML

    class Plain(HTML):  # type: ignore[misc]
        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:  # noqa: ARG002
            return [_own_sheet()]

    return Plain(string=html, url_fetcher=fetcher)


class SparingPage:
    """A page that is drawn once: what it drew is put together at once, and its letters are let go of."""

    def __init__(self, page: Any, drawn: Callable[[], None]) -> None:
        self._page = page
        self._drawn = drawn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)

    def paint(self, stream: Any, scale: float = 1) -> None:
        """Draw it. Called once."""
        from weasyprint.formatting_structure.boxes import TextBox

        self._page.paint(stream, scale)
        stream.stream[:] = [b"\n".join(_to_bytes(one) for one in stream.stream)]
        for box in self._page._page_box.descendants(placeholders=False):
            if isinstance(box, TextBox):
                box.__dict__.pop("pango_layout", None)
        self._drawn()


def _to_bytes(piece: Any) -> bytes:
    if isinstance(piece, bytes):
        return piece
    return str(piece).encode("ascii")


def know_pages() -> None:
    """Let pydyf remember the references of pages that it has written before."""
    import pydyf

    if isinstance(pydyf.PDF.page_references, _KnownPages):
        return
    pydyf.PDF.page_references = _KnownPages()


class _KnownPages:
    def __get__(self, pdf: Any, _kind: type) -> Any:
        if pdf is None:
            return self
        numbers = pdf.pages["Kids"]
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
        if one.free == "f" or one is pdf.info:
            continue
        written = Written()
        written.number, written.generation, written.free = one.number, one.generation, one.free
        written.data, written.compressible = one.data, one.compressible
        pdf.objects[at] = written


@contextmanager
def few_collections() -> Iterator[None]:
    """Search for rubbish seldom, and not in what was there before."""
    young, *others = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_BETWEEN, *others)
    try:
        yield
    finally:
        gc.set_threshold(young, *others)
        gc.unfreeze()
