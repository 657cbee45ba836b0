"""The week of a communications officer, in a real browser and in each language of the pages: found, read, coded, joined,
added by hand, counted, exported, mailed to the managers as the week's digest, frozen and reported. Everything that is looked
for on a page is in the officer's own language.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from python_calamine import CalamineWorkbook

from demo.run import LIST, WEEK, load_gold
from resound.coverage.model import FourCounts
from resound.definitions.applying import apply_definitions
from resound.definitions.written import load_path
from resound.sending.outbox import send_waiting
from resound.settings import UiLanguage
from resound.store import open_store
from resound.words import Words, words
from tests.api.conftest import OpenPage, barriers, make_app, served
from tests.resound.mailroom import MailRoom, open_mailroom

if TYPE_CHECKING:
    from playwright.sync_api import Download, Locator, Page

pytestmark = pytest.mark.browser

CAMPAIGN = "apo-coe-gp-vietnam-2014"
WIRE = "http://wire.example/vi/2014/10/02/doi-xanh-ky-ban-ghi-nho.html"
TTXVN = Path(__file__).resolve().parents[2] / "sources" / "vn" / "vnews.yml"
SCAN = b"%PDF-1.7\nthe evening news of 5 October, as the monitoring service cut it out"
TV = {
    "date": "2014-10-05",
    "airtime": "19:15",
    "title": "Đội Xanh Tuần hoàn Tài nguyên thăm nhà máy xử lý rác",
    "text": "Đội Xanh Tuần hoàn Tài nguyên của Tổ chức Năng suất châu Á đã thăm nhà máy xử lý rác ở Củ Chi chiều nay.",
}
"""Broadcast in the week of the demo's draft."""
READERS = {"lin@resound.example": "zh-Hant", "carter@resound.example": "en", "tran@resound.example": "vi"}
SUBJECTS = {"zh-Hant": "2014年9月29日", "en": "29 Sept", "vi": "29 thg 9"}


@dataclass(frozen=True, slots=True)
class Week:
    """One officer at one browser. `text` says what the pages call things in the officer's language."""

    page: Page
    address: str
    words: Words
    scan: Path
    room: MailRoom
    send: Callable[[], object]
    """What `resound run` does for the outbox once in a while."""

    def text(self, message: str, **values: object) -> str:
        told = self.words.gettext(message, **values)
        assert told != message or self.words.language == "en", f"{message!r} is no text of the pages"
        return told

    def door(self, message: str) -> None:
        """Go through the navigation, as somebody does who knows no address."""
        main = self.page.get_by_role("navigation", name=self.text("Main"))
        with self.page.expect_navigation():
            main.get_by_role("link", name=self.text(message), exact=True).click()

    def press(self, key: str) -> None:
        """A key that decides or moves: the page goes on by itself."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def counts(self) -> FourCounts:
        """The campaign's four numbers as its page shows them."""
        self.door("Campaigns")
        shown = self.page.locator(".four-counts .big-number").all_inner_texts()
        items, stories, outlets, groups = (int(re.sub(r"\D", "", one)) for one in shown)
        return FourCounts(items=items, stories=stories, outlets=outlets, groups=groups)

    def question(self) -> str:
        return self.page.locator("#question strong").inner_text()

    def clear(self) -> None:
        """Nobody is kept out of the page that is open."""
        assert barriers(self.page) == [], self.page.url


@pytest.fixture(params=["zh-Hant", "en", "vi"])
def week(
    request: pytest.FixtureRequest, demo_copy: Path, tmp_path: Path, open_page: OpenPage
) -> Iterator[Week]:
    """Monday morning. The office also watches the real TTXVN's television, whose airings come by hand."""
    language: UiLanguage = request.param
    store = open_store(f"sqlite:///{demo_copy / 'resound.sqlite'}")
    apply_definitions(store, load_path(TTXVN), who="lin", now=datetime(2026, 1, 5, tzinfo=UTC))
    scan = tmp_path / "bản tin 6.10 剪輯.pdf"
    scan.write_bytes(SCAN)
    with open_mailroom() as room:
        mail = {
            "smtp_url": f"smtp://127.0.0.1:{room.port}?starttls=no",
            "mail_from": room.server.from_,
            "public_url": "https://resound.example",
        }
        with served(make_app(demo_copy, **mail)) as address:
            page = open_page(address, language=language)
            page.set_default_timeout(20_000)

            def send() -> object:
                return send_waiting(store, room.server, clock=lambda: datetime.now(UTC))

            yield Week(page, address, words(language), scan, room, send)
    store.close()


