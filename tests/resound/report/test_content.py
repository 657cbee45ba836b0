"""What a report says: the numbers of the demo, what may not be added, what is at least, in three languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

pytest.importorskip("altair", reason='reports need packages: pip install "resound[report]"')

from resound.coverage.coded import Coded, Said
from resound.coverage.model import Watch
from resound.report.content.named import mark
from resound.report.formulas import asked, read_marks, write_spans
from resound.report.making import hash_report
from resound.report.shown import tags_of_texts
from resound.report.tables import Report, ReportTable
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.snapshots.model import Clip, Snapshot, SourceWatch
from resound.snapshots.opened import coverage_of
from resound.source import Names
from resound.words import words
from tests.resound.report.frozen import (
    AT,
    column,
    every_row,
    freeze_demo,
    report_of,
    section,
    tables,
    with_clips,
)

SECTIONS = [
    "summary",
    "method",
    "counts",
    "time",
    "outlets",
    "tone",
    "prominence",
    "themes",
    "messages",
    "spokespersons",
    "voice",
    "stories",
    "clip-book",
    "reconciliation",
    "watch",
    "leads",
    "excluded",
]
GAPLESS = "1 Sept 2014 to 30 Nov 2014: 30 items"


@pytest.fixture(scope="module")
def demo(demo_folder: Path) -> Snapshot:
    return freeze_demo(demo_folder)


@pytest.fixture(scope="module")
def english(demo: Snapshot) -> Report:
    return report_of(demo)


def coded_by_two(snapshot: Snapshot) -> Snapshot:
    """The first six counted clips have a tone: four read in the original, two in translation; three coded twice."""
    tones = ("positive", "neutral", "negative", "positive", "neutral", "positive")

    def code(clip: Clip) -> Clip:
        if clip.standing != "counted" or clip.number > 6:
            return clip
        tone = tones[clip.number - 1]
        said = [Said("hana", tone, 1)]
        if clip.number <= 3:
            said.append(Said("linh", "positive" if clip.number == 2 else tone, 2))
        coded = replace(
            clip.coded,
            tone=tone,  # type: ignore[arg-type]
            basis="original" if clip.number <= 4 else "translation",
            codings={"tone": tuple(said)},
        )
        return replace(clip, coded=coded)

    return with_clips(snapshot, code)


def test_the_numbers_are_those_of_the_demo(english: Report) -> None:
    found = tables(english)
    assert [one.key for one in english.sections] == SECTIONS
    assert found["four-counts"].rows[0].cells[1:5] == (30, 17, 19, 16)
    beside = dict(zip(column(found["beside"], "standing"), column(found["beside"], "items"), strict=True))
    assert beside["Not reviewed yet"] == 2
    assert (beside["Owned or partner"], beside["Release, word for word"]) == (2, 1)
    assert (beside["Outlet not known yet"], beside["Date not certain"], beside["Leads"]) == (1, 1, 2)
    by_language = found["by-language"]
    assert column(by_language, "language") == ["Chinese", "English", "Vietnamese", "Thai"]
    assert column(by_language, "items") == [16, 5, 8, 1]
    assert by_language.total is not None
    assert by_language.total.cells[1:5] == (30, 17, 19, 16)
    assert sum(column(found["by-medium"], "items")) == 30  # type: ignore[arg-type]
    assert sum(column(found["crossed"], "items")) == 30  # type: ignore[arg-type]
    assert len(found["clips"].rows) == len(english.clips) == 36
    assert [row.cells[0] for row in found["clips"].rows] == list(range(1, 37))
    assert column(found["leads"], "lead") == [1, 2]
    assert "greenlife.blog.example" in column(found["provisional"], "outlet")


def test_a_language_of_its_own_has_its_own_row(demo: Snapshot) -> None:
    counted = [one for one in demo.clips if one.standing == "counted"]
    keys = {counted[0].facts.item: "ja", counted[1].facts.item: "km"}

    def speak(clip: Clip) -> Clip:
        tag = keys.get(clip.facts.item)
        return clip if tag is None else replace(clip, facts=replace(clip.facts, language="other", tag=tag))

    table = tables(report_of(with_clips(demo, speak)))["by-language"]
    spoken = dict(zip(column(table, "language"), column(table, "items"), strict=True))
    assert (spoken["Japanese"], spoken["Khmer"], spoken["Thai"]) == (1, 1, 1)
    assert sum(spoken.values()) == 30  # type: ignore[arg-type]


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_every_number_of_items_names_its_clips(demo: Snapshot, language: UiLanguage) -> None:
    """Each is the number of clips that the row lists, and of those that the clip list finds by the row's marks."""
    report = report_of(coded_by_two(demo), language)
    found = tables(report)
    marks = read_marks(found["clips"], "clips")
    checked = 0
    for table in found.values():
        for row in every_row(table):
            assert len(row.cells) == len(table.columns)
            for at, one in enumerate(table.columns):
                wanted = asked(table, one, row)
                if wanted:
                    assert row.cells[at] == marks.count(wanted), (table.key, row.cells, wanted)
                    checked += 1
                if wanted and one.key == table.counted:
                    assert row.cells[at] == len(row.members)
    assert checked > 150


