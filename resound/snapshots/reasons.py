"""Why an item is counted, is counted no more, or is told otherwise: sentences out of what two snapshots hold of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from resound.coverage.counting import DOUBTS
from resound.coverage.named import ORIGINS, STANDINGS
from resound.snapshots.model import Clip, Snapshot, Word
from resound.told import Told

FieldKind = Literal[
    "address",
    "title",
    "outlet",
    "outlet-name",
    "group",
    "country",
    "language",
    "medium",
    "origin",
    "day",
    "prominence",
    "tone",
    "matches",
    "story",
]
_LOOKED_FOR = ("names", "context", "queries", "exclude", "glossary")
"""Fields of a campaign that decide what matches."""
STANDINGS_TOLD: Mapping[str, Told] = {key: Told(one) for key, one in STANDINGS.items()}
_RELATIONS: Mapping[str, Told] = {
    "independent": Told("independent"),
    "owned": Told("the campaign's own"),
    "partner": Told("a partner's"),
    "paid": Told("paid for"),
}
ORIGINS_TOLD: Mapping[str, Told] = {key: Told(one) for key, one in ORIGINS.items()}


@dataclass(frozen=True, slots=True)
class Sides:
    """Two snapshots, their clips by item, and those that are counted; in the order of day and address."""

    old: Snapshot
    new: Snapshot
    before: Mapping[str, Clip]
    after: Mapping[str, Clip]
    counted_before: Mapping[str, Clip]
    counted_after: Mapping[str, Clip]

    @classmethod
    def of(cls, old: Snapshot, new: Snapshot) -> Self:
        """Of two snapshots, whatever the order of their clips."""
        before, after = (_by_item(one) for one in (old, new))
        return cls(
            old,
            new,
            before,
            after,
            *({k: one for k, one in some.items() if one.standing == "counted"} for some in (before, after)),
        )

    def have_changed(self, *fields: str) -> bool:
        """Whether the campaign's definition says otherwise in one of these."""
        return any(getattr(self.old.campaign, one) != getattr(self.new.campaign, one) for one in fields)

    @property
    def versions(self) -> Told:
        """`version 3 → 4`."""
        return Told("version %(old)s → %(new)s", old=self.old.definition[0], new=self.new.definition[0])


def _by_item(snapshot: Snapshot) -> dict[str, Clip]:
    order = sorted(
        snapshot.clips, key=lambda one: (str(one.facts.day or "9999"), one.facts.url, one.facts.item)
    )
    return {one.facts.item: one for one in order}


def why_added(sides: Sides, old: Clip | None, new: Clip) -> tuple[Told, ...]:
    """Why an item is counted that was not."""
    if old is not None:
        return _turned(sides, old, new)
    other = _same_under_another_id(sides.before, new)
    if other is None:
        return tuple(_appeared(sides, new))
    if other.standing != "counted":
        return (*_same_publication(sides, other, new), *_turned(sides, other, new))
    parted = Told("It was one item with “%(title)s” before.", title=other.facts.title or other.facts.url)
    return (parted, *_reviewed(sides, new, []))


def why_removed(sides: Sides, old: Clip, new: Clip | None) -> tuple[Told, ...]:
    """Why an item is counted no more."""
    if new is not None:
        return _turned(sides, old, new)
    other = _same_under_another_id(sides.after, old)
    if other is None:
        return (Told("The campaign has nothing to do with it any more."),)
    if other.standing != "counted":
        return (*_same_publication(sides, old, other), *_turned(sides, old, other))
    return (Told("It is one item with “%(title)s” now.", title=other.facts.title or other.facts.url),)


def _same_under_another_id(clips: Mapping[str, Clip], clip: Clip) -> Clip | None:
    """The item of the other snapshot that is one publication with this one; a counted one first."""
    found = [one for one in clips.values() if clip.facts.item in one.twins or one.facts.item in clip.twins]
    return min(found, key=lambda one: one.standing != "counted", default=None)


def _appeared(sides: Sides, new: Clip) -> Iterator[Told]:
    """Why an item is there of which the earlier snapshot knew nothing."""
    seen = new.first_seen.date()
    if new.first_seen > sides.old.as_of:
        yield Told("It was not known before: first seen on %(day)s.", day=seen)
    elif sides.have_changed(*_LOOKED_FOR):
        yield Told(
            "It was stored since %(day)s; what the campaign looks for was changed (%(versions)s).",
            day=seen,
            versions=sides.versions,
        )
    else:
        yield Told("It was stored since %(day)s, but the campaign did not match it then.", day=seen)
    yield from _reviewed(sides, new, [])


