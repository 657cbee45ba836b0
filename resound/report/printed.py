"""The report as a PDF: a cover, a table of contents, what the workbook's tables say, and the clip book.

It is made of our own template and nothing else: foreign text is escaped, nothing that it names is fetched, and the
same report gives the same bytes on a machine with the same fonts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from itertools import count, groupby
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from resound import __version__
from resound.coverage.charts import Chart, to_svg
from resound.errors import EvidenceError
from resound.report.excerpts import Excerpts
from resound.report.foreign import MOST_IN_A_CELL, MOST_IN_A_HEADLINE, followable, settable, shortened, spaced
from resound.report.pictures import PictureOf, read_pictures
from resound.report.sheets import Sheet, make_sheet
from resound.report.sparing import EarlyPage
from resound.report.tables import Cell, CellKind, Column, Quote, Report, ReportTable, Row, Section
from resound.report.typesetting import PICTURES, Picture, Setter, missing_characters
from resound.report.widths import LYING, UPRIGHT, lies, needed, share_out
from resound.report.written import write_whole
from resound.settings import UiLanguage
from resound.templating import template_environment
from resound.words import Words, words

TEXT_SHOWN = 640
"""Characters of a clip's stored text in the clip book (half as many Han); its own page in the bundle has all of it."""
MOST_PICTURES = 3
"""Of one clip."""
MOST_QUOTES = 12
"""Under one heading; those that people confirmed come first."""
CLIP_BOOK = "clip-book"
"""The section whose tables (the list of clips, the evidence) the clips themselves take the place of."""

CLIPS_IN_A_PIECE = 50
"""Laid out together: the memory that more of them take, against the pages that end early where the next ones begin."""
_LAYING, _DRAWING = 4, 1
"""How long a clip takes."""

Tell = Callable[[int, int], None]
"""(steps done, steps in all): time, not clips."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as it is printed. `links` are (text, anchor or address); `tag` is the language where it is not the report's."""

    text: str
    is_number: bool = False
    tag: str = ""
    links: tuple[tuple[str, str], ...] = ()
    cut_from: int = 0

    @property
    def as_text(self) -> str:
        """All of it in one line."""
        return ", ".join(text for text, _ in self.links) or self.text


@dataclass(frozen=True, slots=True)
class LaidTable:
    """A table ready to be printed. `widths` are in per cent of the line; one that `is_lying` needs a page on its side."""

    rows: tuple[tuple[Shown, ...], ...]
    total: tuple[Shown, ...] | None
    table: ReportTable
    widths: tuple[float, ...]
    is_lying: bool


@dataclass(frozen=True, slots=True)
class LaidSection:
    """A section ready to be printed. `quotes`: heading → passages that are shown, and how many more there are."""

    section: Section
    tables: tuple[LaidTable, ...]
    quotes: tuple[tuple[str, tuple[Quote, ...], int], ...]
    is_clip_book: bool
    is_lying: bool


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
    tags = _tags_of_texts(report)

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

    laid = [
        (f"{prefix}s-{at}", lay_section(one, say, tags, prefix)) for at, one in enumerate(report.sections, 1)
    ]
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


def lay_section(section: Section, say: Words, tags: Mapping[str, str], prefix: str) -> LaidSection:
    """What is printed of a section. One with a table that lies on its side lies as a whole."""
    is_clip_book = section.key == CLIP_BOOK
    tables = () if is_clip_book else tuple(lay_table(one, say, tags, prefix) for one in section.tables)
    quotes = []
    for heading, passages in section.quotes:
        ordered = sorted(passages, key=lambda one: not one.is_confirmed)
        quotes.append((heading, tuple(ordered[:MOST_QUOTES]), max(0, len(ordered) - MOST_QUOTES)))
    return LaidSection(section, tables, tuple(quotes), is_clip_book, any(one.is_lying for one in tables))


