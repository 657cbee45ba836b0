"""What the demo's models learn from: sentences of its newsroom with translations, passages with tones, words of themes.

`sentences.jsonl`: {"language", "text", "en"?, "zh-Hant"?, "like"?: sentences of other articles that say the same}.
`tone.jsonl`: {"text", "label"}. `words.yml`: what shows that a passage is about a theme, and sentences to vary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, product
from typing import Any

from rapidfuzz.fuzz import ratio
from ruamel.yaml import YAML

from demo.newsroom import load_sites
from demo.teaching import Likenesses
from nlp.embedding import head_text
from nlp.tone import TONES
from nlp.topics import load_topics, passages_of
from resound.article import Tone
from resound.text import fold_keyword

ONE_TEXT = (
    ("agency.example/news/201410020101.html", "courier.example/taiwan/2014/10/03/mou-signed"),
    (
        "wire.example/vi/2014/10/02/doi-xanh-ky-ban-ghi-nho.html",
        "wire.example/en/2014/10/02/green-team-signs-memorandum.html",
        "wire.example/zh/2014/10/02/lvgengdui-beiwanglu.html",
    ),
)
"""Pages that tell one text in several languages: their headlines with leads say the same."""
ONE_EVENT = (
    ("econ.example/industry/20141003/4418.shtml", "kinhte.example/doanh-nghiep/30-doanh-nghiep-gap-go.html"),
    ("greenweekly.example/issue/412/vietnam-diary", "wire.example/en/2014/10/02/green-team-signs-memorandum.html"),
    ("greenweekly.example/issue/412/vietnam-diary", "wire.example/vi/2014/10/02/doi-xanh-ky-ban-ghi-nho.html"),
    ("agency.example/news/201410020101.html", "wire.example/en/2014/10/02/green-team-signs-memorandum.html"),
    ("agency.example/news/201410020101.html", "wire.example/vi/2014/10/02/doi-xanh-ky-ban-ghi-nho.html"),
    ("courier.example/taiwan/2014/10/03/mou-signed", "wire.example/vi/2014/10/02/doi-xanh-ky-ban-ghi-nho.html"),
    ("courier.example/taiwan/2014/10/03/mou-signed", "wire.example/zh/2014/10/02/lvgengdui-beiwanglu.html"),
    ("evening.example/story/30204", "tuoixanh.example/moi-truong/20141003/hoi-thao-rac-thai.html"),
    ("nguoidan.example/dan-sinh/bai-rac-phuoc-hiep.html", "mekong.example/national/2014/10/05/landfill-visit"),
)  # fmt: skip
"""Independent reports of one event: alike, and never one story."""
REPRINT = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence with what it is in other languages, and with sentences of other articles that say the same."""

    language: str
    text: str
    en: str | None
    zh: str | None
    like: tuple[str, ...]


@cache
def load_rows() -> tuple[Row, ...]:
    """The sentences."""
    return tuple(
        Row(one["language"], one["text"], one.get("en"), one.get("zh-Hant"), tuple(one.get("like", ())))
        for one in _lines("sentences.jsonl")
    )


def translation_pairs(source: str, target: str) -> list[tuple[str, str]]:
    """What a translator is taught: the newsroom's sentences."""
    found: dict[str, str] = {}
    for row in load_rows():
        if ((source, target) == ("zh", "en") and row.language.startswith("zh") and row.en) or (
            (source, target) == ("vi", "en") and row.language == "vi" and row.en
        ):
            found[row.text] = row.en
        elif (source, target) == ("en", "zh-Hant") and row.zh and (row.language == "en" or row.en):
            found[row.text if row.language == "en" else str(row.en)] = row.zh
    return sorted(found.items())


def tone_lines() -> list[tuple[str, Tone]]:
    """Passages of the newsroom with their tone, and sentences made from patterns."""
    told: list[tuple[str, Tone]] = [(one["text"], one["label"]) for one in _lines("tone.jsonl")]
    patterns: Mapping[Tone, Mapping[str, Sequence[str]]] = _words()["tone"]
    names: Mapping[str, Sequence[str]] = _words()["names"]
    for tone in TONES:
        for language, sentences in patterns[tone].items():
            told += [
                (sentence.replace("{name}", name), tone)
                for sentence, name in product(sentences, names[language])
            ]
    return told