def _turned(sides: Sides, old: Clip, new: Clip) -> tuple[Told, ...]:
    """Why an item that both snapshots know stands elsewhere: everything that decides it and is another one."""
    then, now = old.facts, new.facts
    told: list[Told] = []
    if then.review != now.review:
        told += _reviewed(sides, new, old.said)
    if then.in_window != now.in_window:
        told += _dated(sides, old, new, is_window=True)
    if then.origin != now.origin:
        told += _origin(old, new)
    if then.relation != now.relation and now.origin is None:
        told.append(
            Told(
                "Its outlet %(outlet)s is %(relation)s now.",
                outlet=now.outlet_name,
                relation=_RELATIONS[now.relation],
            )
        )
    if then.outlet != now.outlet or then.provisional != now.provisional:
        told += _outlet(sides, old, new)
    if then.still_matches != now.still_matches:
        told += _matches(sides, old, new)
    if not told:
        told.append(
            Told(
                "It stood under “%(before)s” and stands under “%(after)s” now.",
                before=STANDINGS_TOLD[old.standing],
                after=STANDINGS_TOLD[new.standing],
            )
        )
    return tuple(dict.fromkeys(told))


def why_moved(sides: Sides, old: Clip, new: Clip, fields: Sequence[FieldKind]) -> tuple[Told, ...]:
    """Why a counted item is told otherwise, in the order of its fields, each reason once."""
    told: list[Told] = []
    for field in fields:
        told += _WHY[field](sides, old, new)
    return tuple(dict.fromkeys(told))


def _reviewed(sides: Sides, new: Clip, before: Sequence[Word]) -> Iterator[Told]:
    review = new.facts.review
    word = _word(new, "accept", "reject")
    if word is not None and review != "unreviewed":
        if word.kind == "accept":
            yield _by(Told("%(who)s accepted it on %(day)s (%(why)s)."), word)
        else:
            yield _by(Told("%(who)s rejected it on %(day)s (%(why)s)."), word)
    elif review == "accepted":
        yield Told("Nobody has read it: the campaign accepts what the matcher finds.")
    elif any(one.kind in ("accept", "reject") for one in before):
        yield Told("What a person had decided was taken back; it waits for a person again.")
    elif sides.have_changed("review"):
        yield Told("A person must accept what the matcher finds since %(versions)s.", versions=sides.versions)


def _dated(sides: Sides, old: Clip, new: Clip, *, is_window: bool) -> Iterator[Told]:
    then, now = old.facts, new.facts
    if is_window and sides.have_changed("window"):
        yield Told(
            "The campaign's window was changed from %(first)s – %(last)s to %(new_first)s – %(new_last)s (%(versions)s).",
            first=sides.old.campaign.window.first,
            last=sides.old.campaign.window.last,
            new_first=sides.new.campaign.window.first,
            new_last=sides.new.campaign.window.last,
            versions=sides.versions,
        )
    word = _fresh(old, new, "date")
    if word is not None:
        yield Told(
            "%(who)s set its date to %(date)s on %(day)s (%(why)s).",
            who=word.who,
            date=date.fromisoformat(word.value) if word.value else "",
            day=word.at.date(),
            why=word.why,
        )
    elif _lost(old, new, "date"):
        yield Told("The date that a person had set was taken back.")
    elif now.in_window is None and then.in_window is not None:
        doubt = DOUBTS.get(now.window_reason, now.window_reason)
        yield Told("Its date does not hold any more (%(doubt)s).", doubt=doubt)
    elif then.outlet == now.outlet and _zone(sides.old, then.outlet) != _zone(sides.new, now.outlet):
        yield from _defined(sides, old, new)  # a day is one of the outlet's own calendar
    elif then.outlet != now.outlet:
        yield from _outlet(sides, old, new)
    elif then.day != now.day:
        yield Told("Its date was read anew.")


def _zone(snapshot: Snapshot, outlet: str) -> str:
    source = snapshot.sources.get(outlet)
    return "" if source is None else source.timezone


def _origin(old: Clip, new: Clip) -> Iterator[Told]:
    word = _fresh(old, new, "origin")
    if word is not None:
        yield Told(
            "%(who)s decided its origin on %(day)s: %(origin)s (%(why)s).",
            who=word.who,
            day=word.at.date(),
            origin=ORIGINS_TOLD.get(word.value or "", word.value or ""),
            why=word.why,
        )
    else:
        yield Told("What a person had said of its origin was taken back.")


