"""Signing in: by password, link and key; what it costs to guess; and what a stolen copy of the store is worth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

import resound.people.signing_in
from resound.errors import ConflictError, ResoundError, SignInError, TooManyAttemptsError
from resound.people.accounts import add_key, invite, invite_first, shut_out, take_key
from resound.people.passwords import is_outdated
from resound.people.signing_in import (
    SignedIn,
    accept_invitation,
    change_password,
    confirm_password,
    form_token,
    is_form_token,
    recognise,
    recognise_key,
    set_up,
    sign_in,
    sign_out,
    sign_out_everywhere,
)
from resound.people.tokens import derive
from resound.store import Store, open_store
from resound.store.keys import list_keys
from resound.store.people import find_person, list_accounts, load_person, set_person, stored_password
from resound.store.portable import read_table, store_forms
from resound.store.sessions import list_sessions
from resound.store.tables import session
from resound.store.tables import sign_in as sign_in_table
from tests.resound.staff import NOW, PASSWORD, hash_quickly, hire

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OTHER = "four brown kettles hum"
pytestmark = pytest.mark.slow_on_postgres


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def lin(store: Store) -> str:
    hire(store, "lin", "admin")
    return "lin"


def enter(store: Store, login: str = "lin", password: str = PASSWORD, **more: object) -> SignedIn:
    given = {"address": "192.0.2.1", "now": NOW, **more}
    return sign_in(store, login, password, **given)  # type: ignore[arg-type]


def whole_store(store: Store) -> str:
    with store.read() as connection:
        return "\n".join(line for form in store_forms() for _, line in read_table(connection, form))


def test_the_right_password_begins_a_session_that_knows_its_owner(store: Store, lin: str) -> None:
    made = enter(store, " LIN ")
    found = recognise(store, made.token, now=NOW)
    assert found is not None
    assert found.person.login == "lin"
    assert recognise(store, made.token + "x", now=NOW) is None
    assert recognise(store, found.id, now=NOW) is None  # what is stored opens nothing
    sign_out(store, made.token)
    assert recognise(store, made.token, now=NOW) is None


def test_unknown_wrong_shut_out_and_without_a_password_are_told_alike(store: Store, lin: str) -> None:
    hire(store, "gone")
    hire(store, "new")
    with store.write() as connection:
        shut_out(connection, "gone", who="lin", now=NOW)
        set_person(connection, load_person(connection, "new").id, password=None)
    told = set()
    for number, (login, password) in enumerate(
        [("lin", OTHER), ("nobody", PASSWORD), ("gone", PASSWORD), ("new", PASSWORD), ("no login!", PASSWORD)]
    ):
        with pytest.raises(SignInError) as refused:
            enter(store, login, password, address=f"192.0.2.{number}")
        told.add((type(refused.value), str(refused.value)))
    assert len(told) == 1


def test_an_unknown_login_takes_as_long_as_a_wrong_password(
    store: Store, lin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have one password looked at; `test_passwords` holds that to take as long where nothing is stored."""
    looked_at = []
    real = resound.people.signing_in.is_password
    monkeypatch.setattr(
        resound.people.signing_in, "is_password", lambda *given: bool(looked_at.append(given)) or real(*given)
    )
    for login in ("lin", "nobody", "no login!"):
        with pytest.raises(SignInError):
            enter(store, login, OTHER)
    assert [password for password, _ in looked_at] == [OTHER] * 3
    assert [stored is None for _, stored in looked_at] == [False, True, True]


def test_another_session_begins_at_every_sign_in_and_the_one_from_before_ends(store: Store, lin: str) -> None:
    """A token that somebody else put into the browser is worth nothing afterwards (fixation)."""
    first = enter(store)
    second = enter(store, before=first.token)
    assert second.token != first.token
    assert recognise(store, first.token, now=NOW) is None
    planted = "chosen-by-somebody-else"
    third = enter(store, before=planted)
    assert third.token != planted
    assert recognise(store, planted, now=NOW) is None
    assert recognise(store, second.token, now=NOW) is not None  # another browser's


def test_a_session_ends_after_twelve_idle_hours_and_after_fourteen_days(store: Store, lin: str) -> None:
    idle, used = enter(store).token, enter(store).token
    now = NOW
    while recognise(store, used, now=now) is not None:
        now += 11 * HOUR
    assert NOW + 14 * DAY <= now < NOW + 14 * DAY + 11 * HOUR
    assert recognise(store, idle, now=NOW + 12 * HOUR - timedelta(seconds=1)) is not None
    assert recognise(store, enter(store).token, now=NOW + 12 * HOUR) is None
    enter(store, now=NOW + 40 * DAY)
    with store.read() as connection:
        assert len(connection.execute(select(session)).all()) == 1  # those that ended are gone
        assert len(connection.execute(select(sign_in_table)).all()) == 1


