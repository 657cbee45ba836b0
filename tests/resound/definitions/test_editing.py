"""Saved on top of the version it was made from, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from resound.campaign import Campaign
from resound.definitions.applying import apply_definitions
from resound.definitions.editing import (
    bring_back,
    explain_conflict,
    find_version,
    keep_apart,
    read_version,
    save_definition,
)
from resound.definitions.written import Loaded, dump_definition, read_definition
from resound.errors import ConflictError, DefinitionError, NotFoundError
from resound.source import Source
from resound.store import Store, open_store
from resound.store.registry import list_versions
from resound.store.tables import definition

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


def campaign(**more: Any) -> Campaign:
    body = {
        "id": "c",
        "name": {"en": "Campaign"},
        "window": {"first": "2014-09-01", "last": "2014-11-30"},
        "names": [{"id": "team", "forms": {"en": ["Green Team"]}}],
    }
    return Campaign.model_validate({**body, **more})


def source(key: str, *hosts: str, **more: Any) -> Source:
    body = {
        "id": key,
        "names": {"en": key.title()},
        "home": f"https://{hosts[0]}/",
        "owner": {"id": "group", "name": "Group"},
        "country": "VN",
        "timezone": "Asia/Ho_Chi_Minh",
        "editions": [{"id": "en", "language": "en", "hosts": hosts}],
    }
    return Source.model_validate({**body, **more})


def test_versions_follow_one_another(store: Store) -> None:
    assert save_definition(store, campaign(), base=None, who="Lin", now=NOW).result == "new"
    again = save_definition(store, campaign(notes="two"), base=1, who="Mai", now=NOW)
    assert (again.result, again.version) == ("changed", 2)
    assert save_definition(store, campaign(notes="two"), base=2, who="Mai", now=NOW).result == "unchanged"
    with store.read() as connection:
        versions = list_versions(connection, "campaign", "c")
        assert [(one.version, one.who, one.came_from) for one in versions] == [
            (1, "Lin", "edited"),
            (2, "Mai", "edited"),
        ]
        assert read_version(find_version(connection, "campaign", "c", 1)) == campaign()
        assert read_version(find_version(connection, "campaign", "c")) == campaign(notes="two")
        with pytest.raises(NotFoundError, match="newest is 2"):
            find_version(connection, "campaign", "c", 9)
        with pytest.raises(NotFoundError, match="no source"):
            find_version(connection, "source", "c")


def test_what_somebody_saved_meanwhile_is_never_overwritten(store: Store) -> None:
    save_definition(store, campaign(), base=None, who="Lin", now=NOW)
    save_definition(store, campaign(notes="theirs"), base=1, who="Mai", now=NOW)
    ours = campaign(context="ours")
    assert save_definition(store, ours, base=1, who="Lin", now=NOW).result == "conflict"
    with store.read() as connection:
        shown = explain_conflict(connection, "campaign", ours, base=1)
        assert len(list_versions(connection, "campaign", "c")) == 2
    assert (shown.theirs.who, shown.theirs.version) == ("Mai", 2)
    assert [str(one) for one in shown.their_changes] == ["Notes for colleagues: added theirs"]
    assert [str(one) for one in shown.our_changes] == ["Context: added ours"]
    assert {(one.kind, one.text) for one in shown.between if one.kind != "same"} >= {
        ("removed", "notes: theirs"),
        ("added", "context: ours"),
    }


def test_a_new_one_does_not_take_the_place_of_another(store: Store) -> None:
    save_definition(store, campaign(notes="theirs"), base=None, who="Mai", now=NOW)
    assert save_definition(store, campaign(), base=None, who="Lin", now=NOW).result == "conflict"
    with store.read() as connection:
        shown = explain_conflict(connection, "campaign", campaign(), base=None)
    assert shown.base is None
    assert [str(one) for one in shown.our_changes] == ["Notes for colleagues: removed theirs"]


def test_an_old_version_comes_back_as_a_new_one(store: Store) -> None:
    save_definition(store, campaign(), base=None, who="Lin", now=NOW)
    save_definition(store, campaign(notes="two"), base=1, who="Mai", now=NOW)
    assert bring_back(store, "campaign", "c", 1, base=2, who="Lin", now=NOW).version == 3
    with store.read() as connection:
        newest = find_version(connection, "campaign", "c")
    assert (newest.came_from, read_version(newest)) == ("version 1", campaign())
    assert bring_back(store, "campaign", "c", 2, base=2, who="Lin", now=NOW).result == "conflict"


def test_an_old_version_that_is_wrong_by_todays_rules_says_so(store: Store) -> None:
    save_definition(store, campaign(), base=None, who="Lin", now=NOW)
    with store.write() as connection:
        connection.execute(definition.update().values(body={"id": "c", "colour": "green"}))
    with pytest.raises(DefinitionError, match=r"version 1 of c, line 1, colour: there is no such field"):
        bring_back(store, "campaign", "c", 1, base=1, who="Lin", now=NOW)


def test_a_file_and_a_page_do_not_overwrite_each_other(store: Store) -> None:
    apply_definitions(store, [Loaded(campaign(), "c.yml", None)], who="Lin", now=NOW)
    save_definition(store, campaign(notes="edited"), base=1, who="Mai", now=NOW)
    changed = Loaded(campaign(notes="file"), "c.yml", None)
    assert apply_definitions(store, [changed], who="Lin", now=NOW)[0].result == "conflict"
    text = dump_definition(campaign(notes="both"), version=2)
    assert text.startswith("# resound: version 2\n")
    loaded = read_definition(text, Campaign)
    assert (loaded.base, loaded.came_from) == (2, "edited")
    assert save_definition(store, loaded.model, base=loaded.base, who="Lin", now=NOW).result == "changed"


def test_a_host_belongs_to_one_outlet(store: Store) -> None:
    save_definition(store, source("one", "one.example", "m.one.example"), base=None, who="Lin", now=NOW)
    with pytest.raises(ConflictError, match=r"One \(one\) claims m.one.example"):
        save_definition(store, source("two", "two.example", "m.one.example"), base=None, who="Lin", now=NOW)
    changed = source("one", "one.example", "m.one.example", notes="mine")
    assert save_definition(store, changed, base=1, who="Lin", now=NOW).result == "changed"


def test_invented_and_real_outlets_are_kept_apart() -> None:
    keep_apart([source("one", "one.example"), campaign()], is_demo=True)
    keep_apart([source("one", "one.com")], is_demo=False)
    with pytest.raises(ConflictError, match="one is a real outlet"):
        keep_apart([source("one", "one.com")], is_demo=True)


def test_a_text_is_read_as_a_file_is_with_lines_and_places() -> None:
    text = dump_definition(campaign(context="(green"), version=4).replace("c\n", "C C\n", 1)
    with pytest.raises(DefinitionError) as caught:
        read_definition(text.replace("\n", "\r\n"), Campaign)
    assert [(one.line, one.field, one.loc) for one in caught.value.problems] == [(2, "id", ("id",))]
    assert str(caught.value).startswith("line 2, id: 'C C' does not fit")
    with pytest.raises(DefinitionError) as caught:
        read_definition(text.replace("C C\n", "c\n", 1), Campaign)
    assert caught.value.problems[0].field == "context"
    assert caught.value.problems[0].line == text.split("\n").index("context: (green") + 1
    with pytest.raises(DefinitionError, match=r"^this is empty"):
        read_definition("\ufeff", Campaign)
    with pytest.raises(DefinitionError, match="larger than 1 MB"):
        read_definition("x" * 1_000_001, Source)
    with pytest.raises(DefinitionError, match=r"(?m)^line 1, home: this field is needed"):
        read_definition("id: x\n", Source)
