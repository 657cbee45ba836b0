"""What holds for every answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import api.app
from api.access import declared_role, requires
from api.routes.language import own_path
from api.safety import is_loopback
from tests.api.conftest import make_app


def test_it_says_that_it_lives(reading_client: TestClient) -> None:
    answer = reading_client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_it_says_whether_it_can_work(reading_client: TestClient) -> None:
    answer = reading_client.get("/readyz")
    assert answer.status_code == 200
    assert {one["name"] for one in answer.json()["checks"]} == {
        "store",
        "public address",
        "evidence",
        "disk",
        "index",
        "models",
    }


def test_every_answer_carries_the_safe_headers(reading_client: TestClient) -> None:
    for path in ("/healthz", "/no-such-page", "/static/resound.css"):
        headers = reading_client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
    first, second = (reading_client.get("/healthz").headers["content-security-policy"] for _ in range(2))
    assert first != second  # a nonce is used once


def test_foreign_hosts_are_refused(reading_client: TestClient) -> None:
    assert reading_client.get("/healthz", headers={"host": "evil.example"}).status_code == 400


def test_large_bodies_are_refused_declared_or_not(reading_client: TestClient) -> None:
    body = b"x" * 3_000_000
    assert reading_client.post("/healthz", content=body).status_code == 413
    told = reading_client.post("/healthz", content=body, headers={"accept-language": "zh-TW"})
    assert told.text == "檔案或內容過大：一次最多 2 MB。\n"

    def piecemeal() -> object:
        yield from (body[:1_000_000] for _ in range(4))

    assert reading_client.post("/healthz", content=piecemeal()).status_code in (405, 413)  # type: ignore[arg-type]


def test_errors_are_pages_for_people_and_problems_for_programs(reading_client: TestClient) -> None:
    page = reading_client.get("/no-such-page")
    assert page.status_code == 404
    assert "<h1>" in page.text
    told = reading_client.get("/api/v1/no-such-thing")
    assert told.status_code == 404
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["status"] == 404


def test_a_route_without_a_role_keeps_the_application_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = APIRouter()
    silent.get("/open-to-all")(lambda: "")
    monkeypatch.setattr(api.app, "ROOMS", (*api.app.ROOMS, silent))
    with pytest.raises(RuntimeError, match="/open-to-all"):
        make_app(tmp_path)


def test_the_role_of_a_route_is_found_where_its_router_says_it() -> None:
    router = APIRouter(dependencies=[requires("reader")])
    router.get("/one", dependencies=[requires("editor", campaign="id")])(lambda: "")
    route = router.routes[0]
    assert isinstance(route, APIRoute)
    assert declared_role(route) == ("editor", "id", False)


@pytest.mark.parametrize(
    ("asked", "gone_to"),
    [
        ("/search?q=a", "/search?q=a"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
    ],
)
def test_nobody_is_sent_elsewhere(asked: str, gone_to: str) -> None:
    assert own_path(asked) == gone_to


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("resound.example", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here
