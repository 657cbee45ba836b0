"""Searches are kept under a name, come back, and are given up again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import csrf_of, make_app
from tests.api.reading import link, read, texts

ASKED = f"?q={quote_plus('綠耕隊 lang:vi')}&list=stories"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[TestClient]:
    """A data folder without the demo."""
    with TestClient(
        make_app(tmp_path / "data"), base_url="http://127.0.0.1", follow_redirects=False
    ) as client:
        yield client


def save(client: TestClient, name: str, asked: str = ASKED, **more: str) -> tuple[int, str]:
    token = csrf_of(client.get("/?q=a").text)
    answer = client.post(f"/searches{asked}", data={"csrf": token, "name": name, **more})
    return answer.status_code, answer.headers.get("location", answer.text)


def test_a_search_is_kept_and_comes_back(small: TestClient) -> None:
    assert save(small, "Việt Nam <b>") == (303, f"/{ASKED}")
    page = read(small, f"/{ASKED}")
    assert texts(page, ".tick[aria-current]")[-1] == "Việt Nam <b>"
    assert link(page, "Việt Nam") == f"/{ASKED}"
    own = read(small, "/searches")
    assert texts(own, ".card h2") == ["Việt Nam <b>"]
    assert texts(own, ".query-marked") == ["綠耕隊 lang:vi"]
    assert texts(own, "h1") == ["Saved searches"]


def test_a_name_that_is_taken_can_be_taken_over(small: TestClient) -> None:
    assert save(small, "a")[0] == 303
    status, html = save(small, "a", "?q=other")
    assert status == 409
    assert "You keep another search under this name." in html
    assert 'action="/searches?q=other"' in html
    assert save(small, "a", "?q=other", replace="true") == (303, "/?q=other")
    assert texts(read(small, "/searches"), ".query-marked") == ["other"]


@pytest.mark.parametrize("name", ["", " ", "x" * 201])
def test_what_is_no_name_is_said(small: TestClient, name: str) -> None:
    status, html = save(small, name)
    assert (status, "needs a name" in html) == (400, True)


def test_renaming_and_deleting(small: TestClient) -> None:
    save(small, "a")
    save(small, "b", "?q=b")
    html = small.get("/searches").text
    token = csrf_of(html)
    key = html.split('action="/searches/', 1)[1].split("/", 1)[0]
    taken = small.post(f"/searches/{key}/rename", data={"csrf": token, "name": "b"})
    assert (taken.status_code, "Choose another name" in taken.text) == (409, True)
    assert small.post(f"/searches/{key}/rename", data={"csrf": token, "name": "c"}).status_code == 303
    assert texts(read(small, "/searches"), ".card h2") == ["b", "c"]
    assert small.post(f"/searches/{key}/delete", data={"csrf": token}).status_code == 303
    assert texts(read(small, "/searches"), ".card h2") == ["b"]
    assert small.post(f"/searches/{key}/delete", data={"csrf": token}).status_code == 404


def test_a_foreign_form_changes_nothing(small: TestClient) -> None:
    assert small.post(f"/searches{ASKED}", data={"name": "a"}).status_code == 403
    assert texts(read(small, "/searches"), ".empty h2") == ["No search is kept yet"]
