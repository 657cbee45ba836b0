"""What people coded, and beside it, apart and labelled, what machines propose: tone, prominence, themes; the share of voice."""

from __future__ import annotations

from collections.abc import Sequence

from resound.coverage.breakdown import Split
from resound.coverage.charts import Look, chart_tone, chart_topics, chart_voice
from resound.coverage.model import NOT_CODED
from resound.report.content.laid import COUNTED, Laid
from resound.report.content.named import PROMINENCES, QUESTIONS, TONES, mark, name_of
from resound.report.content.voice_items import clip_numbers, list_voice
from resound.report.tables import Cell, Column, ReportTable, Row, Section

_LOOK = Look()


def lay_tone(laid: Laid) -> Section:
    """Tone as people decided, how far coders agree, and apart from it what a model proposes."""
    _ = laid.words.gettext
    said = laid.coverage.coding.tone
    coded = sum(one.items for one in said if one.value != NOT_CODED)
    return Section(
        "tone",
        _("Tone"),
        (
            _(
                "How a reader would feel about the campaign. A machine proposes it from the passages that name the "
                "campaign; only what a person decides counts."
            ),
            laid.gettext(
                "People coded the tone of %(coded)s of %(all)s counted items.",
                coded=coded,
                all=len(laid.counted),
            ),
        ),
        (_tone_coded(laid), _agreement(laid), _tone_proposed(laid)),
    )


def _tone_coded(laid: Laid) -> ReportTable:
    _ = laid.words.gettext
    said = laid.coverage.coding.tone
    rows = [
        Row(
            (name_of(one.value, TONES, laid.words), one.items, one.original, one.translation, None),
            laid.numbers(one.members),
            laid.is_at_least,
            {**COUNTED, "tone": mark("tone", one.value)},
        )
        for one in said
    ]
    return ReportTable(
        key="tone-coded",
        title=_("Tone, as people decided"),
        columns=(
            Column("tone", _("Tone")),
            Column("items", _("Items"), "number"),
            Column("original", _("original read"), "number", where={"basis": mark("basis", "original")}),
            Column(
                "translation",
                _("translation read"),
                "number",
                where={"basis": mark("basis", "translation")},
            ),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (
                _("All"),
                sum(one.items for one in said),
                sum(one.original for one in said),
                sum(one.translation for one in said),
                None,
            ),
            laid.numbers(one.item for one in laid.counted),
            laid.is_at_least,
            COUNTED,
        ),
        counted="items",
    )


def _agreement(laid: Laid) -> ReportTable:
    _ = laid.words.gettext
    why = {
        "one-coder": _("not available (one coder)"),
        "no-variation": _("not available (everybody always said the same)"),
    }
    rows = []
    for question, name in QUESTIONS.items():
        found = laid.coverage.coding.agreement[question]
        alpha: Cell = why[found.reason] if found.alpha is None else round(found.alpha, 3)
        rows.append(Row((_(name), alpha, found.units, found.agreed)))
    return ReportTable(
        key="agreement",
        title=_("Agreement between coders"),
        columns=(
            Column("question", _("Question")),
            Column("alpha", _("Krippendorff's alpha"), "number"),
            Column("twice", _("Items coded twice"), "number"),
            Column("alike", _("Coded alike"), "number"),
        ),
        rows=tuple(rows),
        notes=(
            _(
                "Krippendorff's alpha: 1 where two people always code alike, 0 where they agree no more than chance "
                "would. 0.8 is good; below 0.67 the codes say little. Only items coded by two people count."
            ),
        ),
    )


def _tone_proposed(laid: Laid) -> ReportTable:
    _, split = laid.words.gettext, laid.coverage.tone
    rows = [
        _proposed_row(
            laid, name_of(one.value, TONES, laid.words), one.members, one.share, "machine-tone", one.value
        )
        for one in split.parts
    ]
    for value, members in (("none", split.none), ("waiting", split.waiting)):
        rows.append(
            _proposed_row(laid, name_of(value, TONES, laid.words), members, None, "machine-tone", value)
        )
    return ReportTable(
        key="tone-proposed",
        title=_("Tone, proposed by a machine"),
        columns=(
            Column("tone", _("Tone")),
            Column("items", _("Items"), "number"),
            Column("share", _("Share"), "share"),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (_("All"), len(laid.counted), None, None),
            laid.numbers(one.item for one in laid.counted),
            laid.is_at_least,
            COUNTED,
        ),
        counted="items",
        notes=(
            *_made_by(laid, split),
            _(
                "Shares are of the items for which the machine proposes a tone. No figure above rests on them."
            ),
            *_doubtful(laid, split),
        ),
        chart=chart_tone(split, laid.words, _LOOK) if split.of else None,
    )


def _doubtful(laid: Laid, split: Split) -> tuple[str, ...]:
    if not split.doubtful:
        return ()
    return (laid.gettext("The machine itself is not sure of %(count)s of them.", count=len(split.doubtful)),)


