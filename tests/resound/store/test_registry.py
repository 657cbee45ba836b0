"""Versions of definitions: the newest holds, and what was edited elsewhere is a conflict, never overwritten in silence."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from resound.store import Store
from resound.store.registry import (
    Applied,
    apply_definition,
    current_definition,
    list_versions,
    load_sources,
)
from tests.resound.searching.test_indexing import source


def put(store: Store, now: datetime, sha256: str, came_from: str = "a.yml", **more: Any) -> Applied:
    with store.write() as connection:
        return apply_definition(
            connection,
            "source",
            "a",
            body={"is": sha256},
            sha256=sha256,
            came_from=came_from,
            who="Lin",
            now=now,
            **more,
        )


def test_a_file_goes_in_once_and_its_changes_after_it(store: Store, now: datetime) -> None:
    assert [put(store, now, sha).result for sha in ("1", "1", "2", "2")] == [
        "new",
        "unchanged",
        "changed",
        "unchanged",
    ]
    with store.read() as connection:
        assert [(one.version, one.body["is"]) for one in list_versions(connection, "source", "a")] == [
            (1, "1"),
            (2, "2"),
        ]


def test_what_was_edited_elsewhere_is_a_conflict(store: Store, now: datetime) -> None:
    put(store, now, "1")
    put(store, now, "edited", came_from="edited", base=1)
    conflict = put(store, now, "2")
    assert (conflict.result, conflict.version) == ("conflict", 2)
    assert conflict.current is not None
    assert conflict.current.came_from == "edited"
    with store.read() as connection:
        current = current_definition(connection, "source", "a")
        assert current is not None
        assert current.body == {"is": "edited"}
    assert put(store, now, "3", base=1).result == "conflict"
    assert put(store, now, "3", base=2).result == "changed"  # made from the version that holds
    put(store, now, "4", came_from="edited", base=3)
    assert put(store, now, "5", replace=True).result == "changed"


def test_another_file_of_the_same_id_is_a_conflict(store: Store, now: datetime) -> None:
    put(store, now, "1")
    assert put(store, now, "2", came_from="other/a.yml").result == "conflict"


def test_definitions_that_were_read_before_are_still_those_of_now(store: Store, now: datetime) -> None:
    def names() -> dict[str, str]:
        with store.read() as connection:
            found = load_sources(connection)
            found.pop("one", None)  # what a caller does with its list is nobody else's
            return {key: one.names.best() for key, one in load_sources(connection).items()}

    def apply(name: str, *, fails: bool = False) -> None:
        body = source("one", names={"en": name}).model
        with suppress(ZeroDivisionError), store.write() as connection:
            apply_definition(
                connection, "source", "one", body=body.model_dump(mode="json", by_alias=True), sha256=name,
                came_from="one.yml", who="lin", now=now,
            )  # fmt: skip
            assert load_sources(connection)["one"].names.best() == name
            if fails:
                _ = 1 / 0

    assert names() == {}
    apply("First")
    assert names() == {"one": "First"}
    apply("Undone", fails=True)
    assert names() == {"one": "First"}
    apply("Second")  # under the number that was given and taken back
    assert names() == names() == {"one": "Second"}
