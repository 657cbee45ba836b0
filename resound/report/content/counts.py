"""The four counts by language, country, medium and origin; over time; by outlet and by publisher group."""

from __future__ import annotations

from collections.abc import Mapping

from resound.coverage.charts import Look, chart_countries, chart_outlets, chart_series
from resound.coverage.model import NOT_CODED, Dimension, ItemFacts
from resound.report.content.laid import COUNTED, Laid, language_mark
from resound.report.content.named import mark
from resound.report.tables import Column, ReportTable, Row, Section
from resound.texts import N_

_BY: Mapping[Dimension, tuple[str, str]] = {
    "language": (N_("By language"), N_("Language")),
    "country": (N_("By country"), N_("Country")),
    "medium": (N_("By media type"), N_("Media type")),
    "origin": (N_("By origin"), N_("Origin")),
}
_LOOK = Look()


def lay_counts(laid: Laid) -> Section:
    """A table for each of the four dimensions, and one of all of them crossed."""
    _ = laid.words.gettext
    tables = [_by_language(laid), *(_by(laid, name) for name in ("country", "medium", "origin"))]
    return Section(
        "counts",
        _("The four counts"),
        sentences=(
            _(
                "“Do not add”: a story, outlet or publisher may stand in several rows. The last row counts each once."
            ),
            _(
                "≥ means “at least”: a source that bears on the row was not read on every day, or is not read by machine."
            ),
            *map(laid.words.told, laid.coverage.figures.notes),
        ),
        tables=(*tables, _crossed(laid)),
    )


def _by(laid: Laid, by: Dimension) -> ReportTable:
    table = laid.coverage.figures.tables[by]
    title, head = _BY[by]
    names = {
        "country": laid.country,
        "medium": laid.medium,
        "origin": laid.origin,
    }
    rows = [
        laid.four_row(
            (names[by](row.value),),
            map(laid.coverage.item, row.members),
            where={by: mark(by, row.value or "none")},
            at_least=row.at_least,
        )
        for row in table.rows
    ]
    return _table(
        laid, f"by-{by}", title, (Column(by, laid.words.gettext(head)),), rows, table.do_not_add, by
    )


def _by_language(laid: Laid) -> ReportTable:
    """Chinese, English and Vietnamese always; every other language in a row of its own."""
    table = laid.coverage.figures.tables["language"]
    title, head = _BY["language"]
    rows = []
    for row in table.rows:
        inside = [laid.coverage.item(key) for key in row.members]
        tags = sorted({one.tag for one in inside}) if row.value == "other" else [row.value]
        rows += [
            laid.four_row(
                (laid.words.language_name(tag),),
                [one for one in inside if row.value != "other" or one.tag == tag],
                where={"language": mark("language", tag)},
                at_least=row.at_least,
            )
            for tag in tags
        ]
    columns = (Column("language", laid.words.gettext(head)),)
    return _table(laid, "by-language", title, columns, rows, table.do_not_add, "language")


def _crossed(laid: Laid) -> ReportTable:
    members: dict[tuple[str, str, str, str], list[ItemFacts]] = {}
    for one in laid.counted:
        spoken = one.tag if one.language == "other" else one.language
        members.setdefault((spoken, one.country, one.medium, one.origin or NOT_CODED), []).append(one)
    words = laid.words
    rows = []
    for (spoken, country, medium, origin), inside in sorted(
        members.items(), key=lambda pair: (-len(pair[1]), pair[0])
    ):
        gaps = any(
            watch.gaps
            and watch.country == country
            and watch.medium == medium
            and inside[0].language in watch.languages
            for watch in laid.coverage.figures.watch
        )
        rows.append(
            laid.four_row(
                (
                    words.language_name(spoken),
                    laid.country(country),
                    laid.medium(medium),
                    laid.origin(origin),
                ),
                inside,
                where={
                    "language": language_mark(inside[0]),
                    "country": mark("country", country or "none"),
                    "medium": mark("medium", medium),
                    "origin": mark("origin", origin),
                },
                at_least=gaps,
            )
        )
    columns = tuple(Column(by, words.gettext(head)) for by, (_, head) in _BY.items())
    overlapping = ("stories", "outlets", "groups")
    return _table(
        laid, "crossed", N_("By language, country, media type and origin"), columns, rows, overlapping, None
    )


def _table(
    laid: Laid,
    key: str,
    title: str,
    columns: tuple[Column, ...],
    rows: list[Row],
    do_not_add: tuple[str, ...],
    charted: Dimension | None,
) -> ReportTable:
    countries = laid.coverage.figures.tables["country"]
    return ReportTable(
        key=key,
        title=laid.words.gettext(title),
        columns=laid.four_columns(do_not_add, *columns),
        rows=tuple(rows),
        total=laid.total_row(len(columns)),
        counted="items",
        notes=() if laid.counted else (laid.words.gettext("Nothing is counted yet."),),
        chart=chart_countries(countries, laid.words, _LOOK)
        if charted == "country" and len(countries.rows) > 1
        else None,
    )


