"""One analysis of text. The matcher, both indexes and the deduper use it, so that a query means the same everywhere.

The order of its rules, for every text (a document's or a query's):

1. NFKC, lower case; Traditional and Simplified Chinese folded together, character by character. Offsets of the
   original text are kept throughout (NFKC makes `℃` two characters, a decomposed `ộ` one).
2. Tokens: runs of letters, digits and their marks; in scripts that write no space between words (Han, kana, Hangul,
   Thai, Lao, Khmer, Burmese, Tibetan) every character with its marks is one. Everything else parts tokens.
3. The *exact* form keeps Vietnamese marks, the tone moved to one place so that `hòa` = `hoà`.
4. The *loose* form has no marks (`đ` is `d`) and, where only a–z are left, its English stem. It is a function of the
   token alone, never of the language of the text, so a query and a text always agree.

A token is at most 255 UTF-16 units (Elasticsearch cuts there) and holds no control, no white space, no punctuation.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

import snowballstemmer

MAX_TOKEN_UNITS = 255
_MARKS_KEPT = 30  # Unicode's stream-safe limit (UAX 15); longer runs cost quadratic time to normalise

# Scripts without spaces between words: one token for each character.
_SINGLE_RANGES = (
    (0x0E01, 0x0EDF),  # Thai, Lao
    (0x0F00, 0x0FBC),  # Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul parts
    (0x1780, 0x17DD),  # Khmer
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # 々 〆 〇
    (0x3021, 0x3029),
    (0x3041, 0x3096),  # kana, bopomofo, Hangul
    (0x309D, 0x309F),
    (0x30A1, 0x30FA),
    (0x30FC, 0x318E),
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97C),
    (0xAC00, 0xD7FB),
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
# Inside a word these are nothing: soft hyphen, joiners, BOM, variation selectors.
_IGNORED = "\u00ad\u200c\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
# Spacing apostrophes and primes that Unicode calls letters (`Vietnamʼs`).
_APOSTROPHES = range(0x02B9, 0x02C0)
# NFKC would make `Lemna™` one word with tm.
_SIGNS = "\u2120\u2122\u2100\u2101\u2105\u2106"

# What OpenCC's single characters leave apart although news writes both. The first of each group stands for all.
_HAN_VARIANTS = (
    "着著 复覆 沉沈 只祇衹 了瞭 借藉 折摺 么麼幺 台枱 妆粧 叙敍 卫衞 粽糭 痹痺 檐簷 睾睪 咨谘 余馀 "
    "托讬 线缐 径迳 钟锺 面麺 污汚 户戸 产産 录録 亚亜 青靑 清淸 静靜 值値 奥奧 昵暱 钜巨 佩珮 猫貓 "
    "迹跡蹟 豔艳 噪譟 暗闇 辉煇 炮砲礮 韵韻 升陞昇"
)

_IGNORED_PATTERN = re.compile(f"[{_IGNORED}]")
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_VOWELS = "aeiouy"
_LETTERS_WITHOUT_PARTS = str.maketrans("đıøł", "diol")
_SIGMA_AND_ETH = str.maketrans("ςðɖ", "σđđ")  # old Vietnamese pages type eth (Ð U+00D0) for Đ


class Token(NamedTuple):
    """One token in both forms. `start` and `end` count characters of the original text."""

    loose: str
    exact: str
    start: int
    end: int


class Forms(NamedTuple):
    """A word's forms: `loose`, `exact`, and `plain`, which is loose before stemming (what a prefix is compared with)."""

    loose: str
    exact: str
    plain: str


class _Tables(NamedTuple):
    characters: dict[int, int | str]  # one character to one: NFKC, lower case, Han folded
    tokens: re.Pattern[str]
    tokens_beyond: re.Pattern[str]  # the same for texts with characters beyond U+FFFF, six times slower
    single: re.Pattern[str]
    chunks: re.Pattern[str]


def analyse(text: str) -> list[Token]:
    """The tokens of `text` in their order."""
    return [Token(forms.loose, forms.exact, start, end) for forms, start, end in scan(text)]


def loose_tokens(text: str) -> list[str]:
    """The loose forms only."""
    return [forms.loose for forms, _, _ in scan(text)]


def word_forms(text: str) -> list[Forms]:
    """Each token's forms without where it stands: a third of what `scan` costs."""
    tables = _tables()
    normal, _ = _normalise(text, tables)
    pattern = tables.tokens_beyond if _BEYOND.search(normal) else tables.tokens
    return [forms for forms in map(fold_word, pattern.findall(normal)) if forms.exact]


