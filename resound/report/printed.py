"""The report as a PDF: a cover, a table of contents, what the workbook's tables say, and the clip book.

It is made of our own template and nothing else: foreign text is escaped, nothing that it names is fetched, and the
same report gives the same bytes on a machine with the same fonts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from itertools import count, groupby
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape

from resound import __version__
from resound.coverage.charts import Chart, to_svg
from resound.errors import EvidenceError
from resound.report.excerpts import Excerpts
from resound.report.foreign import settable, spaced
from resound.report.pictures import PictureOf, read_pictures
from resound.report.sheets import Sheet, make_sheet
from resound.report.shown import (
    alternative,
    lay_section,
    rests_on_a_gap,
    tags_of_texts,
    turn_lone,
)
from resound.report.sparing import EarlyPage
from resound.report.tables import Report, Section
from resound.report.typesetting import PICTURES, Picture, Setter, missing_characters
from resound.report.written import write_whole
from resound.settings import UiLanguage
from resound.templating import template_environment
from resound.words import Words, words

TEXT_SHOWN = 640
"""Characters of a clip's stored text in the clip book (half as many Han); its own page in the bundle has all of it."""
MOST_PICTURES = 3
"""Of one clip."""
CLIPS_IN_A_PIECE = 50
"""Laid out together: the memory that more of them take, against the pages that end early where the next ones begin."""
_HAN_NAME = re.compile(r"((?<![\u4e00-\u9fff])[\u4e00-\u9fff]{2,12}[，、：；）」』》]?(?![\u4e00-\u9fff]))")
"""`資源循環綠耕隊`, `報告：`: what fits into half a line of the cover's title; longer ones must be broken."""
_LAYING, _DRAWING = 4, 1
"""How long a clip takes."""

Tell = Callable[[int, int], None]
"""(steps done, steps in all): time, not clips."""


def write_pdf(
    reports: Sequence[Report],
    path: Path,
    *,
    evidence: Path | None = None,
    excerpts: Excerpts | None = None,
    tell: Tell | None = None,
) -> None:
    """Write the reports, one part each, as one PDF; it is there whole or not at all.

    Args:
        evidence: the folder in which pictures lie that people brought; without it none are shown.
        excerpts: only these passages of the clips may be handed out, not their whole text (`find_excerpts`), and no pictures.

    Raises:
        TypesettingError: Pango or a font is not there; the sentence says what to install.
        OSError: the disk fails.
    """
    pdf = print_reports(reports, evidence=evidence, excerpts=excerpts, tell=tell)
    with write_whole(path) as file:
        file.write(pdf)


def print_reports(
    reports: Sequence[Report],
    *,
    evidence: Path | None = None,
    excerpts: Excerpts | None = None,
    tell: Tell | None = None,
) -> bytes:
    """The same in memory."""
    if not reports:
        raise ValueError("a PDF is made of at least one report")
    pictures: dict[str, Picture] = {}
    read = None if evidence is None or excerpts is not None else read_pictures(evidence)
    parts = [
        _make_part(number, report, reports[0], pictures, read=read, excerpts=excerpts)
        for number, report in enumerate(reports, 1)
    ]
    clean = _drawable(
        [piece.html for part in parts for piece in part.pieces] + [part.running for part in parts]
    )
    made_of = sha256()
    for part in parts:
        for html in (part.front([], {}), part.running, *(piece.html for piece in part.pieces)):
            made_of.update(sha256(clean(html).encode()).digest())
    for name in sorted(pictures):
        made_of.update(sha256(pictures[name].data).digest())
    steps = _Steps(sum(piece.clips for part in parts for piece in part.pieces), tell)
    with Setter(style("pages.css") + style("report.css"), pictures) as setter:
        pages: list[EarlyPage] = []
        names: list[list[str]] = []
        for part in parts:
            mine = _set_part(part, setter, clean, len(pages), steps)
            pages += mine
            names.append([page.name for page in mine])
        margins = (
            report_templates(reports[0].language)
            .get_template("margins.html")
            .render(
                language=reports[0].language,
                title=settable(reports[0].title),
                parts=[
                    (part.report.language, Markup(clean(part.running)), some)  # noqa: S704 (made by our own template)
                    for part, some in zip(parts, names, strict=True)
                ],
            )
        )
        return setter.bind(
            pages,
            identifier=made_of.hexdigest()[:32],
            margins=margins,
            margins_css=style("pages.css") + style("margins.css"),
            tell=steps.draw(len(pages)),
        )