def test_everywhere_else_is_signed_out_and_here_goes_on_under_another_token(store: Store, lin: str) -> None:
    here, there = enter(store), enter(store)
    now_here = sign_out_everywhere(store, here.person, now=NOW)
    assert [recognise(store, one.token, now=NOW) is None for one in (here, there, now_here)] == [
        True,
        True,
        False,
    ]
    with store.read() as connection:
        assert len(list_sessions(connection, here.person.id, now=NOW)) == 1


def test_a_new_password_ends_every_other_session_and_the_old_password(store: Store, lin: str) -> None:
    here, there = enter(store), enter(store)
    with pytest.raises(ResoundError, match="12 characters"):
        change_password(store, here.person, "short", now=NOW)
    after = change_password(store, here.person, OTHER, now=NOW)
    assert [recognise(store, one.token, now=NOW) is None for one in (here, there, after)] == [
        True,
        True,
        False,
    ]
    with pytest.raises(SignInError):
        enter(store)
    enter(store, password=OTHER)


def test_whoever_is_shut_out_is_out_at_once(store: Store, lin: str) -> None:
    hire(store, "thi-my")
    token = enter(store, "thi-my").token
    with store.write() as connection:
        key = add_key(
            connection, load_person(connection, "thi-my"), name="k", scopes=["read"], who="x", now=NOW
        )
        shut_out(connection, "thi-my", who="lin", now=NOW)
    assert recognise(store, token, now=NOW) is None
    assert recognise_key(store, key, now=NOW) is None


def test_guessing_is_stopped_and_a_right_password_does_not_help_meanwhile(store: Store, lin: str) -> None:
    for login in ("lin", "nobody"):
        for _ in range(5):
            with pytest.raises(SignInError):
                enter(store, login, OTHER)
        with pytest.raises(TooManyAttemptsError) as refused:
            enter(store, login)
        assert refused.value.seconds == 30
    enter(store, now=NOW + timedelta(seconds=31))


