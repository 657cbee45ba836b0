"""Pictures that people brought with clips, made ready for a page: hashed again, bounded, encoded anew without metadata."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from resound.clips.files import JPEG, MOST_BYTES, PNG, kept_path
from resound.errors import EvidenceError
from resound.report.typesetting import Picture
from resound.snapshots.model import Evidence
from resound.told import Told

SHOWN = frozenset({JPEG.media_type, PNG.media_type})
MOST_PIXELS = 60_000_000
"""Of a picture that is decoded: 240 MB. A file of a few bytes can claim to be larger."""
MOST_WIDE, MOST_HIGH = 1400, 3600
"""Pixels of a picture as it is printed: 200 to the inch over the width of the page."""
_QUALITY = 82


PictureOf = Callable[[Evidence], Picture]
"""A kept picture for a page. Raises EvidenceError."""


def read_pictures(evidence: Path) -> PictureOf:
    """Pictures of an evidence folder; the last ones are kept, a report in three languages asks thrice."""
    return lru_cache(maxsize=8)(partial(read_picture, evidence=evidence))


def read_picture(piece: Evidence, *, evidence: Path) -> Picture:
    """One kept picture for a page.

    Raises:
        EvidenceError: it is missing, changed, damaged or too large; the sentence says which.
    """
    from PIL import Image, ImageOps

    try:
        path = kept_path(evidence, piece.sha256)
        if path.stat().st_size > MOST_BYTES:
            raise EvidenceError(Told("The picture is too large to be shown."))
        data = path.read_bytes()
    except OSError as err:
        raise EvidenceError(Told("The file of this clip is missing from the evidence folder.")) from err
    if sha256(data).hexdigest() != piece.sha256:
        raise EvidenceError(Told("The file of this clip is not what was brought: its SHA-256 differs."))
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as found:
            if found.width * found.height > MOST_PIXELS:
                raise EvidenceError(Told("The picture is too large to be shown."))
            upright = ImageOps.exif_transpose(found)
            upright.thumbnail((MOST_WIDE, MOST_HIGH))
            flat = Image.new("RGB", upright.size, "white")
            seen_through = upright.convert("RGBA")
            flat.paste(seen_through, mask=seen_through.getchannel("A"))
    except Image.DecompressionBombError as err:  # it says so of itself, in its head
        raise EvidenceError(Told("The picture is too large to be shown.")) from err
    except (OSError, ValueError, SyntaxError) as err:  # SyntaxError: Pillow's word for a broken PNG
        raise EvidenceError(Told("The picture is damaged and cannot be shown.")) from err
    made = BytesIO()
    flat.save(made, "JPEG", quality=_QUALITY)
    return Picture(made.getvalue(), JPEG.media_type)
