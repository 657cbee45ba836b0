"""One article as a person sees it: text, marks, story, decisions and evidence, whatever its words hold."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from crawlers.evidence import EvidenceWriter
from nlp.language import detect_language
from resound.article import Article, FoundDate, LanguageGuess, RawPage
from resound.clips.importing import add_clip
from resound.coding.deciding import decide, take_back
from resound.coverage.figures import item_facts
from resound.definitions.applying import apply_definitions
from resound.definitions.written import load_path
from resound.errors import EvidenceError, NotFoundError
from resound.pipeline import settle
from resound.showing.marking import Mark
from resound.showing.proving import prove, take_file, take_record
from resound.showing.viewing import ArticleView, view_article
from resound.store import Store, open_store
from resound.store.articles import Placement, store_article
from resound.store.captures import add_capture
from resound.store.enrichments import StoredTranslation, set_translation
from resound.store.tables import capture, page

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = datetime(2014, 10, 2, 4, tzinfo=UTC)
CAMPAIGN = """
id: visit
name: { en: The visit, zh-Hant: 綠耕隊訪越 }
window: { first: 2014-09-01, last: 2014-12-31 }
names:
  - id: green-team
    forms: { zh-Hant: [綠耕隊], en: [the green team] }
queries: { zh-Hant: 工作坊 }
people:
  - id: cheng
    forms: { zh-Hant: [鄭祖壽], en: [Cheng Tsu-shou] }
    spokesperson: true
messages:
  - id: signed
    text: { en: They signed, zh-Hant: 簽署備忘錄 }
    query: 簽署
