"""The seams between models and what uses them: what a translator, a classifier and an embedder promise.

Two implementations of each are in `nlp.backends` (the fast engine, and the reference on torch); one suite runs on both.
Each returns exactly one result per text, in order, for any batch size. None of them downloads anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

EmbeddingKind = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who made a result: stored beside every one of them.

    `model` is the hub's id or the profile's own (`Helsinki-NLP/opus-mt-zh-en`), `revision` the commit that the lock
    file names (or the hash of its files), `engine` one of `ctranslate2-int8`, `onnxruntime-int8`, `torch-fp32`,
    `torch-bf16`. `label` is what people must be told beside the result (`demo model`), or empty.
    """

    model: str
    revision: str
    engine: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Translated:
    """One translated sentence. `score` is the mean log-probability per token; `is_cut`: the length limit ended it."""

    text: str
    score: float
    is_cut: bool


class Translator(Protocol):
    """One model, one direction (source and target codes are bound when it is made)."""

    @property
    def identity(self) -> Identity:
        """Who translates."""
        ...

    @property
    def max_tokens(self) -> int:
        """The longest source that the model takes, in tokens, its special ones left out."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special ones."""
        ...

    def translate(
        self,
        texts: Sequence[str],
        *,
        beam: int = 2,
        repetition_penalty: float = 1.0,
        no_repeat_ngram: int = 0,
    ) -> list[Translated]:
        """Translate sentences of at most `max_tokens` each; a longer one is a caller's defect (ValueError)."""
        ...


class Classifier(Protocol):
    """A sequence classifier: labels as its configuration names them, lower case."""

    @property
    def identity(self) -> Identity:
        """Who judges."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the probabilities."""
        ...

    @property
    def max_tokens(self) -> int:
        """The longest text that is read, in tokens, special ones left out."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special ones."""
        ...

    def probabilities(self, texts: Sequence[str]) -> Vectors:
        """(n, labels), each row sums to 1. What is longer than `max_tokens` is read to there."""
        ...


class PairJudge(Protocol):
    """Natural-language inference: does a premise entail a hypothesis?"""

    @property
    def identity(self) -> Identity:
        """Who judges."""
        ...

    def entailment(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """For each (premise, hypothesis) the probability of entailment against contradiction, 0 … 1."""
        ...


class Embedder(Protocol):
    """Text to a unit vector; the dot product of two is their cosine."""

    @property
    def identity(self) -> Identity:
        """Whose vectors: those of different models are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str], *, kind: EmbeddingKind = "passage") -> Vectors:
        """(n, dimensions), float32, rows of length 1. The model's prefix for `kind` is put before each text."""
        ...
