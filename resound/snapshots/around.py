"""What is different around the items of two snapshots: the campaign's version, sources, days read, leads, decisions."""

from __future__ import annotations

from collections.abc import Iterator

from resound.snapshots.model import Snapshot
from resound.told import Told


def tell_surroundings(before: Snapshot, after: Snapshot) -> tuple[Told, ...]:
    """Sentences, in the order in which a reader asks; none where nothing is different."""
    return tuple(
        sentence
        for part in (_definition, _watched, _days, _leads, _waiting, _decisions, _program)
        for sentence in part(before, after)
    )


def _definition(before: Snapshot, after: Snapshot) -> Iterator[Told]:
    if before.definition != after.definition:
        yield Told(
            "The campaign's definition was changed: version %(old)s → %(new)s.",
            old=before.definition[0],
            new=after.definition[0],
        )


def _watched(before: Snapshot, after: Snapshot) -> Iterator[Told]:
    then, now = ({one.watch.source: one.names for one in some.watch} for some in (before, after))
    for key in sorted(now.keys() - then.keys()):
        yield Told("A source is watched now that was not: %(source)s.", source=now[key].best())
    for key in sorted(then.keys() - now.keys()):
        yield Told("A source is not watched any more: %(source)s.", source=then[key].best())


def _days(before: Snapshot, after: Snapshot) -> Iterator[Told]:
    read, window = (
        tuple(sum(getattr(one.watch, name) for one in some.watch) for some in (before, after))
        for name in ("days_read", "days_in_window")
    )
    if read[0] != read[1] or window[0] != window[1]:
        yield Told(
            "Days of sources really read: %(read)s of %(all)s before, %(new_read)s of %(new_all)s now.",
            read=read[0],
            all=window[0],
            new_read=read[1],
            new_all=window[1],
        )


def _leads(before: Snapshot, after: Snapshot) -> Iterator[Told]:
    then, now = ({one.url for one in some.leads} for some in (before, after))
    if then != now:
        yield Told(
            "Open leads: %(before)s before, %(after)s now (%(new)s new, %(gone)s read or gone).",
            before=len(then),
            after=len(now),
            new=len(now - then),
            gone=len(then - now),
        )


def _waiting(before: Snapshot, after: Snapshot) -> Iterator[Told]:
    then, now = (sum(one.standing == "unreviewed" for one in some.clips) for some in (before, after))
    if then != now:
        yield Told(
            "Matches that wait for review, beside the counts: %(before)s before, %(after)s now.",
            before=then,
            after=now,
        )


def _decisions(before: Snapshot, after: Snapshot) -> Iterator[Told]:
    then, now = ({word.id for clip in some.clips for word in clip.said} for some in (before, after))
    if now - then:
        yield Told("People's decisions that hold now and did not before: %(count)s.", count=len(now - then))
    if then - now:
        yield Told("Decisions that were replaced or taken back: %(count)s.", count=len(then - now))


def _program(before: Snapshot, after: Snapshot) -> Iterator[Told]:
    if before.product != after.product:
        yield Told("Frozen by %(old)s before, by %(new)s now.", old=before.product, new=after.product)
    if before.analysis != after.analysis:
        yield Told("The analysis of texts, which the matcher reads, is another one.")
