"""Searches that people keep under a name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from resound.errors import ConflictError, NotFoundError, QuerySyntaxError, ResoundError
from resound.searching import saved as saved_searches
from resound.searching.page import Asked
from resound.searching.saved import asked_of, forget_search, rename_search, save_search
from resound.store import Store, open_store
from resound.store.saved_searches import list_searches

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    made = open_store(store_address)
    yield made
    made.close()


def names(store: Store, person: int = 0) -> list[str]:
    with store.read() as connection:
        return [one.name for one in list_searches(connection, person)]


def test_a_search_is_kept_and_comes_back_as_it_was(store: Store) -> None:
    asked = Asked("綠耕隊 lang:vi", order="relevance", collapse=True, expand=False)
    with store.write() as connection:
        saved = save_search(connection, 0, "  Việt  Nam ", asked, now=NOW)
        save_search(connection, 0, "everything", Asked(), now=NOW)
    assert (saved.name, saved.query, saved.at) == ("Việt Nam", "綠耕隊 lang:vi", NOW)
    assert asked_of(saved) == asked
    assert names(store) == ["Việt Nam", "everything"]
    with store.read() as connection:
        assert [asked_of(one) for one in list_searches(connection, 0)] == [asked, Asked()]


def test_where_a_page_ended_is_not_kept(store: Store) -> None:
    with store.write() as connection:
        assert asked_of(save_search(connection, 0, "a", Asked("x", after="place"), now=NOW)) == Asked("x")


def test_a_name_belongs_to_one_search_of_a_person(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    with store.write() as connection:
        first = save_search(connection, 1, "Nguyễn", Asked("a"), now=NOW)
        save_search(connection, 2, "Nguyễn", Asked("b"), now=NOW)
        with pytest.raises(ConflictError):
            save_search(connection, 1, "Nguyễn", Asked("c"), now=later)
        replaced = save_search(connection, 1, "Nguyễn", Asked("c", collapse=True), now=later, replace=True)
    assert (replaced.id, replaced.query, replaced.at) == (first.id, "c", later)
    assert names(store, 1) == names(store, 2) == ["Nguyễn"]


def test_renaming_and_deleting_touch_ones_own_only(store: Store) -> None:
    with store.write() as connection:
        mine = save_search(connection, 1, "a", Asked("x"), now=NOW)
        save_search(connection, 1, "b", Asked("y"), now=NOW)
        assert rename_search(connection, 1, mine.id, "a").name == "a"
        assert rename_search(connection, 1, mine.id, "c").name == "c"
        with pytest.raises(ConflictError):
            rename_search(connection, 1, mine.id, "b")
        for stranger in (0, 2):
            with pytest.raises(NotFoundError):
                rename_search(connection, stranger, mine.id, "z")
            with pytest.raises(NotFoundError):
                forget_search(connection, stranger, mine.id)
        forget_search(connection, 1, mine.id)
        with pytest.raises(NotFoundError):
            forget_search(connection, 1, mine.id)
    assert names(store, 1) == ["b"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\u202eb", "a\x00b"])
def test_what_is_no_name_is_refused(store: Store, name: str) -> None:
    with store.write() as connection, pytest.raises(ResoundError, match="needs a name"):
        save_search(connection, 0, name, Asked("a"), now=NOW)


def test_what_cannot_be_read_is_not_kept_and_neither_are_too_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MAX_SEARCHES", 1)
    with store.write() as connection:
        with pytest.raises(QuerySyntaxError):
            save_search(connection, 0, "a", Asked("(a"), now=NOW)
        save_search(connection, 0, "a", Asked("a"), now=NOW)
        with pytest.raises(ResoundError, match="already"):
            save_search(connection, 0, "b", Asked("a"), now=NOW)
        save_search(connection, 0, "a", Asked("b"), now=NOW, replace=True)
