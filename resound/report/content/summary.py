"""The cover: what this is a report of, and the figures for those who read nothing else."""

from __future__ import annotations

from resound.coverage.model import NOT_CODED
from resound.report.content.laid import Laid
from resound.report.content.named import STANDINGS, STANDINGS_MEAN, TONES, mark, name_of
from resound.report.tables import Column, ReportTable, Row, Section

BESIDE = (
    "unreviewed",
    "owned",
    "paid",
    "release-verbatim",
    "provisional",
    "provisional-outlets",
    "waits-for-date",
    "outside-window",
    "rejected",
    "not-matched",
    "leads",
    "no-longer-matching",
)
"""What stands beside the counts, in this order."""
_ACCEPTED = ("owned", "paid", "release-verbatim", "provisional", "waits-for-date")


def cover_facts(laid: Laid) -> tuple[tuple[str, str], ...]:
    """(name, value), as they stand on the cover."""
    _, words, row = laid.words.gettext, laid.words, laid.row
    window = laid.snapshot.campaign.window
    return (
        (_("Campaign"), laid.snapshot.campaign.name.best(words.language)),
        (_("Window"), _days(laid)),
        (
            _("Days in the window"),
            words.number((window.last - window.first).days + 1),
        ),
        (_("As of"), words.moment(laid.snapshot.as_of)),
        (_("Snapshot"), words.number(row.number) + (f" · {row.why}" if row.why else "")),
        (_("Frozen by"), row.who),
        (_("SHA-256 of the snapshot"), row.sha256),
        (_("Made with"), laid.snapshot.product),
    )


def _days(laid: Laid) -> str:
    window = laid.snapshot.campaign.window
    return laid.gettext(
        "%(first)s to %(last)s", first=laid.words.day(window.first), last=laid.words.day(window.last)
    )


def summarise(laid: Laid) -> tuple[str, ...]:
    """The four counts in words, what they are made of, what stands beside, how well we watched."""
    figures = laid.coverage.figures
    sentences = [_counts(laid)]
    if figures.counts.items:
        sentences += [_languages(laid), _tone(laid), *_messages(laid)]
    sentences += [*_beside_told(laid), _watched(laid), *map(laid.words.told, figures.notes)]
    return tuple(sentences)


def _counts(laid: Laid) -> str:
    words, figures = laid.words, laid.coverage.figures
    name = laid.snapshot.campaign.name.best(words.language)
    four = figures.counts
    if not four.items:
        return laid.gettext(
            "%(days)s: no item on “%(campaign)s” is counted.", days=_days(laid), campaign=name
        )
    parts = {
        "items": words.ngettext("%(num)s item", "%(num)s items", four.items),
        "outlets": words.ngettext("%(num)s outlet", "%(num)s outlets", four.outlets),
        "groups": words.ngettext("%(num)s publisher group", "%(num)s publisher groups", four.groups),
        "stories": words.ngettext("%(num)s story", "%(num)s stories", four.stories),
    }
    if figures.at_least:
        return laid.gettext(
            "%(days)s: at least %(items)s of earned coverage on “%(campaign)s”, in at least %(outlets)s of at least "
            "%(groups)s, which go back to at least %(stories)s.",
            days=_days(laid),
            campaign=name,
            **parts,
        )
    return laid.gettext(
        "%(days)s: %(items)s of earned coverage on “%(campaign)s”, in %(outlets)s of %(groups)s, which go back to "
        "%(stories)s.",
        days=_days(laid),
        campaign=name,
        **parts,
    )


def _languages(laid: Laid) -> str:
    words, tables = laid.words, laid.coverage.figures.tables
    pair = words.gettext("%(name)s %(number)s")
    spoken = [
        pair
        % {
            "name": words.language_name(row.value),
            "number": words.counted(row.counts.items, at_least=row.at_least),
        }
        for row in tables["language"].rows
        if row.counts.items
    ]
    countries = [
        pair
        % {"name": laid.country(row.value), "number": words.counted(row.counts.items, at_least=row.at_least)}
        for row in tables["country"].rows
    ]
    return laid.gettext(
        "Items by language: %(languages)s; by country: %(countries)s.",
        languages=words.enumerate(spoken),
        countries=words.enumerate(countries),
    )


