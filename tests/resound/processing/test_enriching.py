"""Articles through the models' stages, with tiny trained models and the real process they work in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from resound.errors import ModelError
from resound.index.sqlite import SqliteIndex
from resound.outcome import MODEL_STAGES
from resound.processing.enriching import WHOLESALE
from resound.searching.indexing import update_index
from resound.searching.search import search
from resound.showing.explaining import explain
from resound.store import Store, work
from resound.store.enrichments import load_tones, load_topics, load_translations
from resound.store.tables import sentence, version
from resound.watching.health import overall_status
from tests.nlp.tiny import PAIRS
from tests.resound.enriched import NOW, open_office, put, run, worker

pytestmark = pytest.mark.slow_on_postgres


@pytest.fixture
def store(tmp_path: Path, store_address: str) -> Iterator[Store]:
    yield from open_office(tmp_path, store_address)


def version_of(store: Store, key: str) -> str:
    with store.read() as connection:
        return str(connection.execute(select(version.c.id).where(version.c.article == key)).scalar_one())


def test_an_article_is_translated_judged_and_tagged_and_found_by_its_translation(
    store: Store, tmp_path: Path, tiny_models: Path
) -> None:
    keys = [put(store, number) for number in range(4)]
    with worker(tmp_path, tiny_models) as models:
        run(store, models, tmp_path)
    with store.read() as connection:
        for number, key in enumerate(keys):
            one = version_of(store, key)
            found = load_translations(connection, [one])[one]["en"]
            start = number * 4 % 16
            assert found.part == "whole"
            told = [
                [sentence["text"] for sentence in part]
                for part in (found.title, *found.lead, *found.paragraphs)
            ]
            taught = [[en] for _, en in PAIRS[start : start + 3]]
            assert told == [taught[0], taught[0], *taught]
            assert [by["model"] for by in found.made_by] == ["tiny/zh-en"]
            assert found.made_by[0]["label"] == "tiny model"
            assert found.made_by[0]["engine"] == "ctranslate2-int8"
            tone = load_tones(connection, [one])[one]["tiny"]
            assert tone.tone in ("positive", "neutral", "negative")
            assert tone.passages
            assert tone.made_by.revision == "tiny-tone"
            assert load_topics(connection, [one])[one].made_by.model == "tiny/embedding"
        assert not [one for one in work.tallies(connection, now=NOW) if one.outcome == "waiting"]
        told_of = dict(explain(connection, keys[0]).sections)
        assert any(
            "Machine translation into en" in line and "tiny model" in line
            for line in told_of["What models say of it"]
        )
    index = SqliteIndex(tmp_path / "index.sqlite")
    update_index(store, index)
    hits = search(index, "green team landfill").hits
    assert keys[0] in [one.id for one in hits]
    assert hits[0].shown["translated_by"] == "tiny model, tiny/zh-en"
    assert {one.field for one in hits[0].snippets} == {"translation"}
    index.close()


def test_without_a_profile_everything_else_goes_on_and_the_status_says_what_waits(
    store: Store, tmp_path: Path
) -> None:
    put(store, 0)
    run(store, ModelError("No language models are chosen.", reason="no-profile"), tmp_path)
    with store.read() as connection:
        tallies = {
            (one.stage, one.outcome, one.reason): one.count for one in work.tallies(connection, now=NOW)
        }
        said = overall_status(connection, now=NOW).sentences
    assert tallies["match", "done", "matched"] == 1
    assert tallies["group", "done", ""] == 1
    assert tallies["translate", "waiting", "no-profile"] == 1
    assert "1 waiting for their tone: No language models are chosen." in said


@pytest.mark.parametrize("reason", sorted(WHOLESALE))
def test_what_waited_is_done_once_there_are_models(
    store: Store, tmp_path: Path, tiny_models: Path, reason: str
) -> None:
    key = put(store, 1)
    run(store, ModelError("Not now.", reason=reason), tmp_path)
    if reason != "no-profile":
        return
    with worker(tmp_path, tiny_models) as models:
        run(store, models, tmp_path)
    with store.read() as connection:
        assert load_translations(connection, [version_of(store, key)])
        assert not work.waiting_reasons(connection, MODEL_STAGES)


def test_a_second_run_and_an_edit(
    store: Store, store_address: str, tmp_path: Path, tiny_models: Path
) -> None:
    put(store, 0)
    with worker(tmp_path, tiny_models, address=store_address) as models:
        run(store, models, tmp_path)
        with store.read() as connection:
            before = connection.execute(select(sentence)).all()
        run(store, models, tmp_path)
        edited = (*(zh for zh, _ in PAIRS[:3]), PAIRS[30][0])
        put(store, 0, body=edited, seen=NOW + timedelta(hours=1))
        run(store, models, tmp_path)
    with store.read() as connection:
        after = connection.execute(select(sentence)).all()
        versions = list(connection.execute(select(version.c.id)).scalars())
        assert len(load_translations(connection, versions)) == 2, "the old version keeps its translation"
    assert len(after) == len(before) + 1, "only the new sentence was translated"
    assert {one.key for one in before} <= {one.key for one in after}


def test_a_language_that_no_model_knows_waits_with_its_reason(
    store: Store, tmp_path: Path, tiny_models: Path
) -> None:
    key = put(store, 0, tag="vi", title="The green team", body=("The green team đã đến.",))
    with worker(tmp_path, tiny_models) as models:
        run(store, models, tmp_path)
    with store.read() as connection:
        reasons = {(stage, reason) for stage, reason, _, _ in work.waiting_reasons(connection, MODEL_STAGES)}
        assert reasons == {("headline", "no-route"), ("translate", "no-route")}
        assert load_tones(connection, [version_of(store, key)]), "tone needs no translation"
    with store.write() as connection:
        assert work.wake(connection, MODEL_STAGES) == 2


@pytest.mark.slow
def test_a_model_that_takes_too_long_is_left_and_the_others_are_done(
    store: Store, tmp_path: Path, tiny_models: Path
) -> None:
    put(store, 0)
    with worker(tmp_path, tiny_models, seconds=0.001) as models:
        run(store, models, tmp_path)
    with store.read() as connection:
        assert {reason for _, reason, _, _ in work.waiting_reasons(connection, MODEL_STAGES)} == {"timeout"}
    with worker(tmp_path, tiny_models) as models:
        run(store, models, tmp_path, at=NOW + timedelta(hours=1))
    with store.read() as connection:
        assert not work.waiting_reasons(connection, MODEL_STAGES)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(("🌿🌿🌿",), id="emoji"),
        pytest.param(("\u200b\u200c\ufeff",), id="zero-width"),
        pytest.param(("綠" * 33_000 + "。",), id="100 kB", marks=pytest.mark.slow),
        pytest.param(("",), id="empty"),
        pytest.param(("https://news.example/a?b=c",), id="address"),
    ],
)
def test_odd_texts_come_through(
    store: Store, tmp_path: Path, tiny_models: Path, body: tuple[str, ...]
) -> None:
    key = put(store, 0, title="綠耕隊參觀垃圾場。", body=body)
    with worker(tmp_path, tiny_models) as models:
        run(store, models, tmp_path)
    with store.read() as connection:
        found = load_translations(connection, [version_of(store, key)])[version_of(store, key)]["en"]
        assert not work.waiting_reasons(connection, MODEL_STAGES)
    assert len(found.paragraphs) == len(body)
    assert (
        "".join(one["source"] for one in found.paragraphs[0]) == body[0].strip("\ufeff ")
        or body[0] == "\u200b\u200c\ufeff"
    )
    if len(body[0]) > 1000:
        assert "cut-into-parts" in found.flags


def test_a_broken_model_is_refused_by_name(store: Store, tmp_path: Path, tiny_models: Path) -> None:
    import shutil

    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    with (folder / "zh-en" / "vocab.json").open("a", encoding="utf-8") as stream:
        stream.write(" ")
    put(store, 0)
    with worker(tmp_path, folder) as models:
        run(store, models, tmp_path)
    with store.read() as connection:
        said = {
            stage: (reason, detail)
            for stage, reason, detail, _ in work.waiting_reasons(connection, MODEL_STAGES)
        }
    assert said["translate"][0] == "wrong-hash"
    assert "vocab.json" in said["translate"][1]
    assert "tone" not in said
