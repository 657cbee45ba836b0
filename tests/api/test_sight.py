"""Somebody with a role for one campaign: searches and reads what it matches, and reaches nothing else, however they ask."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from resound.campaign import Campaign
from resound.coverage.figures import item_facts
from resound.definitions.applying import apply_definitions
from resound.definitions.written import Loaded
from resound.people.accounts import add_key
from resound.pipeline import match_waiting
from resound.searching.indexing import update_index
from resound.store import Store
from resound.store.captures import captures_of
from resound.store.decisions import all_decisions
from resound.store.tables import article, clip
from tests.api.conftest import csrf_of
from tests.api.staffed import browsing, enter, make_app, send, store_of
from tests.resound.staff import NOW, hash_quickly, hire
from tests.whole_way import copy_demo

GREEN, COFFEE = "apo-coe-gp-vietnam-2014", "coffee-prices"
SECRET = "Coffee and its prices"
CAMPAIGN = Campaign.model_validate(
    {
        "id": COFFEE,
        "name": {"en": SECRET, "vi": "Giá cà phê"},
        "window": {"first": "2014-09-01", "last": "2014-11-30"},
        "names": [
            {"id": "coffee", "forms": {"vi": ["cà phê"], "en": ["coffee"]}},
            {"id": "centre", "forms": {"any": ["SMEDEC"]}},  # in news of the green team, too
        ],
    }
)
ESCAPES = (
    "",
    "綠耕隊",
    f"campaign:{GREEN}",
    f"coffee OR campaign:{GREEN}",
    f"campaign:{COFFEE} OR campaign:{GREEN}",
    f"campaign:({COFFEE} OR {GREEN})",
    f"NOT campaign:{COFFEE}",
    f"NOT (campaign:{COFFEE} AND coffee)",
    f"NOT NOT (lang:zh OR lang:vi) OR campaign:{GREEN.upper()}",
    "lang:zh OR lang:vi OR lang:en OR lang:other",
    "date:2014 OR NOT date:2014",
    "title:綠耕隊 OR rác* OR green NEAR/5 team",
    '"資源循環" OR "rác thải"',
)


@dataclass(frozen=True, slots=True)
class Place:
    """The demo with a second campaign. `own` and `all`: items by campaign, and every article."""

    store: Store
    client: TestClient
    items: Mapping[str, frozenset[str]]
    urls: Mapping[str, str]
    keys: Mapping[str, str]

    @property
    def foreign(self) -> set[str]:
        return set(self.urls) - self.items[COFFEE]

    def ask(self, who: str, path: str, **asked: Any) -> Any:
        """By an API key, which needs no session."""
        return self.client.get(path, params=asked, headers={"authorization": f"Bearer {self.keys[who]}"})


@pytest.fixture(scope="module")
def place(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = copy_demo(demo_folder, tmp_path_factory.mktemp("sight"))
    app = make_app(data)
    app.state.limiter.check = lambda *_: None  # how often somebody asks is not the question here
    with pytest.MonkeyPatch.context() as patch, browsing(app) as client:
        hash_quickly(patch)
        store = store_of(app)
        apply_definitions(store, [Loaded(CAMPAIGN, "coffee.yml", None)], who="t", now=NOW)
        match_waiting(store, clock=lambda: NOW)
        update_index(store, app.state.desk.index)
        people = {
            "boss": hire(store, "boss", "admin"),
            "reads-all": hire(store, "reads-all", "reader"),
            "minh": hire(store, "minh", "none", coffee_prices="coder"),
        }
        keys = {}
        with store.write() as connection:
            for name, person in people.items():
                keys[name] = add_key(
                    connection, person, name=name, scopes=["read", "code"], who=name, now=NOW
                )
        with store.read() as connection:
            items = {
                one: frozenset(found.item for found in item_facts(connection, one)) for one in (GREEN, COFFEE)
            }
            urls = {row.id: row.url for row in connection.execute(select(article.c.id, article.c.url))}
        assert items[COFFEE] - items[GREEN], "something is the second campaign's alone"
        assert items[COFFEE] & items[GREEN], "something is of both"
        assert items[GREEN] - items[COFFEE], "something is out of sight"
        yield Place(store, client, items, urls, keys)


@pytest.mark.parametrize("more", [{}, {"list": "stories"}, {"forms": "typed", "order": "relevance"}])
@pytest.mark.parametrize("query", ESCAPES)
def test_no_query_reaches_beyond(place: Place, query: str, more: dict[str, str]) -> None:
    own = place.items[COFFEE]
    page = place.ask("minh", "/", q=query, **more).text
    assert set(re.findall(r'href="/articles/([0-9a-f]{16})', page)) <= own
    assert "Green Team in Vietnam, 2014" not in page
    told = set()
    for path in ("/search/hits.jsonl", "/api/v1/search.jsonl"):
        lines = place.ask("minh", path, q=query, **more).text.splitlines()
        assert {json.loads(line)["id"] for line in lines} <= own
        told |= {json.loads(line)["title"] for line in lines}
    urls = {place.urls[one] for one in own}
    for path in ("/search/hits.csv", "/api/v1/search.csv"):
        table = place.ask("minh", path, q=query, **more).text.removeprefix("\ufeff")
        rows = list(csv.DictReader(io.StringIO(table)))
        assert {row["Address"] for row in rows} <= urls | {""}  # a clip by hand has none
        assert {row["Headline"].removeprefix("'") for row in rows} <= told
    found = place.ask("minh", "/api/v1/search", q=query, limit=200, histogram="month").json()
    assert {one["id"] for one in found["hits"]} <= own
    assert (
        found["total"] == len(found["hits"]) == sum(one["count"] for one in found["dates"]) + found["undated"]
    )
    assert {one["value"] for one in found["facets"]["campaign"]} <= {COFFEE}
    assert all(one["count"] <= len(own) for values in found["facets"].values() for one in values)


def test_only_coders_are_offered_to_join_items_and_only_with_what_they_see(place: Place) -> None:
    both = min(place.items[COFFEE] & place.items[GREEN])
    assert "merge-or-split" not in place.ask("reads-all", f"/articles/{both}", merge="").text
    for search in ("", "green team", "lang:vi"):
        page = place.ask("minh", f"/articles/{both}", merge=search).text
        assert "merge-or-split" in page
        assert (
            set(re.findall(r'type="radio" name="value" value="([0-9a-f]{16})"', page)) <= place.items[COFFEE]
        )


def test_what_is_theirs_is_found_as_by_somebody_who_may_see_all(place: Place) -> None:
    for query in ("", "coffee", "lang:vi", '"綠耕隊" OR coffee', "NOT lang:zh"):
        theirs = place.ask("minh", "/api/v1/search", q=query, limit=200).json()
        among = f"({query}) campaign:{COFFEE}" if query else f"campaign:{COFFEE}"
        whole = place.ask("reads-all", "/api/v1/search", q=among, limit=200).json()
        assert theirs["total"] > 0
        assert [one["id"] for one in theirs["hits"]] == [one["id"] for one in whole["hits"]]
        assert {name: one for name, one in theirs["facets"].items() if name != "campaign"} == {
            name: one for name, one in whole["facets"].items() if name != "campaign"
        }


def test_that_another_campaign_is_there_cannot_be_asked(place: Place) -> None:
    """Neither whether there is one of a name nor whether anything of one's own belongs to it."""
    for name in (GREEN, "no-such-campaign"):
        assert place.ask("minh", "/api/v1/search", q=f"campaign:{name}").json()["total"] == 0
        whole = place.ask("minh", "/api/v1/search", q=f"NOT campaign:{name}").json()["total"]
        assert whole == place.ask("minh", "/api/v1/search").json()["total"]
    told = place.ask("minh", "/search/meaning", q="綠耕隊").text
    assert "Green Team" not in told, "names of a campaign's glossary are the campaign's"
    assert GREEN not in place.ask("minh", "/search/help").text
    assert place.ask("minh", "/api/v1/search", q="綠耕隊").json()["expansions"] == []