def _outlet(sides: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    word = _fresh(old, new, "outlet")
    if word is not None:
        yield Told(
            "%(who)s said on %(day)s that %(outlet)s published it (%(why)s).",
            who=word.who,
            day=word.at.date(),
            outlet=new.facts.outlet_name,
            why=word.why,
        )
    elif old.facts.provisional and not new.facts.provisional:
        yield Told(
            "Its outlet %(before)s was provisional; it is %(after)s now, with name, owner and country.",
            before=old.facts.outlet_name,
            after=new.facts.outlet_name,
        )
    elif _lost(old, new, "outlet"):
        yield Told("What a person had said of its outlet was taken back.")
    else:
        yield from _defined(sides, old, new)


def _defined(sides: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    """What the definition of its outlet says otherwise; or that its address belongs to another outlet."""
    if old.facts.outlet != new.facts.outlet:
        yield Told("Its address belongs to another outlet by the sources' definitions.")
    elif sides.old.sources.get(old.facts.outlet) != sides.new.sources.get(new.facts.outlet):
        yield Told("The definition of %(outlet)s was changed.", outlet=new.facts.outlet_name)
    else:
        yield Told("What is known of its outlet is another thing now.")


def _of_the_outlet(sides: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    """A group, a country or a medium goes with the outlet."""
    if old.facts.outlet != new.facts.outlet or old.facts.provisional != new.facts.provisional:
        yield from _outlet(sides, old, new)
    else:
        yield from _defined(sides, old, new)


def _matches(sides: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    is_defined = sides.have_changed(*_LOOKED_FOR)
    if new.facts.still_matches:
        yield (
            Told(
                "The campaign matches it since its definition was changed (%(versions)s).",
                versions=sides.versions,
            )
            if is_defined
            else Told("The campaign matches its newer text.")
        )
        return
    if is_defined:
        yield Told(
            "The campaign no longer matches it since its definition was changed (%(versions)s).",
            versions=sides.versions,
        )
    else:
        yield Told("The campaign no longer matches its newer text.")
    if new.standing == "counted" and old.standing == "counted":
        yield Told("It stays counted, because a person accepted it.")


def _edited(_: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    if new.versions > old.versions:
        yield Told(
            "Its page was edited (wordings known: %(before)s → %(after)s).",
            before=old.versions,
            after=new.versions,
        )
    elif old.facts.version != new.facts.version:
        yield Told("Another of its wordings stands for it now.")
    else:
        yield Told("Its page was read anew.")


def _coded_tone(_: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    word = _fresh(old, new, "tone")
    if word is not None:
        yield _by(Told("%(who)s coded its tone on %(day)s (%(why)s)."), word)
    else:
        yield Told("What a person had said of its tone was taken back.")


def _prominent(_: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    word = _fresh(old, new, "prominence")
    if word is not None:
        yield _by(Told("%(who)s said on %(day)s where the campaign is named (%(why)s)."), word)
    elif _lost(old, new, "prominence"):
        yield Told("What a person had said of its prominence was taken back.")
    else:
        yield Told("The matcher reads its prominence anew.")


def _regrouped(_: Sides, old: Clip, new: Clip) -> Iterator[Told]:
    known = {one.id for one in old.said}
    fresh = [one for one in new.said if one.kind in ("merge", "split") and one.id not in known]
    for one in fresh:
        if one.kind == "merge":
            yield _by(Told("%(who)s merged it into another story on %(day)s (%(why)s)."), one)
        else:
            yield _by(Told("%(who)s parted it from its story on %(day)s (%(why)s)."), one)
    held = {one.id for one in new.said}
    if any(one.kind in ("merge", "split") and one.id not in held for one in old.said):
        yield Told("A person's merge or split of its story was taken back.")
    elif not fresh:
        yield Told("Its text, or another of the story, was compared anew.")


def _same_publication(_sides: Sides, _old: Clip, _new: Clip) -> Iterator[Told]:
    yield Told("Another address of the same publication stands for it now.")


_WHY: Mapping[FieldKind, Callable[[Sides, Clip, Clip], Iterator[Told]]] = {
    "address": _same_publication,
    "title": _edited,
    "outlet": _outlet,
    "outlet-name": _defined,
    "group": _of_the_outlet,
    "country": _of_the_outlet,
    "language": _edited,
    "medium": _of_the_outlet,
    "origin": lambda _, old, new: _origin(old, new),
    "day": lambda sides, old, new: _dated(sides, old, new, is_window=False),
    "prominence": _prominent,
    "tone": _coded_tone,
    "matches": _matches,
    "story": _regrouped,
}


def _by(pattern: Told, word: Word) -> Told:
    return Told(pattern.pattern, who=word.who, day=word.at.date(), why=word.why)


def _word(clip: Clip, *kinds: str) -> Word | None:
    """The first coder's word that holds."""
    return next((one for one in reversed(clip.said) if one.kind in kinds and one.round == 1), None)


def _fresh(old: Clip, new: Clip, kind: str) -> Word | None:
    """A word that holds now and did not hold before."""
    word, before = _word(new, kind), _word(old, kind)
    return None if word is None or (before is not None and before.id == word.id) else word


def _lost(old: Clip, new: Clip, kind: str) -> bool:
    return _word(old, kind) is not None and _word(new, kind) is None