def test_what_does_not_add_up_says_so(english: Report) -> None:
    """Wherever the rows of a number do not sum to the total, its column is marked."""
    seen = set()
    for table in tables(english).values():
        if table.total is None:
            continue
        for at, one in enumerate(table.columns):
            cells = [row.cells[at] for row in table.rows]
            whole = table.total.cells[at]
            if one.kind != "number" or not isinstance(whole, int):
                continue
            if any(not isinstance(cell, int) for cell in cells):
                continue
            if sum(cells) != whole:  # type: ignore[arg-type]
                assert one.do_not_add, (table.key, one.key)
                seen.add((table.key, one.key))
    assert ("by-language", "stories") in seen
    assert ("themes", "items") in seen
    stories = next(one for one in tables(english)["by-country"].columns if one.key == "stories")
    assert stories.do_not_add


def fully_read(snapshot: Snapshot) -> Snapshot:
    """The same, had every source been read on every day, and every outlet by machine."""
    counted = {
        (one.facts.outlet, one.facts.medium): one.facts for one in snapshot.clips if one.standing == "counted"
    }
    read = {(one.watch.source, one.watch.medium) for one in snapshot.watch}
    more = [
        SourceWatch(
            Watch(one.outlet, one.outlet_name, one.country, one.group, one.medium, (one.language,), 91, 91),
            Names(en=one.outlet_name),
        )
        for key, one in counted.items()
        if key not in read
    ]
    whole = [replace(one, watch=replace(one.watch, gaps=())) for one in snapshot.watch]
    return replace(snapshot, watch=(*whole, *more))


def least_cells(table: ReportTable) -> set[str]:
    return {column.key for row in every_row(table) for column in table.columns if row.is_least(column)}


def test_a_row_that_rests_on_a_gap_is_at_least(demo: Snapshot, english: Report) -> None:
    by_language = {row.cells[0]: row.at_least for row in tables(english)["by-language"].rows}
    assert by_language == {"Chinese": True, "English": True, "Vietnamese": True, "Thai": True}
    assert english.summary[0].startswith("1 Sept 2014 to 30 Nov 2014: at least 30 items")
    read = report_of(fully_read(demo))
    assert not any(row.at_least for table in tables(read).values() for row in every_row(table))
    assert read.summary[0].startswith(GAPLESS)
    assert "at least" not in " ".join(read.summary).replace("at least one", "")


def test_lists_in_chinese_are_joined_by_chinese_marks(demo: Snapshot) -> None:
    two = (date(2014, 9, 30), date(2014, 9, 30)), (date(2014, 10, 7), date(2014, 10, 9))
    gaps = replace(demo, watch=tuple(replace(one, watch=replace(one.watch, gaps=two)) for one in demo.watch))
    chinese = report_of(gaps, "zh-Hant")
    assert "2014年9月30日；2014年10月7日至2014年10月9日" in column(tables(chinese)["watch"], "gaps")
    for sentence in chinese.summary:
        assert not re.search(r"[0-9]和|; ", sentence), sentence


