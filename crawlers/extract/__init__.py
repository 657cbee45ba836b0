"""A page as received → an article.

The order of the rules: charset; language, before any threshold; the site's own rule (`sites`, dated); JSON-LD where it
says more than the page shows; the generic reading (`generic`); where that is in doubt a second voice (trafilatura,
readability); at last whatever text there is. The page is decoded and parsed once.
"""

from __future__ import annotations

from crawlers.extract.charset import decode
from crawlers.extract.reading import extract

__all__ = ["decode", "extract"]