def test_a_page_that_somebody_else_has_is_none_that_they_have(place: Place) -> None:
    seen = place.ask("reads-all", "/api/v1/search", q="lang:vi", limit=1)
    headers = {"authorization": f"Bearer {place.keys['minh']}", "if-none-match": seen.headers["etag"]}
    again = place.client.get("/api/v1/search", params={"q": "lang:vi", "limit": 1}, headers=headers)
    assert again.status_code == 200
    went_on = place.ask("minh", "/api/v1/search", q="lang:vi", limit=100, cursor=seen.json()["next"])
    assert {one["id"] for one in went_on.json().get("hits", [])} <= place.items[COFFEE]


def test_every_article_beyond_is_answered_as_if_it_were_not_there(place: Place) -> None:
    def told(path: str) -> tuple[int, str]:
        answer = place.ask("minh", path)
        return answer.status_code, re.sub(r"[0-9a-f]{16}|nonce-\S+|http\S+|%3A\S+", "", answer.text)

    nowhere = "0123456789abcdef"
    for key in sorted(place.foreign):
        assert place.ask("minh", f"/articles/{key}").status_code == 404, place.urls[key]
        assert place.ask("minh", f"/api/v1/items/{key}").status_code == 404
        assert place.ask("minh", f"/articles/{key}/changes").status_code == 404
    one = next(iter(sorted(place.foreign)))
    assert told(f"/api/v1/items/{one}") == told(f"/api/v1/items/{nowhere}")
    assert place.ask("minh", "/articles", url=place.urls[one]).status_code == 404
    assert place.ask("reads-all", "/articles", url=place.urls[one]).status_code == 303
    assert told(f"/article/{one}")[0] == 308  # leads to the page that is not there
    for key in sorted(place.items[COFFEE]):
        assert place.ask("minh", f"/articles/{key}").status_code == 200
        assert place.ask("minh", f"/api/v1/items/{key}").status_code == 200