def test_nobody_has_coded_and_then_two_have(demo: Snapshot, english: Report) -> None:
    nobody = report_of(with_clips(demo, lambda clip: replace(clip, coded=Coded())))
    bare = tables(nobody)
    assert column(bare["tone-coded"], "items") == [0, 0, 0, 30]
    assert column(bare["tone-coded"], "tone")[-1] == "not coded"
    assert set(column(bare["agreement"], "alpha")) == {"not available (one coder)"}
    assert "Nobody has coded the tone of any item yet." in nobody.summary
    assert column(tables(english)["tone-coded"], "items") == [7, 16, 3, 4], "the demo's own coders"
    demo = with_clips(demo, lambda clip: replace(clip, coded=Coded()))
    coded = report_of(coded_by_two(demo))
    table = tables(coded)["tone-coded"]
    assert dict(zip(column(table, "tone"), column(table, "items"), strict=True)) == {
        "positive": 3,
        "neutral": 2,
        "negative": 1,
        "not coded": 24,
    }
    assert table.total is not None
    assert table.total.cells[:4] == ("All", 30, 4, 2)
    agreement = {row.cells[0]: row.cells[1:] for row in tables(coded)["agreement"].rows}
    alpha, twice, alike = agreement["Tone (three values)"]
    assert isinstance(alpha, float)
    assert alpha == pytest.approx(coverage_of(coded_by_two(demo)).coding.agreement["tone"].alpha, abs=5e-4)
    assert (twice, alike) == (3, 2)
    assert agreement["Prominence"][0] == "not available (one coder)"
    # What a machine proposes stands apart, named and labelled.
    proposed = tables(coded)["tone-proposed"]
    assert any("demo model" in note for note in proposed.notes)
    assert proposed.title.endswith("proposed by a machine")


def test_confirmed_and_proposed_are_never_mixed(demo: Snapshot) -> None:
    message = demo.campaign.messages[0].id
    carrying = [one.item for one in demo.messages[message]]

    def confirm(clip: Clip) -> Clip:
        if clip.facts.item != carrying[0]:
            return clip
        said: Coded = replace(clip.coded, messages={**clip.coded.messages, message: "confirmed"})
        return replace(clip, coded=said)

    report = report_of(with_clips(demo, confirm))
    found = tables(report)
    number = next(one.number for one in demo.clips if one.facts.item == carrying[0])
    assert found["messages-confirmed"].rows[0].members == (number,)
    assert number not in found["messages-proposed"].rows[0].members
    for heading, quotes in section(report, "messages").quotes:
        assert {one.is_confirmed for one in quotes} == {heading.endswith("· confirmed")}
        for quote in quotes:
            clip = next(one for one in report.clips if one.number == quote.clip)
            text = "\n".join((clip.facts.title, clip.lead, *clip.paragraphs))
            assert all(part in text for part, is_marked in quote.parts if is_marked)


def test_the_definitions_are_complete(english: Report) -> None:
    terms = " ".join(map(str, column(tables(english)["definitions"], "term")))
    for term in (
        "Item", "Accepted", "Counted", "Lead", "Story", "Outlet", "Publisher group", "Origin", "Media type", "Window",
        "Prominence", "Tone", "Message pull-through", "Spokesperson", "Share of voice", "Agreement",
    ):  # fmt: skip
        assert term in terms
    method = " ".join(section(english, "method").sentences)
    assert "AVE" in method
    assert "Barcelona Principles" in method
    assert "AMEC" in method
    assert "multipliers" in method
    models = column(tables(english)["models"], "model")
    assert any(str(one).startswith("demo model") for one in models)