translate_to: [zh-Hant]
"""
SOURCE = """
id: {id}
names: {{ zh-Hant: {name}, en: {id} }}
type: {type}
home: https://{id}.example/
owner: {{ id: {id}-group, name: "{id} group" }}
country: TW
timezone: Asia/Taipei
editions: [{{ id: zh, language: zh-Hant, hosts: [{id}.example] }}]
"""
PARAGRAPHS = (
    "「資源循環綠耕隊」昨日在胡志明市簽署合作備忘錄，雙方將在廢棄物管理與資源回收上合作三年。",
    "團長鄭祖壽表示，台灣推動資源回收已逾二十年，累積了一套可以移轉的制度，工作坊明天登場。",
    "副局長致詞時指出，越南每年產生的廢塑膠與電子廢棄物快速增加，地方政府缺乏分類與追蹤的工具。",
)


@pytest.fixture
def store(tmp_path: Path, store_address: str) -> Iterator[Store]:
    (tmp_path / "visit.yml").write_text(CAMPAIGN, encoding="utf-8")
    found = load_path(tmp_path / "visit.yml")
    for name, title, kind in (
        ("daily", "範例日報", "outlet"),
        ("other", "別報", "outlet"),
        ("portal", "入口", "aggregator"),
    ):
        (tmp_path / f"{name}.yml").write_text(SOURCE.format(id=name, name=title, type=kind), encoding="utf-8")
        found += load_path(tmp_path / f"{name}.yml")
    opened = open_store(store_address)
    apply_definitions(opened, found, who="test", now=NOW)
    yield opened
    opened.close()


def article(host: str = "daily", path: str = "1", **more: object) -> Article:
    url = f"https://{host}.example/{path}"
    return replace(
        Article(
            url=url,
            canonical_url=url,
            title="綠耕隊與越南簽約",
            paragraphs=PARAGRAPHS,
            language=LanguageGuess("zh", "Hant", "zh-Hant", 0.99),
            lead=PARAGRAPHS[0],
            byline="記者林小明",
            captions=("鄭祖壽（左）簽名",),
            published=FoundDate("json-ld", "2014-10-02T12:00:00+08:00", at=DAY),
        ),
        **more,  # type: ignore[arg-type]
    )


def put(store: Store, read: Article, kind: str = "item", *, seen: datetime = NOW) -> str:
    host = read.canonical_url.split("/")[2].split(".")[0]
    with store.write() as connection:
        from resound.store import work

        stored = store_article(connection, read, Placement(kind, host, "zh", "online"), seen=seen)  # type: ignore[arg-type]
        work.reopen(connection, "match", [stored.article])
        work.reopen(connection, "group", [stored.article])
    assert settle(store, [stored.article], clock=lambda: NOW)
    return stored.article


def view(store: Store, key: str, query: str = "", language: str = "en") -> ArticleView:
    with store.read() as connection:
        return view_article(connection, key, query=query, language=language)


def marked(found: ArticleView, kind: str) -> list[tuple[str, str]]:
    return [
        (piece.text, mark.label)
        for row in found.rows
        for piece in row.pieces
        for mark in piece.marks
        if mark.kind == kind
    ]


def test_what_names_the_campaign_is_marked_where_it_stands(store: Store) -> None:
    found = view(store, put(store, article()))
    assert marked(found, "name") == [("綠耕隊", "the green team"), ("綠耕隊", "the green team")]
    assert marked(found, "message") == [("簽署", "They signed")]
    assert marked(found, "person") == [("鄭祖壽", "Cheng Tsu-shou")] * 2  # in the text, and under the picture
    assert marked(found, "query") == [("工作坊", "")]
    assert found.kinds == ("message", "name", "person", "query")
    (campaign,) = found.campaigns
    assert (campaign.name, campaign.matches, campaign.prominence, campaign.queries) == (
        "The visit",
        True,
        "title",
        ("zh-Hant",),
    )
    assert campaign.standing is not None
    assert campaign.standing.kind == "unreviewed"
    assert [(one.label, one.passages) for one in campaign.messages] == [("They signed", ("簽署",))]
    assert [(one.label, one.is_spokesperson) for one in campaign.people] == [("Cheng Tsu-shou", True)]
    assert [row.part for row in found.rows] == ["title", "paragraph", "paragraph", "paragraph", "caption"]
    assert "".join(piece.text for piece in found.rows[1].pieces) == PARAGRAPHS[0]


def test_names_are_told_in_the_readers_language(store: Store) -> None:
    found = view(store, put(store, article()), language="zh-Hant")
    assert (found.place.name, found.place.owner, found.place.country) == ("範例日報", "daily group", "TW")
    assert found.campaigns[0].name == "綠耕隊訪越"
    assert marked(found, "message") == [("簽署", "簽署備忘錄")]
    assert (str(found.dates.day), found.dates.doubt) == ("2014-10-02", "")


def test_the_readers_words_are_marked_in_the_original_and_the_translation(store: Store) -> None:
    key = put(store, article())
    version = view(store, key).version
    sentence = {"source": PARAGRAPHS[0], "text": "A memorandum on waste.", "flags": []}
    with store.write() as connection:
        set_translation(
            connection,
            StoredTranslation(
                version, "en", "whole", [], [[sentence]], [[sentence], [], []], [],
                [{"model": "m", "revision": "r", "engine": "e", "label": ""}], NOW,
            ),
        )  # fmt: skip
    found = view(store, key, "廢塑膠 lang:zh date:2014-10-01..2014-10-03")
    assert marked(found, "search") == [("廢塑膠", "")]
    assert marked(view(store, key, "廢塑膠 lang:vi"), "search") == []
    english = view(store, key, "memorandum")
    pieces = english.rows[1].rendered["en"].sentences[0].pieces
    assert [(one.text, one.marks) for one in pieces] == [
        ("A ", ()),
        ("memorandum", (Mark("search"),)),
        (" on waste.", ()),
    ]
    glossary = view(store, key, "the green team")
    assert [text for text, _ in marked(glossary, "search")] == ["綠耕隊", "綠耕隊"]
    broken = view(store, key, '"unclosed')
    assert broken.reader.trouble
    assert marked(broken, "search") == []


def test_what_is_not_translated_says_why(store: Store) -> None:
    matched = view(store, put(store, article()))
    assert [(one.target, one.state) for one in matched.renderings] == [
        ("en", "waits"),
        ("zh-Hant", "same-language"),
    ]
    assert all(not row.rendered for row in matched.rows)
    other = view(
        store,
        put(store, article("other", paragraphs=("今天天氣很好。",), title="天氣", lead="", captions=())),
    )
    assert [(one.target, one.state) for one in other.renderings] == [("en", "not-asked")]
    assert other.campaigns == ()


def test_marks_of_an_older_wording_are_left_out(store: Store) -> None:
    key = put(store, article())
    with store.write() as connection:
        store_article(
            connection,
            article(title="新標題：綠耕隊簽約"),
            Placement("item", "daily", "zh", "online"),
            seen=NOW + timedelta(hours=1),
        )
    found = view(store, key)  # not matched again yet
    assert marked(found, "name") == [("綠耕隊", "the green team")]


def test_twins_copies_and_the_story_stand_beside_it(store: Store) -> None:
    first = put(store, article())
    twin = put(store, article(path="a/1"))
    copy = put(store, article("portal"), "copy")
    elsewhere = put(store, article("other", published=FoundDate("json-ld", "x", at=DAY + timedelta(hours=3))))
    later = put(store, article(path="again", published=FoundDate("json-ld", "x", at=DAY + timedelta(days=5))))
    found = view(store, first, language="zh-Hant").relations
    assert [one.id for one in found.twins] == [twin]
    assert [one.id for one in found.copies] == [copy]
    assert {one.card.id: one.how for one in found.mates} == {
        elsewhere: "near-duplicate",
        later: "near-duplicate",
    }
    assert [one.card.outlet_name for one in found.mates] == ["別報", "範例日報"]
    assert found.stands_for is None
    other = view(store, twin).relations
    assert other.stands_for is not None
    assert other.stands_for.id == first
    again = view(store, later).relations
    assert again.re_run_of is not None
    assert again.re_run_of.id == first
    seen = view(store, copy)
    assert seen.place.is_copy
    assert seen.campaigns == ()
    assert {one.card.id for one in seen.relations.mates} == {first, elsewhere, later}


def test_the_facts_of_one_item_are_those_among_all(store: Store) -> None:
    keys = [
        put(store, article()),
        put(store, article(path="a/1")),
        put(store, article("portal"), "copy"),
        put(store, article("other")),
    ]
    with store.write() as connection:
        decide(connection, keys[1], "accept", campaign="visit", why="read it", who="lin", now=NOW)
    with store.read() as connection:
        everything = {one.item: one for one in item_facts(connection, "visit")}
        assert set(everything) == {keys[0], keys[3]}
        for key, facts in everything.items():
            assert item_facts(connection, "visit", items=[key]) == [facts]
        assert item_facts(connection, "visit", items=["nothing"]) == []
        assert item_facts(connection, "visit", items=[]) == []


def test_decisions_are_told_with_who_took_them_back(store: Store) -> None:
    first = put(store, article())
    twin = put(store, article(path="a/1"))
    other = put(store, article("other", paragraphs=("別的文字，沒有關係的一段話。",), lead="", title="別的"))
    with store.write() as connection:
        wrong = decide(connection, first, "reject", campaign="visit", why="mistaken", who="lin", now=NOW)
        take_back(connection, wrong.id, why="read again", who="mai", now=NOW)
        decide(connection, twin, "accept", campaign="visit", why="about the visit", who="mai", now=NOW)
        decide(connection, other, "outlet", value="daily", why="printed there", who="lin", now=NOW)
        decide(connection, other, "merge", value=first, why="one story", who="lin", now=NOW)
    found = view(store, twin, language="zh-Hant")
    told = [
        (one.decision.kind, one.decision.who, one.about, one.campaign, one.undone_by is not None)
        for one in found.said
    ]
    assert told == [
        ("merge", "lin", "別的", "", False),
        ("accept", "mai", "", "綠耕隊訪越", False),
        ("reject", "lin", "", "綠耕隊訪越", True),
    ]
    assert {one.card.id: one.how for one in view(store, first).relations.mates} == {other: "merged"}
    assert [(one.decision.kind, one.about) for one in view(store, other, language="zh-Hant").said] == [
        ("merge", "綠耕隊與越南簽約"),
        ("outlet", "範例日報"),
    ]


def test_what_is_not_there_is_told(store: Store) -> None:
    for item in ("https://daily.example/none", "0" * 16, "", "x://", "../..", "\x00"):
        with pytest.raises(NotFoundError):
            view(store, item)


def test_hostile_words_change_nothing(store: Store, shared_data: Path) -> None:
    vectors: list[str] = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    for start in range(0, len(vectors), 40):
        part = vectors[start : start + 40]
        text = tuple(one for one in part if one.strip())
        read = article(
            path=f"v{start}",
            title=part[0],
            paragraphs=(*text, PARAGRAPHS[0]),
            lead=text[0],
            byline=part[-1],
            captions=tuple(part[:5]),
            section=part[1],
        )
        found = view(store, put(store, read), query=" ".join(part[:3])[:200])
        shown = ["".join(piece.text for piece in row.pieces) for row in found.rows if row.part == "paragraph"]
        with store.read() as connection:
            proof = prove(connection, found.id, found.version, evidence=Path("nowhere"))
        assert shown == list(proof.versions[0].stored.article.paragraphs)


def fetch(store: Store, folder: Path, key: str, version: str) -> str:
    """Evidence for an article; the record's hash."""
    raw = RawPage(
        "https://daily.example/1",
        "https://daily.example/1",
        200,
        {"content-type": "text/html"},
        b"<p>x</p>",
        NOW,
    )
    with EvidenceWriter(folder, started=NOW) as writer:
        where = writer.write(raw)
        writer.sync()
    with store.write() as connection:
        number = add_capture(connection, page_id="p1", source="daily", raw=raw, where=where)
        connection.execute(
            page.insert().values(
                id="p1", url=raw.url, source="daily", entry={}, first_seen=NOW, article=key, status=200
            )
        )
        connection.execute(update(capture).where(capture.c.id == number).values(version=version))
    return where.sha256


