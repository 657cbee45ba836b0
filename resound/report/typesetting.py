"""HTML of ours into a PDF with tags, languages and bookmarks. Nothing is fetched; the same input gives the same bytes.

1. `missing_characters` asks the setter itself which characters no font here can draw, so that none becomes an empty box.
2. `set_pages` lays the document out. Pictures are handed over by name; whatever else the document names is refused.
3. Languages are written into the tags afterwards (`_name_languages`): WeasyPrint only writes that of the whole document.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from io import BytesIO
from types import ModuleType
from typing import Any

import structlog

from resound.errors import ResoundError
from resound.report.sparing import (
    Drawn,
    EarlyPage,
    collect,
    few_collections,
    own_html,
    remember_pages,
    write_once,
)

PICTURES = "resound-picture:"
"""What the address of a picture begins with that was handed over: `resound-picture:chart-3`."""
_INSTALL = (
    "On Debian: apt-get install fonts-noto-cjk fonts-noto-core libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 "
    "(`make system` does it)."
)
_FONTS = frozenset({"Noto Sans", "Noto Sans CJK TC", "Noto Sans CJK SC"})
"""Families that must be there: with others, lines would break elsewhere, and with none Pango crashes."""
FACES = """
html { font-family: "Noto Sans", "Noto Sans CJK TC", sans-serif }
:lang(zh) { font-family: "Noto Sans CJK TC", "Noto Sans", sans-serif }
:lang(zh-Hans), :lang(zh-CN), :lang(zh-SG) { font-family: "Noto Sans CJK SC", "Noto Sans", sans-serif }
:lang(ja) { font-family: "Noto Sans CJK JP", "Noto Sans", sans-serif }
:lang(ko) { font-family: "Noto Sans CJK KR", "Noto Sans", sans-serif }
:lang(en), :lang(vi) { font-family: "Noto Sans", "Noto Sans CJK TC", sans-serif }
"""
"""Each language in its own letters: 骨 is written otherwise in Taipei than in Beijing."""
_TAGGED = {name: f"/{name.upper()}" for name in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th")} | {
    "blockquote": "/BlockQuote",
    "figcaption": "/Caption",
    "caption": "/Caption",
}
"""Elements whose language is written into their tag."""
_OPTIONS = {"pdf_variant": "pdf/ua-1"}
_SLOW_TO_TELL = re.compile(r"[\x00-\x7f]+")

log = structlog.get_logger(__name__)


class TypesettingError(ResoundError):
    """A PDF cannot be made here; the sentence says what to install."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn in the document: SVG of ours, or a bitmap that we encoded."""

    data: bytes
    media_type: str


def set_pages(html: str, *, css: str, pictures: Mapping[str, Picture], identifier: str) -> bytes:
    """One document as PDF/UA-1.

    Args:
        pictures: by the names under which the document shows them (`PICTURES`).
        identifier: of the document, in ASCII: what it was made of, not when.

    Raises:
        TypesettingError: Pango or a font is not there.
    """
    with Setter(css, pictures) as setter:
        return setter.bind(setter.lay_out(html), identifier=identifier)


class Setter:
    """Lays documents out one after another and binds their pages to one PDF/UA-1, with links between them.

    A long report is laid out in pieces: what one takes in memory is let go of before the next.

    Raises:
        TypesettingError: Pango or a font is not there.
    """

    def __init__(self, css: str, pictures: Mapping[str, Picture]) -> None:
        check_setter()
        remember_pages()
        self._css = css
        self._pictures = pictures
        self._drawn = Drawn()
        self._first: Any = None
        self._collections = few_collections()

    def __enter__(self) -> Setter:
        from weasyprint.text.fonts import FontConfiguration

        self._fonts = FontConfiguration()
        self._collections.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._collections.__exit__(None, None, None)

    def lay_out(self, html: str) -> list[EarlyPage]:
        """Its pages, without what stands in their margins."""
        document = _lay_out(html, self._css, self._pictures, _OPTIONS, self._fonts)
        pages = [EarlyPage(one, self._drawn) for one in document.pages]
        document.pages = []
        if self._first is None:
            self._first = document
        del document
        for page in pages:
            page.draw_early()
        collect()
        return pages

    def bind(
        self,
        pages: Sequence[EarlyPage],
        *,
        identifier: str,
        margins: str = "",
        margins_css: str = "",
        tell: Callable[[], None] | None = None,
    ) -> bytes:
        """The pages as one PDF. Title, language and dates are those of the document that was laid out first.

        Args:
            margins: a document with a page for each of these, of the same size; what stands in its margins comes to stand in theirs.
            tell: called for each page that is drawn.
        """
        if margins:
            frames = _lay_out(margins, margins_css, {}, _OPTIONS, self._fonts).pages
            for page, frame in zip(pages, frames, strict=True):
                page.frame(frame)
        for page in pages:
            page.tell = tell
        document = self._first.copy(list(pages))
        document.fonts = self._drawn.fonts
        made = BytesIO()
        document.write_pdf(made, finisher=_finish, pdf_identifier=identifier.encode("ascii"), **_OPTIONS)
        return made.getvalue()


def _finish(document: Any, pdf: Any) -> None:
    _name_languages(document, pdf)
    for page in document.pages:
        page.let_go()
    write_once(pdf)


@cache
def check_setter() -> None:
    """Return where PDFs can be made. Raises `TypesettingError`, which says what to install."""
    lacking = sorted(_FONTS - _families())
    if lacking:
        raise TypesettingError(f"A PDF needs fonts that are not installed: {', '.join(lacking)}. {_INSTALL}")


