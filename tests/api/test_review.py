"""The review queue and the coding form: what waits, what a decision does, what a second coder may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from httpx import Response
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import update
from starlette.requests import Request
from starlette.testclient import TestClient

from api.access import Visitor
from api.app import create_app
from api.pages import environment
from resound.coding.deciding import take_back
from resound.coding.item import item_coding
from resound.coverage.campaign import campaign_coverage
from resound.people.roles import Person, Role
from resound.settings import load_settings
from resound.store import Store, open_store
from resound.store.articles import load_articles
from resound.store.decisions import Decision, all_decisions, standing_decisions
from resound.store.tables import version
from tests.api.conftest import csrf_of
from tests.resound.staff import NOW

CAMPAIGN = "apo-coe-gp-vietnam-2014"
REVIEW = f"/review/{CAMPAIGN}"


@pytest.fixture
def store(demo_copy: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{demo_copy / 'resound.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def chen(demo_copy: Path) -> Iterator[TestClient]:
    """Another person at the same desk."""
    app = create_app(load_settings(data=demo_copy, coder="chen", language="en"), is_local=True)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def question(html: str) -> str:
    return unescape(html.split('id="question"><strong>', 1)[1].split("</strong>", 1)[0]).strip()


def place(html: str) -> tuple[int, int]:
    """Which question of how many is open."""
    at, _, of = html.split('id="question"', 1)[1].split('soft">', 1)[1].split("<", 1)[0].partition(" of ")
    return int(at), int(of)


def item_of(html: str) -> str:
    return html.split('name="item" value="', 1)[1].split('"', 1)[0]


def keys_of(html: str, asked: str) -> list[str]:
    return list(dict.fromkeys(re.findall(rf'href="[^"]*\bat=({asked}\.[0-9a-f.]+)', html)))


def send(client: TestClient, answer: str, *, page: str | None = None, **fields: str) -> Response:
    """Send the coding form of a page, as pressing one of its buttons does."""
    html = page if page is not None else client.get(REVIEW).text
    form = html.split('class="coding-form"', 1)[-1].split("</form>", 1)[0]
    hidden = {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    }
    sent = {**hidden, "csrf": csrf_of(html), "answer": answer, "why": "", **fields}
    return client.post(f"{REVIEW}/decide", data=sent)


def last(store: Store) -> Decision:
    with store.read() as connection:
        return all_decisions(connection)[-1]


def test_the_only_campaign_opens_at_once_and_says_what_waits(client: TestClient) -> None:
    assert client.get("/review").headers["location"] == REVIEW
    html = client.get(REVIEW).text
    assert question(html) == "Is this coverage of the campaign?"
    for words in ("New matches", "Without a date", "Outlets without a name", "To be coded", "One story?"):
        assert words in html
    assert "not available (one coder)" in html


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("unreviewed", "Is this coverage of the campaign?"),
        ("waits-for-date", "When was it published?"),
        ("provisional", "Which outlet is this?"),
        ("uncoded", "What is its tone?"),
        ("merge", "Do these two tell one original text?"),
    ],
)
def test_every_kind_of_question_has_a_page(reading_client: TestClient, asked: str, wanted: str) -> None:
    key = keys_of(reading_client.get(REVIEW).text, asked)[0]
    answer = reading_client.get(REVIEW, params={"at": key})
    assert answer.status_code == 200
    assert question(answer.text) == wanted


def test_an_item_stays_until_nothing_is_asked_of_it_and_then_the_next_one_comes(
    client: TestClient, store: Store
) -> None:
    first = client.get(REVIEW).text
    item = item_of(first)
    (following,) = set(keys_of(first, "unreviewed")) - {f"unreviewed.{item}"}
    steps = [
        ("accept", {}, "What is its tone, and where does the text come from?"),
        ("tone neutral", {"basis": "translation"}, "Where does the text come from?"),
        ("prominence headline", {"basis": "translation"}, "Where does the text come from?"),
    ]
    page = first
    for answer, fields, asked in steps:
        went = send(client, answer, page=page, **fields)
        assert went.status_code == 303
        page = client.get(went.headers["location"]).text
        assert (item_of(page), question(page)) == (item, asked)
    page = client.get(send(client, "origin original", page=page).headers["location"]).text
    assert item_of(page) == following.partition(".")[2]
    with store.read() as connection:
        made = all_decisions(connection, article=item)[-4:]
    assert [(one.kind, one.value, one.basis, one.who) for one in made] == [
        ("accept", None, None, "lin"),
        ("tone", "neutral", "translation", "lin"),
        ("prominence", "headline", "translation", "lin"),
        ("origin", "original", None, "lin"),
    ]
    assert [one.why for one in made][:2] == [
        "read it; it reports on the campaign", "read the passages that name the campaign",
    ]  # fmt: skip


def test_a_reason_of_ones_own_is_kept_and_what_cannot_be_is_said(client: TestClient, store: Store) -> None:
    assert send(client, "reject", why=" a school's garden ").status_code == 303
    assert last(store).why == "a school's garden"
    assert send(client, "tone positive").status_code == 400
    assert send(client, "tone merry", basis="original").status_code == 400
    assert send(client, "undo").status_code == 400
    assert send(client, "message no-such-message").status_code == 400
    assert send(client, "accept", item="no-such-item").status_code == 404
    assert client.get("/review/no-such-campaign").status_code == 404
    assert last(store).kind == "reject"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_form_leads_nowhere_else(client: TestClient, to: str) -> None:
    assert send(client, "accept", next=to).headers["location"] == "/"


def test_a_form_from_elsewhere_changes_nothing(client: TestClient, store: Store) -> None:
    before = last(store)
    assert send(client, "accept", csrf="guessed").status_code == 403
    assert client.post(f"{REVIEW}/undo", data={"decision": str(before.id)}).status_code == 403
    assert last(store) == before


def test_the_last_decision_is_undone_by_who_made_it(
    client: TestClient, chen: TestClient, store: Store
) -> None:
    page = client.get(send(client, "reject").headers["location"]).text
    undo = page.split('class="undo"', 1)[1].split("</form>", 1)[0]
    assert "rejected as coverage" in undo
    made = last(store)
    assert f'name="decision" value="{made.id}"' in undo
    theirs = chen.get(REVIEW).text
    assert 'class="undo"' not in theirs
    number = {"decision": str(made.id)}
    assert chen.post(f"{REVIEW}/undo", data={**number, "csrf": csrf_of(theirs)}).status_code == 403
    went = client.post(f"{REVIEW}/undo", data={**number, "csrf": csrf_of(page)})
    assert went.status_code == 303
    assert (last(store).kind, last(store).undoes) == ("undo", made.id)
    assert 'class="undo"' not in client.get(REVIEW).text


def test_a_second_coder_sees_neither_answer_nor_proposal(
    client: TestClient, chen: TestClient, store: Store
) -> None:
    with store.write() as connection:  # as if nobody had coded yet
        for one in standing_decisions(connection):
            if one.kind == "tone":
                take_back(connection, one.id, why="anew", who="test", now=NOW)
    assert "There is nothing for you to code a second time" in chen.get(f"{REVIEW}?second=1").text
    key = keys_of(client.get(REVIEW).text, "uncoded")[0]
    page = client.get(REVIEW, params={"at": key}).text
    assert (
        send(client, "tone negative", page=page, basis="original", why="a telling reason").status_code == 303
    )
    assert "There is nothing for you" in client.get(f"{REVIEW}?second=1").text
    blind = chen.get(f"{REVIEW}?second=1").text
    assert item_of(blind) == key.partition(".")[2]
    form = blind.split('class="review-coding', 1)[1].split("</section>", 1)[0]
    for told in (
        "a telling reason",
        'aria-pressed="true"',
        "is-proposed",
        "label-machine",
        "lin,",
        "origin ",
    ):
        assert told not in form
    went = send(chen, "tone neutral", page=blind, basis="translation")
    made = last(store)
    assert (made.kind, made.round, made.who, made.basis) == ("tone", 2, "chen", "translation")
    assert "second=1" in went.headers["location"]
    assert "1 item has been coded twice so far" in chen.get(went.headers["location"]).text
    assert "α = " in client.get(REVIEW).text
    # nobody codes twice, whatever the form says
    assert send(client, "tone neutral", page=page, basis="original", second="1").status_code == 400


def test_stories_are_joined_and_parted(client: TestClient, store: Store) -> None:
    page = client.get(REVIEW).text
    item = item_of(page)
    at = f"unreviewed.{item}"
    alike = client.get(REVIEW, params={"at": at, "q": ""}).text
    found = re.findall(r'type="radio" name="value" value="([0-9a-f]+)"', alike)
    assert found
    assert item not in found
    went = send(client, "merge", page=page, value=found[0], **{"otherwise.merge": "one text"})
    assert (last(store).kind, last(store).value) == ("merge", found[0])
    joined = client.get(went.headers["location"]).text
    assert "It is a story of its own" in joined
    again = client.get(REVIEW, params={"at": at, "q": "綠耕隊"}).text
    assert f'name="value" value="{found[0]}"' not in again
    send(client, "split", page=page, **{"otherwise.split": "its own"})
    assert "No other item is known" in client.get(went.headers["location"]).text
    assert "expected" in client.get(REVIEW, params={"q": "(unclosed"}).text.lower()


def counted(client: TestClient) -> dict[str, int]:
    answer = client.get(f"/api/v1/campaigns/{CAMPAIGN}/counts")
    found: dict[str, int] = answer.json()["counts"]
    return found


def test_a_finished_item_is_joined_and_parted_on_its_own_page(
    client: TestClient, chen: TestClient, store: Store
) -> None:
    with store.read() as connection:
        stories = campaign_coverage(connection, CAMPAIGN, now=datetime.now(UTC)).stories
    alone = [one.items[0].item for one in stories if len(one.items) == 1]
    one, other = alone[0], alone[1]
    before = counted(client)
    at = f"/articles/{one}"
    page = client.get(at).text
    section = LexborHTMLParser(page).css_first("details.merge-or-split")
    assert section is not None
    assert "open" not in section.attributes
    assert "It is a story of its own" not in section.text()
    with store.read() as connection:
        title = load_articles(connection, [other])[other].article.title
    found = client.get(at, params={"merge": title})
    shown = LexborHTMLParser(found.text).css_first("details.merge-or-split")
    assert shown is not None
    assert "open" in shown.attributes
    assert f'name="value" value="{other}"' in found.text
    form = next(node for node in shown.css("form") if node.css_first("[value=merge]") is not None)
    sent = {str(node.attributes["name"]): str(node.attributes["value"]) for node in form.css("[type=hidden]")}
    went = client.post(
        str(form.attributes["action"]),
        data={**sent, "csrf": csrf_of(page), "answer": "merge", "value": other},
    )
    assert went.status_code == 303
    assert went.headers["location"].startswith(at)
    joined = counted(client)
    assert joined["stories"] == before["stories"] - 1
    assert joined["items"] == before["items"]
    page = client.get(went.headers["location"]).text
    assert "joined by a person" in page
    assert "It is a story of its own" in page
    # only who decided may take it back
    assert "Undo it" not in chen.get(at).text
    undo = LexborHTMLParser(page).css_first("form.undo [name=decision]")
    assert undo is not None
    back = client.post(
        f"{REVIEW}/undo",
        data={"csrf": csrf_of(page), "decision": str(undo.attributes["value"]), "next": at},
    )
    assert back.headers["location"] == at
    assert counted(client) == before
    # parted from the other side, by somebody else
    send(client, "merge", page=page, item=one, value=other, why="one text")
    assert counted(client) == joined
    there = chen.get(f"/articles/{other}").text
    parted = chen.post(
        f"{REVIEW}/decide",
        data={"csrf": csrf_of(there), "answer": "split", "item": other, "otherwise.split": "its own"},
    )
    assert parted.status_code == 303
    assert counted(client) == before


def test_two_alike_stay_two_once_somebody_says_so(client: TestClient) -> None:
    first = keys_of(client.get(REVIEW).text, "merge")[0]
    page = client.get(REVIEW, params={"at": first}).text
    _, item, other = first.split(".")
    form = page.split('aria-labelledby="question"', 1)[1].split("</form>", 1)[0]
    assert f'name="value" value="{other}"' in form
    sent = {
        "csrf": csrf_of(page),
        "answer": "split",
        "item": item,
        "value": other,
        "otherwise.split": "two reports",
    }
    assert client.post(f"{REVIEW}/decide", data=sent).status_code == 303
    assert keys_of(client.get(REVIEW).text, "merge")[0] != first


def test_a_day_and_an_outlet_are_set(client: TestClient, store: Store) -> None:
    page = client.get(REVIEW).text
    for asked, answer, value in (
        ("waits-for-date", "date", "2014-10-02"),
        ("provisional", "outlet", "formosa-daily"),
    ):
        key = keys_of(page, asked)[0]
        html = client.get(REVIEW, params={"at": key}).text
        assert f'name="answer" value="{answer}"' in html
        sent = {
            "csrf": csrf_of(html),
            "item": item_of(html),
            "answer": answer,
            "value": value,
            "why": "the page says so",
        }
        assert client.post(f"{REVIEW}/decide", data=sent).status_code == 303
        assert (last(store).kind, last(store).value) == (answer, value)
        assert not keys_of(client.get(REVIEW).text, asked)


def test_foreign_text_is_text(client: TestClient, store: Store) -> None:
    item = item_of(client.get(REVIEW).text)
    evil = """"><script>alert(1)</script><img src=x onerror=alert(2)>"""
    with store.write() as connection:
        connection.execute(
            update(version)
            .where(version.c.article == item)
            .values(title=evil, byline=evil, paragraphs=[evil, "javascript:alert(3)"], captions=[evil])
        )
    for params in ({}, {"at": evil}, {"item": evil, "then": evil}, {"q": evil}):
        html = client.get(REVIEW, params=params).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    page = client.get(send(client, "reject", why=evil).headers["location"]).text
    assert "<script>alert" not in page


