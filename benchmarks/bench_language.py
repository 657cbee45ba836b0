"""Language identification: how many of the 318 labelled cases each library gets right, and texts a second.

    .venv/bin/python benchmarks/bench_language.py [--data ../shared/data]

Prints Markdown. The single libraries run as they come: lingua over all its languages, py3langid as it is, langdetect
seeded. Texts of the corpus (first sentence, and its Vietnamese without marks) show that the cases were not learnt by heart.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nlp.language import detect_language
from nlp.vietnamese import strip_marks
from tests.nlp.test_language import load_cases

KNOWN = ("zh", "en", "vi")
Voice = Callable[[str], str]


def load_voices() -> dict[str, Voice]:
    """name → text to `zh`, `en`, `vi` or `other`."""
    import langdetect
    import py3langid
    from langdetect.lang_detect_exception import LangDetectException
    from lingua import LanguageDetectorBuilder

    langdetect.DetectorFactory.seed = 0
    lingua = LanguageDetectorBuilder.from_all_languages().build()

    def by_lingua(text: str) -> str:
        found = lingua.detect_language_of(text)
        return "other" if found is None else found.iso_code_639_1.name.lower()

    def by_langdetect(text: str) -> str:
        try:
            return str(langdetect.detect(text)).split("-")[0]
        except LangDetectException:
            return "other"

    return {
        "Resound": lambda text: detect_language(text).language,
        "lingua": by_lingua,
        "py3langid": lambda text: str(py3langid.classify(text)[0]),
        "langdetect": by_langdetect,
    }


def read_corpus(folder: Path, count: int) -> Iterator[tuple[str, str]]:
    """(first sentence, language), the Vietnamese also without marks."""
    dice = random.Random(1)
    for language in KNOWN:
        with gzip.open(folder / "corpus" / f"{language}.jsonl.gz", "rt", encoding="utf-8") as file:
            texts = [json.loads(line)["text"] for line in file]
        for text in dice.sample(texts, count):
            first = next((line.strip() for line in text.splitlines() if len(line.strip()) > 12), "")[:120]
            yield first, language
            if language == "vi":
                yield strip_marks(first), language


def measure(voice: Voice, cases: list[tuple[str, str]]) -> tuple[float, float]:
    """The share that is right, and milliseconds a text, after a first text that loads the models."""
    voice("The first text loads what is needed.")
    began = time.perf_counter()
    answers = [voice(text) for text, _ in cases]
    spent = time.perf_counter() - began
    right = sum(
        (answer if answer in KNOWN else "other") == wanted
        for answer, (_, wanted) in zip(answers, cases, strict=True)
    )
    return right / len(cases), 1000 * spent / len(cases)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get(
        "RESOUND_SHARED_DATA", str(Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    parser.add_argument("--data", type=Path, default=Path(default))
    arguments = parser.parse_args()
    cases = [
        (text, tag.split("-")[0] if tag.split("-")[0] in KNOWN else "other") for text, tag in load_cases()
    ]
    sets = {f"{len(cases)} cases": cases}
    if (arguments.data / "corpus").is_dir():
        corpus = list(read_corpus(arguments.data, 300))
        sets[f"{len(corpus)} first sentences of the corpus"] = corpus
    for name, chosen in sets.items():
        print(f"\n| {name} | right | ms a text |\n|---|---|---|")
        for label, voice in load_voices().items():
            share, spent = measure(voice, chosen)
            print(f"| {label} | {share:.1%} | {spent:.2f} |")


if __name__ == "__main__":
    main()
