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
        values = {
            key: told_to_json(one) if isinstance(one, Told) else one for key, one in sentence.values.items()
        }
        return {"pattern": sentence.pattern, "values": values}
    return sentence


def told_from_json(written: Any) -> str:
    """The inverse of `told_to_json`."""
    if isinstance(written, str):
        return written
    pattern: str = written["pattern"]
    values = {
        key: told_from_json(one) if isinstance(one, dict) else one for key, one in written["values"].items()
    }
    return Told(pattern, **values)