def test_a_record_is_handed_out_as_it_is_stored_and_only_whole(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    found = view(store, put(store, article()))
    digest = fetch(store, folder, found.id, found.version)
    with store.read() as connection:
        proof = prove(connection, found.id, found.version, evidence=folder)
        (fetched,) = proof.fetched
        assert (fetched.version, fetched.capture.status, fetched.capture.sha256) == (1, 200, digest)
        record = take_record(connection, found.id, digest, evidence=folder)
        assert hashlib.sha256(record.data).hexdigest() == digest
        assert b"<p>x</p>" in gzip.decompress(record.data)
        for foreign in (("0" if digest[0] != "0" else "1") + digest[1:], "../../x", ""):
            with pytest.raises(NotFoundError):
                take_record(connection, found.id, foreign, evidence=folder)
        with pytest.raises(NotFoundError):
            take_record(connection, "another", digest, evidence=folder)
        (warc,) = folder.glob("*.warc.gz")
        whole = warc.read_bytes()
        warc.write_bytes(whole[:-3])
        with pytest.raises(EvidenceError, match="lost"):
            take_record(connection, found.id, digest, evidence=folder)
        warc.write_bytes(whole[:-3] + b"xyz")
        with pytest.raises(EvidenceError, match="SHA-256"):
            take_record(connection, found.id, digest, evidence=folder)
        warc.unlink()
        with pytest.raises(EvidenceError, match="not there"):
            take_record(connection, found.id, digest, evidence=folder)
    with store.write() as connection:
        connection.execute(update(capture).values(expired_at=NOW))
        with pytest.raises(EvidenceError, match="expired on 2026-01-02"):
            take_record(connection, found.id, digest, evidence=folder)


def test_a_clips_file_is_handed_out_by_its_hash_and_only_whole(store: Store, tmp_path: Path) -> None:
    import io

    folder = tmp_path / "evidence"
    result = add_clip(
        store,
        {"outlet": "範例日報", "title": "綠耕隊", "medium": "print", "date": "2014-10-03"},
        ("../A12版.pdf", io.BytesIO(b"%PDF-1.7 scan")),
        evidence=folder,
        detect=detect_language,
        who="lin",
        now=NOW,
    )
    assert result.article is not None
    found = view(store, result.article)
    with store.read() as connection:
        proof = prove(connection, found.id, found.version, evidence=folder)
        row, scan = sorted(proof.brought, key=lambda one: not one.is_row)
        assert (row.is_row, row.row["medium"], row.who) == (True, "print", "lin")
        assert (scan.is_row, scan.name, scan.size) == (False, "A12版.pdf", 13)
        assert scan.kind is not None
        taken = take_file(connection, scan.sha256, evidence=folder)
        assert (taken.path.read_bytes(), taken.name) == (b"%PDF-1.7 scan", "A12版.pdf")
        assert take_file(connection, row.sha256, evidence=folder).name == "clip-row.json"
        with pytest.raises(NotFoundError):
            take_file(connection, "0" * 64, evidence=folder)
        (folder / "clips" / scan.sha256).write_bytes(b"%PDF-1.7 scam")
        with pytest.raises(EvidenceError, match="SHA-256 differs"):
            take_file(connection, scan.sha256, evidence=folder)
        (folder / "clips" / scan.sha256).unlink()
        with pytest.raises(EvidenceError, match="missing"):
            take_file(connection, scan.sha256, evidence=folder)
        gone = prove(connection, found.id, found.version, evidence=folder)
        assert [one.size for one in gone.brought if not one.is_row] == [None]
