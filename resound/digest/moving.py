"""Stories moved up and down by a person, one step at a time. Pure.

What is moved is what is seen: the top stories, then those of each theme. Up from the first place of a theme is into the last
of the top ones; down from there is back.
"""

from __future__ import annotations

from typing import Literal

from resound.digest.editing import PutFirst
from resound.digest.model import TOP, Edition

Step = Literal["up", "down", "first"]
STEPS: tuple[Step, ...] = ("up", "down", "first")


def moves_of(edition: Edition, story: str) -> tuple[Step, ...]:
    """The steps that would change where a story stands."""
    return tuple(one for one in STEPS if _moved(edition, story, one) is not None)


def move_story(edition: Edition, story: str, step: Step) -> PutFirst | None:
    """The change that moves a story (named by its `StoryEntry.id`); None where it stands there already, or is not shown."""
    moved = _moved(edition, story, step)
    return None if moved is None else PutFirst(moved)


def _moved(edition: Edition, story: str, step: Step) -> tuple[str, ...] | None:
    shown = [one.id for one in edition.stories]
    if story not in shown:
        return None
    at = shown.index(story)
    to = 0 if step == "first" else _neighbour(edition, shown, at, step)
    if to is None or to == at:
        return None
    shown.insert(to, shown.pop(at))
    return tuple(shown[: max(at, to) + 1])


def _neighbour(edition: Edition, shown: list[str], at: int, step: Literal["up", "down"]) -> int | None:
    """Where it goes to, as a place among all; None: nowhere."""
    if at < TOP:
        to = at - 1 if step == "up" else at + 1
        return to if 0 <= to < len(shown) else None
    begins = len(edition.top)
    for section in edition.sections:
        ends = begins + len(section.stories)
        if begins <= at < ends:
            if step == "down":
                return at + 1 if at + 1 < ends else None
            return at - 1 if at > begins else TOP - 1
        begins = ends
    return None
