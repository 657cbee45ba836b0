"""People with accounts, for tests of everything that asks who somebody is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher

import resound.people.passwords
from resound.people.accounts import add_person, give_role
from resound.people.roles import Person, Role
from resound.store import Store
from resound.store.people import load_person, set_person

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
PASSWORD = "three green buckets sing"
_QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
_HASH = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
"""Of other parameters than today's, whichever those are."""


def hash_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real hashes of weak parameters, for tests of something else than the time that a hash takes."""
    decoy = _QUICK.hash("nobody has this password")
    monkeypatch.setattr(resound.people.passwords, "_hasher", lambda: _QUICK)
    monkeypatch.setattr(resound.people.passwords, "_decoy", lambda: decoy)


def hire(
    store: Store, login: str, role: Role = "reader", *, now: datetime = NOW, **campaigns: Role
) -> Person:
    """Somebody with the password `PASSWORD`, and roles for campaigns (`_` in their names stands for `-`)."""
    with store.write() as connection:
        add_person(connection, login=login, name=login.title(), role=role, who="test", now=now)
        set_person(connection, load_person(connection, login).id, password=_HASH)
        for campaign, given in campaigns.items():
            give_role(connection, login, given, campaign=campaign.replace("_", "-"), who="test", now=now)
        return load_person(connection, login)
