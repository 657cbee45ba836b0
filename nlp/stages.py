"""`resound stage translate|tone|topics`: lines of JSON in, one line out for each, in order. The pipeline's own functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from nlp.engines import Identity
from nlp.language import detect_language
from nlp.models import Models
from nlp.tone import find_passages, judge_tones
from nlp.topics import TopicTagger, load_topics
from nlp.translation import (
    CachedSentence,
    has_own_route,
    join_sentences,
    needs_translation,
    translate_texts,
)
from resound.errors import ModelError

BATCH = 32
TARGETS = ("en", "zh-Hant")


class RunCache:
    """A cache for one run."""

    def __init__(self) -> None:
        self._rows: dict[str, CachedSentence] = {}

    def get(self, keys: Iterable[str]) -> dict[str, CachedSentence]:
        return {key: self._rows[key] for key in keys if key in self._rows}

    def put(self, rows: Mapping[str, CachedSentence]) -> None:
        self._rows |= rows


def stage_translate(lines: Iterable[object], models: Models) -> Iterator[dict[str, Any]]:
    """`{"text", "language"?, "target"?}` → translation with its flags, and who made it."""
    cache = RunCache()
    for batch in _batches(lines):
        made: list[dict[str, Any]] = [{} for _ in batch]
        groups: dict[tuple[str, str], list[int]] = {}
        for at, line in enumerate(batch):
            problem = _problem(line, needs=("text",))
            target = line.get("target") or "en" if isinstance(line, dict) else "en"
            if problem is None and target not in TARGETS:
                problem = f"The target is one of {', '.join(TARGETS)}."
            if problem is not None or not isinstance(line, dict):
                made[at] = _translation(None, None, problem)
                continue
            tag = line.get("language") or detect_language(line["text"], None).tag
            if not needs_translation(tag, target):
                made[at] = _translation(line["text"], target, None, flags=["in-this-language"])
                continue
            groups.setdefault((tag, target), []).append(at)
        for (tag, target), members in groups.items():
            texts = [str(batch[at]["text"]).split("\n") for at in members]  # type: ignore[index]
            try:
                route = None if has_own_route(tag, target) else models.route(tag, target)
                found = translate_texts(texts, language=tag, target=target, route=route, cache=cache)
            except ModelError as err:
                for at in members:
                    made[at] = _translation(None, target, str(err))
                continue
            for at, one in zip(members, found, strict=True):
                text = "\n".join(join_sentences(paragraph, target) for paragraph in one.paragraphs)
                made[at] = _translation(text, target, None, flags=list(one.flags), by=one.identities[-1])
        yield from made


def stage_tone(lines: Iterable[object], models: Models) -> Iterator[dict[str, Any]]:
    """`{"text", "from", "to", "target"?, "language"?}` → label and scores; from and to are where the target is named."""
    classifier = models.tone()
    for batch in _batches(lines):
        jobs, problems = [], []
        for line in batch:
            problem = _problem(line, needs=("text",)) or _wrong_place(line)
            problems.append(problem)
            if problem is None and isinstance(line, dict):
                text = line["text"]
                start, end = line.get("from", 0), line.get("to", len(text))
                jobs.append(find_passages({"body": text}, [("body", start, end)]))
            else:
                jobs.append([])
        for problem, result in zip(problems, judge_tones(jobs, classifier), strict=True):
            yield {
                "label": result.label,
                "scores": dict(result.scores),
                "uncertain": result.is_uncertain,
                **_by(result.identity if problem is None else None),
                "error": problem,
            }


def stage_topics(lines: Iterable[object], models: Models) -> Iterator[dict[str, Any]]:
    """`{"text", "language"?}` → the topics with their scores, best first."""
    embedder = models.embedder()
    tagger = TopicTagger(embedder, load_topics(), threshold=models.thresholds.topic, judge=models.judge())
    for batch in _batches(lines):
        problems = [_problem(line, needs=("text",)) for line in batch]
        texts = [
            [part for part in str(line["text"]).split("\n") if part.strip()]
            if problem is None and isinstance(line, dict)
            else []
            for line, problem in zip(batch, problems, strict=True)
        ]
        for problem, found in zip(problems, tagger.tag(texts), strict=True):
            yield {
                "topics": [asdict(one) for one in found],
                **_by(embedder.identity if problem is None else None),
                "error": problem,
            }


def _batches(lines: Iterable[object]) -> Iterator[list[object]]:
    pending = iter(lines)
    while batch := list(islice(pending, BATCH)):
        yield batch


def _problem(line: object, *, needs: tuple[str, ...]) -> str | None:
    if not isinstance(line, dict):
        return "The line is wrong: it is not a JSON object."
    for name in needs:
        if not isinstance(line.get(name), str):
            return f'The line is wrong: give {{"{name}": "…"}}.'
    for name in ("language", "target"):
        if not isinstance(line.get(name), str | None):
            return f"The line is wrong: {name} is text."
    return None


def _wrong_place(line: object) -> str | None:
    if not isinstance(line, dict):
        return None
    start, end = line.get("from", 0), line.get("to", len(line["text"]))
    is_right = isinstance(start, int) and isinstance(end, int) and 0 <= start <= end <= len(line["text"])
    return (
        None if is_right else "The line is wrong: from and to are places in the text, counted in characters."
    )


def _translation(
    text: str | None,
    target: str | None,
    error: str | None,
    *,
    flags: list[str] | None = None,
    by: Identity | None = None,
) -> dict[str, Any]:
    return {"translation": text, "target": target, "flags": flags or [], **_by(by), "error": error}


def _by(identity: Identity | None) -> dict[str, Any]:
    if identity is None:
        return {"model": None, "revision": None, "engine": None, "note": ""}
    note = f"machine work, {identity.label}" if identity.label else "machine work"
    return {
        "model": identity.model,
        "revision": identity.revision,
        "engine": identity.engine,
        "note": note,
    }
