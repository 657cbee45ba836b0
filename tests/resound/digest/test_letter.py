"""The digest as mail: both parts say the same, nothing in it runs or is fetched, no header splits, and it stays small."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from resound.coverage.campaign import Headline
from resound.coverage.model import FourCounts
from resound.digest.edition import build_edition
from resound.digest.letter import (
    LARGEST,
    compose,
    limit_stories,
    render_html,
    render_text,
    write_letter,
)
from resound.digest.model import Correction, Edits, Gain, LanguageRow, Loss, Note
from resound.digest.wording import Wording, is_web_address
from resound.digest.written import pack_edition, unpack_edition
from resound.errors import MailError
from resound.sending.mail import render_message
from resound.sending.subscribing import link_token
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.words import words
from tests.resound.digest.week import DAY, FIRST, LIST, NOW, PUBLIC, SERVER, WEEK, entry, facts, item, reader

VOID = {"meta", "br", "link", "img", "hr", "input"}
NASTY = (
    "Ends here\r\nBcc: everybody@victim.example\r\n\r\nand on",
    "one\u2028two\u2029three\x0bfour\x85five\x00six",
    "\u202emoc.live\u202c \u2066isolated\u2069 \u200fmark",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)> ' onmouseover='alert(1)",
    "{{ 7*7 }} {% raw %} ${7*7} %(name)s %s",
    "</title></style></div><style>*{display:none}</style>",
    '=HYPERLINK("http://evil.example","x")',
    "x" * 10_000,
    "=?utf-8?b?PHNjcmlwdD4=?=",
    "​",
    "",
)


class Page(HTMLParser):
    """Collects what matters: tags, attributes, the text; and whether every element is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def assert_harmless(html: str) -> Page:
    page = Page(html)
    assert page.open == []
    assert set(page.tags) <= {
        "html", "head", "meta", "title", "style", "body", "div", "span", "a", "h1", "h2", "h3", "p", "ul", "li", "br", "table",
        "caption", "tr", "th", "td",
    }  # fmt: skip
    assert page.tags.count("style") == 1
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("src", "srcset", "background", "action", "ping"), (tag, name)
        if name == "href":
            assert urlsplit(value).scheme in ("http", "https"), value
        if name == "style":
            assert "url(" not in value
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    return page


def sent(message: EmailMessage) -> EmailMessage:
    """Over the wire and read again."""
    read = BytesParser(policy=SMTP).parsebytes(render_message(message))
    assert isinstance(read, EmailMessage)
    return read


def bodies(message: EmailMessage) -> tuple[str, str]:
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content(), html.get_content()


