"""The worked example of the counting rules, on a real store: one dispatch of an agency, and how it counts.

TTXVN's dispatch stands on VietnamPlus in Vietnamese, English and Chinese, in Báo Tin Tức online, in Viet Nam News online and
in print, and is aired twice on TTXVN's television; the APO has a page of its own. The outlets are the shipped ones on
`.example` hosts, the campaign is the shipped one, the texts are invented. Pages are crawled; print and television come as a
table of clips.

What joins the nine: near-duplicate texts (Vietnamese pages, transcripts; English page and print) are joined by the machine.
Without language models it cannot join the three languages: two decisions of a person do.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nlp.language import detect_language
from resound.clips.files import files_beside
from resound.clips.importing import import_clips
from resound.clips.rows import read_clips
from resound.coding.deciding import decide
from resound.coding.item import item_coding
from resound.coverage.figures import campaign_figures
from resound.coverage.model import Figures
from resound.definitions.applying import apply_definitions
from resound.definitions.written import Loaded, load_campaign, load_source, shipped_campaigns, shipped_sources
from resound.pipeline import process_pending
from resound.processing.facts import PROVISIONAL
from resound.processing.reading import PageReader
from resound.source import Source
from resound.store import Store
from resound.store.articles import find_article
from resound.store.grouping import load_groupings
from tests.crawlers.desk import Desk
from tests.crawlers.newsroom import Newsroom, open_newsroom, rss

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
CAMPAIGN = "apo-coe-gp-vietnam-2014"
HOSTS = {
    "vietnamplus": ("www.vietnamplus.vn", "en.vietnamplus.vn", "zh.vietnamplus.vn"),
    "baotintuc": ("baotintuc.vn",),
    "viet-nam-news": ("vietnamnews.vn",),
    "vnews": (),
    "apo": ("www.apo-tokyo.org",),
}
FOLDERS = {"apo": "jp"}
VI = (
    "Đội Xanh Tuần hoàn Tài nguyên đã đến Thành phố Hồ Chí Minh sáng 2/10 để chia sẻ kinh nghiệm quản lý chất thải với các cơ quan của thành phố.",
    "Trong năm ngày, mười hai chuyên gia sẽ làm việc với ba mươi doanh nghiệp tái chế nhựa, nhôm và rác thải điện tử ở vùng ngoại thành.",
    "Trưởng đoàn cho biết mỗi tấn nhựa được tái chế tiết kiệm gần một nửa chi phí so với chôn lấp, và giữ được nguồn nước ngầm cho cư dân.",
    "Thành phố thải ra khoảng bảy nghìn tấn rác mỗi ngày; phần lớn vẫn được chôn tại hai bãi rác lớn ở phía nam và phía tây.",
    "Chiều cùng ngày, đoàn thăm một nhà máy nhôm, nơi nước thải được lọc qua bốn bể trước khi quay lại dây chuyền sản xuất.",
)
EN = (
    "The Resource Recycling Green Team arrived in Ho Chi Minh City on the morning of October 2 to share what it knows of managing waste with the city's offices.",
    "For five days twelve experts will work with thirty firms on the outskirts that recycle plastic, aluminium and electronic scrap.",
    "The head of the team said that each tonne of plastic that is recycled costs almost half of what a landfill does, and keeps the ground water clean for those who live there.",
    "The city throws away about seven thousand tonnes a day; most of it is still buried at two large sites in the south and the west.",
    "In the afternoon the team visited an aluminium works where waste water runs through four basins before it goes back to the line.",
)
ZH = (
    "资源循环绿耕队十月二日上午抵达胡志明市，与市政府各单位分享废弃物管理的经验。",
    "在五天里，十二位专家将与郊区三十家回收塑料、铝和电子废弃物的企业一同工作。",
    "领队表示，每回收一吨塑料，费用约为掩埋的一半，还能为居民保住地下水。",
    "全市每天产生约七千吨垃圾，大部分仍埋在南边和西边的两座大型掩埋场。",
    "当天下午，绿耕队参观了一家铝厂，废水流经四个水池后回到生产线。",
)
APO = (
    "The APO's Center of Excellence on Green Productivity sent its Resource Recycling Green Team to Viet Nam this autumn.",
    "Member economies asked for advice on plastic and aluminium, and the secretariat found the experts in Taipei within a month.",
    "A report on the mission will be discussed by the governing body in spring, together with the plans of the other centers.",
)
PRINTED = "— VNA"


@dataclass(frozen=True, slots=True)
class Page:
    source: str
    host: str
    path: str
    tag: str
    title: str
    paragraphs: tuple[str, ...]

    @property
    def url(self) -> str:
        return f"http://{example(self.host)}{self.path}"


PAGES = (
    Page("vietnamplus", "www.vietnamplus.vn", "/doi-xanh/101.vnp", "vi", "Đội Xanh đến Thành phố Hồ Chí Minh", (f"TP. Hồ Chí Minh (TTXVN) – {VI[0]}", *VI[1:], "(TTXVN/Vietnam+)")),
    Page("vietnamplus", "en.vietnamplus.vn", "/green-team/102.vnp", "en", "Green Team comes to Ho Chi Minh City", (f"HCM City (VNA) – {EN[0]}", *EN[1:])),
    Page("vietnamplus", "zh.vietnamplus.vn", "/green-team/103.vnp", "zh-Hans", "绿耕队抵达胡志明市", (f"（越通社胡志明市10月2日电）{ZH[0]}", *ZH[1:])),
    Page("baotintuc", "baotintuc.vn", "/xa-hoi/doi-xanh-20141002.htm", "vi", "Mười hai chuyên gia giúp thành phố quản lý rác", (*VI, "Theo TTXVN")),
    Page("viet-nam-news", "vietnamnews.vn", "/society/201/green-team.html", "en", "Twelve experts on waste in HCM City", (*EN, PRINTED)),
    Page("apo", "www.apo-tokyo.org", "/aponews/green-team", "en", "Green Team on its way", APO),
)  # fmt: skip
CLIPS = (
    # outlet, date, title, medium, page, airtime, text, language
    ("Viet Nam News", "2014-10-03", "Twelve experts on waste in HCM City", "print", "4", "", "\n".join((*EN, PRINTED)), "en"),
    ("Truyền hình Thông tấn (VNews)", "2014-10-02", "Thời sự", "tv", "", "19:00", "\n".join(("(TTXVN)", *VI[:4])), "vi"),
    ("Truyền hình Thông tấn (VNews)", "2014-10-02", "Thời sự", "tv", "", "23:00", "\n".join(("(TTXVN)", *VI[:4])), "vi"),
)  # fmt: skip


def example(host: str) -> str:
    return f"{host.replace('.', '-')}.example"


def outlet(key: str) -> Source:
    """A shipped outlet on `.example` hosts, read by one feed for each host."""
    shipped = load_source(shipped_sources() / FOLDERS.get(key, "vn") / f"{key}.yml")
    body = json.loads(json.dumps(shipped.model_dump(mode="json", by_alias=True, exclude_defaults=True)))
    for edition in body["editions"]:
        edition["hosts"] = [example(host) for host in edition["hosts"]]
    for channels in ("sitemaps", "listings", "expected"):
        body.pop(channels, None)
    body["feeds"] = [{"url": f"http://{example(host)}/rss"} for host in HOSTS[key]]
    return Source.model_validate(body)


def serve(room: Newsroom) -> None:
    for host in (host for some in HOSTS.values() for host in some):
        here = [one for one in PAGES if one.host == host]
        items = [(one.url, one.title, "Thu, 02 Oct 2014 10:00:00 +0700") for one in here]
        room.pages[f"http://{example(host)}/rss"] = rss(*items)
    for one in PAGES:
        text = "".join(f"<p>{part}</p>" for part in one.paragraphs)
        room.pages[one.url] = (
            f'<!DOCTYPE html><html lang="{one.tag}"><head><meta charset="utf-8"><title>{one.title}</title>'
            '<meta property="article:published_time" content="2014-10-02T10:00:00+07:00"></head>'
            f"<body><article><h1>{one.title}</h1>{text}</article></body></html>"
        )


def collect(desk: Desk, folder: Path) -> None:
    """Crawl, bring the clips, and take everything through the stages."""
    table = folder / "clips.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("outlet", "date", "title", "medium", "page", "airtime", "text", "language"))
        writer.writerows(CLIPS)
    desk.crawl()
    results = import_clips(
        desk.store, read_clips(table, now=NOW), open_file=files_beside(folder), evidence=desk.evidence,
        detect=detect_language, who="Lin", now=NOW,
    )  # fmt: skip
    assert [one.message for one in results if one.result == "problem"] == []
    with PageReader(desk.evidence, workers=1) as reader:
        process_pending(desk.store, reader, clock=lambda: NOW)


def count(store: Store) -> Figures:
    with store.read() as connection:
        return campaign_figures(connection, CAMPAIGN, now=NOW)


def says(store: Store, item: str, kind: str, value: str | None = None) -> None:
    with store.write() as connection:
        decide(connection, item, kind, value=value, campaign=CAMPAIGN, why="read it", who="Lin", now=NOW)  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path, store_address: str) -> Iterator[Desk]:
    with open_newsroom() as room:
        serve(room)
        one = Desk(tmp_path, room.port, store_address)
        campaign = load_campaign(shipped_campaigns() / f"{CAMPAIGN}.yml")
        models = [*(outlet(key) for key in HOSTS), campaign.model_copy(update={"search_feeds": ()})]
        loaded = [Loaded(model, f"{model.id}.yml", None) for model in models]
        apply_definitions(one.store, loaded, who="Lin", now=NOW)
        yield one
        one.store.close()


def rows(figures: Figures, dimension: str) -> dict[str, tuple[int, int, int, int]]:
    table = figures.tables[dimension]  # type: ignore[index]
    return {
        row.value: (row.counts.items, row.counts.stories, row.counts.outlets, row.counts.groups)
        for row in table.rows
        if row.counts.items
    }


def test_eight_earned_items_four_outlets_one_group_one_story_and_one_owned_item(
    desk: Desk, tmp_path: Path
) -> None:
    store = desk.store
    collect(desk, tmp_path)
    found = count(store)
    assert found.counts.items == 0, "nothing counts that nobody has accepted"
    assert found.beside["unreviewed"] == 9
    keys = {one.url: find(store, one.url) for one in PAGES}
    clips = {key: one for key, (one, _) in found.items.items() if one.url.startswith("clip:")}
    assert len(clips) == 3
    airings = [key for key, one in clips.items() if one.medium == "tv"]
    assert len(airings) == 2, "each airing is an item, though both tell the same words within hours"

    # The machine joins what is one text in one language; a person, what is translated.
    stories = {one.story for key, (one, _) in found.items.items() if key != keys[PAGES[-1].url]}
    assert len(stories) == 3, "the Vietnamese, the English and the Chinese ones"
    for translated in (PAGES[1], PAGES[2]):
        says(store, translated.url, "merge", PAGES[0].url)

    # Agency pick-up is proposed with the line that says it, and a person takes it.
    for key in found.items:
        says(store, key, "accept")
        with store.read() as connection:
            proposed = item_coding(connection, key, CAMPAIGN).origin.proposed
        if key == keys[PAGES[-1].url]:
            assert (proposed.origin, [one.kind for one in proposed.evidence]) == ("owned", ["outlet"])
            continue
        assert proposed.origin == "agency-pick-up", found.items[key][0].url
        credit = proposed.evidence[0]
        assert (credit.kind, credit.publisher.id, credit.publisher.medium) == (
            "credit", "agency:vna", "agency",
        )  # fmt: skip
        assert any(name in credit.passage for name in ("TTXVN", "VNA", "越通社"))
        says(store, key, "origin", proposed.origin)

    figures = count(store)
    assert asdict(figures.counts) == {"items": 8, "stories": 1, "outlets": 4, "groups": 1}
    assert (figures.beside["owned"], figures.beside["unreviewed"]) == (1, 0)
    assert figures.lists["owned"] == (keys[PAGES[-1].url],)
    assert rows(figures, "language") == {"vi": (4, 1, 3, 1), "en": (3, 1, 2, 1), "zh": (1, 1, 1, 1)}
    assert rows(figures, "country") == {"VN": (8, 1, 4, 1)}
    assert rows(figures, "medium") == {"online": (5, 1, 3, 1), "tv": (2, 1, 1, 1), "print": (1, 1, 1, 1)}
    assert rows(figures, "origin") == {"agency-pick-up": (8, 1, 4, 1)}
    assert rows(figures, "group") == {"vna": (8, 1, 4, 1)}
    assert rows(figures, "outlet") == {
        "vietnamplus": (3, 1, 1, 1),
        "bao-tin-tuc": (1, 1, 1, 1),
        "viet-nam-news": (2, 1, 1, 1),
        "vnews": (2, 1, 1, 1),
    }
    for table in figures.tables.values():
        assert table.total == figures.counts, "the distinct total stands under every table"
        assert sum(row.counts.items for row in table.rows) == 8
    assert {"outlets", "stories", "groups"} == set(figures.tables["language"].do_not_add)
    assert not any(one.outlet.startswith(PROVISIONAL) for one, _ in figures.items.values())
    assert sorted(one.re_run for key, (one, _) in figures.items.items() if key in airings) == [False, True]
    assert not any(one.re_run for key, (one, _) in figures.items.items() if key not in airings)

    # All of it once more adds nothing.
    collect(desk, tmp_path)
    again = count(store)
    assert again.counts == figures.counts
    assert again.lists == figures.lists


def find(store: Store, url: str) -> str:
    with store.read() as connection:
        found = find_article(connection, url)
    assert found is not None, url
    return found


def test_one_airing_that_two_people_bring_is_one_item(desk: Desk, tmp_path: Path) -> None:
    rows_of = (CLIPS[1], (*CLIPS[1][:2], "Thời sự 19 giờ", *CLIPS[1][3:]), CLIPS[2])
    with (tmp_path / "two.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("outlet", "date", "title", "medium", "page", "airtime", "text", "language"))
        writer.writerows(rows_of)
    keys = [
        str(one.article)
        for one in import_clips(
            desk.store, read_clips(tmp_path / "two.csv", now=NOW), open_file=files_beside(tmp_path),
            evidence=desk.evidence, detect=detect_language, who="Lin", now=NOW,
        )
    ]  # fmt: skip
    with PageReader(desk.evidence, workers=1) as reader:
        process_pending(desk.store, reader, clock=lambda: NOW)
    with desk.store.read() as connection:
        groupings = load_groupings(connection, keys)
    early, same, late = (groupings[key] for key in keys)
    assert early.item == same.item != late.item
    assert len({one.story for one in groupings.values()}) == 1
    assert late.re_run_of == early.item
