"""Charts: the numbers of a picture are those of its table, and a picture is always the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest

pytest.importorskip("altair", reason='charts need packages: pip install "resound[web]"')

from resound.coverage.breakdown import OutletRow, Part, Reading, Split, series_over_time, split_tone
from resound.coverage.charts import (
    MOST_BARS,
    Chart,
    Look,
    chart_countries,
    chart_outlets,
    chart_series,
    chart_tone,
    chart_topics,
    chart_voice,
    to_png,
    to_svg,
)
from resound.coverage.counting import count
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.words import words
from tests.resound.coverage.test_breakdown import NOW, item

ITEMS = [
    item(1, day=date(2014, 9, 2), language="zh"),
    item(2, day=date(2014, 9, 2), language="vi", outlet="b", country="TW"),
    item(3, day=date(2014, 10, 20), language="vi", outlet="b", country="TW"),
]
OUTLET = OutletRow("a", "A", "G", "VN", False, ("1",), 1, ("en",), ("online",), None, None, False)
TOPICS = Split((Part("waste", ("1", "2"), 1.0), Part("energy", ("1",), 0.5)), 2, overlaps=True)
VOICE = Split((Part("c", ("1",), 0.25), Part("japan", ("2", "3", "4"), 0.75)), 4, overlaps=True)


def charts(language: UiLanguage, look: Look = Look()) -> dict[str, Chart]:  # noqa: B008 (frozen)
    spoken = words(language)
    read = {"v1": Reading(("positive",), "m"), "v2": Reading(("negative",), "m")}
    figures = count(ITEMS, campaign="c", as_of=NOW)
    series = series_over_time(ITEMS, first=date(2014, 9, 1), last=date(2014, 11, 30))
    outlets = [
        replace(OUTLET, outlet=f"o{n}", name=f"報 {n}", members=tuple("x" * (20 - n))) for n in range(18)
    ]
    return {
        "series": chart_series(series, spoken, look),
        "outlets": chart_outlets([*outlets, replace(OUTLET, provisional=True)], {"o0": "Báo"}, spoken, look),
        "countries": chart_countries(figures.tables["country"], spoken, look),
        "tone": chart_tone(split_tone(ITEMS, read), spoken, look),
        "topics": chart_topics(TOPICS, {"waste": "Rác thải"}, spoken, look),
        "voice": chart_voice(VOICE, {"c": "綠耕隊", "japan": "日本"}, spoken, look),
    }


def values(chart: Chart) -> list[dict[str, Any]]:
    (found,) = chart.spec["datasets"].values()
    return list(found)


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_the_numbers_of_a_picture_are_those_of_its_table(language: UiLanguage) -> None:
    for name, chart in charts(language).items():
        drawn = values(chart)
        if name == "series":
            at = {label: row for label, *row in chart.table.rows}
            columns = chart.table.columns[1:-1]
            assert {(one["period"], one["language"], one["items"]) for one in drawn} == {
                (label, column, number)
                for label, row in at.items()
                for column, number in zip(columns, row, strict=False)
            }
            assert all(sum(row[:-1]) == row[-1] for row in at.values())
        else:
            assert [(one["name"], one["items"]) for one in drawn] == list(chart.table.rows)
        assert len(drawn) > 0


def test_each_language_has_a_panel_and_every_bar_its_number() -> None:
    made = charts("vi")
    svg = to_svg(made["series"].spec)
    assert "Tiếng Trung" in svg
    assert "Tiếng Việt" in svg
    assert "Tiếng Anh" not in svg  # no item in it
    assert "75% (3)" in to_svg(made["voice"].spec)
    assert len(made["outlets"].table.rows) == MOST_BARS
    assert made["outlets"].table.rows[:2] == (("Báo", 20), ("報 1", 19))


def test_a_picture_is_always_the_same() -> None:
    for first, second in zip(charts("zh-Hant").values(), charts("zh-Hant").values(), strict=True):
        assert first.spec == second.spec
    spec = charts("zh-Hant")["topics"].spec
    assert to_svg(spec) == to_svg(json.loads(json.dumps(spec)))
    from resound.coverage import charts as module

    before = to_svg(spec), to_png(spec)
    module._svg.cache_clear()
    module._png.cache_clear()
    assert (to_svg(spec), to_png(spec)) == before
    assert before[1].startswith(b"\x89PNG")


@pytest.mark.parametrize("width", [340, 680])
def test_a_picture_is_as_wide_as_it_was_asked_for(width: int) -> None:
    for name, chart in charts("en", Look(width)).items():
        root = ElementTree.fromstring(to_svg(chart.spec))
        assert abs(float(root.attrib["width"]) - width) <= 12, name
        assert abs(float(root.attrib["height"]) - chart.height) <= 12, name


def test_a_long_name_is_whole_where_there_is_room() -> None:
    name = "Đội Xanh Tuần hoàn Tài nguyên APO COE GP tại Việt Nam, 2014"
    chart = chart_voice(VOICE, {"c": name, "japan": "Nhật"}, words("vi"), Look())
    root = ElementTree.fromstring(to_svg(chart.spec))
    assert name in [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert abs(float(root.attrib["width"]) - 680) <= 12


def test_a_dark_page_has_light_letters() -> None:
    svg = to_svg(charts("en", Look(is_dark=True))["tone"].spec)
    assert 'fill="#e8e8e3"' in svg
    assert 'fill="#1c2225"' in svg


def test_foreign_names_are_text_in_a_picture() -> None:
    hostile = "</text><script>alert(1)</script>\"'}]); \\u2028 datum.x"
    rows = [replace(OUTLET, name=hostile), replace(OUTLET, name="A"), replace(OUTLET, name="A")]
    chart = chart_outlets(rows, {}, words("en"), Look(2000))
    root = ElementTree.fromstring(to_svg(chart.spec))
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert hostile in texts
    assert texts.count("A") == 2
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_nothing_to_draw_is_drawn_too() -> None:
    spoken, look = words("en"), Look()
    empty = series_over_time([], first=date(2014, 9, 1), last=date(2014, 9, 3))
    made = [
        chart_series(empty, spoken, look),
        chart_outlets([], {}, spoken, look),
        chart_tone(split_tone([], {}), spoken, look),
        chart_voice(Split((), 0), {}, spoken, look),
    ]
    assert all(to_svg(one.spec).startswith("<svg") for one in made)
