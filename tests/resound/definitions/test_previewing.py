"""A preview says what saving would do: held to the matcher on every article, with and without an index."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resound.article import Article, FoundDate, Language, LanguageGuess
from resound.campaign import Campaign
from resound.coding.deciding import decide
from resound.definitions.applying import apply_definitions
from resound.definitions.previewing import Preview, preview_change
from resound.definitions.written import Loaded
from resound.errors import DefinitionError
from resound.index.sqlite import SqliteIndex
from resound.pipeline import process_pending
from resound.processing.matching import CampaignMatcher, match_to_json
from resound.processing.reading import PageReader
from resound.query import AnalysedDocument, analyse_document
from resound.searching.documents import document_of
from resound.searching.indexing import update_index
from resound.searching.narrowing import can_match
from resound.store import Store, open_store, work
from resound.store.articles import Placement, load_articles, record_change, store_article
from resound.store.grouping import items_by_day
from resound.store.matches import list_matches, record_matches
from resound.store.tables import article as article_table
from resound.store.tables import grouping
from resound.store.tables import match as match_table
from resound.store.tables import work as work_table
from tests.resound.query.generated import SEPARATORS, WORDS

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
DAY = date(2014, 10, 2)
LANGUAGES: tuple[tuple[Language, str], ...] = (("zh", "zh-Hant"), ("en", "en"), ("vi", "vi"), ("other", "th"))


def campaign(**more: Any) -> Campaign:
    body = {
        "id": "c",
        "name": {"en": "Campaign"},
        "window": {"first": "2014-09-01", "last": "2014-11-30"},
        "names": [{"id": "team", "forms": {"en": ["Green Team"], "zh-Hant": ["綠耕隊"]}}],
    }
    return Campaign.model_validate({**body, **more})


def put(store: Store, number: int, title: str, *paragraphs: str, language: int = 1, day: date = DAY) -> str:
    url = f"https://paper.example/{number}"
    kind, tag = LANGUAGES[language]
    read = Article(
        url=url,
        canonical_url=url,
        title=title,
        paragraphs=paragraphs or ("Nothing else.",),
        language=LanguageGuess(kind, None, tag, 0.9),
        lead=(paragraphs or ("",))[0],
        published=FoundDate("meta", day.isoformat(), day=day),
    )
    with store.write() as connection:
        stored = store_article(
            connection, read, Placement("item", "host:paper.example", tag, "online"), seen=NOW
        )
        work.reopen(connection, "match", [stored.article])
        work.reopen(connection, "group", [stored.article])
        record_change(connection, [stored.article])
    return stored.article


def save(store: Store, wanted: Campaign, *, process_it: bool = True) -> None:
    with store.read() as connection:
        matched = bool(items_by_day(connection))
    apply_definitions(store, [Loaded(wanted, "c.yml", None)], who="Lin", now=NOW, replace=True)
    if matched and process_it:
        process(store)


def process(store: Store) -> None:
    folder = Path(str(store.engine.url.database)).parent if not store.is_postgres else Path()
    with PageReader(folder, workers=1) as reader:
        process_pending(store, reader, clock=lambda: NOW)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    yield opened
    opened.close()


def titles(found: Preview, part: str) -> list[str]:
    return [one.title for one in getattr(found, part).items]


def test_what_a_form_adds_and_another_loses(store: Store) -> None:
    put(store, 1, "Green Team in Hanoi", "The green team met the city.")
    put(store, 2, "Blue Drop in Hanoi", "Another story.", language=2)
    put(store, 3, "Green Team and Blue Drop", "Both.")
    put(store, 4, "Nothing", "Nothing.")
    save(store, campaign())
    changed = campaign(names=[{"id": "drop", "forms": {"en": ["Blue Drop"]}}])
    found = preview_change(store, changed, seconds=60)
    assert titles(found, "added") == ["Blue Drop in Hanoi"]
    assert titles(found, "lost") == ["Green Team in Hanoi"]
    assert (found.added.counts, found.lost.counts, found.unchanged.counts) == (
        {"vi": 1},
        {"en": 1},
        {"en": 1},
    )
    added, lost = found.added.items[0], found.lost.items[0]
    assert [(one.field, [one.text[a:b] for a, b in one.marks]) for one in added.passages] == [
        ("title", ["Blue Drop"])
    ]
    assert {one.text[a:b] for one in lost.passages for a, b in one.marks} == {"Green Team", "green team"}
    assert (added.outlet, added.language, added.day, added.in_window) == ("paper.example", "vi", DAY, True)
    assert (found.looked_at, found.total, found.goes_on, found.waiting) == (4, 4, False, 0)
    with store.read() as connection:
        assert len([one for one in list_matches(connection, campaign="c") if one.matched]) == 2, (
            "nothing is written"
        )


def test_a_persons_word_is_told(store: Store) -> None:
    kept = put(store, 1, "Green Team in Hanoi", "The green team met the city.")
    put(store, 2, "Blue Drop", "Blue drop.")
    save(store, campaign())
    with store.write() as connection:
        decide(connection, kept, "accept", campaign="c", why="read it", who="Lin", now=NOW)
        decide(
            connection, "https://paper.example/2", "reject", campaign="c", why="an advert", who="Mai", now=NOW
        )
    found = preview_change(store, campaign(names=[{"id": "d", "forms": {"en": ["Blue Drop"]}}]), seconds=60)
    assert (found.lost.items[0].review, found.lost.items[0].who) == ("accepted", "Lin")
    assert (found.added.items[0].review, found.added.items[0].who) == ("rejected", "Mai")


def test_a_changed_window_moves_items_that_still_match(store: Store) -> None:
    put(store, 1, "Green Team in September", day=date(2014, 9, 3))
    put(store, 2, "Green Team in December", day=date(2014, 12, 3))
    put(store, 3, "Green Team in October", day=date(2014, 10, 3))
    save(store, campaign())
    found = preview_change(store, campaign(window={"first": "2014-10-01", "last": "2014-12-31"}), seconds=60)
    assert titles(found, "leaving") == ["Green Team in September"]
    assert titles(found, "entering") == ["Green Team in December"]
    assert found.unchanged.total == 3
    assert not found.added.total
    assert not found.lost.total


def test_time_runs_out_and_it_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resound.definitions.previewing.BATCH", 2)
    for number in range(7):
        put(store, number, f"Blue Drop {number}", day=DAY + timedelta(days=number))
    save(store, campaign())
    changed = campaign(names=[{"id": "d", "forms": {"en": ["Blue Drop"]}}])
    first = preview_change(store, changed, seconds=0)
    assert (first.looked_at, first.total, first.goes_on) == (2, 7, True)
    assert titles(first, "added") == ["Blue Drop 6", "Blue Drop 5"], "newest first"
    put(store, 99, "Blue Drop again", day=DAY + timedelta(days=30))
    told: list[tuple[int, int]] = []
    rest = preview_change(
        store, changed, seconds=60, so_far=first, progress=lambda *so_far: told.append(so_far)
    )
    assert titles(rest, "added") == [f"Blue Drop {number}" for number in (6, 5, 4, 3, 2, 1, 0)]
    assert not rest.goes_on
    assert told == [(5, 8), (7, 8), (8, 8)]
    assert rest.waiting == 1, "what came meanwhile is not matched yet"


def test_stopping_keeps_what_was_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resound.definitions.previewing.BATCH", 1)
    for number in range(3):
        put(store, number, f"Blue Drop {number}")
    found = preview_change(
        store,
        campaign(names=[{"id": "d", "forms": {"en": ["Blue Drop"]}}]),
        seconds=60,
        should_stop=lambda: True,
    )
    assert (found.looked_at, found.added.total) == (1, 1)


def test_many_are_counted_and_some_are_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resound.definitions.previewing.SHOWN", 2)
    for number in range(5):
        put(store, number, f"Green Team {number}")
    found = preview_change(store, campaign(), seconds=60)
    assert (found.added.total, len(found.added.items)) == (5, 2)


def test_an_item_is_told_once_whatever_its_addresses(store: Store) -> None:
    first = put(store, 1, "Green Team", "The green team met the city.")
    twin = put(store, 2, "Team, green", "A twin with other words.")
    put(store, 3, "Green Team", "Elsewhere.")
    with store.write() as connection:
        connection.execute(grouping.delete())
        connection.execute(
            grouping.insert(),
            [{"article": key, "item": first, "story": first} for key in (first, twin)],
        )
        connection.execute(
            article_table.update().where(article_table.c.url == "https://paper.example/3").values(kind="copy")
        )
    found = preview_change(store, campaign(), seconds=60)
    assert (found.added.total, found.total) == (1, 1), "a copy on an aggregator is no item"


def test_a_query_that_cannot_be_read_is_said(store: Store) -> None:
    with pytest.raises(DefinitionError, match="query en"):
        preview_change(store, campaign(queries={"en": "(green OR"}), seconds=1)


def test_on_every_database(store_address: str) -> None:
    opened = open_store(store_address)
    try:
        put(opened, 1, "Blue Drop", day=date(2014, 10, 2))
        put(opened, 2, "Blue Drop later", day=date(2014, 10, 9))
        found = preview_change(
            opened, campaign(names=[{"id": "d", "forms": {"en": ["Blue Drop"]}}]), seconds=60
        )
        assert titles(found, "added") == ["Blue Drop later", "Blue Drop"]
        assert found.waiting == 2
    finally:
        opened.close()


# --- parity ---------------------------------------------------------------------------------------------------------

DOCUMENTS = 120


class Library(NamedTuple):
    store: Store
    index: SqliteIndex
    versions: dict[str, str]
    analysed: dict[str, AnalysedDocument]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Articles of words that have much in common, and an index that is level with them."""
    folder = tmp_path_factory.mktemp("library")
    store = open_store(f"sqlite:///{folder / 'resound.sqlite'}")
    chance = random.Random(2014)

    def text(longest: int) -> str:
        words = chance.choice(WORDS)
        parts = (chance.choice(words) + chance.choice(SEPARATORS) for _ in range(chance.randint(0, longest)))
        return "".join(parts)

    for number in range(DOCUMENTS):
        day = DAY + timedelta(days=chance.randrange(40))
        put(store, number, text(5), text(5), text(14), language=chance.randrange(4), day=day)
    process(store)
    index = SqliteIndex(folder / "index.sqlite")
    update_index(store, index)
    with store.read() as connection:
        stored = load_articles(
            connection, [key for _, _, members in items_by_day(connection) for key in members]
        )
    yield Library(
        store,
        index,
        {key: one.version for key, one in stored.items()},
        {key: analyse_document(document_of(one.article)) for key, one in stored.items()},
    )
    index.close()
    store.close()