def hostile(shared_data: Path | None = None) -> Iterator[str]:
    yield from NASTY
    if shared_data is not None:
        yield from json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_hostile_titles_go_through(language: UiLanguage, shared_data: Path) -> None:
    titles = list(hostile(shared_data))
    items = [
        item(
            f"i{at}",
            title=title,
            tag="zh-Hant",
            outlet_name=title,
            url=title,
            story=f"i{at - at % 7}",
            outlet=f"o{at}",
        )
        for at, title in enumerate(titles)
    ]
    made = facts(items)
    made = replace(
        made,
        entries={
            one.item: replace(
                entry(one),
                headlines={language: Headline(one.title, "en", one.title)},
            )
            for one in items
        },
        names=dict.fromkeys(UI_LANGUAGES, NASTY[0] + NASTY[3]),
    )
    edition = build_edition(made, Edits(note=Note("\n".join(titles)[:4000], NASTY[0], NOW)))
    of = replace(LIST, name=NASTY[0] + NASTY[3])
    message = write_letter(
        edition, reader(name=NASTY[0], language=language), of, public_url=PUBLIC, server=SERVER
    )
    data = render_message(message)
    assert len(data) <= LARGEST
    read = sent(message)
    assert sorted(map(str.lower, read.keys())) == sorted(map(str.lower, message.keys()))
    assert read["Bcc"] is None
    assert read["To"].addresses[0].addr_spec == "r1@reader.example"
    assert not read.defects
    text, html = bodies(read)
    page = assert_harmless(html)
    for body in (text, page.words):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028\u2029]", body)
    assert "<script>alert(1)</script>" in page.words, "shown as it is written"
    assert "{{ 7*7 }}" in page.words


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_five_hundred_stories_stay_under_the_limit(language: UiLanguage) -> None:
    items = [
        item(
            f"i{at}", title=f"第{at}則：綠耕隊與越南中小企業發展中心簽署合作備忘錄，協助十家工廠", tag="zh-Hant", outlet=f"o{at % 40}",
            story=f"i{at - at % 3}" if at < 900 else f"i{at}", day=FIRST + (at % 7) * DAY,
        )
        for at in range(1100)
    ]  # fmt: skip
    edition = build_edition(facts(items, topics={f"i{at}": ("waste",) for at in range(0, 1100, 2)}))
    assert len(edition.stories) == 500
    made = compose(edition, language, LIST, public_url=PUBLIC)
    data = render_message(
        write_letter(made, reader(language=language), LIST, public_url=PUBLIC, server=SERVER)
    )
    assert LARGEST * 0.7 < len(data) <= LARGEST, "short enough, and not shorter than it must be"
    assert 0 < made.hidden < 500
    told = words(language).ngettext(
        "and %(num)s more story on the page", "and %(num)s more stories on the page", made.hidden
    )
    assert told in made.text
    assert told in made.html
    assert f"{PUBLIC}/digests/managers/2026-W03" in made.html


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_a_year_of_corrected_weeks_can_still_be_sent(language: UiLanguage) -> None:
    made = build_edition(facts([item("a"), item("b", outlet="two")]))
    title = "資源循環綠耕隊訪問胡志明市並與當地企業簽署合作備忘錄" * 6
    many = tuple(Loss(f"i{number}", title, "release-verbatim") for number in range(90))
    corrected = tuple(
        Correction(
            f"2025-W{week:02}",
            FIRST - week * WEEK,
            FIRST - week * WEEK + 6 * DAY,
            f"2025-W{week:02}",
            FourCounts(90, 80, 70, 60),
            FourCounts(),
            (),
            many,
        )
        for week in range(1, 53)
    )
    made = replace(made, corrections=corrected, note=Note("註" * 4000, "lin", NOW))
    mail = write_letter(
        made, reader(language=language, name="名" * 120), LIST, public_url=PUBLIC, server=SERVER
    )
    assert len(render_message(mail)) < LARGEST
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    say = Wording(made, words(language), list_name="", list_id="", public_url=PUBLIC)
    assert say.corrected.more_weeks
    for told in (
        *map(say.corrected.sentence, corrected[:20]),
        say.corrected.more_changes(corrected[19]),
        say.corrected.more_weeks,
    ):
        assert told in text
        assert told in html


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_a_correction_of_the_same_items_says_the_four_counts(language: UiLanguage) -> None:
    same = Correction(
        "2026-W02",
        FIRST - WEEK,
        FIRST - DAY,
        "2026-W02",
        FourCounts(5, 4, 3, 2),
        FourCounts(5, 3, 3, 2),
        (),
        (),
    )
    made = replace(build_edition(facts([item("a")])), corrections=(same,))
    say = Wording(made, words(language), list_name="", list_id="", public_url=PUBLIC)
    told = say.corrected.sentence(same)
    assert words(language).ngettext("%(num)s story", "%(num)s stories", 4) in told
    assert words(language).ngettext("%(num)s story", "%(num)s stories", 3) in told
    assert "+0" not in told
    page = Page(render_html(made, language, public_url=PUBLIC))
    assert told in page.text
    assert told in render_text(made, language, public_url=PUBLIC)


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("en", "besides, stories were parted or joined and outlets were corrected."),
        ("zh-Hant", "；此外，同源報導有拆分或合併、媒體資料有更正。"),
        ("vi", "ngoài ra, có bài gốc được tách hoặc gộp và có cơ quan báo chí được đính chính."),
    ],
)
def test_a_correction_says_what_its_items_do_not_explain(language: UiLanguage, why: str) -> None:
    fixed = Correction(
        "2026-W02",
        FIRST - WEEK,
        FIRST - DAY,
        "2026-W02",
        FourCounts(26, 14, 19, 16),
        FourCounts(24, 15, 19, 16),
        (Gain("new", "A new one", "found-later"),),
        tuple(Loss(key, f"Title {key}", "rejected") for key in "xyz"),
        ("stories", "outlets"),
    )
    made = replace(build_edition(facts([item("a")])), corrections=(fixed,))
    assert why in Page(render_html(made, language, public_url=PUBLIC)).words
    assert why in render_text(made, language, public_url=PUBLIC)
    assert unpack_edition(pack_edition(made)) == made


def test_a_mail_that_cannot_be_short_is_refused() -> None:
    edition = build_edition(facts([item("a")]), Edits(note=Note("綠" * 40_000, "lin", NOW)))
    with pytest.raises(MailError, match="Shorten its note"):
        compose(edition, "en", LIST, public_url=PUBLIC)


