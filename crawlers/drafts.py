"""Source files that are to be completed: valid as they are, with a word at each guess."""

from __future__ import annotations

import io

from resound.source import Source

GUESSES = (
    ("names", "the outlet's own name (zh-Hant, en, vi)"),
    ("owner", "the publisher group"),
    ("country", "two letters, such as TW or VN"),
    ("timezone", "such as Asia/Taipei or Asia/Ho_Chi_Minh"),
    ("editions", "the language (zh-Hant, zh-Hans, en or vi) and every host that its articles stand on"),
)
"""What nobody can read from a feed with certainty."""


def write_draft(source: Source, *, came_from: str) -> str:
    """The YAML of a source, with FILL IN before each guess. `came_from` is a sentence about where it is from."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    written = CommentedMap(source.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    written.yaml_set_start_comment(
        f"{came_from} Complete what is marked with FILL IN, then: resound apply THIS-FILE"
    )
    for name, told in GUESSES:
        written.yaml_set_comment_before_after_key(name, before=f"FILL IN: {told}")
    out = io.StringIO()
    YAML().dump(written, out)
    return out.getvalue()