@pytest.mark.parametrize(("role", "buttons"), [("reader", 0), ("coder", 1)])
def test_the_form_fits_other_pages_and_leads_back_to_them(
    client: TestClient, store: Store, role: Role, buttons: int
) -> None:
    item = item_of(client.get(REVIEW).text)
    with store.read() as connection:
        coding = item_coding(connection, item, CAMPAIGN)
    html = (
        environment("vi")
        .get_template("_coding.html")
        .render(
            coding=coding,
            visitor=Visitor(Person(1, "an", "An", role), "session", "t"),
            request=Request({"type": "http", "path": "/articles/1", "query_string": b"q=1", "headers": []}),
            language="vi",
            csrf_field=lambda: "",
        )
    )
    assert min(html.count('value="tone positive"'), 1) == buttons
    assert 'name="next" value="/articles/1?q=1"' in html


def test_everything_decided_leaves_an_empty_desk(client: TestClient) -> None:
    for _ in range(80):
        html = client.get(REVIEW).text
        if 'id="question"' not in html:
            break
        asked = question(html)
        if asked == "Do these two tell one original text?":
            form = html.split('aria-labelledby="question"', 1)[1].split("</form>", 1)[0]
            hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
            client.post(f"{REVIEW}/decide", data={**hidden, "answer": "split"})
        else:
            assert send(client, "reject", page=html).status_code == 303
    assert "Nothing waits" in html
    assert "second coder" in html.lower()


