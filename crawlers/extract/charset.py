"""Bytes → text. Order: byte order mark, HTTP header, declaration in the page, detection.

A declared charset must decode the bytes; pages that say UTF-8 and are Big5, or gb2312 and are GB18030, are common.
Labels mean what browsers mean by them (gb2312 is gb18030, iso-8859-1 is windows-1252, big5 has Hong Kong's characters).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# <meta charset="big5">, <meta http-equiv=Content-Type content="text/html; charset=big5">, <?xml encoding="gb2312"?>
_DECLARED = re.compile(
    rb"<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE
)
_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_HEAD = 4_096
"""The standard looks at 1,024 bytes; portals put a page of scripts before their declaration."""

_AS_BROWSERS = {
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk", "gb18030"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "big5-eten", "cn-big5", "x-x-big5"), "big5"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii", "windows-1252"), "cp1252"),
    **dict.fromkeys(("windows-1258", "cp1258", "x-cp1258"), "cp1258"),
    **dict.fromkeys(("utf8", "utf-8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "tis-620": "cp874",
}
_TOLERANCE = 0.002
"""Share of bytes that may be broken: one cut character in an advertisement must not overturn a declaration."""
_TRIAL = 400_000


def decode(body: bytes, headers: Mapping[str, str]) -> tuple[str, str, tuple[str, ...]]:
    """(text, the encoding used, notes for a person). Never raises; line ends and NULs are as they came."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name, ()
    header = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    in_header = _IN_HEADER.search(header)
    in_page = _DECLARED.search(body[:_HEAD])
    notes: list[str] = []
    for label, where in (
        (in_header[1] if in_header else "", "header"),
        (in_page[1].decode("ascii", "replace") if in_page else "", "declared"),
    ):
        name = _codec(label)
        if not name or (where == "declared" and name.startswith("utf-16")):
            continue  # an ASCII-compatible declaration proves that it is not UTF-16
        text = _try(body, name)
        if text is not None:
            return text, name, tuple(notes)
        notes.append(f"charset {label[:40]} ({where}) does not fit")
    name, text = _detect(body)
    if name != "utf-8" or notes:
        notes.append(f"charset guessed: {name}")
    return text, name, tuple(notes)


def _codec(label: str) -> str:
    """Python's codec for a label, or "" where there is none that makes text."""
    label = label.strip().lower()
    if not label:
        return ""
    if label in _AS_BROWSERS:
        return _AS_BROWSERS[label]
    try:
        found = codecs.lookup(label)
    except (LookupError, ValueError):
        return ""
    return found.name if found._is_text_encoding else ""


def _try(body: bytes, name: str) -> str | None:
    """The text, or None where more than a few bytes do not fit `name`."""
    if name == "big5":
        return _try_big5(body)
    try:
        text = body.decode(name)
    except (UnicodeError, LookupError):
        try:
            text = body.decode(name, "replace")
        except (UnicodeError, LookupError):  # idna and punycode know no replacing
            return None
        if text.count("\ufffd") > max(2, len(body) * _TOLERANCE):
            return None
    # UTF-8 decodes as windows-1258 and latin-1, into nonsense: those that fit anything must not be UTF-8.
    if name.startswith(("cp125", "iso8859", "utf-16")) and _is_utf8(body):
        return None
    return _composed(text) if name == "cp1258" else text


def _try_big5(body: bytes) -> str | None:
    """Microsoft's Big5 for what all sites write, Hong Kong's for the characters that it lacks (喺, 嘅, 堃)."""
    best = min(
        (body.decode(name, "replace") for name in ("cp950", "big5hkscs")),
        key=lambda text: text.count("\ufffd"),
    )
    return best if best.count("\ufffd") <= max(2, len(body) * _TOLERANCE) else None


def _is_utf8(body: bytes) -> bool:
    """Whether it is UTF-8 that holds more than ASCII."""
    try:
        body[:_TRIAL].decode("utf-8")
    except UnicodeDecodeError as err:
        return err.start >= min(len(body), _TRIAL) - 4 and not body[:_TRIAL].isascii()
    return not body[:_TRIAL].isascii()


def _composed(text: str) -> str:
    """windows-1258 writes tones as marks after the vowel; everything else expects one character."""
    import unicodedata

    return unicodedata.normalize("NFC", text)


def _detect(body: bytes) -> tuple[str, str]:
    sample = body[:_TRIAL]
    zeros = sample[:2000]
    if len(zeros) > 20 and zeros.count(0) > len(zeros) * 0.2:
        name = "utf-16-le" if zeros[1::2].count(0) >= zeros[0::2].count(0) else "utf-16-be"
        return name, body.decode(name, "replace")
    text = body.decode("utf-8", "replace")
    if text.count("\ufffd") <= max(2, len(body) * _TOLERANCE):
        return "utf-8", text
    chinese = [(one, name) for name in ("big5", "gb18030") if (one := _try(body, name)) is not None]
    if chinese:
        best, name = max(chinese, key=lambda pair: _commonness(pair[0]))
        if _commonness(best) > 0.25:
            return name, best
    from charset_normalizer import from_bytes  # late: only for pages that declare nothing right

    guess = from_bytes(_without_markup(sample)[:60_000]).best()
    name = _codec(guess.encoding) if guess is not None else "cp1252"
    return name or "cp1252", body.decode(name or "cp1252", "replace")


# The characters that every Chinese news text is full of, in both scripts: a wrong decoding rarely hits them.
_COMMON = frozenset(
    "的一是不了在人有我他這这個个們们中來来上大為为和國国地到以說说時时要就出會会可也你對对生能而子那得於于着下自之年過过發发後后作里裡"
    "用道行所然家種种事成方多經经麼么去法學学如都同現现當当沒没動动面起看定天分還还進进好小部其些主樣样理心她本前開开但因只從从想實实"
    "日月市政府新聞闻記者报報公司"
)


def _commonness(text: str) -> float:
    han = [char for char in text if "\u3400" <= char <= "\u9fff" or char == "\ufffd"]
    return sum(char in _COMMON for char in han) / len(han) if len(han) >= 4 else 0.0


def _without_markup(body: bytes) -> bytes:
    return re.sub(rb"<[^>]{0,2000}>", b" ", body)
