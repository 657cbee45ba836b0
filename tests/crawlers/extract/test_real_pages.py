"""The saved real pages: title, body and the dates that are known. Skipped where they are not there."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from pathlib import Path

import pytest
from pages import read_page

# (page, zone, the day of publication in the outlet's zone, words of the body, words that must not be in it)
KNOWN = [
    ("en/TaipeiTimes_2024_10_15", "Asia/Taipei", "2024-10-16", "war games", "Comments will be moderated"),
    ("en/VoiceOfAmerica_2024_04_28", "UTC", "2024-04-28", "child care", "The Day in Photos"),
    ("en/TechCrunch_2024_05_17", "UTC", "2024-05-16", "leaderboard", "Synapse have gone from bad to worse"),
    ("en/RestOfWorld_2025_10_21", "UTC", "2025-10-21", "spaceport", "newsletter"),
    ("vi/VnExpress_2025_10_22", "Asia/Ho_Chi_Minh", "2025-10-22", "lymphoma", "Trở lại Sức khỏe"),
    ("vi/myfeed_dantri1", "Asia/Ho_Chi_Minh", "2012-12-25", "Tết Âm lịch", "Tin mới hơn"),
    ("zh-Hans/People_2024_04_24", "Asia/Shanghai", "2024-04-24", "航天", "分享让更多人看到"),
    ("zh-Hans/chinese_article", "Asia/Shanghai", "2012-12-10", "梁振英", "跳转"),
    ("zh-Hans/gne_guancha_guancha", "Asia/Shanghai", "2019-09-07", "东莞", "我要评论"),
    ("zh-Hans/gne_sina_1", "Asia/Shanghai", "2019-11-25", "公园", "推荐新闻"),
    ("zh-Hant/cna", "Asia/Taipei", "2016-03-19", "輪胎行", "Your browser"),
    ("zh-Hant/ltn", "Asia/Taipei", "2018-07-31", "凶宅", "自由時報APP"),
    ("zh-Hant/udn", "Asia/Taipei", "2019-03-18", "桃園機場", "延伸閱讀"),
]


@pytest.mark.parametrize(("name", "zone", "day", "words", "foreign"), KNOWN)
def test_title_body_date(shared_data: Path, name: str, zone: str, day: str, words: str, foreign: str) -> None:
    from zoneinfo import ZoneInfo

    article = read_page(
        _body(shared_data / "pages" / f"{name}.html.gz"),
        zone=zone,
        content_type="",
        url="https://news.example/a/b",
    )
    assert len(article.title) >= 8
    assert words in article.text
    assert foreign not in article.text
    found = article.published
    assert found is not None
    assert found.suspect is None
    local = found.day if found.at is None else found.at.astimezone(ZoneInfo(zone)).date()
    assert str(local) == day


def test_given_texts(shared_data: Path) -> None:
    folder = shared_data / "pages" / "zh-Hans"
    for path in sorted(folder.glob("*.txt")):
        article = read_page(_body(path.with_suffix(".html.gz")), content_type="")
        assert _f1(article.text, path.read_text(encoding="utf-8")) >= 0.97, path.name


def _body(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def _f1(one: str, two: str) -> float:
    first, second = (
        Counter(re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text.lower())) for text in (one, two)
    )
    return 2 * (first & second).total() / (first.total() + second.total())