def lay_time(laid: Laid) -> Section:
    """Items by period and language: a table, and a chart of the same numbers."""
    _, series = laid.words.gettext, laid.coverage.series
    unit = {
        "day": _("by day"),
        "week": _("by week, from Monday to Sunday"),
        "month": _("by month"),
    }[series.unit]
    spoken = [
        name
        for name in series.members
        if name != "other" or any(series.count(name, at) for at in range(len(series.periods)))
    ]
    rows = []
    for at, period in enumerate(series.periods):
        rows.append(
            Row(
                (
                    period.first,
                    period.last,
                    *(series.count(name, at) for name in spoken),
                    series.total(at),
                    None,
                ),
                laid.numbers(item for name in spoken for item in series.members[name][at]),
                period.at_least,
                {**COUNTED, "period": mark("period", str(at + 1))},
                frozenset(name for name in spoken if name not in period.least_in),
            )
        )
    shown = [item for some in series.members.values() for items in some for item in items]
    sums = [sum(map(len, series.members[name])) for name in spoken]
    table = ReportTable(
        key="over-time",
        title=_("Items over time, by language"),
        columns=(
            Column("first", _("First day"), "day"),
            Column("last", _("Last day"), "day"),
            *(
                Column(name, laid.words.language_name(name), "number", where={"class": mark("class", name)})
                for name in spoken
            ),
            Column("items", _("Items"), "number"),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (_("All"), None, *sums, sum(sums), None),
            laid.numbers(shown),
            laid.is_at_least,
            {**COUNTED, "timed": mark("timed", "yes")},
            frozenset(row.value for row in laid.coverage.figures.tables["language"].rows if not row.at_least),
        ),
        counted="items",
        chart=chart_series(series, laid.words, _LOOK) if series.periods else None,
    )
    sentence = laid.gettext("Items by language, %(unit)s, in the outlets' own calendars", unit=unit)
    return Section("time", _("Coverage over time"), (sentence,), (table,))


def lay_outlets(laid: Laid) -> Section:
    """Every counted outlet with what it carried, and the publisher groups."""
    _ = laid.words.gettext
    counted = [one for one in laid.coverage.outlets if not one.provisional]
    names = {one.outlet: laid.outlet(laid.coverage.item(one.members[0])) for one in counted}
    spoken = laid.words.enumerate
    rows = [
        Row(
            (
                names[one.outlet],
                one.group_name,
                laid.country(one.country),
                spoken(map(laid.medium, one.media)),
                spoken(map(laid.words.language_name, one.languages)),
                one.first,
                one.last,
                len(one.members),
                one.stories,
                None,
            ),
            laid.numbers(one.members),
            one.at_least,
            {**COUNTED, "outlet": mark("outlet", one.outlet)},
        )
        for one in counted
    ]
    four = laid.coverage.figures.counts
    every = laid.numbers(one.item for one in laid.counted)
    outlets = ReportTable(
        key="outlets",
        title=_("Outlets"),
        columns=(
            Column("outlet", _("Outlet")),
            Column("group", _("Publisher group")),
            Column("country", _("Country")),
            Column("medium", _("Media type")),
            Column("languages", _("Languages")),
            Column("first", _("First day"), "day"),
            Column("last", _("Last day"), "day"),
            Column("items", _("Items"), "number"),
            Column("stories", _("Stories"), "number", do_not_add=True),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (_("All, each once"), *[None] * 6, four.items, four.stories, None),
            every,
            laid.is_at_least,
            COUNTED,
        ),
        counted="items",
        chart=chart_outlets(laid.coverage.outlets, names, laid.words, _LOOK) if counted else None,
        notes=() if counted else (_("Nothing is counted yet."),),
    )
    return Section(
        "outlets",
        _("Outlets and publisher groups"),
        (_("An outlet's language editions are one outlet; outlets with one owner are one publisher group."),),
        (outlets, _groups(laid)),
    )


def _groups(laid: Laid) -> ReportTable:
    _, table = laid.words.gettext, laid.coverage.figures.tables["group"]
    rows = []
    for row in table.rows:
        inside = [laid.coverage.item(key) for key in row.members]
        outlets = dict.fromkeys(laid.outlet(one) for one in inside)
        rows.append(
            Row(
                (
                    row.label,
                    row.counts.outlets,
                    laid.words.enumerate(outlets),
                    row.counts.items,
                    row.counts.stories,
                    None,
                ),
                laid.numbers(row.members),
                row.at_least,
                {**COUNTED, "group": mark("group", row.value)},
            )
        )
    four = table.total
    return ReportTable(
        key="groups",
        title=_("Publisher groups"),
        columns=(
            Column("group", _("Publisher group")),
            Column("outlets", _("Outlets"), "number"),
            Column("names", _("Their names")),
            Column("items", _("Items"), "number"),
            Column("stories", _("Stories"), "number", do_not_add=True),
            laid.clips_column(),
        ),
        rows=tuple(rows),
        total=Row(
            (_("All, each once"), four.outlets, None, four.items, four.stories, None),
            laid.numbers(one.item for one in laid.counted),
            laid.is_at_least,
            COUNTED,
        ),
        counted="items",
    )
