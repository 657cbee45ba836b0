"""What an article is about, as one vector: its headline and lead. Kept as float16; two are compared by their cosine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resound.article import Article

if TYPE_CHECKING:
    from nlp.engines import Embedder, Vectors

LEAD_CHARACTERS = 600


def head_of(article: Article) -> str:
    """Headline and lead; where there is no lead, how the text begins."""
    return head_text(article.title, article.lead or (article.paragraphs[0] if article.paragraphs else ""))


def head_text(title: str, lead: str) -> str:
    """The same of a text that is no article yet."""
    return f"{title}\n{lead[:LEAD_CHARACTERS]}".strip()


def embed_articles(articles: Sequence[Article], embedder: Embedder) -> Vectors:
    """(n, dimensions) vectors of length 1."""
    return embedder.embed([head_of(one) for one in articles])


def vector_to_bytes(vector: Vectors) -> bytes:
    """Float16, little endian: half the room, and cosines differ by less than 0.001."""
    return vector.astype("<f2").tobytes()


def vectors_from_bytes(rows: Sequence[bytes]) -> Vectors:
    """(n, dimensions), of length 1 again."""
    import numpy as np

    if not rows:
        return np.zeros((0, 0), dtype=np.float32)
    made = np.stack([np.frombuffer(one, dtype="<f2").astype(np.float32) for one in rows])
    made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12)
    return made
