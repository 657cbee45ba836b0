"""The demo's machine work from feeds to counts: translated, judged, tagged, linked; labelled, and without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

import demo
from demo.training import ONE_EVENT, ONE_TEXT
from resound.outcome import MODEL_STAGES
from resound.store import Store, open_store, work
from resound.store.articles import StoredArticle, find_article, load_articles
from resound.store.enrichments import load_tones, load_topics, load_translations
from resound.store.grouping import load_groupings
from resound.store.links import list_links
from resound.store.matches import list_matches
from tests.resound.enriched import NOW
from tests.whole_way import ask, command, environment

pytestmark = pytest.mark.slow
CAMPAIGN = "apo-coe-gp-vietnam-2014"
NO_TORCH = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name.partition(".")[0] == "torch" else find(name, *more)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, run where torch cannot be imported by any of its processes."""
    place = tmp_path_factory.mktemp("demo")
    (place / "site").mkdir()
    (place / "site" / "sitecustomize.py").write_text(NO_TORCH, encoding="utf-8")
    path = os.pathsep.join([str(place / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    made = place / "data"
    ran = subprocess.run(
        [sys.executable, "-m", "resound", "--data", str(made), "demo"],
        env={**environment(), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Machine work (demo model)" in ran.stdout
    return made


@pytest.fixture(scope="module")
def store(data: Path) -> Store:
    return open_store(f"sqlite:///{data}/resound.sqlite")


def matched(store: Store) -> dict[str, StoredArticle]:
    with store.read() as connection:
        return load_articles(
            connection, sorted({one.article for one in list_matches(connection) if one.matched})
        )


def test_torch_was_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_TORCH, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", "import torch"],
        env={**environment(), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert ran.returncode != 0


def test_everything_that_matches_is_translated_whole_and_labelled(store: Store) -> None:
    articles = matched(store)
    with store.read() as connection:
        found = load_translations(connection, [one.version for one in articles.values()])
    for one in articles.values():
        base = one.article.language.tag.split("-")[0]
        if base == "th":
            assert one.version not in found or not found[one.version]
            continue
        wanted = {"zh-Hant"} if one.article.language.tag != "zh-Hant" else set()
        wanted |= {"en"} if base != "en" else set()
        translations = found[one.version]
        assert set(translations) == wanted, one.article.canonical_url
        for target, row in translations.items():
            assert row.part == "whole"
            assert len(row.paragraphs) == len(one.article.paragraphs)
            assert not {"loops", "shortened"} & set(row.flags), (one.article.canonical_url, row.flags)
            labels = {by["label"] for by in row.made_by}
            assert labels == ({""} if (base, target) == ("zh", "zh-Hant") else {"demo model"})


def test_names_and_numbers_come_through(store: Store) -> None:
    articles = matched(store)
    with store.read() as connection:
        found = load_translations(connection, [one.version for one in articles.values()])
    flagged = {
        (articles[key].article.canonical_url, target, flag)
        for key, one in articles.items()
        for target, row in found.get(one.version, {}).items()
        for flag in row.flags
        if flag.startswith(("name-missing", "number-"))
    }
    assert len(flagged) <= 8, sorted(flagged)


def test_tone_and_topics_name_who_said_them(store: Store) -> None:
    articles = matched(store)
    versions = [one.version for one in articles.values()]
    with store.read() as connection:
        tones, topics = load_tones(connection, versions), load_topics(connection, versions)
    assert set(topics) == set(versions)
    assert all(one.made_by.label == "demo model" and one.made_by.revision for one in topics.values())
    told = [tones[one.version][CAMPAIGN] for one in articles.values()]
    assert {one.tone for one in told} >= {"positive", "neutral"}
    assert all(one.made_by.engine == "onnxruntime-int8" for one in told)
    assert sum(bool(one.found) for one in topics.values()) > len(topics) * 2 // 3


def test_one_text_in_several_languages_is_one_story_by_evidence(store: Store) -> None:
    with store.read() as connection:
        links = {(one.a, one.b): one for one in list_links(connection)}
        for urls in ONE_TEXT:
            keys = [str(find_article(connection, f"http://{url}")) for url in urls]
            assert len({one.story for one in load_groupings(connection, keys).values()}) == 1
            for pair in combinations(sorted(keys), 2):
                assert links[pair].is_joined
                assert links[pair].method in ("credit-line", "aligned-sentences")
                assert links[pair].made_by.label == "demo model"


def test_independent_reports_stay_apart_and_are_proposed(store: Store, data: Path) -> None:
    with store.read() as connection:
        for pair in ONE_EVENT:
            keys = [str(find_article(connection, f"http://{url}")) for url in pair]
            assert len({one.story for one in load_groupings(connection, keys).values()}) == 2, pair
    proposed = ask(data, "proposals")
    assert proposed
    assert all("demo model" in json.dumps(one, ensure_ascii=False) for one in proposed)


def test_nothing_is_joined_across_languages_by_a_shipped_decision() -> None:
    decisions = demo.DECISIONS.read_text(encoding="utf-8")
    assert decisions.count("kind: merge") == 1  # the printed page and the agency, both Chinese


def test_only_what_no_model_knows_still_waits_and_says_why(store: Store, data: Path) -> None:
    with store.read() as connection:
        waiting = work.waiting_reasons(connection, MODEL_STAGES)
        left = [
            one
            for one in work.tallies(connection, now=NOW)
            if one.stage in MODEL_STAGES and one.outcome != "done"
        ]
    assert {(stage, reason, count) for stage, reason, _, count in waiting} == {
        ("headline", "no-route", 1),
        ("translate", "no-route", 1),
    }
    assert sum(one.count for one in left) == 2
    assert "translates th into en" in command(data, "status").stdout


def test_a_search_shows_whose_translation_it_found(data: Path) -> None:
    found = ask(data, "search", '"money going up in smoke"', "--no-expand")
    assert found["total"] >= 1
    told = command(data, "search", f"lang:vi campaign:{CAMPAIGN}", "--limit", "50").stdout
    assert told.count("[machine translation: demo model, resound-demo/vi-en]") >= 7


def test_the_demos_models_refuse_another_folder(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "resound", "--data", str(tmp_path / "own"), "stage", "tone"],
        env={**environment(), "RESOUND_PROFILE": "demo", "RESOUND_MODELS": str(demo.MODELS)},
        input='{"text": "x"}\n',
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "refuse any other data folder" in ran.stderr
