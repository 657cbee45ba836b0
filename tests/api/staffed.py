"""The application over a store in which people have accounts, and browsers in which they are signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from resound.settings import load_settings
from resound.store import Store
from tests.api.conftest import csrf_of
from tests.resound.staff import NOW, PASSWORD

HERE = "http://127.0.0.1"


class Clock:
    """The time of the application; it goes on when it is told to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **more: float) -> None:
        self.now += timedelta(**more)


def make_app(data: Path, *, clock: Clock | None = None, is_local: bool = False, **settings: Any) -> FastAPI:
    """The application over one folder, with a clock of the test's own."""
    made = load_settings(data=data, coder="officer", language="en", **settings)
    return create_app(made, is_local=is_local, clock=clock or Clock())


@contextmanager
def browsing(app: FastAPI, base_url: str = HERE, **more: Any) -> Iterator[TestClient]:
    """A browser that has not been there before."""
    with TestClient(app, base_url=base_url, follow_redirects=False, **more) as client:
        yield client


def store_of(app: FastAPI) -> Store:
    """The store that the application works with."""
    store: Store = app.state.desk.store
    return store


def token_of(client: TestClient, path: str = "/sign-in") -> str:
    """The form token of a page."""
    return csrf_of(client.get(path).text)


def send(client: TestClient, path: str, page: str | None = None, **fields: Any) -> Any:
    """Send the form of a page (default: of the same address)."""
    return client.post(path, data={"csrf": token_of(client, page or path), **fields})


def enter(client: TestClient, login: str, password: str = PASSWORD, **more: str) -> Any:
    """Sign in with a form of the sign-in page."""
    return send(client, "/sign-in", login=login, password=password, **more)
