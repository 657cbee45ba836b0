"""The pages about the digest: shown as it is mailed, changed, approved once, skipped, followed; in the demo's weeks."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import update
from starlette.testclient import TestClient

from resound.digest.approving import preview
from resound.digest.model import Edition
from resound.digest.moving import move_story, moves_of
from resound.sending.outbox import send_waiting
from resound.sending.weeks import issue_of
from resound.store.lists import Issue, MailingList, find_issue, open_issue
from resound.store.outbox import count_states, list_posted
from resound.store.tables import version
from resound.words import words
from tests.api.markup import foreign_markup
from tests.api.readers import add_reader, make_list
from tests.api.reading import read, texts
from tests.api.staffed import Clock, browsing, enter, make_app, send, store_of
from tests.resound.mailroom import open_mailroom
from tests.resound.staff import hash_quickly, hire

CAMPAIGN = "apo-coe-gp-vietnam-2014"
WEEK, QUIET = "2014-W41", "2014-W43"
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
HERE = f"/digests/heads/{WEEK}"
HOSTILE = '"><script>alert(1)</script>{{7*7}}'
MAIL = {
    "smtp_url": "smtp://127.0.0.1:25?starttls=no",
    "mail_from": "Resound <press@cpc.example>",
    "public_url": "http://127.0.0.1",
}


@pytest.fixture
def app(demo_copy: Path, request: pytest.FixtureRequest) -> FastAPI:
    return make_app(demo_copy, clock=Clock(NOW), is_local=True, **getattr(request, "param", MAIL))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with browsing(app) as client:
        yield client


@pytest.fixture
def draft(app: FastAPI, client: TestClient) -> MailingList:
    of = make_list(store_of(app), "heads", CAMPAIGN)
    for address, language in (
        ("lin@cpc.example", "zh-Hant"),
        ("my@cpc.example", "vi"),
        ("bea@cpc.example", "en"),
    ):
        add_reader(store_of(app), address, "heads", language=language)  # type: ignore[arg-type]
    open_week(app, of, WEEK)
    return of


def open_week(app: FastAPI, of: MailingList, week: str) -> None:
    with store_of(app).write() as connection:
        open_issue(connection, of, issue_of(of.plan, week), now=NOW)


def now_of(app: FastAPI, week: str = WEEK) -> tuple[Issue, Edition]:
    with store_of(app).read() as connection:
        issue = find_issue(connection, "heads", week)
        return issue, preview(connection, issue, now=NOW)


def change(client: TestClient, **fields: str) -> Any:
    fields.setdefault("seen", revision(client))
    return send(client, f"{HERE}/edit", HERE, **fields)


def revision(client: TestClient) -> str:
    return read(client, HERE).css_first("#note-card input[name=seen]").attributes["value"] or ""


def approve(client: TestClient, seen: str | None = None) -> Any:
    if seen is None:
        seen = read(client, HERE).css_first("details.approve input[name=seen]").attributes["value"] or ""
    return send(client, f"{HERE}/approve", HERE, seen=seen)


def test_who_may_only_read_the_campaign_sees_what_was_sent_and_nothing_else(
    app: FastAPI, client: TestClient, draft: MailingList, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert approve(client).status_code == 303
    open_week(app, draft, QUIET)
    hash_quickly(monkeypatch)
    hire(store_of(app), "admin", "admin", now=NOW)
    hire(store_of(app), "ann", "none", now=NOW, **{CAMPAIGN: "reader"})
    hire(store_of(app), "bob", "none", now=NOW)
    client.cookies.clear()
    assert client.get(HERE).headers["location"].startswith("/sign-in")
    assert enter(client, "ann").status_code == 303
    page = client.get(f"{HERE}?language=vi")
    assert page.status_code == 200
    assert "sandbox" in page.headers["content-security-policy"]
    assert now_of(app)[1].stories[-1].head.title in unescape(page.text)
    assert "approve" not in page.text
    assert "/u/" not in page.text
    assert client.get(f"/digests/heads/{QUIET}").status_code == 404, "a draft is nobody's but its editors'"
    for path in ("mail", "sending"):
        assert client.get(f"{HERE}/{path}").status_code == 403
    client.cookies.clear()
    assert enter(client, "bob").status_code == 303
    assert client.get(HERE).status_code == 403


def test_a_new_user_sees_at_once_what_a_digest_looks_like(client: TestClient) -> None:
    page = read(client, "/digests")
    assert f"/digests/preview/{CAMPAIGN}" in [one.attributes["href"] for one in page.css("main a")]
    page = read(client, f"/digests/preview/{CAMPAIGN}")
    assert "26 items" in page.body.text(), "the week of which there is most to see"
    frame = page.css_first("iframe").attributes
    assert frame["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    mail = client.get(frame["src"] or "")
    assert mail.status_code == 200
    assert "29 Sept" in mail.text
    other = read(client, f"/digests/preview/{CAMPAIGN}?week={QUIET}&language=vi")
    assert "0 items" in other.body.text()
    for wrong in ("2014-W60", "x", "9999-W53"):
        assert client.get(f"/digests/preview/{CAMPAIGN}?week={wrong}").status_code == 404
    assert client.get("/digests/preview/nothing").status_code == 404


@pytest.mark.parametrize("day", ["2014-10-06", "2014-10-09", "2014-10-12"])
def test_the_week_of_a_day_is_the_one_that_holds_it(client: TestClient, day: str) -> None:
    page = read(client, f"/digests/preview/{CAMPAIGN}?day={day}")
    facts = page.css_first(".week-facts").text().strip()
    assert facts.startswith(words("en").days(date(2014, 10, 6), date(2014, 10, 12))), facts
    assert page.css_first("#day").attributes["value"] == "2014-10-06"
    assert page.css_first("input[type=week]") is None, "a browser means other days by it"
    assert "2014-W" not in page.css_first("main").text()
    frame = page.css_first("iframe").attributes["src"] or ""
    assert "week=2014-W42" in frame, "an address names an issue as the command line does, by its cut-off"


@pytest.mark.parametrize("day", ["2014-02-30", "x", "9999-12-31", "0001-01-01"])
def test_a_day_that_there_is_not_is_told(client: TestClient, day: str) -> None:
    assert client.get(f"/digests/preview/{CAMPAIGN}?day={day}").status_code == 404


@pytest.mark.parametrize("path", ["/digests", "/lists", "/lists/heads", f"/digests/heads/{WEEK}"])
def test_an_issue_is_called_by_its_days(client: TestClient, draft: MailingList, path: str) -> None:
    page = read(client, f"{path}?list={draft.id}")
    said = re.sub(r"http://\S+", "", page.css_first("main").text())  # in an address it stays
    assert ("29 Sept" in said, "2014-W" in said) == (True, False)


def test_a_week_with_gaps_is_at_least_on_its_page_too(client: TestClient) -> None:
    page = client.get(f"/digests/preview/{CAMPAIGN}?week={QUIET}").text
    facts = page.partition('<p class="week-facts">')[2].partition("</p>")[0]
    assert "at least" in facts


@pytest.mark.parametrize("language", ["zh-Hant", "en", "vi"])
def test_the_mail_is_shown_in_a_frame_that_can_do_nothing(
    client: TestClient,
    draft: MailingList,
    language: str,
) -> None:
    page = client.get(f"{HERE}?language={language}")
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    mail = client.get(f"{HERE}/mail?language={language}")
    policy = mail.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy, "no script by default-src"
    assert "frame-ancestors 'self'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert mail.headers["referrer-policy"] == "no-referrer"
    assert f'<html lang="{language}"' in mail.text
    assert "<script" not in mail.text


def test_what_is_sent_is_what_was_shown(app: FastAPI, client: TestClient, draft: MailingList) -> None:
    shown = client.get(f"{HERE}/mail?language=vi").text.replace('\n<base target="_blank">', "", 1)
    assert approve(client).status_code == 303
    with open_mailroom() as room:
        send_waiting(store_of(app), room.server, clock=lambda: NOW)
        assert room.counts() == {"lin@cpc.example": 1, "my@cpc.example": 1, "bea@cpc.example": 1}
        at = next(at for at, (to, _) in enumerate(room.accepted) if to == "my@cpc.example")
        sent = room.read(at).get_body(("html",)).get_content()  # type: ignore[union-attr]

    def without_token(html: str) -> list[str]:
        return [part.partition('"')[2] for part in html.replace("\r\n", "\n").rstrip().split("/u/")][1:]

    assert without_token(sent) == without_token(shown)
    assert sent.replace("\r\n", "\n").split("/u/")[0] == shown.split("/u/")[0]


def test_a_story_is_moved_left_out_and_brought_back(
    app: FastAPI, client: TestClient, draft: MailingList
) -> None:
    _, edition = now_of(app)
    first, second = edition.top[0].id, edition.top[1].id
    answer = change(client, do="down", about=first)
    assert answer.status_code == 303, answer.text
    _, edition = now_of(app)
    assert [one.id for one in edition.top[:2]] == [second, first]
    page = read(client, answer.headers["location"])
    assert page.css_first(f"#story-{first} button[autofocus]") is not None, (
        "the keyboard goes on where it was"
    )

    last = edition.sections[-1].stories[-1].id
    change(client, do="first", about=last)
    assert now_of(app)[1].top[0].id == last
    change(client, do="order")
    assert now_of(app)[1].top[0].id == first

    refused = change(client, do="drop", what=f"story {first}", why=" ")
    assert refused.status_code == 400
    assert change(client, do="drop", what=f"story {first}", why="twice told").status_code == 303
    _, edition = now_of(app)
    assert first not in {one.id for one in edition.stories}
    assert edition.dropped[0].why == "twice told"
    assert edition.counts.items == 26, "it stays counted"
    change(client, do="restore-story", about=first)
    assert now_of(app)[1].top[0].id == first


def test_headlines_that_are_edited_say_their_language(
    app: FastAPI, client: TestClient, draft: MailingList
) -> None:
    foreign = next(one for one in now_of(app)[1].top if one.head.tag != "en")
    change(client, do="drop", what=f"story {foreign.id}", why="twice told")
    page = LexborHTMLParser(client.get(HERE).text)
    (named,) = page.css(".story-edits bdi[lang]")
    assert (named.text(), named.attributes["lang"]) == (foreign.head.title, foreign.head.tag)
    bring_back = page.css_first('button[value^="restore-"] .hidden-text')
    assert bring_back.attributes["lang"] == foreign.head.tag
    for card in page.css("li.story-edit[id]"):
        tag = card.css_first(".entry-title").attributes["lang"]
        assert card.css_first("summary .hidden-text").attributes["lang"] == tag
        assert all(one.attributes.get("lang") for one in card.css('option[value^="item "]'))


def test_a_note_stands_at_the_head_and_stays_text(client: TestClient, draft: MailingList) -> None:
    assert change(client, do="note", note=f"Look at the first.\r\n{HOSTILE}").status_code == 303
    for path in (HERE, f"{HERE}/mail?language=en"):
        html = client.get(path).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html
    page = client.get(HERE).text.replace("<iframe", "<span").replace("</iframe", "</span")
    assert foreign_markup(page) == []


def test_two_who_edit_at_once_are_told(app: FastAPI, client: TestClient, draft: MailingList) -> None:
    seen = revision(client)
    change(client, do="note", note="hers", seen=seen)
    answer = change(client, do="note", note="mine", seen=seen)
    assert answer.status_code == 409
    assert "officer changed this digest meanwhile" in answer.text
    assert "mine</textarea>" in answer.text, "what was typed is not lost"
    note = now_of(app)[1].note
    assert note is not None
    assert note.text == "hers"


def test_only_what_was_looked_at_is_approved(app: FastAPI, client: TestClient, draft: MailingList) -> None:
    seen = read(client, HERE).css_first("details.approve input[name=seen]").attributes["value"]
    change(client, do="note", note="meanwhile")
    assert approve(client, seen).status_code == 409
    assert now_of(app)[0].state == "draft"
    assert approve(client, "").status_code == 409


def test_two_approvers_at_once_send_one(app: FastAPI, client: TestClient, draft: MailingList) -> None:
    page = read(client, HERE)
    seen = page.css_first("details.approve input[name=seen]").attributes["value"]
    csrf = page.css_first("input[name=csrf]").attributes["value"]
    together = threading.Barrier(2)
    answers: list[int] = []

    def press() -> None:
        together.wait()
        answers.append(client.post(f"{HERE}/approve", data={"csrf": csrf, "seen": seen}).status_code)

    pressing = [threading.Thread(target=press) for _ in range(2)]
    for one in pressing:
        one.start()
    for one in pressing:
        one.join()
    assert sorted(answers) == [303, 409]
    with store_of(app).read() as connection:
        assert count_states(connection) == {"queued": 3}


def test_approved_is_followed_and_troubles_are_decided(
    app: FastAPI, client: TestClient, draft: MailingList
) -> None:
    answer = approve(client)
    page = read(client, answer.headers["location"])
    assert "approved" in " ".join(texts(page, ".label"))
    assert page.css_first("#sending-part").attributes["hx-get"] == f"{HERE}/sending"
    assert not page.css("details.approve, #edit"), "nothing is changed any more"

    def refuse(step: str, recipient: str) -> str:
        return "550 no such user" if step == "rcpt" and recipient == "bea@cpc.example" else ""

    with open_mailroom() as room:
        room.answer = refuse  # type: ignore[assignment]
        send_waiting(store_of(app), room.server, clock=lambda: NOW)
    part = client.get(f"{HERE}/sending", headers={"hx-request": "true"}).text
    assert "hx-get" not in part, "it is over: nobody asks any more"
    page = read(client, HERE)
    (row,) = texts(page, "form.mails tbody tr")
    assert "bea@cpc.example" in row
    assert "550 no such user" in row
    mail = page.css_first("input[name=mail]").attributes["value"] or ""
    answer = send(client, f"{HERE}/mails", HERE, do="resend", mail=mail, why="the address was mended")
    assert answer.status_code == 303
    with store_of(app).read() as connection:
        assert count_states(connection) == {"queued": 1, "sent": 2}
        own = {one.id for one in list_posted(connection)}
    assert (
        send(client, f"{HERE}/mails", "/new-list", do="drop", mail=str(max(own) + 1), why="x").status_code
        == 400
    )
    for path in ("edit", "approve", "skip"):
        refused = send(client, f"{HERE}/{path}", "/new-list", do="note", note="late", seen="0", why="late")
        assert refused.status_code == 409
        assert "was approved by officer on" in refused.text


def test_a_week_is_skipped_with_a_reason(app: FastAPI, client: TestClient, draft: MailingList) -> None:
    assert send(client, f"{HERE}/skip", HERE, why=" ").status_code == 400
    assert send(client, f"{HERE}/skip", HERE, why="Tết").status_code == 303
    issue, _ = now_of(app)
    assert (issue.state, issue.why, issue.who) == ("skipped", "Tết", "officer")
    assert "Tết" in client.get("/digests").text
    with store_of(app).read() as connection:
        assert count_states(connection) == {}
    assert read(client, HERE).css_first(f'form[action="{HERE}/reopen"]') is not None
    assert send(client, f"{HERE}/reopen", HERE).status_code == 303
    assert now_of(app)[0].state == "draft"
    assert "made it a draft again" in client.get(HERE).text
    assert send(client, f"{HERE}/reopen", HERE).status_code == 409


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        ({}, "RESOUND_SMTP_URL"),
        ({"smtp_url": MAIL["smtp_url"], "mail_from": MAIL["mail_from"]}, "RESOUND_PUBLIC_URL"),
    ],
    indirect=["app"],
)
def test_what_stops_it_is_told_and_it_is_refused(
    app: FastAPI,
    client: TestClient,
    draft: MailingList,
    reason: str,
) -> None:
    page = read(client, HERE)
    assert reason in " ".join(texts(page, ".checks li"))
    assert not page.css("details.approve")
    answer = approve(client, "x")
    assert answer.status_code == 400
    assert reason in answer.text
    assert now_of(app)[0].state == "draft"


def test_without_readers_it_is_refused(app: FastAPI, client: TestClient) -> None:
    of = make_list(store_of(app), "heads", CAMPAIGN)
    open_week(app, of, WEEK)
    assert "Nobody reads this list yet" in client.get(HERE).text
    assert approve(client, "x").status_code == 400
    assert now_of(app)[0].state == "draft"


def test_drafts_stand_first(app: FastAPI, client: TestClient, draft: MailingList) -> None:
    open_week(app, draft, QUIET)
    later = f"/digests/heads/{QUIET}"
    send(client, f"{later}/skip", later, why="nothing")
    states = texts(read(client, "/digests"), ".issues .row .label")
    assert ["approval" in one for one in states] == [True, True, False], "the demo has a draft of its own"
    assert "skipped" in states[-1]


def test_the_matches_that_wait_lead_to_the_review(
    app: FastAPI, client: TestClient, draft: MailingList
) -> None:
    open_week(app, draft, "2014-W42")
    page = read(client, "/digests/heads/2014-W42")
    assert "2 matches of this week wait for review" in " ".join(texts(page, ".checks li"))
    assert f"/review/{CAMPAIGN}" in [one.attributes["href"] for one in page.css(".checks a")]


def test_one_step_at_a_time_reaches_every_place(app: FastAPI, client: TestClient, draft: MailingList) -> None:
    """Whatever stands anywhere comes to the top by `up` alone, and what stands first goes down by `down` alone."""
    _, edition = now_of(app)
    assert edition.sections, "some stories stand by theme"
    last = edition.stories[-1].id
    assert "down" not in moves_of(edition, last)
    assert "up" not in moves_of(edition, edition.top[0].id)
    assert move_story(edition, "no such story", "up") is None
    for _ in range(len(edition.stories)):
        if edition.top[0].id == last:
            break
        assert change(client, do="up", about=last).status_code == 303
        _, edition = now_of(app)
    assert edition.top[0].id == last
    assert moves_of(edition, last) == ("down",)


@pytest.mark.parametrize(
    "title",
    [
        HOSTILE,
        "</title><style>*{display:none}</style><iframe src=//evil.example>",
        "\u202eevil\u2028\r\nBcc: x@evil.example\x00",
        "=HYPERLINK(1) " + "字" * 10_000,
        "",
    ],
)
def test_hostile_titles_stay_text(app: FastAPI, client: TestClient, draft: MailingList, title: str) -> None:
    """On the page, in its forms, and in the mail that it shows; the subject stays one line."""
    with store_of(app).write() as connection:
        connection.execute(update(version).values(title=title))
    change(client, do="drop", what=f"story {now_of(app)[1].top[0].id}", why=HOSTILE)
    page = client.get(HERE)
    assert page.status_code == 200
    shown = page.text.replace("<iframe class=", "<span class=").replace("</iframe>", "</span>")
    assert foreign_markup(shown) == []
    mail = client.get(f"{HERE}/mail?language=en").text
    kept = [one for one in foreign_markup(mail) if one not in ("<base>", "<style>") and "style>" not in one]
    assert kept == []
    assert mail.count("<style>") == 1
    assert len(texts(read(client, HERE), ".mail-subject")) == 1
