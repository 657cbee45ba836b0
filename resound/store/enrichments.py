"""What language models said of articles. Rows hang on a version: an edited text is judged again, the old word stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Column, Connection, delete, select

from resound.store.database import in_parts, insert_new, upsert
from resound.store.tables import article, sentence, tone, topics, translation, vector

Paragraph = list[dict[str, Any]]
"""Sentences of one paragraph: {source, text, flags}."""


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Model, revision and engine of a result; `label` is what must be said beside it (`demo model`)."""

    model: str
    revision: str
    engine: str
    label: str
    at: datetime

    @property
    def who(self) -> str:
        """As people are told: `demo model, resound-demo/tone`."""
        return said_by(self.label, self.model)


def said_by(label: str, model: str) -> str:
    """Whose machine work it is, with what must be said beside it."""
    return f"{label}, {model}" if label else model


class Maker(Protocol):
    """Whoever made a result (`nlp.engines.Identity`)."""

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    @property
    def revision(self) -> str:
        """Its commit."""
        ...

    @property
    def engine(self) -> str:
        """What ran it."""
        ...

    @property
    def label(self) -> str:
        """What must be said beside its results."""
        ...


def made_by(maker: Maker, now: datetime) -> MadeBy:
    """Who made a result, as it is stored."""
    return MadeBy(maker.model, maker.revision, maker.engine, maker.label, now)


@dataclass(frozen=True, slots=True)
class StoredTranslation:
    """A machine translation. `part` is `headline` where only title and lead are translated yet.

    `made_by` names each model that it went through ({model, revision, engine, label}), first one first.
    """

    version: str
    target: str
    part: str
    title: Paragraph
    lead: list[Paragraph]
    paragraphs: list[Paragraph]
    flags: list[str]
    made_by: list[dict[str, str]]
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredTone:
    """How the passages that name a campaign sound. `tone` is None where no passage names it."""

    version: str
    campaign: str
    tone: str | None
    scores: Mapping[str, float]
    spread: float
    is_uncertain: bool
    passages: Sequence[Mapping[str, Any]]
    made_by: MadeBy


@dataclass(frozen=True, slots=True)
class StoredTopics:
    """(topic, score), best first; none where no topic reaches its threshold."""

    version: str
    found: tuple[tuple[str, float], ...]
    made_by: MadeBy


def joined(paragraph: Paragraph, target: str) -> str:
    """A paragraph's translation as running text: Chinese sentences stand without spaces between them."""
    return ("" if target.startswith("zh") else " ").join(str(one["text"]) for one in paragraph)


def set_translation(connection: Connection, row: StoredTranslation) -> None:
    """Store a translation in the place of the one before it."""
    upsert(connection, translation, [{name: getattr(row, name) for name in StoredTranslation.__slots__}])


def load_translations(
    connection: Connection, versions: Iterable[str]
) -> dict[str, dict[str, StoredTranslation]]:
    """version → target → translation."""
    found: dict[str, dict[str, StoredTranslation]] = {}
    for row in _rows(connection, translation.c.version, versions):
        found.setdefault(row["version"], {})[row["target"]] = StoredTranslation(**row)
    return found


def forget_translations(connection: Connection, version: str) -> None:
    """Take the translations of a version away: they were made out of a language that it is not in."""
    connection.execute(delete(translation).where(translation.c.version == version))


def set_tone(connection: Connection, row: StoredTone) -> None:
    """Store a tone in the place of the one before it."""
    upsert(connection, tone, [_flat(row, StoredTone.__slots__)])


def load_tones(connection: Connection, versions: Iterable[str]) -> dict[str, dict[str, StoredTone]]:
    """version → campaign → tone."""
    found: dict[str, dict[str, StoredTone]] = {}
    for row in _rows(connection, tone.c.version, versions):
        found.setdefault(row["version"], {})[row["campaign"]] = StoredTone(**_unflat(row))
    return found


def list_tones(
    connection: Connection, campaign: str, versions: Iterable[str]
) -> dict[str, tuple[str | None, bool, str]]:
    """version → (tone, whether the model is unsure, whose work it is), without scores and passages."""
    columns = (tone.c.version, tone.c.tone, tone.c.is_uncertain, tone.c.label, tone.c.model)
    return {
        row.version: (row.tone, row.is_uncertain, said_by(row.label, row.model))
        for part in in_parts(versions)
        for row in connection.execute(
            select(*columns).where(tone.c.campaign == campaign, tone.c.version.in_(part))
        )
    }


