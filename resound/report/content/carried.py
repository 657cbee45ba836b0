"""Key messages and spokespersons: which items carry them, confirmed and proposed apart, with the passages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from resound.coverage.breakdown import choose_quoted
from resound.coverage.coded import Carried
from resound.report.content.laid import COUNTED, SPOKEN, Laid
from resound.report.content.named import mark
from resound.report.tables import Column, Quote, ReportTable, Row, Section
from resound.snapshots.model import QuotedItem

QUOTED = 6
"""Items that are quoted under one heading; the table names all."""


def lay_messages(laid: Laid) -> Section:
    """Which items carry a key message, confirmed and proposed apart, with the passages."""
    campaign = laid.snapshot.campaign
    carried = laid.coverage.coding.messages
    names = {one.id: one.text.best(laid.words.language) for one in campaign.messages}
    _ = laid.words.gettext
    sentences: tuple[str, ...] = (_("This campaign names no key messages."),)
    if names:
        sentences = (
            laid.gettext(
                "People confirmed at least one key message in %(confirmed)s of %(all)s counted items (%(share)s).",
                confirmed=len(carried.confirmed),
                all=carried.items,
                share=laid.words.percent(carried.share or 0),
            ),
            laid.gettext(
                "In %(proposed)s more the matcher finds the words of one, which nobody has confirmed.",
                proposed=len(carried.proposed),
            ),
        )
    return Section(
        "messages",
        _("Key messages"),
        sentences,
        tuple(_carried_tables(laid, "message", _("Key message"), names, carried)) if names else (),
        _quotes(laid, names, carried, laid.snapshot.messages),
    )


def lay_spokespersons(laid: Laid) -> Section:
    """Who is quoted, confirmed by people; who is named, as the matcher proposes it."""
    campaign = laid.snapshot.campaign
    carried = laid.coverage.coding.spokespersons
    names = {}
    for one in campaign.spokespersons:
        name, role = one.best(laid.words.language), one.function(laid.words.language)
        names[one.id] = laid.gettext("%(name)s (%(role)s)", name=name, role=role) if role else name
    _ = laid.words.gettext
    sentences = (
        (_("The matcher finds who is named; that words are theirs is for a person to confirm."),)
        if names
        else (_("This campaign names no spokespersons."),)
    )
    return Section(
        "spokespersons",
        _("Spokespersons"),
        sentences,
        tuple(_carried_tables(laid, "spokesperson", _("Spokesperson"), names, carried)) if names else (),
        _quotes(laid, names, carried, laid.snapshot.spokespersons),
    )


def _carried_tables(
    laid: Laid, key: str, head: str, names: Mapping[str, str], carried: Carried
) -> Iterable[ReportTable]:
    _ = laid.words.gettext
    titles = {
        "message": {
            "confirmed": _("Key messages, confirmed by people"),
            "proposed": _("Key messages, proposed by the matcher"),
        },
        "spokesperson": {
            "confirmed": _("Spokespersons quoted, confirmed by people"),
            "proposed": _("Spokespersons named, proposed by the matcher"),
        },
    }[key]
    every = {"confirmed": carried.confirmed, "proposed": carried.proposed}
    for kind, title in titles.items():
        rows = []
        for one in carried.rows:
            members = one.confirmed if kind == "confirmed" else one.proposed
            rows.append(
                Row(
                    (
                        names[one.id],
                        len(members),
                        len(members) / carried.items if carried.items else None,
                        None,
                    ),
                    laid.numbers(members),
                    laid.is_at_least,
                    {**COUNTED, f"{key} {one.id}": mark("said", kind)},
                )
            )
        total = every[kind]
        yield ReportTable(
            key=f"{key}s-{kind}",
            title=title,
            columns=(
                Column(key, head),
                Column("items", _("Items"), "number", do_not_add=True),
                Column("share", _("Share of counted items"), "share", do_not_add=True),
                laid.clips_column(),
            ),
            rows=tuple(rows),
            total=Row(
                (
                    _("At least one, each item once")
                    if kind == "confirmed"
                    else _("At least one, and none confirmed; each item once"),
                    len(total),
                    len(total) / carried.items if carried.items else None,
                    None,
                ),
                laid.numbers(total),
                laid.is_at_least,
                {**COUNTED, key: mark("any", kind)},
            ),
            counted="items",
        )


def _quotes(
    laid: Laid, names: Mapping[str, str], carried: Carried, found: Mapping[str, Sequence[QuotedItem]]
) -> tuple[tuple[str, tuple[Quote, ...]], ...]:
    """Under each message (or person) what is confirmed and what is proposed, apart."""
    _, own = laid.words.gettext, SPOKEN[laid.words.language]
    headed = []
    for row in carried.rows:
        passages = {one.item: one.passages for one in found.get(row.id, ())}
        for members, word, is_confirmed in (
            (row.confirmed, _("confirmed"), True),
            (row.proposed, _("proposed by the matcher"), False),
        ):
            quotable = [laid.coverage.item(key) for key in members if passages.get(key)]
            quotes = [
                Quote(
                    clip=laid.clips[key].number,
                    outlet=laid.outlet(laid.coverage.item(key)),
                    tag=laid.coverage.item(key).tag,
                    parts=one.parts,
                    is_confirmed=is_confirmed,
                )
                for key in choose_quoted(quotable, QUOTED, own)
                for one in passages[key]
            ]
            if quotes:
                headed.append((f"{names[row.id]} · {word}", tuple(quotes)))
    return tuple(headed)