@dataclass(frozen=True, slots=True)
class _Piece:
    """A document of a part. Between two pieces a page ends. `clips`: how many it has, `sections`: the anchors of those that begin in it."""

    html: str
    clips: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A report as documents. `front` makes the cover and the table of contents: anchor, number of its page."""

    report: Report
    pieces: tuple[_Piece, ...]
    running: str
    front: Callable[[Sequence[tuple[str, str]], Mapping[str, int]], str]
    sections: tuple[tuple[str, str], ...]


class _Steps:
    """Tells how far it is: each clip is laid out, which takes longest, and each page is drawn."""

    def __init__(self, clips: int, tell: Tell | None) -> None:
        self._tell = tell or (lambda *_: None)
        self._laid = 0
        self._every = max(1, clips) * (_LAYING + _DRAWING)

    def lay(self, clips: int) -> None:
        """So many more clips are laid out."""
        self._laid += clips * _LAYING
        self._tell(self._laid, self._every)

    def draw(self, pages: int) -> Callable[[], None]:
        """What is called for each page that is drawn."""
        drawn = count(1)
        left = self._every - self._laid
        return lambda: self._tell(self._laid + left * next(drawn) // pages, self._every)


def _set_part(
    part: _Part, setter: Setter, clean: Callable[[str], str], before: int, steps: _Steps
) -> list[EarlyPage]:
    """Its pages, of which so many come `before`. The front is laid out last: it says on which page a section begins."""
    body: list[EarlyPage] = []
    for piece in part.pieces:
        body += setter.lay_out(clean(piece.html))
        steps.lay(piece.clips)
    begins = {anchor: at for at, page in enumerate(body, 1) for anchor in page.anchors}
    front: list[EarlyPage] = []
    while True:
        was = len(front)
        numbers = {anchor: before + was + at for anchor, at in begins.items()}
        front = setter.lay_out(clean(part.front(part.sections, numbers)))
        # Numbers of other pages can only make the table of contents longer, so that this ends.
        if len(front) <= was:
            return front + body


def _drawable(texts: Sequence[str]) -> Callable[[str], str]:
    """What writes `[U+1F9FF]` for each character that no font here can draw."""
    missing = missing_characters(texts)
    if not missing:
        return str
    pattern = re.compile(f"[{re.escape(''.join(sorted(missing)))}]")
    return lambda html: pattern.sub(lambda found: f"[U+{ord(found[0]):04X}]", html)


def _make_part(
    number: int,
    report: Report,
    first: Report,
    pictures: dict[str, Picture],
    *,
    read: PictureOf | None,
    excerpts: Excerpts | None,
) -> _Part:
    say = words(report.language)
    prefix = f"p{number}-"
    tags = tags_of_texts(report)

    def draw(chart: Chart) -> str:
        name = f"{prefix}chart-{len(pictures)}"
        pictures[name] = Picture(to_svg(chart.spec).encode(), "image/svg+xml")
        return PICTURES + name

    def render(template: str, **more: object) -> str:
        return (
            report_templates(report.language)
            .get_template(template)
            .render(
                prefix=prefix,
                report=report,
                language=first.language,
                title=settable(first.title),
                subject=f"{first.snapshot.campaign}, snapshot {first.snapshot.number}, SHA-256 {first.snapshot.sha256}",
                made_by=f"Resound {__version__}",
                as_of=first.snapshot.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
                is_excerpts=excerpts is not None,
                draw=draw,
                alternative=alternative,
                rests_on_a_gap=rests_on_a_gap,
                **more,
            )
        )

    def print_clips(anchor: str, section: Section) -> Iterator[_Piece]:
        for start in range(0, len(report.clips) or 1, CLIPS_IN_A_PIECE):
            clips = report.clips[start : start + CLIPS_IN_A_PIECE]
            sheets = []
            for clip in clips:
                sheet = make_sheet(
                    clip,
                    report,
                    anchor=f"{prefix}clip-{clip.number}",
                    excerpts=excerpts,
                    most=TEXT_SHOWN,
                )
                sheets.append((sheet, *_pictures(sheet, pictures, read, say)))
            html = render("clips.html", anchor=anchor, section=section, sheets=sheets, is_first=start == 0)
            yield _Piece(html, len(clips))

    sections = turn_lone([lay_section(one, say, tags, prefix) for one in report.sections])
    laid = [(f"{prefix}s-{at}", one) for at, one in enumerate(sections, 1)]
    pieces: list[_Piece] = []
    # Where pages turn on their side one ends anyway.
    for (is_clip_book, _), some in groupby(laid, key=lambda one: (one[1].is_clip_book, one[1].is_lying)):
        if is_clip_book:
            for anchor, one in some:
                pieces += print_clips(anchor, one.section)
        else:
            pieces.append(_Piece(render("sections.html", sections=list(some)), 0))
    return _Part(
        report,
        tuple(pieces),
        render("running.html"),
        lambda sections, numbers: render(
            "front.html",
            least=_least_counts(report),
            contents=[(anchor, title, numbers.get(anchor, "")) for anchor, title in sections],
        ),
        tuple((anchor, one.section.title) for anchor, one in laid),
    )


def _pictures(
    sheet: Sheet, pictures: dict[str, Picture], read: PictureOf | None, say: Words
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses of the clip's pictures, and sentences on those that cannot be shown. One picture is kept once for all parts."""
    addresses: list[str] = []
    failed: list[str] = []
    if read is None:
        return (), ()
    for piece in sheet.pictures[:MOST_PICTURES]:
        name = f"clip-{piece.sha256}"
        try:
            if name not in pictures:
                pictures[name] = read(piece)
        except EvidenceError as err:
            failed.append(say.told(err.args[0]))
        else:
            addresses.append(PICTURES + name)
    return tuple(addresses), tuple(failed)


def _least_counts(report: Report) -> bool:
    """Whether the four counts rest on a gap: the total of the first table that counts items says so."""
    for section in report.sections:
        for table in section.tables:
            if table.counted is not None:
                return rests_on_a_gap(table)
    return False


def kept_whole(line: str) -> Markup:
    """A line in which no short Chinese name is broken: a line may end between any two Han, where nothing else is said."""
    parts = (
        f'<span class="kept-whole">{escape(part)}</span>' if at % 2 else escape(part)
        for at, part in enumerate(_HAN_NAME.split(line))
    )
    return Markup("").join(map(Markup, parts))


@cache
def style(name: str) -> str:
    """A style sheet of ours."""
    return (resources.files("resound.report") / "templates" / name).read_text("utf-8")


@cache
def report_templates(language: UiLanguage) -> Environment:
    """The report's templates in one language."""
    spoken = words(language)
    made = template_environment("resound.report", spoken)
    made.filters.update(
        spaced=spaced,
        kept_whole=kept_whole,
        day=spoken.day,
        moment=spoken.moment,
        number=spoken.number,
        settable=settable,
    )
    return made
