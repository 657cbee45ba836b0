"""What a crawl came to: counted while it runs, told at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class CrawlEvent:
    """Progress: `done` of the `known` channels and pages; `known` grows while channels are read."""

    done: int
    known: int
    what: str


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """Counts of one crawl. `pages_stored` are safe: their evidence is on disk and the store names it."""

    channels_read: int = 0
    channels_unchanged: int = 0
    """Answered "not modified"."""
    channels_failed: int = 0
    channels_stopped: int = 0
    """Said to be gone for good; not polled any more."""
    entries_new: int = 0
    entries_updated: int = 0
    leads: int = 0
    """Listed by search engines without the publisher's own address."""
    pages_stored: int = 0
    pages_ended: Mapping[str, int] = field(default_factory=dict)
    """Pages that brought nothing to read, by reason."""
    pages_postponed: int = 0
    problems: tuple[str, ...] = ()
    """Sentences, one for each channel that could not be read."""
    seconds: float = 0.0
    was_stopped: bool = False
    """Ended by a person before everything was done; the rest waits in the store."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "problems": list(self.problems)}

    def sentence(self) -> str:
        """For people."""
        polled = self.channels_read + self.channels_unchanged + self.channels_failed + self.channels_stopped
        parts = [
            f"{polled} channel{'' if polled == 1 else 's'} polled"
            + _some(
                {
                    "unchanged": self.channels_unchanged,
                    "failed": self.channels_failed,
                    "gone": self.channels_stopped,
                }
            ),
            f"{self.entries_new} new entries",
            f"{self.pages_stored} page{'' if self.pages_stored == 1 else 's'} stored with evidence",
        ]
        if self.pages_ended:
            parts.append(f"{sum(self.pages_ended.values())} not readable" + _some(self.pages_ended))
        if self.pages_postponed:
            parts.append(f"{self.pages_postponed} postponed because their server asked for it")
        if self.leads:
            parts.append(f"{self.leads} leads")
        begun = "Stopped early: " if self.was_stopped else ""
        return f"{begun}{', '.join(parts)} in {self.seconds:.1f} s."


class Tally:
    """Counts while a crawl runs; for one thread."""

    def __init__(self) -> None:
        self.channels: Counter[str] = Counter()
        self.new = self.updated = self.leads = self.stored = self.postponed = 0
        self.ended: Counter[str] = Counter()
        self.problems: list[str] = []
        self.done = self.known = 0

    def problem(self, sentence: str) -> None:
        """Remember what a person may want to read; the first two hundred."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(sentence)

    def report(self, *, seconds: float, was_stopped: bool) -> CrawlReport:
        """The counts as they stand."""
        return CrawlReport(
            channels_read=self.channels["read"],
            channels_unchanged=self.channels["unchanged"],
            channels_failed=self.channels["failed"],
            channels_stopped=self.channels["gone"],
            entries_new=self.new,
            entries_updated=self.updated,
            leads=self.leads,
            pages_stored=self.stored,
            pages_ended=dict(sorted(self.ended.items())),
            pages_postponed=self.postponed,
            problems=tuple(self.problems),
            seconds=seconds,
            was_stopped=was_stopped,
        )


def _some(counts: Mapping[str, int]) -> str:
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f" ({told})" if told else ""
