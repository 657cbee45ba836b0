"""Which language a text is in, and in which script: zh, en, vi, or other (with its BCP-47 tag). Needs no torch.

The order of its rules:

1. Script. Thai, Hangul, Cyrillic …: other. More Han (and kana) than Latin: Japanese or Chinese, by characters;
   Traditional or Simplified by what OpenCC would change.
2. Latin letters with Vietnamese marks on most words, or syllables that only Vietnamese strings together: Vietnamese,
   typed with marks or without.
3. Plain English: enough of its function words, and hardly anything else.
4. What is left (short headlines, other languages) goes to a vote of lingua, py3langid and langdetect (seeded), with the
   evidence of 2 and 3. A short text takes the prior of the outlet's edition where the vote is not clear.

`langdetect` by itself calls Traditional Chinese Korean and changes its mind between calls; here it is one voice.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nlp.scripts import WORD, is_japanese, measure_shares, weigh_script
from nlp.vietnamese import count_own_letters, is_common_unmarked, is_marked_syllable, is_syllable
from resound.article import Language, LanguageGuess, Script

HEAD = 2_000
MIDDLE = 600
"""Characters that are read of a long text: its beginning, and a slice from its middle."""
SHORT = 8
"""Words below which the outlet's prior is heard."""

# Addresses, handles, and what has figures in it: 2014, GP2, B2B. Never Han characters, which stand against figures.
_NOISE = re.compile(r"https?://[!-~]+|www\.[!-~]+|[\w.+-]+@[\w-]+\.[\w.]+|[#@]\w+|[A-Za-z]*\d[A-Za-z\d]*")
_TAG_OF_SCRIPT = {
    "Hang": "ko",
    "Thai": "th",
    "Laoo": "lo",
    "Khmr": "km",
    "Mymr": "my",
    "Tibt": "bo",
    "Cyrl": "ru",
    "Grek": "el",
    "Arab": "ar",
    "Hebr": "he",
    "Deva": "hi",
    "Beng": "bn",
    "Guru": "pa",
    "Gujr": "gu",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Sinh": "si",
    "Armn": "hy",
    "Geor": "ka",
    "Ethi": "am",
}
# No common word of the other languages that are told apart here (so not: a, in, me, no, we, die, per, on, do …).
_ENGLISH = frozenset(
    """
    the of and to is are was were with for from that this these those by at an as its it has have had will would
    be been being their they them which who whose what when where why how not but or into over after before about
    between during against under more than most other some such only new says said say first two year years people
    world government between among can could should may might must our your his her she he you all out up down off
    city water waste plastic team visit visits sign signs signed launch launches plan plans call calls help helps
    report reports meeting workshop officials company companies market talks deal trade growth economy health
    """.split()  # noqa: SIM905 (a page of single words)
)
_LINGUA = [
    "ENGLISH",
    "VIETNAMESE",
    "INDONESIAN",
    "MALAY",
    "TAGALOG",
    "FRENCH",
    "GERMAN",
    "SPANISH",
    "PORTUGUESE",
    "ITALIAN",
    "DUTCH",
    "POLISH",
    "CZECH",
    "ROMANIAN",
    "SWEDISH",
    "DANISH",
    "BOKMAL",
    "FINNISH",
    "TURKISH",
    "HUNGARIAN",
    "CROATIAN",
    "SLOVAK",
    "ESTONIAN",
    "LATVIAN",
    "LITHUANIAN",
    "SWAHILI",
    "CATALAN",
]
_WEIGHTS = {"lingua": 0.5, "py3langid": 0.3, "langdetect": 0.2}


def detect_language(text: str, prior: str | None = None) -> LanguageGuess:
    """Tell the language of a text. `prior` is the BCP-47 tag of the outlet's edition, heard where the text is short.

    Never raises, and says the same at every call; `und` where there is nothing to read.
    """
    sample = _sample(unicodedata.normalize("NFC", text))
    clean = _NOISE.sub(" ", sample)
    words = WORD.findall(clean)
    shares = measure_shares(clean)
    latin = sum(_weight(word) for word in words)
    east_asian = shares.han + shares.kana
    if not words and not east_asian and not shares.other:
        return _of_prior(prior, 0.0)
    if shares.other > max(east_asian, latin * 0.7):
        return LanguageGuess("other", None, _TAG_OF_SCRIPT.get(shares.other_script, "und"), 0.99)
    if east_asian and east_asian >= latin * 0.8:
        return _east_asian(clean, prior, east_asian / (east_asian + latin + shares.other))
    return _latin(clean, words, prior)


def _sample(text: str) -> str:
    if len(text) <= HEAD + MIDDLE:
        return text
    middle = len(text) // 2
    return f"{text[:HEAD]} {text[max(HEAD, middle) : max(HEAD, middle) + MIDDLE]}"


def _weight(word: str) -> float:
    """A Latin word in Han characters' worth. Names and abbreviations stand in every language's texts."""
    return 1.6 if word.islower() else 0.5


def _of_prior(prior: str | None, confidence: float) -> LanguageGuess:
    tag = prior or "und"
    base = tag.split("-")[0].lower()
    known: dict[str, Language] = {"zh": "zh", "en": "en", "vi": "vi"}
    language = known.get(base, "other")
    if language != "zh":
        return LanguageGuess(language, None, tag if language == "other" else base, confidence)
    script: Script = "Hans" if re.search(r"(?i)hans|-cn|-sg", tag) else "Hant"
    return LanguageGuess("zh", script, f"zh-{script}", confidence)


