"""Every text that people read has its translations, with the same places in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from resound.coverage.named import ORIGINS, TONES
from resound.settings import UiLanguage
from resound.told import Told
from resound.value_names import ValueNames
from resound.watching.crawl_words import recognise
from resound.words import choose_language, load_texts, words

ROOT = Path(__file__).resolve().parents[1]
PLACES = re.compile(r"%\((\w+)\)[sd]")
METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {
    "**/templates/**.html": {
        "newstyle_gettext": "true",
        "trimmed": "true",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
    }
}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "Told": None}


def sources() -> Iterator[tuple[str, tuple[str, ...]]]:
    """(where, the text and its plural) of everything that is marked."""
    for room in ("api", "resound"):
        for name, line, message, _, _ in extract_from_dir(ROOT / room, METHODS, OPTIONS, keywords=KEYWORDS):
            texts = message if isinstance(message, tuple) else (message,)
            yield f"{room}/{name}:{line}", tuple(text for text in texts if text)


@pytest.mark.parametrize("language", ["zh-Hant", "vi"])
def test_everything_is_translated(language: UiLanguage) -> None:
    known = load_texts(language)
    wrong = []
    for where, texts in sources():
        found = known.get(texts[0], ("",))
        if not found[0]:
            wrong.append(f"{where}: {texts[0]!r} is not translated")
        elif set(PLACES.findall(found[0])) != set(PLACES.findall(texts[-1])):
            wrong.append(f"{where}: {found[0]!r} has other places than {texts[-1]!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["zh-Hant", "vi"])
def test_nothing_is_translated_that_is_not_there(language: UiLanguage) -> None:
    there = {texts[0] for _, texts in sources()}
    assert set(load_texts(language)) <= there


def test_numbers_days_and_names_are_the_readers_own() -> None:
    assert words("vi").number(1234567.5) == "1.234.567,5"
    assert words("zh-Hant").day("2014-10-02") == "2014年10月2日"
    assert (words("en").size(23), words("en").size(4_200)) == ("23 bytes", "4.2 kB")
    assert (words("zh-Hant").size(23), words("vi").size(0)) == ("23 位元組", "0 byte")
    assert words("en").days(date(2014, 9, 29), date(2014, 10, 5)) == "29 Sept\u2009–\u20095 Oct 2014"
    assert words("zh-Hant").days(date(2014, 9, 29), date(2014, 10, 5)) == "2014年9月29日至10月5日"
    assert (
        words("vi").days(date(2014, 9, 29), date(2014, 10, 5), with_year=False)
        == "29 thg 9\u2009–\u20095 thg 10"
    )
    assert words("vi").country_name("VN") == "Việt Nam"
    assert words("en").language_name("zh-Hant") == "Traditional Chinese"
    assert words("zh-Hant").language_name("zh-Hans") == "簡體中文"
    assert words("vi").language_name("zh-Hant") == "Tiếng Trung phồn thể"
    assert words("en").language_name("no such tag!") == "no such tag!"


def test_a_moment_names_its_zone() -> None:
    moment = datetime(2014, 9, 29, 17, 5, tzinfo=UTC)
    assert words("en").moment(moment) == "29 Sept 2014, 17:05:00 UTC"
    assert words("en", "Asia/Taipei").moment(moment) == "30 Sept 2014, 01:05:00 GMT+08:00"
    assert words("en", "Asia/Taipei").day(moment) == "30 Sept 2014"
    assert words("en").day(moment) == "29 Sept 2014"
    assert words("vi", "Asia/Ho_Chi_Minh").moment(moment).endswith("GMT+07:00")
    assert words("zh-Hant", "Asia/Taipei").moment(moment) == "2014年9月30日 凌晨1:05:00 GMT+08:00"
    london = words("en", "Europe/London")
    assert london.moment(moment).endswith("18:05:00 GMT+01:00")
    assert london.moment(datetime(2014, 12, 1, 12, tzinfo=UTC)).endswith("12:00:00 UTC")
    assert words("en").moment(None) == ""


def test_lists_are_joined_as_each_language_does() -> None:
    assert words("en").enumerate(["Chinese 18", "English 4", "Thai 1"]) == "Chinese 18, English 4 and Thai 1"
    assert words("vi").enumerate(["một", "hai"]) == "một và hai"
    assert words("zh-Hant").enumerate(["越南文 10", "其他語言 1"]) == "越南文 10、其他語言 1"
    assert words("zh-Hant").parted(["9月30日", "10月7日"]) == "9月30日；10月7日"
    assert (
        words("zh-Hant").sentences("本週沒有報導。", "", "監看 3 個來源。") == "本週沒有報導。監看 3 個來源。"
    )
    assert words("vi").sentences("Một.", "Hai.") == "Một. Hai."
    assert words("vi").parted(["30 thg 9", "7 thg 10"]) == "30 thg 9; 7 thg 10"


def test_a_sentence_inside_another_one_loses_its_full_stop() -> None:
    told = recognise(
        "https://a.example/ cannot be read: There is no such host; where robots.txt cannot be read, nothing is fetched."
    )
    assert isinstance(told, Told)
    for language in ("en", "zh-Hant", "vi"):
        assert not re.search(r"[。.][；;]", words(language).told(told))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["zh-Hant", "vi"])
def test_one_thing_has_one_name(language: UiLanguage) -> None:
    spoken = words(language)
    names = ValueNames(spoken, sources={}, campaigns={})
    for field, texts in (("origin", ORIGINS), ("tone", TONES)):
        for value, text in texts.items():
            assert names.value(field, value).casefold() == spoken.gettext(text).casefold()
    assert "已接受" not in " ".join(text for one in load_texts("zh-Hant").values() for text in one)


def test_a_day_in_a_sentence_is_written_out() -> None:
    sentence = Told("It was published outside the campaign's window: %(when)s.", when=date(2014, 10, 2))
    assert words("zh-Hant").told(sentence) == "刊出日期不在統計期間：2014年10月2日。"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("vi", "vi"),
        ("fr,en;q=0.5", "en"),
        ("de", "vi"),
        ("", "vi"),
        ("en;q=x, zh;q=0.1", "zh-Hant"),
    ],
)
def test_the_browsers_language_is_heard(header: str, language: UiLanguage) -> None:
    assert choose_language(header, "vi") == language
