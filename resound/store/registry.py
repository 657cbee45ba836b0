"""Every version of every source and campaign. YAML is how they come in and go out; the newest version holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Pool, func, select

from resound.campaign import Campaign
from resound.errors import NotFoundError
from resound.source import Source
from resound.store.tables import definition
from resound.texts import N_
from resound.told import Told

Model = TypeVar("Model", Source, Campaign)
Kind = Literal["source", "campaign"]
_KEPT: WeakKeyDictionary[Pool, dict[Kind, tuple[int | None, Mapping[str, Any]]]] = WeakKeyDictionary()
"""An open store, by its connections → what was read and checked last of each kind, and the newest definition of all then."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One version. `came_from` is the file it was read from, or `edited` (`resound.definitions.written.EDITED`)."""

    kind: Kind
    key: str
    version: int
    body: Mapping[str, Any]
    sha256: str
    came_from: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying did. `conflict`: the store's newest version is not the one that this file was made from; nothing changed."""

    kind: Kind
    key: str
    result: Literal["new", "changed", "unchanged", "conflict"]
    version: int
    current: Definition | None


def apply_definition(
    connection: Connection,
    kind: Kind,
    key: str,
    *,
    body: Mapping[str, Any],
    sha256: str,
    came_from: str,
    who: str,
    now: datetime,
    base: int | None = None,
    replace: bool = False,
) -> Applied:
    """Store a definition as the newest version, unless it is that already or is older than what it would replace.

    A file's base is the version named in it (`resound export` writes it), else the last version that came from this
    very file. Where the newest version is another one, somebody edited it elsewhere: a conflict, unless `replace`.
    """
    newest = current_definition(connection, kind, key)
    if newest is None:
        _insert(connection, kind, key, 1, body, sha256, came_from, who, now)
        return Applied(kind, key, "new", 1, None)
    if newest.sha256 == sha256:
        return Applied(kind, key, "unchanged", newest.version, newest)
    if base is None:
        base = connection.execute(
            select(func.max(definition.c.version)).where(
                definition.c.kind == kind, definition.c.key == key, definition.c.came_from == came_from
            )
        ).scalar()
    if base != newest.version and not replace:
        return Applied(kind, key, "conflict", newest.version, newest)
    _insert(connection, kind, key, newest.version + 1, body, sha256, came_from, who, now)
    return Applied(kind, key, "changed", newest.version + 1, newest)


def current_definition(connection: Connection, kind: Kind, key: str) -> Definition | None:
    """The newest version of one definition."""
    statement = (
        select(definition)
        .where(definition.c.kind == kind, definition.c.key == key)
        .order_by(definition.c.version.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    return None if row is None else _definition(row)


def current_definitions(connection: Connection, kind: Kind) -> list[Definition]:
    """The newest version of every definition of a kind, by key."""
    newest = (
        select(definition.c.key, func.max(definition.c.version).label("version"))
        .where(definition.c.kind == kind)
        .group_by(definition.c.key)
        .subquery()
    )
    statement = (
        select(definition)
        .join(newest, (definition.c.key == newest.c.key) & (definition.c.version == newest.c.version))
        .where(definition.c.kind == kind)
        .order_by(definition.c.key)
    )
    return [_definition(row) for row in connection.execute(statement)]


def newest_definition(connection: Connection, kind: Kind) -> int:
    """A number that grows with every version of any definition of a kind; 0 where there is none."""
    statement = select(func.max(definition.c.id)).where(definition.c.kind == kind)
    return int(connection.execute(statement).scalar() or 0)


def list_versions(connection: Connection, kind: Kind, key: str) -> list[Definition]:
    """Every version of one definition, oldest first."""
    statement = (
        select(definition)
        .where(definition.c.kind == kind, definition.c.key == key)
        .order_by(definition.c.version)
    )
    return [_definition(row) for row in connection.execute(statement)]


def load_sources(connection: Connection) -> dict[str, Source]:
    """Every source by id, as its newest version says."""
    return _load_kept(connection, "source", Source)


def load_campaigns(connection: Connection) -> dict[str, Campaign]:
    """Every campaign by id, as its newest version says."""
    return _load_kept(connection, "campaign", Campaign)


def _load_kept(connection: Connection, kind: Kind, model: type[Model]) -> dict[str, Model]:
    """Read and checked once for each open store, until there is a newer definition: rows are never changed.

    A page asks for all sources several times, and checking hundreds takes longer than everything else that it does.
    In a transaction that may write nothing is kept: what is rolled back could come again under the same number.
    """
    if not connection.get_execution_options().get("resound_read_only", False):
        return _load(connection, kind, model)
    newest = connection.execute(select(func.max(definition.c.id))).scalar()
    kept = _KEPT.setdefault(connection.engine.pool, {})
    made_of, known = kept.get(kind, (None, {}))
    if made_of != newest:
        known = _load(connection, kind, model)
        kept[kind] = newest, known
    return dict(known)


def _load(connection: Connection, kind: Kind, model: type[Model]) -> dict[str, Model]:
    return {one.key: model.model_validate(one.body) for one in current_definitions(connection, kind)}


def load_campaign(connection: Connection, key: str) -> Campaign:
    """One campaign.

    Raises:
        NotFoundError: there is none of this id; the sentence names those there are.
    """
    found = current_definition(connection, "campaign", key)
    if found is None:
        known = ", ".join(one.key for one in current_definitions(connection, "campaign"))
        raise NotFoundError(
            Told(N_("There is no campaign %(id)s."), id=repr(key)),
            hint=f"Known: {known}." if known else "Apply one first: resound apply campaigns/NAME.yml",
        )
    return Campaign.model_validate(found.body)


def _insert(
    connection: Connection,
    kind: Kind,
    key: str,
    version: int,
    body: Mapping[str, Any],
    sha256: str,
    came_from: str,
    who: str,
    now: datetime,
) -> None:
    connection.execute(
        definition.insert().values(
            kind=kind,
            key=key,
            version=version,
            body=dict(body),
            sha256=sha256,
            came_from=came_from,
            who=who,
            at=now,
        )
    )


def _definition(row: Any) -> Definition:
    return Definition(row.kind, row.key, row.version, row.body, row.sha256, row.came_from, row.who, row.at)
