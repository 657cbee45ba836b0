"""What is different from the snapshot before: so many added, so many removed, what is told otherwise, each with its reason."""

from __future__ import annotations

from resound.coverage.model import COLUMNS
from resound.report.content.laid import Laid
from resound.report.tables import Column, ReportTable, Row, Section
from resound.snapshots.model import Snapshot
from resound.snapshots.reconciling import ItemChange, Reconciliation, reconcile
from resound.snapshots.telling import say_field, say_moved
from resound.store.snapshots import SnapshotRow
from resound.texts import N_

_COUNTS = {
    "items": N_("Items"),
    "stories": N_("Stories"),
    "outlets": N_("Outlets"),
    "groups": N_("Publisher groups"),
}
_KINDS = {"added": N_("added"), "removed": N_("removed"), "changed": N_("changed")}
_SIGNS = {"added": "+", "removed": "−", "changed": "±"}


def lay_reconciliation(laid: Laid, earlier: tuple[SnapshotRow, Snapshot] | None) -> Section:
    """For each count before + added − removed = after, and every item that makes the difference."""
    _ = laid.words.gettext
    title = _("Reconciliation with the report before")
    if earlier is None:
        return Section(
            "reconciliation", title, (_("This is the first report: there is nothing to compare it with."),)
        )
    row, snapshot = earlier
    found = reconcile(snapshot, laid.snapshot)
    sentences = [
        laid.gettext(
            "Compared with snapshot %(number)s as of %(when)s (SHA-256 %(sha256)s).",
            number=row.number,
            when=laid.words.moment(found.before),
            sha256=row.sha256,
        ),
        *((_("Every counted item is there in both and told alike."),) if found.is_empty else ()),
        *map(laid.words.told, found.around),
    ]
    tables = [_flows(laid, found), _changes(laid, found)]
    if found.definition:
        tables.append(_definition(laid, found))
    return Section("reconciliation", title, tuple(sentences), tuple(tables))


def _flows(laid: Laid, found: Reconciliation) -> ReportTable:
    _ = laid.words.gettext
    is_least = {"before": found.before_at_least, "after": found.after_at_least}
    exact = frozenset(side for side, least in is_least.items() if not least)
    rows = []
    for name in COLUMNS:
        flow = found.flows[name]
        cells = (_(_COUNTS[name]), flow.before, flow.added, flow.removed, flow.after)
        rows.append(Row(cells, at_least=any(is_least.values()), exact=exact))
    return ReportTable(
        key="reconciliation",
        title=_("The four counts, before and after"),
        columns=(
            Column("count", _("Count")),
            Column("before", _("Before"), "number"),
            Column("added", _("+ added"), "number"),
            Column("removed", _("− removed"), "number"),
            Column("after", _("After"), "number"),
        ),
        rows=tuple(rows),
    )


def _changes(laid: Laid, found: Reconciliation) -> ReportTable:
    _ = laid.words.gettext
    every = (*found.added, *found.removed, *found.changed)
    return ReportTable(
        key="changes",
        title=_("Items added, removed and changed"),
        columns=(
            Column("sign", "±"),
            Column("kind", _("Kind of change")),
            Column("clip", _("Clip"), "number"),
            Column("headline", _("Headline, original")),
            Column("outlet", _("Outlet")),
            Column("day", _("Day"), "day"),
            Column("moved", _("What is told otherwise")),
            Column("why", _("Why")),
            Column("url", _("Address"), "link"),
        ),
        rows=tuple(_change(laid, one) for one in every),
        notes=() if every else (_("There are none."),),
    )


def _change(laid: Laid, one: ItemChange) -> Row:
    words, facts = laid.words, one.clip.facts
    moved = []
    for value in one.moved:
        was, now = say_moved(one, value, words)
        moved.append(
            laid.gettext(
                "%(field)s: %(was)s → %(now)s", field=say_field(value.field, words), was=was, now=now
            )
        )
    number = one.after.number if one.after is not None else 0
    return Row(
        (
            _SIGNS[one.kind],
            words.gettext(_KINDS[one.kind]),
            number or None,
            laid.headline(facts),
            one.clip.outlet_name(words.language),
            facts.day,
            words.parted(moved) or None,
            " ".join(map(words.told, one.why)) or None,
            facts.url or None,
        ),
        (number,) if number else (),
    )


def _definition(laid: Laid, found: Reconciliation) -> ReportTable:
    """What the campaign's newer version says otherwise."""
    _ = laid.words.gettext
    told = laid.words.told
    return ReportTable(
        key="redefined",
        title=_("What the campaign's definition says otherwise"),
        columns=(
            Column("field", _("Field")),
            Column("kind", _("Kind of change")),
            Column("before", _("Before")),
            Column("after", _("After")),
        ),
        rows=tuple(
            Row(
                (
                    " › ".join(map(told, one.field)),
                    _(_KINDS[one.kind]),
                    told(one.before) or None,
                    told(one.after) or None,
                )
            )
            for one in found.definition
        ),
    )
