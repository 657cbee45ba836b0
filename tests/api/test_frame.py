"""What every page shares, in a real browser."""

from __future__ import annotations

import pytest

from tests.api.conftest import OpenPage, barriers

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "There is nothing here"), ("zh-Hant", "這裡沒有內容"), ("vi", "Không có gì ở đây")],
)
def test_the_frame_keeps_nobody_out(
    reading_address: str, open_page: OpenPage, language: str, heading: str, width: int
) -> None:
    page = open_page(
        f"{reading_address}/static/../no-such-page", language=language, width=width, expect_errors=True
    )
    assert page.get_by_role("heading", level=1).inner_text() == heading
    assert page.locator("html").get_attribute("lang") == language
    assert barriers(page) == []


def test_the_language_is_chosen_and_kept(reading_address: str, open_page: OpenPage) -> None:
    page = open_page(f"{reading_address}/no-such-page?a=1", expect_errors=True)
    page.get_by_role("link", name="Tiếng Việt").click()
    assert page.url == f"{reading_address}/no-such-page?a=1"
    assert page.locator("html").get_attribute("lang") == "vi"


def test_the_keyboard_reaches_the_content_first(reading_address: str, open_page: OpenPage) -> None:
    page = open_page(f"{reading_address}/no-such-page", expect_errors=True)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_navigation_is_one_line_with_a_menu(
    reading_address: str, open_page: OpenPage, language: str, width: int
) -> None:
    page = open_page(f"{reading_address}/campaigns", language=language, width=width)
    row = page.locator(".top-row").bounding_box()
    assert row is not None
    assert row["height"] < 60
    doors = page.locator(".doors a")
    assert doors.count() > 5
    assert not doors.first.is_visible()
    page.keyboard.press("Tab")  # past the way to the content and the name of the house
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "menu-button"
    page.keyboard.press("Enter")
    assert doors.last.is_visible()
    assert page.locator(".tongues a").last.is_visible()
    assert barriers(page) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/"
    page.keyboard.press("Escape")
    assert not doors.first.is_visible()
    assert page.evaluate("document.activeElement.className") == "menu-button"
    assert barriers(page) == []


def test_the_menu_needs_no_script(reading_address: str, open_page: OpenPage) -> None:
    page = open_page(f"{reading_address}/campaigns", width=390, java_script_enabled=False)
    page.locator(".menu-button").click()
    page.get_by_role("link", name="Sources", exact=True).click()
    page.wait_for_url(f"{reading_address}/sources")


def test_on_a_wide_screen_every_door_stands_open(reading_address: str, open_page: OpenPage) -> None:
    page = open_page(f"{reading_address}/campaigns")
    assert page.locator(".doors a").last.is_visible()
    assert not page.locator(".menu-button").is_visible()