def test_the_officers_week(week: Week) -> None:
    wire = find_one_story_in_two_languages(week)
    read_beside_the_translation(week, wire)
    before = week.counts()
    assert before == FourCounts(**load_gold()["counts"])
    coded = code_with_the_keyboard(week)
    after_coding = week.counts()
    assert (after_coding.items, after_coding.outlets) == (before.items + 1, before.outlets + 1)
    join_and_part_again(week, after_coding)
    clip = add_the_television_clip(week)
    assert week.counts() == after_coding, "nobody has accepted the clip yet"
    accept_the_clip(week, clip)
    in_the_end = FourCounts(
        items=after_coding.items + 1,
        stories=after_coding.stories + 1,
        outlets=after_coding.outlets + 1,
        groups=after_coding.groups + 1,
    )
    assert week.counts() == in_the_end
    export_what_is_shown(week, {coded, clip})
    approve_the_digest(week)
    it_came_once_to_each_reader_in_their_language(week)
    freeze_and_download_the_report(week, in_the_end)


def find_one_story_in_two_languages(week: Week) -> str:
    """Chinese, and Vietnamese typed without its marks, find the same story. Returns the wire's article in Vietnamese."""
    assert week.page.locator("html").get_attribute("lang") == week.words.language
    found = []
    for typed in ("資源循環綠耕隊", "doi xanh tuan hoan tai nguyen"):
        search(week, typed)
        week.page.get_by_role("link", name=week.text("One per story"), exact=True).click()
        stories = week.page.locator(".hit h3 a").all()
        assert len(stories) > 10, typed
        found.append([str(one.get_attribute("href")).partition("?")[0] for one in stories])
    assert found[0] == found[1], "the same stories in both languages"
    week.clear()
    search(week, "ky ban ghi nho lang:vi")
    hit = week.page.locator(".hit", has=week.page.locator(f'a[href="{WIRE}"]'))
    assert (
        hit.locator("mark").count() > 0
    )  # the words are marked as the outlet writes them, with their tone marks
    return article_of(hit)


def read_beside_the_translation(week: Week, article: str) -> None:
    """The original and its translation stand side by side, and what a machine wrote says so."""
    week.page.locator(f'.hit h3 a[href^="{article}"]').click()
    page = week.page
    assert page.url.startswith(f"{week.address}{article}")
    assert page.locator("h1").inner_text().startswith("Đội Xanh Tuần hoàn Tài nguyên")
    row = page.locator(".reading-row", has=page.locator('p[lang="vi"]')).first
    original, translation = row.locator(".side-original"), row.locator(".side-translation")
    left, right = original.bounding_box(), translation.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert abs(left["y"] - right["y"]) < 2
    assert page.get_by_text(week.text("machine translation")).first.is_visible()
    week.clear()


def code_with_the_keyboard(week: Week) -> str:
    """The first new match: accepted, its tone, its origin and its place, without a mouse. Returns its article."""
    week.door("Review")
    page = week.page
    assert week.question() == week.text("Is this coverage of the campaign?")
    week.clear()
    item = item_in_question(page)
    week.press("a")
    assert (item_in_question(page), week.question()) == (
        item,
        week.text("What is its tone, and where does the text come from?"),
    )
    say_what_was_read(week)
    for key in ("1", "b"):
        week.press(key)
    for chosen in ("positive", "body text"):
        assert page.get_by_role("button", name=week.text(chosen), pressed=True).count() == 1
    week.press("o")
    assert item_in_question(page) != item
    page.goto(f"{week.address}/articles/{item}")
    decided = page.locator(".coding .decided").all_inner_texts()
    for told in ("positive", "body text", "original reporting"):
        assert any(week.text(told) in one for one in decided), (told, decided)
    return f"/articles/{item}"