def _tone(laid: Laid) -> str:
    words = laid.words
    said = laid.coverage.coding.tone
    coded = [one for one in said if one.value != NOT_CODED and one.items]
    rest = sum(one.items for one in said if one.value == NOT_CODED)
    if not coded:
        return words.gettext("Nobody has coded the tone of any item yet.")
    pair = words.gettext("%(name)s %(number)s")
    named = [
        pair
        % {
            "name": name_of(one.value, TONES, words),
            "number": words.counted(one.items, at_least=laid.is_at_least),
        }
        for one in coded
    ]
    return laid.gettext(
        "Tone, as people coded it: %(tones)s; not coded %(rest)s.", tones=words.enumerate(named), rest=rest
    )


def _messages(laid: Laid) -> tuple[str, ...]:
    carried = laid.coverage.coding.messages
    if not laid.snapshot.campaign.messages or carried.share is None:
        return ()
    return (
        laid.gettext(
            "People confirmed at least one key message in %(confirmed)s of %(all)s counted items (%(share)s).",
            confirmed=len(carried.confirmed),
            all=carried.items,
            share=laid.words.percent(carried.share),
        ),
    )


def _beside_told(laid: Laid) -> tuple[str, ...]:
    beside, words = laid.coverage.figures.beside, laid.words
    pair = words.gettext("%(name)s %(number)s")
    named = [
        pair % {"name": words.gettext(STANDINGS[key]), "number": words.number(beside[key])}
        for key in BESIDE
        if beside[key] and key not in ("provisional-outlets", "no-longer-matching", "not-matched")
    ]
    if not named:
        return ()
    return (laid.gettext("Beside these, never added: %(named)s.", named=words.enumerate(named)),)


def _watched(laid: Laid) -> str:
    watch = laid.coverage.figures.watch
    days = sum(one.days_in_window for one in watch)
    if not days:
        return laid.words.gettext("No source of the campaign's countries is read by machine.")
    read = sum(one.days_read for one in watch)
    return laid.gettext(
        "%(read)s of %(all)s source days were read (%(share)s).",
        read=read,
        all=days,
        share=laid.words.percent(read / days),
    )


def lay_summary(laid: Laid) -> Section:
    """The sentences, the four counts, and what stands beside them."""
    return Section(
        "summary",
        laid.words.gettext("Summary"),
        summarise(laid),
        (_four(laid), _beside(laid)),
    )


def _four(laid: Laid) -> ReportTable:
    _ = laid.words.gettext
    row = laid.four_row((_("Counted"),), laid.counted, where={}, at_least=laid.is_at_least)
    return ReportTable(
        key="four-counts",
        title=_("The four counts together"),
        columns=laid.four_columns((), Column("what", _("Earned coverage"))),
        rows=(row,),
        counted="items",
    )


def _beside(laid: Laid) -> ReportTable:
    _, figures = laid.words.gettext, laid.coverage.figures
    rows = []
    for key in BESIDE:
        number = figures.beside[key]
        members = laid.numbers(figures.lists.get(key, ()))
        is_listed = key in _ACCEPTED and len(members) == number
        rows.append(
            Row(
                (_(STANDINGS[key]), number, _(STANDINGS_MEAN[key]), None),
                members,
                laid.is_at_least,
                {"standing": mark("standing", key)} if is_listed else {},
            )
        )
    return ReportTable(
        key="beside",
        title=_("What stands beside, never added"),
        columns=(
            Column("standing", _("Standing")),
            Column("items", _("Number"), "number", do_not_add=True),
            Column("meaning", _("What it means")),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        counted="items",
    )
