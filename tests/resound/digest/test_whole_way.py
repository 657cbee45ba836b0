"""The demo's digest, from `resound demo` to the mailboxes: looked at, changed, approved and sent by the command line."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from resound.cli import app
from resound.errors import ResoundError
from tests.resound.mailroom import MailRoom, open_mailroom

PUBLIC = "https://resound.example.org"
TEAM = "33a9a4fcf55874c0"
"""The story of the memorandum, which nine outlets carried."""


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailRoom]:
    for name in [name for name in os.environ if name.startswith("RESOUND_")]:
        monkeypatch.delenv(name)
    with open_mailroom() as made:
        monkeypatch.setenv("RESOUND_SMTP_URL", f"smtp://127.0.0.1:{made.port}?starttls=no")
        monkeypatch.setenv("RESOUND_MAIL_FROM", "Resound <press@cpc.example>")
        monkeypatch.setenv("RESOUND_PUBLIC_URL", PUBLIC)
        monkeypatch.setenv("RESOUND_CODER", "lin")
        monkeypatch.setenv("RESOUND_LANGUAGE", "en")
        yield made


def call(data: Path, *words: str) -> str:
    """What a command says, on both channels; a refusal's sentence."""
    ran = CliRunner().invoke(app, ["--data", str(data), *words])
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        if isinstance(ran.exception, ResoundError):
            return f"refused: {ran.exception}"
        raise ran.exception
    return " ".join(ran.output.split())


