"""The pages about mailing lists and their readers: made, changed, stopped; added, asked, ended, each with who and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.api.staffed import Clock, browsing, make_app
from tests.resound.staff import hash_quickly

HOSTILE = '"><script>alert(1)</script>{{7*7}}'
MAIL = {
    "smtp_url": "smtp://127.0.0.1:25?starttls=no",
    "mail_from": "Resound <press@cpc.example>",
    "public_url": "http://127.0.0.1",
}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def app(tmp_path: Path, request: pytest.FixtureRequest) -> FastAPI:
    return make_app(tmp_path, clock=Clock(), is_local=True, **getattr(request, "param", MAIL))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with browsing(app) as client:
        save_campaign(app)
        yield client
