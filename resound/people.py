"""Who may do what. Roles grow: a reader looks, a coder decides about items, an editor changes what is watched, an
administrator looks after people and the system. A role holds for every campaign, or for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from resound.settings import UiLanguage

Role = Literal["none", "reader", "coder", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `login` stands beside the decisions; `campaigns` gives more than `role` for single ones."""

    id: int
    login: str
    name: str
    role: Role
    campaigns: Mapping[str, Role] = field(default_factory=dict)
    language: UiLanguage | None = None


def may(person: Person, role: Role, campaign: str | None = None) -> bool:
    """Whether a person has at least this role: everywhere, or for the campaign that is named."""
    own = (
        person.role
        if campaign is None
        else max(person.role, person.campaigns.get(campaign, "none"), key=ROLES.index)
    )
    return ROLES.index(own) >= ROLES.index(role)
