"""Marks for texts that are written down here and shown later, in the reader's language."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for a text that is translated later)
    """Mark a text for translation."""
    return text
