"""Secrets that are handed out: session cookies, one-time links, API keys. 256 random bits each; stored as SHA-256 only.

A plain hash is enough for them: nobody can try 2²⁵⁶ of them. (Passwords are another matter: `resound.people.passwords`.)
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

KEY_PREFIX = "rs_"
"""What every API key begins with, so that scanners of code and mail can find one that leaked."""


def new_token() -> str:
    """43 characters that may stand in a URL and a cookie."""
    return secrets.token_urlsafe(32)


def new_salt() -> str:
    """Makes of one secret another one each time (`derive`). Not a secret itself."""
    return secrets.token_hex(8)


def new_key() -> str:
    """A new API key."""
    return KEY_PREFIX + new_token()


def digest(token: str) -> str:
    """What is stored of a token: 64 hexadecimal digits."""
    return sha256(token.encode()).hexdigest()


def derive(token: str, purpose: str) -> str:
    """Another secret out of a token, such as a form's: who knows it knows nothing of the token, nor of other purposes."""
    return hmac.new(token.encode(), purpose.encode(), sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
