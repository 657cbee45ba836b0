"""Who may do what. Roles grow: a reader looks, a coder decides about items, an editor changes what is watched, an
administrator looks after people and the system. A role holds for every campaign, or for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from resound.errors import ResoundError
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.texts import N_
from resound.told import Told

Role = Literal["none", "reader", "coder", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
CAMPAIGN_ROLES: tuple[Role, ...] = ("reader", "coder", "editor")
"""What somebody can be for one campaign. Looking after people and the system is never about one campaign."""

Scope = Literal["read", "code", "edit"]
SCOPES: Mapping[Scope, Role] = {"read": "reader", "code": "coder", "edit": "editor"}
"""What an API key may be good for, and the role that it is then worth at most. None is worth an administrator."""

MAX_LOGIN = 80
MAX_NAME = 200
BAD_LOGIN = N_(
    "A login has Latin letters, digits and . _ - + @ only, begins and ends with a letter or digit, and has at most 80 "
    "characters. An e-mail address will do."
)
BAD_NAME = N_("A name is needed: one line of at most 200 characters.")
NO_SCOPE = N_(
    "Choose what the key is good for: reading, deciding about items, changing campaigns and sources."
)
# "lin", "thi-my.nguyen", "lin@cpc.example"
_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._+@-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `login` stands beside the decisions; `campaigns` gives more than `role` for single ones."""

    id: int
    login: str
    name: str
    role: Role
    campaigns: Mapping[str, Role] = field(default_factory=dict)
    language: UiLanguage | None = None
    is_active: bool = True


def sole_person(name: str) -> Person:
    """The one person of single-user mode: whoever sits at this machine, with every right. Has no row in the store."""
    return Person(0, name, name, "admin")


def may(person: Person | None, role: Role, campaign: str | None = None) -> bool:
    """Whether a person has at least this role: everywhere, or for the campaign that is named. Nobody may nothing."""
    if person is None or not person.is_active:
        return False
    own = person.role
    if campaign is not None:
        own = highest((own, person.campaigns.get(campaign, "none")))
    return ROLES.index(own) >= ROLES.index(role)


def may_somewhere(person: Person | None, role: Role) -> bool:
    """Whether a person has at least this role for all campaigns or for any one."""
    return person is not None and any(may(person, role, one) for one in (None, *person.campaigns))


def highest(roles: Collection[Role]) -> Role:
    """The role that includes all the others; `none` of none."""
    return max(roles, key=ROLES.index, default="none")


def limit_role(person: Person, most: Role) -> Person:
    """The same person with no more than a role, anywhere: what they are through an API key."""
    return replace(
        person,
        role=_lowest(person.role, most),
        campaigns={campaign: _lowest(role, most) for campaign, role in person.campaigns.items()},
    )


def _lowest(one: Role, other: Role) -> Role:
    return min(one, other, key=ROLES.index)


def limit_scopes(person: Person, scopes: Collection[Scope]) -> Person:
    """What a person is through a key of these scopes: the highest counts, and never more than they are themselves."""
    return limit_role(person, highest([SCOPES[one] for one in scopes]))


def read_login(text: str) -> str:
    """A login in the form in which it is kept: small letters.

    Raises:
        ResoundError: it cannot be one.
    """
    login = unicodedata.normalize("NFKC", text).strip().lower()
    if not _LOGIN.fullmatch(login) or len(login) > MAX_LOGIN:
        raise ResoundError(BAD_LOGIN)
    return login


def read_name(text: str) -> str:
    """A person's name on one line.

    Raises:
        ResoundError: it is empty, too long, or holds what no name holds.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= MAX_NAME or any(unicodedata.category(char) in _INVISIBLE for char in name):
        raise ResoundError(BAD_NAME)
    return name


_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def read_role(text: str) -> Role:
    """A role for all campaigns by its name. Raises ResoundError for any other word."""
    for role in ROLES:
        if role == text:
            return role
    raise ResoundError(
        Told(N_("%(role)s is no role. One of: %(roles)s."), role=repr(text), roles=", ".join(ROLES))
    )


def read_campaign_role(text: str) -> Role:
    """A role for one campaign by its name, `none` to take it away. Raises ResoundError for any other word."""
    for role in ("none", *CAMPAIGN_ROLES):
        if role == text:
            return role
    raise ResoundError(
        Told(
            N_("%(role)s is no role for one campaign. One of: none, %(roles)s."),
            role=repr(text),
            roles=", ".join(CAMPAIGN_ROLES),
        )
    )


def read_scopes(texts: Collection[str]) -> tuple[Scope, ...]:
    """Scopes by their names, each once, the smallest first. Raises ResoundError for none, or for any other word."""
    odd = set(texts) - set(SCOPES)
    if odd or not texts:
        raise ResoundError(NO_SCOPE)
    return tuple(scope for scope in SCOPES if scope in texts)


def read_language(text: str) -> UiLanguage | None:
    """An interface language by its tag; empty: none chosen. Raises ResoundError for one that there is not."""
    if not text:
        return None
    for language in UI_LANGUAGES:
        if language == text:
            return language
    raise ResoundError(
        Told(
            N_("The pages come in %(languages)s, not in %(other)s."),
            languages=", ".join(UI_LANGUAGES),
            other=repr(text),
        )
    )
