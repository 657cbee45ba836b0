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