def campaigns() -> st.SearchStrategy[dict[str, Any]]:
    forms = st.lists(st.sampled_from([*WORDS[3], "green team", "rác thải", "EPR"]), min_size=1, max_size=2)
    forms = forms.filter(lambda found: all(any(char.isalnum() for char in one) for one in found))
    words = st.sampled_from(["waste", "green", "綠", "rác", "recycl*", '"Quý"', "lang:zh", "title:team"])
    joined = st.tuples(words, st.sampled_from((" AND ", " OR ", " AND NOT ", " ")), words).map("".join)
    query = st.one_of(words, joined, st.just("NOT waste"), st.just("green NEAR/3 waste"))
    return st.fixed_dictionaries(
        {
            "names": st.tuples(forms, st.lists(st.sampled_from(["APO", "epr", "隊"]), max_size=1)).map(
                lambda made: [{"id": "n", "forms": {"en": made[0]}, "collides": made[1]}]
            ),
            "context": query,
            "exclude": st.one_of(st.just(""), query),
            "queries": st.one_of(st.just({}), query.map(lambda one: {"en": one})),
            "glossary": st.just([{"id": "g", "forms": {"en": ["waste"], "vi": ["rác"], "zh-Hant": ["廢"]}}]),
        }
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(campaigns(), campaigns())
def test_it_says_what_the_matcher_says_of_every_article(
    library: Library, before: dict[str, Any], after: dict[str, Any]
) -> None:
    old, new = campaign(**before), campaign(**after)
    was = _let_stand(library, old)
    matcher = CampaignMatcher(new)
    will = {key for key, one in library.analysed.items() if matcher.match(one)}
    for asked in (None, library.index):
        found = preview_change(library.store, new, seconds=60, index=asked)
        assert found.looked_at == found.total == DOCUMENTS
        assert {one.item for one in found.added.items} == will - was
        assert {one.item for one in found.lost.items} == was - will
        assert found.unchanged.total == len(was & will)


def test_the_index_is_asked_where_it_is_level_and_only_there(library: Library) -> None:
    matcher = CampaignMatcher(campaign())
    with library.store.read() as connection:
        near = can_match(connection, library.index, matcher)
        assert near is not None
        assert len(near) < DOCUMENTS / 2
        assert (
            can_match(connection, library.index, CampaignMatcher(campaign(queries={"en": "NOT green"})))
            is None
        )
    behind = SqliteIndex(Path(str(library.store.engine.url.database)).parent / "other.sqlite")
    broken = SqliteIndex(
        Path(str(library.store.engine.url.database)).parent / "no" / "folder" / "index.sqlite"
    )
    with library.store.read() as connection:
        assert can_match(connection, behind, matcher) is None
        assert can_match(connection, broken, matcher) is None
    behind.close()
    broken.close()


def _let_stand(library: Library, old: Campaign) -> set[str]:
    """What `process` would have written for this campaign; returns what it matches."""
    matcher, was = CampaignMatcher(old), set()
    apply_definitions(library.store, [Loaded(old, "c.yml", None)], who="Lin", now=NOW, replace=True)
    with library.store.write() as connection:
        connection.execute(work_table.update().values(due=None))
        connection.execute(match_table.delete())
        for key, one in library.analysed.items():
            match = matcher.match(one)
            if match is not None:
                was.add(key)
                record_matches(
                    connection,
                    key,
                    library.versions[key],
                    tried={"c": matcher.fingerprint},
                    found={"c": (match.prominence, match_to_json(match))},
                    now=NOW,
                )
    return was
