"""What is different between two snapshots of a campaign: items added, removed and changed, each with its reason.

Pure, and only the two snapshots are read. For each of the four counts, before + added − removed = after.

An item is the same where its id is. An item whose id is another one because another address of the same publication now
stands for it (`Clip.twins`) is changed, not removed and added. Stories have no identity of their own: a later story goes
on where an earlier one had the most of its items, and the others of its items moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from resound.coverage.counting import count_four
from resound.coverage.model import COLUMNS, Column, FourCounts
from resound.definitions.changes import Change, describe_changes
from resound.snapshots.around import tell_surroundings
from resound.snapshots.model import Clip, Snapshot
from resound.snapshots.reasons import FieldKind, Sides, why_added, why_moved, why_removed
from resound.told import Told


@dataclass(frozen=True, slots=True)
class Moved:
    """One value of a counted item that is another one. Codes stay codes (`vi`, `TW`, `agency-pick-up`; empty: nothing said).

    An address is a URL, a group its owner's name (its id where both are called
    alike), an outlet's name what it is called in the languages in which it is called otherwise, `matches` true or false.
    Of a story it is the earliest of the other items in it (headline, or what tells it from the one on the other side), and
    `others` says how many these are, before and after; without others the item is a story of its own.
    `resound.snapshots.telling` puts both sides into a reader's words.
    """

    field: FieldKind
    before: str
    after: str
    others: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item that is counted in one snapshot only, or is counted in both and is told otherwise.

    `before`, `after`: as each snapshot has it, counted or not; None where it has nothing of it.
    """

    kind: Literal["added", "removed", "changed"]
    before: Clip | None
    after: Clip | None
    moved: tuple[Moved, ...]
    why: tuple[Told, ...]

    @property
    def clip(self) -> Clip:
        """The newer of the two; what is gone, as it was."""
        if self.kind == "removed" and self.before is not None:
            return self.before
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Flow:
    """before + added − removed = after."""

    before: int
    added: int
    removed: int
    after: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`flows`: each of the four counts; `before_at_least`, `after_at_least`: whether that side's rest on a gap in what was read.
    `definition`: what the campaign's newer version says otherwise.

    `around`: what is different beside the items: the campaign's version, sources, days read, leads, decisions, the program.
    """

    campaign: str
    before: datetime
    after: datetime
    flows: Mapping[Column, Flow]
    before_at_least: bool
    after_at_least: bool
    added: tuple[ItemChange, ...]
    removed: tuple[ItemChange, ...]
    changed: tuple[ItemChange, ...]
    definition: tuple[Change, ...]
    around: tuple[Told, ...]

    @property
    def is_empty(self) -> bool:
        """Whether every counted item is there in both and told alike."""
        return not (self.added or self.removed or self.changed)

    def to_json(self) -> dict[str, Any]:
        """For `--json`: sentences in English, moments in ISO 8601."""
        return {
            "campaign": self.campaign,
            "before": self.before.isoformat(),
            "after": self.after.isoformat(),
            "counts": {name: asdict(flow) for name, flow in self.flows.items()},
            "before_at_least": self.before_at_least,
            "after_at_least": self.after_at_least,
            "added": [_change_json(one) for one in self.added],
            "removed": [_change_json(one) for one in self.removed],
            "changed": [_change_json(one) for one in self.changed],
            "definition": [str(one) for one in self.definition],
            "around": [str(one) for one in self.around],
        }


def reconcile(before: Snapshot, after: Snapshot) -> Reconciliation:
    """From the earlier snapshot to the later one.

    Raises:
        ValueError: they are of two campaigns.
    """
    if before.campaign.id != after.campaign.id:
        raise ValueError(f"{before.campaign.id} and {after.campaign.id} are two campaigns")
    sides = Sides.of(before, after)
    pairs = _pair(sides)
    matched = {new.facts.item for _, new in pairs}
    left = {old.facts.item for old, _ in pairs}
    stories = _Stories(sides, pairs)
    added = [
        ItemChange("added", sides.before.get(key), one, (), why_added(sides, sides.before.get(key), one))
        for key, one in sides.counted_after.items()
        if key not in matched
    ]
    removed = [
        ItemChange("removed", one, sides.after.get(key), (), why_removed(sides, one, sides.after.get(key)))
        for key, one in sides.counted_before.items()
        if key not in left
    ]
    changed = []
    for old, new in pairs:
        moved = _moved(old, new, stories)
        if moved:
            why = why_moved(sides, old, new, [one.field for one in moved])
            changed.append(ItemChange("changed", old, new, moved, why))
    return Reconciliation(
        campaign=before.campaign.id,
        before=before.as_of,
        after=after.as_of,
        flows=_flows(sides, len(added), len(removed), stories),
        before_at_least=before.is_at_least,
        after_at_least=after.is_at_least,
        added=tuple(sorted(added, key=_order)),
        removed=tuple(sorted(removed, key=_order)),
        changed=tuple(sorted(changed, key=_order)),
        definition=tuple(describe_changes(before.campaign, after.campaign)),
        around=tell_surroundings(before, after),
    )


def _change_json(one: ItemChange) -> dict[str, Any]:
    facts = one.clip.facts
    return {
        "item": facts.item,
        "url": facts.url,
        "title": facts.title,
        "outlet": facts.outlet,
        "day": None if facts.day is None else facts.day.isoformat(),
        "moved": [_moved_json(each) for each in one.moved],
        "why": [str(each) for each in one.why],
    }


def _moved_json(one: Moved) -> dict[str, Any]:
    plain = {"field": one.field, "before": one.before, "after": one.after}
    if one.field != "story":
        return plain
    return {**plain, "others_before": one.others[0], "others_after": one.others[1]}


def _order(one: ItemChange) -> tuple[date, str, str]:
    facts = one.clip.facts
    return (facts.day or date.max, facts.url, facts.item)


def _pair(sides: Sides) -> list[tuple[Clip, Clip]]:
    """Items counted in both: by id, then by an address that stands for the same publication. Each once."""
    pairs = [
        (one, sides.counted_after[key])
        for key, one in sides.counted_before.items()
        if key in sides.counted_after
    ]
    taken = {old.facts.item for old, _ in pairs}
    fresh = {key: one for key, one in sides.counted_after.items() if key not in taken}
    for key, one in sides.counted_before.items():
        if key in taken:
            continue
        heirs = [new for new in fresh.values() if key in new.twins or new.facts.item in one.twins]
        if heirs:
            pairs.append((one, heirs[0]))
            del fresh[heirs[0].facts.item]
    return pairs


class _Stories:
    """Which later story goes on from which earlier one: the pair with the most items first, among equals that of one id."""

    def __init__(self, sides: Sides, pairs: Sequence[tuple[Clip, Clip]]) -> None:
        shared = Counter((old.facts.story, new.facts.story) for old, new in pairs)
        self.earlier: dict[str, str] = {}
        later: set[str] = set()
        for (was, now), _ in sorted(
            shared.items(), key=lambda one: (-one[1], one[0][0] != one[0][1], one[0])
        ):
            if now not in self.earlier and was not in later:
                self.earlier[now] = was
                later.add(was)
        self._before = _by_story(old for old, _ in pairs)
        self._after = _by_story(new for _, new in pairs)
        self._sizes = (
            Counter(one.facts.story for one in sides.counted_before.values()),
            Counter(one.facts.story for one in sides.counted_after.values()),
        )
        self._heir = {old.facts.item: new.facts.item for old, new in pairs}

    def is_moved(self, old: Clip, new: Clip) -> bool:
        """Whether an item is in another story than before."""
        return self.earlier.get(new.facts.story) != old.facts.story

    def tell(self, old: Clip, new: Clip) -> Moved:
        """Both stories by another item of each; where they share some, by one that they do not share."""
        then, now = self._before[old.facts.story], self._after[new.facts.story]
        kept = {self._heir[one.facts.item] for one in then} & {one.facts.item for one in now}
        was = _first_other(then, old, {key for key, heir in self._heir.items() if heir in kept})
        became = _first_other(now, new, kept)
        told = next(
            (both for both in zip(_ways(was), _ways(became), strict=True) if both[0] != both[1]), ("", "")
        )
        others = (self._sizes[0][old.facts.story] - 1, self._sizes[1][new.facts.story] - 1)
        return Moved("story", *told, others=others)


def _by_story(clips: Iterable[Clip]) -> dict[str, list[Clip]]:
    """The items of each story, the earliest first."""
    found: dict[str, list[Clip]] = {}
    for one in sorted(clips, key=lambda one: (one.facts.day or date.max, one.facts.url, one.facts.item)):
        found.setdefault(one.facts.story, []).append(one)
    return found


def _first_other(story: Sequence[Clip], clip: Clip, shared: Collection[str]) -> Clip | None:
    others = [one for one in story if one.facts.item != clip.facts.item]
    return min(others, key=lambda one: one.facts.item in shared, default=None)


def _ways(clip: Clip | None) -> tuple[str, str, str]:
    """How an item may be named, the shortest first: agencies' texts have one headline in many places."""
    if clip is None:
        return ("", "", "")
    facts = clip.facts
    title = facts.title or facts.url
    return (title, f"{title} ({facts.outlet_name})", facts.url)