def _families() -> set[str]:
    """Names of the font families of this machine, as fontconfig lists them."""
    _load_setter()
    from weasyprint.text.ffi import ffi, fontconfig

    config = ffi.gc(fontconfig.FcInitLoadConfigAndFonts(), fontconfig.FcConfigDestroy)
    fonts = fontconfig.FcConfigGetFonts(config, fontconfig.FcSetSystem)
    found: set[str] = set()
    name = ffi.new("FcChar8 **")
    for at in range(0 if fonts == ffi.NULL else fonts.nfont):
        number = 0
        while (
            fontconfig.FcPatternGetString(fonts.fonts[at], b"family", number, name)
            == fontconfig.FcResultMatch
        ):
            found.add(ffi.string(name[0]).decode("utf-8", "replace"))
            number += 1
    return found


def missing_characters(texts: Iterable[str]) -> frozenset[str]:
    """The characters of these texts for which no font here has a picture.

    Raises:
        TypesettingError: Pango or a font is not there.
    """
    check_setter()
    known: set[str] = set()
    for text in texts:
        known.update(_SLOW_TO_TELL.sub("", text))
    if not known:
        return frozenset()
    # Apart from each other: an accent or a sign of a script is drawn with what stands before it.
    shown = " ".join(escape(char) for char in sorted(known))
    return frozenset(chr(code) for font in _fonts_of(f"<p>{shown}</p>") for code in font.missing)


def _fonts_of(body: str) -> list[Any]:
    """The fonts in which a body is set. Each knows its `family`, and the characters that it could not draw (`missing`)."""
    logger = logging.getLogger("weasyprint")
    was, logger.disabled = logger.disabled, True  # that something is missing is what is asked here
    try:
        document = _lay_out(f'<html lang="en"><title>-</title>{body}', "", {}, {}, None)
        document.write_pdf(BytesIO())
    finally:
        logger.disabled = was
    return list(document.fonts.values())


def _lay_out(
    html: str, css: str, pictures: Mapping[str, Picture], options: Mapping[str, Any], fonts: Any
) -> Any:
    weasyprint = _load_setter()
    fetcher = _make_fetcher(pictures)
    sheet = weasyprint.CSS(string=FACES + css, url_fetcher=fetcher)
    return own_html(html, fetcher).render(font_config=fonts, stylesheets=[sheet], **options)


def _load_setter() -> ModuleType:
    try:
        import weasyprint
    except ImportError as err:
        raise TypesettingError(
            'A PDF needs packages that are not installed: pip install "resound[report]".'
        ) from err
    except OSError as err:  # a library of the system is not there
        raise TypesettingError(f"A PDF needs the library Pango, which is not installed. {_INSTALL}") from err
    module: ModuleType = weasyprint
    return module


def _make_fetcher(pictures: Mapping[str, Picture]) -> Any:
    """What WeasyPrint asks for everything that a document names: only pictures that were handed over, no disk, no network."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnPictures(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ARG002
            name = url.removeprefix(PICTURES)
            if name == url or name not in pictures:
                raise ValueError("nothing is fetched for a PDF")
            picture = pictures[name]
            return URLFetcherResponse(url, picture.data, {"Content-Type": picture.media_type})

    return OwnPictures()


def _name_languages(document: Any, pdf: Any) -> None:
    """Write `lang` of paragraphs, headings, quotes and cells into their tags.

    Tags were made from the boxes in the order of the document, so that the n-th paragraph's box has the n-th P.
    """
    boxes = [(tag, lang) for page in document.pages for tag, lang in _tagged_boxes(page._page_box)]
    tags = list(_tags(pdf, pdf.objects[_number(pdf.catalog["StructTreeRoot"])]))
    if [tag for tag, _ in boxes] != [one["S"] for one in tags]:
        log.warning("pdf_languages_left_out", boxes=len(boxes), tags=len(tags))
        return
    import pydyf

    main = document.metadata.lang
    for (_, lang), tag in zip(boxes, tags, strict=True):
        if lang and lang != main:
            tag["Lang"] = pydyf.String(lang)


def _tagged_boxes(box: Any, above: str = "") -> Iterator[tuple[str, str | None]]:
    """(tag, language) of the boxes that can have one. `above`: the tag that theirs hangs from."""
    from weasyprint.formatting_structure import boxes
    from weasyprint.layout.absolute import AbsolutePlaceholder

    if isinstance(box, AbsolutePlaceholder):
        box = box._box
    if isinstance(box, boxes.MarginBox | boxes.TextBox):
        return
    if not isinstance(box, boxes.LineBox):
        tag = "" if box.element is None else _TAGGED.get(box.element_tag, "")
        # The nameless block inside a cell is none.
        if tag in ("/TD", "/TH") and above in ("/TD", "/TH"):
            tag = ""
        if tag:
            yield tag, box.style["lang"]
        above = tag
    for child in getattr(box, "children", ()):
        yield from _tagged_boxes(child, above)


def _tags(pdf: Any, tag: Any) -> Iterator[Any]:
    """The tags that can have a language, in the order of the document."""
    if tag.get("S") in _TAGGED.values():
        yield tag
    for kid in tag.get("K", ()):
        if isinstance(kid, bytes):
            found = pdf.objects[_number(kid)]
            if found.get("Type") == "/StructElem":
                yield from _tags(pdf, found)


def _number(reference: bytes) -> int:
    """`12 0 R` → 12."""
    return int(reference.split()[0])
