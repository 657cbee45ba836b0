"""Foreign bytes, handed out so that they are kept and never run: always a download, of the type that their content says.

Only a picture may show itself, and only inside a page of ours (`<img>` asks by the same address).
"""

from __future__ import annotations

from urllib.parse import quote

from resound.clips.files import safe_name

OCTETS = "application/octet-stream"


def download_headers(name: str) -> dict[str, str]:
    """The headers of a download: its name in both of RFC 6266's spellings, nothing guessed, nothing run."""
    safe = safe_name(name)
    plain = "".join(char if (char.isascii() and char.isalnum()) or char in " ._-" else "_" for char in safe)
    return {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-cache",
    }
