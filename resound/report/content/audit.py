"""How well we watched, what we know of and could not read, and what was left out and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from resound.coverage.model import STANDINGS as KINDS
from resound.report.content.laid import Laid
from resound.report.content.named import REASONS, STANDINGS, name_of
from resound.report.tables import Column, ReportTable, Row, Section
from resound.snapshots.model import SourceWatch

_STATUS = re.compile(r"(?:status|http)-(?P<status>\d{3})")


def lay_watch(laid: Laid) -> Section:
    """Per source the days that were really read, its gaps, what refused us, and how far back it could be read."""
    _, words = laid.words.gettext, laid.words
    rows = []
    for one in laid.snapshot.watch:
        watch = one.watch
        rows.append(
            Row(
                (
                    one.names.best(words.language),
                    laid.country(watch.country),
                    laid.medium(watch.medium),
                    watch.days_read,
                    watch.days_in_window,
                    watch.days_read / watch.days_in_window if watch.days_in_window else None,
                    _spans(laid, watch.gaps) or _("none"),
                    _refused(laid, one) or None,
                    one.reach,
                ),
            )
        )
    read = sum(one.watch.days_read for one in laid.snapshot.watch)
    days = sum(one.watch.days_in_window for one in laid.snapshot.watch)
    table = ReportTable(
        key="watch",
        title=_("Every source and its gaps"),
        columns=(
            Column("source", _("Source")),
            Column("country", _("Country")),
            Column("medium", _("Media type")),
            Column("read", _("Days read"), "number"),
            Column("days", _("Days in the window"), "number"),
            Column("share", _("Share"), "share"),
            Column("gaps", _("Days that were not read")),
            Column("refused", _("What refused us")),
            Column("reach", _("Read back to"), "day"),
        ),
        rows=tuple(rows),
        total=Row((_("All"), None, None, read, days, read / days if days else None, None, None, None)),
        notes=() if rows else (_("No source of the campaign's countries is read by machine."),),
    )
    gaps = sum(bool(one.watch.gaps) for one in laid.snapshot.watch)
    sentences = [
        _(
            "A figure is only as good as the reading behind it. A source counts as read on a day where one of its feeds, "
            "sitemaps or lists reached back to that day. Where days are missing, the figures that rest on the source say "
            "“at least”."
        )
    ]
    if rows and not gaps:
        sentences.append(_("Every source was read on every day."))
    return Section("watch", _("How well we watched"), tuple(sentences), (table,))


def _spans(laid: Laid, gaps: Sequence[tuple[date, date]]) -> str:
    day = laid.words.day
    return laid.words.parted(
        day(first)
        if first == last
        else laid.gettext("%(first)s to %(last)s", first=day(first), last=day(last))
        for first, last in gaps
    )


def _refused(laid: Laid, one: SourceWatch) -> str:
    """`the site asks machines to stay away: 3; the server answers 403: 1`."""
    told = [
        laid.gettext("%(reason)s: %(count)s", reason=_reason(laid, reason), count=number)
        for reason, number in one.blocked.items()
    ]
    told += [
        laid.gettext("not read any more: %(reason)s", reason=_reason(laid, reason)) for reason in one.stopped
    ]
    return laid.words.parted(told)


def _reason(laid: Laid, reason: str) -> str:
    answered = _STATUS.fullmatch(reason)
    if answered is not None:
        return laid.words.gettext("the server answers HTTP %(status)s", status=answered["status"])
    return name_of(reason, REASONS, laid.words)


def lay_leads(laid: Laid) -> Section:
    """Open leads, numbered."""
    _ = laid.words.gettext
    leads = laid.coverage.figures.leads
    rows = [
        Row(
            (
                number,
                one.title or None,
                _source_name(laid, one.outlet),
                one.day,
                _reason(laid, one.reason),
                one.url or None,
            )
        )
        for number, one in enumerate(leads, 1)
    ]
    table = ReportTable(
        key="leads",
        title=_("Open leads"),
        columns=(
            Column("lead", _("No."), "number"),
            Column("headline", _("Headline, original")),
            Column("outlet", _("Known from")),
            Column("day", _("Day"), "day"),
            Column("reason", _("Why it could not be read")),
            Column("url", _("Address"), "link"),
        ),
        rows=tuple(rows),
        notes=() if rows else (_("There are no open leads."),),
    )
    return Section(
        "leads",
        _("Open leads"),
        (_("Known of, and cannot or may not be read: listed, never counted."),),
        (table,),
    )


def _source_name(laid: Laid, source: str) -> str:
    found = laid.snapshot.sources.get(source)
    return source if found is None else found.names.best(laid.words.language)


def lay_excluded(laid: Laid) -> Section:
    """Every item that the campaign had to do with and that does not count, and why."""
    _, figures = laid.words.gettext, laid.coverage.figures
    rows = []
    for kind in KINDS:
        if kind == "counted":
            continue
        for key in figures.lists[kind]:
            facts, place = figures.items[key]
            rows.append(
                Row(
                    (
                        _(STANDINGS[kind]),
                        laid.words.told(place.why),
                        laid.headline(facts),
                        laid.outlet(facts),
                        facts.day,
                        laid.language(facts),
                        laid.clips[key].number or None,
                        facts.url or None,
                    ),
                    laid.numbers([key]),
                )
            )
    table = ReportTable(
        key="excluded",
        title=_("Not counted, and why"),
        columns=(
            Column("standing", _("Standing")),
            Column("why", _("Why")),
            Column("headline", _("Headline, original")),
            Column("outlet", _("Outlet")),
            Column("day", _("Day"), "day"),
            Column("language", _("Language")),
            Column("clip", _("Clip"), "number"),
            Column("url", _("Address"), "link"),
        ),
        rows=tuple(rows),
        notes=() if rows else (_("Everything that the campaign had to do with is counted."),),
    )
    return Section(
        "excluded",
        _("What is not counted"),
        (
            _(
                "Items that match the campaign or were accepted, and are not counted. Those with a clip number stand in the "
                "clip book."
            ),
        ),
        (table, _provisional(laid)),
    )


def _provisional(laid: Laid) -> ReportTable:
    _ = laid.words.gettext
    outlets = [one for one in laid.coverage.outlets if one.provisional]
    rows = [
        Row((one.name, len(one.members), one.first, one.last, None), laid.numbers(one.members))
        for one in outlets
    ]
    return ReportTable(
        key="provisional",
        title=_("Provisional outlets"),
        columns=(
            Column("outlet", _("Outlet")),
            Column("items", _("Items"), "number"),
            Column("first", _("First day"), "day"),
            Column("last", _("Last day"), "day"),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        notes=(
            _("Outlets of accepted items that have no name, owner and country yet."),
            *(() if rows else (_("There are none."),)),
        ),
    )