def _made_by(laid: Laid, split: Split) -> tuple[str, ...]:
    if not split.made_by:
        return (laid.words.gettext("No machine has read these items yet."),)
    return (
        laid.gettext("Machine work, not reviewed: %(models)s.", models=laid.words.enumerate(split.made_by)),
    )


def _proposed_row(
    laid: Laid, name: str, members: Sequence[str], share: float | None, key: str, value: str
) -> Row:
    return Row(
        (name, len(members), share, None),
        laid.numbers(members),
        laid.is_at_least,
        {**COUNTED, key: mark(key, value)},
    )


def lay_prominence(laid: Laid) -> Section:
    """Where the campaign is named: a person's word where there is one, else the matcher's."""
    _, said = laid.words.gettext, laid.coverage.coding.prominence
    rows = [
        Row(
            (name_of(one.value, PROMINENCES, laid.words), one.items, one.decided, None),
            laid.numbers(one.members),
            laid.is_at_least,
            {**COUNTED, "prominence": mark("prominence", one.value)},
        )
        for one in said
    ]
    table = ReportTable(
        key="prominence",
        title=_("Prominence"),
        columns=(
            Column("prominence", _("Prominence")),
            Column("items", _("Items"), "number"),
            Column(
                "decided",
                _("of these, decided by a person"),
                "number",
                where={"prominence-by": mark("by", "person")},
            ),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (_("All"), sum(one.items for one in said), sum(one.decided for one in said), None),
            laid.numbers(one.item for one in laid.counted),
            laid.is_at_least,
            COUNTED,
        ),
        counted="items",
    )
    return Section(
        "prominence",
        _("Prominence"),
        (
            _(
                "The highest of headline, lead, body text and caption in which the campaign is named, as the matcher reads "
                "it; a person's word overrules it."
            ),
        ),
        (table,),
    )


def lay_topics(laid: Laid) -> Section:
    """Themes, as a model reads them; an item may have several."""
    _, split = laid.words.gettext, laid.coverage.topics
    names = laid.topic_names
    rows = [
        Row(
            (names.get(one.value, one.value), len(one.members), one.share, None),
            laid.numbers(one.members),
            laid.is_at_least,
            {**COUNTED, f"theme {one.value}": mark("theme", "yes")},
        )
        for one in split.parts
    ]
    beside = (
        ("none", _("none of the themes"), split.none),
        ("waiting", _("not judged yet"), split.waiting),
    )
    rows += [_proposed_row(laid, name, members, None, "themes", value) for value, name, members in beside]
    table = ReportTable(
        key="themes",
        title=_("Themes"),
        columns=(
            Column("theme", _("Theme")),
            Column("items", _("Items"), "number", do_not_add=True),
            Column("share", _("Share"), "share", do_not_add=True),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (_("All, each once"), len(laid.counted), None, None),
            laid.numbers(one.item for one in laid.counted),
            laid.is_at_least,
            COUNTED,
        ),
        counted="items",
        notes=_made_by(laid, split),
        chart=chart_topics(split, names, laid.words, _LOOK) if split.parts else None,
    )
    return Section(
        "themes",
        _("Themes"),
        (_("Share of the items that a machine has read; an item may have several themes."),),
        (table,),
    )


def lay_voice(laid: Laid) -> Section:
    """Campaign ÷ (campaign ∪ comparators), all matched by machine."""
    _, split = laid.words.gettext, laid.snapshot.voice
    title = _("Share of voice")
    definition = (
        _(
            "Share of voice: the items that match the campaign, out of those that match the campaign or one of what it "
            "is set beside. All are matched by machine, whatever people decided of them, in the same sources and the same days."
        ),
        _(
            "Only items of independent outlets that are read by machine, within the campaign's dates: clips that people "
            "brought and outlets found by the campaign's own searches would weigh one side."
        ),
    )
    if split is None or not split.parts:
        return Section(
            "voice", title, (_("This campaign is set beside nothing, so there is no share of voice."),)
        )
    campaign = laid.snapshot.campaign
    names = {campaign.id: campaign.name.best(laid.words.language)} | {
        one.id: one.name.best(laid.words.language) for one in campaign.comparators
    }
    rows = [
        Row(
            (names.get(one.value, one.value), len(one.members), one.share if split.of else None, None),
            clip_numbers(laid, one.members),
            at_least=laid.is_at_least,
        )
        for one in split.parts
    ]
    table = ReportTable(
        key="voice",
        title=title,
        columns=(
            Column("subject", _("Subject")),
            Column("items", _("Items"), "number", do_not_add=True),
            Column("share", _("Share"), "share", do_not_add=True),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (_("All, each once"), split.of, None, None),
            clip_numbers(laid, (key for one in split.parts for key in one.members)),
            at_least=laid.is_at_least,
        ),
        chart=chart_voice(split, names, laid.words, _LOOK) if split.of else None,
        notes=(
            _(
                "These numbers are the matcher's alone, whatever people decided: an item that was rejected or not reviewed "
                "yet is among them, and so are those that stand in the clip book, whose numbers are named. No count of "
                "this report rests on them."
            ),
        ),
    )
    return Section("voice", title, definition, (table, list_voice(laid, split, names)))
