"""What leaves the store as files: definitions as YAML, a campaign's items as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from resound.campaign import Campaign
from resound.coverage.figures import campaign_figures
from resound.definitions.written import dump_definition
from resound.source import Source
from resound.store.database import in_parts
from resound.store.registry import current_definitions
from resound.store.tables import capture, clip, page

COLUMNS = (
    "standing",
    "why",
    "day",
    "outlet",
    "title",
    "url",
    "language",
    "country",
    "group",
    "medium",
    "origin",
    "prominence",
    "story",
    "re-run",
    "also seen at",
    "item",
    "evidence",
    "as of",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would run what begins with these (OWASP, CSV injection)."""


def export_definitions(connection: Connection, folder: Path) -> list[Path]:
    """Write every source and campaign as YAML, each naming the version that it is, so that a later edit of it can be
    told from an older one (`resound apply`)."""
    written = []
    for one in current_definitions(connection, "source"):
        source = Source.model_validate(one.body)
        path = folder / "sources" / source.country.lower() / f"{source.id}.yml"
        written.append(_write(path, dump_definition(source, version=one.version)))
    for one in current_definitions(connection, "campaign"):
        campaign = Campaign.model_validate(one.body)
        path = folder / "campaigns" / f"{campaign.id}.yml"
        written.append(_write(path, dump_definition(campaign, version=one.version)))
    return written


def item_rows(connection: Connection, campaign: str, *, now: datetime) -> Iterator[tuple[str, ...]]:
    """A header, then every item of a campaign, counted or not and why, and its leads. Safe for spreadsheets."""
    yield COLUMNS
    figures = campaign_figures(connection, campaign, now=now)
    as_of = now.isoformat(timespec="seconds")
    evidence = _evidence_of(connection, figures.items)
    for facts, place in figures.items.values():
        row = (
            place.kind,
            place.why,
            "" if facts.day is None else facts.day.isoformat(),
            facts.outlet_name,
            facts.title,
            facts.url,
            facts.tag,
            facts.country,
            facts.group_name,
            facts.medium,
            facts.origin or "",
            facts.prominence or "",
            facts.story,
            "yes" if facts.re_run else "",
            " ".join(facts.seen_at),
            facts.item,
            evidence.get(facts.item, ""),
            as_of,
        )
        yield tuple(make_harmless(cell) for cell in row)
    for lead in figures.leads:
        day = "" if lead.day is None else lead.day.isoformat()
        known = ("lead", f"Known of, not readable ({lead.reason}).", day, lead.outlet, lead.title, lead.url)
        yield tuple(make_harmless(cell) for cell in (*known, *[""] * (len(COLUMNS) - len(known) - 1), as_of))


def make_harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: `=cmd|…` becomes `'=cmd|…`."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _evidence_of(connection: Connection, items: Iterable[str]) -> dict[str, str]:
    """item → the hash of its newest record, or of its clip: what `resound explain` shows in full. Without those of neither."""
    found: dict[str, str] = {}
    for part in in_parts(items):
        clips = select(clip.c.article, clip.c.sha256).where(clip.c.article.in_(part)).order_by(clip.c.at)
        found |= {row.article: f"clip sha256:{row.sha256}" for row in connection.execute(clips)}
        records = (
            select(page.c.article, capture)
            .join(capture, capture.c.page == page.c.id)
            .where(page.c.article.in_(part), capture.c.version.is_not(None))
            .order_by(capture.c.fetched_at, capture.c.id)
        )
        for row in connection.execute(records):  # the newest one comes last
            expired = f" (expired {row.expired_at:%Y-%m-%d})" if row.expired_at is not None else ""
            found[row.article] = f"{row.file} at {row.offset} sha256:{row.sha256}{expired}"
    return found


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
