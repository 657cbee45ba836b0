"""Credit lines: which outlet or agency a text says that it comes from.

Only lines that say where the *text* is from count: a byline, a dateline in brackets, “translated from”, “source”. That
another medium is quoted (“according to …”) says nothing of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

EDGE = 240
"""Characters at a text's beginning and end in which a credit line is looked for."""
# each around a name: "（島嶼通訊社）" "TAIPEI (INA) –" "譯自島嶼通訊社" "Source: INA" "Nguồn: TTXVN" "– TTXVN."
_BEFORE = (
    r"(?:[（(【\[]\s*(?:記者\S{0,8}|本報)?\s*|(?:編譯|翻譯|摘譯|譯|轉載|轉引|摘編?|原載)(?:自|於|:|：)\s*|(?:資料|新聞|文章)?(?:來源|出處)\s*[:：]\s*|"
    r"\b(?:translated|adapted|republished|reprinted|taken)\s+from\s+(?:the\s+)?|\bsource\s*:\s*|\bby\s+|\bcourtesy of\s+|"
    r"\bfirst (?:published|carried) (?:by|in)\s+(?:the\s+)?|\b(?:dịch|biên dịch|lược dịch|đăng lại|dẫn) (?:từ|theo)\s+|\bnguồn\s*:\s*|"
    r"(?:^|\n)\s*theo\s+|[–—-]\s*)"
)
_AFTER = r"(?:\s*(?:記者|綜合|[/／]|[0-9日月]{1,6}電|[）)】\]]|[–—-]|[.。]?\s*(?:$|\n)))"
_CLOSED = re.compile(r"\s*[）)】\]]")


@dataclass(frozen=True, slots=True)
class Credit:
    """A text says that it comes from this source; `passage` is where it says so."""

    source: str
    passage: str


def find_credits(
    byline: str, paragraphs: Sequence[str], names: Mapping[str, Sequence[str]]
) -> tuple[Credit, ...]:
    """The known sources that a text credits.

    Args:
        names: source id → its names, in every language and short form.
    """
    text = "\n".join(paragraphs)
    edges = [text[:EDGE], text[-EDGE:]] if len(text) > EDGE else [text]
    found: dict[str, Credit] = {}
    for source, forms in names.items():
        for form in forms:
            if len(form) < 2:
                continue
            if form in byline:
                found.setdefault(source, Credit(source, byline[:EDGE]))
            for edge in edges:
                if source not in found and (passage := _credit_in(edge, form)):
                    found[source] = Credit(source, passage)
    return tuple(found[source] for source in sorted(found))


def _credit_in(text: str, name: str) -> str:
    for hit in re.finditer(f"{_BEFORE}(?P<name>{re.escape(name)}){_AFTER}", text, re.IGNORECASE):
        opener = hit[0][0]
        if opener in "（(【[" and not _CLOSED.match(text, hit.end("name")) and "記者" not in hit[0]:
            continue
        return text[max(0, hit.start() - 20) : hit.end() + 20].strip().replace("\n", " ")
    return ""
