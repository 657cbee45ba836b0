"""Translating articles: sentence by sentence, paragraph by paragraph, with nothing lost and nothing hidden.

The order: split into sentences · copy what holds no words · cut what is too long, and say so · take what was
translated before from the cache · translate the rest, each sentence once · ask again where it loops or a name is
wrong · put the paragraphs together · compare the numbers. What is still doubtful is flagged, never left out.

Flags: `copied`, `cut-into-parts`, `shortened` (the model's limit ended it), `loops`, `name-missing:ID`,
`number-lost:N`, `number-new:N`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from nlp.clauses import split_clauses
from nlp.engines import Identity, Translated, Translator
from nlp.names import NameKeeper, with_names
from nlp.numbers import compare_numbers
from nlp.repetition import has_loop, is_swollen
from nlp.sentences import split_sentences
from resound.campaign import Term

if TYPE_CHECKING:
    from nlp.models import Route

BATCH = 256
"""Sentences that are translated before they are put into the cache: at most so many are done twice after a kill."""
PENALTY = 1.3
NO_REPEAT = 4
_RULES = "4"
"""Raise where the same sentence, models and names would come out differently."""
# Models whose pieces were normalised (NFKC) write `雙方簽約,將合作。`; not `3,000`, `SMEDEC 2.0`, `https://…`.
_HALF_WIDTH = re.compile(r"(?<=[\u3400-\u9fff」』）％])\s*([,;:?!])\s*|(?<=[\u3400-\u9fff」』）])\.$")
_FULL_WIDTH = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", ".": "。"}
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")


@dataclass(frozen=True, slots=True)
class CachedSentence:
    """A translated sentence as it is remembered. `score` is the mean log-probability per token."""

    text: str
    score: float
    flags: tuple[str, ...]


class SentenceCache(Protocol):
    """Translated sentences by key. What `put` has returned from is durable."""

    def get(self, keys: Sequence[str]) -> dict[str, CachedSentence]:
        """Those that are known."""
        ...

    def put(self, rows: Mapping[str, CachedSentence]) -> None:
        """Remember."""
        ...


@dataclass(frozen=True, slots=True)
class TranslatedSentence:
    """One sentence, what it became, and what is doubtful about it."""

    source: str
    text: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TranslatedText:
    """As many paragraphs as were given, in their order. `flags` are those of the sentences, each once."""

    language: str
    target: str
    paragraphs: tuple[tuple[TranslatedSentence, ...], ...]
    identities: tuple[Identity, ...]
    flags: tuple[str, ...]


def needs_translation(tag: str, target: str) -> bool:
    """Whether a text of this language is not in the target's already (`und` is never translated: nobody knows from what)."""
    return tag != "und" and tag != target and not (target == "en" and tag.split("-")[0] == "en")


def has_own_route(tag: str, target: str) -> bool:
    """Whether no model is needed: Simplified characters become Traditional ones by OpenCC."""
    return target == "zh-Hant" and tag.split("-")[0] == "zh"


def translate_texts(
    texts: Sequence[Sequence[str]],
    *,
    language: str,
    target: str,
    route: Route | None,
    cache: SentenceCache,
    terms: Sequence[Term] = (),
    beam: int = 2,
) -> list[TranslatedText]:
    """Translate texts of one language, each given as its paragraphs. A title is a paragraph of its own.

    Args:
        route: the models that lead there; None where `has_own_route` says so.

    Raises:
        ModelError: the model failed; what was translated until then is in the cache.
    """
    spans = [[_sentences(paragraph) for paragraph in text] for text in texts]
    wanted = dict.fromkeys(
        one for text in spans for paragraph in text for one in paragraph if _has_words(one, language)
    )
    if route is None:
        done = {one: CachedSentence(_traditional(one), 0.0, ()) for one in wanted}
        identities: tuple[Identity, ...] = (_opencc(),)
    else:
        done = _through(list(wanted), route.steps, target, cache, terms, beam)
        identities = tuple(step.identity for step in route.steps)
    made = []
    for text in spans:
        paragraphs = tuple(
            tuple(_finished(one, done.get(one), compare=route is not None) for one in paragraph)
            for paragraph in text
        )
        flags = dict.fromkeys(flag for paragraph in paragraphs for one in paragraph for flag in one.flags)
        made.append(TranslatedText(language, target, paragraphs, identities, tuple(flags)))
    return made


def join_sentences(paragraph: Sequence[TranslatedSentence], target: str) -> str:
    """A paragraph as running text; Chinese stands without spaces between its sentences."""
    return ("" if target.startswith("zh") else " ").join(one.text for one in paragraph if one.text)


def _sentences(paragraph: str) -> list[str]:
    return [paragraph[start:end] for start, end in split_sentences(paragraph)]


def _finished(source: str, found: CachedSentence | None, *, compare: bool) -> TranslatedSentence:
    if found is None:
        return TranslatedSentence(source, source, ("copied",))
    flags = (*found.flags, *(compare_numbers(source, found.text) if compare else ()))
    return TranslatedSentence(source, found.text, tuple(flags))


