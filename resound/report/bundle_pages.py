"""What people read in a bundle besides the report: a page for each clip, how to check everything, what is missing."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from resound.errors import EvidenceError
from resound.report.content.named import EVIDENCE_KINDS, name_of
from resound.report.excerpts import Excerpts
from resound.report.foreign import settable
from resound.report.pictures import PictureOf
from resound.report.printed import MOST_PICTURES, report_templates, style
from resound.report.sheets import Passage, make_sheet
from resound.report.tables import Report
from resound.snapshots.model import Clip, Evidence, Snapshot
from resound.store.snapshots import SnapshotRow
from resound.texts import N_
from resound.words import OWN_NAMES, Words, words

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_CONTENTS: Sequence[tuple[str, str]] = (
    ("report.*.pdf, report.*.xlsx", N_("the report")),
    ("clips/", N_("a page for each clip, under the number that it has in the report")),
    (
        "evidence/",
        N_("web pages as they were received (WARC) and what people brought, each named after its SHA-256"),
    ),
    ("snapshot.json", N_("the frozen counts and everything that they rest on")),
    ("SHA256SUMS", N_("the SHA-256 of every file")),
)
_CHECKS: Sequence[str] = (
    N_("Every file is as it was: sha256sum -c SHA256SUMS (Windows: certutil -hashfile FILE SHA256)."),
    N_(
        "The counts are the frozen ones: sha256sum snapshot.json prints the hash above, which stands on the report's cover."
    ),
    N_(
        "A clip was there: the report and the clip's page name its evidence by SHA-256, and the file in evidence/ has that "
        "name. A file that ends in .warc.gz can be read with any reader of WARC files, such as ReplayWeb.page, or warcio: "
        "warcio index FILE."
    ),
)


@dataclass(frozen=True, slots=True)
class MissingPiece:
    """A piece of evidence that could not be taken, and the sentence that says why."""

    clip: int
    piece: Evidence
    why: str


def clip_name(clip: Clip) -> str:
    """`0012-2014-10-02-formosa-daily.html`: nothing that a file system minds, and in the order of the numbers."""
    day = "undated" if clip.facts.day is None else clip.facts.day.isoformat()
    outlet = _NOT_IN_A_NAME.sub("-", clip.facts.outlet.lower()).strip("-")[:60]
    return f"{clip.number:04d}-{day}-{outlet or 'outlet'}.html"


def clip_page(
    clip: Clip,
    reports: Sequence[Report],
    *,
    read: PictureOf,
    names: Mapping[str, str],
    excerpts: Excerpts | None = None,
) -> str:
    """A page that needs nothing beside it: what the clip says, in full or in passages, and what proves it.

    Args:
        read: a picture that somebody brought, or EvidenceError.
        names: SHA-256 of a piece of evidence → its name in the bundle, for those that are in it.
    """
    first = reports[0]
    say = words(first.language)
    sheets = [make_sheet(clip, one, anchor="top", excerpts=excerpts) for one in reports]
    pictures, failed = [], []
    for piece in sheets[0].pictures[:MOST_PICTURES] if excerpts is None else ():
        try:
            picture = read(piece)
        except EvidenceError as err:
            failed.append(say.told(err.args[0]))
        else:
            pictures.append(f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}")
    return (
        report_templates(first.language)
        .get_template("clip.html")
        .render(
            sheet=sheets[0],
            sheets=list(zip(reports, sheets, strict=True)),
            own_names=OWN_NAMES,
            translations=_translations(clip, say, is_whole=excerpts is None),
            pictures=pictures,
            failed=failed,
            names=names,
            snapshot=first.snapshot,
            language=first.language,
            style=Markup(style("clip.css")),  # noqa: S704 (our own)
            is_excerpts=excerpts is not None,
        )
    )


@dataclass(frozen=True, slots=True)
class _Translated:
    """A machine's translation as it is shown."""

    language: str
    made_by: str
    headline: Passage
    text: tuple[Passage, ...]
    is_partial: bool


def _translations(clip: Clip, say: Words, *, is_whole: bool) -> list[_Translated]:
    found = []
    for target in sorted(clip.translations):
        one = clip.translations[target]
        text = (one.paragraphs or one.lead) if is_whole else ()
        found.append(
            _Translated(
                say.language_name(one.tag),
                settable(one.made_by),
                Passage(settable(one.title), one.tag),
                tuple(Passage(settable(part), one.tag) for part in text if settable(part)),
                is_whole and not one.paragraphs and bool(clip.paragraphs),
            )
        )
    return found


def readme(row: SnapshotRow, snapshot: Snapshot, *, is_excerpts: bool, is_whole: bool) -> str:
    """What the bundle is and how to check it without Resound, in every language of ours."""
    return "\n\n".join(
        _readme_in(words(language), row, snapshot, is_excerpts=is_excerpts, is_whole=is_whole)
        for language in OWN_NAMES
    )


def _readme_in(say: Words, row: SnapshotRow, snapshot: Snapshot, *, is_excerpts: bool, is_whole: bool) -> str:
    lines = [
        f"== {OWN_NAMES[say.language]} ==",
        "",
        say.gettext(
            "Media coverage report: %(campaign)s",
            campaign=settable(snapshot.campaign.name.best(say.language)),
        ),
        say.gettext("Snapshot %(number)s, as of %(moment)s", number=row.number, moment=say.moment(row.as_of)),
        f"SHA-256: {row.sha256}",
        "",
        say.gettext("What is in it:"),
        *(
            f"  {name}: {say.gettext(what)}"
            for name, what in _CONTENTS
            if not (is_excerpts and name in ("evidence/", "snapshot.json"))
        ),
    ]
    if is_excerpts:
        lines.append(f"  snapshot.excerpts.json: {say.gettext(_WITHOUT_TEXTS)}")
    lines += ["", say.gettext("How to check it without Resound:")]
    checks = _CHECKS[:1] if is_excerpts else _CHECKS
    lines += [f"  {at}. {say.gettext(check)}" for at, check in enumerate(checks, 1)]
    if is_excerpts:
        lines += ["", say.gettext(EXCERPTS), say.gettext(EXCERPTS_HASH)]
    if not is_whole:
        lines += ["", say.gettext("Some evidence could not be taken: MISSING.txt says which, and why.")]
    return "\n".join(lines) + "\n"


_WITHOUT_TEXTS = N_("the frozen counts without the texts of the clips")
EXCERPTS = N_(
    "Excerpts only: of each clip this shows the headline and the passages that the figures rest on, not the whole text, "
    "which belongs to its publisher."
)
EXCERPTS_HASH = N_(
    "Web records and files are not in it; their hashes and addresses are. The SHA-256 above is that of the snapshot with all "
    "texts, which is kept by whoever made this report."
)


def missing_text(missing: Sequence[MissingPiece]) -> str:
    """Every piece that could not be taken, in every language of ours."""
    parts = []
    for language, own in OWN_NAMES.items():
        say = words(language)
        lines = [f"== {own} ==", "", say.gettext("Evidence that could not be taken into this bundle:"), ""]
        for one in missing:
            clip = say.gettext("clip %(number)s", number=one.clip)
            kind = name_of(one.piece.kind, EVIDENCE_KINDS, say)
            lines.append(f"{clip} · {kind} · {settable(one.piece.name)} · SHA-256 {one.piece.sha256}")
            lines.append(f"    {say.told(one.why)}")
        parts.append("\n".join(lines) + "\n")
    return "\n\n".join(parts)
