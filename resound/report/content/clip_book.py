"""Stories with their items, and the clip book: every accepted clip with its number and its evidence."""

from __future__ import annotations

from resound.article import PROMINENCES as FIELDS
from resound.report.content.laid import COUNTED, Laid
from resound.report.content.named import (
    BASES,
    EVIDENCE_KINDS,
    EVIDENCE_STATES,
    PROMINENCES,
    STANDINGS,
    TONES,
    mark,
    name_of,
)
from resound.report.tables import Cell, Column, ReportTable, Row, Section
from resound.snapshots.model import Clip, Evidence

_SAID_FIELDS = {field: said for said, field in FIELDS.items()}


def lay_stories(laid: Laid) -> Section:
    """Stories by how many items they have, and the items of each."""
    _ = laid.words.gettext
    rows, items = [], []
    for at, story in enumerate(laid.coverage.stories, 1):
        head, made = story.head, laid.translation(story.head)
        rows.append(
            Row(
                (
                    at,
                    laid.headline(head),
                    None if made is None else made.title,
                    head.day,
                    laid.words.enumerate(map(laid.words.language_name, story.languages)),
                    len(story.items),
                    story.outlets,
                    None,
                ),
                laid.numbers(one.item for one in story.items),
                laid.is_at_least,
                {**COUNTED, "story": mark("story", str(at))},
            )
        )
        for one in story.items:
            number = laid.clips[one.item].number
            items.append(
                Row(
                    (at, number, one.day, laid.outlet(one), laid.language(one), laid.headline(one)),
                    (number,),
                )
            )
    four = laid.coverage.figures.counts
    stories = ReportTable(
        key="stories",
        title=_("Stories"),
        columns=(
            Column("story", _("Story"), "number"),
            Column("headline", _("Headline of the earliest item")),
            Column("translated", _("Headline, translated by machine")),
            Column("first", _("First day"), "day"),
            Column("languages", _("Languages")),
            Column("items", _("Items"), "number"),
            Column("outlets", _("Outlets"), "number", do_not_add=True),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (None, _("All, each once"), None, None, None, four.items, four.outlets, None),
            laid.numbers(one.item for one in laid.counted),
            laid.is_at_least,
            COUNTED,
        ),
        counted="items",
        notes=() if rows else (_("Nothing is counted yet."),),
    )
    members = ReportTable(
        key="story-items",
        title=_("The items of each story"),
        columns=(
            Column("story", _("Story"), "number"),
            Column("clip", _("Clip"), "number"),
            Column("day", _("Day"), "day"),
            Column("outlet", _("Outlet")),
            Column("language", _("Language")),
            Column("headline", _("Headline, original")),
        ),
        rows=tuple(items),
    )
    return Section(
        "stories",
        _("Stories"),
        (
            _("A story is one original text, printed again or translated; those with most items come first."),
            _(
                "Near-duplicate texts and translations are brought together by machine; people merge and split. The "
                "stories stand here as they were when the counts were frozen."
            ),
        ),
        (stories, members) if rows else (stories,),
    )


def lay_clip_book(laid: Laid) -> Section:
    """The list of clips (table `clips`), and every piece of evidence."""
    _ = laid.words.gettext
    return Section(
        "clip-book",
        _("Clip book"),
        (
            _(
                "Every accepted clip under its number: counted ones first, then owned, paid and other accepted ones, which "
                "are not counted. Days are those of the outlet's own calendar."
            ),
            _(
                "Translations of headlines are made by machine, and the model is named beside each. The SHA-256 is that of the evidence as it is "
                "stored: whoever holds the evidence can compute it again."
            ),
        ),
        (_clips(laid), _evidence(laid)),
    )


