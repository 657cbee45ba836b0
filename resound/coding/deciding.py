"""A person's decisions: checked, written down, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import get_args

from sqlalchemy import Connection

from resound.article import PROMINENCES, Basis, Origin, Tone
from resound.errors import NotFoundError, ResoundError
from resound.grouping.items import regroup
from resound.people.sight import EVERYTHING, Sight
from resound.store.articles import find_article, record_change
from resound.store.decisions import (
    Decision,
    DecisionKind,
    Overlay,
    add_decision,
    find_decision,
    undo_decision,
)
from resound.store.grouping import load_groupings, load_overlay
from resound.store.registry import load_campaign, load_sources
from resound.texts import N_
from resound.told import Told

ORIGINS: tuple[Origin, ...] = get_args(Origin)
TONES: tuple[Tone, ...] = get_args(Tone)
SECOND_CODED: tuple[DecisionKind, ...] = ("tone", "prominence")
CODED: tuple[DecisionKind, ...] = (*SECOND_CODED, "message", "no-message", "quote", "no-quote")
"""What a coder says after reading."""
PER_CAMPAIGN: tuple[DecisionKind, ...] = ("accept", "reject", *CODED)
_CHOICES: Mapping[str, Sequence[str]] = {
    "origin": ORIGINS,
    "tone": TONES,
    "prominence": tuple(PROMINENCES),
}
_WANTED: Mapping[str, str] = {
    "origin": "an origin",
    "outlet": "a source id",
    "date": "a day",
    "merge": "the other item",
    "tone": "positive, neutral or negative",
    "prominence": "headline, lead, body or caption",
    "message": "the id of a key message",
    "no-message": "the id of a key message",
    "quote": "the id of a spokesperson",
    "no-quote": "the id of a spokesperson",
}


def decide(
    connection: Connection,
    item: str,
    kind: DecisionKind,
    *,
    value: str | None = None,
    campaign: str | None = None,
    basis: Basis | None = None,
    is_second: bool = False,
    why: str,
    who: str,
    now: datetime,
    sight: Sight = EVERYTHING,
) -> Decision:
    """Write down a decision about the item that a URL or id names, and regroup what it touches.

    Args:
        value: the origin, the outlet's source id, the day (YYYY-MM-DD in the outlet's calendar), the tone, the
            prominence, the id of a key message or spokesperson of the campaign or, for merge, the URL or id of the
            other item. Accept and reject take none. A split may name the item from whose story it parts this one (and
            says so of two that the machine proposes); without one it leaves whatever story it is in.
        campaign: needed for accept, reject and coding.
        basis: what the coder read; needed for tone.
        is_second: a second coder's tone or prominence, by somebody else than the first; only the agreement reads it.
        sight: what whoever decides may see. Nobody decides about anything else: to accept is to bring it into sight.

    Raises:
        NotFoundError: no such item in sight, no such campaign or outlet.
        ResoundError: the value does not fit the kind of decision, or one person would code twice.
    """
    key = item_key(connection, item, sight)
    if kind not in PER_CAMPAIGN:
        campaign = None
    elif campaign is None:
        raise ResoundError(f"{kind} needs the campaign that it is about: --campaign ID.")
    checked = _check_value(connection, kind, value, campaign, sight)
    _check_basis(kind, basis)
    if kind in ("merge", "split") and checked == key:
        raise ResoundError(f"An item cannot be {'merged with' if kind == 'merge' else 'parted from'} itself.")
    if kind in SECOND_CODED or is_second:
        _check_round(load_overlay(connection, key), kind, campaign, who, is_second=is_second)
    made = add_decision(
        connection,
        kind,
        article=key,
        campaign=campaign,
        value=checked,
        basis=basis,
        is_second=is_second,
        why=why,
        who=who,
        now=now,
    )
    _follow(connection, made)
    return made


def take_back(connection: Connection, number: int, *, why: str, who: str, now: datetime) -> Decision:
    """Undo a decision by another one, and regroup what it had touched."""
    made = undo_decision(connection, number, why=why, who=who, now=now)
    _follow(connection, find_decision(connection, number))
    return made


def item_key(connection: Connection, item: str, sight: Sight = EVERYTHING) -> str:
    """The article that stands for the item that a URL (any address of it) or id names.

    Raises:
        NotFoundError: nothing of this address is stored, or nothing in sight.
    """
    found = find_article(connection, item)
    if found is None or found not in sight.seen(connection, [found]):
        raise NotFoundError(
            Told(N_("No article is stored for %(item)s."), item=repr(item)),
            hint="`resound explain URL` tells what is known of it.",
        )
    grouping = load_groupings(connection, [found]).get(found)
    return grouping.item if grouping is not None else found


def _check_value(
    connection: Connection, kind: DecisionKind, value: str | None, campaign: str | None, sight: Sight
) -> str | None:
    asked = load_campaign(connection, campaign) if campaign is not None else None
    if kind == "split" and value is None:
        return None
    if kind in ("accept", "reject"):
        if value is not None:
            raise ResoundError(f"{kind} takes no value; {value!r} is too much.")
        return None
    if value is None:
        raise ResoundError(f"{kind} needs {_WANTED.get(kind, 'a value')}.")
    if kind in _CHOICES and value not in _CHOICES[kind]:
        raise ResoundError(f"{value!r} is no {kind}. One of: {', '.join(_CHOICES[kind])}.")
    if asked is not None and kind in ("message", "no-message", "quote", "no-quote"):
        is_message = kind.endswith("message")
        known = [one.id for one in (asked.messages if is_message else asked.spokespersons)]
        if value not in known:
            raise ResoundError(
                f"{value!r} is no {'key message' if is_message else 'spokesperson'} of {asked.id}. "
                + (f"One of: {', '.join(known)}." if known else "Its definition names none.")
            )
    if kind == "outlet" and value not in load_sources(connection):
        raise NotFoundError(
            f"There is no source {value!r}. Describe the outlet in a YAML file and `resound apply` it first; "
            "its stored articles then find it by themselves."
        )
    if kind == "date":
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as err:
            raise ResoundError(
                Told(N_("%(date)s is no day of the form 2014-10-02."), date=repr(value))
            ) from err
    return item_key(connection, value, sight) if kind in ("merge", "split") else value


def _check_basis(kind: DecisionKind, basis: Basis | None) -> None:
    if basis is None and kind == "tone":
        raise ResoundError("tone needs what was read: --basis original, or --basis translation.")
    if basis is not None and kind not in CODED:
        raise ResoundError(f"{kind} does not record what was read; leave --basis out.")


def _check_round(
    said: Overlay, kind: DecisionKind, campaign: str | None, who: str, *, is_second: bool
) -> None:
    """Two codings of one question come from two people, or their agreement says nothing."""
    if kind not in SECOND_CODED:
        raise ResoundError(f"Only {' and '.join(SECOND_CODED)} are coded a second time, not {kind}.")
    first = said.word(kind, campaign)
    second = said.word(kind, campaign, is_second=True)
    if is_second and first is None:
        raise ResoundError(f"Nobody has coded its {kind} yet: there is nothing to code a second time.")
    if is_second and first is not None and first.who == who:
        raise ResoundError(f"{who} coded its {kind} first; the second coding must come from another person.")
    if not is_second and second is not None and second.who == who:
        raise ResoundError(
            f"{who} coded its {kind} as the second coder; the first coding must come from another person."
        )


def _follow(connection: Connection, made: Decision) -> None:
    touched = [
        key
        for key in (made.article, made.value if made.kind in ("merge", "split") else None)
        if key is not None
    ]
    if made.kind in ("outlet", "date", "merge", "split"):
        regroup(connection, touched, sources=load_sources(connection))
    record_change(connection, touched)