def _east_asian(text: str, prior: str | None, share: float) -> LanguageGuess:
    if is_japanese(text):
        return LanguageGuess("other", None, "ja", round(0.6 + 0.39 * share, 3))
    traditional, simplified = weigh_script(text)
    if traditional == simplified:  # 台北, 人口: both write it so
        script: Script = _of_prior(prior, 0.0).script or "Hant"
        return LanguageGuess("zh", script, f"zh-{script}", round(0.5 + 0.3 * share, 3))
    script = "Hant" if traditional > simplified else "Hans"
    sure = max(traditional, simplified) / (traditional + simplified)
    return LanguageGuess("zh", script, f"zh-{script}", round(min(0.999, (0.6 + 0.4 * share) * sure), 3))


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Shares of the words: marked like Vietnamese, spelt like it, common in it without marks, English function words."""

    marked: float
    own: int
    syllables: float
    common: float
    english: float


def _weigh(words: list[str]) -> _Evidence:
    """Of the words that are no names, where there are enough: an English sentence may name Nguyễn Thị Thanh Mỹ."""
    plain = [word for word in words if word.islower()]
    words = plain if len(plain) >= 3 else words
    lower = [word.lower() for word in words]
    size = len(words)
    return _Evidence(
        marked=sum(is_marked_syllable(word) for word in words) / size,
        own=sum(count_own_letters(word) > 0 for word in words),
        syllables=sum(is_syllable(word) for word in words) / size,
        common=sum(is_common_unmarked(word) for word in lower) / size,
        english=sum(word in _ENGLISH for word in lower) / size,
    )


def _latin(text: str, words: list[str], prior: str | None) -> LanguageGuess:
    seen = _weigh(words)
    size = len(words)
    if seen.own and (seen.marked >= 0.45 or (seen.marked >= 0.2 and seen.syllables >= 0.8)):
        return LanguageGuess("vi", None, "vi", 0.99 if size >= 4 else 0.9)
    if seen.syllables >= 0.85 and size >= 4 and seen.common >= 0.3 and seen.english < 0.15:
        return LanguageGuess("vi", None, "vi", round(min(0.98, 0.7 + 0.3 * seen.common), 3))
    if seen.english >= 0.3 and size >= 6 and seen.marked < 0.2:
        return LanguageGuess("en", None, "en", 0.99)
    return _vote(text, size, seen, prior)


def _vote(text: str, size: int, seen: _Evidence, prior: str | None) -> LanguageGuess:
    votes: dict[str, float] = {}
    for voice, said in _voices(text).items():
        for tag, share in said.items():
            votes[tag] = votes.get(tag, 0.0) + _WEIGHTS[voice] * share
    votes["en"] = votes.get("en", 0.0) + min(0.5, 1.6 * seen.english)
    vietnamese = max(0.0, seen.syllables - 0.6) + 0.8 * seen.common + 1.2 * seen.marked * (seen.own > 0)
    votes["vi"] = votes.get("vi", 0.0) + min(0.8, vietnamese)
    base = (prior or "").split("-")[0].lower()
    if size < 3 and not base:
        votes["en"] += 0.25  # names and abbreviations: EPR, Vietstar Lemna
    if base and size < SHORT:
        votes[base] = votes.get(base, 0.0) + (0.5 if size < 4 else 0.3)
    tag, most = max(votes.items(), key=lambda one: (one[1], one[0]))
    confidence = round(min(0.98, most / sum(votes.values())), 3)
    known: dict[str, Language] = {"en": "en", "vi": "vi"}
    if tag == "zh":  # an edition's prior, on a name in Latin letters
        return _of_prior(prior, confidence)
    return LanguageGuess(known.get(tag, "other"), None, tag, confidence)


@lru_cache(maxsize=4096)
def _voices(text: str) -> Mapping[str, Mapping[str, float]]:
    """What each library says: tag → share, summing up to 1 at most."""
    models = _models()
    clipped = text[:600].casefold() if text.isupper() else text[:600]
    said: dict[str, Mapping[str, float]] = {
        "lingua": {
            one.language.iso_code_639_1.name.lower(): one.value
            for one in models.lingua.compute_language_confidence_values(clipped)[:5]
        }
    }
    tag, share = models.py3langid.classify(clipped)
    said["py3langid"] = {str(tag): float(share)}
    try:
        said["langdetect"] = {one.lang: one.prob for one in models.langdetect(clipped)}
    except models.langdetect_error:  # nothing that it knows any feature of
        said["langdetect"] = {}
    return said


@dataclass(frozen=True, slots=True)
class _Models:
    lingua: Any
    py3langid: Any
    langdetect: Any
    langdetect_error: type[Exception]


_lock = threading.Lock()


@lru_cache(maxsize=1)
def _load() -> _Models:
    from langdetect import DetectorFactory, detect_langs
    from langdetect.lang_detect_exception import LangDetectException
    from lingua import Language as LinguaLanguage
    from lingua import LanguageDetectorBuilder
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    DetectorFactory.seed = 0  # it draws lots otherwise
    chosen = [getattr(LinguaLanguage, name) for name in _LINGUA]
    return _Models(
        lingua=LanguageDetectorBuilder.from_languages(*chosen).build(),
        py3langid=LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True),
        langdetect=detect_langs,
        langdetect_error=LangDetectException,
    )


def _models() -> _Models:
    with _lock:  # two threads must not load twice: it is the costly part
        return _load()
