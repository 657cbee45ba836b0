"""The rooms about people in a real browser: from the first link to a colleague who comes in, in each language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import create_app
from resound.people.accounts import invite_first
from resound.settings import load_settings
from resound.store import Store, open_store
from tests.api.conftest import OpenPage, barriers, served
from tests.resound.staff import PASSWORD, hash_quickly, hire

pytestmark = pytest.mark.browser
HERS = "four brown kettles hum"

WORDS = {
    "en": {"enter": "Save and sign in", "people": "People", "add": "Add, and make a link", "out": "Sign out", "in": "Sign in"},
    "zh-Hant": {"enter": "儲存並登入", "people": "人員", "add": "新增並建立連結", "out": "登出", "in": "登入"},
    "vi": {"enter": "Lưu và đăng nhập", "people": "Người dùng", "add": "Thêm và tạo liên kết", "out": "Đăng xuất", "in": "Đăng nhập"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def address(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(create_app(load_settings(data=tmp_path, coder="officer"), is_local=True)) as url:
        yield url


@pytest.mark.parametrize(("language", "width"), [("en", 320), ("zh-Hant", 1200), ("vi", 375)])
def test_from_the_first_link_to_a_colleague(
    store: Store, address: str, open_page: OpenPage, language: str, width: int
) -> None:
    words = WORDS[language]
    with store.write() as connection:
        link = invite_first(connection, now=datetime.now(UTC))
    assert link is not None

    page = open_page(f"{address}/account", language=language, width=width, expect_errors=True)
    assert barriers(page) == []
    page.goto(f"{address}/people")
    assert barriers(page) == []

    page.goto(f"{address}/welcome/{link.token}")
    assert barriers(page) == []
    page.fill("#login", "lin")
    page.fill("#name", "林志清")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.get_by_role("button", name=words["enter"]).click(no_wait_after=True)
    page.wait_for_url(f"{address}/")

    page.goto(f"{address}/people")
    page.fill("#name", "Nguyễn Thị Thanh Mỹ")
    page.fill("#login", "thi-my@cpc.example")
    page.check("#role-coder")
    page.get_by_role("button", name=words["add"]).click()
    her_link = page.input_value("#secret")
    assert barriers(page) == []
    page.goto(f"{address}/people")
    assert barriers(page) == []
    page.get_by_role("link", name="Nguyễn Thị Thanh Mỹ").click()
    assert barriers(page) == []

    hers = open_page(her_link, language=language, width=width, expect_errors=True)
    assert barriers(hers) == []
    hers.fill("#password", HERS)
    hers.fill("#again", HERS)
    hers.keyboard.press("Enter")
    hers.wait_for_url(f"{address}/")
    hers.goto(f"{address}/account")
    assert barriers(hers) == []
    hers.fill("#key-name", "dashboard")
    hers.locator("form[action='/account/keys'] button").click()
    assert hers.input_value("#secret").startswith("rs_")
    hers.goto(f"{address}/account")
    assert barriers(hers) == []
    hers.get_by_role("button", name=words["out"], exact=True).click()
    assert hers.url == f"{address}/sign-in"


def test_signing_in_by_keyboard_and_being_told_what_was_wrong(
    store: Store, address: str, open_page: OpenPage
) -> None:
    hire(store, "lin", "admin")
    page = open_page(f"{address}/people", width=320, expect_errors=True)
    assert page.url == f"{address}/sign-in?next=/people"
    assert barriers(page) == []
    page.focus("#login")
    page.keyboard.type("lin")
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("#login") == "lin"
    assert page.input_value("#password") == ""
    assert barriers(page) == []
    page.focus("#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/people")
    cookies = page.context.cookies()
    assert [(one["httpOnly"], one["sameSite"]) for one in cookies if one["name"] == "resound_session"] == [
        (True, "Lax")
    ]
    assert page.evaluate("document.cookie") == ""


@pytest.mark.parametrize("route", ["/account", "/people"])
def test_without_scripts_it_works_too(store: Store, address: str, open_page: OpenPage, route: str) -> None:
    hire(store, "lin", "admin")
    page = open_page(f"{address}/sign-in?next={route}", java_script_enabled=False, expect_errors=True)
    page.fill("#login", "lin")
    page.fill("#password", PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url(f"{address}{route}")
    page.locator("h1").wait_for()
