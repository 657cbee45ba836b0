"""Passwords: which are refused, and how they are kept (Argon2id, RFC 9106; only the hash is ever stored).

Length is what counts (NIST SP 800-63B): at least 12 characters, any characters, no rules about kinds of them. Refused is
what is tried first: the login, well-known words, rows of keys and repetitions, whatever is added to make up the length.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from resound.errors import ResoundError
from resound.texts import N_

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST = 12
MOST = 200
TOO_SHORT = N_("A password has at least 12 characters. Several words in a row are easy to remember.")
TOO_LONG = N_("A password has at most 200 characters.")
TOO_EASY = N_(
    "This password would be tried first: it is made of the login, well-known words, rows of keys or repetitions. "
    "Several words that have nothing to do with each other are better."
)
_LEAST_OWN = 6
"""Characters that must remain, at least, when everything that is easy to guess is taken away."""

_STEMS = (
    "correcthorsebatterystaple", "administrator", "password", "passwort", "passwd", "letmein", "welcome", "qwerty", "admin",
    "iloveyou", "football", "baseball", "sunshine", "princess", "dragon", "monkey", "master", "superman", "trustno",
    "secret", "login", "changeme", "default", "hello", "resound", "matkhau", "anhyeuem", "emyeuanh", "vietnam", "hanoi",
    "saigon", "taiwan", "taipei", "woaini", "mima", "密碼", "密码", "我愛你", "我爱你", "台灣", "臺灣", "mậtkhẩu",
)  # fmt: skip
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
)
_SHORTEST_RUN = 3
_LEET = str.maketrans("013457@$!", "oleastasi")
_YEAR = re.compile(r"(?:19|20)\d\d")
_REPEATED = re.compile(r"(.{1,6}?)\1{2,}")

_TURNS = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB: many sign-ins at once must wait, not fill the memory."""


def check_password(password: str, *, login: str) -> None:
    """Refuse a password that is too short or easily guessed.

    Raises:
        ResoundError: with one of the sentences of this module, which pages translate.
    """
    plain = _as_kept(password)
    if len(plain) < LEAST:
        raise ResoundError(TOO_SHORT)
    if len(plain) > MOST:
        raise ResoundError(TOO_LONG)
    if min(len(_own_part(one, login)) for one in _spellings(plain)) < _LEAST_OWN:
        raise ResoundError(TOO_EASY)


def hash_password(password: str) -> str:
    """What is stored: `$argon2id$…`, with its parameters and a salt of its own."""
    with _TURNS:
        return _hasher().hash(_as_kept(password))


def is_password(password: str, stored: str | None) -> bool:
    """Whether a password is the stored one. Takes the same time where nothing is stored, and is then False."""
    hasher = _hasher()
    from argon2.exceptions import InvalidHashError, VerificationError

    with _TURNS:
        try:
            matches = hasher.verify(stored or _decoy(), _as_kept(password[: MOST * 4]))
        except (VerificationError, InvalidHashError):
            return False
    return matches and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a stored hash was made with other parameters than today's: then it is made again at the next sign-in."""
    return _hasher().check_needs_rehash(stored)


@cache
def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ModuleNotFoundError as err:
        raise ResoundError(
            'Passwords need a package that is not installed (argon2-cffi): pip install "resound[web]"'
        ) from err
    return PasswordHasher()  # RFC 9106's second choice: 3 passes over 64 MiB, 4 lanes


@cache
def _decoy() -> str:
    return _hasher().hash("nobody has this password")


def _as_kept(password: str) -> str:
    """The same characters however a keyboard composed them: ế is one character or three (RFC 8265 does the same)."""
    return unicodedata.normalize("NFKC", password)


def _spellings(password: str) -> Iterator[str]:
    """As it is, and with digits and signs read as the letters that they stand for (p@ssw0rd)."""
    plain = password.casefold()
    yield plain
    yield plain.translate(_LEET)


def _own_part(text: str, login: str) -> str:
    """What remains when everything that is easy to guess is taken away."""
    easy = {login, *re.split(r"[._+@-]", login), *_STEMS}
    for word in sorted((one for one in easy if len(one) > 1), key=len, reverse=True):
        text = text.replace(word, "")
    text = _YEAR.sub("", text)
    text = _without_runs(text)
    text = _REPEATED.sub(r"\1", text)
    letters = "".join(char for char in text if char.isalnum())
    return letters if len(set(letters)) >= _LEAST_OWN - 1 else ""


def _without_runs(text: str) -> str:
    """Without 1234, dcba, qwert: parts of a row of keys or of the alphabet, in either direction."""
    rows = [way for row in _ROWS for way in (row, row[::-1])]
    kept = ""
    at = 0
    while at < len(text):
        end = at + _SHORTEST_RUN
        if any(text[at:end] in row for row in rows) and len(text) >= end:
            while end < len(text) and any(text[at : end + 1] in row for row in rows):
                end += 1
            at = end
        else:
            kept += text[at]
            at += 1
    return kept
