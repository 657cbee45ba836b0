"""Articles' headlines in a language of the reader: machines' work, never shown without saying so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from resound.store.database import in_parts
from resound.store.enrichments import joined, said_by
from resound.store.tables import article, translation, version


class Title(NamedTuple):
    """A headline translated into the language `tag`, and whose machine work that is."""

    text: str
    tag: str
    made_by: str


def titles_in(connection: Connection, items: Iterable[str], language: str) -> dict[str, Title]:
    """item → its headline for a reader of this language: in Traditional Chinese where there is one and they read it, else in English.

    Items that have neither, and those that are in the reader's language, are left out.
    """
    wanted = list(items)
    columns = (article.c.id, translation.c.target, translation.c.title, translation.c.made_by)
    joint = article.join(version, version.c.id == article.c.current).join(
        translation, translation.c.version == version.c.id
    )
    is_foreign = version.c.language != language.partition("-")[0]
    found: dict[str, Title] = {}
    for target in ("en", "zh-Hant") if language == "zh-Hant" else ("en",):
        for part in in_parts(wanted):
            rows = connection.execute(
                select(*columns)
                .select_from(joint)
                .where(is_foreign, translation.c.target == target, article.c.id.in_(part))
            )
            for row in rows:
                by = row.made_by[-1]
                if text := joined(row.title, target):
                    found[row.id] = Title(text, target, said_by(by["label"], by["model"]))
    return found
