"""Every piece of work ends in exactly one counted outcome per stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Stage = Literal[
    "fetch", "extract", "match", "group", "headline", "tone", "topics", "link", "translate", "index"
]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which one article takes them. `headline` translates title and lead, `translate` the whole text,
`link` joins stories across languages. `index` has rows only for what the search index refused: the change feed does the rest."""
MODEL_STAGES: tuple[Stage, ...] = ("headline", "tone", "topics", "link", "translate")
"""Those that need a language model; without one their work waits and the rest goes on."""

OutcomeKind = Literal["done", "duplicate", "rejected", "quarantined"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` is a short stable code that can be counted; `detail` is a sentence for people."""

    kind: OutcomeKind
    reason: str = ""
    detail: str = ""

    @classmethod
    def done(cls, reason: str = "", detail: str = "") -> Outcome:
        """The stage did what it is for."""
        return cls("done", reason, detail)

    @classmethod
    def duplicate(cls, reason: str, detail: str = "") -> Outcome:
        """The same thing is stored already; `detail` names it."""
        return cls("duplicate", reason, detail)

    @classmethod
    def rejected(cls, reason: str, detail: str = "") -> Outcome:
        """It was read and is not what the stage wants; nothing is wrong with Resound."""
        return cls("rejected", reason, detail)

    @classmethod
    def quarantined(cls, reason: str, detail: str = "") -> Outcome:
        """The stage failed on it; it waits for `resound requeue`."""
        return cls("quarantined", reason, detail)
