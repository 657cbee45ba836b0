"""The items behind the share of voice, so that every number of it can be traced: whose they are, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from resound.coverage.breakdown import Split
from resound.report.content.clip_book import main_evidence
from resound.report.content.laid import Laid
from resound.report.content.named import STANDINGS
from resound.report.tables import Cell, Column, ReportTable, Row
from resound.snapshots.model import VoiceItem


def clip_numbers(laid: Laid, items: Iterable[str]) -> tuple[int, ...]:
    """Those of the items that stand in the clip book; most have nothing to do with the campaign."""
    return laid.numbers(key for key in items if key in laid.clips)


def list_voice(laid: Laid, split: Split, names: Mapping[str, str]) -> ReportTable:
    """Each item once, with everything that it was matched by, in the order of day and address.

    A snapshot of format 1 kept of an item that the campaign has nothing to do with its id only.
    """
    _ = laid.words.gettext
    subjects: dict[str, list[str]] = {}
    for part in split.parts:
        for item in part.members:
            subjects.setdefault(item, []).append(names.get(part.value, part.value))
    known = {one.item: one for one in _items_of_the_campaign(laid) if one.item in subjects}
    known |= {one.item: one for one in laid.snapshot.voice_items}
    listed = sorted(
        (key for key in subjects if key in known),
        key=lambda key: (str(known[key].day or "9999"), known[key].url, key),
    )
    lost = sorted(subjects.keys() - known.keys())
    rows = [_row(laid, known[key], laid.words.enumerate(subjects[key])) for key in listed]
    rows += [
        Row((laid.words.enumerate(subjects[key]), None, None, key, None, None, None, None)) for key in lost
    ]
    notes = [
        _(
            "Clip: its number in the clip book. Without a number it is not in the clip book: it was rejected or not "
            "reviewed yet, or only what the campaign is set beside matches it."
        ),
        _(
            "The SHA-256 is that of a clip's evidence; of other items that of the first record fetched, as written down "
            "then. Those records are in Resound's store, not in the bundle."
        ),
    ]
    if lost:
        notes.append(
            laid.gettext(
                "Of %(count)s items this snapshot holds the identifiers only: the Resound that froze it kept no more.",
                count=len(lost),
            )
        )
    return ReportTable(
        key="voice-items",
        title=_("Items of the share of voice"),
        columns=(
            Column("subject", _("Subject")),
            Column("clip", _("Clip"), "number"),
            Column("standing", _("Standing")),
            Column("headline", _("Headline, original")),
            Column("outlet", _("Outlet")),
            Column("day", _("Day"), "day"),
            Column("sha256", _("SHA-256 of the evidence")),
            Column("url", _("Address"), "link"),
        ),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _items_of_the_campaign(laid: Laid) -> Iterable[VoiceItem]:
    """What every snapshot keeps of the items that the campaign itself has to do with."""
    for one in laid.snapshot.clips:
        facts = one.facts
        yield VoiceItem(
            item=facts.item,
            url=facts.url,
            title=facts.title,
            tag=facts.tag,
            outlet_name=facts.outlet_name,
            outlet_names=one.outlet_names,
            day=facts.day,
        )


def _row(laid: Laid, one: VoiceItem, subjects: str) -> Row:
    clip, words = laid.clips.get(one.item), laid.words
    number = clip.number if clip is not None else 0
    proof = main_evidence(clip) if clip is not None else None
    cells: tuple[Cell, ...] = (
        subjects,
        number or None,
        None if clip is None else words.gettext(STANDINGS[clip.standing]),
        one.title or words.gettext("without a headline"),
        one.outlet_name if one.outlet_names is None else one.outlet_names.best(words.language),
        one.day,
        (one.sha256 if proof is None else proof.sha256) or None,
        one.url or None,
    )
    return Row(cells, (number,) if number else ())