def test_the_keys_for_next_and_previous_pass_every_question(reading_client: TestClient) -> None:
    html = reading_client.get(REVIEW).text
    total = place(html)[1]
    seen = []
    key = "j"
    for _ in range(2 * total):
        seen.append(place(html)[0])
        found = re.search(rf'href="([^"]+)" data-key="{key}"', html)
        if found is None and key == "k":
            break
        if found is None:
            key = "k"
            continue
        html = reading_client.get(unescape(found[1])).text
    assert seen == [*range(1, total + 1), *range(total, 0, -1)]


def test_after_one_of_two_merges_of_an_item_the_other_one_is_asked(reading_client: TestClient) -> None:
    first, second = _two_merges_of_one_item(reading_client)
    html = reading_client.get(REVIEW, params={"at": first}).text
    form = html.split('aria-labelledby="question"', 1)[1].split("</form>", 1)[0]
    (leads,) = re.findall(r'name="next" value="([^"]+)"', form)
    assert f"at={second}" in unescape(leads)
    # Where the first decision answers the second question, too, the next item's comes.
    gone = unescape(leads).replace(second, "merge.gone.gone")
    assert place(reading_client.get(gone).text)[0] > place(html)[0] + 1


def test_the_list_shows_both_sides_of_a_merge(reading_client: TestClient) -> None:
    first, second = _two_merges_of_one_item(reading_client)
    html = reading_client.get(REVIEW, params={"at": first}).text
    rows = [
        " ".join(re.sub(r"<[^>]+>", " ", row).split())
        for row in re.findall(
            rf'<a href="[^"]+at=(?:{first}|{second})"[^>]*>\s*<span.*?</a>', html, re.DOTALL
        )
    ]
    assert len(rows) == len(set(rows)) == 2
    assert all(row.count(" Oct 2014") + row.count(" Sept 2014") >= 2 for row in rows), rows