@pytest.mark.parametrize("language", ["zh-Hant", "vi"])
def test_it_speaks_the_readers_language(demo: Snapshot, english: Report, language: UiLanguage) -> None:
    report = report_of(demo, language)
    for ours, theirs in zip(report.sections, english.sections, strict=True):
        assert ours.title != theirs.title
        assert not set(ours.sentences) & set(theirs.sentences)
        for table, other in zip(ours.tables, theirs.tables, strict=True):
            assert table.title != other.title
            same = {one.heading for one in table.columns} & {one.heading for one in other.columns}
            assert same <= {"SHA-256", "HTTP"}
            assert not set(table.notes) & set(other.notes)
    # Numbers are the same in every language.
    assert [row.members for row in tables(report)["outlets"].rows] == [
        row.members for row in tables(english)["outlets"].rows
    ]
    # The notes beside the figures are told in it, too.
    notes = coverage_of(demo).figures.notes
    assert words(language).told(notes[0]) in report.summary
    assert words(language).told(notes[0]) != notes[0]


def test_a_chart_has_the_numbers_of_its_table(english: Report) -> None:
    over_time = tables(english)["over-time"]
    assert over_time.chart is not None
    assert [row[-1] for row in over_time.chart.table.rows] == column(over_time, "items")
    outlets = tables(english)["outlets"]
    assert outlets.chart is not None
    shown = outlets.chart.table.rows
    assert [row[1] for row in shown] == column(outlets, "items")[: len(shown)]


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_a_campaign_without_anything_has_its_report(demo: Snapshot, language: UiLanguage) -> None:
    bare = replace(demo, clips=(), leads=(), watch=(), messages={}, spokespersons={}, voice=None)
    report = report_of(bare, language)
    found = tables(report)
    assert found["four-counts"].rows[0].cells[1:5] == (0, 0, 0, 0)
    assert not found["clips"].rows
    assert found["clips"].notes
    assert len(report.summary) == 3, "and that no source is read"
    assert len(column(found["by-language"], "items")) == 3


def test_a_later_report_tells_what_is_different(demo: Snapshot) -> None:
    first = section(report_of(demo), "reconciliation")
    assert first.sentences == ("This is the first report: there is nothing to compare it with.",)
    gone = next(one for one in demo.clips if one.standing == "counted")
    later = replace(
        demo,
        as_of=AT + timedelta(days=7),
        clips=tuple(
            replace(one, standing="rejected", number=0, facts=replace(one.facts, review="rejected"))
            if one is gone
            else one
            for one in demo.clips
        ),
    )
    report = report_of(later, earlier=demo)
    found = tables(report)
    flows = {row.cells[0]: row.cells[1:] for row in found["reconciliation"].rows}
    assert flows["Items"] == (30, 0, 1, 29)
    assert all(before + added - removed == after for before, added, removed, after in flows.values())  # type: ignore[operator]
    (removed,) = [row for row in found["changes"].rows if row.cells[0] == "−"]
    assert gone.facts.title in removed.cells
    assert removed.cells[7]  # and why
    least = least_cells(found["reconciliation"])
    assert least == {"before", "after"}
    read = fully_read(later)
    assert least_cells(tables(report_of(read, earlier=demo))["reconciliation"]) == {"before"}, (
        "each side rests on its own gaps"
    )
    assert not least_cells(tables(report_of(read, earlier=fully_read(demo)))["reconciliation"])
    spoken = section(report_of(later, "vi", demo), "reconciliation")
    assert "bản chốt 1" in spoken.sentences[0].lower()


def test_the_same_snapshot_says_the_same(demo: Snapshot, english: Report) -> None:
    assert hash_report(report_of(demo)) == hash_report(english)
    assert hash_report(report_of(demo, "vi")) != hash_report(english)
    assert hash_report(report_of(replace(demo, leads=demo.leads[:1]))) != hash_report(english)
    assert re.fullmatch(r"[0-9a-f]{64}", hash_report(english))