def list_topics(connection: Connection, versions: Iterable[str]) -> dict[str, tuple[tuple[str, ...], str]]:
    """version → (topics, whose work it is), best first, without scores."""
    columns = (topics.c.version, topics.c.found, topics.c.label, topics.c.model)
    return {
        row.version: (tuple(one["topic"] for one in row.found), said_by(row.label, row.model))
        for part in in_parts(versions)
        for row in connection.execute(select(*columns).where(topics.c.version.in_(part)))
    }


def list_headlines(
    connection: Connection, versions: Iterable[str], target: str
) -> dict[str, tuple[str, str]]:
    """version → (translated headline, whose work it is), without the text."""
    columns = (translation.c.version, translation.c.title, translation.c.made_by)
    return {
        row.version: (
            joined(row.title, target),
            said_by(row.made_by[-1]["label"], row.made_by[-1]["model"]),
        )
        for part in in_parts(versions)
        for row in connection.execute(
            select(*columns).where(translation.c.target == target, translation.c.version.in_(part))
        )
    }


def set_topics(connection: Connection, row: StoredTopics) -> None:
    """Store the topics of a version in the place of those before."""
    values = _flat(row, StoredTopics.__slots__)
    values["found"] = [{"topic": name, "score": score} for name, score in row.found]
    upsert(connection, topics, [values])


def load_topics(connection: Connection, versions: Iterable[str]) -> dict[str, StoredTopics]:
    """version → topics."""
    return {
        row["version"]: StoredTopics(
            row["version"],
            tuple((one["topic"], one["score"]) for one in row["found"]),
            MadeBy(**{name: row[name] for name in MadeBy.__slots__}),
        )
        for row in _rows(connection, topics.c.version, versions)
    }


def set_vector(
    connection: Connection,
    *,
    version: str,
    article: str,
    language: str,
    day: date,
    vector_bytes: bytes,
    made_by: MadeBy,
) -> None:
    """Store the vector of headline and lead (float16, little endian, length 1)."""
    values = {name: getattr(made_by, name) for name in MadeBy.__slots__}
    keys = {"version": version, "article": article, "language": language, "day": day.isoformat()}
    upsert(connection, vector, [{**keys, "vector": vector_bytes, **values}])


def load_vectors(
    connection: Connection, *, model: str, revision: str, days: tuple[date, date] | None = None
) -> list[tuple[str, str, str, bytes]]:
    """(article, version, language tag, vector) of current versions, by one model, of inclusive days; by article."""
    statement = (
        select(vector.c.article, vector.c.version, vector.c.language, vector.c.vector)
        .join(article, article.c.current == vector.c.version)
        .where(vector.c.model == model, vector.c.revision == revision)
        .order_by(vector.c.article)
    )
    if days is not None:
        statement = statement.where(vector.c.day.between(days[0].isoformat(), days[1].isoformat()))
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]


def vectors_of(connection: Connection, versions: Iterable[str]) -> dict[str, tuple[str, bytes]]:
    """version → (model and revision as `model@revision`, vector)."""
    return {
        row["version"]: (f"{row['model']}@{row['revision']}", row["vector"])
        for row in _rows(connection, vector.c.version, versions)
    }


def load_sentences(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[str, float, list[str]]]:
    """key → (text, score, flags) of sentences that were translated before."""
    return {
        row["key"]: (row["text"], row["score"], row["flags"])
        for row in _rows(connection, sentence.c.key, keys)
    }


def add_sentences(connection: Connection, rows: Mapping[str, tuple[str, float, Sequence[str]]]) -> None:
    """Remember translated sentences; one that is there already stays."""
    insert_new(
        connection,
        sentence,
        [
            {"key": key, "text": text, "score": score, "flags": list(flags)}
            for key, (text, score, flags) in rows.items()
        ],
    )


def _rows(connection: Connection, column: Column[Any], keys: Iterable[str]) -> list[dict[str, Any]]:
    wanted = list(keys)
    found: list[dict[str, Any]] = []
    for start in range(0, len(wanted), 500):
        statement = select(column.table).where(column.in_(wanted[start : start + 500]))
        found += [dict(row._mapping) for row in connection.execute(statement)]
    return found


def _flat(row: StoredTone | StoredTopics, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names if name != "made_by"}
    return {**values, **{name: getattr(row.made_by, name) for name in MadeBy.__slots__}}


def _unflat(row: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if name not in MadeBy.__slots__}
    return {**own, "made_by": MadeBy(**{name: row[name] for name in MadeBy.__slots__})}
