"""Language models in a process of their own: one that hangs, or dies for want of memory, costs only its batch.

The process opens the profile once and keeps its models; what comes back is a result or a `ModelError` that says why
there is none. Nothing here knows articles: `resound.processing.enriching` decides what is asked, and stores what comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from resound.campaign import Term
from resound.errors import ModelError
from resound.store import Store, open_store
from resound.store.enrichments import add_sentences, load_sentences

if TYPE_CHECKING:
    from nlp.engines import Embedder, Identity, Vectors
    from nlp.models import Models
    from nlp.profiles import Thresholds
    from nlp.tone import Passage, ToneResult
    from nlp.topics import TopicScore, TopicTagger
    from nlp.translation import CachedSentence, TranslatedText

Result = TypeVar("Result")
_KILLED = -9
"""The exit code of a process that the kernel ended: nearly always for want of memory."""


@dataclass(frozen=True, slots=True)
class ModelSetup:
    """What the process needs to open a profile. `store_address` is for the cache of translated sentences."""

    profile: str
    folder: Path
    engine: Literal["auto", "fast", "torch"]
    threads: int
    store_address: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class TranslationJob:
    """Texts of one language for one target; each text is its paragraphs. `terms` are names to keep right."""

    texts: tuple[tuple[str, ...], ...]
    language: str
    target: str
    terms: tuple[Term, ...]


class ModelWorker:
    """One process with one profile's models. Use as a context manager; the process starts with the first question."""

    def __init__(self, setup: ModelSetup, *, seconds: float) -> None:
        """`seconds` is how long it may take over one text, models' loading apart."""
        self.setup = setup
        self.seconds = seconds
        self._pool = ProcessPool(max_workers=1, context=get_context("forkserver"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def ask(self, task: Callable[[Models, ModelSetup, Any], Result], payload: Any, *, texts: int) -> Result:
        """Run a module-level function in the process.

        Raises:
            ModelError: there is no result; the reason says why.
        """
        future = self._pool.schedule(_run, (self.setup, task, payload), timeout=self.seconds * max(1, texts))
        try:
            found: Result = future.result()
        except FutureTimeoutError as err:
            raise ModelError(
                f"The model took more than {self.seconds:g} seconds a text.", reason="timeout"
            ) from err
        except ProcessExpired as err:
            if err.exitcode == _KILLED:
                raise ModelError(
                    "The models' process was ended by the system, most likely for want of memory.",
                    reason="out-of-memory",
                ) from err
            raise ModelError(
                f"The models' process ended by itself (code {err.exitcode}).", reason="crashed"
            ) from err
        return found

    def translate(self, job: TranslationJob) -> list[TranslatedText]:
        """Translate; one result for each text. Raises ModelError."""
        return self.ask(translate_task, job, texts=len(job.texts))


class StoredSentences:
    """The cache of translated sentences, in the store: a killed process repeats none that it had finished."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, keys: Sequence[str]) -> dict[str, CachedSentence]:
        """Those that are known."""
        from nlp.translation import CachedSentence

        with self._store.read() as connection:
            found = load_sentences(connection, keys)
        return {key: CachedSentence(text, score, tuple(flags)) for key, (text, score, flags) in found.items()}

    def put(self, rows: Mapping[str, CachedSentence]) -> None:
        """Remember; durable when it returns."""
        with self._store.write() as connection:
            add_sentences(connection, {key: (one.text, one.score, one.flags) for key, one in rows.items()})


def translate_task(models: Models, setup: ModelSetup, job: TranslationJob) -> list[TranslatedText]:
    """In the process: one job, from the cache where sentences are known."""
    from nlp.translation import has_own_route, translate_texts

    route = None if has_own_route(job.language, job.target) else models.route(job.language, job.target)
    return translate_texts(
        job.texts,
        language=job.language,
        target=job.target,
        route=route,
        cache=_sentences(setup),
        terms=job.terms,
    )


def tone_task(models: Models, _setup: ModelSetup, jobs: Sequence[Sequence[Passage]]) -> list[ToneResult]:
    """In the process: the tone of lists of passages."""
    from nlp.tone import judge_tones

    return judge_tones(jobs, models.tone())


def topics_task(
    models: Models, _setup: ModelSetup, texts: Sequence[Sequence[str]]
) -> tuple[list[tuple[TopicScore, ...]], Identity]:
    """In the process: the topics of texts, given as passages."""
    from nlp.topics import TopicTagger, load_topics

    global _tagger
    embedder = models.embedder()
    if _tagger is None or _tagger[0] is not embedder:
        made = TopicTagger(embedder, load_topics(), threshold=models.thresholds.topic, judge=models.judge())
        _tagger = (embedder, made)
    return _tagger[1].tag(texts), embedder.identity


def embed_task(
    models: Models, _setup: ModelSetup, texts: Sequence[str]
) -> tuple[Vectors, Identity, Thresholds]:
    """In the process: vectors of texts, whose they are, and above which cosines they say something."""
    embedder = models.embedder()
    return embedder.embed(texts), embedder.identity, models.thresholds


_opened: tuple[ModelSetup, Models] | None = None
_cache: tuple[str, StoredSentences] | None = None
_tagger: tuple[Embedder, TopicTagger] | None = None


def _run(setup: ModelSetup, task: Callable[[Models, ModelSetup, Any], Result], payload: Any) -> Result:
    """In the process. Whatever a model does to a library, the caller gets a reason that can be stored."""
    try:
        return task(_models(setup), setup, payload)
    except ModelError:
        raise
    except MemoryError as err:
        raise ModelError("There is not enough memory for the model.", reason="out-of-memory") from err
    except ImportError as err:
        raise ModelError(
            f'A library for language models is missing ({err.name}): pip install "resound[nlp]"',
            reason="engine-missing",
        ) from err
    except Exception as err:
        raise ModelError(f"The model failed: {type(err).__name__}: {err}"[:500], reason="failed") from err


def _models(setup: ModelSetup) -> Models:
    global _opened
    if _opened is None or _opened[0] != setup:
        from nlp.models import open_profile

        _opened = (
            setup,
            open_profile(
                setup.profile,
                setup.folder,
                is_demo=setup.is_demo,
                engine=setup.engine,
                threads=setup.threads,
            ),
        )
    return _opened[1]


def _sentences(setup: ModelSetup) -> StoredSentences:
    global _cache
    if _cache is None or _cache[0] != setup.store_address:
        _cache = (setup.store_address, StoredSentences(open_store(setup.store_address)))
    return _cache[1]
