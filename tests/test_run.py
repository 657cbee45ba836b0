"""`resound run` as a process of its own: everything is done at its time, once however many run, and an end is an end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from resound.cli import app
from resound.sending.weeks import WeeklyTime
from resound.store import Store, jobs, open_store
from resound.store.articles import record_change
from resound.store.lists import MailingList, add_list, list_issues
from resound.store.tables import index_state, job
from tests.crawlers.desk import Desk, publish
from tests.crawlers.newsroom import open_newsroom, rss
from tests.resound.mailroom import MailRoom, open_mailroom
from tests.resound.searching.test_indexing import open_with_sources, put
from tests.resound.sending.test_outbox import posted, queue, readers, states
from tests.test_follow import wait_until, waiting
from tests.whole_way import environment

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EVERY = {f"RESOUND_{name}_EVERY": "1" for name in ("CRAWL", "PROCESS", "INDEX", "SEND", "DIGEST", "HEALTH")}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_with_sources(tmp_path)
    yield made
    made.close()


@pytest.fixture
def room() -> Iterator[MailRoom]:
    with open_mailroom() as made:
        yield made


def mail_settings(room: MailRoom) -> dict[str, str]:
    return {
        "RESOUND_SMTP_URL": f"smtp://127.0.0.1:{room.port}?starttls=no",
        "RESOUND_MAIL_FROM": "Resound <press@cpc.example>",
        "RESOUND_ALERTS_TO": "lin@reader.example",
        "RESOUND_LANGUAGE": "en",
    }


def start(
    folder: Path, room: MailRoom, *words: str, name: str = "lines", **more: str
) -> subprocess.Popen[str]:
    with (folder / name).open("w") as lines:
        return subprocess.Popen(
            [sys.executable, "-m", "resound", "--data", str(folder), "run", *words, "--workers", "1"],
            stdout=lines,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment() | EVERY | mail_settings(room) | more,
        )


def call(folder: Path, *words: str) -> tuple[int, str]:
    from resound.errors import ResoundError

    ran = CliRunner().invoke(app, ["--data", str(folder), *words])
    assert ran.exception is None or isinstance(ran.exception, ResoundError | SystemExit), ran.exception
    return ran.exit_code, ran.output + str(ran.exception or "")


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, room: MailRoom) -> MailRoom:
    for name, value in mail_settings(room).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RESOUND_CODER", "Lin")
    monkeypatch.setenv("COLUMNS", "200")
    return room


def test_everything_is_done_at_its_time_and_once_by_two_schedulers(
    tmp_path: Path, store: Store, room: MailRoom
) -> None:
    with store.write() as connection:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        plan = WeeklyTime(yesterday.isoweekday(), f"{yesterday:%H:%M}", "UTC")
        early = datetime.now(UTC) - timedelta(days=3)
        add_list(connection, MailingList("managers", "c", "Managers", plan, False), now=early)
    running = [start(tmp_path, room, "--without", "crawl", name=f"lines{number}") for number in range(2)]
    try:
        put(store, "one", 1, 0)
        queue(store, *readers(20), now=datetime.now(UTC))
        wait_until(lambda: waiting(store) == 0 and states(store).get("sent") == 20)
        said = [tmp_path / f"lines{number}" for number in range(2)]
        # An article that changes while the index is brought up is looked at twice.
        wait_until(lambda: re.search(r"indexed=[12]\b", "".join(one.read_text() for one in said)))
        put(store, "one", 2, 1)
        wait_until(lambda: waiting(store) == 0)
        told = time.monotonic()
        for one in running:
            one.send_signal(signal.SIGTERM)
        assert [one.wait(30) for one in running] == [0, 0]
        assert time.monotonic() - told < 15
    finally:
        for one in running:
            one.kill()
            one.wait()
    assert room.counts() == Counter(readers(20))
    with store.read() as connection:
        assert [one.state for one in list_issues(connection)] == ["draft"]
        states_of_jobs = jobs.list_jobs(connection)
    assert {one.name for one in states_of_jobs} == {"process", "index", "digest", "send", "health"}
    assert {(one.holder, one.trouble) for one in states_of_jobs} == {(None, "")}
    lines = "".join(one.read_text() for one in said)
    assert lines.count("issue/managers/") == 1
    assert "Traceback" not in lines
    assert all("stopped" in one.read_text().splitlines()[-1] for one in said)


def test_once_does_each_job_and_ends(tmp_path: Path, store: Store, configured: MailRoom) -> None:
    put(store, "one", 1, 0)
    queue(store, *readers(3), now=datetime.now(UTC))
    configured.answer = lambda step, to: (
        "550 no such user" if (step, to) == ("rcpt", "r1@reader.example") else ""
    )
    code, said = call(tmp_path, "run", "--once", "--without", "crawl", "--workers", "1")
    assert code == 0, said
    assert waiting(store) == 0
    assert states(store) == {"sent": 2, "failed": 1, "queued": 1}, (
        "and the alert about it waits for the next round"
    )
    assert "mails were not taken" in call(tmp_path, "status")[1]
    with store.write() as connection:
        connection.execute(job.update().where(job.c.name == "send").values(began_at=LONG_AGO))
    assert call(tmp_path, "run", "--once", "--without", "crawl")[0] == 0
    assert "1 refused" in configured.read().get_content()


def test_the_index_in_use_is_looked_after(tmp_path: Path, store: Store, configured: MailRoom) -> None:
    only = [
        "run",
        "--once",
        *(word for name in ("crawl", "process", "index") for word in ("--without", name)),
    ]
    put(store, "one", 1, 0)
    with store.write() as connection:
        record_change(connection, ["an article"])
    assert call(tmp_path, *only)[0] == 0
    with store.write() as connection:
        connection.execute(job.update().values(began_at=LONG_AGO))
        connection.execute(index_state.update().values(failed_at=datetime.now(UTC) - timedelta(hours=1)))
    assert call(tmp_path, *only)[0] == 0
    with store.write() as connection:
        connection.execute(job.update().values(began_at=LONG_AGO))
    assert call(tmp_path, *only)[0] == 0
    assert "The search index lacks what changed before" in configured.read().get_content()


@pytest.mark.parametrize(
    ("words", "more", "says"),
    [
        (
            ["--without", "dance"],
            {},
            "'dance' is no job. One of: crawl, process, index, digest, send, health.",
        ),
        ([], {"RESOUND_CONTACT": ""}, "RESOUND_CONTACT"),
        (["--once"], {"RESOUND_CRAWL_EVERY": "0"}, "RESOUND_CRAWL_EVERY"),
    ],
)
def test_what_cannot_work_is_said_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], more: dict[str, str], says: str
) -> None:
    monkeypatch.delenv("RESOUND_CONTACT", raising=False)
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    code, said = call(tmp_path, "run", *words)
    assert code == 1
    assert says in said


def test_mail_that_waits_for_settings_is_trouble_and_none_is_no_trouble(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RESOUND_SMTP_URL", raising=False)
    words = [
        "run",
        "--once",
        *(word for name in ("crawl", "process", "index") for word in ("--without", name)),
    ]
    code, said = call(tmp_path, *words)
    assert (code, "no mail is sent" in said) == (0, True)
    queue(store, "a@b.example", now=datetime.now(UTC))
    with store.write() as connection:
        connection.execute(job.delete())
    code, said = call(tmp_path, *words)
    assert (code, "job failed" in said) == (1, True)
    assert states(store) == {"queued": 1}


@pytest.mark.slow
def test_a_crawl_that_is_told_to_stop_puts_down_what_it_holds(tmp_path: Path, room: MailRoom) -> None:
    with open_newsroom() as news:
        urls = publish(news, 30, "http://daily.example")
        news.pages["http://daily.example/rss.xml"] = rss(*((url, "T", "") for url in urls))
        desk = Desk(tmp_path, news.port)
        desk.follow(feeds=[{"url": "http://daily.example/rss.xml"}], politeness={"delay": 0.3})
        others = [word for name in ("process", "index", "send", "health") for word in ("--without", name)]
        process = start(tmp_path, room, *others, RESOUND_ALLOW=desk.allow[0])
        try:
            wait_until(lambda: len(desk.stored()) >= 3)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
        lines = (tmp_path / "lines").read_text()
        assert "was_stopped=True" in lines, lines
        assert "Traceback" not in lines
        stored = len(desk.stored())
        assert 3 <= stored < 30
        assert desk.crawl().pages_stored == 30 - stored, "what was in hand is free again"


# --- mail and outbox on the command line -----------------------------------------------------------------------------


def test_a_test_mail_says_what_the_server_said(tmp_path: Path, configured: MailRoom) -> None:
    code, said = call(tmp_path, "mail", "test", "lin@reader.example")
    assert (code, "took the mail to lin@reader.example: 250 kept" in said) == (0, True)
    assert configured.read()["Subject"] == "Resound can send mail"
    configured.answer = lambda step, _to: "550 no such user" if step == "rcpt" else ""
    code, said = call(tmp_path, "mail", "test", "lin@reader.example")
    assert (code, "did not take the mail" in said, "550 no such user" in said) == (1, True, True)
    assert "is no mail address" in call(tmp_path, "mail", "test", "lin")[1]


def test_without_settings_mail_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RESOUND_SMTP_URL", "RESOUND_MAIL_FROM"):
        monkeypatch.delenv(name, raising=False)
    code, said = call(tmp_path, "mail", "test", "lin@reader.example")
    assert (code, "No mail can be sent: RESOUND_SMTP_URL and RESOUND_MAIL_FROM are not set" in said) == (
        1,
        True,
    )


def test_a_person_decides_what_is_sent_again(tmp_path: Path, configured: MailRoom) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    queue(store, *readers(3), now=datetime.now(UTC))
    hits = iter(["drop"])
    configured.answer = lambda step, _to: next(hits, "") if step == "answer" else ""
    code, said = call(tmp_path, "outbox", "send")
    assert "1 unknown" in said.lower()
    assert "2 sent" in call(tmp_path, "outbox", "send")[1].lower()
    code, said = call(tmp_path, "outbox", "list")
    assert (code, "r0@reader.example" in said, "r1@reader.example" in said) == (0, True, False)
    assert "Nobody knows whether the unknown ones arrived" in said
    told = json.loads(call(tmp_path, "outbox", "list", "--json", "--state", "unknown")[1])
    assert [one["state"] for one in told["mails"]] == ["unknown"]
    number = str(told["mails"][0]["id"])
    assert "Say which" in call(tmp_path, "outbox", "resend", "--why", "x")[1]
    assert "'odd' is no state" in call(tmp_path, "outbox", "list", "--state", "odd")[1]
    code, said = call(tmp_path, "outbox", "resend", number, "999", "--why", "it never came")
    assert (code, "1 queued again" in said, "Left as they are: 999" in said) == (1, True, True)
    assert posted(store)["r0@reader.example"].who == "Lin"
    assert call(tmp_path, "outbox", "drop", "--of", "issue/managers/2026-W03", "--why", "old")[1].startswith(
        "1 dropped"
    )
    store.close()


def test_lists_and_their_readers(tmp_path: Path, configured: MailRoom) -> None:
    open_with_sources(tmp_path).close()
    add = ["lists", "add", "managers", "--campaign", "c", "--zone", "Asia/Taipei"]
    assert "no campaign 'd'" in call(tmp_path, *add[:4], "d", *add[5:])[1]
    assert "not an IANA time zone" in call(tmp_path, *add[:-1], "Asia/Formosa")[1]
    assert "is no weekday" in call(tmp_path, *add, "--weekday", "someday")[1]
    assert call(tmp_path, *add)[0] == 0
    who = ["subscribers", "add", "managers", "Lin@Reader.example", "--language"]
    assert "is none of" in call(tmp_path, *who, "de")[1]
    assert "once they have confirmed it" in call(tmp_path, *who, "vi")[1]
    assert "reads the list managers." in call(tmp_path, *who, "vi", "--consent", "phone")[1]
    (one,) = json.loads(call(tmp_path, "lists", "show", "--json")[1])
    assert (one["id"], one["readers"], one["plan"]["time"]) == ("managers", 1, "08:00")
    assert "mon 08:00 Asia/Taipei" in call(tmp_path, "lists", "show")[1]
    (one,) = json.loads(call(tmp_path, "subscribers", "show", "managers", "--json")[1])
    assert (one["address"], one["language"], "key" in one) == ("lin@reader.example", "vi", False)
    end = [
        "subscribers",
        "end",
        "managers",
        "lin@reader.example",
        "--by",
        "bounced",
        "--why",
        "550 no such user",
    ]
    assert call(tmp_path, *end)[0] == 0
    assert "bounced" in call(tmp_path, "subscribers", "show", "managers")[1]
    assert "is not on the list" in call(tmp_path, "subscribers", "end", "managers", "x@y.example")[1]
    assert call(tmp_path, "lists", "stop", "managers")[0] == 0
    assert "stopped" in call(tmp_path, "lists", "show")[1]
    assert call(tmp_path, "lists", "resume", "managers")[0] == 0
