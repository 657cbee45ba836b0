"""A person's decisions: checked, written down, and what follows from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import get_args

from sqlalchemy import Connection

from resound.article import Origin
from resound.errors import NotFoundError, ResoundError
from resound.grouping import regroup
from resound.store.articles import find_article, record_change
from resound.store.decisions import Decision, DecisionKind, add_decision, find_decision, undo_decision
from resound.store.grouping import load_groupings
from resound.store.registry import load_campaign, load_sources

ORIGINS: tuple[str, ...] = get_args(Origin)


def decide(
    connection: Connection,
    item: str,
    kind: DecisionKind,
    *,
    value: str | None = None,
    campaign: str | None = None,
    why: str,
    who: str,
    now: datetime,
) -> Decision:
    """Write down a decision about the item that a URL or id names, and regroup what it touches.

    Args:
        value: the origin, the outlet's source id, the day (YYYY-MM-DD in the outlet's calendar) or, for merge, the
            URL or id of the other item. Accept and reject take none. A split may name the item from whose story it
            parts this one (and says so of two that the machine proposes); without one it leaves whatever story it is in.
        campaign: needed for accept and reject.

    Raises:
        NotFoundError: no such item, campaign or outlet.
        ResoundError: the value does not fit the kind of decision.
    """
    key = item_key(connection, item)
    checked = _check_value(connection, kind, value)
    if kind in ("accept", "reject"):
        if campaign is None:
            raise ResoundError(f"{kind} needs the campaign that it is about: --campaign ID.")
        load_campaign(connection, campaign)
    else:
        campaign = None
    if kind in ("merge", "split") and checked == key:
        raise ResoundError(f"An item cannot be {'merged with' if kind == 'merge' else 'parted from'} itself.")
    made = add_decision(
        connection, kind, article=key, campaign=campaign, value=checked, why=why, who=who, now=now
    )
    _follow(connection, made)
    return made


def take_back(connection: Connection, number: int, *, why: str, who: str, now: datetime) -> Decision:
    """Undo a decision by another one, and regroup what it had touched."""
    made = undo_decision(connection, number, why=why, who=who, now=now)
    _follow(connection, find_decision(connection, number))
    return made


def item_key(connection: Connection, item: str) -> str:
    """The article that stands for the item that a URL (any address of it) or id names.

    Raises:
        NotFoundError: nothing of this address is stored.
    """
    found = find_article(connection, item)
    if found is None:
        raise NotFoundError(
            f"No article is stored for {item!r}. `resound explain URL` tells what is known of it."
        )
    grouping = load_groupings(connection, [found]).get(found)
    return grouping.item if grouping is not None else found


def _check_value(connection: Connection, kind: DecisionKind, value: str | None) -> str | None:
    if kind == "split" and value is None:
        return None
    if kind in ("accept", "reject"):
        if value is not None:
            raise ResoundError(f"{kind} takes no value; {value!r} is too much.")
        return None
    if value is None:
        wanted = {"origin": "an origin", "outlet": "a source id", "date": "a day", "merge": "the other item"}
        raise ResoundError(f"{kind} needs {wanted.get(kind, 'a value')}.")
    if kind == "origin" and value not in ORIGINS:
        raise ResoundError(f"{value!r} is no origin. One of: {', '.join(ORIGINS)}.")
    if kind == "outlet" and value not in load_sources(connection):
        raise NotFoundError(
            f"There is no source {value!r}. Describe the outlet in a YAML file and `resound apply` it first; "
            "its stored articles then find it by themselves."
        )
    if kind == "date":
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as err:
            raise ResoundError(f"{value!r} is no day of the form 2014-10-02.") from err
    return item_key(connection, value) if kind in ("merge", "split") else value


def _follow(connection: Connection, made: Decision) -> None:
    touched = [
        key
        for key in (made.article, made.value if made.kind in ("merge", "split") else None)
        if key is not None
    ]
    if made.kind in ("outlet", "date", "merge", "split"):
        regroup(connection, touched, sources=load_sources(connection))
    record_change(connection, touched)
