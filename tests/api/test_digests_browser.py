"""The rooms of the digest in a real browser: nobody is kept out, the keyboard reaches everything, and the whole way of a
subscription from asking to leaving, with a real mail server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from resound.digest.approving import approve_issue
from resound.digest.telling import tell_approvers
from resound.sending.outbox import send_waiting
from resound.sending.subscribing import link_token
from resound.store.lists import find_subscription, open_issues
from resound.words import words
from tests.api.conftest import OpenPage, barriers, served
from tests.api.readers import add_reader, make_list
from tests.api.staffed import Clock, make_app, store_of
from tests.api.test_digests import CAMPAIGN, MAIL, QUIET, WEEK, open_week
from tests.resound.mailroom import MailRoom, open_mailroom

pytestmark = pytest.mark.browser
HERE = f"/digests/heads/{WEEK}"
LONG = "Lãnh đạo và các cơ quan liên quan tại Thành phố Hồ Chí Minh " * 3
UNBROKEN = "W" * 200


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 1, 15, 8, tzinfo=UTC))


@pytest.fixture
def app(demo_copy: Path, clock: Clock) -> FastAPI:
    return make_app(demo_copy, clock=clock, is_local=True, **MAIL)


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with served(app) as url:
        app.state.desk.settings.__dict__["public_url"] = url  # the port is known only now
        of = make_list(store_of(app), "heads", CAMPAIGN, name=LONG, approvers=("lin@cpc.example",))
        for reader, language in (("lin@cpc.example", "zh-Hant"), ("my@cpc.example", "vi")):
            add_reader(store_of(app), reader, "heads", language=language)  # type: ignore[arg-type]
        open_week(app, of, WEEK)
        open_week(app, of, QUIET)
        yield url


@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("language", ["zh-Hant", "en", "vi"])
def test_nobody_is_kept_out(
    app: FastAPI, address: str, open_page: OpenPage, language: str, width: int
) -> None:
    make_list(store_of(app), "odd", CAMPAIGN, name=UNBROKEN)
    reader = add_reader(store_of(app), f"{'x' * 60}@{'long-' * 10}domain.example", "odd", language=language)  # type: ignore[arg-type]
    asked = add_reader(store_of(app), "ask@cpc.example", "odd", language=language, is_confirmed=False)  # type: ignore[arg-type]
    page = open_page(f"{address}/digests", language=language, width=width, expect_errors=True)
    wrong: dict[str, list[str]] = {}

    def look(path: str) -> None:
        page.goto(f"{address}{path}")
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        found = barriers(page)
        if found:
            wrong[path] = found

    for path in (
        "/digests",
        "/lists",
        "/lists/odd",
        "/lists/heads/edit",
        "/new-list",
        f"/lists/odd/readers/{reader.id}",
        f"/lists/odd/readers/{asked.id}",
        HERE,
        f"/digests/heads/{QUIET}",
        f"/digests/preview/{CAMPAIGN}",
        "/system/outbox",
        f"/u/{link_token(reader, 'unsubscribe')}",
        f"/s/{link_token(asked, 'confirm')}",
        "/u/none",
    ):
        look(path)
    # as the pages stand after something was done
    page.goto(f"{address}/lists/odd")
    page.fill("#people", "a@cpc.example\nnobody\n" + UNBROKEN)
    page.locator("form[action$='/many'] button").click()
    found = barriers(page)
    if found:
        wrong["what became of each line"] = found
    page.goto(f"{address}/u/{link_token(reader, 'unsubscribe')}")
    page.locator("main button").click()
    found = barriers(page)
    if found:
        wrong["ended"] = found
    approve_issue(
        store_of(app),
        "heads",
        WEEK,
        server=MailRoom().server,
        public_url=MAIL["public_url"],
        who="lin",
        now=app.state.desk.now(),
    )
    with open_mailroom() as room:
        room.answer = lambda step, to: "550 no such user" if step == "rcpt" and to[0] == "l" else ""
        send_waiting(store_of(app), room.server, clock=app.state.desk.clock)
    for path in (HERE, "/system/outbox", "/digests", "/system"):
        look(path)
    assert wrong == {}


def test_a_draft_is_changed_and_approved_by_keyboard(app: FastAPI, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}{HERE}", width=1200)
    down = page.locator(".story-edit button[value=down]").first
    named = down.get_attribute("aria-label")
    down.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("moved="))
    # The focus stays with the story that moved: pressing on moves it on.
    assert page.evaluate("document.activeElement.closest('.story-edit') !== null")
    moved = page.locator(".story-edit").nth(1).locator("button[value=down]").get_attribute("aria-label")
    assert moved == named

    page.focus("#note")
    page.keyboard.type("Xin xem mục đầu tiên.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("done=changed"))
    frame = page.frame_locator("iframe.mail-frame")
    frame.get_by_text("Xin xem mục đầu tiên.").wait_for()

    page.locator("details.approve summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Approve and send to 2 readers"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("done=approved"))
    page.get_by_text("2 readers get it.").wait_for()


def test_how_it_goes_is_shown_while_it_is_sent(app: FastAPI, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}{HERE}")
    page.locator("details.approve summary").click()
    page.locator("details.approve button").click()
    page.locator("#sending-part progress").wait_for()
    with open_mailroom() as room:
        send_waiting(store_of(app), room.server, clock=app.state.desk.clock)
    page.get_by_text("Nothing waits any more.").wait_for(timeout=10_000)
    assert "2" in page.locator("#sending-part .meta").inner_text()


def test_the_mails_links_open_beside_the_page(address: str, open_page: OpenPage) -> None:
    """In the frame nothing runs, and nothing of it takes the place of our page."""
    page = open_page(f"{address}{HERE}")
    frame = page.frame_locator("iframe.mail-frame")
    assert frame.locator("a[href]").count() > 3
    with page.context.expect_page() as opened:
        frame.locator("a[href*='/u/']").click()
    assert urlsplit(opened.value.url).path.startswith("/u/")
    assert page.url.startswith(f"{address}{HERE}")


@contextmanager
def _mailing(address: str, app: FastAPI) -> Iterator[tuple[MailRoom, Any]]:
    """A mail server for the application that is served, and one round of what `resound run` does."""
    with open_mailroom() as room:
        desk = app.state.desk
        desk.settings.__dict__["smtp_url"] = f"smtp://127.0.0.1:{room.port}?starttls=no"

        def run() -> None:
            store = store_of(app)
            with store.write() as connection:
                open_issues(connection, now=desk.now())
            tell_approvers(store, server=room.server, public_url=address, words=words("en"), now=desk.now())
            send_waiting(store, room.server, clock=desk.clock)

        yield room, run


def last_to(room: MailRoom, to: str) -> EmailMessage:
    return room.read(max(at for at, (recipient, _) in enumerate(room.accepted) if recipient == to))


def link_in(mail: EmailMessage, start: str) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"{re.escape(start)}\S+", body.get_content())
    assert found is not None, body.get_content()
    return found[0]


def test_from_asking_for_a_digest_to_leaving_it(
    app: FastAPI, clock: Clock, address: str, open_page: OpenPage
) -> None:
    """Asked → confirmed → the issue is due → its approver is told → approved on the page → it comes once → one click ends it."""
    to, list_id = "new@cpc.example", "weekly"
    with _mailing(address, app) as (room, run):
        make_list(
            store_of(app), list_id, CAMPAIGN, now=clock.now, name="Weekly", approvers=("chief@cpc.example",)
        )
        page = open_page(f"{address}/lists/{list_id}")
        page.fill("#address", to)
        page.select_option("#language-one", "vi")
        page.locator("form[action$='/readers'] button").click()
        page.get_by_text("They are asked by mail").wait_for()
        run()

        hers = open_page(link_in(last_to(room, to), f"{address}/s/"), language="en")
        assert hers.locator("html").get_attribute("lang") == "vi"
        hers.locator("main button").click()
        hers.get_by_role("status").wait_for()
        with store_of(app).read() as connection:
            reader = find_subscription(connection, list_id, to)
        assert reader is not None
        assert reader.is_read

        clock.now = datetime(2026, 1, 19, 1, tzinfo=UTC)  # Monday, past eight in Taipei
        run()
        issue_page = link_in(last_to(room, "chief@cpc.example"), f"{address}/digests/{list_id}/")
        page.goto(issue_page)
        page.locator("details.approve summary").click()
        page.get_by_role("button", name="Approve and send to 1 reader").click()
        page.wait_for_url(re.compile("done=approved"))
        run()
        run()
        mails = [one for one, _ in room.accepted]
        assert mails.count(to) == 2, "the question, and the issue once"

        mail = last_to(room, to)
        link = mail["List-Unsubscribe"].strip(" <>")
        assert link.startswith(f"{address}/u/")
        answer = httpx.post(link, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
        assert answer.status_code == 200

        clock.now = datetime(2026, 1, 26, 1, tzinfo=UTC)
        run()
        page.goto(link_in(last_to(room, "chief@cpc.example"), f"{address}/digests/{list_id}/"))
        assert page.url != issue_page
        page.get_by_text("Nobody reads this list yet").wait_for()
        assert [one for one, _ in room.accepted].count(to) == 2, "nothing more reaches them"