def _moved(old: Clip, new: Clip, stories: _Stories) -> tuple[Moved, ...]:
    then, now = old.facts, new.facts
    values: list[tuple[FieldKind, str, str]] = [
        ("address", then.item, now.item),
        ("title", then.title, now.title),
        ("outlet", then.outlet, now.outlet),
        ("outlet-name", *_names(old, new)),
        ("group", f"{then.group} {then.group_name}", f"{now.group} {now.group_name}"),
        ("country", then.country, now.country),
        ("language", then.tag, now.tag),
        ("medium", then.medium, now.medium),
        ("origin", then.origin or "", now.origin or ""),
        ("day", str(then.day or ""), str(now.day or "")),
        ("prominence", then.prominence or "", now.prominence or ""),
        ("tone", old.coded.tone or "", new.coded.tone or ""),
        ("matches", str(then.still_matches).lower(), str(now.still_matches).lower()),
    ]
    shown: Mapping[FieldKind, tuple[str, str]] = {
        "address": (then.url, now.url),
        "group": (then.group_name, now.group_name)
        if then.group_name != now.group_name
        else (then.group, now.group),
    }
    moved = [Moved(field, *shown.get(field, (a, b))) for field, a, b in values if a != b]
    if stories.is_moved(old, new):
        moved.append(stories.tell(old, new))
    return tuple(moved)