def say_what_was_read(week: Week) -> None:
    """The original, and not its translation: chosen with the keyboard."""
    week.page.get_by_label(week.text("the original"), exact=True).focus()
    week.page.keyboard.press("Space")


def join_and_part_again(week: Week, before: FourCounts) -> None:
    """Two stories that the machine takes for one are joined, which is one story less, and taken apart again."""
    week.door("Review")
    page = week.page
    with page.expect_navigation():
        page.locator(".counts a", has_text=week.text("One story?")).click()
    asked = week.text("Do these two tell one original text?")
    assert week.question() == asked
    assert page.locator(".merge-sides article").count() == 2
    week.clear()
    week.press("m")
    joined = week.counts()
    assert joined == FourCounts(before.items, before.stories - 1, before.outlets, before.groups)
    week.door("Review")
    week.press("u")
    assert week.question() == asked, "what is taken back is asked again"
    assert week.counts() == before


def add_the_television_clip(week: Week) -> str:
    """What TTXVN broadcast, typed in, with its scan. Returns the clip's article."""
    week.door("Add a clip")
    page = week.page
    page.get_by_label(week.text("television"), exact=True).check()
    for name, typed in (("outlet", week_name(week)), *TV.items()):
        page.locator(f"#clip-{name}").fill(typed)
    page.locator("#clip-file").set_input_files(week.scan)
    week.clear()
    page.get_by_role("button", name=week.text("Add the clip")).click()
    told = "The clip is added. It is matched with the campaigns; what language models say of it follows."
    page.get_by_text(week.text(told)).wait_for()
    with page.expect_download() as kept:
        page.get_by_role("link", name=week.text("Download the file")).click()
    assert Path(kept.value.path()).read_bytes() == SCAN
    assert kept.value.suggested_filename == week.scan.name
    week.clear()
    return page.url.removeprefix(week.address).partition("?")[0]


def accept_the_clip(week: Week, clip: str) -> None:
    """It waits in the queue like everything that was found."""
    week.door("Review")
    page = week.page
    with page.expect_navigation():
        page.locator(".entries a", has_text=TV["title"]).click()
    week.press("a")
    say_what_was_read(week)
    for key in ("2", "h", "o"):
        week.press(key)
    page.goto(f"{week.address}{clip}")
    assert page.locator(".in-campaign").get_by_text(week.text("Counted"), exact=True).count() == 1


def export_what_is_shown(week: Week, expected: set[str]) -> None:
    """The file has what the list shows on all its pages: the same items, in the same order and the same words."""
    page = week.page
    search(week, f"campaign:{CAMPAIGN} date:2014-10")
    week.clear()
    with page.expect_download() as kept:
        page.get_by_role("link", name=week.text("CSV for spreadsheets")).click()
    rows = list(csv.DictReader(io.StringIO(Path(kept.value.path()).read_text(encoding="utf-8-sig"))))
    told = re.sub(r"\D", "", page.locator(".result-head h2").inner_text().partition("·")[0])
    shown: list[tuple[str, str, str]] = []
    found: set[str] = set()
    while True:
        for hit in page.locator(".hit").all():
            title = hit.locator("h3").inner_text()
            outlet = hit.locator(".meta > span").first.inner_text()
            day = hit.locator("time").get_attribute("datetime")
            shown.append((str(day), outlet, title))
            found.add(article_of(hit))
        following = page.locator('.pages a[rel="next"]')
        if not following.count():
            break
        following.click()
    named = [week.text(one) for one in ("Day", "Outlet", "Headline")]
    assert [tuple(row[name] for name in named) for row in rows] == shown
    assert int(told) == len(rows) > 20
    assert expected <= found