def _two_merges_of_one_item(client: TestClient) -> tuple[str, str]:
    keys = keys_of(
        client.get(REVIEW, params={"at": keys_of(client.get(REVIEW).text, "merge")[0]}).text, "merge"
    )
    return next((a, b) for a, b in pairwise(keys) if a.split(".")[1] == b.split(".")[1])


def test_nobody_is_told_a_headline_of_their_own_language_in_another(client: TestClient) -> None:
    html = client.get(REVIEW, headers={"accept-language": "zh-TW"}).text
    listed = html.split('class="plain-list entries"', 1)[1]
    told = re.findall(
        r'<span lang="([^"]+)" class="entry-title">[^<]*</span>\s*<span class="entry-translated" lang="([^"]+)"',
        listed,
    )
    assert told
    assert not [one for one in told if one[0].startswith("zh")]
    assert {one[1] for one in told} <= {"zh-Hant", "en"}


def test_what_may_be_joined_is_told_in_the_readers_language(client: TestClient) -> None:
    found = {}
    for language, theirs in (("zh-TW", "zh-Hant"), ("en", "en")):
        html = client.get(f"{REVIEW}?q=", headers={"accept-language": language}).text
        form = html.split('class="choices-form"', 1)[1].split("</form>", 1)[0]
        assert set(re.findall(r'class="entry-translated" lang="([^"]+)"', form)) <= {theirs}
        found[theirs] = re.findall(r'<span class="soft small">([^<·]+)', form)
    assert len(found["en"]) == len(found["zh-Hant"]) > 0
    assert found["en"] != found["zh-Hant"]
