"""The API's search: pages, tags, mistakes with their codes, files."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.search_schemas import Hit, SearchPage
from resound.index.sqlite import SqliteIndex
from resound.searching.indexing import IndexUpdate

ADDRESS = "/api/v1/search"


def ask(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.get(ADDRESS, params=asked)
    assert answer.status_code == 200, answer.text
    SearchPage.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


def test_a_page_says_all_that_was_found(reading_client: TestClient) -> None:
    found = ask(reading_client, q="綠耕隊", limit=3, histogram="month")
    assert (found["total"], found["stories"], found["outlets"], len(found["hits"])) == (41, 27, 26, 3)
    assert found["facets"]["lang"][0] == {"value": "zh", "count": 21}
    assert sum(one["count"] for one in found["dates"]) + found["undated"] == 41
    assert found["expansions"][0]["term"] == "綠耕隊"
    assert found["index"] == {"behind": 0, "trouble": ""}
    hit = found["hits"][0]
    start, end = hit["title_marks"][0]
    assert hit["title"][start:end].casefold() == "green team"
    assert ask(reading_client, q="綠耕隊", expand=False)["expansions"] == []
    assert ask(reading_client, limit=0)["total"] == 90, "no query asks for everything"


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("order", ["newest", "relevance"])
def test_cursors_lead_through_every_hit_and_files_hold_the_same(
    reading_client: TestClient, order: str, collapse: bool
) -> None:
    asked = {"q": "綠耕隊 OR rác", "order": order, "collapse": collapse}
    page = ask(reading_client, **asked, limit=17)
    hits = page["hits"]
    while page["next"] is not None:
        page = ask(reading_client, **asked, limit=17, cursor=page["next"])
        hits += page["hits"]
    assert len(hits) == (page["stories"] if collapse else page["total"])
    lines = reading_client.get(f"{ADDRESS}.jsonl", params=asked).text.splitlines()
    assert [Hit.model_validate(json.loads(line)) for line in lines] == [
        Hit.model_validate(one) for one in hits
    ]
    assert all(Hit.model_validate(json.loads(line)) for line in lines)
    table = reading_client.get(f"{ADDRESS}.csv", params=asked).text
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))
    assert rows[0][:3] == ["Day", "Outlet", "Language"]
    addresses = ["" if hit["url"].startswith("clip:") else hit["url"] for hit in hits]
    assert [row[9] for row in rows[1:]] == addresses
    assert [row[8] for row in rows[1:]] == [str(hit["more"]) for hit in hits]


def test_what_the_asker_has_already_is_not_sent_again(
    reading_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = reading_client.get(ADDRESS, params={"q": "APO"})
    tag = first.headers["etag"]
    asked = []
    real = SqliteIndex.search
    monkeypatch.setattr(SqliteIndex, "search", lambda *given, **more: asked.append(1) or real(*given, **more))
    for sent in (tag, f'"x", W/{tag}'):
        again = reading_client.get(ADDRESS, params={"q": "APO"}, headers={"if-none-match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert asked == [], "nothing is searched for it"
    other = reading_client.get(ADDRESS, params={"q": "APO", "limit": 3}, headers={"if-none-match": tag})
    assert other.status_code == 200
    catch_up = reading_client.app.state.catch_up  # type: ignore[attr-defined]
    monkeypatch.setattr(catch_up, "look", lambda: IndexUpdate(behind=1))
    behind = reading_client.get(ADDRESS, params={"q": "APO"}, headers={"if-none-match": tag})
    assert (behind.status_code, behind.json()["index"]["behind"]) == (200, 1)


def test_a_tag_follows_the_index(client: TestClient) -> None:
    tag = client.get(ADDRESS, params={"q": "APO"}).headers["etag"]
    index: SqliteIndex = client.app.state.desk.index  # type: ignore[attr-defined]
    index.write([], [], cursor=index.cursor() + 1)
    answer = client.get(ADDRESS, params={"q": "APO"}, headers={"if-none-match": tag})
    assert answer.status_code == 200


def test_mistakes_are_problem_documents(reading_client: TestClient) -> None:
    answer = reading_client.get(ADDRESS, params={"q": "綠耕隊 colour:red"})
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (answer.status_code, said["status"], said["code"], said["position"]) == (
        400,
        400,
        "no-such-field",
        4,
    )
    assert said["expected"].startswith("one of title:, lang:")
    assert said["detail"].startswith("The query cannot be read at character 5 (colour:red)")
    for path in ("csv", "jsonl"):
        assert reading_client.get(f"{ADDRESS}.{path}", params={"q": "(a"}).json()["code"] == "not-closed"
    lost = reading_client.get(ADDRESS, params={"q": "a", "cursor": "nonsense"})
    assert (lost.status_code, "no place in this list" in lost.json()["detail"]) == (400, True)
    for wrong in ({"limit": 201}, {"limit": -1}, {"order": "best"}, {"histogram": "week"}):
        assert reading_client.get(ADDRESS, params=wrong).status_code == 422
