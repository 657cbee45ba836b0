"""What the demo's models are taught fits the newsroom, and the stored models are what the lock says."""

from __future__ import annotations

import pytest

import demo
from demo import training
from nlp.lockfile import read_lock
from nlp.models import Models, find_profile, open_profile
from nlp.numbers import compare_numbers
from nlp.profiles import load_profiles
from nlp.pulling import verify_model
from nlp.sentences import split_sentences
from nlp.tone import TONES
from resound.errors import ModelError

PROFILE = "demo"
LARGEST = 20_000_000


def test_every_sentence_has_its_translations() -> None:
    for row in training.load_rows():
        assert row.text.strip()
        if row.language != "en":
            assert row.en, row.text
        if not row.language.startswith("zh"):
            assert row.zh, row.text


def test_a_sentence_is_one_for_the_splitter_and_keeps_its_numbers() -> None:
    for row in training.load_rows():
        assert [row.text[a:b] for a, b in split_sentences(row.text)] == [row.text]
        for other in (row.en, row.zh):
            assert other is None or compare_numbers(row.text, other) == []


def test_every_pair_is_taught_once_and_english_goes_on_to_chinese() -> None:
    english = {other for _, other in training.translation_pairs("vi", "en")}
    onward = dict(training.translation_pairs("en", "zh-Hant"))
    told = {row.en for row in training.load_rows() if row.language == "vi"}
    assert told <= english
    assert told <= set(onward)


def test_what_says_the_same_is_in_one_group_only() -> None:
    seen: dict[str, int] = {}
    for number, group in enumerate(training.likenesses().groups):
        for text in group:
            assert seen.setdefault(text, number) == number


def test_every_tone_and_every_theme_is_taught() -> None:
    assert {tone for _, tone in training.tone_lines()} == set(TONES)
    learned = training.likenesses()
    taught = set().union(*(themes for _, themes in learned.passages))
    assert taught == set(range(len(learned.themes)))


def test_independent_reports_are_never_taught_as_one_text() -> None:
    one_text = [set(urls) for urls in training.ONE_TEXT]
    assert not [pair for pair in training.ONE_EVENT for urls in one_text if set(pair) <= urls]


def test_the_models_are_small_whole_and_locked() -> None:
    profile = find_profile(PROFILE, demo.MODELS)
    files = [path for path in demo.MODELS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    assert {path.suffix for path in files} <= {".json", ".yml", ".safetensors", ".spm", ".bin", ".onnx"}
    locked = read_lock(demo.MODELS)
    for spec in profile.models:
        assert locked[spec.id].fast
        verify_model(spec, demo.MODELS)


def test_they_refuse_any_folder_but_the_demos() -> None:
    with pytest.raises(ModelError, match="refuse any other") as caught:
        open_profile(PROFILE, demo.MODELS, is_demo=False)
    assert caught.value.reason == "not-for-this-folder"
    assert PROFILE not in load_profiles()


@pytest.fixture(scope="module")
def models() -> Models:
    return open_profile(PROFILE, demo.MODELS, is_demo=True)


@pytest.mark.parametrize(("source", "target"), [("zh", "en"), ("vi", "en"), ("en", "zh-Hant")])
def test_translators_say_what_they_were_taught(models: Models, source: str, target: str) -> None:
    route = models.route(source, target)
    assert len(route.steps) == 1
    pairs = training.translation_pairs(source, target)
    found = route.steps[0].translate([text for text, _ in pairs])
    right = sum(_bare(one.text) == _bare(other) for one, (_, other) in zip(found, pairs, strict=True))
    assert right / len(pairs) > 0.97
    assert route.steps[0].identity.label == "demo model"


def test_the_vectors_part_what_is_the_same_from_what_is_alike(models: Models) -> None:
    embedder, thresholds = models.embedder(), models.thresholds
    pairs = training.sentence_pairs()
    cosines = (embedder.embed([a for a, _, _ in pairs]) * embedder.embed([b for _, b, _ in pairs])).sum(1)
    said = [cosine >= thresholds.sentence for cosine in cosines.tolist()]
    wrong = sum(one != is_so for one, (_, _, is_so) in zip(said, pairs, strict=True))
    assert wrong / len(pairs) < 0.02


def _bare(text: str) -> str:
    return "".join(text.split())