def _through(
    sentences: Sequence[str],
    steps: Sequence[Translator],
    target: str,
    cache: SentenceCache,
    terms: Sequence[Term],
    beam: int,
) -> dict[str, CachedSentence]:
    """Each sentence through each model; between two of them everything is English."""
    done = {one: CachedSentence(one, 0.0, ()) for one in sentences}
    for number, step in enumerate(steps):
        is_last = number == len(steps) - 1
        keeper = NameKeeper(terms, target if is_last else "en")
        now = list(dict.fromkeys(one.text for one in done.values()))
        translated = _one_step(now, step, target if is_last else "en", keeper, cache, beam)
        for sentence, before in done.items():
            after = translated[before.text]
            flags = tuple(dict.fromkeys((*_still_true(before.flags), *after.flags)))
            done[sentence] = replace(after, flags=flags, score=min(before.score, after.score))
    return done


def _still_true(flags: Iterable[str]) -> list[str]:
    """A name that the first model lost may have been found by the second; the other flags stay."""
    return [flag for flag in flags if not flag.startswith("name-missing:")]


def _one_step(
    sentences: Sequence[str],
    step: Translator,
    target: str,
    keeper: NameKeeper,
    cache: SentenceCache,
    beam: int,
) -> dict[str, CachedSentence]:
    uses = {one: keeper.uses(one) for one in sentences}
    keys = {one: _key(step.identity, target, beam, keeper if uses[one] else None, one) for one in sentences}
    known = cache.get(list(keys.values()))
    done = {one: known[key] for one, key in keys.items() if key in known}
    todo = sorted((one for one in sentences if one not in done), key=lambda one: (len(one), one))
    for start in range(0, len(todo), BATCH):
        part = todo[start : start + BATCH]
        fresh = _translate(part, step, target, beam)
        lost = {one: gone for one in part if (gone := keeper.missing(uses[one], fresh[one].text))}
        if lost:
            again = _translate([with_names(one, uses[one]) for one in lost], step, target, beam)
            for one, gone in lost.items():
                second = again[with_names(one, uses[one])]
                still = keeper.missing(uses[one], second.text)
                is_better = len(still) < len(gone) and "loops" not in second.flags
                kept, rest = (second, still) if is_better else (fresh[one], gone)
                fresh[one] = replace(kept, flags=(*kept.flags, *(f"name-missing:{name}" for name in rest)))
        cache.put({keys[one]: fresh[one] for one in part})
        done |= fresh
    return done


def _translate(
    sentences: Sequence[str], step: Translator, target: str, beam: int
) -> dict[str, CachedSentence]:
    """Sentences through one model: cut where too long, asked again where they loop."""
    lengths = dict(zip(sentences, step.count_tokens(sentences), strict=True))
    parts = {
        one: [one]
        if lengths[one] <= step.max_tokens
        else split_clauses(one, step.count_tokens, step.max_tokens)
        for one in sentences
    }
    pieces = [piece for found in parts.values() for piece in found if piece.strip()]
    pieces = list(dict.fromkeys(pieces))
    done = dict(zip(pieces, step.translate(pieces, beam=beam), strict=True))
    counts = dict(zip(pieces, step.count_tokens(pieces), strict=True))
    bad = [one for one in pieces if _is_bad(one, done[one], counts[one])]
    if bad:
        again = step.translate(bad, beam=beam, repetition_penalty=PENALTY, no_repeat_ngram=NO_REPEAT)
        better = zip(bad, again, strict=True)
        done |= {one: second for one, second in better if not _is_bad(one, second, counts[one])}
    made = {}
    for sentence, found in parts.items():
        results = [(piece, done[piece]) for piece in found if piece in done]
        flags = ["cut-into-parts"] if len(found) > 1 else []
        if any(_is_bad(piece, one, counts[piece]) for piece, one in results):
            flags.append("loops")
        if any(one.is_cut for _, one in results):
            flags.append("shortened")
        text = ("" if target.startswith("zh") else " ").join(one.text for _, one in results)
        if target.startswith("zh"):
            text = set_chinese_marks(text)
        score = min((one.score for _, one in results), default=0.0)
        made[sentence] = CachedSentence(text, score, tuple(flags))
    return made


def set_chinese_marks(text: str) -> str:
    """Half-width marks after Chinese characters, set as Chinese sets them."""
    return _HALF_WIDTH.sub(lambda found: _FULL_WIDTH[found[0].strip()], text)


def _is_bad(source: str, found: Translated, tokens: int) -> bool:
    return has_loop(found.text, source) or (found.is_cut and is_swollen(len(found.text), tokens))


def _has_words(sentence: str, language: str) -> bool:
    """Whether there is anything to translate: letters of the language, outside addresses."""
    bare = _ADDRESS.sub(" ", sentence)
    letters = [char for char in bare if unicodedata.category(char) in ("Lo", "Lu", "Ll", "Lt", "Lm")]
    if not letters:
        return False
    is_latin = language.split("-")[0] in ("en", "vi")
    # A Latin name inside a Chinese or Thai page is no Chinese sentence; for a Chinese reader it stays as it is, too.
    return is_latin or any(ord(char) > 0x24F for char in letters)


def _key(identity: Identity, target: str, beam: int, keeper: NameKeeper | None, sentence: str) -> str:
    parts = (
        _RULES,
        identity.model,
        identity.revision,
        identity.engine,
        target,
        str(beam),
        keeper.version if keeper is not None else "",
        sentence,
    )
    return sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()


def _traditional(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("s2twp")


@cache
def _opencc() -> Identity:
    from importlib.metadata import version

    return Identity("OpenCC s2twp", version("opencc"), "opencc")
