"""Do the numbers of a sentence stand in its translation? Readings differ by language, so each number has several.

2.500 is 2500 in Vietnamese and 2.5 in English; 3萬 is 30,000, 1,2 triệu is 1.2 million; 民國103年 is 2014.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

Readings = frozenset[Decimal]

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_SCALES = {
    "十": 10, "百": 100, "千": 1_000, "萬": 10_000, "万": 10_000, "億": 10**8, "亿": 10**8, "兆": 10**12,
    "nghìn": 1_000, "ngàn": 1_000, "nghin": 1_000, "ngan": 1_000, "triệu": 10**6, "trieu": 10**6, "tỷ": 10**9,
    "tỉ": 10**9, "ty": 10**9, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
_UNSURE = frozenset(["十", "百", "千", "ty", "trieu", "nghin", "ngan"])
"""Words that are not always a scale: 3千瓦 is three kilowatts, and `ty` is also half of a company."""
_SCALE = re.compile(
    r"\s*(" + "|".join(sorted(_SCALES, key=len, reverse=True)) + r")(?![a-zà-ỹ])", re.IGNORECASE
)
_HAN = {
    char: value
    for value, chars in enumerate(["〇零", "一", "二兩两", "三", "四", "五", "六", "七", "八", "九"])
    for char in chars
}
_HAN_RUN = re.compile("[〇零一二兩两三四五六七八九十百千萬万億亿]+")
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "first": 1, "second": 2, "third": 3, "half": 2, "dozen": 12, "hundred": 100,
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12, "một": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "sáu": 6,
    "bảy": 7, "tám": 8, "chín": 9, "mười": 10, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
}  # fmt: skip
_ROC = 1911
"""Year 1 of the Republic of China is 1912."""


def compare_numbers(source: str, translation: str) -> list[str]:
    """What is wrong: `number-lost:N` for what the translation left out, `number-new:N` for what it made up."""
    said, told = digit_numbers(source), digit_numbers(translation)
    told_all = [*told, *written_numbers(translation)]
    said_all = [*said, *written_numbers(source)]
    lost = [text for text, readings in said if not _stands(readings, told_all)]
    new = [text for text, readings in told if not _stands(readings, said_all)]
    return [f"number-lost:{one}" for one in dict.fromkeys(lost)] + [
        f"number-new:{one}" for one in dict.fromkeys(new)
    ]


def digit_numbers(text: str) -> list[tuple[str, Readings]]:
    """Numbers written in digits, with the values that each may mean."""
    return [(found[0], _readings(text, found)) for found in _DIGITS.finditer(text)]


def written_numbers(text: str) -> list[tuple[str, Readings]]:
    """Numbers written in words or Chinese numerals: they may stand for digits, and are never asked for themselves."""
    made = [(one[0], frozenset({_han_value(one[0])})) for one in _HAN_RUN.finditer(text)]
    made += [
        (one[0], frozenset({Decimal(_WORDS[one[0]])}))
        for one in re.finditer(r"[^\W\d_]+", text.casefold())
        if one[0] in _WORDS
    ]
    return made


def _stands(readings: Readings, among: Iterable[tuple[str, Readings]]) -> bool:
    return any(readings & other for _, other in among)


def _readings(text: str, found: re.Match[str]) -> Readings:
    values = set(_values(found[0]))
    scale = _SCALE.match(text, found.end())
    if scale is not None:
        word = scale[1].casefold()
        scaled = {value * _SCALES[word] for value in values}
        values = values | scaled if word in _UNSURE else scaled
    for value in list(values):
        if 60 <= value <= 150 and "民國" in text[max(0, found.start() - 3) : found.start()]:
            values.add(value + _ROC)
        if 1971 <= value <= 2061:
            values.add(value - _ROC)
    return frozenset(value.normalize() for value in values)


def _values(written: str) -> Iterable[Decimal]:
    """1,234.5 and 1.234,5 have one reading; 2.500 has two; 2.10.2014 is read part by part."""
    if not re.search("[.,]", written):
        yield Decimal(written)
        return
    parts = re.split("[.,]", written)
    if all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3:
        yield Decimal("".join(parts))
    if len(parts) == 2:
        yield Decimal(f"{parts[0]}.{parts[1]}")
    elif written.count(".") == 1 or written.count(",") == 1:
        yield Decimal("".join(parts[:-1]) + "." + parts[-1])
    if len(parts) == 3 and len(parts[2]) == 4:
        yield from (Decimal(part) for part in parts)


def _han_value(written: str) -> Decimal:
    """三十五 → 35, 二〇一四 → 2014, 三萬五千 → 35000."""
    if not any(char in _SCALES for char in written):
        return Decimal("".join(str(_HAN[char]) for char in written))
    total, section, digit = 0, 0, 0
    for char in written:
        if char in _HAN:
            digit = _HAN[char]
        elif (scale := _SCALES[char]) >= 10_000:
            total = (total + section + digit) * scale if section + digit else max(total, 1) * scale
            section = digit = 0
        else:
            section += (digit or 1) * scale
            digit = 0
    return Decimal(total + section + digit).normalize()
