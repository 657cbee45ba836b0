"""Odd characters of foreign text stop no batch, on either database."""

import threading
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.article import Article, Entry
from resound.store import Store
from resound.store.articles import Placement, load_articles, store_article
from resound.store.cleaning import clean_text
from resound.store.enrichments import add_sentences, load_sentences
from resound.store.frontier import add_entries, claim_pages
from resound.store.matches import list_matches, record_matches

HERE = Placement("item", "example-news", "en", "online")


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_what_is_cleaned_can_be_encoded_and_keeps_its_length(value: str) -> None:
    cleaned = clean_text(value)
    assert "\x00" not in cleaned.encode().decode()
    assert len(cleaned) == len(value)
    changed = {one for one, other in zip(value, cleaned, strict=True) if one != other}
    assert all(one == "\x00" or "\ud800" <= one <= "\udfff" for one in changed)


@pytest.mark.parametrize("odd", ["\x00", "\ud83d", "\udc00 \ud83d", "plain\x00", "綠\x00\ud800隊"])
def test_odd_characters_stop_no_batch(store: Store, article: Article, now: datetime, odd: str) -> None:
    clean = clean_text(odd)
    read = replace(
        article, title=odd, lead=odd, paragraphs=(odd, "plain"), captions=(odd,), byline=odd, notes=(odd,)
    )
    others = [
        replace(article, canonical_url=f"https://news.example/{n}", url=f"https://news.example/{n}")
        for n in range(2)
    ]
    with store.write() as connection:
        keys = [
            store_article(connection, one, HERE, seen=now).article for one in (others[0], read, others[1])
        ]
        record_matches(
            connection, keys[1], "v", tried={"c": "f"}, found={"c": ("title", {"because": [odd]})}, now=now
        )
        add_sentences(connection, {"k": (odd, 1.0, [odd])})
        entry = Entry(url="https://news.example/odd", title=odd, summary=odd)
        assert add_entries(connection, source="s", entries=[entry], now=now).new == 1
        assert [
            one.entry.title.replace("\x00", "\ufffd") for one in claim_pages(connection, limit=9, now=now)
        ] == [clean]
    with store.read() as connection:
        stored = load_articles(connection, keys)
        assert len(stored) == 3
        assert stored[keys[1]].article.title == clean
        assert stored[keys[1]].article.paragraphs[0].replace("\x00", "\ufffd") == clean
        assert (
            list_matches(connection, articles=keys)[0].detail["because"][0].replace("\x00", "\ufffd") == clean
        )
        assert load_sentences(connection, ["k"])["k"][0] == clean
    with store.write() as connection:  # the same page again is the same version
        assert store_article(connection, read, HERE, seen=now).result == "unchanged"


@pytest.mark.slow_on_postgres
def test_more_keys_than_a_statement_takes(store: Store) -> None:
    """PostgreSQL takes 65,535 values in one statement."""
    from resound.store.decisions import standing_decisions
    from resound.store.grouping import load_groupings
    from resound.store.links import list_links

    keys = [f"{n:016}" for n in range(70_000)]
    with store.read() as connection:
        assert list_matches(connection, articles=keys) == []
        assert load_groupings(connection, keys) == {}
        assert list_links(connection, keys) == []
        assert standing_decisions(connection, articles=keys) == []


def test_two_threads_that_store_the_same_new_page_store_it_once(
    store: Store, article: Article, now: datetime
) -> None:
    results: list[str] = []
    failures: list[BaseException] = []
    gate = threading.Barrier(4)

    def put() -> None:
        try:
            gate.wait(10)
            with store.write() as connection:
                results.append(store_article(connection, article, HERE, seen=now).result)
        except BaseException as err:
            failures.append(err)

    threads = [threading.Thread(target=put) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert failures == []
    assert sorted(results) == ["new", "unchanged", "unchanged", "unchanged"]