def scan(text: str) -> Iterator[tuple[Forms, int, int]]:
    """Each token's forms with the offsets of its first character and of what follows its last, in the original."""
    tables = _tables()
    normal, offsets = _normalise(text, tables)
    pattern = tables.tokens_beyond if _BEYOND.search(normal) else tables.tokens
    for match in pattern.finditer(normal):
        start, end = match.span()
        forms = fold_word(match.group())
        if not forms.exact:
            continue
        if offsets is None:
            yield forms, start, end
        else:
            yield forms, offsets[start][0], offsets[end - 1][1]


def _normalise(text: str, tables: _Tables) -> tuple[str, list[tuple[int, int]] | None]:
    """Rule 1. The second value gives the part of `text` each character came from; None says that nothing moved."""
    mapped = text.translate(tables.characters)
    if unicodedata.is_normalized("NFKC", mapped):
        return mapped, None
    parts: list[str] = []
    offsets: list[tuple[int, int]] = []
    for match in tables.chunks.finditer(mapped):
        chunk = match.group()
        if len(chunk) > _MARKS_KEPT and not unicodedata.is_normalized("NFKC", chunk):
            chunk = chunk[:_MARKS_KEPT]
        part = unicodedata.normalize("NFKC", chunk).translate(tables.characters)
        parts.append(part)
        offsets.extend([match.span()] * len(part))
    return "".join(parts), offsets


@lru_cache(maxsize=1 << 18)
def fold_word(word: str) -> Forms:
    """The forms of one token as `scan` finds it (normalised, lower case). Two equal words always have equal forms."""
    if len(word) == 1:
        # A Han character, or one letter: nothing to stem, and its tone has one place only.
        plain = _strip_marks(word)
        return Forms(plain, word, plain)
    tables = _tables()
    word = _IGNORED_PATTERN.sub("", word).lower().translate(_SIGMA_AND_ETH)
    if tables.single.match(word):
        word = _cut(unicodedata.normalize("NFC", word))
        return Forms(word, word, word)
    plain = _cut(_strip_marks(word))
    exact = _cut(word if word.isascii() else _place_tone(word))
    loose = _stemmer().stemWord(plain) if plain.isascii() and plain.isalpha() else plain
    return Forms(loose or plain, exact, plain)


def fold_keyword(value: str) -> str:
    """A keyword (outlet, group, tag …) as it is compared: plain tokens parted by single spaces; case and marks gone."""
    folded = " ".join(forms.plain for forms, _, _ in scan(value))
    return folded or unicodedata.normalize("NFKC", value).strip().casefold()


def is_single(token: str) -> bool:
    """Whether a token belongs to a script that is cut into characters (Han, kana, Thai …)."""
    return _tables().single.match(token) is not None


def is_marked(forms: Forms) -> bool:
    """Whether a word carries marks (`rác`), so that its exact form says more than its loose one."""
    return forms.exact != forms.plain


def analysis_fingerprint() -> str:
    """Changes when the analysis of any text may change: rules, OpenCC's table, Unicode or the stemmer."""
    tables = _tables()
    digest = hashlib.sha256(b"resound.text/1")
    digest.update(unicodedata.unidata_version.encode())
    digest.update(repr(sorted(tables.characters.items())).encode())
    digest.update(tables.tokens.pattern.encode())
    sample = "generously cities agreed factories university recycling vietnamese relational news organization"
    digest.update(" ".join(loose_tokens(sample)).encode())
    return digest.hexdigest()[:16]


def _strip_marks(word: str) -> str:
    """Marks off Latin letters only: in other scripts (й, ガ, Thai vowels) they are not accents."""
    if word.isascii():
        return word
    kept: list[str] = []
    is_latin = False
    for char in unicodedata.normalize("NFD", word):
        if unicodedata.category(char)[0] != "M":
            is_latin = char < "\u0250"
        elif is_latin:
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept).translate(_LETTERS_WITHOUT_PARTS))


def _place_tone(word: str) -> str:
    """Moves a word's only tone mark to the first vowel of its vowel group: hòa = hoà, quý = qúy, hoàn = hòan."""
    parts = unicodedata.normalize("NFD", word)
    found = [at for at, char in enumerate(parts) if char in _TONES]
    if len(found) != 1:
        return unicodedata.normalize("NFC", word)
    tone = parts[found[0]]
    first = at = found[0]
    while at > 0:
        at -= 1
        if parts[at] in _VOWELS:
            first = at
        elif unicodedata.category(parts[at])[0] != "M":
            break
    if first == found[0]:  # a tone on a consonant: not Vietnamese
        return unicodedata.normalize("NFC", word)
    rest = parts[: found[0]] + parts[found[0] + 1 :]
    after = first + 1
    while after < len(rest) and unicodedata.category(rest[after])[0] == "M":
        after += 1
    return unicodedata.normalize("NFC", rest[:after] + tone + rest[after:])


def _cut(word: str) -> str:
    """At most 255 UTF-16 units, never half a character."""
    if len(word) <= MAX_TOKEN_UNITS // 2:
        return word
    units = 0
    for at, char in enumerate(word):
        units += 2 if char > "\uffff" else 1
        if units > MAX_TOKEN_UNITS:
            return word[:at]
    return word


