"""Writing systems: how much of a text stands in which, Traditional or Simplified, Chinese or Japanese.

Everything about Han characters is read off OpenCC and the national character sets, character by character: a character
is Traditional where OpenCC would simplify it and it is none of GB 2312's common ones, Simplified where OpenCC would
turn it and it is none of Big5's common ones (so 台, 后, 里, which both write, say nothing).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Script = Literal["Hant", "Hans"]

HAN = "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3105-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff"
# Name, range, and what a letter is worth beside a Han character (about 0.35 where a word takes five or six).
_OTHERS: tuple[tuple[str, str, float], ...] = (
    ("Hang", "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb", 1.0),
    ("Thai", "\u0e01-\u0e5b", 0.35),
    ("Laoo", "\u0e81-\u0edf", 0.35),
    ("Khmr", "\u1780-\u17dd", 0.35),
    ("Mymr", "\u1000-\u109f", 0.35),
    ("Tibt", "\u0f00-\u0fbc", 0.35),
    ("Cyrl", "\u0400-\u052f", 0.35),
    ("Grek", "\u0370-\u03ff\u1f00-\u1fff", 0.35),
    ("Arab", "\u0620-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc", 0.35),
    ("Hebr", "\u05d0-\u05f2", 0.4),
    ("Deva", "\u0900-\u0963\u0970-\u097f", 0.4),
    ("Beng", "\u0980-\u09e3", 0.4),
    ("Guru", "\u0a01-\u0a5e", 0.4),
    ("Gujr", "\u0a81-\u0ae3", 0.4),
    ("Taml", "\u0b82-\u0be3", 0.35),
    ("Telu", "\u0c00-\u0c63", 0.4),
    ("Knda", "\u0c80-\u0ce3", 0.4),
    ("Mlym", "\u0d00-\u0d63", 0.35),
    ("Sinh", "\u0d82-\u0df4", 0.4),
    ("Armn", "\u0531-\u0587", 0.35),
    ("Geor", "\u10a0-\u10ff\u1c90-\u1cbf", 0.35),
    ("Ethi", "\u1200-\u137f", 0.8),
)
_OTHER_PATTERNS = tuple((name, re.compile(f"[{chars}]"), worth) for name, chars, worth in _OTHERS)
_ANY_OTHER = re.compile("[" + "".join(chars for _, chars, _ in _OTHERS) + "]")
HAN_PATTERN = re.compile(f"[{HAN}]")
_KANA_PATTERN = re.compile(f"[{KANA}]")
WORD = re.compile(
    r"[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u0300-\u036f]+(?:['’][A-Za-z]+)*"
)
"""A word in Latin letters, its marks composed or not."""

_QUOTED = re.compile(
    r"[《〈「『“\"](?:[^》〉」』”\"]{1,40})[》〉」』”\"]"
)  # 任天堂《スーパーマリオ》新作發表
_KANJI_ONLY_AT_MOST = 60  # Japanese prose without any kana does not get longer than a headline or two
_CHINESE_ONLY_WORDS = frozenset("你妳她们們吗嗎呢吧啊很这這让讓说說跟沒没什哪咱嘅咗冇佢哋喺嚟啲唔嗰")
_LOOKS_JAPANESE_BUT_IS_NOT = frozenset("温恒虚点游床群峰")  # Hong Kong and Taiwan write these too
_JAPANESE_WORDS = re.compile(
    r"株式|首相官邸|都道府県|府知事|都知事|県知事|衆院|参院|衆議院|参議院|容疑者|選手権|市町村|甲子園|紅白歌合戦|令和\d|令和元"
)


@dataclass(frozen=True, slots=True)
class Shares:
    """How much each writing system says, in Han characters' worth. `other` names the largest of the rest."""

    han: int
    kana: int
    other: float
    other_script: str


@dataclass(frozen=True, slots=True)
class _HanTables:
    traditional: frozenset[str]
    simplified: frozenset[str]
    chinese: frozenset[str]
    """Never in modern Japanese: 國 發 這 时."""
    japanese: frozenset[str]
    """In Japanese only: 気 駅 円 県."""
    shared_simplified: frozenset[str]
    """Japanese and Simplified, never Traditional: 国 会 学."""
    shared_traditional: frozenset[str]
    """Japanese and Traditional, never Simplified: 東 記 業."""