def test_evidence_and_files_are_handed_out_with_their_article_only(place: Place) -> None:
    with place.store.read() as connection:
        records = [(key, one.sha256) for key in sorted(place.urls) for one in captures_of(connection, key)]
        files = connection.execute(select(clip.c.article, clip.c.sha256)).all()
    kinds = set()
    for key, digest in records:
        answer = place.ask("minh", f"/articles/{key}/evidence/{digest}.warc.gz")
        assert answer.status_code == (404 if key in place.foreign else 200)
        kinds.add(answer.status_code)
    for key, digest in files:
        answer = place.ask("minh", f"/clip-files/{digest}")
        assert answer.status_code == (404 if key in place.foreign else 200)
        assert place.ask("reads-all", f"/clip-files/{digest}").status_code == 200
    assert kinds == {200, 404}


def test_what_belongs_to_both_tells_nothing_of_the_other_campaign(place: Place) -> None:
    own = place.items[COFFEE]
    for key in sorted(own & place.items[GREEN]):
        page = place.ask("minh", f"/articles/{key}").text
        assert "Green Team in Vietnam, 2014" not in page
        assert f"/campaigns/{GREEN}" not in page
        assert set(re.findall(r'href="/articles/([0-9a-f]{16})', page)) <= own
        told = place.ask("minh", f"/api/v1/items/{key}").json()
        assert [one["campaign"] for one in told["campaigns"]] == [COFFEE]
        assert all(one["decision"]["campaign"] in (None, COFFEE) for one in told["decisions"])
        assert place.ask("minh", f"/api/v1/items/{key}", explain=True).status_code == 403
    both = place.ask("boss", f"/api/v1/items/{next(iter(own & place.items[GREEN]))}").json()
    assert {one["campaign"] for one in both["campaigns"]} == {GREEN, COFFEE}


def test_a_saved_search_is_narrowed_when_it_is_opened(place: Place) -> None:
    place.client.cookies.clear()
    enter(place.client, "minh")
    address = f"/?q={quote(f'coffee OR campaign:{GREEN}')}"
    assert send(place.client, f"/searches{address[1:]}", address, name="all of it").status_code == 303
    page = place.client.get("/searches").text
    (kept,) = re.findall(r'href="(/\?q=[^"]+)"', page)
    found = place.client.get(unescape(kept)).text
    assert set(re.findall(r'href="/articles/([0-9a-f]{16})', found)) <= place.items[COFFEE]
    doors = re.findall(r'<a href="([^"]+)"', found.split('class="doors"')[1].split("</nav>")[0])
    assert doors == ["/", "/campaigns", "/review"]


def test_nobody_brings_an_article_into_their_sight_by_deciding_about_it(place: Place) -> None:
    place.client.cookies.clear()
    enter(place.client, "minh")
    beyond = sorted(place.items[GREEN] - place.items[COFFEE])[0]
    own = sorted(place.items[COFFEE])[0]
    csrf = csrf_of(place.client.get("/account").text)
    with place.store.read() as connection:
        before = len(all_decisions(connection))
    for answer, item, value in (
        ("accept", beyond, ""),
        ("reject", place.urls[beyond], ""),
        ("merge", own, beyond),
        ("merge", beyond, own),
        ("split", own, place.urls[beyond]),
    ):
        sent = {"csrf": csrf, "answer": answer, "item": item, "value": value, "why": "to see it"}
        assert place.client.post(f"/review/{COFFEE}/decide", data=sent).status_code == 404, answer
    body = {"kind": "accept", "campaign": COFFEE, "why": "to see it"}
    headers = {"authorization": f"Bearer {place.keys['minh']}"}
    asked = place.client.post(f"/api/v1/items/{beyond}/decisions", json=body, headers=headers)
    assert asked.status_code == 404
    with place.store.read() as connection:
        assert len(all_decisions(connection)) == before
    assert place.ask("minh", f"/articles/{beyond}").status_code == 404


def test_the_queue_offers_nothing_beyond_to_be_joined(place: Place) -> None:
    for search in ("綠耕隊", "", f"campaign:{GREEN}", "rác"):
        page = place.ask("minh", f"/review/{COFFEE}", q=search).text
        offered = set(re.findall(r'name="value" value="([0-9a-f]{16})"', page))
        assert offered <= place.items[COFFEE]
        assert set(re.findall(r"/articles/([0-9a-f]{16})", page)) <= place.items[COFFEE]