def test_headers_are_those_of_a_list() -> None:
    edition = build_edition(facts([item("a")]))
    one = reader(name="Lin, Mei \u202e", language="zh-Hant")
    read = sent(write_letter(edition, one, LIST, public_url=PUBLIC + "/", server=SERVER))
    link = f"{PUBLIC}/u/{link_token(one, 'unsubscribe')}"
    assert read["List-Unsubscribe"] == f"<{link}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["List-Id"] == "<managers.cpc.example>"
    assert (read["Auto-Submitted"], read["Precedence"]) == ("auto-generated", "bulk")
    assert read["To"].addresses[0].display_name == "Lin, Mei"
    assert str(read["Subject"]) == "綠耕隊：1 則報導，2026年1月5日至11日"
    assert read["Content-Language"] == "zh-Hant"
    for body in bodies(read):
        assert link in body
        assert "r2@reader" not in body
    plain = sent(write_letter(edition, one, LIST, public_url="http://10.0.0.5:8000", server=SERVER))
    assert plain["List-Unsubscribe"].startswith("<http://10.0.0.5:8000/u/")
    assert plain["List-Unsubscribe-Post"] is None, "RFC 8058 asks for https"
    with pytest.raises(MailError, match="RESOUND_PUBLIC_URL"):
        write_letter(edition, one, LIST, public_url=None, server=SERVER)


def test_one_composed_digest_gives_each_reader_their_own_link() -> None:
    made = compose(build_edition(facts([item("a")])), "vi", LIST, public_url=PUBLIC)
    letters = [
        bodies(sent(write_letter(made, reader(number), LIST, public_url=PUBLIC, server=SERVER)))
        for number in (1, 2)
    ]
    for number, parts in enumerate(letters, 1):
        own = link_token(reader(number), "unsubscribe")
        assert [part.count(own) for part in parts] == [1, 1]
        assert made.mark not in "".join(parts)
    assert letters[0] != letters[1]


def full() -> tuple[list[object], dict[str, object]]:
    one = build_edition(facts([item("a"), item("gone")]))
    world = [
        item("a"),
        (item("gone"), "paid"),
        item("late", day=FIRST + DAY, title="Found late", tag="vi"),
        item("n1", day=FIRST + WEEK, story="n1", title="綠耕隊簽約", tag="zh-Hant", outlet="alpha"),
        item("n2", day=FIRST + WEEK, story="n1", outlet="beta", tag="vi"),
        item("n3", day=FIRST + WEEK, story="n1", outlet="beta", tag="vi", url="https://beta.example/other"),
        item("tv", day=FIRST + WEEK, medium="tv", url="clip:tv", re_run=True),
        *(item(f"m{at}", day=FIRST + WEEK + DAY) for at in range(5)),
    ]
    return world, {"week": "2026-W04", "first": FIRST + WEEK, "earlier": [one], "topics": {"m4": ("waste",)}}


@pytest.mark.parametrize("language", UI_LANGUAGES)
def test_the_text_says_what_the_html_says(language: UiLanguage) -> None:
    world, more = full()
    edition = build_edition(
        facts(world, beside={"unreviewed": 4, "leads": 2}, **more),  # type: ignore[arg-type]
        Edits(note=Note("A note.\nTwo lines.", "lin", NOW)),
    )
    options = {
        "list_name": "Managers",
        "list_id": "managers",
        "public_url": PUBLIC,
        "unsubscribe": f"{PUBLIC}/u/x",
    }
    text = render_text(edition, language, **options)  # type: ignore[arg-type]
    html = render_html(edition, language, **options)  # type: ignore[arg-type]
    page = assert_harmless(html)
    squeezed = " ".join(text.split())
    say = Wording(edition, words(language), list_name="Managers", list_id="managers", public_url=PUBLIC)
    said = [
        say.campaign, say.days, say.watched.read, say.watched.unread, say.rule, say.themes, say.as_of, *say.counted.beside, "A note.", "Two lines.",
        *(say.title(one.head) for one in edition.stories), say.title(edition.late[0].stories[0].head), say.corrected.sentence(edition.corrections[0]),
        "".join(text for text, _ in say.also(edition.top[0])), say.late_heading(edition.late[0]),
        *(fact for fact in say.facts(edition.top[0].head)), *(wrong for _, wrong in say.watched.failing), say.section(edition.sections[-1]),
        "In English: 綠耕隊簽約" if language == "en" else "綠耕隊簽約", words(language).gettext("re-run"),
    ]  # fmt: skip
    for one in said:
        assert one, said
        assert " ".join(one.split()) in squeezed, one
        assert "".join(one.split()) in "".join(page.words.split()), one
    for address in (
        "https://alpha.example/n1",
        f"{PUBLIC}/articles/tv",
        f"{PUBLIC}/digests/managers/2026-W04",
    ):
        assert address in text
        assert ("a", "href", address) in page.attributes
    assert ("a", "lang", "zh-Hant") in page.attributes
    assert ("html", "lang", language) in page.attributes
    if language == "en":
        assert "machine translation · model-x" in page.words
        assert "machine translation · model-x" in text
        assert "Also in Beta (Vietnamese, 2×)" in squeezed


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "en",
            "Also in 2 outlets: Beta (Vietnamese, also Print), Gamma · "
            "3 more times in this outlet: Vietnamese, 6 Jan 2026 (2×)",
        ),
        (
            "zh-Hant",
            "另有 2 家媒體刊出：Beta（越南文、含平面）、Gamma · 同一媒體另有 3 則：越南文、2026年1月6日（2 則）",
        ),
        (
            "vi",
            "Còn đăng trên 2 cơ quan báo chí khác: Beta (Tiếng Việt, cả Báo in), Gamma · "
            "Thêm 3 lần trên chính báo này: Tiếng Việt, 6 thg 1, 2026 (2 lần)",
        ),
    ],
)
def test_where_else_a_story_stood_is_named_under_its_own_number(language: UiLanguage, line: str) -> None:
    world = [
        item("a", story="s", outlet="alpha", prominence="title"),
        item("b", story="s", outlet="beta", tag="vi"),
        item("b2", story="s", outlet="beta", tag="vi", medium="print"),
        item("c", story="s", outlet="gamma", day=FIRST + DAY),
        item("d", story="s", outlet="alpha", tag="vi"),
        item("e", story="s", outlet="alpha", day=FIRST + DAY),
        item("f", story="s", outlet="alpha", day=FIRST + DAY),
    ]
    edition = build_edition(facts(world))
    page = Page(render_html(edition, language, public_url=PUBLIC))
    assert line in render_text(edition, language, public_url=PUBLIC)
    assert "".join(line.split()) in "".join(page.words.split())
    for address in ("https://beta.example/b", "https://beta.example/b2", "https://alpha.example/d"):
        assert ("a", "href", address) in page.attributes


