"""Credit lines: which outlet or agency a text says that it comes from.

Only lines that say where the *text* is from count: a byline, a dateline in brackets, “translated from”, “source”, an
author's line. That another medium is quoted (“according to …”), or that a picture is theirs (“Ảnh: TTXVN”, “圖／路透”),
says nothing of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlp.agencies import AGENCIES, Agency

EDGE = 240
"""Characters at a text's beginning and end in which a credit line is looked for."""
# Latin names stand alone: no "AP" in APO. Chinese ones may touch anything: "綜合中央社台北2日電".
_LETTER = "A-Za-z0-9À-ɏḀ-ỿ"
_DASH = r"(?:[–—―-]{1,3})"
_PICTURE = r"(?:ảnh|hình|photos?|pictures?|images?|video|clip|圖片?|图片?|照片|攝|摄|影片|翻攝)"
_FROM = (
    r"(?:(?:編譯|翻譯|摘譯|編譯整理|譯|轉載|轉引|摘編?|原載)(?:自|於|:|：)\s*|(?:資料|新聞|文章|消息)?(?:來源|来源|出處|出处)\s*[:：]\s*|"
    r"\b(?:translated|adapted|republished|reprinted|taken)\s+from\s+(?:the\s+)?|\bsource\s*:\s*|\bcourtesy of\s+(?:the\s+)?|"
    r"\bfirst (?:published|carried) (?:by|in)\s+(?:the\s+)?|\b(?:dịch|biên dịch|lược dịch|đăng lại|dẫn) (?:từ|theo)\s+|"
    r"\bnguồn\s*:\s*)"
)
# what may follow a name in one credit: "TTXVN/Vietnam+", "記者黃麗文台北2日電", "河內二日綜合外電報導", "倫敦2日電"
_SHARED = r"(?:\s*[/／、&]\s*[^\s（）()\n:：][^（）()\n:：]{0,29})"
_NO_PHOTO = r"(?![^\n（）()]{0,30}[攝摄圖图照]片?[^\n（）()電电]{0,6}(?:[）)\n]|$))"  # "（中央社記者王大明攝）", "（中央社檔案照）"
_WIRED = (
    _NO_PHOTO
    + r"(?:社?(?:特派)?(?:記者|记者)[^\n（）()]{0,30}|[^\n（）()，,。]{0,12}[0-9０-９一二三四五六七八九十]{1,3}日[^\n（）()，,。]{0,8}(?:電|电|報導|报道))"
)
_SAID = rf"(?:{_SHARED}|{_WIRED})?"
_INNER = (  # in brackets, before the name: "（記者李大華／中央社）" "(Theo TTXVN)" "(Source: Reuters)"
    rf"(?:{_FROM}|(?:綜合|本報|theo|via|from|by)\s*|記者\S{{0,8}}|(?!\s*{_PICTURE})[^\n（）()/／:：]{{1,30}}[/／]\s*)?"
)
_PATTERNS = (
    rf"[（(【\[]\s*{_INNER}%(name)s{_NO_PHOTO}(?:{_SAID}|[\u4e00-\u9fff]{{1,6}})\s*[）)】\]]",
    rf"{_FROM}%(name)s{_SAID}(?=\s*(?:[–—()（）】-]|[.。;；]?\s*(?:$|\n)))",
    rf"(?:^|\n|\bby\s+(?:the\s+)?|[。.!?！？”」]\s*{_DASH}\s*)%(name)s{_SAID}[.。]?\s*(?=$|\n)",
    rf"(?:^|\n)\s*theo\s+%(name)s{_SAID}[.。]?\s*(?=$|\n)",
    rf"(?:^|\n)\s*%(name)s{_WIRED}",
    rf"{_DASH}\s*%(name)s{_SAID}[.。]?\s*(?=$|\n)",
    rf"(?:^|\n)(?!\s*{_PICTURE})[^\n（）()/／:：.。]{{1,40}}[/／]\s*%(name)s{_SAID}[.。]?\s*(?=$|\n)",
)
# "Taipei, Oct. 2 (CNA) The" "HÀ NỘI (VNA) –" "MANILA, Philippines (AP) —"
_DATELINE = rf"^\s*[^\n()（）.!?:。！？]{{2,40}}(?:[A-Z][a-z]{{2}}\.\s*\d{{1,2}})?\s*[（(]%(name)s{_SHARED}?[）)]\s*(?:{_DASH}|:|[A-Z])"


