"""Changing a definition in a page: saved on top of the version it was made from, or not at all; old versions come back as new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection

from resound.campaign import Campaign
from resound.definitions.applying import apply_definitions
from resound.definitions.changes import Change, DiffLine, describe_changes, diff_definitions
from resound.definitions.errors import definition_error, describe_invalid
from resound.definitions.written import EDITED, Loaded, host_claims
from resound.errors import ConflictError, NotFoundError
from resound.source import Source
from resound.store import Store
from resound.store.registry import Applied, Definition, Kind, list_versions, load_sources
from resound.texts import N_
from resound.told import Told

MODELS: dict[Kind, type[Source] | type[Campaign]] = {"source": Source, "campaign": Campaign}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved `theirs` meanwhile. What both changed since `base`; `between`: from theirs to ours, line by line.

    `base` is None where the definition was thought to be new.
    """

    base: Definition | None
    theirs: Definition
    their_changes: tuple[Change, ...]
    our_changes: tuple[Change, ...]
    between: tuple[DiffLine, ...]


def save_definition(
    store: Store,
    model: Campaign | Source,
    *,
    base: int | None,
    who: str,
    now: datetime,
    came_from: str = EDITED,
) -> Applied:
    """Save an edited definition as the newest version, where `base` still is the newest; else a conflict, nothing saved.

    `base` is None for a new one: one of this id that is there already is a conflict.

    Raises:
        ConflictError: a source claims a host that is another's.
    """
    if isinstance(model, Source):
        with store.read() as connection:
            _refuse_anothers_hosts(connection, model)
    return apply_definitions(store, [Loaded(model, came_from, base or 0)], who=who, now=now)[0]


def bring_back(
    store: Store, kind: Kind, key: str, version: int, *, base: int, who: str, now: datetime
) -> Applied:
    """Save an old version as the newest one.

    Raises:
        NotFoundError: there is no such version.
        DefinitionError: what was right then is not by today's rules.
    """
    with store.read() as connection:
        model = read_version(find_version(connection, kind, key, version))
    return save_definition(store, model, base=base, who=who, now=now, came_from=f"version {version}")


def find_version(connection: Connection, kind: Kind, key: str, version: int | None = None) -> Definition:
    """One version of a definition, the newest where none is named.

    Raises:
        NotFoundError: there is none.
    """
    found = list_versions(connection, kind, key)
    wanted = [one for one in found if version is None or one.version == version]
    if not found:
        sentence = (
            N_("There is no campaign %(id)s.") if kind == "campaign" else N_("There is no source %(id)s.")
        )
        raise NotFoundError(Told(sentence, id=repr(key)))
    if not wanted:
        sentence = N_("%(id)s has no version %(number)s; its newest is %(newest)s.")
        raise NotFoundError(Told(sentence, id=key, number=version, newest=found[-1].version))
    return wanted[-1]


def read_version(one: Definition) -> Campaign | Source:
    """What a stored version says. Raises DefinitionError where it is not right by today's rules."""
    kind = MODELS[one.kind]
    try:
        return kind.model_validate(one.body)
    except ValidationError as err:
        where = f"version {one.version} of {one.key}"
        raise definition_error(
            where, [describe_invalid(each, one.body, kind) for each in err.errors()]
        ) from err


def explain_conflict(
    connection: Connection, kind: Kind, ours: Campaign | Source, *, base: int | None
) -> Conflict:
    """Both sides of a conflict, held against the version that they were made from."""
    theirs = find_version(connection, kind, ours.id)
    before = find_version(connection, kind, ours.id, base) if base else None
    their_model = read_version(theirs)
    root = read_version(before) if before is not None else None
    return Conflict(
        base=before,
        theirs=theirs,
        their_changes=tuple(describe_changes(root, their_model)) if root is not None else (),
        our_changes=tuple(describe_changes(root if root is not None else their_model, ours)),
        between=tuple(diff_definitions(their_model, ours)),
    )


def keep_apart(models: Sequence[Campaign | Source], *, is_demo: bool) -> None:
    """Invented news and real news in one folder would be counted together.

    Raises:
        ConflictError: a real outlet is to go into the folder of the demo newsroom.
    """
    for one in models:
        if is_demo and isinstance(one, Source) and one.home and not one.home.rstrip("/").endswith(".example"):
            raise ConflictError(
                Told(
                    N_(
                        "This folder holds the demo newsroom, and %(id)s is a real outlet. "
                        "Keep them apart: resound --data my-data apply …"
                    ),
                    id=one.id,
                )
            )


def _refuse_anothers_hosts(connection: Connection, source: Source) -> None:
    claims = set(host_claims(source))
    for key, other in load_sources(connection).items():
        shared = claims.intersection(host_claims(other)) if key != source.id else ()
        if shared:
            host = min(shared)[0]
            raise ConflictError(
                Told(
                    N_("%(name)s (%(id)s) claims %(host)s already: an article belongs to one outlet."),
                    name=other.names.best(),
                    id=key,
                    host=host,
                )
            )
