"""Passages that are marked in a text as it is shown: what names the campaign, what carries its messages, whom it names."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

from resound.article import Field, Part

MarkKind = Literal["search", "name", "person", "message", "query"]
Key = TypeVar("Key", bound=Hashable)
Block = tuple[str, int]
"""A piece of an article as it is read: (`title`, `lead`, `paragraph` or `caption`; which one)."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Why a passage is marked. `label`: the name, message or person in words; empty where the passage says enough."""

    kind: MarkKind
    label: str = ""
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text with the same marks throughout; none for most of it."""

    text: str
    marks: tuple[Mark, ...] = ()


class Placed(NamedTuple):
    """A mark on characters `start` to `end` of a block."""

    start: int
    end: int
    mark: Mark


class Stretch(NamedTuple, Generic[Key]):
    """Characters `first` to `first + length` of a field are those of block `of` from character `start` on."""

    first: int
    length: int
    of: Key
    start: int


def stretches(parts: Sequence[Part]) -> list[Stretch[Block]]:
    """Where the text of one field (its parts, parted by newlines) stands in the article."""
    found: list[Stretch[Block]] = []
    first = 0
    for part in parts:
        found.append(Stretch(first, len(part.text), (part.of, part.number), part.start))
        first += len(part.text) + 1
    return found


def place(
    where: Mapping[Field, Sequence[Stretch[Key]]], spans: Iterable[tuple[Field, int, int, Mark]]
) -> dict[Key, list[Placed]]:
    """The marks of each block, from marks on fields. What lies in no block is left out."""
    found: dict[Key, list[Placed]] = {}
    for field, start, end, mark in spans:
        for one in where.get(field, ()):
            low, high = max(start, one.first), min(end, one.first + one.length)
            if low < high:
                shift = one.start - one.first
                found.setdefault(one.of, []).append(Placed(low + shift, high + shift, mark))
    return found


def cut(text: str, placed: Iterable[Placed]) -> tuple[Piece, ...]:
    """A text in pieces, cut where a mark begins or ends. The pieces together are the text."""
    changes: dict[int, list[tuple[int, Mark]]] = {}
    for start, end, mark in placed:
        low, high = max(0, start), min(len(text), end)
        if low < high:
            changes.setdefault(low, []).append((1, mark))
            changes.setdefault(high, []).append((-1, mark))
    pieces: list[Piece] = []
    held: dict[Mark, int] = {}
    done = 0
    for at in [*sorted(changes), len(text)]:
        if done < at:
            marks = tuple(sorted(mark for mark, count in held.items() if count))
            if pieces and pieces[-1].marks == marks:
                pieces[-1] = Piece(pieces[-1].text + text[done:at], marks)
            else:
                pieces.append(Piece(text[done:at], marks))
        for step, mark in changes.get(at, ()):
            held[mark] = held.get(mark, 0) + step
        done = at
    return tuple(pieces)
