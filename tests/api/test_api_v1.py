"""The API: the demo's figures, items and stories, page by page; tags, problems and decisions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Request
from starlette.testclient import TestClient

import api.item_schemas
import api.schemas
import api.search_schemas
from api.access import find_visitor
from api.conditional import is_known
from api.cursors import CursorError, cut_page
from api.examples import EXAMPLES
from api.routes.v1_docs import mark_up

CAMPAIGN = "/api/v1/campaigns/apo-coe-gp-vietnam-2014"


@pytest.fixture(scope="module")
def gold() -> Any:
    import demo

    return json.loads(demo.GOLD.read_text(encoding="utf-8"))


def pages(client: TestClient, url: str, key: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    cursor = None
    while True:
        answer = client.get(url, params={"limit": limit, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        yield answer.json()[key]
        cursor = answer.json()["next"]
        if cursor is None:
            return


def test_campaigns_are_listed_in_the_askers_language(reading_client: TestClient) -> None:
    (found,) = reading_client.get("/api/v1/campaigns", headers={"accept-language": "vi"}).json()["campaigns"]
    assert found["name"].startswith("Đội Xanh")
    assert (found["first"], found["last"]) == ("2014-09-01", "2014-11-30")
    whole = reading_client.get(CAMPAIGN).json()
    assert whole["definition"]["id"] == whole["campaign"]["id"]


def test_counts_are_those_that_were_counted_by_hand(reading_client: TestClient, gold: Any) -> None:
    found = reading_client.get(f"{CAMPAIGN}/counts").json()
    assert found["counts"] == gold["counts"]
    assert set(found["tables"]) == {"language", "outlet", "country", "medium", "origin", "group", "month"}
    by_language = {row["value"]: row["counts"] for row in found["tables"]["language"]["rows"]}
    assert by_language == gold["by_language"]
    assert found["beside"]["leads"] == len(found["leads"])
    few = reading_client.get(f"{CAMPAIGN}/counts?by=outlet&by=month").json()
    assert set(few["tables"]) == {"outlet", "month"}


def test_every_item_comes_once_however_large_the_pages(reading_client: TestClient) -> None:
    (whole,) = pages(reading_client, f"{CAMPAIGN}/items", "items", 200)
    parts = list(pages(reading_client, f"{CAMPAIGN}/items", "items", 7))
    assert [one for part in parts for one in part] == whole
    assert {len(part) for part in parts[:-1]} == {7}
    counted = reading_client.get(f"{CAMPAIGN}/items?standing=counted&limit=200").json()
    assert counted["total"] == len(counted["items"]) == 30
    assert {one["standing"] for one in counted["items"]} == {"counted"}
    days = [one["day"] or "9999" for one in whole]
    assert days == sorted(days)


def test_stories_hold_the_counted_items(reading_client: TestClient, gold: Any) -> None:
    parts = list(pages(reading_client, f"{CAMPAIGN}/stories", "stories", 5))
    found = [one for part in parts for one in part]
    assert len(found) == gold["counts"]["stories"]
    assert sum(len(one["items"]) for one in found) == gold["counts"]["items"]
    sizes = [len(one["items"]) for one in found]
    assert sizes == sorted(sizes, reverse=True)


def test_an_item_tells_everything(reading_client: TestClient) -> None:
    found = reading_client.get("/api/v1/items/33c030fd07550316").json()
    assert found["tag"] == "zh-Hant"
    assert found["place"]["outlet"] == "city-evening"
    assert found["dates"]["day"] == "2014-10-02"
    (campaign,) = found["campaigns"]
    assert (campaign["standing"], campaign["review"]) == ("counted", "accepted")
    assert {one["target"] for one in found["translations"]} == {"en"}
    assert found["translations"][0]["made_by"][0]["label"] == "demo model"
    assert len(found["records"][0]["sha256"]) == 64
    assert any(one["decision"]["kind"] == "accept" for one in found["decisions"])
    assert found["explanation"] is None
    explained = reading_client.get("/api/v1/items/33c030fd07550316?explain=true").json()
    assert "Campaigns" in explained["explanation"]
    twin = reading_client.get("/api/v1/items/33c030fd07550316").headers["etag"]
    assert (
        reading_client.get("/api/v1/items/33c030fd07550316", headers={"if-none-match": twin}).status_code
        == 304
    )
    assert reading_client.get("/api/v1/items/0123456789abcdef").status_code == 404


def test_every_item_of_the_demo_can_be_told(reading_client: TestClient) -> None:
    (items,) = pages(reading_client, f"{CAMPAIGN}/items", "items", 200)
    for one in items:
        told = reading_client.get(f"/api/v1/items/{one['item']}?explain=true")
        assert told.status_code == 200, told.text
        assert [c["standing"] for c in told.json()["campaigns"]] == [one["standing"]]


def test_the_table_is_safe_for_spreadsheets_and_readable(reading_client: TestClient) -> None:
    answer = reading_client.get(f"{CAMPAIGN}/items.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="apo-coe-gp-vietnam-2014.csv"' in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sum(row["standing"] == "counted" for row in rows) == 30
    assert all(row["evidence"] for row in rows if row["standing"] == "counted")


def test_sources_and_status(reading_client: TestClient) -> None:
    sources = reading_client.get("/api/v1/sources").json()["sources"]
    assert {"city-evening", "mekong-tv"} <= {one["id"] for one in sources}
    status = reading_client.get("/api/v1/status").json()
    assert status["articles"] == 92
    assert status["index"]["answers"] is True


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/campaigns",
        CAMPAIGN,
        f"{CAMPAIGN}/counts",
        f"{CAMPAIGN}/items",
        f"{CAMPAIGN}/stories",
        "/api/v1/sources",
    ],
)
def test_what_is_known_is_not_sent_again(reading_client: TestClient, path: str) -> None:
    first = reading_client.get(path)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    second = reading_client.get(path)
    assert (second.headers["etag"], second.content) == (tag, first.content)
    again = reading_client.get(path, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert reading_client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_tags_differ_by_address_and_change_with_the_store(client: TestClient) -> None:
    def tag(query: str = "") -> str:
        return client.get(f"{CAMPAIGN}/counts{query}").headers["etag"]

    before = tag()
    assert tag("?by=outlet") != before
    decide(client, "33c030fd07550316", {"kind": "reject", "campaign": "apo-coe-gp-vietnam-2014", "why": "no"})
    assert tag() != before
    assert client.get(f"{CAMPAIGN}/counts", headers={"if-none-match": before}).status_code == 200


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b"', False),
        ("", False),
        ("a", False),
    ],
)
def test_if_none_match_is_read(header: str, known: bool) -> None:
    assert is_known(header, '"a"') is known


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nothing", 404),
        ("/api/v1/campaigns/none/counts", 404),
        ("/api/v1/campaigns/none/items.csv", 404),
        (f"{CAMPAIGN}/counts?by=moon", 422),
        (f"{CAMPAIGN}/items?limit=0", 422),
        (f"{CAMPAIGN}/items?limit=100000000000000000000", 422),
        (f"{CAMPAIGN}/items?cursor=nonsense", 400),
        (f"{CAMPAIGN}/items?standing=odd", 422),
        ("/api/v1/campaigns/" + "x" * 100, 422),
    ],
)
def test_what_is_wrong_is_said_as_a_problem(reading_client: TestClient, path: str, status: int) -> None:
    answer = reading_client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = api.schemas.Problem.model_validate(answer.json())
    assert told.status == status
    assert len(told.detail) > 5


def test_a_method_that_is_not_there_and_a_body_that_is_too_large(reading_client: TestClient) -> None:
    answer = reading_client.put("/api/v1/sources")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    large = reading_client.post("/api/v1/items/33c030fd07550316/decisions", content=b"x" * 3_000_000)
    assert large.status_code == 413
    for one in (answer, large):
        assert one.headers["content-type"] == "application/problem+json"


def test_a_cursor_is_good_for_its_own_list_only(reading_client: TestClient) -> None:
    cursor = reading_client.get(f"{CAMPAIGN}/items?limit=2").json()["next"]
    assert reading_client.get(f"{CAMPAIGN}/items", params={"cursor": cursor}).status_code == 200
    assert reading_client.get(f"{CAMPAIGN}/stories", params={"cursor": cursor}).status_code == 400
    narrowed = {"cursor": cursor, "standing": "counted"}
    assert reading_client.get(f"{CAMPAIGN}/items", params=narrowed).status_code == 400


def test_a_page_goes_on_behind_its_cursor_whatever_came_between() -> None:
    entries = [f"{number:02}" for number in range(10)]

    def cut(some: list[str], after: str | None) -> tuple[list[str], str | None]:
        page, further = cut_page(some, of="list", place=lambda one: (one,), after=after, limit=4)
        return list(page), further

    first, cursor = cut(entries, None)
    assert first == entries[:4]
    changed = ["00a", *entries[:3], *entries[4:]]
    assert cut(sorted(changed), cursor)[0] == entries[4:8]
    assert cut(entries[:4], cursor) == ([], None)
    with pytest.raises(CursorError):
        cut_page([1, 2], of="list", place=lambda one: (one,), after=cursor, limit=4)


def decide(client: TestClient, item: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    asking = {
        "type": "http",
        "app": client.app,
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [],
    }
    token = find_visitor(Request(asking)).csrf
    answer = client.post(f"/api/v1/items/{item}/decisions", json=body, headers={"x-csrf-token": token})
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_decision_is_written_down_once_and_can_be_taken_back(client: TestClient) -> None:
    item, campaign = "33c030fd07550316", "apo-coe-gp-vietnam-2014"

    def counted() -> int:
        return int(client.get(f"{CAMPAIGN}/counts").json()["counts"]["items"])

    before = counted()
    reject = {"kind": "reject", "campaign": campaign, "why": "about another team"}
    made = decide(client, item, reject)
    assert (made["who"], made["kind"]) == ("lin", "reject")
    assert decide(client, item, reject)["id"] == made["id"], "a second time is the same"
    assert counted() == before - 1
    decide(client, item, {"kind": "undo", "undoes": made["id"], "why": "a slip"})
    assert counted() == before
    decide(client, item, {"kind": "undo", "undoes": made["id"], "why": "again"}, 409)


@pytest.mark.parametrize(
    ("item", "body", "status"),
    [
        ("33c030fd07550316", {"kind": "accept", "why": "x"}, 422),
        ("33c030fd07550316", {"kind": "accept", "campaign": "none", "why": "x"}, 404),
        ("33c030fd07550316", {"kind": "accept", "campaign": "apo-coe-gp-vietnam-2014", "why": " "}, 422),
        ("33c030fd07550316", {"kind": "origin", "value": "moon", "why": "x"}, 422),
        (
            "33c030fd07550316",
            {"kind": "tone", "campaign": "apo-coe-gp-vietnam-2014", "value": "neutral", "why": "x"},
            422,
        ),
        (
            "33c030fd07550316",
            {"kind": "message", "campaign": "apo-coe-gp-vietnam-2014", "value": "none", "why": "x"},
            400,
        ),
        ("33c030fd07550316", {"kind": "outlet", "value": "none", "why": "x"}, 404),
        ("33c030fd07550316", {"kind": "date", "value": "2014-02-30", "why": "x"}, 422),
        ("33c030fd07550316", {"kind": "merge", "value": "33c030fd07550316", "why": "x"}, 400),
        ("33c030fd07550316", {"kind": "undo", "undoes": 999999, "why": "x"}, 404),
        ("33c030fd07550316", {"kind": "undo", "undoes": 1, "why": "x"}, 404),
        ("0000000000000000", {"kind": "origin", "value": "original", "why": "x"}, 404),
        ("nonsense", {"kind": "origin", "value": "original", "why": "x"}, 422),
        ("33c030fd07550316", {"kind": "origin", "value": "original", "why": "x", "extra": 1}, 422),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    client: TestClient, item: str, body: dict[str, Any], status: int
) -> None:
    decide(client, item, body, status)


def test_a_decision_without_the_form_token_is_refused(reading_client: TestClient) -> None:
    body = {"kind": "origin", "value": "original", "why": "x"}
    answer = reading_client.post("/api/v1/items/33c030fd07550316/decisions", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_the_description_is_whole(reading_client: TestClient) -> None:
    made = reading_client.get("/api/v1/openapi.json").json()
    assert made["openapi"].startswith("3.1")
    assert {"key", "session"} == set(made["components"]["securitySchemes"])
    names = []
    for path, methods in made["paths"].items():
        assert path.startswith("/api/v1/")
        for operation in methods.values():
            names.append(operation["operationId"])
            assert operation["summary"]
            assert operation["description"]
            assert operation["tags"]
            for status, answer in operation["responses"].items():
                assert answer["description"] != "Successful Response"
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
            assert {"401", "403", "503"} <= operation["responses"].keys()
    assert len(set(names)) == len(names)


def test_every_example_fits_its_form() -> None:
    for name, example in EXAMPLES.items():
        places = (api.item_schemas, api.schemas, api.search_schemas)
        form = next(found for one in places if (found := getattr(one, name, None)) is not None)
        form.model_validate(example)


def test_the_description_can_be_read_by_people(reading_client: TestClient) -> None:
    html = reading_client.get("/api/v1/docs").text
    assert "/api/v1/campaigns/{campaign}/counts" in html
    assert "<script>" not in html
    assert mark_up("a `b` **c** <i>") == "a <code>b</code> <strong>c</strong> &lt;i&gt;"
