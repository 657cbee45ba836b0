"""The demo newsroom with its store on PostgreSQL: the same counts, content and answers as on SQLite; kept and moved."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import demo
from resound.outcome import MODEL_STAGES
from tests.postgres_server import PostgresServer
from tests.whole_way import ask, command, content, environment

CAMPAIGN = "apo-coe-gp-vietnam-2014"
pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Office:
    """A data folder and its store; `store` None: the SQLite file in it."""

    data: Path
    store: str | None

    def ask(self, *words: str) -> Any:
        return ask(self.data, *words, store=self.store)

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        found = content(self.data, self.store)
        # SQLite has no truth values of its own
        return {
            name: [tuple(int(v) if isinstance(v, bool) else v for v in row) for row in rows]
            for name, rows in found.items()
        }


def figures(office: Office) -> Any:
    found = office.ask("counts", CAMPAIGN, "--by", "language,outlet,country,medium,origin,group,month")
    return json.loads(json.dumps(found))


@pytest.fixture(scope="module")
def gold() -> Any:
    return json.loads(demo.GOLD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = Office(tmp_path_factory.mktemp("sqlite") / "data", None)
    office.ask("demo")
    return office


@pytest.fixture(scope="module")
def on_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Office]:
    address = postgres_server.create()
    office = Office(tmp_path_factory.mktemp("postgres") / "data", address)
    office.ask("demo")
    yield office
    postgres_server.drop(address)


def without_moments(value: Any) -> Any:
    return {key: value[key] for key in ("counts", "by_language", "beside")}


def test_the_counts_are_those_by_hand(on_postgres: Office, gold: Any) -> None:
    found = on_postgres.ask("counts", CAMPAIGN)
    assert found["counts"] == gold["counts"]
    assert found["by_language"] == gold["by_language"]
    assert {name: found["beside"][name] for name in gold["beside"]} == gold["beside"]
    assert not (on_postgres.data / "resound.sqlite").exists()


def test_the_content_is_that_of_a_run_on_sqlite(on_sqlite: Office, on_postgres: Office) -> None:
    assert on_postgres.content() == on_sqlite.content()


def test_a_second_run_adds_nothing(on_postgres: Office, gold: Any) -> None:
    before = on_postgres.content()
    assert on_postgres.ask("demo")["counts"] == gold["counts"]
    assert on_postgres.content() == before


def test_searches_answer_the_same(on_sqlite: Office, on_postgres: Office) -> None:
    for query in ("綠耕隊", "rac thai", '"Ngô Quý Việt" NEAR/5 STAMEQ', f"campaign:{CAMPAIGN} NOT lang:zh"):
        one, other = (office.ask("search", query, "--limit", "200") for office in (on_sqlite, on_postgres))
        assert [hit["id"] for hit in one["hits"]] == [hit["id"] for hit in other["hits"]], query
        assert one["facets"] == other["facets"], query


def test_every_command_for_looking_works(on_postgres: Office, gold: Any, tmp_path: Path) -> None:
    url = next(one for one in gold["items"] if "://" in one)
    assert on_postgres.ask("explain", url)["sections"]["Decisions"]
    assert on_postgres.ask("status")["index_behind"] == 0
    assert on_postgres.ask("evidence", "verify")["problems"] == []
    assert on_postgres.ask("sources", "list")
    ran = command(on_postgres.data, "export", "--csv", str(tmp_path / "x.csv"), store=on_postgres.store)
    assert ran.returncode == 0, ran.stderr
    before = on_postgres.ask("counts", CAMPAIGN)["counts"]
    made = on_postgres.ask("decide", url, "reject", "--why", "a test of the audit", "--who", "Lin")
    assert on_postgres.ask("counts", CAMPAIGN)["counts"]["items"] == before["items"] - 1
    on_postgres.ask("decide", str(made["id"]), "undo", "--why", "it was right", "--who", "Lin")
    assert on_postgres.ask("counts", CAMPAIGN)["counts"] == before


def test_moved_backed_up_and_restored_it_stays_what_it_is(
    on_sqlite: Office, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """SQLite → PostgreSQL → a backup → SQLite: figures, evidence, search and the index's cursor."""
    shutil.copytree(on_sqlite.data, tmp_path / "data")
    first = Office(tmp_path / "data", None)
    address = postgres_server.create()
    moved = first.ask("store", "move", address)
    assert "s3cret" not in json.dumps(moved)
    second = Office(tmp_path / "data", address)
    (tmp_path / "data" / "resound.sqlite").rename(tmp_path / "data" / "old.sqlite")
    assert without_moments(figures(second)) == without_moments(figures(on_sqlite))
    assert second.content() == on_sqlite.content()
    assert second.ask("status")["index_behind"] == 0
    assert [hit["id"] for hit in second.ask("search", "綠", "--limit", "200")["hits"]] == [
        hit["id"] for hit in on_sqlite.ask("search", "綠", "--limit", "200")["hits"]
    ]
    made = second.ask("backup", str(tmp_path / "b.tar"))
    identity = made["tables"]["installation"]
    assert (moved["tables"]["installation"]["rows"], identity["rows"]) == (1, 0), "a copy is another store"
    assert made["tables"] == {**moved["tables"], "installation": identity}
    third = Office(tmp_path / "restored", None)
    restored = third.ask("restore", str(tmp_path / "b.tar"))
    assert restored["tables"] == made["tables"]
    assert third.content() == on_sqlite.content()
    assert third.ask("evidence", "verify") == on_sqlite.ask("evidence", "verify")
    assert without_moments(figures(third)) == without_moments(figures(on_sqlite))
    assert command(third.data, "reindex").returncode == 0
    assert [hit["id"] for hit in third.ask("search", "綠", "--limit", "200")["hits"]] == [
        hit["id"] for hit in on_sqlite.ask("search", "綠", "--limit", "200")["hits"]
    ]
    assert command(third.data, "demo", "--json").returncode == 0, "the restored demo is still the demo's"
    refused = command(third.data, "restore", str(tmp_path / "b.tar"))
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    postgres_server.drop(address)


