"""Charts as Vega-Lite: made once with Altair, used in pages and PDF (SVG) and in mail (PNG).

Every chart has a table beside it with the same numbers. Nothing is said by colour alone: each language has a panel of
its own, each bar its name and its number. The colours are Okabe and Ito's (2008), which colour-blind people can tell
apart; on a dark page their lighter ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import altair as alt
import vl_convert
from babel.dates import format_skeleton

from resound.article import Language
from resound.coverage.breakdown import OutletRow, Period, Series, Split, Unit
from resound.coverage.model import Table
from resound.lines import one_line
from resound.words import Words

FONTS = (
    '"Noto Sans", "Noto Sans TC", "Noto Sans CJK TC", "PingFang TC", "Microsoft JhengHei", "Segoe UI", '
    '"DejaVu Sans", system-ui, sans-serif'
)
PICTURE_FONTS = f'"Noto Sans CJK TC", {FONTS}'
"""What draws PNG looks at the first family it has, and sets the letters that are missing there in any other: so one with
all of them comes first. Browsers and PDF go down the list.
"""
MOST_BARS = 15
"""What more there is stands in the page's own table."""
BLUE, SKY, GREEN, ORANGE, VERMILLION, GREY = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#767676"
_LEFT_FOR_BARS = 180
"""Pixels that long names leave for bars, where there are so many."""
_ON_DARK = {BLUE: SKY, VERMILLION: ORANGE, GREY: "#9AA0A3"}
_LANGUAGE: Mapping[Language, str] = {"zh": VERMILLION, "en": BLUE, "vi": GREEN, "other": GREY}
_TONE = {"positive": BLUE, "neutral": GREY, "negative": VERMILLION}

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """Pixels of the whole picture, and whether it stands on a dark page."""

    width: int = 680
    is_dark: bool = False

    def colour(self, name: str) -> str:
        """One of the palette's, as it can be told from this background."""
        return _ON_DARK.get(name, name) if self.is_dark else name

    @property
    def ink(self) -> str:
        """Words and numbers."""
        return "#e8e8e3" if self.is_dark else "#1d2326"

    @property
    def line(self) -> str:
        """Axes and grid."""
        return "#4a5458" if self.is_dark else "#c9c8c1"

    @property
    def paper(self) -> str:
        """The background."""
        return "#1c2225" if self.is_dark else "#ffffff"


@dataclass(frozen=True, slots=True)
class ChartTable:
    """The numbers of a chart: a heading for each column, and rows whose first cell is their name."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture that is drawn when it is asked for, with the table that stands beside it. `height`: about so many pixels."""

    title: str
    table: ChartTable
    height: int
    draw: Callable[[], Spec]

    @property
    def spec(self) -> Spec:
        """The Vega-Lite specification."""
        return self.draw()


@dataclass(frozen=True, slots=True)
class Bar:
    """`number` is drawn; `text` stands at its end (`12` or `41 % (12)`)."""

    name: str
    number: int
    text: str
    colour: str = BLUE


def to_svg(spec: Spec) -> str:
    """The picture, for pages and PDF. The same specification gives the same bytes; nothing is fetched."""
    return _svg(_written(spec))


def to_png(spec: Spec, *, scale: float = 2.0) -> bytes:
    """The picture for mail and workbooks. The same specification gives the same bytes on a machine with the same fonts."""
    dressed = {**spec, "config": {**spec.get("config", {}), "font": PICTURE_FONTS}}
    return _png(_written(dressed), scale)


def _written(spec: Spec) -> str:
    return json.dumps(spec, ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=256)
def _svg(written: str) -> str:
    return vl_convert.vegalite_to_svg(json.loads(written), allowed_base_urls=[])


@lru_cache(maxsize=32)
def _png(written: str, scale: float) -> bytes:
    return vl_convert.vegalite_to_png(json.loads(written), scale=scale, allowed_base_urls=[])


