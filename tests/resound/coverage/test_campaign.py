"""What a campaign's page and report show, out of a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from resound.article import text_fields
from resound.coverage.campaign import (
    Coverage,
    Coverages,
    Headline,
    campaign_coverage,
    headlines,
    quote_messages,
    quote_spokespersons,
    select_items,
)
from resound.coverage.figure_cache import FigureCache
from resound.coverage.model import FourCounts
from resound.errors import NotFoundError
from resound.store import Store, open_store
from resound.store.articles import load_articles, record_change
from resound.store.enrichments import (
    MadeBy,
    StoredTone,
    StoredTopics,
    StoredTranslation,
    list_headlines,
    list_tones,
    list_topics,
    set_tone,
    set_topics,
    set_translation,
)
from resound.store.matches import record_matches
from tests.resound.coding.test_deciding import AGENCY, NOW, OWN, apply, campaign, put, say, source

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
    version = judge(store, put(store, "alpha", 1), None, "waste", "energy")
    with store.read() as connection:
        assert list_headlines(connection, [version, "x"], "en") == {version: ("en two", "demo model, m")}
        assert list_headlines(connection, [version], "zh-Hant") == {version: ("zh-Hanttwo", "demo model, m")}
        assert list_tones(connection, "c", [version, "x"]) == {version: (None, False, "demo model, m")}
        assert list_topics(connection, [version, "x"]) == {version: (("waste", "energy"), "demo model, m")}


MESSAGES = [
    {"id": "pays", "text": {"en": "Waste pays"}, "query": "waste AND money"},
    {"id": "other", "text": {"en": "Something else"}, "query": "nothing"},
]
PEOPLE = [{"id": "lin", "spokesperson": True, "forms": {"en": ["Mr Lin"], "zh-Hant": ["林先生"]}}]


def carry(store: Store, item: str, *spans: tuple[int, int], version: str = "") -> None:
    """The matcher sees the message and the person at these places of the body."""
    with store.write() as connection:
        read = load_articles(connection, [item])[item]
        body = text_fields(read.article)["body"]
        found = [
            {"field": "body", "start": start, "end": end, "text": body[start:end], "term": "x"}
            for start, end in spans
        ]
        detail = {
            "messages": [{"id": "pays", "spans": found}],
            "people": [{"id": "lin", "spokesperson": True, "spans": found}],
        }
        record_matches(
            connection,
            item,
            version or read.version,
            tried={"c": "g"},
            found={"c": ("body", detail)},
            now=NOW,
        )
        record_change(connection, [item])


def test_messages_and_people_are_quoted_from_the_original(store: Store) -> None:
    apply(store, campaign(messages=MESSAGES, people=PEOPLE))
    words = "It rained. Waste is money, said Mr Lin. The end. " + OWN
    one, plain = put(store, "alpha", 1, words), put(store, "beta", 2, AGENCY, hours=3)
    for key in (one, plain):
        say(store, key, "accept")
    carry(store, one, (11, 16), (20, 25))
    found = look(store)
    assert (found.coding.messages.share_with_proposed, found.coding.messages.share) == (0.5, 0.0)
    with store.read() as connection:
        quoted = quote_messages(connection, found, "en")
        named = quote_spokespersons(connection, found, "en")
    (quotation,) = quoted["pays"]
    assert quotation.item.item == one
    assert quotation.best.text == "Waste is money, said Mr Lin."
    assert [text for text, is_marked in quotation.best.parts if is_marked] == ["Waste", "money"]
    assert quoted["other"] == ()
    assert [each.item.item for each in named["lin"]] == [one]


def test_a_figure_is_the_number_of_the_items_behind_it(store: Store) -> None:
    apply(store, campaign(messages=MESSAGES, people=PEOPLE))
    first, copy = put(store, "alpha", 1), put(store, "beta", 2, hours=3)
    own, nowhere = put(store, "beta", 3, OWN, hours=24 * 12), put(store, "unknown", 4, f"{OWN} More of it.")
    for one in (first, copy, own, nowhere):
        say(store, one, "accept")
    judge(store, first, "positive", "waste")
    judge(store, copy, None)
    carry(store, copy, (0, 5))
    found = look(store)
    expected = {
        ("standing", "counted"): (first, copy, own),
        ("standing", "provisional"): (nowhere,),
        ("standing", "rejected"): (),
        ("outlet", "alpha"): (first,),
        ("outlet", "host:unknown.example"): (nowhere,),
        ("country", "TW"): (copy, own),
        ("days", "2014-10-02..2014-10-13"): (first, copy),
        ("days", "2014-10-14..2014-10-14 en"): (own,),
        ("days", "2014-10-14..2014-10-14 vi"): (),
        ("tone", "positive"): (first,),
        ("tone", "negative"): (),
        ("tone", "none"): (copy,),
        ("tone", "waiting"): (own,),
        ("topic", "waste"): (first,),
        ("coded-tone", "not-coded"): (first, copy, own),
        ("message", "pays"): (copy,),
        ("message", "any"): (copy,),
        ("spokesperson", "lin"): (copy,),
        ("story", found.stories[0].story): (first, copy),
    }
    assert {key: select_items(found, *key) for key in expected} == expected
    for by, value in (
        ("tone", "angry"),
        ("colour", "red"),
        ("days", "2014"),
        ("message", "x"),
        ("story", "x"),
    ):
        with pytest.raises(NotFoundError):
            select_items(found, by, value)


def test_a_reader_gets_headlines_of_languages_that_are_not_theirs(store: Store) -> None:
    key = put(store, "alpha", 1)
    judge(store, key, None)
    say(store, key, "accept")
    item = look(store).item(key)
    vietnamese = replace(item, language="vi")
    with store.read() as connection:
        assert headlines(connection, [item], "en") == {}
        assert headlines(connection, [item], "vi") == {}  # in English already: there is nothing nearer
        assert headlines(connection, [item], "zh-Hant")[key] == Headline(
            "zh-Hanttwo", "zh-Hant", "demo model, m"
        )
        assert headlines(connection, [vietnamese], "en")[key] == Headline("en two", "en", "demo model, m")
        assert headlines(connection, [vietnamese], "vi") == {}


def test_coverage_is_made_anew_only_where_something_changed(store: Store) -> None:
    kept, counted = Coverages(), FigureCache()

    def get(**later: float) -> Coverage:
        with store.read() as connection:
            return kept.get(connection, "c", counted, now=NOW + timedelta(**later))

    key = put(store, "alpha", 1)
    before = get()
    assert get(minutes=1) is before
    say(store, key, "accept")
    after = get()
    assert (before.figures.counts.items, after.figures.counts.items) == (0, 1)
    apply(store, campaign(notes="another word"))
    assert get() is not after
    assert get(days=1) is not get()