@dataclass(frozen=True, slots=True)
class Credit:
    """A text says that it comes from this source (or agency); `passage` is where it says so."""

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
    found: dict[str, Credit] = {}
    for source, forms in names.items():
        for form in forms:
            if len(form) < 2 or source in found:
                continue
            passage = _in_byline(byline, form) or _in_text(text, form)
            if passage:
                found[source] = Credit(source, passage)
    return tuple(found[source] for source in sorted(found))


def find_agencies(
    byline: str, paragraphs: Sequence[str], agencies: Sequence[Agency] = AGENCIES
) -> tuple[Credit, ...]:
    """The news agencies that a text credits, by their ids, in the order of the list."""
    text = "\n".join(paragraphs)
    whole = f"{byline}\n{text}"
    found = []
    for agency in agencies:
        passage = next(
            (said for one in agency.forms if (said := _in_byline(byline, one) or _in_text(text, one))), ""
        )
        passage = passage or next(
            (said for one in agency.acronyms if (said := _acronym(agency, one, byline, text, whole))), ""
        )
        if passage:
            found.append(Credit(agency.id, passage))
    return tuple(found)


def _acronym(agency: Agency, short: str, byline: str, text: str, whole: str) -> str:
    if short not in whole or _means_else(agency, short, whole):
        return ""
    folded = whole.casefold()
    if any(one.casefold() in folded for one in agency.never_beside):
        return ""
    line = _compiled(_DATELINE, short, is_exact=True).search(text[:EDGE])
    if line is not None:
        return _around(text[:EDGE], line)
    if any(one.casefold() in folded for one in agency.dateline_beside):
        return ""
    if agency.needs and not any(one.casefold() in folded for one in agency.needs):
        return ""
    return _in_byline(byline, short, is_exact=True) or _in_text(text, short, is_exact=True)


_MOST_SPELT_OUT = 160
"""Characters of a name before its letters in brackets."""
_SPELT_OUT = re.compile(r"((?:\b[A-ZÀ-Þ][\w'’&-]{0,40}\s{1,3}(?:(?:of|the|and)\s{1,3}){0,3}){1,6})$")


def _means_else(agency: Agency, short: str, whole: str) -> bool:
    """Whether the text itself says that the letters stand for something else: “Certified Nursing Assistant (CNA)”."""
    # Only what stands right before the bracket is looked at: a text of capitals alone must not take minutes.
    for place in re.finditer(rf"[（(]{short}[)）]", whole):
        hit = _SPELT_OUT.search(whole, max(0, place.start() - _MOST_SPELT_OUT), place.start())
        if hit is None:
            continue
        words = [one for one in hit[1].split() if one.casefold() not in ("of", "the", "and")]
        said = " ".join(words).casefold()
        if any(one.casefold() in said for one in agency.forms):
            continue
        if any(said.endswith(one.casefold()) for one in (*agency.never_beside, *agency.dateline_beside)):
            return True
        last = words[-len(short) :]
        if len(last) == len(short) and all(
            word[0].upper() == letter for word, letter in zip(last, short, strict=True)
        ):
            return True
    return False


def _in_byline(byline: str, name: str, *, is_exact: bool = False) -> str:
    if not byline or re.match(rf"\s*{_PICTURE}\b", byline, re.IGNORECASE):
        return ""
    return byline[:EDGE] if _compiled("%(name)s", name, is_exact=is_exact).search(byline) else ""


def _in_text(text: str, name: str, *, is_exact: bool = False) -> str:
    for edge in _edges(text):
        if name.casefold() not in edge.casefold():
            continue
        for pattern in _PATTERNS:
            hit = _compiled(pattern, name, is_exact=is_exact).search(edge)
            if hit is not None:
                return _around(edge, hit)
    return ""


def _edges(text: str) -> Iterator[str]:
    yield text[:EDGE]
    if len(text) > EDGE:
        yield text[-EDGE:]


def _around(text: str, hit: re.Match[str]) -> str:
    return text[max(0, hit.start() - 20) : hit.end() + 20].strip().replace("\n", " ")


@lru_cache(maxsize=4096)
def _compiled(pattern: str, name: str, *, is_exact: bool) -> re.Pattern[str]:
    """`is_exact`: in these capitals only; the words around the name may still be written as they like."""
    written = re.escape(name)
    if re.match(rf"[{_LETTER}]", name):
        written = rf"(?<![{_LETTER}]){written}"
    if re.match(rf"[{_LETTER}]", name[-1]):
        written = rf"{written}(?![{_LETTER}+])"
    if is_exact:
        written = f"(?-i:{written})"
    if pattern is _DATELINE:
        return re.compile(pattern % {"name": written})
    return re.compile(pattern % {"name": written}, re.IGNORECASE)
