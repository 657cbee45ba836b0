"""What one version of a definition says otherwise than another: field by field in words, and line by line of its YAML."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from resound.campaign import Campaign
from resound.definitions.written import dump_definition
from resound.source import Source
from resound.texts import N_
from resound.told import Told

FIELDS: Mapping[str, str] = {
    # of both
    "id": N_("Id"),
    "name": N_("Name"),
    "notes": N_("Notes for colleagues"),
    # of a campaign
    "window": N_("Window"),
    "first": N_("First day"),
    "last": N_("Last day"),
    "countries": N_("Countries"),
    "review": N_("What becomes of an item that matches"),
    "names": N_("Names of the campaign"),
    "forms": N_("Forms"),
    "collides": N_("Forms that mean something else, too"),
    "context": N_("Context"),
    "queries": N_("Queries"),
    "exclude": N_("Exclusion"),
    "glossary": N_("Glossary"),
    "people": N_("People to look for"),
    "role": N_("Function"),
    "spokesperson": N_("Spokesperson"),
    "messages": N_("Key messages"),
    "text": N_("Wording"),
    "releases": N_("Releases"),
    "day": N_("Day"),
    "title": N_("Headline"),
    "query": N_("Query"),
    "comparators": N_("Stories to compare with"),
    "search_feeds": N_("Search engines' feeds"),
    "translate_to": N_("Translated into"),
    # of a source
    "type": N_("Kind"),
    "also_called": N_("Also called"),
    "home": N_("Home page"),
    "owner": N_("Owner"),
    "country": N_("Country"),
    "editions": N_("Editions"),
    "language": N_("Language"),
    "hosts": N_("Hosts"),
    "paths": N_("Paths"),
    "medium": N_("Medium"),
    "relation": N_("Relation"),
    "tier": N_("Reach"),
    "timezone": N_("Time zone"),
    "feeds": N_("Feeds"),
    "sitemaps": N_("Sitemaps"),
    "listings": N_("Listing pages"),
    "url": N_("Address"),
    "edition": N_("Edition"),
    "proven": N_("Seen working"),
    "since": N_("Reaches back to"),
    "by_hand": N_("Read by people"),
    "politeness": N_("Politeness"),
    "delay": N_("Seconds between requests"),
    "expected": N_("Normal yield a week"),
    "min": N_("At least"),
    "max": N_("At most"),
    "zh-Hant": N_("Traditional Chinese"),
    "zh-Hans": N_("Simplified Chinese"),
    "en": N_("English"),
    "vi": N_("Vietnamese"),
    "any": N_("every language"),
}
"""What people call a field. Ids and addresses stand as they are."""
Value = str | Told
MOST_SHOWN = 400
"""Characters of one value."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that came, went or is another. `field` names it from the outside inwards."""

    kind: Literal["added", "removed", "changed"]
    field: tuple[Told, ...]
    before: Value = ""
    after: Value = ""

    def __str__(self) -> str:
        place = " › ".join(map(str, self.field))
        if self.kind == "added":
            return f"{place}: added {self.after}"
        if self.kind == "removed":
            return f"{place}: removed {self.before}"
        return f"{place}: {self.before} became {self.after}"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of two texts laid side by side; `skipped` stands for lines that are alike and not shown."""

    kind: Literal["same", "added", "removed", "skipped"]
    text: str = ""


def describe_changes(old: Campaign | Source, new: Campaign | Source) -> list[Change]:
    """Everything that `new` says otherwise, in the order of the fields; empty where both say the same."""
    before, after = (
        model.model_dump(mode="json", by_alias=True, exclude_defaults=True) for model in (old, new)
    )
    order = [field.alias or name for name, field in type(new).model_fields.items()]
    return list(_compare(before, after, (), order))


def diff_definitions(old: Campaign | Source, new: Campaign | Source) -> list[DiffLine]:
    """Their YAML side by side, three lines around each difference; empty where both say the same."""
    before, after = (dump_definition(model).splitlines() for model in (old, new))
    lines: list[DiffLine] = []
    for line in list(difflib.unified_diff(before, after, lineterm=""))[2:]:
        if line.startswith("@@"):
            lines.append(DiffLine("skipped"))
        elif line.startswith("+"):
            lines.append(DiffLine("added", line[1:]))
        elif line.startswith("-"):
            lines.append(DiffLine("removed", line[1:]))
        else:
            lines.append(DiffLine("same", line[1:]))
    return lines[1:] if lines[:1] == [DiffLine("skipped")] else lines


def _compare(old: Any, new: Any, field: tuple[Told, ...], order: Sequence[str] = ()) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, Mapping | None) and isinstance(new, Mapping | None):
        before, after = old or {}, new or {}
        keys = dict.fromkeys([*(key for key in order if key in before or key in after), *before, *after])
        for key in keys:
            yield from _compare(before.get(key), after.get(key), (*field, Told(FIELDS.get(key, key))))
    elif isinstance(old, list | None) and isinstance(new, list | None):
        yield from _compare_lists(old or [], new or [], field)
    elif old is None:
        yield Change("added", field, after=_short(new))
    elif new is None:
        yield Change("removed", field, before=_short(old))
    else:
        yield Change("changed", field, *_shortened(_written(old), _written(new)))


def _shortened(old: Value, new: Value) -> tuple[Value, Value]:
    """Long texts around the first place where they differ; the lines of the YAML tell the rest."""
    if max(len(old), len(new)) <= MOST_SHOWN:
        return old, new
    same = next(
        (at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    return _cut(old, max(0, same - 60)), _cut(new, max(0, same - 60))


def _cut(text: str, start: int) -> str:
    end = start + MOST_SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _compare_lists(old: list[Any], new: list[Any], field: tuple[Told, ...]) -> Iterator[Change]:
    if all(isinstance(one, Mapping) for one in (*old, *new)):
        was, will = _by_name(old), _by_name(new)
        for key in dict.fromkeys([*was, *will]):
            if key not in was:
                yield Change("added", field, after=key)
            elif key not in will:
                yield Change("removed", field, before=key)
            else:
                yield from _compare(was[key], will[key], (*field, Told(key)))
            if key not in was or key not in will:  # what it said, too
                yield from _compare(
                    _without_name(was.get(key)), _without_name(will.get(key)), (*field, Told(key))
                )
        if list(was) != list(will) and sorted(was) == sorted(will):
            yield Change("changed", field, ", ".join(was), ", ".join(will))
        return
    before, after = Counter(map(str, old)), Counter(map(str, new))
    for one in (before - after).elements():
        yield Change("removed", field, before=one)
    for one in (after - before).elements():
        yield Change("added", field, after=one)
    if before == after:  # in another order
        yield Change("changed", field, ", ".join(map(str, old)), ", ".join(map(str, new)))


def _by_name(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Entries of a list by what they are known by: their id or address; a second one of that name by its place."""
    found: dict[str, Mapping[str, Any]] = {}
    for at, entry in enumerate(entries):
        name = str(entry.get("id") or entry.get("url") or "")
        found[name if name and name not in found else f"#{at + 1} {name}".rstrip()] = entry
    return found


def _without_name(entry: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if entry is None:
        return None
    key = "id" if "id" in entry else "url"
    return {name: value for name, value in entry.items() if name != key}


def _short(value: Any) -> Value:
    written = _written(value)
    return written if len(written) <= MOST_SHOWN else _cut(written, 0)


def _written(value: Any) -> Value:
    if isinstance(value, bool):
        return Told(N_("yes")) if value else Told(N_("no"))
    if isinstance(value, Mapping):  # where the other side has one text: names by language
        return "; ".join(f"{key}: {one}" for key, one in value.items())
    return str(value)
