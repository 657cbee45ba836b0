"""Clips into a store: evidence kept, outlets found, a second import adds nothing."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import func, select

from nlp.language import detect_language
from resound.article import FoundDate
from resound.clips.files import files_beside
from resound.clips.importing import ClipResult, add_clip, import_clips, preview_clips
from resound.clips.rewording import find_by_hand
from resound.clips.rows import ClipProblem, ClipRow
from resound.errors import NotFoundError, ResoundError
from resound.outcome import Outcome
from resound.source import Source
from resound.store import Store, open_store
from resound.store import work as queue
from resound.store.articles import (
    Placement,
    StoredArticle,
    find_article,
    list_versions,
    load_articles,
    store_article,
)
from resound.store.registry import apply_definition
from resound.store.tables import article, clip, version, work

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
DAY = FoundDate("import", "2014-10-02", day=date(2014, 10, 2))
TV = ClipRow(
    2,
    outlet="Truyền hình Ví dụ",
    title="Thời sự",
    date=DAY,
    medium="tv",
    airtime="19:30",
    text="Đội xanh đến thành phố.",
)


def source(key: str, host: str, **more: Any) -> Mapping[str, Any]:
    body = {
        "id": key,
        "names": {"en": key.replace("-", " ").title(), **more.pop("names", {})},
        "home": f"https://{host}/",
        "owner": {"id": f"{key}-group", "name": key},
        "country": "VN",
        "timezone": "Asia/Ho_Chi_Minh",
        "editions": [
            {"id": "vi", "language": "vi", "hosts": [host]},
            {"id": "zh", "language": "zh-Hant", "hosts": [f"zh.{host}"]},
        ],
        **more,
    }
    return Source.model_validate(body).model_dump(mode="json", by_alias=True, exclude_defaults=True)


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    bodies = [
        source("example-news", "news.example", names={"zh-Hant": "範例日報"}),
        source("vi-du-tv", "tv.example", medium="tv", by_hand=True, names={"vi": "Truyền hình Ví dụ"}),
        source("portal", "portal.example", type="aggregator"),
    ]
    with opened.write() as connection:
        for body in bodies:
            apply_definition(
                connection,
                "source",
                body["id"],
                body=body,
                sha256=body["id"],
                came_from="x",
                who="t",
                now=NOW,
            )
    yield opened
    opened.close()


def bring(store: Store, folder: Path, *rows: ClipRow | ClipProblem) -> list[ClipResult]:
    found = import_clips(
        store,
        rows,
        open_file=files_beside(folder),
        evidence=folder / "evidence",
        detect=detect_language,
        who="Lin",
        now=NOW,
    )
    return list(found)


def stored(store: Store, result: ClipResult) -> StoredArticle:
    assert result.article is not None, result.message
    with store.read() as connection:
        return load_articles(connection, [result.article])[result.article]


def size(store: Store) -> list[int]:
    with store.read() as connection:
        tables = (article, version, clip, work)
        return [connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables]


def test_an_airing_with_its_file_is_an_item_with_evidence(store: Store, tmp_path: Path) -> None:
    (tmp_path / "news.mp4").write_bytes(b"not really a film")
    (result,) = bring(store, tmp_path, replace(TV, file="news.mp4"))
    assert result.result == "added"
    found = stored(store, result)
    assert found.placement == Placement("item", "vi-du-tv", "vi", "tv")
    with store.read() as connection:
        assert find_article(connection, found.article.canonical_url) == found.id
    assert found.article.published == DAY
    assert found.article.language.tag == "vi"
    with store.read() as connection:
        kept = connection.execute(select(clip.c.sha256, clip.c.name, clip.c.who, clip.c.row)).all()
    assert {row.name for row in kept} == {"row 2", "news.mp4"}
    for row in kept:
        data = (tmp_path / "evidence" / "clips" / row.sha256).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row.sha256
        assert (row.who, row.row["airtime"], row.row["date"]) == ("Lin", "19:30", "2014-10-02")


def test_a_second_import_adds_nothing_not_even_out_of_another_table(store: Store, tmp_path: Path) -> None:
    rows = [
        TV,
        replace(TV, row=3, airtime="07:30"),
        ClipRow(4, url="https://news.example/a-20001", title="T"),
    ]
    assert [one.result for one in bring(store, tmp_path, *rows)] == ["added"] * 3
    before = size(store)
    assert before[0] == 3
    again = bring(store, tmp_path, *(replace(one, row=one.row + 40) for one in reversed(rows)))
    assert [one.result for one in again] == ["known"] * 3
    assert size(store) == before


def test_an_outlet_that_is_named_later_makes_no_second_item(store: Store, tmp_path: Path) -> None:
    row = replace(TV, outlet="Đài Mới", medium="radio")
    (first,) = bring(store, tmp_path, row)
    assert stored(store, first).placement.outlet == "host:Đài Mới"
    body = source("dai-moi", "moi.example", medium="radio", names={"vi": "Đài Mới"})
    with store.write() as connection:
        apply_definition(
            connection, "source", "dai-moi", body=body, sha256="n", came_from="x", who="t", now=NOW
        )
    (second,) = bring(store, tmp_path, row)
    assert (second.result, second.article) == ("known", first.article)


def test_a_name_of_two_outlets_is_told_apart_by_medium_or_not_at_all(store: Store, tmp_path: Path) -> None:
    row = replace(TV, outlet="Tin Ven Sông", medium="tv")
    (first,) = bring(store, tmp_path, row)
    for key, medium in (("ven-song", "online"), ("song-tv", "tv"), ("song-online", "online")):
        body = source(key, f"{key}.example", medium=medium, also_called=["Tin ven sông"])
        with store.write() as connection:
            apply_definition(
                connection, "source", key, body=body, sha256=key, came_from="x", who="t", now=NOW
            )
    (again,) = bring(store, tmp_path, row)
    assert (again.result, again.article) == ("known", first.article)
    aired = bring(store, tmp_path, replace(row, title="Other", airtime="21:00"))[0]
    assert stored(store, aired).placement.outlet == "song-tv"
    by_hand = replace(row, title="Third", medium="print", airtime="", page="3")
    refused, by_id, by_host = bring(
        store,
        tmp_path,
        by_hand,
        replace(by_hand, row=3, outlet="Song-Online"),
        replace(by_hand, row=4, medium="online", page="", url="https://ven-song.example/a-1"),
    )
    assert (refused.result, refused.column) == ("problem", "outlet")
    assert all(one in refused.message for one in ("ven-song", "song-tv", "song-online"))
    assert stored(store, by_id).placement.outlet == "song-online"
    assert stored(store, by_host).placement.outlet == "ven-song"


def test_an_unknown_outlet_keeps_the_name_that_was_typed_first_and_is_one(
    store: Store, tmp_path: Path
) -> None:
    rows = [
        replace(TV, row=at, outlet=name, title=f"T{at}", medium="agency", airtime="19:30")
        for at, name in enumerate(("TTXVN", "ttxvn", " Ttxvn ", "News.Example.Org"))
    ]
    results = bring(store, tmp_path, *rows)
    assert [stored(store, one).placement.outlet for one in results] == [
        *["host:TTXVN"] * 3,
        "host:news.example.org",
    ]
    assert results[0].outlet == "TTXVN"


def test_a_page_that_was_crawled_is_known_and_gains_the_evidence(store: Store, tmp_path: Path) -> None:
    (made,) = bring(store, tmp_path, ClipRow(2, url="https://news.example/a-20001", title="T"))
    read = stored(store, made).article
    with store.write() as connection:
        store_article(
            connection,
            replace(read, title="As crawled", extractor="generic/1"),
            Placement("item", "example-news", "vi", "online"),
            seen=NOW,
        )
    (again,) = bring(
        store, tmp_path, ClipRow(9, url="https://news.example/a-20001?utm_source=mail", title="T")
    )
    assert (again.result, again.article) == ("known", made.article)
    assert stored(store, again).article.title == "As crawled"


def test_a_capture_is_evidence_for_the_original(store: Store, tmp_path: Path) -> None:
    url = "https://web.archive.org/web/20141005/https://zh.news.example/a-20001"
    (result,) = bring(store, tmp_path, ClipRow(2, url=url, outlet="someone", date=DAY, title="綠耕隊訪越南"))
    found = stored(store, result)
    assert found.article.canonical_url == "https://zh.news.example/a-20001"
    assert found.placement == Placement("item", "example-news", "zh", "online")
    assert found.article.published == DAY
    assert found.article.notes == (f"web archive capture: {url}",)


def test_print_and_online_are_two_items(store: Store, tmp_path: Path) -> None:
    page = ClipRow(2, url="https://news.example/a-20001", title="T", date=DAY)
    paper = replace(page, medium="print", page="A5", outlet="範例日報", language="zh")
    online, printed = (stored(store, one) for one in bring(store, tmp_path, page, paper))
    assert online.id != printed.id
    assert printed.placement == Placement("item", "example-news", "zh", "print")


def test_unknown_hosts_are_provisional_and_aggregators_no_items(store: Store, tmp_path: Path) -> None:
    unknown, copy = bring(
        store,
        tmp_path,
        ClipRow(2, url="https://www.new.example/a-20001", title="T", outlet="New"),
        ClipRow(3, url="https://portal.example/a-20001", title="T", outlet="Example News"),
    )
    assert stored(store, unknown).placement.outlet == "host:new.example"  # the same as the crawler would say
    assert stored(store, copy).placement.kind == "copy"
    assert "never counted" in copy.message


def test_every_row_is_reported_and_one_bad_row_stops_no_other(store: Store, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret").write_text("x")
    rows = [
        ClipProblem(2, "The date cannot be read."),
        replace(TV, row=3, file="missing.pdf"),
        replace(TV, row=4, file="../secret"),
        replace(TV, row=5, file=str(tmp_path / "secret")),
        ClipRow(6, outlet="Unheard of", title="T"),
        replace(TV, row=7),
    ]
    results = bring(store, tmp_path / "folder", *rows)
    assert [(one.row, one.result) for one in results] == [
        *((row, "problem") for row in range(2, 7)),
        (7, "added"),
    ]
    assert "not beside the table" in results[1].message
    assert "outside" in results[2].message
    assert "outside" in results[3].message
    assert "medium" in results[4].message
    assert size(store)[0] == 1


def look(store: Store, folder: Path, *rows: ClipRow | ClipProblem) -> list[ClipResult]:
    return list(preview_clips(store, rows, open_file=files_beside(folder), detect=detect_language))


def test_a_preview_says_what_the_import_does_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, TV)
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "page.html").write_text("<html>")
    rows = [
        replace(TV, row=2),
        replace(TV, row=3, airtime="07:30", file="scan.pdf"),
        replace(TV, row=4, airtime="07:30"),
        ClipProblem(5, "The date cannot be read.", "date"),
        replace(TV, row=6, airtime="08:00", file="page.html"),
        ClipRow(7, outlet="Unheard of", title="T"),
        ClipRow(8, outlet="Unheard of", title="T", medium="print"),
        ClipRow(9, url="https://portal.example/a-20001", title="T"),
        replace(TV, row=10, airtime="07:30", text="Họ ký."),
        replace(TV, row=11, airtime="07:30"),
        replace(TV, row=12, text="Họ ký."),
        replace(TV, row=13, text="Họ ký.", note="again"),
    ]
    before, files = size(store), sorted(tmp_path.rglob("*"))
    seen = look(store, tmp_path, *rows)
    assert (size(store), sorted(tmp_path.rglob("*"))) == (before, files)
    assert [one.result for one in seen] == [
        *("known", "added", "known", "problem", "problem", "problem", "added", "added"),
        *("changed", "known", "changed", "known"),
    ]
    assert seen[2].message == "the same as row 3 of this table"
    assert [one.column for one in seen[3:6]] == ["date", "file", "medium"]
    assert seen[10].message == "row 2 of this table once more, with other words"
    assert [(one.outlet, one.is_new_outlet) for one in seen[6:8]] == [("Unheard of", True), ("Portal", False)]
    done = bring(store, tmp_path, *rows)
    assert [(one.row, one.result, one.column) for one in done] == [
        (one.row, one.result, one.column) for one in seen
    ]
    assert [one.message for one in done if one.result == "problem"] == [
        one.message for one in seen if one.result == "problem"
    ]


def test_a_refused_file_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    (result,) = bring(store, tmp_path, replace(TV, file="page.html"))
    assert (result.result, result.column) == ("problem", "file")
    assert "none of what is taken" in result.message
    assert list((tmp_path / "evidence" / "clips").iterdir()) == []


def form(
    store: Store,
    folder: Path,
    file: tuple[str, BinaryIO] | None = None,
    corrects: str | None = None,
    **cells: str,
) -> ClipResult:
    return add_clip(
        store,
        cells,
        file,
        evidence=folder / "evidence",
        detect=detect_language,
        who="Lin",
        now=NOW,
        most_bytes=1000,
        corrects=corrects,
    )


def test_a_clip_out_of_a_form_is_the_one_that_a_table_would_bring(store: Store, tmp_path: Path) -> None:
    cells = {
        "outlet": "Truyền hình Ví dụ",
        "title": " Thời sự\r\n",
        "date": "2014-10-02",
        "medium": "tv",
        "airtime": "19h30",
        "text": "Đội xanh đến thành phố.\r\n\r\nHọ ký biên bản.",
    }
    file = ("C:\\clips\\tin \u202efdp.pdf", io.BytesIO(b"%PDF-1.7"))
    result = form(store, tmp_path, file, **cells)
    assert result.result == "added"
    assert stored(store, result).article.paragraphs == ("Đội xanh đến thành phố.", "Họ ký biên bản.")
    with store.read() as connection:
        names = set(connection.execute(select(clip.c.name)).scalars())
    assert names == {"form", "tin  fdp.pdf"}
    (again,) = bring(store, tmp_path, replace(TV, row=7, text=""))
    assert (again.result, again.article) == ("known", result.article)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"title": "T"}, "outlet"),
        ({"outlet": "O"}, "title"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"outlet": "O", "title": "T"}, "medium"),
        ({"outlet": "O", "title": "T", "medium": "tv", "date": "tomorrow"}, "date"),
        ({"outlet": "O", "title": "T", "medium": "tv", "airtime": "99:99"}, "airtime"),
    ],
)
def test_a_form_says_which_field_is_wrong(
    store: Store, tmp_path: Path, cells: dict[str, str], column: str
) -> None:
    result = form(store, tmp_path, **cells)
    assert (result.result, result.column) == ("problem", column)
    assert size(store) == [0, 0, 0, 0]


def test_a_form_with_too_large_a_file_adds_nothing(store: Store, tmp_path: Path) -> None:
    file = ("scan.pdf", io.BytesIO(b"%PDF-1.7" + bytes(2000)))
    result = form(store, tmp_path, file, outlet="O", title="T", medium="tv")
    assert (result.result, result.column) == ("problem", "file")
    assert size(store) == [0, 0, 0, 0]


def waits(store: Store, key: str | None) -> bool:
    with store.read() as connection:
        return not queue.is_finished(connection, "match", str(key))


def settle_all(store: Store) -> None:
    with store.write() as connection:
        for stage in ("match", "group"):
            for one in queue.claim(connection, stage, limit=100, now=NOW):
                queue.finish(connection, one, Outcome.done(), now=NOW)


def test_a_text_that_follows_is_a_new_version_of_the_clip(store: Store, tmp_path: Path) -> None:
    (first,) = bring(store, tmp_path, replace(TV, text=""))
    settle_all(store)
    (seen,) = look(store, tmp_path, replace(TV, row=8))
    (again,) = bring(store, tmp_path, replace(TV, row=8))
    assert (again.result, again.article) == (seen.result, seen.article) == ("changed", first.article)
    found = stored(store, again)
    assert found.article.paragraphs == (TV.text,)
    assert found.article.lead == TV.text
    assert waits(store, first.article)
    with store.read() as connection:
        assert len(list_versions(connection, found.id)) == 2
        assert connection.execute(select(func.count()).select_from(clip)).scalar_one() == 2


def test_the_text_may_stand_in_a_later_row_of_the_same_table(store: Store, tmp_path: Path) -> None:
    rows = [replace(TV, row=number, text=text) for number, text in ((2, ""), (3, TV.text), (4, "Họ ký."))]
    results = bring(store, tmp_path, *rows)
    assert [one.result for one in results] == ["added", "changed", "changed"]
    assert stored(store, results[0]).article.paragraphs == ("Họ ký.",)


def test_a_row_without_a_text_takes_none_away(store: Store, tmp_path: Path) -> None:
    (first,) = bring(store, tmp_path, TV)
    (again,) = bring(store, tmp_path, replace(TV, row=3, text="", note="from the archive"))
    assert (again.result, again.article) == ("known", first.article)
    assert stored(store, first).article.paragraphs == (TV.text,)


def test_a_table_that_is_imported_again_undoes_no_correction(store: Store, tmp_path: Path) -> None:
    (first,) = bring(store, tmp_path, TV)
    (better,) = bring(store, tmp_path, replace(TV, text="Đội xanh đến Hà Nội."))
    assert better.result == "changed"
    (again,) = bring(store, tmp_path, replace(TV, row=12))
    assert (again.result, again.article) == ("known", first.article)
    assert stored(store, first).article.paragraphs == ("Đội xanh đến Hà Nội.",)


def test_a_language_that_a_person_names_later_is_believed(store: Store, tmp_path: Path) -> None:
    row = replace(TV, outlet="Đài Mới", text="", title="City Green Plan", language="en")
    (first,) = bring(store, tmp_path, row)
    assert stored(store, first).article.language.tag == "en"
    (again,) = bring(store, tmp_path, replace(row, language="vi"))
    assert again.result == "changed"
    found = stored(store, first)
    assert (found.article.language.tag, found.placement.edition) == ("vi", "vi")


def test_title_language_and_text_are_corrected_in_a_form(store: Store, tmp_path: Path) -> None:
    (first,) = bring(store, tmp_path, replace(TV, language="en"))
    settle_all(store)
    with store.read() as connection:
        cells = find_by_hand(connection, str(first.article))
    assert (cells["title"], cells["text"], cells["airtime"]) == (TV.title, TV.text, "19:30")
    cells |= {"title": "Thời sự tối", "text": "", "language": "vi"}
    result = form(store, tmp_path, corrects=first.article, **cells)
    assert (result.result, result.article) == ("changed", first.article)
    found = stored(store, first)
    assert (found.article.title, found.article.paragraphs) == ("Thời sự tối", ())
    assert found.article.language.tag == "vi"
    assert found.article.published == DAY
    assert waits(store, first.article)
    assert size(store)[:2] == [1, 2]
    with store.read() as connection:
        entered = connection.execute(select(clip.c.name, clip.c.who, clip.c.row)).all()
    assert sorted((one.name, one.who, one.row["title"]) for one in entered) == [
        ("form", "Lin", "Thời sự tối"),
        ("row 2", "Lin", "Thời sự"),
    ]
    back = form(store, tmp_path, corrects=first.article, **{**cells, "title": TV.title, "text": TV.text})
    assert back.result == "changed"
    assert stored(store, first).article.title == TV.title
    unchanged = form(store, tmp_path, corrects=first.article, **{**cells, "title": TV.title, "text": TV.text})
    assert unchanged.result == "known"


def test_what_was_crawled_is_not_corrected_by_hand(store: Store, tmp_path: Path) -> None:
    (made,) = bring(store, tmp_path, ClipRow(2, url="https://news.example/a-20001", title="T"))
    read = replace(stored(store, made).article, paragraphs=("As crawled.",), extractor="generic/1")
    with store.write() as connection:
        store_article(
            connection,
            read,
            Placement("item", "example-news", "vi", "online"),
            seen=NOW + timedelta(days=1),
        )
    (again,) = bring(
        store, tmp_path, ClipRow(2, url="https://news.example/a-20001", title="T2", text="Typed.")
    )
    assert again.result == "known"
    with store.read() as connection, pytest.raises(ResoundError, match="entered by hand"):
        find_by_hand(connection, str(made.article))
    with store.read() as connection, pytest.raises(NotFoundError):
        find_by_hand(connection, "0" * 16)