class Languages(HTMLParser):
    """The languages that a page names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "lang" and value]


def test_from_the_demo_to_the_mailboxes(demo_copy: Path, room: MailRoom, tmp_path: Path) -> None:
    said = call(demo_copy, "digest", "preview", "managers")
    assert "APO COE GP Resource Recycling Green Team in Vietnam, 2014 29 Sept – 5 Oct 2014" in said
    assert "Items at least 26" in said
    assert "Also in 8 outlets:" in said
    assert "Also in New Saigon · 2 more times in this outlet: English, Traditional Chinese" in said, (
        "the wire's other languages"
    )
    assert "resound digest approve managers --week 2014-W41" in said
    page = tmp_path / "week.html"
    assert "Written to" in call(
        demo_copy, "digest", "preview", "managers", "--lang", "vi", "--html", str(page)
    )
    found = Languages(page.read_text(encoding="utf-8")).found
    assert found[0] == "vi"
    assert {"zh-Hant", "en", "vi", "th"} <= set(found)
    assert TEAM in call(demo_copy, "digest", "preview", "managers", "--ids")
    plain = json.loads(
        call(demo_copy, "digest", "preview", "managers", "--json", "--week", "2014-W42").partition(" Note:")[
            0
        ]
    )
    assert (plain["counts"]["items"], plain["beside"]["unreviewed"]) == (2, 2)
    assert "outside the campaign's dates" in call(
        demo_copy, "digest", "preview", "managers", "--week", "2020-W10"
    )
    assert "is none of" in call(demo_copy, "digest", "preview", "managers", "--lang", "de")

    edit = ("digest", "edit", "managers")
    assert "Say what is to be changed" in call(demo_copy, *edit)
    assert "Say why" in call(demo_copy, *edit, "--drop-story", TEAM)
    assert "Changed" in call(
        demo_copy, *edit, "--drop-story", TEAM, "--why", "told before", "--note", "Xin chào"
    )
    assert "10 items are not shown" in call(demo_copy, "digest", "preview", "managers")
    assert "Changed" in call(
        demo_copy,
        *edit,
        "--restore",
        TEAM,
        "--first",
        "http://mekong.example/national/2014/10/05/landfill-visit",
    )
    said = call(demo_copy, "digest", "preview", "managers")
    assert "1. Visitors see fortune in flames" in said
    assert "not shown" not in said

    said = call(demo_copy, "digest", "approve", "managers")
    assert "Approved: 3 mails are in the outbox" in said
    assert "was approved by lin" in call(demo_copy, "digest", "approve", "managers", "--week", "2014-W41")
    assert "was approved by lin" in call(
        demo_copy, "digest", "skip", "managers", "--week", "2014-W41", "--why", "x"
    )
    assert "3 sent" in call(demo_copy, "digest", "send")
    assert "3 sent" in call(demo_copy, "digest", "list")
    (one,) = json.loads(call(demo_copy, "digest", "list", "managers", "--json"))
    assert (one["first"], one["last"], one["who"], one["mails"]) == (
        "2014-09-29",
        "2014-10-05",
        "lin",
        {"sent": 3},
    )
    assert room.counts() == Counter(
        dict.fromkeys(("lin@resound.example", "carter@resound.example", "tran@resound.example"), 1)
    )
    for at in range(3):
        read = room.read(at)
        language = {"lin": "zh-Hant", "carter": "en", "tran": "vi"}[str(read["To"]).split("@")[0]]
        assert read["Content-Language"] == language
        assert read["List-Unsubscribe"].startswith(f"<{PUBLIC}/u/")
        assert len(room.accepted[at][1]) < 100_000
        text, html = (part.get_content() for part in read.iter_parts())
        assert Languages(html).found[0] == language
        for body in (text, html):
            assert "Xin chào" in body
            assert "綠耕隊與越南SMEDEC 2簽署合作備忘錄" in body
            assert f"{PUBLIC}/digests/managers/2014-W41" in body


def test_what_to_do_next_is_said_where_there_is_nothing(
    demo_copy: Path, tmp_path: Path, room: MailRoom
) -> None:
    assert "There are no lists yet: resound lists add --help" in call(tmp_path / "none", "digest", "list")
    assert "There is no list 'x'" in call(demo_copy, "digest", "preview", "x")
    add = ("lists", "add", "new", "--campaign", "apo-coe-gp-vietnam-2014", "--zone", "Asia/Taipei")
    assert call(demo_copy, *add, "--approver", "nobody").startswith("refused")
    assert "No list can have the id 'preview'" in call(demo_copy, "lists", "add", "preview", *add[3:])
    assert "The list new is there" in call(demo_copy, *add, "--approver", "Lin@cpc.example")
    assert "No issue was due yet" in call(demo_copy, "digest", "list", "new")
    assert "resound digest open new --week" in call(demo_copy, "digest", "approve", "new")
    assert "no week such as" in call(demo_copy, "digest", "open", "new", "--week", "soon")
    assert "2014-09-29 to 2014-10-05" in call(demo_copy, "digest", "open", "new", "--week", "2014-W41")
    assert "has an issue of 2014-W41 already" in call(
        demo_copy, "digest", "open", "new", "--week", "2014-W41"
    )
    assert "Nobody reads the list new yet" in call(demo_copy, "digest", "approve", "new")
    assert "is skipped" in call(demo_copy, "digest", "skip", "new", "--why", "nobody reads it")
    assert "A draft about" in call(demo_copy, "digest", "open", "new", "--week", "2014-W41")
    assert "is skipped" in call(demo_copy, "digest", "skip", "new", "--why", "nobody reads it")
    assert "Nobody is told" in call(demo_copy, "lists", "approvers", "new")
    said = call(demo_copy, "subscribers", "add", "new", "mai@reader.example", "--language", "vi")
    assert "A mail that asks mai@reader.example to confirm is in the outbox." in said


def test_the_scheduler_tells_approves_and_sends(demo_copy: Path, room: MailRoom) -> None:
    auto = (
        "lists",
        "add",
        "auto",
        "--campaign",
        "apo-coe-gp-vietnam-2014",
        "--zone",
        "Asia/Taipei",
        "--automatic",
    )
    assert "is there" in call(demo_copy, *auto)
    call(demo_copy, "digest", "open", "auto", "--week", "2014-W41")
    call(
        demo_copy,
        "subscribers",
        "add",
        "auto",
        "mai@reader.example",
        "--language",
        "vi",
        "--consent",
        "phone",
    )
    once = (
        "run",
        "--once",
        "--without",
        "crawl",
        "--without",
        "process",
        "--without",
        "index",
        "--without",
        "health",
    )
    call(demo_copy, *once)
    got = {str(room.read(at)["To"]): str(room.read(at)["Subject"]) for at in range(len(room.accepted))}
    assert got == {
        "officer@resound.example": "To approve: APO COE GP Resource Recycling Green Team in Vietnam, 2014, 29 Sept – 5 Oct 2014",
        "mai@reader.example": "Đội Xanh Tuần hoàn Tài nguyên APO COE GP tại Việt Nam, 2014: ít nhất 26 tin bài, 29 thg 9 – 5 thg 10, 2014",
    }
    call(demo_copy, *once)
    assert len(room.accepted) == 2