def test_backups_while_the_newsroom_is_crawled(tmp_path: Path, postgres_server: PostgresServer) -> None:
    for store in (None, postgres_server.create()):
        data = tmp_path / ("sqlite" if store is None else "postgres")
        crawling = subprocess.Popen(
            [sys.executable, "-m", "resound", "--data", str(data), "demo", "--json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(store),
        )  # fmt: skip
        captured: list[int] = []
        while crawling.poll() is None:
            time.sleep(2)
            if len(captured) == 5 or (store is None and not (data / "resound.sqlite").exists()):
                continue
            file = tmp_path / f"{data.name}-{len(captured)}.tar"
            captured.append(ask(data, "backup", str(file), store=store)["tables"]["capture"]["rows"])
        assert crawling.returncode == 0
        assert len(set(captured)) > 1, captured
        for number in range(0, len(captured), 2):
            into = tmp_path / f"{data.name}-restored-{number}"
            told = ask(into, "restore", str(tmp_path / f"{data.name}-{number}.tar"))
            assert told["tables"]["capture"]["rows"] == captured[number]
            assert ask(into, "evidence", "verify")["problems"] == []
        if store is not None:
            postgres_server.drop(store)


def test_three_workers_on_one_queue_come_to_what_one_comes_to(
    on_sqlite: Office, on_postgres: Office, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """The evidence of the demo, read, matched and grouped by several processes at once, one of which is killed."""
    address = postgres_server.create()
    data = tmp_path / "data"
    shutil.copytree(on_postgres.data / "evidence", data / "evidence")
    assert command(data, "apply", str(demo.SOURCES), str(demo.campaign_path()), store=address).returncode == 0
    code = (
        "import sys; from pathlib import Path; from resound.store import open_store; "
        "from resound.keeping.replaying import replay_evidence; "
        "replay_evidence(open_store(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[2]))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code, address, str(data / "evidence")], check=False).returncode
        == 0
    )
    process = [sys.executable, "-m", "resound", "--data", str(data), "process", "--workers", "1", "--json"]
    workers = [
        subprocess.Popen(process, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(address))
        for _ in range(4)
    ]
    time.sleep(4)
    os.kill(workers[0].pid, signal.SIGKILL)
    told = [(one.communicate(timeout=200)[1].decode(), one.returncode) for one in workers]
    assert [code for _, code in told[1:]] == [0, 0, 0], told
    assert command(data, "process", store=address).returncode == 0
    found = Office(data, address).content()
    wanted = on_sqlite.content()
    clips = {row[0] for row in wanted["clips"]}
    assert found["versions"] == [row for row in wanted["versions"] if row[1] not in clips]
    assert found["matches"] == [row for row in wanted["matches"] if row[0] not in clips]
    assert found["edges"] == [row for row in wanted["edges"] if not {row[0], row[1]} & clips]
    # The folder is not marked as the demo's, so there are no models and their work waits.
    assert {row[0] for row in found["waiting"]} <= {row[0] for row in wanted["waiting"]} | set(MODEL_STAGES)
    postgres_server.drop(address)
