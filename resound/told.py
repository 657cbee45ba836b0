"""Sentences that pages say in the reader's language."""

from __future__ import annotations

from typing import Any


class Told(str):
    """An English sentence, and the pattern and values that it was made of: `Told("%(count)s rows", count=3)`.

    It is a string like any other; a page looks the pattern up in its language and fills in the values again, those that
    are such sentences themselves in that language, too.
    """

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Told:
        """Fill the values in."""
        made = super().__new__(cls, pattern % values if values else pattern)
        made.pattern = pattern
        made.values = values
        return made


def told_to_json(sentence: str) -> Any:
    """For keeping a sentence with what it was made of; a plain one stays a string."""
    if isinstance(sentence, Told):
        return {"pattern": sentence.pattern, "values": sentence.values}
    return sentence


def told_from_json(written: Any) -> str:
    """The inverse of `told_to_json`."""
    if isinstance(written, str):
        return written
    pattern: str = written["pattern"]
    return Told(pattern, **written["values"])