class _Stemmers(threading.local):
    """snowballstemmer keeps its word in the object: one for each thread."""

    def __init__(self) -> None:
        self.english = snowballstemmer.stemmer("english")


_stemmers: _Stemmers | None = None


def _stemmer() -> snowballstemmer.stemmer:
    global _stemmers
    if _stemmers is None:
        _stemmers = _Stemmers()
    return _stemmers.english


@cache
def _tables() -> _Tables:
    """Built on first use (about 0.2 s), so that importing has no cost."""
    characters: dict[int, int | str] = {}
    letters: list[int] = []
    marks: list[int] = []
    singles: list[int] = []
    spans = iter(_SINGLE_RANGES)
    low, high = next(spans)
    for point in range(0x20000):
        if 0xD800 <= point < 0xE000:
            continue
        while point > high:
            low, high = next(spans)
        char = chr(point)
        kind = unicodedata.category(char)
        if kind[0] == "M":
            marks.append(point)
        elif kind[0] in "LN" and char.isalnum() and point not in _APOSTROPHES:
            (singles if low <= point <= high else letters).append(point)
        if point >= 128 and kind[0] != "M":
            single = _single_character(char)
            if single is not None and single != char:
                characters[point] = single
        elif "A" <= char <= "Z":
            characters[point] = point + 32
    characters.update(_han_folding(characters))
    jamo = "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"
    return _Tables(
        characters=characters,
        tokens=_token_pattern(_in_bmp(letters), _in_bmp(marks), _in_bmp(singles), ""),
        tokens_beyond=_token_pattern(letters, marks, singles, "\U00020000-\U0003ffff"),
        single=re.compile(f"[{_ranges(singles)}\U00020000-\U0003ffff]"),
        chunks=re.compile(f"{jamo}|[\\s\\S][{_ranges(marks)}]*"),
    )


def _in_bmp(points: list[int]) -> list[int]:
    return [point for point in points if point <= 0xFFFF]


def _token_pattern(letters: list[int], marks: list[int], singles: list[int], more: str) -> re.Pattern[str]:
    """Rule 2. Examples: 綠 · e + U+0302 · rác · co2 · re<soft hyphen>cycling."""
    letter, mark = _ranges(letters), _ranges(marks)
    ignored = _IGNORED if more else _IGNORED.split("\U000e0100")[0]
    return re.compile(f"[{letter}][{letter}{mark}{ignored}]*|[{_ranges(singles)}{more}][{mark}{ignored}]*")


def _single_character(char: str) -> str | None:
    """Rule 1 for one character where the answer is one character; a space for what holds no letter or digit."""
    if char in _SIGNS:
        return " "
    normal = unicodedata.normalize("NFKC", char)
    if len(normal) == 1 and unicodedata.category(normal)[0] == "M":
        return normal  # half-width kana marks
    if not any(part.isalnum() for part in normal):
        return " " if normal != char else None
    if len(normal) != 1:
        return None
    lower = normal.lower().translate(_SIGMA_AND_ETH)
    return lower if len(lower) == 1 else None


def _han_folding(characters: Mapping[int, int | str]) -> dict[int, int | str]:
    """Traditional → Simplified for single characters, to the end (薴 → 苧 → 苎), then the variants."""
    import opencc  # a C++ library with its dictionaries: loaded only when text is read

    han = [chr(p) for low, high in ((0x3400, 0x9FFF), (0x20000, 0x323AF)) for p in range(low, high + 1)]
    simplified = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    folded = {old: new for old, new in zip(han, simplified, strict=True) if old != new and len(new) == 1}
    for group in _HAN_VARIANTS.split():
        target = folded.get(group[0], group[0])
        folded.update({char: target for char in group if char != target})

    def final(char: str) -> str:
        seen = {char}
        while (following := folded.get(char, char)) not in seen:
            seen.add(following)
            char = following
        return char

    result: dict[int, int | str] = {ord(char): final(char) for char in folded if final(char) != char}
    # Compatibility ideographs and radicals reach the same end.
    result.update(
        {
            point: result[ord(char)]
            for point, char in characters.items()
            if isinstance(char, str) and len(char) == 1 and ord(char) in result
        }
    )
    return result


def _ranges(points: list[int]) -> str:
    """A character class's inside for sorted code points. None of them needs a backslash: letters, digits, marks."""
    parts: list[str] = []
    at = 0
    while at < len(points):
        last = at
        while last + 1 < len(points) and points[last + 1] == points[last] + 1:
            last += 1
        first_char, last_char = chr(points[at]), chr(points[last])
        parts.append(first_char if at == last else f"{first_char}-{last_char}")
        at = last + 1
    return "".join(parts)
