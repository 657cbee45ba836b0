"""Where sentences end, in Chinese, English and Vietnamese (and, by the same marks, elsewhere).

A sentence ends at 。！？… and, between Latin words, at . ! ? before a space and a capital, a digit or a quotation mark.
It does not end inside a quotation, after an abbreviation (TP., PGS.TS., U.S.) or an initial, nor within a number, a
date or an address. Paragraphs are never joined; every character that is no white space belongs to one sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

LONGEST_QUOTATION = 400
"""Characters. A longer one was most likely never closed; sentences end inside it."""

_HAN_ENDS = "。！？!?｡…"
_CLOSERS = "」』”’）)》】〕］]\"'»"
_PAIRS = {"「": "」", "『": "』", "“": "”", "《": "》", "（": "）", "(": ")", "«": "»"}
# "TP. Hồ Chí Minh", "PGS.TS. Lê", "Inc. said", "No. 5"
_ABBREVIATIONS = frozenset(
    [
        "tp",
        "q",
        "p",
        "tx",
        "tt",
        "ts",
        "ths",
        "pgs",
        "gs",
        "pgs.ts",
        "gs.ts",
        "gs.tskh",
        "ths.bs",
        "bs",
        "ks",
        "kts",
        "cn",
        "ths.ks",
        "ông",
        "bà",
        "v.v",
        "vd",
        "đ",
        "tr",
        "st",
        "nxb",
        "ttg",
        "ubnd",
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "jr",
        "sr",
        "rev",
        "hon",
        "gen",
        "col",
        "lt",
        "capt",
        "sgt",
        "gov",
        "sen",
        "rep",
        "inc",
        "ltd",
        "co",
        "corp",
        "bros",
        "no",
        "nos",
        "vol",
        "fig",
        "art",
        "sec",
        "ch",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "cf",
        "al",
        "approx",
        "dept",
        "est",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "mt",
        "ft",
        "ave",
        "blvd",
        "rd",
        "u.s",
        "u.k",
        "u.n",
        "a.m",
        "p.m",
        "ph.d",
        "m.a",
        "b.a",
        "d.c",
        "viz",
        "pp",
        "ed",
        "eds",
    ]
)
# After these a sentence may well end: it does where the next word usually begins one.
_MAY_END = frozenset(
    ["u.s", "u.k", "u.n", "a.m", "p.m", "etc", "v.v", "inc", "ltd", "co", "corp", "jr", "sr", "d.c", "al"]
)
_BEGINNERS = frozenset(
    [
        "the",
        "a",
        "an",
        "it",
        "he",
        "she",
        "they",
        "we",
        "i",
        "in",
        "on",
        "at",
        "but",
        "and",
        "this",
        "that",
        "these",
        "those",
        "his",
        "her",
        "their",
        "its",
        "our",
        "however",
        "meanwhile",
        "as",
        "theo",
        "ông",
        "bà",
        "các",
        "những",
        "tại",
        "trong",
        "ngoài",
        "đây",
        "đó",
        "khi",
        "sau",
        "trước",
        "nhưng",
        "và",
    ]
)
# the mark, what closes with it, and where the next sentence would begin
_MARK = re.compile(
    rf"(?P<mark>[{re.escape(_HAN_ENDS)}]+|\.+)(?P<after>[{re.escape(_CLOSERS)}]*)(?P<space>\s*)"
)
_WORD_BEFORE = re.compile(r"[^\W_]+(?:\.[^\W_]+)*$")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence of one paragraph, in order, without the white space around it."""
    ends = _ends(text)
    made, start = [], 0
    for end in [*ends, len(text)]:
        left, right = start, end
        while left < right and text[left].isspace():
            left += 1
        while right > left and text[right - 1].isspace():
            right -= 1
        if left < right:
            made.append((left, right))
        start = end
    return made


def sentence_at(spans: list[tuple[int, int]], place: int) -> int:
    """The number of the sentence in which a place lies (the one before it, where it lies between two); -1: none."""
    return bisect_right([start for start, _ in spans], place) - 1


def _ends(text: str) -> list[int]:
    quoted = _quotations(text)
    starts = [start for start, _ in quoted]
    found = []
    for mark in _MARK.finditer(text):
        at = mark.start()
        before = bisect_left(starts, at) - 1
        closes_at = mark.end("after")
        if before >= 0 and quoted[before][0] < at and closes_at < quoted[before][1]:
            continue  # inside a quotation, and it goes on
        if "." in mark["mark"] and not _ends_at_point(text, mark):
            continue
        if mark["mark"][0] in "!?…" and not _is_free(text, mark):
            continue
        if mark["mark"] in ("。", "！", "？", "｡") and not mark["after"] and before >= 0:
            start, end = quoted[before]
            if start < at < end - 1:
                continue
        found.append(closes_at)
    return found


def _ends_at_point(text: str, mark: re.Match[str]) -> bool:
    if not _is_free(text, mark):
        return False
    if len(mark["mark"]) > 1:
        return True
    word = _WORD_BEFORE.search(text, max(0, mark.start() - 30), mark.start())
    if word is None:
        return True
    said = word[0].casefold()
    if len(said) == 1 and said.isalpha() and word[0].isupper():
        return mark.end() >= len(text)  # an initial: "J. Smith"
    if said in _ABBREVIATIONS:
        following = re.match(r"\w+", text[mark.end() :])
        if mark.end() >= len(text):
            return True
        return said in _MAY_END and following is not None and following[0].casefold() in _BEGINNERS
    return True


def _is_free(text: str, mark: re.Match[str]) -> bool:
    """Whether what follows can begin a sentence: "2.5", "v.v. và", "example.org" cannot."""
    at = mark.end()
    if at >= len(text):
        return True
    following = text[at]
    if _is_han(following) or _is_han(text[mark.start() - 1 : mark.start()]):
        return True
    if not mark["space"]:
        return mark["mark"][0] in "!?" and following in _PAIRS
    return not following.islower()


def _quotations(text: str) -> list[tuple[int, int]]:
    """(start, end) of outermost quotations that are closed within a likely length. One look at each character."""
    closers = {closer: opener for opener, closer in _PAIRS.items()}
    opened: dict[str, list[int]] = {opener: [] for opener in _PAIRS}
    straight = -1
    pairs: list[tuple[int, int]] = []
    for at, char in enumerate(text):
        if char in opened:
            opened[char].append(at)
        elif char in closers and opened[closers[char]]:
            pairs.append((opened[closers[char]].pop(), at + 1))
        elif char == '"':
            if straight >= 0:
                pairs.append((straight, at + 1))
                straight = -1
            elif at == 0 or not text[at - 1].isalnum():
                straight = at
    made: list[tuple[int, int]] = []
    for start, end in sorted(pairs):
        if end - start <= LONGEST_QUOTATION and (not made or start >= made[-1][1]):
            made.append((start, end))
    return made


def _is_han(char: str) -> bool:
    return bool(char) and ("\u3040" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff")
