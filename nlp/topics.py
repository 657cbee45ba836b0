"""Which of the campaign's themes an article is about: several, or none.

A theme is known by its label and descriptions in three languages (`nlp/topics.yml`). An article's headline, lead and
paragraphs are compared with them; a theme is given where the best of them reaches the profile's threshold. Where the
profile has a model for inference, it has the last word on what comes near.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError
from ruamel.yaml import YAML

from resound.errors import DefinitionError
from resound.source import Id, Strict

if TYPE_CHECKING:
    from nlp.engines import Embedder, PairJudge, Vectors

TopicLanguage = Literal["zh-Hant", "en", "vi"]
NEAR = 0.06
"""How far below the threshold the inference model is still asked."""
ENTAILED = 0.7
LONGEST_PASSAGE = 600
MOST_PASSAGES = 12


class Topic(Strict):
    """A theme: how it is called, and sentences that are about it."""

    id: Id
    label: dict[TopicLanguage, str] = Field(min_length=3)
    describe: dict[TopicLanguage, tuple[str, ...]] = Field(min_length=3)

    @property
    def described(self) -> tuple[str, ...]:
        """Every description under its label, as texts are compared with it."""
        return tuple(
            f"{self.label[language]}: {one}" for language in self.label for one in self.describe[language]
        )


@dataclass(frozen=True, slots=True)
class TopicScore:
    """`score` is the cosine with the nearest description."""

    topic: str
    score: float


class TopicTagger:
    """Themes with their vectors, made once for many articles."""

    def __init__(
        self, embedder: Embedder, topics: Sequence[Topic], *, threshold: float, judge: PairJudge | None = None
    ) -> None:
        self._embedder, self._topics, self._threshold, self._judge = embedder, topics, threshold, judge
        written = [(at, text) for at, topic in enumerate(topics) for text in topic.described]
        self._owner = [at for at, _ in written]
        self._vectors = embedder.embed([text for _, text in written])

    def tag(self, texts: Sequence[Sequence[str]]) -> list[tuple[TopicScore, ...]]:
        """The themes of each text (given as its passages), best first."""
        return [self._choose(vectors, passages) for vectors, passages in self._embed(texts)]

    def all_scores(self, texts: Sequence[Sequence[str]]) -> list[dict[str, float]]:
        """topic → cosine for each text, whatever the threshold: what it is calibrated on."""
        return [self.scores(vectors) for vectors, _ in self._embed(texts)]

    def _embed(self, texts: Sequence[Sequence[str]]) -> Iterator[tuple[Vectors, list[str]]]:
        """The vectors of each text's passages, and the passages as they were looked at."""
        cut = [[passage[:LONGEST_PASSAGE] for passage in text[:MOST_PASSAGES]] for text in texts]
        vectors = self._embedder.embed([passage for text in cut for passage in text], kind="query")
        at = 0
        for text in cut:
            yield vectors[at : at + len(text)], text
            at += len(text)

    def scores(self, vectors: Vectors) -> dict[str, float]:
        """topic → cosine of its nearest description with the nearest of the vectors."""
        cosines = vectors @ self._vectors.T
        found = [-1.0] * len(self._topics)
        for column, owner in enumerate(self._owner):
            found[owner] = max(found[owner], float(cosines[:, column].max()) if len(vectors) else -1.0)
        return {topic.id: round(score, 4) for topic, score in zip(self._topics, found, strict=True)}

    def _choose(self, vectors: Vectors, passages: Sequence[str]) -> tuple[TopicScore, ...]:
        scores = self.scores(vectors)
        if self._judge is None:
            kept = {name: score for name, score in scores.items() if score >= self._threshold}
        else:
            near = [one for one in self._topics if scores[one.id] >= self._threshold - NEAR]
            pairs = [
                (passage, f"This text is about {one.label['en']}.")
                for one in near
                for passage in passages[:3]
            ]
            said = self._judge.entailment(pairs)
            width = len(passages[:3])
            kept = {
                one.id: scores[one.id]
                for at, one in enumerate(near)
                if max(said[at * width : (at + 1) * width], default=0.0) >= ENTAILED
            }
        ranked = sorted(kept.items(), key=lambda one: (-one[1], one[0]))
        return tuple(TopicScore(name, score) for name, score in ranked)


@cache
def load_topics() -> tuple[Topic, ...]:
    """The shipped themes."""
    return read_topics(
        files("nlp").joinpath("topics.yml").read_text(encoding="utf-8"), where="nlp/topics.yml"
    )


def read_topics(text: str, *, where: str) -> tuple[Topic, ...]:
    """Themes from YAML. Raises DefinitionError naming file and field."""
    loaded = YAML(typ="safe").load(text)
    if not isinstance(loaded, Mapping) or not isinstance(loaded.get("topics"), list):
        raise DefinitionError(f"{where}: a list of topics is expected under `topics`.")
    try:
        found = tuple(Topic(**one) for one in loaded["topics"])
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(f"{where}: {place}: {first['msg']}") from err
    ids = [one.id for one in found]
    if len(set(ids)) != len(ids):
        raise DefinitionError(f"{where}: two topics share an id.")
    return found


def passages_of(title: str, lead: str, paragraphs: Sequence[str]) -> list[str]:
    """What of an article is compared: headline with lead, then its paragraphs."""
    return [one for one in (f"{title}. {lead}".strip(". "), *paragraphs) if one.strip()]
