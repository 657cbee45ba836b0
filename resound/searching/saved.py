"""Searches that a person keeps under a name: to come back to, and for reports and digests to name."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy import Connection

from resound.errors import ConflictError, NotFoundError, ResoundError
from resound.query.edit import read
from resound.searching.page import Asked
from resound.store.saved_searches import (
    SavedSearch,
    change_search,
    delete_search,
    find_search,
    insert_search,
    list_searches,
)
from resound.texts import N_
from resound.told import Told

MAX_NAME = 200
MAX_SEARCHES = 500
NAME_NEEDED = N_("A search that is kept needs a name: one line of at most 200 characters.")
NAME_TAKEN = N_("You keep another search under this name. Choose another name, or replace it.")
TOO_MANY = N_("You keep 500 searches already. Delete some that are no longer needed.")
NOT_THERE = N_("This saved search is not there any more.")


def save_search(
    connection: Connection, person: int, name: str, asked: Asked, *, now: datetime, replace: bool = False
) -> SavedSearch:
    """Keep a search under a name; `replace` lets it take the place of the one that has the name.

    Raises:
        QuerySyntaxError: nobody could come back to it.
        ConflictError: the name is taken.
        ResoundError: the name cannot be one, or there are too many.
    """
    name = _checked(name)
    read(asked.text)
    options = {"order": asked.order, "collapse": asked.collapse, "expand": asked.expand}
    known = list_searches(connection, person)
    taken = next((one for one in known if one.name == name), None)
    if taken is None:
        if len(known) >= MAX_SEARCHES:
            raise ResoundError(Told(TOO_MANY))
        key = insert_search(connection, person, name=name, query=asked.text, options=options, now=now)
        return _there(connection, person, key)
    if not replace:
        raise ConflictError(Told(NAME_TAKEN))
    change_search(connection, taken.id, query=asked.text, options=options, at=now)
    return _there(connection, person, taken.id)


def rename_search(connection: Connection, person: int, key: int, name: str) -> SavedSearch:
    """Raises NotFoundError, ConflictError where the name is taken, ResoundError where it cannot be one."""
    name = _checked(name)
    _there(connection, person, key)
    if any(one.name == name and one.id != key for one in list_searches(connection, person)):
        raise ConflictError(Told(NAME_TAKEN))
    change_search(connection, key, name=name)
    return _there(connection, person, key)


def forget_search(connection: Connection, person: int, key: int) -> None:
    """Raises NotFoundError."""
    if not delete_search(connection, person, key):
        raise NotFoundError(Told(NOT_THERE))


def asked_of(saved: SavedSearch) -> Asked:
    """The search as it was asked. What a later version wrote into the options and this one does not know is left out."""
    return Asked(
        text=saved.query,
        order="relevance" if saved.options.get("order") == "relevance" else "newest",
        collapse=saved.options.get("collapse") is True,
        expand=saved.options.get("expand") is not False,
    )


def _checked(name: str) -> str:
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise ResoundError(Told(NAME_NEEDED))
    return name


def _there(connection: Connection, person: int, key: int) -> SavedSearch:
    found = find_search(connection, person, key)
    if found is None:
        raise NotFoundError(Told(NOT_THERE))
    return found