def measure_shares(text: str) -> Shares:
    """Count what is not Latin. Latin letters are words of names or of prose, and are weighed by the caller."""
    largest, script = 0.0, ""
    if _ANY_OTHER.search(text):
        for name, pattern, worth in _OTHER_PATTERNS:
            found = len(pattern.findall(text)) * worth
            if found > largest:
                largest, script = found, name
    return Shares(len(HAN_PATTERN.findall(text)), len(_KANA_PATTERN.findall(text)), largest, script)


def is_japanese(text: str) -> bool:
    """Whether a text in Han characters or kana is Japanese rather than Chinese."""
    tables = _han_tables()
    bare = _QUOTED.sub(" ", text)
    if not HAN_PATTERN.search(bare) and not _KANA_PATTERN.search(bare):
        bare = text
    han = HAN_PATTERN.findall(bare)
    kana = _KANA_PATTERN.findall(bare)
    all_kana = _KANA_PATTERN.findall(text)
    if set(kana) <= {"の"} and len(kana) <= 2 and han:
        kana = []  # shop signs and titles in Taiwan: 鮮の味
    chinese = sum(1 for one in han if one in tables.chinese or one in _CHINESE_ONLY_WORDS)
    if kana:
        share = len(kana) / (len(kana) + len(han))
        return (
            share >= 0.3
            or (share >= 0.05 and chinese * 3 <= len(kana))
            or (share >= 0.12 and chinese <= len(kana))
        )
    if chinese:
        return False
    japanese = sum(1 for one in han if one in tables.japanese)
    if len(han) > _KANJI_ONLY_AT_MOST:
        return False
    if len(all_kana) >= 2 and not any(one in tables.simplified - tables.shared_simplified for one in han):
        return True
    mixed = any(one in tables.shared_simplified for one in han) and any(
        one in tables.shared_traditional for one in han
    )
    return japanese > 0 or mixed or _JAPANESE_WORDS.search(bare) is not None


def weigh_script(text: str) -> tuple[int, int]:
    """How many characters are Traditional only, and how many Simplified only."""
    tables = _han_tables()
    traditional = simplified = 0
    for one in HAN_PATTERN.findall(text):
        if one in tables.traditional:
            traditional += 1
        elif one in tables.simplified:
            simplified += 1
    return traditional + len(re.findall("[\u3105-\u312f]", text)), simplified


@lru_cache(maxsize=1)
def _han_tables() -> _HanTables:
    import opencc  # late: only Chinese needs it

    every = [chr(point) for point in range(0x4E00, 0xA000)]

    def changed(config: str) -> set[str]:
        # One character a line, so that no phrase rule of OpenCC comes into play.
        turned = opencc.OpenCC(config).convert("\n".join(every)).split("\n")
        return {one for one, other in zip(every, turned, strict=True) if one != other}

    simplifiable, turned, japanised, unjapanised = (changed(name) for name in ("t2s", "s2t", "t2jp", "jp2t"))
    traditional = {one for one in simplifiable if not _is_between(one, "gb2312", b"\xb0", b"\xd8")}
    simplified = {one for one in turned if not _is_between(one, "big5", b"\xa4", b"\xc6\x80")}
    common = {
        one
        for one in every
        if _is_between(one, "big5", b"\xa4", b"\xc6\x80") or _is_between(one, "gb2312", b"\xb0", b"\xd8")
    }
    shared_simplified = (simplified & unjapanised) - _LOOKS_JAPANESE_BUT_IS_NOT
    return _HanTables(
        traditional=frozenset(traditional),
        simplified=frozenset(simplified),
        chinese=frozenset(
            (traditional & japanised)
            | {one for one in simplified if not _is_between(one, "shift_jis", b"\x88", b"\xff")}
        ),
        japanese=frozenset(unjapanised - turned - common),
        shared_simplified=frozenset(shared_simplified),
        shared_traditional=frozenset(
            one for one in traditional - japanised if _is_between(one, "shift_jis", b"\x88", b"\x98\x80")
        ),
    )


def _is_between(character: str, charset: str, low: bytes, high: bytes) -> bool:
    """Whether a national character set has it in one part: Big5 and GB 2312 list common characters before rare ones."""
    try:
        return low <= character.encode(charset) < high
    except UnicodeEncodeError:
        return False