def test_marks_are_nothing_that_a_spreadsheet_reads_as_something_else() -> None:
    assert mark("outlet", "viet-nam-news") == "outlet:viet-nam-news"
    assert mark("outlet", "host:news.example:8080") == "outlet:host:news.example:8080"
    for odd in ("a*b", "?", "~", ">5", '"', "", "x" * 400, "報", "a b", "\ud800"):
        assert re.fullmatch(r"outlet:#[0-9a-f]{16}", mark("outlet", odd))
    assert mark("outlet", "a*") != mark("outlet", "a?")


def test_numbers_of_clips_as_spans() -> None:
    assert write_spans([]) == ""
    assert write_spans([1, 4, 5, 6, 7, 9, 10]) == "1, 4–7, 9, 10"


def test_a_share_of_voice_that_rests_on_a_gap_is_at_least(demo: Snapshot) -> None:
    assert any(one.watch.gaps for one in demo.watch)
    table = tables(report_of(demo))["voice"]
    assert table.total is not None
    assert all(row.at_least for row in (*table.rows, table.total))
    assert not any(row.at_least for row in tables(report_of(fully_read(demo)))["voice"].rows)


def test_every_item_of_the_share_of_voice_can_be_traced(demo: Snapshot) -> None:
    report = report_of(demo)
    voice, listed = (tables(report)[key] for key in ("voice", "voice-items"))
    assert demo.voice is not None
    assert len(listed.rows) == demo.voice.of == 34
    by_item = {one.item: one for one in demo.voice_items}
    assert set(by_item) == {key for part in demo.voice.parts for key in part.members}
    for which in ("headline", "outlet", "day", "sha256", "url"):
        assert all(column(listed, which)), which
    # Every number is that of the rows that name the subject, and the clips are those of the clip book.
    for row, part in zip(voice.rows, demo.voice.parts, strict=True):
        named = [one for one in listed.rows if str(row.cells[0]) in str(one.cells[0])]
        assert len(named) == row.cells[1] == len(part.members)
        numbers = {one.facts.item: one.number for one in demo.clips}
        assert row.members == tuple(sorted(n for n in map(numbers.get, part.members) if n))
    campaign = voice.rows[0]
    assert len(campaign.members) == 28  # 27 that are counted and a release; a rejected one and two wait
    standings = column(listed, "standing")
    assert (standings.count("Counted"), standings.count("Rejected"), standings.count("Not reviewed yet")) == (
        27,
        1,
        2,
    )
    assert not any("nobody reviewed" in note for note in voice.notes)


def test_an_older_snapshot_says_which_items_of_the_share_of_voice_it_did_not_keep(demo: Snapshot) -> None:
    assert demo.voice is not None
    listed = tables(report_of(replace(demo, voice_items=())))["voice-items"]
    assert len(listed.rows) == demo.voice.of
    known = {one.facts.item for one in demo.clips}
    lost = {key for part in demo.voice.parts for key in part.members if key not in known}
    assert lost
    assert {row.cells[3] for row in listed.rows if row.cells[-1] is None} == lost
    assert any(f"Of {len(lost)} items" in note for note in listed.notes)
    # Whose clip it is needs nothing that the older one did not keep.
    older, newer = (tables(report_of(one))["voice"] for one in (replace(demo, voice_items=()), demo))
    assert (older.rows, older.total) == (newer.rows, newer.total)


def test_headlines_beside_the_clips_keep_their_language(demo: Snapshot) -> None:
    tags = tags_of_texts(report_of(demo))
    assert all(tags[one.title] for one in demo.voice_items)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-Hant", "鄭祖壽（團長）"),
        ("en", "Cheng Tsu-shou (Head of the delegation)"),
        ("vi", "Trịnh Tổ Thọ (Trưởng đoàn)"),
    ],
)
def test_a_spokespersons_function_is_in_the_readers_language(
    demo: Snapshot, language: UiLanguage, said: str
) -> None:
    assert said in column(tables(report_of(demo, language))["spokespersons-confirmed"], "spokesperson")
