"""Translating texts: order, paragraphs, nothing lost, and the cache changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.engines import Identity, Translated
from nlp.models import Route, open_profile
from nlp.translation import CachedSentence, has_own_route, join_sentences, needs_translation, translate_texts
from resound.campaign import Term
from tests.nlp.tiny import PAIRS

TEAM = Term(id="green-team", forms={"zh-Hant": ("綠耕隊",), "en": ("Green Team",), "vi": ("Đội Xanh",)})


@dataclass
class Memory:
    """A cache in memory that remembers what was asked of it."""

    rows: dict[str, CachedSentence] = field(default_factory=dict)

    def get(self, keys: Sequence[str]) -> dict[str, CachedSentence]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def put(self, rows: Mapping[str, CachedSentence]) -> None:
        self.rows |= rows


@dataclass
class Spoken:
    """A translator by rule, whose every call is written down: logic is tested with it, models with the tiny ones."""

    say: Mapping[str, str] = field(default_factory=dict)
    name: str = "spoken"
    max_tokens: int = 40
    asked: list[tuple[str, float]] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "1", "torch-fp32")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(one) for one in texts]

    def translate(
        self,
        texts: Sequence[str],
        *,
        beam: int = 2,
        repetition_penalty: float = 1.0,
        no_repeat_ngram: int = 0,
    ) -> list[Translated]:
        assert all(len(one) <= self.max_tokens for one in texts)
        self.asked += [(one, repetition_penalty) for one in texts]
        key = "!" if repetition_penalty > 1 else ""
        return [Translated(self.say.get(key + one, f"<{one}>"), -0.1, is_cut=False) for one in texts]


def translate(
    texts: Sequence[Sequence[str]], model: Spoken, cache: Memory | None = None, **more: object
) -> list[list[str]]:
    found = translate_texts(
        texts,
        language=str(more.pop("language", "zh-Hant")),
        target=str(more.pop("target", "en")),
        route=Route((model,)),
        cache=cache or Memory(),
        **more,  # type: ignore[arg-type]
    )
    return [[join_sentences(paragraph, "en") for paragraph in text.paragraphs] for text in found]


PIECES = [
    "綠耕隊抵達。",
    "簽約！",
    "2014年10月。",
    "ABC",
    "🌿",
    "\u200b",
    "「好。」他說。",
    " ",
    "a@b.example",
    "，",
    "很長" * 30 + "。",
]
texts = st.lists(st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), max_size=4), max_size=4)


@given(texts)
def test_order_paragraphs_and_every_character_stay(given_texts: list[list[str]]) -> None:
    model, cache = Spoken(), Memory()
    found = translate_texts(given_texts, language="zh-Hant", target="en", route=Route((model,)), cache=cache)
    assert [len(text.paragraphs) for text in found] == [len(text) for text in given_texts]
    for text, made in zip(given_texts, found, strict=True):
        for paragraph, sentences in zip(text, made.paragraphs, strict=True):
            assert "".join("".join(one.source for one in sentences).split()) == "".join(paragraph.split())
            assert all(one.text for one in sentences)
    before = len(model.asked)
    assert len({one for one, _ in model.asked}) == before, "no sentence is asked twice"
    again = translate_texts(given_texts, language="zh-Hant", target="en", route=Route((model,)), cache=cache)
    assert again == found, "from the cache the same comes out"
    assert len(model.asked) == before
    alone = [
        translate_texts([one], language="zh-Hant", target="en", route=Route((Spoken(),)), cache=Memory())[0]
        for one in given_texts
    ]
    assert alone == found, "whatever else is translated beside it"


def test_what_holds_no_words_is_copied_and_said_to_be() -> None:
    model = Spoken()
    (found,) = translate_texts(
        [["🌿🌿", "https://news.example/a", "\u200b\u200c", "12.5%", "SMEDEC 2", "好。"]],
        language="zh-Hant",
        target="en",
        route=Route((model,)),
        cache=Memory(),
    )
    assert [one for one, _ in model.asked] == ["好。"]
    assert [paragraph[0].flags for paragraph in found.paragraphs][:5] == [("copied",)] * 5


def test_a_sentence_that_is_too_long_is_cut_at_clauses_and_says_so() -> None:
    sentence = "甲乙丙丁戊己庚辛壬癸，" * 8 + "完。"
    (found,) = translate_texts(
        [[sentence]], language="zh-Hant", target="en", route=Route((Spoken(),)), cache=Memory()
    )
    ((made,),) = found.paragraphs
    assert "cut-into-parts" in made.flags
    assert made.text.replace("<", "").replace(">", "").replace(" ", "") == sentence
    assert "cut-into-parts" in found.flags


def test_a_loop_is_asked_again_with_a_penalty_and_flagged_where_it_stays() -> None:
    loop = "the team and the team and the team and the team and the team and"
    model = Spoken({"好。": loop, "!好。": "Good.", "壞。": loop, "!壞。": loop})
    cache = Memory()
    assert translate([["好。"], ["壞。"]], model, cache)[0] == ["Good."]
    assert [penalty for one, penalty in model.asked if one == "好。"] == [1.0, 1.3]
    assert sorted(one.flags for one in cache.rows.values()) == [(), ("loops",)]


def test_a_name_that_came_out_wrong_is_put_in_and_asked_again() -> None:
    model = Spoken(
        {"綠耕隊抵達。": "The farming unit arrived.", "Green Team抵達。": "The Green Team arrived."}
    )
    assert translate([["綠耕隊抵達。"]], model, terms=(TEAM,)) == [["The Green Team arrived."]]
    stubborn = Spoken({"綠耕隊抵達。": "The unit arrived.", "Green Team抵達。": "A unit arrived."})
    cache = Memory()
    assert translate([["綠耕隊抵達。"]], stubborn, cache, terms=(TEAM,)) == [["The unit arrived."]]
    assert [one.flags for one in cache.rows.values()] == [("name-missing:green-team",)]
    right = Spoken({"綠耕隊抵達。": "The Green Team arrived."})
    translate([["綠耕隊抵達。"]], right, terms=(TEAM,))
    assert len(right.asked) == 1


def test_numbers_are_compared_with_the_source() -> None:
    model = Spoken({"30人抵達。": "Thirteen, or 13, arrived."})
    (found,) = translate_texts(
        [["30人抵達。"]], language="zh-Hant", target="en", route=Route((model,)), cache=Memory()
    )
    assert found.flags == ("number-lost:30", "number-new:13")


def test_by_way_of_english_names_are_kept_in_both_languages() -> None:
    first = Spoken({"Đội Xanh đến.": "The unit came.", "Green Team đến.": "Green Team came."}, name="vi-en")
    second = Spoken({"Green Team came.": "綠隊來了。", "綠耕隊 came.": "綠耕隊來了。"}, name="en-zh")
    (found,) = translate_texts(
        [["Đội Xanh đến."]],
        language="vi",
        target="zh-Hant",
        route=Route((first, second)),
        cache=Memory(),
        terms=(TEAM,),
    )
    assert join_sentences(found.paragraphs[0], "zh-Hant") == "綠耕隊來了。"
    assert [one.model for one in found.identities] == ["vi-en", "en-zh"]
    assert found.flags == ()


def test_simplified_characters_need_no_model() -> None:
    assert has_own_route("zh-Hans", "zh-Hant")
    (found,) = translate_texts(
        [["电子废弃物回收。"]], language="zh-Hans", target="zh-Hant", route=None, cache=Memory()
    )
    assert join_sentences(found.paragraphs[0], "zh-Hant") == "電子廢棄物回收。"
    assert found.identities[0].engine == "opencc"


@pytest.mark.parametrize(
    ("tag", "target", "is_needed"),
    [("en", "en", False), ("en-GB", "en", False), ("zh-Hant", "zh-Hant", False), ("zh-Hans", "zh-Hant", True),
     ("vi", "en", True), ("th", "zh-Hant", True), ("und", "en", False), ("en", "zh-Hant", True)],
)  # fmt: skip
def test_what_needs_translation(tag: str, target: str, is_needed: bool) -> None:
    assert needs_translation(tag, target) is is_needed


@pytest.mark.parametrize("engine", ["fast", "torch"])
def test_a_trained_model_gives_its_translations_through_the_whole_path(
    tiny_models: object, engine: str
) -> None:
    route = open_profile("tiny", tiny_models, is_demo=False, engine=engine).route("zh-Hant", "en")  # type: ignore[arg-type]
    articles = [["".join(zh for zh, _ in PAIRS[at : at + 3]), PAIRS[at + 3][0]] for at in range(0, 100, 4)]
    found = translate_texts(articles, language="zh-Hant", target="en", route=route, cache=Memory())
    made = [[join_sentences(paragraph, "en") for paragraph in text.paragraphs] for text in found]
    taught = [[" ".join(en for _, en in PAIRS[at : at + 3]), PAIRS[at + 3][1]] for at in range(0, 100, 4)]
    assert made == taught
    assert all(text.flags == () for text in found)
