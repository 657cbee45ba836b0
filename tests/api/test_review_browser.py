"""The review queue in a real browser: its keys, when they rest, and whom it keeps out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import OpenPage, barriers

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
REVIEW = "/review/apo-coe-gp-vietnam-2014"


def asked(page: Page) -> str:
    return page.locator("#question strong").inner_text()


def press(page: Page, key: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)


def test_keys_decide_and_move(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}{REVIEW}")
    title = page.locator("#item-title").inner_text()
    press(page, "a")
    assert (asked(page), page.locator("#item-title").inner_text()) == (
        "What is its tone, and where does the text come from?",
        title,
    )
    page.keyboard.press("2")  # nobody said what was read: the browser asks
    assert page.locator("input[name=basis]:invalid").count() == 2
    page.get_by_label("the translation", exact=True).check()
    press(page, "2")
    press(page, "b")
    for words in ("neutral", "body text"):
        assert page.get_by_role("button", name=words, exact=False, pressed=True).count() == 1
    press(page, "o")
    assert page.locator("#item-title").inner_text() != title
    press(page, "u")
    assert (asked(page), page.locator("#item-title").inner_text()) == (
        "Where does the text come from?",
        title,
    )
    assert page.get_by_label("the translation", exact=True).is_checked()  # of this language, from last time
    press(page, "j")
    press(page, "j")
    press(page, "k")
    page.keyboard.press("?")
    assert page.get_by_text("They rest while you type in a field.").is_visible()
    with page.expect_navigation():
        page.locator(".counts a", has_text="One story?").click()
    press(page, "s")
    assert "not one story with" in page.locator(".undo").inner_text()


def test_keys_rest_in_fields_beside_other_keys_and_where_they_are_off(
    address: str, open_page: OpenPage
) -> None:
    page = open_page(f"{address}{REVIEW}")
    before = page.url
    reason = page.get_by_label("Reason").first
    reason.fill("")
    reason.press_sequentially("a rare uncle")
    reason.press("Enter")  # no button is the one that Enter presses
    page.locator("h1").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+r")
    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "r", bubbles: true, isComposing: true}))"""
    )
    page.keyboard.press("m")
    assert page.evaluate("document.activeElement.id") == "merge-q"
    page.keyboard.type("aru")
    page.locator("[data-keys] > summary").click()
    page.get_by_label("Single keys decide and move").uncheck()
    assert not page.locator("kbd.key").first.is_visible()
    page.reload()
    page.locator("h1").click()
    for key in ("a", "r", "1", "j"):
        page.keyboard.press(key)
    assert page.url == before
    assert page.locator(".undo").count() == 0
    page.locator("[data-keys] > summary").click()
    page.get_by_label("Single keys decide and move").check()
    press(page, "r")
    assert page.locator(".undo").count() == 1


@pytest.mark.parametrize(("language", "width"), [("en", 1200), ("zh-Hant", 320), ("vi", 1500)])
def test_no_question_keeps_anybody_out(
    reading_address: str, open_page: OpenPage, language: str, width: int
) -> None:
    page = open_page(f"{reading_address}{REVIEW}", language=language, width=width)
    urls = [one.get_attribute("href") for one in page.locator(".counts a").all()]
    assert len(urls) == 5
    for url in (*urls, f"{REVIEW}?second=1", f"{REVIEW}?q=", "/review"):
        page.goto(f"{reading_address}{url}")
        for details in page.locator("details:not([open]) > summary").all():
            if details.is_visible():
                details.click()
        assert barriers(page) == [], url