def _clips(laid: Laid) -> ReportTable:
    _ = laid.words.gettext
    columns = (
        Column("clip", _("Clip"), "number"),
        Column("day", _("Day"), "day"),
        Column("outlet", _("Outlet")),
        Column("group", _("Publisher group")),
        Column("country", _("Country")),
        Column("language", _("Language")),
        Column("medium", _("Media type")),
        Column("headline", _("Headline, original")),
        Column("translated", _("Headline, translated by machine")),
        Column("translated-by", _("Translated by")),
        Column("byline", _("Byline")),
        Column("origin", _("Origin")),
        Column("standing", _("Standing")),
        Column("prominence", _("Prominence")),
        Column("tone", _("Tone")),
        Column("basis", _("Tone was coded from")),
        Column("decided", _("Decided by")),
        Column("story", _("Story"), "number"),
        Column("re-run", _("Re-run")),
        Column("sha256", _("SHA-256 of the evidence")),
        Column("url", _("Address"), "link"),
        Column("seen-at", _("Also seen at")),
        Column("first-seen", _("First seen"), "moment"),
        Column("versions", _("Wordings seen"), "number"),
        Column("gone", _("Gone since"), "moment"),
    )
    return ReportTable(
        key="clips",
        title=_("Clips"),
        columns=columns,
        rows=tuple(Row(_clip_cells(laid, one), (one.number,), where=laid.marks(one)) for one in laid.book),
        notes=() if laid.book else (_("There is no accepted clip."),),
    )


def _clip_cells(laid: Laid, clip: Clip) -> tuple[Cell, ...]:
    facts, coded, words = clip.facts, clip.coded, laid.words
    made = laid.translation(facts)
    prominence = "not-named" if facts.prominence is None else _SAID_FIELDS[facts.prominence]
    first = main_evidence(clip)
    return (
        clip.number,
        facts.day,
        laid.outlet(facts),
        facts.group_name,
        laid.country(facts.country),
        laid.language(facts),
        laid.medium(facts.medium),
        laid.headline(facts),
        None if made is None else made.title,
        None if made is None else made.made_by,
        clip.byline or None,
        laid.origin(facts.origin),
        words.gettext(STANDINGS[clip.standing]),
        name_of(prominence, PROMINENCES, words),
        name_of(coded.tone or "not-coded", TONES, words),
        None if coded.basis is None else name_of(coded.basis, BASES, words),
        decided_by(laid, clip),
        laid.stories.get(facts.story) if clip.standing == "counted" else None,
        words.gettext("re-run") if facts.re_run else None,
        None if first is None else first.sha256,
        facts.url or None,
        " ".join(facts.seen_at) or None,
        clip.first_seen,
        clip.versions,
        clip.gone_at,
    )


def main_evidence(clip: Clip) -> Evidence | None:
    """The piece whose hash stands beside the clip in a list: the first that is kept, else the first."""
    kept = [one for one in clip.evidence if one.state == "kept"]
    return next(iter((*kept, *clip.evidence)), None)


def decided_by(laid: Laid, clip: Clip) -> str:
    """Who accepted it and who coded its tone: `hana (2 Oct 2014), linh (3 Oct 2014)`; the matcher where nobody did."""
    said = [one for one in clip.said if one.kind in ("accept", "tone")]
    people = {one.who: laid.words.day(one.at.date()) for one in said}
    accepted = any(one.kind == "accept" for one in said)
    names = [f"{who} ({day})" for who, day in people.items()]
    return laid.words.enumerate(names if accepted else [laid.words.gettext("the matcher"), *names])


def _evidence(laid: Laid) -> ReportTable:
    _, words = laid.words.gettext, laid.words
    rows = [
        Row(
            (
                clip.number,
                name_of(one.kind, EVIDENCE_KINDS, words),
                one.sha256,
                one.name,
                one.at,
                one.who or _("crawler"),
                name_of(one.state, EVIDENCE_STATES, words),
                one.size,
                one.media_type or None,
                one.status,
                one.url or None,
            ),
            (clip.number,),
        )
        for clip in laid.book
        for one in clip.evidence
    ]
    return ReportTable(
        key="evidence",
        title=_("Evidence"),
        columns=(
            Column("clip", _("Clip"), "number"),
            Column("kind", _("Kind")),
            Column("sha256", "SHA-256"),
            Column("name", _("Name")),
            Column("at", _("Fetched or brought"), "moment"),
            Column("who", _("By")),
            Column("state", _("State")),
            Column("size", _("Bytes"), "number"),
            Column("type", _("File type")),
            Column("status", "HTTP", "number"),
            Column("url", _("Address"), "link"),
        ),
        rows=tuple(rows),
        notes=() if rows else (_("No evidence is kept."),),
    )