def chart_series(series: Series, words: Words, look: Look) -> Chart:
    """Items over time: a panel for each language that has any, one above the other, on one scale."""
    spoken = series.spoken
    labels = [period_label(one, series.unit, words) for one in series.periods]
    counts = {name: [series.count(name, at) for at in range(len(labels))] for name in spoken}
    names = {name: words.language_name(name) for name in spoken}
    head = {"day": words.gettext("Day"), "week": words.gettext("Week from"), "month": words.gettext("Month")}
    rows: list[tuple[str | int, ...]] = []
    for at, label in enumerate(labels):
        numbers = [some[at] for some in counts.values()]
        rows.append((label, *numbers, sum(numbers)))
    return Chart(
        title=words.gettext("Items over time, by language"),
        table=ChartTable((head[series.unit], *names.values(), words.gettext("All")), tuple(rows)),
        height=len(spoken) * 86 + 28,
        draw=partial(_draw_panels, labels, counts, names, look),
    )


def _draw_panels(
    labels: Sequence[str], counts: Mapping[Language, Sequence[int]], names: Mapping[Language, str], look: Look
) -> Spec:
    values = [
        {"period": label, "language": names[name], "items": number}
        for name, some in counts.items()
        for label, number in zip(labels, some, strict=True)
    ]
    most = max((number for some in counts.values() for number in some), default=0)
    x = alt.X(
        "period:O",
        sort=list(labels),
        title=None,
        axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=8, ticks=False),
    )
    y = alt.Y(
        "items:Q",
        title=None,
        scale=alt.Scale(domain=[0, max(1, most) * 1.25], nice=False),
        axis=alt.Axis(tickMinStep=1, tickCount=3, format="d", ticks=False),
    )
    inner = look.width - 14 - 7 * len(str(most))  # beside the axis's numbers
    panels = []
    for number, name in enumerate(counts, 1):
        base = (
            alt.Chart(title=alt.Title(names[name], anchor="start", offset=2))
            .transform_filter(f"datum.language === {json.dumps(names[name])}")
            .encode(x=x if number == len(counts) else x.axis(None), y=y)
        )
        layers: list[alt.Chart] = [base.mark_bar(color=look.colour(_LANGUAGE[name]))]
        if len(labels) * 18 <= look.width:  # else the numbers would lie over each other
            shown = base.mark_text(dy=-6, color=look.ink).encode(text="items:Q")
            layers.append(shown.transform_filter("datum.items > 0"))
        panels.append(alt.layer(*layers).properties(width=inner, height=64))
    return _dressed(alt.vconcat(*panels, data=alt.InlineData(values=values), spacing=6), look)


def period_label(period: Period, unit: Unit, words: Words) -> str:
    """`6 Oct`, `10月6日`; a month with its year."""
    return format_skeleton("yMMM" if unit == "month" else "MMMd", period.first, locale=words.locale)


def chart_outlets(rows: Sequence[OutletRow], names: Mapping[str, str], words: Words, look: Look) -> Chart:
    """The counted outlets with most items. `names`: as the reader calls them."""
    counted = [one for one in rows if not one.provisional][:MOST_BARS]
    bars = [
        Bar(
            names.get(one.outlet, one.name),
            len(one.members),
            words.counted(len(one.members), at_least=one.at_least),
        )
        for one in counted
    ]
    return _chart_bars(words.gettext("Outlets with most items"), words.gettext("Outlet"), bars, words, look)


def chart_countries(table: Table, words: Words, look: Look) -> Chart:
    """Where the outlets of the counted items are."""
    bars = [
        Bar(
            words.country_name(one.value),
            one.counts.items,
            words.counted(one.counts.items, at_least=one.at_least),
        )
        for one in table.rows
    ]
    return _chart_bars(
        words.gettext("Items by country"), words.gettext("Country"), bars[:MOST_BARS], words, look
    )