def _names(old: Clip, new: Clip) -> tuple[str, str]:
    """What one outlet is called, in the languages in which it is called otherwise now; of two outlets nothing."""
    if old.facts.outlet != new.facts.outlet:
        return "", ""
    sides = [
        (one.facts.outlet_name,) * 3
        if one.outlet_names is None
        else (one.outlet_names.zh_hant, one.outlet_names.en, one.outlet_names.vi)
        for one in (old, new)
    ]
    otherwise = [both for both in zip(*sides, strict=True) if both[0] != both[1]]
    was, now = (" · ".join(dict.fromkeys(both[at] for both in otherwise if both[at])) for at in (0, 1))
    return was, now


def _flows(sides: Sides, added: int, removed: int, stories: _Stories) -> dict[Column, Flow]:
    then, now = (list(some.values()) for some in (sides.counted_before, sides.counted_after))
    counts: tuple[FourCounts, FourCounts] = (
        count_four(one.facts for one in then),
        count_four(one.facts for one in now),
    )
    gone: dict[Column, int] = {
        "items": removed,
        "stories": counts[0].stories - len(stories.earlier),
        "outlets": len({one.facts.outlet for one in then} - {one.facts.outlet for one in now}),
        "groups": len({one.facts.group for one in then} - {one.facts.group for one in now}),
    }
    came: dict[Column, int] = {
        "items": added,
        "stories": counts[1].stories - len(stories.earlier),
        "outlets": len({one.facts.outlet for one in now} - {one.facts.outlet for one in then}),
        "groups": len({one.facts.group for one in now} - {one.facts.group for one in then}),
    }
    return {
        name: Flow(getattr(counts[0], name), came[name], gone[name], getattr(counts[1], name))
        for name in COLUMNS
    }