def _least_counts(report: Report) -> bool:
    """Whether the four counts rest on a gap: the total of the first table that counts items says so."""
    for section in report.sections:
        for table in section.tables:
            if table.counted is not None:
                return rests_on_a_gap(table)
    return False


def lay_table(table: ReportTable, say: Words, tags: Mapping[str, str], prefix: str) -> LaidTable:
    """A table's cells as they are printed, and how wide its columns are."""
    rows = [
        tuple(
            shown(cell, column, row, say, tags, prefix)
            for cell, column in zip(row.cells, table.columns, strict=True)
        )
        for row in (*table.rows, *([table.total] if table.total is not None else []))
    ]
    columns = [
        needed(column.kind, column.heading, [row[at].as_text for row in rows])
        for at, column in enumerate(table.columns)
    ]
    is_lying = lies(columns)
    return LaidTable(
        table=table,
        rows=tuple(rows[: len(table.rows)]),
        total=rows[-1] if table.total is not None else None,
        widths=tuple(share_out(columns, LYING if is_lying else UPRIGHT)),
        is_lying=is_lying,
    )


def shown(cell: Cell, column: Column, row: Row, say: Words, tags: Mapping[str, str], prefix: str) -> Shown:
    """A cell as people read it in the report's language."""
    if column.key == "clip" and isinstance(cell, int):
        return Shown("", is_number=True, links=tuple(clip_links((cell,), prefix)))
    if column.kind == "clips":
        return Shown("", links=tuple(clip_links(row.members, prefix)))
    if cell is None:
        return Shown("")
    if column.kind == "link" and isinstance(cell, str):
        text, cut_from = shortened(settable(cell), 120)
        address = followable(cell)
        return Shown(
            text if not address else "", links=((text, address),) if address else (), cut_from=cut_from
        )
    text = _written(cell, column.kind, say)
    if isinstance(cell, str):
        most = MOST_IN_A_HEADLINE if cell in tags else MOST_IN_A_CELL
        text, cut_from = shortened(settable(cell), most)
        return Shown(text, tag=tags.get(cell, ""), cut_from=cut_from)
    is_number = column.kind in ("number", "share")
    if row.at_least and column.is_count:
        text = f"≥ {text}"
    return Shown(text, is_number=is_number)


def _written(cell: Cell, kind: CellKind, say: Words) -> str:
    match cell:
        case datetime():
            return say.moment(cell)
        case date():
            return say.day(cell)
        case int() | float():
            return say.percent(cell) if kind == "share" else say.number(cell)
        case _:
            return ""


def clip_links(members: Sequence[int], prefix: str) -> Iterator[tuple[str, str]]:
    """Numbers of clips as `1`, `4–7`, each with the anchor of its first clip."""
    numbers = sorted(set(members))
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 < len(numbers) and numbers[at + 1] == number + 1:
            continue
        first = numbers[start]
        text = str(first) if first == number else f"{first}–{number}"
        yield text, f"#{prefix}clip-{first}"
        start = at + 1


def rests_on_a_gap(table: ReportTable) -> bool:
    """Whether a number in it is only known to be at least so large."""
    return any(row.at_least for row in (*table.rows, *([table.total] if table.total else [])))


def alternative(chart: Chart) -> str:
    """A chart in words, for those who do not see it; the table beside it says everything."""
    lines = ["; ".join((str(cells[0]), *(str(one) for one in cells[1:]))) for cells in chart.table.rows[:12]]
    return settable(f"{chart.title}. {' | '.join(lines)}")


def _tags_of_texts(report: Report) -> dict[str, str]:
    """Headline → its language: cells do not say it, clips do."""
    found: dict[str, str] = {}
    for clip in report.clips:
        for translation in clip.translations.values():
            found.setdefault(translation.title, translation.tag)
        found[clip.facts.title] = clip.facts.tag
    return found


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
        spaced=spaced, day=spoken.day, moment=spoken.moment, number=spoken.number, settable=settable
    )
    return made