def chart_tone(split: Split, words: Words, look: Look) -> Chart:
    """The three tones, with shares of the items that have one."""
    names = {
        "positive": words.gettext("positive"),
        "neutral": words.gettext("neutral"),
        "negative": words.gettext("negative"),
    }
    bars = _shares(split, names, words, _TONE)
    return _chart_bars(words.gettext("Items by tone"), words.gettext("Tone"), bars, words, look)


def chart_topics(split: Split, names: Mapping[str, str], words: Words, look: Look) -> Chart:
    """The themes with most items. `names`: as the reader calls them."""
    bars = _shares(split, names, words, {})
    return _chart_bars(words.gettext("Items by theme"), words.gettext("Theme"), bars[:MOST_BARS], words, look)


def chart_voice(split: Split, names: Mapping[str, str], words: Words, look: Look) -> Chart:
    """The campaign, and what it is set beside."""
    colours = {one.value: GREY for one in split.parts[1:]}
    bars = _shares(split, names, words, colours)
    return _chart_bars(words.gettext("Share of voice"), words.gettext("Subject"), bars, words, look)


def _shares(split: Split, names: Mapping[str, str], words: Words, colours: Mapping[str, str]) -> list[Bar]:
    return [
        Bar(
            names.get(one.value, one.value),
            len(one.members),
            f"{words.percent(one.share)} ({words.number(len(one.members))})",
            colours.get(one.value, BLUE),
        )
        for one in split.parts
    ]


def _chart_bars(title: str, head: str, bars: Sequence[Bar], words: Words, look: Look) -> Chart:
    table = ChartTable((head, words.gettext("Items")), tuple((one.name, one.number) for one in bars))
    return Chart(title, table, len(bars) * 26 + 8, partial(_draw_bars, bars, look))


def _draw_bars(bars: Sequence[Bar], look: Look) -> Spec:
    """Lying bars: the name before, the number behind each; so there is no axis to read it off."""
    values = [
        {
            "name": one.name,
            "order": at,
            "items": one.number,
            "text": one.text,
            "colour": look.colour(one.colour),
        }
        for at, one in enumerate(bars)
    ]
    most = max((one.number for one in bars), default=0)
    texts = max((_width(one.text) for one in bars), default=0)
    most_named = max(look.width * 0.4, look.width - texts - _LEFT_FOR_BARS)  # else names are cut off
    names = min(most_named, max((_width(one_line(one.name)) for one in bars), default=0))
    drawn_on = look.width - names - 20
    room = drawn_on / (drawn_on - 5 - texts)
    base = alt.Chart(alt.InlineData(values=values)).encode(
        # By its place: two outlets may have one name.
        y=alt.Y(
            "order:O",
            title=None,
            axis=alt.Axis(
                labelExpr=f"{json.dumps([one_line(one.name) for one in bars], ensure_ascii=False)}[datum.value]",
                labelLimit=int(most_named),
                ticks=False,
                domain=False,
            ),
        ),
        x=alt.X(
            "items:Q", title=None, axis=None, scale=alt.Scale(domain=[0, max(1, most) * room], nice=False)
        ),
    )
    drawn = alt.layer(
        base.mark_bar(height={"band": 0.72}).encode(color=alt.Color("colour:N", scale=None)),
        base.mark_text(align="left", dx=5, color=look.ink).encode(text="text:N"),
    ).properties(
        width=look.width, height=alt.Step(26), autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
    return _dressed(drawn, look)


def _width(text: str) -> float:
    """About how many pixels a text takes in the charts' letters."""
    return sum(12.5 if char > "\u2e80" else 7.2 for char in text)


def _dressed(drawn: Any, look: Look) -> Spec:
    spec: Spec = drawn.configure(
        font=FONTS,
        background=look.paper,
        padding=4,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=look.ink, labelFontSize=12, gridColor=look.line, domainColor=look.line, labelPadding=6
        ),
        title=alt.TitleConfig(color=look.ink, fontSize=13),
        text=alt.MarkConfig(fontSize=12),
    ).to_dict()
    return spec
