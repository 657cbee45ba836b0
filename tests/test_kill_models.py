"""Killed in the middle of translating, again and again: nothing is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from resound.outcome import MODEL_STAGES
from resound.store import open_store, work
from resound.store.enrichments import load_tones, load_topics, load_translations
from resound.store.tables import sentence, topics, translation, version
from tests.nlp.tiny import PAIRS
from tests.resound.enriched import NOW, open_office, put

ARTICLES = 24


def process(data: Path, models: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "RESOUND_MODELS": str(models),
        "RESOUND_PROFILE": "tiny",
        "RESOUND_THREADS": "1",
    }
    command = [sys.executable, "-m", "resound", "--data", str(data), "process"]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def fill(data: Path) -> None:
    data.mkdir()
    opened = open_office(data)
    store = next(opened)
    for number in range(ARTICLES):
        body = tuple(PAIRS[(number * 4 + at) % 100][0] for at in range(4))
        put(store, number, body=body)
    opened.close()


def contents(data: Path) -> dict[str, object]:
    store = open_store(f"sqlite:///{data}/resound.sqlite")
    with store.read() as connection:
        keys = sorted(connection.execute(select(version.c.id)).scalars())
        translations = load_translations(connection, keys)
        found = {
            "translations": {
                key: {
                    target: (one.part, one.title, one.paragraphs, one.made_by)
                    for target, one in translations[key].items()
                }
                for key in keys
            },
            "tones": {
                key: {name: (one.tone, one.scores) for name, one in load_tones(connection, keys)[key].items()}
                for key in keys
            },
            "topics": {key: one.found for key, one in load_topics(connection, keys).items()},
            "sentences": sorted((row.key, row.text) for row in connection.execute(select(sentence))),
            "rows": [
                connection.execute(select(func.count()).select_from(table)).scalar()
                for table in (translation, topics)
            ],
            "waiting": [
                one
                for one in work.tallies(connection, now=NOW)
                if one.stage in MODEL_STAGES and one.outcome != "done"
            ],
        }
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    store.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kills", [25])
def test_killed_while_models_work(tmp_path: Path, tiny_models: Path, kills: int) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    fill(whole)
    fill(killed)
    assert process(whole, tiny_models).wait(timeout=120) == 0
    chance = random.Random(kills)
    for _ in range(kills):
        running = process(killed, tiny_models)
        time.sleep(chance.uniform(0.8, 5.0))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    assert process(killed, tiny_models).wait(timeout=120) == 0
    expected = contents(whole)
    assert expected["rows"] == [ARTICLES, ARTICLES]
    assert expected["waiting"] == []
    assert contents(killed) == expected
