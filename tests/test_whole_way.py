"""The demo newsroom from its feeds to counted, searchable clips, through the command line."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import demo
from tests.whole_way import ask, command, content, integrity

CAMPAIGN = "apo-coe-gp-vietnam-2014"


@pytest.fixture
def folder(demo_folder: Path) -> Path:
    """A data folder with the demo in it. Tests that change something work on a copy."""
    return demo_folder


@pytest.fixture
def copied(demo_copy: Path) -> Path:
    return demo_copy


@pytest.fixture(scope="module")
def gold() -> Any:
    return json.loads(demo.GOLD.read_text(encoding="utf-8"))


def test_counts_equal_what_was_counted_by_hand(folder: Path, gold: Any) -> None:
    printed = json.loads((folder.parent / "first.json").read_text(encoding="utf-8"))
    assert printed["counts"] == gold["counts"]
    assert printed["by_language"] == gold["by_language"]
    figures = ask(folder, "counts", CAMPAIGN)
    assert figures["counts"] == gold["counts"]
    beside = {name: figures["beside"][name] for name in gold["beside"]}
    assert beside == gold["beside"]


def test_each_item_stands_where_the_gold_says(folder: Path, gold: Any) -> None:
    figures = ask(folder, "counts", CAMPAIGN)
    by_url = {one["url"]: one["standing"] for one in figures["items"].values()}
    counted = {url for url, kind in by_url.items() if kind == "counted"}
    clips = {url for url in counted if url.startswith("clip:")}
    assert counted - clips == {url for url in gold["items"] if "://" in url}
    stands = {url: kind for url, kind in by_url.items() if kind != "counted" and url in gold["not_counted"]}
    assert stands == {url: kind for url, kind in gold["not_counted"].items() if url in by_url}
    # what the gold names and no figure lists is neither matched nor decided
    silent = {url: kind for url, kind in gold["not_counted"].items() if url not in by_url}
    assert set(silent.values()) <= {"not-matched", "lead", "aggregator-copy", "same-item", "not-fetched"}, (
        silent
    )


def test_a_second_run_adds_nothing(copied: Path, gold: Any) -> None:
    before = content(copied)
    again = ask(copied, "demo")
    assert again["counts"] == gold["counts"]
    assert content(copied) == before
    assert integrity(copied) == "ok"


@pytest.mark.parametrize(
    "query",
    [
        "綠耕隊",
        "绿耕队",
        "綠",
        "EPR",
        "rac thai",
        "rác thải",
        '"Ngô Quý Việt" NEAR/5 STAMEQ',
        "title:綠耕隊 lang:zh date:2014-09-01..2014-11-30",
        f"campaign:{CAMPAIGN} NOT lang:zh",
    ],
)
def test_queries_of_the_staff_find_something(folder: Path, query: str) -> None:
    found = ask(folder, "search", query)
    assert found["total"] > 0
    assert found["hits"][0]["snippets"]
    assert sum(found["facets"]["lang"].values()) >= found["total"]


def test_one_theme_is_found_from_four_ways_of_writing_it(folder: Path) -> None:
    answers = []
    for query in ("電子廢棄物", "电子废弃物", "e-waste", "rac thai dien tu"):
        found = ask(folder, "search", query, "--limit", "200")
        assert found["expansions"], query
        answers.append({hit["id"] for hit in found["hits"]})
    assert answers[0]
    assert all(one == answers[0] for one in answers)


def test_a_forgotten_mark_finds_more_and_quotes_find_less(folder: Path) -> None:
    totals = [
        ask(folder, "search", query, "--no-expand")["total"]
        for query in ("rac thai", "rác thải", '"rác thải"')
    ]
    assert totals[0] == totals[1] >= totals[2] > 0


def test_pages_of_a_search_do_not_overlap(folder: Path) -> None:
    first = ask(folder, "search", "綠", "--limit", "3")
    second = ask(folder, "search", "綠", "--limit", "3", "--after", first["next"])
    assert not {hit["id"] for hit in first["hits"]} & {hit["id"] for hit in second["hits"]}


def test_a_query_that_cannot_be_read_says_where(folder: Path) -> None:
    ran = command(folder, "search", "(綠耕隊 AND")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "Error:" in ran.stderr


def test_the_table_of_items_is_harmless_and_complete(folder: Path, gold: Any) -> None:
    ran = command(folder, "export", "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(ran.stdout.lstrip("\ufeff"))))
    assert sum(row["standing"] == "counted" for row in rows) == gold["counts"]["items"]
    assert all(row["evidence"] for row in rows if row["standing"] == "counted")
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_explaining_a_counted_item_names_its_evidence(folder: Path, gold: Any) -> None:
    url = next(one for one in gold["items"] if "://" in one)
    told = ask(folder, "explain", url)["sections"]
    assert any("SHA-256" in line for line in told["Evidence"])
    assert any("counted" in line for line in told["Campaigns"])
    assert told["Decisions"]


def test_explaining_what_nobody_knows_says_so(folder: Path) -> None:
    ran = command(folder, "explain", "https://nowhere.example/1")
    assert ran.returncode == 1
    assert "clips import" in ran.stderr


def test_a_decision_changes_the_counts_and_another_takes_it_back(copied: Path, gold: Any) -> None:
    url = next(one for one in gold["items"] if "://" in one)
    before = ask(copied, "counts", CAMPAIGN)["counts"]
    made = ask(copied, "decide", url, "reject", "--why", "a test of the audit", "--who", "Lin")
    after = ask(copied, "counts", CAMPAIGN)["counts"]
    assert after["items"] == before["items"] - 1
    assert ask(copied, "decide", str(made["id"]), "undo", "--why", "it was right", "--who", "Lin")
    assert ask(copied, "counts", CAMPAIGN)["counts"] == before
    told = ask(copied, "explain", url)["sections"]["Decisions"]
    assert any("taken back" in line for line in told)


@pytest.mark.slow
def test_a_split_and_a_merge_change_stories_and_not_items(copied: Path, gold: Any) -> None:
    figures = ask(copied, "counts", CAMPAIGN)
    items = [one for one in figures["items"].values() if one["standing"] == "counted" and "://" in one["url"]]
    stories: dict[str, list[str]] = {}
    for one in items:
        stories.setdefault(one["story"], []).append(one["url"])
    shared = max(stories.values(), key=len)
    assert len(shared) > 1
    ask(copied, "decide", shared[-1], "split", "--why", "their own report", "--who", "Lin")
    after = ask(copied, "counts", CAMPAIGN)["counts"]
    assert after["items"] == figures["counts"]["items"]
    assert after["stories"] == figures["counts"]["stories"] + 1
    ask(copied, "decide", shared[-1], "merge", shared[0], "--why", "the same text", "--who", "Lin")
    assert ask(copied, "counts", CAMPAIGN)["counts"] == figures["counts"]


def test_importing_the_clips_again_adds_nothing(copied: Path) -> None:
    before = content(copied)
    results = ask(copied, "clips", "import", str(demo.CLIPS))
    assert results
    assert {one["result"] for one in results} == {"known"}
    assert content(copied) == before


def test_evidence_holds_and_a_changed_byte_is_found(copied: Path) -> None:
    assert ask(copied, "evidence", "verify")["problems"] == []
    file = sorted((copied / "evidence").glob("*.warc.gz"))[0]
    with sqlite3.connect(copied / "resound.sqlite") as connection:
        offset, length = connection.execute(
            "SELECT offset, length FROM capture WHERE file = ? LIMIT 1", (file.name,)
        ).fetchone()
    data = bytearray(file.read_bytes())
    data[offset + length // 2] ^= 0xFF
    file.write_bytes(data)
    ran = command(copied, "evidence", "verify")
    assert ran.returncode == 1
    assert "do not hold" in ran.stderr


@pytest.mark.slow
def test_the_store_can_be_rebuilt_from_the_evidence(copied: Path) -> None:
    before = content(copied)
    for name in copied.glob("resound.sqlite*"):
        name.unlink()
    (copied / "index.sqlite").unlink()
    assert command(copied, "apply", str(demo.SOURCES), str(demo.campaign_path())).returncode == 0
    assert command(copied, "replay", "--from-warc", str(copied / "evidence")).returncode == 0
    after = content(copied)
    clips = {row[0] for row in before["clips"]}
    assert after["versions"] == [row for row in before["versions"] if row[1] not in clips]
    assert sorted(row[0] for row in after["matches"]) == sorted(
        row[0] for row in before["matches"] if row[0] not in clips
    )
    again = command(copied, "replay", "--from-warc", str(copied / "evidence"))
    assert " 0 of them new" in again.stdout
    assert content(copied) == after


@pytest.mark.slow
def test_a_rebuilt_index_answers_the_same(copied: Path) -> None:
    before = ask(copied, "search", "綠", "--limit", "200")
    assert command(copied, "reindex").returncode == 0
    assert ask(copied, "search", "綠", "--limit", "200") == before


@pytest.mark.slow
def test_a_campaign_that_asks_for_less_keeps_what_was_accepted(copied: Path, gold: Any) -> None:
    out = copied.parent / "definitions"
    assert command(copied, "export", str(out)).returncode == 0
    path = out / "campaigns" / f"{CAMPAIGN}.yml"
    text = path.read_text(encoding="utf-8")
    narrow = text.split("\nnames:")[0] + ("\nnames:\n- id: nothing\n  forms:\n    any: [zyxwv]\n")
    path.write_text(narrow, encoding="utf-8")
    assert command(copied, "apply", str(path)).returncode == 0
    assert command(copied, "process").returncode == 0
    figures = ask(copied, "counts", CAMPAIGN)
    assert figures["counts"]["items"] == gold["counts"]["items"]
    assert figures["beside"]["no_longer_matching"] == gold["counts"]["items"]


@pytest.mark.slow
def test_a_file_older_than_the_stores_version_is_a_conflict(copied: Path) -> None:
    out = copied.parent / "definitions"
    assert command(copied, "export", str(out)).returncode == 0
    path = next((out / "sources").rglob("*.yml"))
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text + "\nnotes: first edit\n"
        if "\nnotes:" not in text
        else text.replace("\nnotes:", "\nnotes: first edit,"),
        encoding="utf-8",
    )
    assert command(copied, "apply", str(path)).returncode == 0
    stale = copied.parent / "stale.yml"
    stale.write_text(text, encoding="utf-8")
    ran = command(copied, "apply", str(stale))
    assert ran.returncode == 1
    assert "was not applied" in ran.stderr


def test_status_and_the_list_of_sources_say_what_is_wrong(folder: Path) -> None:
    status = ask(folder, "status")
    assert {one["stage"] for one in status["work"]} >= {"fetch", "extract", "match", "group"}
    assert status["index_behind"] == 0
    states = {one["source"]: one["state"] for one in ask(folder, "sources", "list")}
    assert "by hand" in states.values()


@pytest.mark.slow
def test_the_demo_keeps_out_of_a_folder_with_real_sources(tmp_path: Path) -> None:
    assert command(tmp_path, "apply", "--shipped").returncode == 0
    ran = command(tmp_path, "demo")
    assert ran.returncode == 1
    assert "invented news" in ran.stderr


def test_real_sources_keep_out_of_the_demos_folder(copied: Path) -> None:
    ran = command(copied, "apply", "--shipped")
    assert ran.returncode == 1
    assert "demo" in ran.stderr


def test_each_stage_answers_line_for_line(tmp_path: Path) -> None:
    lines = '{"text": "綠耕隊"}\nnonsense\n{"url": "http://2130706433/"}\n[]\n'
    for stage in (("extract",), ("language",), ("match", "--campaign", CAMPAIGN), ("feed",), ("fetch",)):
        ran = command(tmp_path, "stage", *stage, stdin=lines)
        assert ran.returncode == 0, ran.stderr
        answers = [json.loads(line) for line in ran.stdout.splitlines()]
        assert len(answers) == 4
        assert answers[1]["error"]
        assert answers[3]["error"]