def test_a_line_ends_between_facts_and_sentences_follow_as_the_language_writes() -> None:
    edition = build_edition(facts([item("a", outlet_name="一" * 30)], topics={"a": ("waste",)}))
    page = render_html(edition, "zh-Hant", public_url=PUBLIC)
    assert (
        '<span class="k">英文 ·</span> <span class="k">2026年1月5日 ·</span> <span class="k">導言提及</span>'
        in page
    )
    assert f"<span>{'一' * 30} ·</span>" in page, "a long name must be broken"
    assert "。 " not in page
    other = replace(edition, languages=(LanguageRow("other", 1, 0),))
    assert "Ngôn ngữ khác" in render_text(other, "vi", public_url=PUBLIC)


def test_nothing_found_is_said_with_what_was_read() -> None:
    edition = build_edition(facts([]))
    for body in (
        render_text(edition, "en", public_url=None),
        Page(render_html(edition, "en", public_url=None)).words,
    ):
        assert (
            "Nothing was found in this week. 3 sources are watched; 2 were read for every day of the week."
            in body
        )
        assert "Not read for every day: Green team (2 days missing)." in body
        assert "It failed." in body
    assert Wording(edition, words("en"), list_name="", list_id="", public_url=None).subject.startswith(
        "Green team: nothing found"
    )
    outside = build_edition(replace(facts([]), window=(FIRST + 2 * WEEK, FIRST + 3 * WEEK)))
    assert "the week lies outside the campaign's dates" in render_text(outside, "en", public_url=None)


def test_gaps_make_it_at_least() -> None:
    edition = replace(build_edition(facts([item("a")])), at_least=True, before=FourCounts(3, 2, 1, 1))
    text = render_text(edition, "en", public_url=None)
    assert re.search(r"Items +at least 1 +3 +−2", text)
    assert re.search(r"Stories +at least 1 +2 +−1", text)
    assert "at least 1" in Page(render_html(edition, "en", public_url=None)).words


def test_without_a_public_address_our_own_links_are_left_out() -> None:
    edition = build_edition(facts([item("tv", medium="tv", url="clip:tv")]))
    html = render_html(edition, "en", list_id="managers", public_url=None)
    assert "href" not in html
    assert "Title tv" in html


def test_a_shortened_edition_keeps_the_order() -> None:
    world, more = full()
    edition = build_edition(facts(world, **more))  # type: ignore[arg-type]
    assert limit_stories(edition, 99) == edition
    for most in range(9):
        shown = limit_stories(edition, most)
        told = [one.id for one in (*shown.stories, *(one for week in shown.late for one in week.stories))]
        whole = [
            one.id for one in (*edition.stories, *(one for week in edition.late for one in week.stories))
        ]
        assert told == whole[:most]
    assert "left out here" in render_text(edition, "en", public_url=None, most=2)


def test_what_a_link_may_be() -> None:
    assert is_web_address("https://a.example/x?y=ü#z")
    for odd in (
        "javascript:alert(1)", "data:text/html,x", "clip:x", "//a.example", "https:///x", "http://[::1", "https://a.example/\nx",
        "https://a.example/ x", "HTTPS://", "ftp://a.example/", "https://a.example/\u202ex",
    ):  # fmt: skip
        assert not is_web_address(odd), odd
