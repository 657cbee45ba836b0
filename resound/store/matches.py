"""Which articles match which campaigns. A match that is no more is kept and marked: an accepted item stays accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select, true

from resound.store.database import in_parts, upsert
from resound.store.tables import match


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """`detail` holds because, named, spans, messages and people as `resound.processing.matching.match_to_json` wrote them."""

    article: str
    campaign: str
    matched: bool
    fingerprint: str
    version: str
    prominence: str | None
    detail: Mapping[str, Any]
    at: datetime


def record_matches(
    connection: Connection,
    article: str,
    version: str,
    *,
    tried: Mapping[str, str],
    found: Mapping[str, tuple[str, Mapping[str, Any]]],
    now: datetime,
) -> bool:
    """Store what the matchers said of one article. Returns whether anything is different from before.

    Args:
        tried: campaign → fingerprint of its matcher, for every campaign that was asked.
        found: campaign → (prominence, detail), for those that matched.
    """
    before = {one.campaign: one for one in list_matches(connection, articles=[article])}
    rows: list[dict[str, Any]] = []
    for campaign, fingerprint in tried.items():
        known = before.get(campaign)
        if campaign in found:
            prominence, detail = found[campaign]
            row: dict[str, Any] = {"matched": True, "prominence": prominence, "detail": dict(detail)}
        elif known is not None:
            row = {"matched": False, "prominence": None, "detail": dict(known.detail)}
        else:
            continue
        key = {"article": article, "campaign": campaign}
        rows.append({**key, **row, "fingerprint": fingerprint, "version": version, "at": now})
    is_changed = any(
        (known := before.get(row["campaign"])) is None
        or (known.matched, known.prominence, known.version, dict(known.detail))
        != (row["matched"], row["prominence"], row["version"], row["detail"])
        for row in rows
    )
    upsert(connection, match, rows)
    return is_changed


def list_matches(
    connection: Connection,
    *,
    articles: Iterable[str] | None = None,
    campaign: str | None = None,
    with_detail: bool = True,
) -> list[StoredMatch]:
    """Matches (and former matches) of some articles or of one campaign, by article.

    `with_detail=False` leaves the detail empty, which is most of what there is to read.
    """
    names = [name for name in StoredMatch.__slots__ if with_detail or name != "detail"]
    statement = select(*(match.c[name] for name in names)).order_by(match.c.article, match.c.campaign)
    if campaign is not None:
        statement = statement.where(match.c.campaign == campaign)
    statements = (
        [statement]
        if articles is None
        else [statement.where(match.c.article.in_(part)) for part in in_parts(articles)]
    )
    rows = (row for one in statements for row in connection.execute(one))
    return [StoredMatch(**{"detail": {}, **dict(zip(names, row, strict=True))}) for row in rows]


def list_carried(
    connection: Connection, campaign: str, what: Literal["messages", "people"]
) -> list[tuple[str, str]]:
    """(article, id of a key message or person that stands in it), of the articles that match.

    The database takes the ids out of the detail: to read the passages beside them takes ten times as long.
    """
    if connection.dialect.name == "postgresql":
        each = func.json_array_elements(match.c.detail[what]).table_valued("value", name="one")
        found = func.json_extract_path_text(each.c.value, "id")
    else:
        each = func.json_each(match.c.detail, f"$.{what}").table_valued("value", name="one")
        found = func.json_extract(each.c.value, "$.id")
    statement = select(match.c.article, found).select_from(match.join(each, true()))
    statement = statement.where(match.c.campaign == campaign, match.c.matched)
    return [(row[0], row[1]) for row in connection.execute(statement)]
