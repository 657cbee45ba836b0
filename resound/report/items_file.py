"""A campaign's items as a file for people: every item, counted or not and why, and its leads, in the reader's words.

The same table for programs, with codes and in English, is `resound.keeping.exporting.item_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from resound.coding.item import load_coded
from resound.coverage.campaign import Coverage, headlines, read_tones
from resound.coverage.coded import Coded
from resound.coverage.model import ItemFacts, Lead, Standing
from resound.coverage.named import ORIGIN_NOT_CODED, ORIGINS, PROMINENCES, STANDINGS
from resound.keeping.exporting import make_harmless
from resound.report.content.named import REASONS
from resound.searching.hit_rows import BOM, csv_line
from resound.texts import N_
from resound.value_names import ValueNames

COLUMNS: Mapping[str, str] = {
    "standing": N_("Standing"),
    "why": N_("Why"),
    "day": N_("Day"),
    "outlet": N_("Outlet"),
    "title": N_("Headline"),
    "translated_title": N_("Headline translated by machine"),
    "translated_by": N_("Translated by"),
    "language": N_("Language"),
    "country": N_("Country"),
    "group": N_("Publisher group"),
    "medium": N_("Medium"),
    "origin": N_("Origin"),
    "prominence": N_("Named in"),
    "tone": N_("Tone, as people decided"),
    "proposed_tone": N_("Tone, proposed by a machine"),
    "re-run": N_("Re-run"),
    "seen_at": N_("Also seen at"),
    "story": N_("Story"),
    "url": N_("Address"),
}
_FIELDS: Mapping[str, str] = {"title": "headline", "lead": "lead", "body": "body", "caption": "caption"}


def items_csv(connection: Connection, coverage: Coverage, names: ValueNames) -> Iterator[str]:
    """A header and a line for each item and lead. Safe for spreadsheets."""
    words = names.words
    items = coverage.figures.items
    facts = [one for one, _ in items.values()]
    translated = headlines(connection, facts, words.language)
    coded = load_coded(connection, coverage.campaign, items, with_proposals=False)
    proposed = read_tones(connection, coverage.campaign.id, [one.version for one in facts])
    yield BOM + csv_line([words.gettext(text) for text in COLUMNS.values()])
    for one, place in items.values():
        made, read = translated.get(one.item), proposed.get(one.version)
        cells = _item_cells(one, place, coded.get(one.item, Coded()), names)
        if made is not None:
            cells |= {"translated_title": made.text, "translated_by": made.made_by}
        if read is not None and read.values:
            cells["proposed_tone"] = names.value("tone", read.values[0])
        yield _line(cells)
    for lead in coverage.figures.leads:
        yield _line(_lead_cells(lead, names))


def _item_cells(one: ItemFacts, place: Standing, coded: Coded, names: ValueNames) -> dict[str, str]:
    words = names.words
    origin = ORIGINS.get(one.origin or "", ORIGIN_NOT_CODED if place.kind == "counted" else "")
    prominence = _FIELDS.get(one.prominence or "")
    return {
        "standing": words.gettext(STANDINGS[place.kind]),
        "why": words.told(place.why),
        "day": "" if one.day is None else one.day.isoformat(),
        "outlet": names.outlet(one.outlet, one.outlet_name),
        "title": one.title,
        "language": names.value("lang", one.tag),
        "country": names.value("country", one.country) if one.country else "",
        "group": one.group_name,
        "medium": names.value("type", one.medium),
        "origin": words.gettext(origin) if origin else "",
        "prominence": words.gettext(PROMINENCES[prominence]) if prominence else "",
        "tone": names.value("tone", coded.tone) if coded.tone is not None else "",
        "re-run": words.gettext("yes") if one.re_run else "",
        "seen_at": " ".join(one.seen_at),
        "story": one.story,
        "url": one.url,
    }


def _lead_cells(lead: Lead, names: ValueNames) -> dict[str, str]:
    reason = REASONS.get(lead.reason)
    return {
        "standing": names.words.gettext(N_("Lead (known of, not read)")),
        "why": names.words.gettext(reason) if reason is not None else lead.reason,
        "day": "" if lead.day is None else lead.day.isoformat(),
        "outlet": names.outlet(lead.outlet, lead.outlet),
        "title": lead.title,
        "url": lead.url,
    }


def _line(cells: Mapping[str, str]) -> str:
    return csv_line(make_harmless(cells.get(name, "")) for name in COLUMNS)
