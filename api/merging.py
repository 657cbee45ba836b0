"""A coder's search for an item that tells the same original text: on the item's own page and in the review."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from api.desk import Desk
from resound.coding.review import merge_choices
from resound.errors import QuerySyntaxError, SearchUnavailableError
from resound.people.sight import Sight
from resound.searching.glossing import in_language
from resound.searching.search import Found
from resound.settings import UiLanguage
from resound.store.registry import load_campaigns, load_sources


@dataclass(frozen=True, slots=True)
class Merging:
    """A search for an item to join one with (None: nobody searched), what it found, and why it found nothing."""

    search: str | None
    choices: tuple[Found, ...] = ()
    trouble: str = ""


def search_to_merge(
    connection: Connection,
    desk: Desk,
    item: str,
    search: str | None,
    *,
    sight: Sight,
    language: UiLanguage,
) -> Merging:
    """Items that one may be joined with, as a reader of the language is told them."""
    if search is None:
        return Merging(None)
    try:
        campaigns = sight.of(load_campaigns(connection)).values()
        found = merge_choices(connection, desk.index, item, search, campaigns, sight)
        return Merging(search, in_language(connection, found, language, load_sources(connection)))
    except (QuerySyntaxError, SearchUnavailableError) as err:
        return Merging(search, trouble=str(err))