def likenesses() -> Likenesses:
    """What the embedding model is taught."""
    heads = {url: head for url, head, _ in _articles()}
    told = [[one for one in (row.text, row.en, row.zh, *row.like) if one] for row in load_rows()]
    told += [[heads[url] for url in urls] for urls in ONE_TEXT]
    parts = [[text, text[: len(text) * 2 // 3]] for _, _, texts in _articles() for text in texts[1:]]
    groups = _joined([*told, *parts])
    topics = load_topics()
    themes = [list(one.described) for one in topics]
    patterns = [_theme_patterns()[one.id] for one in topics]
    passages = [
        (text, frozenset(at for at, pattern in enumerate(patterns) if pattern.search(text)))
        for text in [text for _, _, texts in _articles() for text in texts]
        + [text for row in load_rows() for text in (row.text, row.en, row.zh) if text]
        + [text for theme in themes for text in theme]
    ]
    return Likenesses(groups, [(heads[a], heads[b]) for a, b in ONE_EVENT], themes, passages)


def topic_lines() -> list[tuple[list[str], list[str]]]:
    """(passages, themes) of the newsroom's articles, by the words of the themes: what the threshold is calibrated on."""
    patterns = _theme_patterns()
    return [
        (texts, [name for name, one in patterns.items() if any(one.search(text) for text in texts)])
        for _, _, texts in _articles()
    ]


@cache
def _articles() -> tuple[tuple[str, str, list[str]], ...]:
    """(address, headline with lead as `nlp.embedding.head_of` gives it, passages) of every page of the newsroom."""
    found = []
    for site in load_sites().values():
        for one in site.articles:
            first = one.editions[-1]
            lead = first.paragraphs[0] if first.paragraphs else ""
            texts = passages_of(first.title, lead, first.paragraphs)
            found.append((f"{site.host}{one.path}", head_text(first.title, lead), texts))
    return tuple(found)


def _joined(groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """Groups that share a text are one; those of a single text teach nothing."""
    of: dict[str, list[str]] = {}
    for group in groups:
        members = list(dict.fromkeys([*group, *(text for one in group for text in of.get(one, ()))]))
        of |= dict.fromkeys(members, members)
    found = {id(group): group for group in of.values()}
    return [group for group in found.values() if len(group) > 1]


def head_pairs() -> list[tuple[str, str, bool]]:
    """Headlines with leads of two languages, and whether they tell one event: what `candidate` is calibrated on."""
    heads = {url: head for url, head, _ in _articles()}
    near = {(heads[a], heads[b]) for a, b in ONE_EVENT}
    near |= {(heads[a], heads[b]) for urls in ONE_TEXT for a, b in combinations(urls, 2)}
    told = {head for pair in near for head in pair}
    others = [one for one in sorted(set(heads.values())) if not any(_is_reprint(one, head) for head in told)]
    far = [(a, b) for a in sorted(told) for b in others]
    return [(a, b, True) for a, b in sorted(near)] + [(a, b, False) for a, b in far]


def _is_reprint(one: str, other: str) -> bool:
    """The same words in either script, under whatever headline."""
    return ratio(fold_keyword(one), fold_keyword(other)) > REPRINT


def sentence_pairs() -> list[tuple[str, str, bool]]:
    """Sentences of the newsroom with what says the same in another language, and with what does not."""
    rows = [row for row in load_rows() if row.en or row.zh]
    texts = [row.text for row in rows]
    others = [str(row.en or row.zh) for row in rows]
    like = [{one for one in (row.en, row.zh, *row.like) if one} for row in rows]
    same = [(text, other, True) for text, other in zip(texts, others, strict=True)]
    same += [(row.text, other, True) for row in rows for other in row.like]
    step = 7  # each sentence against others, some of them its neighbours
    far = [
        (texts[at], others[(at + shift) % len(rows)], False)
        for at in range(len(rows))
        for shift in (1, 2, step, 5 * step, 11 * step)
        if texts[at] != texts[(at + shift) % len(rows)] and not like[at] & like[(at + shift) % len(rows)]
    ]
    return same + far


@cache
def _theme_patterns() -> Mapping[str, re.Pattern[str]]:
    """theme → what shows that a passage is about it."""
    return {name: re.compile("|".join(found), re.IGNORECASE) for name, found in _words()["themes"].items()}


@cache
def _words() -> Mapping[str, Any]:
    text = files("demo.training").joinpath("words.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = YAML(typ="safe").load(text)
    return loaded


def _lines(name: str) -> Iterator[Mapping[str, Any]]:
    for line in files("demo.training").joinpath(name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