def approve_the_digest(week: Week) -> None:
    """The draft of the week has the clip that was accepted today. One click and one confirmation send it to all readers."""
    week.door("Digest")
    page = week.page
    with page.expect_navigation():
        page.get_by_role("link", name=week.text("Look and approve")).click()
    assert page.url == f"{week.address}/digests/{LIST}/{WEEK}"
    mail = page.frame_locator("iframe.mail-frame")
    assert mail.locator("html").get_attribute("lang") == week.words.language
    assert mail.get_by_role("link", name=TV["title"]).count() == 1
    week.clear()
    page.get_by_text(week.text("Approve …"), exact=True).click()
    with page.expect_navigation():
        page.get_by_role(
            "button",
            name=week.words.ngettext(
                "Approve and send to %(num)s reader", "Approve and send to %(num)s readers", len(READERS)
            ),
        ).click()
    page.get_by_text(week.text("It is approved and on its way.")).wait_for()
    week.clear()
    assert week.room.accepted == [], "the outbox is sent by `resound run`, not by the page"
    for _ in range(2):
        week.send()
    page.get_by_text(week.text("Nothing waits any more.")).wait_for()


def it_came_once_to_each_reader_in_their_language(week: Week) -> None:
    """Three mails at a real mail server, each as good without HTML."""
    assert week.room.counts() == dict.fromkeys(READERS, 1)
    for at, (reader, _) in enumerate(week.room.accepted):
        mail, language = week.room.read(at), READERS[reader]
        assert mail["To"] == reader
        assert SUBJECTS[language] in mail["Subject"]
        assert f'<html lang="{language}"' in part_of(mail, "html")
        for kind in ("html", "plain"):
            assert TV["title"] in part_of(mail, kind), (reader, kind)


def freeze_and_download_the_report(week: Week, expected: FourCounts) -> None:
    """The workbook says the four numbers that the page says, in the officer's language."""
    week.door("Campaigns")
    page = week.page
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("link", name=week.text("Reports"), exact=True).click()
    page.get_by_label(week.text("What it is frozen for")).fill("tháng 10 · 十月")
    page.get_by_role("button", name=week.text("Freeze the counts now")).click()
    frozen = page.locator("#snapshot-1")
    frozen.wait_for()
    page.get_by_text(week.text("The counts are frozen as snapshot %(number)s.", number=1)).wait_for()
    week.clear()
    shown = [int(re.sub(r"\D", "", one)) for one in frozen.locator(".snapshot-counts dd").all_inner_texts()]
    assert shown == [expected.items, expected.stories, expected.outlets, expected.groups]
    workbook = download(week, frozen.locator(f'a[href$="report.xlsx?lang={week.words.language}"]'))
    book = CalamineWorkbook.from_path(workbook)
    rows = book.get_sheet_by_name(week.text("By language")).to_python()
    (total,) = (row for row in rows if row[0] == week.text("All, each once"))
    assert total[1:5] == shown


def download(week: Week, link: Locator) -> Path:
    """At once, or from the page that waits for the file where making it takes long."""
    page = week.page
    kept: list[Download] = []
    page.once("download", lambda one: kept.append(one))  # a builtin cannot be a listener
    with page.expect_response(lambda answer: "/report.xlsx?" in answer.url) as answered:
        link.click()
    if answered.value.headers["content-type"].startswith("text/html"):
        ready = page.get_by_role("link", name=week.text("Download it"), exact=True)
        ready.wait_for(timeout=180_000)
        week.clear()
        ready.click()
    if not kept:
        kept.append(page.wait_for_event("download"))
    return Path(kept[0].path())


def part_of(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def search(week: Week, typed: str) -> None:
    """As somebody types it into the box."""
    week.door("Search")
    week.page.get_by_role("searchbox").fill(typed)
    week.page.keyboard.press("Enter")
    week.page.wait_for_url(f"**q={quote(typed, safe='').replace('%20', '+')}*")


def week_name(week: Week) -> str:
    """What the officer's language calls TTXVN's television; the form offers it."""
    name = {
        "zh-Hant": "越通社電視台",
        "en": "Vietnam News Agency Television (VNews)",
        "vi": "Truyền hình Thông tấn (VNews)",
    }[week.words.language]
    assert week.page.locator(f'#outlets option[value="{name}"]').count() == 1
    return name


def article_of(hit: Locator) -> str:
    return str(hit.locator("h3 a").get_attribute("href")).partition("?")[0]


def item_in_question(page: Page) -> str:
    return str(page.locator('.coding-form input[name="item"]').get_attribute("value"))
