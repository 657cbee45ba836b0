"""What is different between two texts: by paragraph, and within a paragraph by word (Chinese: by character).

Words are those of `resound.text`, as they are written: capitals, punctuation and spaces count, for an edit may be just that.
The kept and removed pieces together are the old text, the kept and added ones the new text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

from resound.article import Article, FoundDate
from resound.text import scan

Change = Literal["kept", "removed", "added"]
MOST_PAIRS = 1_000_000
"""Words of one text times words of the other that are compared; beyond, a paragraph is told as replaced."""
ALIKE = 0.4
"""Two paragraphs with at least this share of their words in common are one that was edited."""
DATES = ("published", "updated")
WITHIN = 50
"""So many paragraphs ahead an edited one is looked for."""


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A stretch of text that stands in both, or in one of them only."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One paragraph. `old` or `new` is None where it stands in one text only; `pieces` tell of both."""

    old: str | None
    new: str | None
    pieces: tuple[DiffPiece, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing is different."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A part of the article, in the order in which it is read."""

    name: Literal["title", "byline", "section", "lead", "text", "captions", "published", "updated"]
    rows: tuple[DiffRow, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing is different."""
        return all(row.is_same for row in self.rows)


def compare_articles(old: Article, new: Article) -> tuple[DiffPart, ...]:
    """Two versions of one article, part by part; without parts that neither has."""
    lines: list[tuple[Literal["title", "byline", "section", "lead", "published", "updated"], str, str]] = [
        ("title", old.title, new.title),
        ("byline", old.byline, new.byline),
        ("section", old.section, new.section),
        ("published", _date(old.published), _date(new.published)),
        ("updated", _date(old.updated), _date(new.updated)),
        ("lead", _own_lead(old), _own_lead(new)),
    ]
    parts = [
        DiffPart(name, ((_whole if name in DATES else _row)(before or None, after or None),))
        for name, before, after in lines
        if before or after
    ]
    for name, before, after in (
        ("text", old.paragraphs, new.paragraphs),
        ("captions", old.captions, new.captions),
    ):
        if before or after:
            parts.append(DiffPart(name, tuple(compare_paragraphs(before, after))))  # type: ignore[arg-type]
    return tuple(parts)


def compare_paragraphs(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffRow]:
    """The rows of two texts given as paragraphs: every paragraph of either stands in exactly one of them, in order."""
    for what, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from (_row(one, one) for one in old[low:high])
        else:
            yield from _pair_up(old[low:high], new[start:end])


def compare_texts(old: str, new: str) -> tuple[DiffPiece, ...]:
    """One text after an edit."""
    before, after = _words(old), _words(new)
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    inner, other = before[head : len(before) - tail], after[head : len(after) - tail]
    steps: list[tuple[Change, list[str]]] = [("kept", before[:head])]
    if len(inner) * len(other) > MOST_PAIRS:
        steps += [("removed", inner), ("added", other)]
    else:
        for what, low, high, start, end in SequenceMatcher(None, inner, other, autojunk=False).get_opcodes():
            if what == "equal":
                steps.append(("kept", inner[low:high]))
            else:
                steps += [("removed", inner[low:high]), ("added", other[start:end])]
    steps.append(("kept", before[len(before) - tail :]))
    return tuple(_joined(steps))


def _pair_up(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffRow]:
    """Replaced paragraphs: each with the first of the next ones that is alike; the rest were removed or added."""
    after = [_vocabulary(one) for one in new]
    done = 0
    for one in old:
        before = _vocabulary(one)
        next_ones = range(done, min(done + WITHIN, len(new)))
        found = next((at for at in next_ones if _are_alike(before, after[at])), None)
        if found is None:
            yield _row(one, None)
            continue
        yield from (_row(None, other) for other in new[done:found])
        yield _row(one, new[found])
        done = found + 1
    yield from (_row(None, other) for other in new[done:])


def _vocabulary(text: str) -> set[str]:
    return {word for word in _words(text) if word[0].isalnum()}


def _are_alike(some: set[str], others: set[str]) -> bool:
    return len(some & others) >= ALIKE * max(len(some), len(others), 1)


def _row(old: str | None, new: str | None) -> DiffRow:
    if old is None or new is None:
        text = old if old is not None else new or ""
        return DiffRow(old, new, (DiffPiece("removed" if new is None else "added", text),) if text else ())
    return DiffRow(old, new, compare_texts(old, new))


def _whole(old: str | None, new: str | None) -> DiffRow:
    """What is told as replaced, not word by word."""
    if old == new:
        return _row(old, new)
    pieces = [DiffPiece("removed", old)] if old is not None else []
    return DiffRow(old, new, (*pieces, *([DiffPiece("added", new)] if new is not None else [])))


def _words(text: str) -> list[str]:
    """The words of a text as written, and what stands between them character by character. Together they are the text."""
    found: list[str] = []
    done = 0
    for _, start, end in scan(text):
        if end <= done:  # `½` is two words of one character
            continue
        found += text[done:start]
        found.append(text[max(done, start) : end])
        done = end
    return [*found, *text[done:]]


def _shared(some: Sequence[str], others: Sequence[str]) -> int:
    """How many words both begin with."""
    count = 0
    for one, other in zip(some, others, strict=False):
        if one != other:
            break
        count += 1
    return count


def _joined(steps: Sequence[tuple[Change, Sequence[str]]]) -> Iterator[DiffPiece]:
    """Neighbours of one kind as one piece, what was removed before what was added."""
    for is_kept, group in groupby((one for one in steps if one[1]), key=lambda one: one[0] == "kept"):
        members = list(group)
        kinds: tuple[Change, ...] = ("kept",) if is_kept else ("removed", "added")
        for kind in kinds:
            text = "".join(word for change, words in members if change == kind for word in words)
            if text:
                yield DiffPiece(kind, text)


def _own_lead(article: Article) -> str:
    """The lead, where it is not the beginning of the text."""
    stands_in_text = bool(article.paragraphs) and article.paragraphs[0].startswith(article.lead)
    return "" if stands_in_text else article.lead


def _date(found: FoundDate | None) -> str:
    if found is None:
        return ""
    return f"{found.at:%Y-%m-%d %H:%M} UTC" if found.at is not None else str(found.day)
