"""Looking after people: every change is written down, ends old sessions, and leaves somebody who can do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resound.definitions.applying import apply_definitions
from resound.definitions.written import load_path
from resound.errors import ConflictError, NotFoundError, ResoundError
from resound.people.accounts import add_key, add_person, give_role, invite, let_in, shut_out
from resound.people.signing_in import recognise, sign_in
from resound.store import Store, open_store
from resound.store.decisions import all_decisions
from resound.store.people import list_account_changes, list_accounts, load_person, set_person
from resound.store.registry import current_definitions
from tests.resound.staff import NOW, PASSWORD, hash_quickly, hire

CAMPAIGN = "apo-coe-gp-vietnam-2014"
pytestmark = pytest.mark.slow_on_postgres


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    loaded = load_path(Path(__file__).parents[3] / "campaigns" / f"{CAMPAIGN}.yml")
    apply_definitions(opened, loaded, who="t", now=NOW)
    hire(opened, "lin", "admin")
    yield opened
    opened.close()


def test_the_first_account_is_an_administrators_and_a_login_is_one_persons(
    tmp_path: Path, store: Store
) -> None:
    empty = open_store(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with empty.write() as connection, pytest.raises(ConflictError, match="first account"):
        add_person(connection, login="x", name="X", role="editor", who="t", now=NOW)
    empty.close()
    with store.write() as connection, pytest.raises(ConflictError, match="this login already"):
        add_person(connection, login="LIN", name="Another Lin", role="reader", who="t", now=NOW)


def test_roles_are_given_for_all_campaigns_and_for_one(store: Store) -> None:
    hire(store, "thi-my")
    with store.write() as connection:
        person = give_role(connection, "thi-my", "coder", campaign=CAMPAIGN, who="lin", now=NOW)
        assert (person.role, person.campaigns) == ("reader", {CAMPAIGN: "coder"})
        person = give_role(connection, "thi-my", "editor", campaign=CAMPAIGN, who="lin", now=NOW)
        assert person.campaigns == {CAMPAIGN: "editor"}
        person = give_role(connection, "thi-my", "none", campaign=CAMPAIGN, who="lin", now=NOW)
        person = give_role(connection, "thi-my", "none", who="lin", now=NOW)
        assert (person.role, person.campaigns) == ("none", {})
        with pytest.raises(ResoundError, match="for one campaign"):
            give_role(connection, "thi-my", "admin", campaign=CAMPAIGN, who="lin", now=NOW)
        for login, campaign in (("thi-my", "unknown"), ("nobody", CAMPAIGN)):
            with pytest.raises(NotFoundError):
                give_role(connection, login, "coder", campaign=campaign, who="lin", now=NOW)


def test_an_administrator_always_remains(store: Store) -> None:
    hire(store, "second", "admin")
    with store.write() as connection:
        set_person(connection, load_person(connection, "second").id, password=None)  # cannot sign in yet
        for change in (
            lambda: shut_out(connection, "lin", who="lin", now=NOW),
            lambda: give_role(connection, "lin", "editor", who="lin", now=NOW),
        ):
            with pytest.raises(ConflictError, match="administrator must remain"):
                change()
        set_person(connection, load_person(connection, "second").id, password="$argon2id$")
        assert not shut_out(connection, "lin", who="second", now=NOW).is_active
        with pytest.raises(ConflictError, match="administrator must remain"):
            shut_out(connection, "second", who="second", now=NOW)
        assert let_in(connection, "lin", who="second", now=NOW).is_active


def test_whoever_may_other_things_signs_in_again(store: Store) -> None:
    hire(store, "thi-my")
    for change in ("coder", "reader"):
        token = sign_in(store, "thi-my", PASSWORD, address="192.0.2.1", now=NOW).token
        with store.write() as connection:
            give_role(connection, "thi-my", change, who="lin", now=NOW)  # type: ignore[arg-type]
        assert recognise(store, token, now=NOW) is None
    token = sign_in(store, "thi-my", PASSWORD, address="192.0.2.1", now=NOW).token
    with store.write() as connection:
        give_role(connection, "thi-my", "reader", who="lin", now=NOW)
    assert recognise(store, token, now=NOW) is not None  # nothing changed


def test_every_change_is_written_down_and_is_no_decision_about_coverage(store: Store) -> None:
    with store.write() as connection:
        person = add_person(connection, login="thi-my", name="Thị Mỹ", role="reader", who="lin", now=NOW)
        invite(connection, "thi-my", who="lin", now=NOW)
        give_role(connection, "thi-my", "coder", campaign=CAMPAIGN, who="lin", now=NOW)
        add_key(connection, person, name="a: b", scopes=["read", "code"], who="thi-my", now=NOW)
        shut_out(connection, "thi-my", who="lin", now=NOW)
        shut_out(connection, "thi-my", who="lin", now=NOW)
    with store.read() as connection:
        told = list_account_changes(connection, login="thi-my")
        assert [(one.what, one.detail, one.campaign, one.who) for one in reversed(told)] == [
            ("added", "reader", None, "lin"),
            ("link", "", None, "lin"),
            ("role", "coder", CAMPAIGN, "lin"),
            ("key", "a: b (read, code)", None, "thi-my"),
            ("shut out", "", None, "lin"),
        ]
        assert [one.login for one in list_account_changes(connection, limit=2)] == ["thi-my", "thi-my"]
        assert all_decisions(connection) == []
        assert [len(current_definitions(connection, kind)) for kind in ("source", "campaign")] == [0, 1]


def test_accounts_are_listed_with_what_those_who_look_after_them_need(store: Store) -> None:
    hire(store, "thi-my")
    sign_in(store, "thi-my", PASSWORD, address="192.0.2.1", now=NOW)
    with store.write() as connection:
        add_person(connection, login="new", name="New", role="coder", who="lin", now=NOW)
        link = invite(connection, "new", who="lin", now=NOW)
    with store.read() as connection:
        found = {one.person.login: one for one in list_accounts(connection, now=NOW)}
    assert list(found) == ["lin", "new", "thi-my"]
    assert (found["thi-my"].seen_at, found["thi-my"].has_password) == (NOW, True)
    assert (found["new"].invited_until, found["new"].has_password) == (link.ends_at, False)
    assert "argon2" not in repr(found)
