"""Roles grow, a campaign's role adds and never takes away, and an API key is never worth more than its owner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.errors import ResoundError
from resound.people.roles import (
    CAMPAIGN_ROLES,
    ROLES,
    SCOPES,
    Person,
    Role,
    limit_scopes,
    may,
    may_somewhere,
    read_campaign_role,
    read_language,
    read_login,
    read_name,
    read_role,
    read_scopes,
    sole_person,
)

roles = st.sampled_from(ROLES)
campaigns = st.sampled_from(["a", "b", "c"])
people = st.builds(
    Person,
    id=st.integers(1, 9),
    login=st.just("lin"),
    name=st.just("Lin"),
    role=roles,
    campaigns=st.dictionaries(campaigns, st.sampled_from(CAMPAIGN_ROLES)),
    is_active=st.booleans(),
)
somewhere = st.none() | campaigns
scopes = st.lists(st.sampled_from(list(SCOPES)), min_size=1, unique=True)


@given(people, roles, roles, somewhere)
def test_a_role_includes_the_ones_before_it(
    person: Person, one: Role, other: Role, where: str | None
) -> None:
    smaller, larger = sorted((one, other), key=ROLES.index)
    assert may(person, smaller, where) or not may(person, larger, where)


@given(people, roles, campaigns)
def test_a_campaign_adds_and_never_takes_away(person: Person, role: Role, campaign: str) -> None:
    assert may(person, role, campaign) or not may(person, role)
    if campaign not in person.campaigns:
        assert may(person, role, campaign) == may(person, role)


@given(people, campaigns)
def test_nobody_administers_by_a_campaign(person: Person, campaign: str) -> None:
    assert may(person, "admin", campaign) == (person.role == "admin" and person.is_active)


@given(roles, somewhere)
def test_nobody_may_nothing(role: Role, where: str | None) -> None:
    assert not may(None, role, where)
    assert not may(Person(1, "lin", "Lin", "admin", is_active=False), role, where)
    assert may(sole_person("lin"), role, where)


@given(people, roles)
def test_somewhere_is_everywhere_or_in_one_campaign(person: Person, role: Role) -> None:
    assert may_somewhere(person, role) == any(may(person, role, where) for where in (None, "a", "b", "c"))


@given(people, scopes, roles, somewhere)
def test_a_key_is_worth_its_scope_and_at_most_its_owner(
    person: Person, wanted: list[str], role: Role, where: str | None
) -> None:
    through = limit_scopes(person, read_scopes(wanted))
    most = max((SCOPES[one] for one in read_scopes(wanted)), key=ROLES.index)
    expected = may(person, role, where) and ROLES.index(role) <= ROLES.index(most)
    assert may(through, role, where) == expected
    assert not may(through, "admin", where)
    assert (through.id, through.login) == (person.id, person.login)


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        (" Lin ", "lin"),
        ("Thi-My.Nguyen", "thi-my.nguyen"),
        ("LIN@CPC.example", "lin@cpc.example"),
        ("x", "x"),
    ],
)
def test_a_login_is_kept_in_small_letters(typed: str, login: str) -> None:
    assert read_login(typed) == login


@pytest.mark.parametrize(
    "typed", ["", "林", "a b", ".a", "a-", "a\nb", "a/b", "<b>", "x" * 81, "\u212a.\u202e"]
)
def test_what_no_login_can_be_is_refused(typed: str) -> None:
    with pytest.raises(ResoundError, match="Latin letters"):
        read_login(typed)


@given(st.text(max_size=300))
def test_whatever_is_typed_a_login_or_name_is_clean_or_refused(typed: str) -> None:
    try:
        login = read_login(typed)
        assert login == read_login(login) == login.lower()
        assert login.isascii()
    except ResoundError:
        pass
    try:
        name = read_name(typed)
        assert name == read_name(name)
        assert "\n" not in name
        assert 1 <= len(name) <= 200
    except ResoundError:
        pass


def test_names_are_of_any_script_and_hold_nothing_invisible() -> None:
    assert read_name("  Nguyễn  Thị\nThanh Mỹ ") == "Nguyễn Thị Thanh Mỹ"
    assert read_name("鄭祖壽") == "鄭祖壽"
    for bad in ("", "   ", "a\u202eb", "a\x07", "x" * 201):
        with pytest.raises(ResoundError, match="one line"):
            read_name(bad)


def test_words_that_are_none_of_ours_are_refused() -> None:
    assert read_role("coder") == "coder"
    assert read_campaign_role("none") == "none"
    assert read_scopes(["edit", "read", "read"]) == ("read", "edit")
    assert read_language("") is None
    assert read_language("vi") == "vi"
    for read, word in (
        (read_role, "root"),
        (read_campaign_role, "admin"),
        (read_language, "fr"),
        (lambda word: read_scopes([word]), "admin"),
        (lambda _: read_scopes([]), ""),
    ):
        with pytest.raises(ResoundError):
            read(word)
