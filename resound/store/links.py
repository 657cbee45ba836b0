"""Links between articles in different languages: joined ones, and proposals for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, or_, select

from resound.store.database import in_parts, upsert
from resound.store.enrichments import MadeBy
from resound.store.tables import link


@dataclass(frozen=True, slots=True)
class StoredLink:
    """Two articles, `a` < `b`; how it is known that they tell one text (`is_joined`), or why a person should look."""

    a: str
    b: str
    method: str
    score: float
    evidence: Mapping[str, Any]
    is_joined: bool
    made_by: MadeBy


def set_links(connection: Connection, article: str, links: Sequence[StoredLink]) -> None:
    """Make these the links of one article; those it had before are gone."""
    connection.execute(delete(link).where(or_(link.c.a == article, link.c.b == article)))
    upsert(
        connection,
        link,
        [
            {
                "a": one.a,
                "b": one.b,
                "method": one.method,
                "score": one.score,
                "evidence": dict(one.evidence),
                "is_joined": one.is_joined,
                **{name: getattr(one.made_by, name) for name in MadeBy.__slots__},
            }
            for one in links
        ],
    )


def list_links(
    connection: Connection, articles: Iterable[str] | None = None, *, is_joined: bool | None = None
) -> list[StoredLink]:
    """Links of some articles or all, in the order of their ends."""
    statement = select(link)
    if is_joined is not None:
        statement = statement.where(link.c.is_joined == is_joined)
    statements = (
        [statement]
        if articles is None
        else [statement.where(or_(link.c.a.in_(part), link.c.b.in_(part))) for part in in_parts(articles)]
    )
    found = {(row.a, row.b): row for one in statements for row in connection.execute(one)}
    return [_stored(dict(found[ends]._mapping)) for ends in sorted(found)]


def _stored(row: dict[str, Any]) -> StoredLink:
    by = MadeBy(**{name: row.pop(name) for name in MadeBy.__slots__})
    return StoredLink(**row, made_by=by)
