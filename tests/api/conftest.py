"""The application over a copy of the demo: asked directly, and served on loopback to a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from resound.settings import load_settings
from tests.whole_way import copy_demo

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def make_app(data: Path, **more: Any) -> FastAPI:
    """The application of one person on this machine."""
    return create_app(load_settings(data=data, coder="lin", language="en", **more), is_local=True)


@pytest.fixture
def client(demo_copy: Path) -> Iterator[TestClient]:
    """Asks the application without a network. The folder is the test's own."""
    with TestClient(make_app(demo_copy), base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def reading_client(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The same for a whole file of tests that change nothing."""
    data = copy_demo(demo_folder, tmp_path_factory.mktemp("reading"))
    with TestClient(make_app(data), base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def csrf_of(html: str) -> str:
    """The form token of a page."""
    return html.split('name="csrf" value="', 1)[1].split('"', 1)[0]


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application on a free port of loopback; its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the application did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def address(demo_copy: Path) -> Iterator[str]:
    """The application, served; the folder is the test's own."""
    with served(make_app(demo_copy)) as url:
        yield url


@pytest.fixture(scope="module")
def reading_address(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same for a whole file of tests that change nothing."""
    data = copy_demo(demo_folder, tmp_path_factory.mktemp("served"))
    with served(make_app(data)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, without a window. Ended with the file: its loop runs in this thread and would be in others' way."""
    found = (
        os.environ.get("RESOUND_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if not found:
        pytest.skip("there is no Chromium (apt-get install chromium, or set RESOUND_TEST_CHROMIUM)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


OpenPage = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open a page: `open_page(url, language="vi", width=375)`. What the page's console complains of fails the test."""
    contexts = []
    complaints: list[str] = []

    def open_one(
        url: str,
        *,
        language: str = "en",
        width: int = 1200,
        height: int = 900,
        expect_errors: bool = False,
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            locale={"en": "en-GB", "zh-Hant": "zh-TW", "vi": "vi-VN"}[language],
            viewport={"width": width, "height": height},
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        if not expect_errors:  # a browser counts an answer of 404 among the errors
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def barriers(page: Page) -> list[str]:
    """What axe-core finds on a page, as sentences; none is wanted. Also that nothing needs sideways scrolling."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}})
    told = [
        f"{one['id']}: {one['help']} at {', '.join(str(node['target']) for node in one['nodes'][:5])}"
        for one in found.response["violations"]
    ]
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if too_wide > 0:
        told.append(f"the page is {too_wide} px wider than its window")
    return told
