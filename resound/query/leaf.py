"""Words as typed → a leaf of the tree."""

from __future__ import annotations

import re
import unicodedata

from resound.article import Field
from resound.query.tree import Leaf
from resound.text import is_marked, is_single, scan

_OPERATOR = re.compile(r"(AND|OR|NOT)\Z|NEAR")
# Characters that are written side by side without a space between them.
_SIDE_BY_SIDE = re.compile(
    "[\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def make_leaf(
    text: str, *, quoted: bool = False, prefix: bool = False, field: Field | None = None
) -> Leaf | None:
    """The leaf that finds `text`, or None where it holds no letter or digit.

    `prefix` is dropped after a Han (or Thai …) character: what begins with a whole character is that character.
    """
    found = list(scan(text))
    if not found:
        return None
    last = found[-1][0]
    written = _written(text, [(start, end) for _, start, end in found], " " if quoted else "-")
    if not quoted and _OPERATOR.match(unicodedata.normalize("NFKC", written)):
        written = written.lower()  # `AND.` was typed as a word and must stay one
    prefix = prefix and not is_single(last.exact)
    return Leaf(
        text=written,
        loose=tuple(forms.loose for forms, _, _ in found),
        exact=tuple(forms.exact for forms, _, _ in found),
        plain=last.plain,
        quoted=quoted,
        prefix=prefix,
        marked=any(is_marked(forms) for forms, _, _ in found),
        field=field,
    )


def _written(text: str, offsets: list[tuple[int, int]], between: str) -> str:
    """The tokens as typed, without what stood between them. `a½b` is two tokens of one stretch: it stays whole."""
    stretches: list[tuple[int, int]] = []
    for start, end in offsets:
        if stretches and start < stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    written = ""
    for start, end in stretches:
        part = text[start:end]
        if written and not (_SIDE_BY_SIDE.match(written[-1]) and _SIDE_BY_SIDE.match(part)):
            written += between
        written += part
    return written
