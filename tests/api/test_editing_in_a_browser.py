"""Changing campaigns and adding sources as people do it: in a real Chromium, with the keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import OpenPage, barriers, make_app, served
from tests.crawlers.newsroom import Newsroom, open_newsroom, rss

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
KEY = "apo-coe-gp-vietnam-2014"
LANTERN = "http://www.lantern.example"


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with open_newsroom() as opened:
        opened.pages[f"{LANTERN}/"] = (
            '<!doctype html><html lang="vi"><head><title>Đèn Lồng</title>'
            '<link rel="alternate" type="application/rss+xml" href="/tin.rss"></head></html>'
        )
        day = "Thu, 02 Oct 2014 08:00:00 +0700"
        opened.pages[f"{LANTERN}/tin.rss"] = rss(
            (f"{LANTERN}/1", "Đội xanh thăm nhà máy xử lý rác thải", day)
        )
        yield opened


@pytest.fixture
def place(demo_copy: Path, room: Newsroom) -> Iterator[str]:
    app = make_app(demo_copy, contact="t@resound.example", allow=",".join(room.allow))
    with served(app) as url:
        yield url


@pytest.mark.parametrize(
    ("path", "language", "width"),
    [
        ("/sources", "zh-Hant", 320),
        ("/sources", "vi", 1200),
        ("/sources/bangkok-day", "vi", 320),
        (f"/campaigns/{KEY}/edit", "zh-Hant", 320),
        (f"/campaigns/{KEY}/edit", "vi", 1200),
        (f"/campaigns/{KEY}/yaml", "vi", 320),
        (f"/campaigns/{KEY}/versions", "zh-Hant", 1200),
        (f"/campaigns/{KEY}/versions/1", "en", 320),
        ("/new-campaign", "vi", 320),
        ("/new-campaign/yaml", "zh-Hant", 320),
        ("/new-source", "zh-Hant", 320),
        ("/new-source/by-hand", "vi", 320),
    ],
)
def test_no_page_keeps_anybody_out(
    reading_address: str, open_page: OpenPage, path: str, language: str, width: int
) -> None:
    page = open_page(f"{reading_address}{path}", language=language, width=width)
    page.evaluate("for (const one of [...document.querySelectorAll('details')].slice(0, 12)) one.open = true")
    assert page.locator("h1").count() == 1
    assert barriers(page) == []


@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("language", ["zh-Hant", "en"])
def test_what_is_known_of_a_source_has_room_to_be_read(
    reading_address: str, open_page: OpenPage, language: str, width: int
) -> None:
    page = open_page(f"{reading_address}/sources", language=language, width=width)
    sizes = page.evaluate(
        "[...document.querySelectorAll('.source-row dd')].map(one => one.getBoundingClientRect())"
        ".map(one => [one.width, one.height])"
    )
    assert len(sizes) > 40
    assert min(wide for wide, _ in sizes) >= 96
    assert max(high for _, high in sizes) < 60, "three lines at most"


def test_a_change_is_previewed_and_saved_in_the_page(place: str, open_page: OpenPage) -> None:
    page = open_page(f"{place}/campaigns/{KEY}/edit", language="zh-Hant")
    page.locator("#names-0 > summary").press("Enter")
    page.locator("#names-0-forms-vi").fill("")
    page.get_by_role("button", name="預覽修改的影響").last.click()
    effect = page.locator("#preview")
    effect.get_by_role("table").wait_for()
    assert page.url.endswith("/edit"), "the form is still there"
    assert "減少" in effect.inner_text()
    assert effect.locator("mark").count() > 0
    assert barriers(page) == []
    effect.get_by_role("button", name="儲存這項修改").click()
    page.get_by_role("status").filter(has_text="已儲存為第 2 版。").wait_for()


def test_what_is_wrong_is_told_at_the_top_and_leads_to_its_field(place: str, open_page: OpenPage) -> None:
    page = open_page(f"{place}/campaigns/{KEY}/edit", language="vi", width=375, expect_errors=True)
    page.locator("#countries").fill("Taiwan")
    page.locator("#exclude").fill("(a")
    page.get_by_role("button", name="Xem trước tác động").last.click()
    page.locator("#problems").wait_for()
    assert page.locator("#problems li").count() == 1
    page.locator("#problems a").click()
    assert page.evaluate("document.activeElement.id || location.hash.slice(1)") == "countries"
    page.locator("#countries").fill("TW")
    page.get_by_role("button", name="Lưu").click()
    page.locator(
        '#problems a[href="#exclude"]'
    ).wait_for()  # what is wrong with it is said in the reader's language
    assert barriers(page) == []


def test_rows_are_added_and_the_new_one_has_the_focus(place: str, open_page: OpenPage) -> None:
    page = open_page(f"{place}/new-campaign")
    page.get_by_role("button", name="+ Another person").click()
    page.locator("#people-0-forms-zh-Hant").wait_for()
    assert page.evaluate("document.activeElement.id") == "people-0-forms-zh-Hant"


def test_two_editors_meet(place: str, open_page: OpenPage) -> None:
    mine = open_page(f"{place}/campaigns/{KEY}/edit", language="zh-Hant", width=375, expect_errors=True)
    theirs = open_page(f"{place}/campaigns/{KEY}/edit", language="zh-Hant")
    for page, note in ((theirs, "他們的"), (mine, "我的")):
        page.locator("#notes").fill(note)
        page.get_by_role("button", name="儲存", exact=True).click()
    mine.get_by_role("heading", name="其間已有他人儲存").wait_for()
    assert "他們的" in mine.inner_text("main")
    assert "我的" in mine.inner_text("main")
    assert barriers(mine) == []
    mine.get_by_role("button", name="改採我的版本").click()
    mine.get_by_role("status").filter(has_text="第 3 版").wait_for()


def test_a_source_is_tried_and_one_is_added(place: str, open_page: OpenPage, room: Newsroom) -> None:
    page = open_page(f"{place}/new-source", language="vi", width=375, expect_errors=True)
    page.get_by_label("Địa chỉ của cơ quan báo chí").fill(LANTERN)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Đèn Lồng").wait_for()
    assert barriers(page) == []
    _fill(page, {"owner": "Nhà Đèn", "country": "VN", "timezone": "Asia/Ho_Chi_Minh"})
    page.get_by_role("button", name="Lưu").last.click()
    page.get_by_role("status").filter(has_text="Đã lưu thành phiên bản 1.").wait_for()
    page.get_by_role("button", name="Kiểm tra ngay").click()
    page.get_by_text("Hoạt động: 1 tin, mới nhất ngày 2 thg 10, 2014.").wait_for()
    assert barriers(page) == []


def _fill(page: Page, values: dict[str, str]) -> None:
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)
