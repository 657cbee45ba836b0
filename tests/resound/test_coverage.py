"""What a campaign's page and report show, out of a store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from resound.counting import FourCounts
from resound.coverage import Coverage, campaign_coverage
from resound.errors import NotFoundError
from resound.store import Store, open_store
from resound.store.articles import load_articles
from resound.store.enrichments import (
    MadeBy,
    StoredTone,
    StoredTopics,
    StoredTranslation,
    list_headlines,
    list_tones,
    set_tone,
    set_topics,
    set_translation,
)
from tests.resound.test_deciding import NOW, OWN, apply, campaign, put, say, source

MADE_BY = MadeBy("m", "r", "e", "demo model", NOW)


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    apply(opened, source("alpha"), source("beta", country="TW"), campaign())
    yield opened
    opened.close()


def look(store: Store) -> Coverage:
    with store.read() as connection:
        return campaign_coverage(connection, "c", now=NOW)


def judge(store: Store, item: str, tone: str | None, *themes: str) -> str:
    with store.write() as connection:
        version = load_articles(connection, [item])[item].version
        set_tone(connection, StoredTone(version, "c", tone, {}, 0.0, tone == "negative", [], MADE_BY))
        set_tone(connection, StoredTone(version, "another", "positive", {}, 0.0, False, [], MADE_BY))
        set_topics(connection, StoredTopics(version, tuple((one, 0.5) for one in themes), MADE_BY))
        for target in ("en", "zh-Hant"):
            sentence = [{"source": "T", "text": one, "flags": []} for one in (target, "two")]
            set_translation(
                connection,
                StoredTranslation(
                    version, target, "headline", sentence, [], [], [],
                    [{"model": "m", "revision": "r", "engine": "e", "label": "demo model"}], NOW,
                ),
            )  # fmt: skip
    return version


def test_everything_is_of_the_counted_items(store: Store) -> None:
    first, copy = put(store, "alpha", 1), put(store, "beta", 2, hours=3)
    own = put(store, "beta", 3, OWN, hours=24 * 12)
    waiting = put(store, "alpha", 4, f"{OWN} And more of it.", hours=24 * 13)
    for one in (first, copy, own):
        say(store, one, "accept")
    judge(store, first, "positive", "waste", "energy")
    judge(store, copy, "negative", "waste")
    judge(store, waiting, "positive", "energy")
    found = look(store)
    assert found.figures.counts == FourCounts(items=3, stories=2, outlets=2, groups=1)
    assert {one.value: one.members for one in found.tone.parts} == {
        "positive": (first,), "neutral": (), "negative": (copy,)
    }  # fmt: skip
    assert (found.tone.waiting, found.tone.doubtful) == ((own,), (copy,))
    assert found.tone.made_by == ("demo model, m",)
    assert [(one.value, one.members) for one in found.topics.parts] == [
        ("waste", (first, copy)),
        ("energy", (first,)),
    ]
    assert [[one.item for one in story.items] for story in found.stories] == [[first, copy], [own]]
    assert found.series.unit == "day"
    assert [found.series.total(at) for at in range(len(found.series.periods))] == [2, *[0] * 11, 1, *[0] * 17]
    assert (found.outlets[0].outlet, found.outlets[0].first) == ("beta", date(2014, 10, 2))
    assert found.item(waiting).review == "unreviewed"


def test_a_campaign_without_coverage_is_shown_too(store: Store) -> None:
    found = look(store)
    assert found.figures.counts == FourCounts()
    assert (found.stories, found.outlets, found.tone.of, found.topics.parts) == ((), (), 0, ())
    with store.read() as connection, pytest.raises(NotFoundError):
        campaign_coverage(connection, "nobody", now=NOW)


def test_headlines_and_tones_are_read_without_their_texts(store: Store) -> None:
    version = judge(store, put(store, "alpha", 1), None)
    with store.read() as connection:
        assert list_headlines(connection, [version, "x"], "en") == {version: ("en two", "demo model, m")}
        assert list_headlines(connection, [version], "zh-Hant") == {version: ("zh-Hanttwo", "demo model, m")}
        assert list_tones(connection, "c", [version, "x"]) == {version: (None, False, "demo model, m")}
