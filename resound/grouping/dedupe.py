"""Near-duplicate text within a language: candidates by MinHash bands, the verdict by exact comparison of shingles.

A shingle is four tokens in a row (Broder 1997), of the loose form, so that 繁 and 简, and marks or none, are one text.
Two texts are near-duplicates where they share half of all their shingles, or where the shorter one lies almost whole
in the longer: a reprint that was cut. Reports of one event that share names and a quotation stay far below both.

Bands: of the whole text (42 of 3 rows) and of its beginning (14 of 3 rows), which a cut reprint keeps. A pair of
Jaccard similarity s shares a band with probability 1 − (1 − s³)^42: 0.996 at 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Literal

import numpy as np
from datasketch import MinHash

from resound.article import FoundDate
from resound.text import loose_tokens, scan

SHINGLE = 4
ROWS = 3
BANDS = 42
HEAD_BANDS = 14
HEAD_SHINGLES = 80
MIN_SHINGLES = 8
"""A text of fewer says too little to be called a copy of anything."""
MIN_CUT_SHINGLES = 40
"""A cut reprint must keep this much; a shorter piece may be a quotation or a formula."""
JACCARD = 0.5
CONTAINMENT = 0.8
SAME_ITEM = timedelta(hours=24)
_MOST_COMPARED = 1_500


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """`method` is `jaccard-4` (shared of all shingles) or `containment-4` (shared of the shorter text's); `score` 0…1."""

    method: str
    score: float


@dataclass(frozen=True, slots=True)
class Publication:
    """Where and when a text was published. `first_seen` serves where there is no date that holds.

    `airtime`: None for what has an address; when a broadcast was aired (19:30), empty where nobody said it.
    """

    outlet: str
    edition: str
    medium: str
    published: FoundDate | None
    first_seen: datetime
    airtime: str | None = None


Relation = Literal["same-item", "re-run", "reprint"]


def signature(text: str) -> bytes | None:
    """MinHash values of the text and of its beginning, 4 bytes each; None where the text is too short to say."""
    shingles = list(_shingles(text))
    if len(set(shingles)) < MIN_SHINGLES:
        return None
    whole = _min_hash(shingles, BANDS * ROWS)
    head = _min_hash(shingles[:HEAD_SHINGLES], HEAD_BANDS * ROWS)
    return bytes(np.concatenate((whole, head)).astype(">u4").tobytes())


def band_keys(signature: bytes) -> tuple[str, ...]:
    """The keys under which a signature is found; texts that share one are candidates."""
    size = 4 * ROWS
    keys = []
    for number in range(BANDS + HEAD_BANDS):
        name = number if number < BANDS else "head"  # beginnings are compared row by row as well
        row = number if number < BANDS else number - BANDS
        part = signature[number * size : (number + 1) * size]
        keys.append(blake2b(f"{name}/{row}/".encode() + part, digest_size=10).hexdigest())
    return tuple(keys)


def is_near_duplicate(a: str, b: str) -> NearDuplicate | None:
    """Compare two texts exactly; None where they are not one text. Symmetric."""
    one, other = set(_shingles(a)), set(_shingles(b))
    shorter = min(len(one), len(other))
    if shorter < MIN_SHINGLES:
        return None
    shared = len(one & other)
    jaccard = shared / len(one | other)
    if jaccard >= JACCARD:
        return NearDuplicate(f"jaccard-{SHINGLE}", jaccard)
    if shorter >= MIN_CUT_SHINGLES and shared / shorter >= CONTAINMENT:
        return NearDuplicate(f"containment-{SHINGLE}", shared / shorter)
    return None


def share_within(text: str, other: str) -> float:
    """How much of a text (its shingles, 0 … 1) stands in another one; 0 for a text that is too short to say."""
    own = set(_shingles(text))
    return len(own & set(_shingles(other))) / len(own) if len(own) >= MIN_SHINGLES else 0.0


def shares_within(text: str, others: Sequence[str]) -> list[float]:
    """The same of one text and several others, which are remembered: they are compared with many texts."""
    own = set(_shingles(text))
    if len(own) < MIN_SHINGLES:
        return [0.0] * len(others)
    return [len(own & _known_shingles(one)) / len(own) for one in others]


def longest_shared(text: str, other: str) -> str:
    """The longest passage of a text that stands in another one, word for word, as the text writes it; empty for none.

    Only the first 1,500 words of each are looked at.
    """
    own = list(islice(scan(text), _MOST_COMPARED))
    words = [forms.loose for forms, _, _ in own]
    others = [forms.loose for forms, _, _ in islice(scan(other), _MOST_COMPARED)]
    found = SequenceMatcher(None, words, others, autojunk=False).find_longest_match()
    return text[own[found.a][1] : own[found.a + found.size - 1][2]] if found.size else ""


def relation(a: Publication, b: Publication) -> Relation:
    """What near-duplicate texts are to each other (DESIGN 2).

    One outlet, edition and medium: the same item within 24 hours, a re-run later; anything else is a reprint. Where
    only days are known, neighbouring days count as within 24 hours; where a date is missing or suspect, the moments
    at which they were first seen decide. Each airing is an item of its own: one that two people brought is known by its
    day and air time.
    """
    if (a.outlet, a.edition, a.medium) != (b.outlet, b.edition, b.medium):
        return "reprint"
    if a.airtime is not None or b.airtime is not None:
        is_one = bool(a.airtime) and a.airtime == b.airtime and _day(a) == _day(b)
        return "same-item" if is_one else "re-run"
    return "same-item" if _is_within_a_day(a, b) else "re-run"


def _is_within_a_day(a: Publication, b: Publication) -> bool:
    one, other = a.published, b.published
    if one is None or other is None or one.suspect is not None or other.suspect is not None:
        return abs(a.first_seen - b.first_seen) <= SAME_ITEM
    if one.at is not None and other.at is not None:
        return abs(one.at - other.at) <= SAME_ITEM
    return abs((_day(a) - _day(b)).days) <= 1


def _day(one: Publication) -> date:
    found = one.published
    if found is None or found.suspect is not None:
        return one.first_seen.astimezone(UTC).date()
    return found.day or (found.at or one.first_seen).astimezone(UTC).date()


def _shingles(text: str) -> Iterator[bytes]:
    tokens = loose_tokens(text)
    for start in range(len(tokens) - SHINGLE + 1):
        yield "\x1f".join(tokens[start : start + SHINGLE]).encode()


@lru_cache(maxsize=64)
def _known_shingles(text: str) -> frozenset[bytes]:
    return frozenset(_shingles(text))


def _min_hash(shingles: Sequence[bytes], size: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    made = MinHash(num_perm=size, seed=1, hashfunc=_hash)
    made.update_batch(shingles)
    values: np.ndarray[tuple[int], np.dtype[np.uint64]] = made.hashvalues
    return values


def _hash(data: bytes) -> int:
    """32 bits, the same in every process (Python's own hash is not)."""
    return int.from_bytes(blake2b(data, digest_size=4).digest(), "big")