def test_guesses_at_once_count_at_once(store: Store, lin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are written down before a password is looked at: twenty threads do not get twenty guesses."""
    looked_at = []
    monkeypatch.setattr(resound.people.signing_in, "is_password", lambda *_: bool(looked_at.append(1)))
    ended: list[type[BaseException]] = []

    def guess() -> None:
        try:
            enter(store, "lin", OTHER)
        except SignInError as err:
            ended.append(type(err))

    run_together([guess] * 20)
    assert len(looked_at) == 5
    assert sorted(one.__name__ for one in ended) == ["SignInError"] * 5 + ["TooManyAttemptsError"] * 15


def test_a_session_does_not_help_to_guess_its_owners_password(store: Store, lin: str) -> None:
    person = enter(store).person
    confirm_password(store, person, PASSWORD, address="192.0.2.1", now=NOW)
    for _ in range(5):
        with pytest.raises(SignInError, match="present password"):
            confirm_password(store, person, OTHER, address="192.0.2.1", now=NOW + HOUR)
    with pytest.raises(TooManyAttemptsError):
        confirm_password(store, person, PASSWORD, address="192.0.2.1", now=NOW + HOUR)


def test_an_old_hash_is_made_again_at_the_next_sign_in(store: Store, lin: str) -> None:
    def stored() -> str:
        with store.read() as connection:
            return stored_password(connection, load_person(connection, "lin").id) or ""

    assert is_outdated(before := stored())
    enter(store)
    assert not is_outdated(after := stored())
    assert before != after
    enter(store)
    assert stored() == after


def test_a_link_lets_in_once_with_the_password_that_was_chosen(store: Store, lin: str) -> None:
    hire(store, "thi-my")
    link = make_link(store, "thi-my")
    with pytest.raises(ResoundError, match="tried first"):
        accept_invitation(store, link, "thi-my thi-my", now=NOW)
    made = accept_invitation(store, link, OTHER, now=NOW + 6 * DAY)
    assert made.person.login == "thi-my"
    for again in (link, "nonsense"):
        with pytest.raises(SignInError, match="used or has ended"):
            accept_invitation(store, again, PASSWORD, now=NOW)
    enter(store, "thi-my", OTHER)


def test_a_link_ends_after_seven_days_when_a_newer_one_is_made_and_when_its_owner_is_shut_out(
    store: Store, lin: str
) -> None:
    hire(store, "thi-my")
    older = make_link(store, "thi-my")
    newer = make_link(store, "thi-my")
    for link, when in ((older, NOW), (newer, NOW + 7 * DAY)):
        with pytest.raises(SignInError):
            accept_invitation(store, link, OTHER, now=when)
    with store.write() as connection:
        shut_out(connection, "thi-my", who="lin", now=NOW)
    with pytest.raises(SignInError):
        accept_invitation(store, newer, OTHER, now=NOW)
    with store.write() as connection, pytest.raises(ConflictError, match="shut out"):
        invite(connection, "thi-my", who="lin", now=NOW)


def test_of_many_who_use_a_link_at_once_one_is_let_in(store: Store, lin: str) -> None:
    hire(store, "thi-my")
    link = make_link(store, "thi-my")
    won: list[SignedIn] = []

    def use() -> None:
        with suppress(SignInError):
            won.append(accept_invitation(store, link, OTHER, now=NOW))

    run_together([use] * 6)
    assert len(won) == 1


def test_the_first_link_makes_the_first_administrator_and_nobody_after(store: Store) -> None:
    with store.write() as connection:
        old = invite_first(connection, now=NOW)
        link = invite_first(connection, now=NOW)
    assert old is not None
    assert link is not None
    chosen = {"login": "Lin", "name": "林志清", "password": PASSWORD, "now": NOW}
    with pytest.raises(SignInError):
        set_up(store, old.token, **chosen)  # type: ignore[arg-type]
    with pytest.raises(ResoundError, match="12 characters"):
        set_up(store, link.token, **{**chosen, "password": "short"})  # type: ignore[arg-type]
    won: list[SignedIn] = []

    def use(login: str) -> None:
        with suppress(SignInError):
            won.append(set_up(store, link.token, **{**chosen, "login": login}))  # type: ignore[arg-type]

    run_together([lambda login=login: use(login) for login in ("one", "two", "three")])  # type: ignore[misc]
    assert len(won) == 1
    with store.write() as connection:
        (only,) = list_accounts(connection, now=NOW)
        assert (only.person.role, only.has_password) == ("admin", True)
        assert invite_first(connection, now=NOW) is None
    assert recognise(store, won[0].token, now=NOW) is not None


def test_the_first_link_is_worth_nothing_once_somebody_has_an_account(store: Store) -> None:
    with store.write() as connection:
        link = invite_first(connection, now=NOW)
    assert link is not None
    hire(store, "lin", "admin")
    with pytest.raises(SignInError):
        set_up(store, link.token, login="me", name="Me", password=PASSWORD, now=NOW)
    with store.read() as connection:
        assert find_person(connection, "me") is None


def test_a_key_is_its_owner_with_less_and_can_be_revoked(store: Store, lin: str) -> None:
    with store.write() as connection:
        key = add_key(
            connection, load_person(connection, "lin"), name="dashboard", scopes=["read"], who="lin", now=NOW
        )
    assert key.startswith("rs_")
    person = recognise_key(store, key, now=NOW)
    assert person is not None
    assert (person.login, person.role) == ("lin", "reader")
    for wrong in ("", "rs_", key[:-1], key.removeprefix("rs_")):
        assert recognise_key(store, wrong, now=NOW) is None
    with store.write() as connection:
        (listed,) = list_keys(connection, login="lin")
        assert (listed.name, listed.used_at) == ("dashboard", NOW)
        take_key(connection, listed.id, who="lin", now=NOW)
    assert recognise_key(store, key, now=NOW) is None
    with store.write() as connection, pytest.raises(ConflictError, match="revoked already"):
        take_key(connection, listed.id, who="lin", now=NOW)


def test_the_store_holds_no_secret_in_plain(store: Store, lin: str) -> None:
    """Nor can anything that it holds be used in a secret's place."""
    session_ = enter(store)
    with store.write() as connection:
        key = add_key(connection, session_.person, name="k", scopes=["edit"], who="lin", now=NOW)
    link = make_link(store, "lin")
    typed_into_the_wrong_field = "Swapped fields, plainly!"
    with pytest.raises(SignInError):
        enter(store, typed_into_the_wrong_field, "lin")
    found = recognise(store, session_.token, now=NOW)
    assert found is not None
    secret = derive(session_.token, found.csrf)
    form = form_token(secret)
    held = whole_store(store)
    for one in (PASSWORD, secret, session_.token, key, key.removeprefix("rs_"), link, form):
        assert one not in held
    assert typed_into_the_wrong_field.lower() not in held.lower()
    assert is_form_token(form, secret)
    assert form != form_token(secret)
    for wrong in (
        "",
        ".",
        found.csrf,
        form[:-1],
        f"é.{form}",
        form_token(derive(enter(store).token, found.csrf)),
    ):
        assert not is_form_token(wrong, secret)
    for stored in (found.id, *(row for row in held.split('"') if len(row) == 64)):
        assert recognise(store, stored, now=NOW) is None
        assert recognise_key(store, f"rs_{stored}", now=NOW) is None
        with pytest.raises(SignInError):
            accept_invitation(store, stored, OTHER, now=NOW)


def make_link(store: Store, login: str, now: datetime = NOW) -> str:
    with store.write() as connection:
        return invite(connection, login, who="lin", now=now).token


def run_together(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
