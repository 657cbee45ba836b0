"""Articles grouped, people's decisions, and what follows from both: items, stories, figures, undoing."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resound.coding.deciding import decide, take_back
from resound.coverage.figures import campaign_figures
from resound.errors import NotFoundError, ResoundError
from resound.store import Store, open_store, work
from resound.store.articles import list_changes, load_articles
from resound.store.grouping import load_groupings
from resound.store.matches import record_matches
from resound.watching.health import overall_status, source_health
from tests.resound.newsdesk import AGENCY, NOW, OWN, apply, campaign, put, source

pytestmark = pytest.mark.slow_on_postgres
CODED = {
    "messages": [{"id": "shared", "text": {"en": "Taiwan shares"}, "query": "shares"}],
    "people": [
        {"id": "leader", "forms": {"en": ["Leader Lin"]}, "spokesperson": True},
        {"id": "minister", "forms": {"en": ["Minister Ngo"]}},
    ],
}


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    models = [source("alpha"), source("beta"), source("gamma", relation="partner"), campaign()]
    assert apply(opened, *models) == ["new"] * 4
    yield opened
    opened.close()


def say(store: Store, item: str, kind: Any, value: str | None = None) -> int:
    with store.write() as connection:
        return decide(connection, item, kind, value=value, campaign="c", why="read", who="Lin", now=NOW).id


def counts(store: Store) -> tuple[int, int, int, int]:
    with store.read() as connection:
        four = campaign_figures(connection, "c", now=NOW).counts
    return four.items, four.stories, four.outlets, four.groups


def standing(store: Store, item: str) -> str:
    with store.read() as connection:
        return campaign_figures(connection, "c", now=NOW).items[item][1].kind


def test_twins_reprints_and_re_runs(store: Store) -> None:
    first = put(store, "alpha", 1)
    twin = put(store, "alpha", 2, hours=5)
    re_run = put(store, "alpha", 3, hours=24 * 20)
    reprint = put(store, "beta", 4, hours=2)
    other = put(store, "beta", 5, OWN)
    with store.read() as connection:
        found = load_groupings(connection)
    assert {found[key].item for key in (first, twin)} == {first}
    assert (found[re_run].item, found[re_run].re_run_of) == (re_run, first)
    assert found[reprint].item == reprint
    assert {found[key].story for key in (first, twin, re_run, reprint)} == {first}
    assert found[other].story == other
    assert counts(store) == (0, 0, 0, 0)
    for key in (twin, re_run, reprint, other):
        say(store, key, "accept")
    assert counts(store) == (4, 2, 2, 1)
    assert standing(store, first) == "counted"  # what was said of its twin was said of it


def test_the_order_of_reading_does_not_matter(store: Store, tmp_path: Path) -> None:
    pages = [
        ("alpha", 1, AGENCY, 0.0),
        ("alpha", 2, AGENCY, 5.0),
        ("beta", 3, AGENCY, 1.0),
        ("beta", 4, OWN, 0.0),
    ]
    found = []
    for number, order in enumerate(itertools.islice(itertools.permutations(pages), 0, 24, 5)):
        one = open_store(f"sqlite:///{tmp_path / f'{number}.sqlite'}")
        apply(one, source("alpha"), source("beta"), campaign())
        for host, page, text, hours in order:
            put(one, host, page, text, hours=hours)
        with one.read() as connection:
            found.append(load_groupings(connection))
        one.close()
    assert all(each == found[0] for each in found)


def test_merges_and_splits_are_laid_over_and_taken_back(store: Store) -> None:
    a, b, c = put(store, "alpha", 1), put(store, "beta", 2), put(store, "beta", 3, OWN)
    for key in (a, b, c):
        say(store, key, "accept")
    assert counts(store)[1] == 2
    merge = say(store, c, "merge", a)
    assert counts(store)[1] == 1
    split = say(store, b, "split")
    assert counts(store)[1] == 2
    for number, stories in ((merge, 3), (split, 2)):
        with store.write() as connection:
            take_back(connection, number, why="wrong", who="Chen", now=NOW)
        assert counts(store)[1] == stories


def test_corrections_move_an_item_between_the_rows(store: Store) -> None:
    key = put(store, "alpha", 1, hours=-40)
    assert standing(store, key) == "outside-window"
    say(store, key, "date", "2014-10-02")
    assert standing(store, key) == "unreviewed"
    say(store, key, "accept")
    assert standing(store, key) == "counted"
    origin = say(store, key, "origin", "release-verbatim")
    assert standing(store, key) == "release-verbatim"
    with store.write() as connection:
        take_back(connection, origin, why="no", who="Lin", now=NOW)
    say(store, key, "outlet", "gamma")
    assert standing(store, key) == "owned"
    say(store, f"https://alpha.example/story-{1:05}?utm_source=x", "reject")
    assert standing(store, key) == "rejected"


def test_the_last_hour_of_a_window_is_the_outlets_own(store: Store) -> None:
    inside = put(store, "alpha", 1, hours=(29 * 24) + 13.5)  # 31 October 16:30 UTC is 23:30 in Vietnam
    outside = put(store, "beta", 2, OWN, hours=(29 * 24) + 14.5)
    assert (standing(store, inside), standing(store, outside)) == ("unreviewed", "outside-window")


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("origin", "rumour", "no origin"),
        ("origin", None, "needs an origin"),
        ("outlet", "nobody", "no source"),
        ("date", "2 October", "2014-10-02"),
        ("accept", "yes", "takes no value"),
        ("merge", "https://alpha.example/story-00001", "with itself"),
        ("merge", "https://alpha.example/never-00009", "No article"),
    ],
)
def test_what_cannot_be_decided_is_said(store: Store, kind: str, value: str | None, told: str) -> None:
    key = put(store, "alpha", 1)
    with pytest.raises((ResoundError, NotFoundError), match=told):
        say(store, key, kind, value)


def code(store: Store, item: str, kind: Any, value: str, who: str = "Lin", **more: Any) -> int:
    with store.write() as connection:
        return decide(
            connection, item, kind, value=value, campaign="c", why="read", who=who, now=NOW, **more
        ).id


@pytest.mark.parametrize(
    ("kind", "value", "more", "told"),
    [
        ("tone", "glad", {"basis": "original"}, "'glad' is no tone. One of: positive, neutral, negative"),
        ("tone", "positive", {}, "what was read"),
        ("prominence", "title", {}, "headline, lead, body, caption"),
        ("message", "nothing", {}, "no key message of c. One of: shared"),
        ("quote", "minister", {}, "no spokesperson of c. One of: leader"),
        ("origin", "original", {"basis": "original"}, "does not record what was read"),
        ("origin", "original", {"is_second": True}, "tone and prominence are coded a second time"),
        ("tone", "neutral", {"basis": "original", "is_second": True}, "Nobody has coded its tone yet"),
    ],
)
def test_what_cannot_be_coded_is_said(
    store: Store, kind: str, value: str, more: dict[str, Any], told: str
) -> None:
    apply(store, campaign(**CODED))
    key = put(store, "alpha", 1)
    with pytest.raises(ResoundError, match=told):
        code(store, key, kind, value, **more)


def test_two_codings_come_from_two_people(store: Store) -> None:
    key, twin = put(store, "alpha", 1), put(store, "alpha", 2, hours=5)
    code(store, twin, "tone", "positive", basis="original")
    with pytest.raises(ResoundError, match="Lin coded its tone first"):
        code(store, key, "tone", "positive", basis="original", is_second=True)
    second = code(store, key, "tone", "neutral", who="Chen", basis="translation", is_second=True)
    with pytest.raises(ResoundError, match="Chen coded its tone as the second coder"):
        code(store, key, "tone", "neutral", who="Chen", basis="translation")
    with store.write() as connection:
        take_back(connection, second, why="a slip", who="Chen", now=NOW)
    assert code(store, key, "tone", "neutral", who="Chen", basis="original") > second


def test_prominence_that_a_person_sees_is_stronger(store: Store) -> None:
    key = put(store, "alpha", 1)
    code(store, key, "prominence", "headline")
    with store.read() as connection:
        assert campaign_figures(connection, "c", now=NOW).items[key][0].prominence == "title"


def test_a_decision_reaches_the_index(store: Store) -> None:
    key = put(store, "alpha", 1)
    with store.read() as connection:
        _, cursor = list_changes(connection, after=0, limit=999)
    say(store, key, "accept")
    with store.read() as connection:
        assert list_changes(connection, after=cursor, limit=9)[0] == [key]


def test_an_outlet_that_gets_its_name_is_counted(store: Store) -> None:
    key = put(store, "delta", 1)
    say(store, key, "accept")
    assert standing(store, key) == "provisional"
    assert apply(store, source("delta")) == ["new"]
    assert standing(store, key) == "counted"
    with store.read() as connection:
        assert load_articles(connection, [key])[key].placement.outlet == "delta"


def test_a_campaign_is_matched_anew_only_when_it_asks_for_something_else(store: Store) -> None:
    put(store, "alpha", 1)
    assert apply(store, campaign(notes="only a note")) == ["changed"]
    with store.read() as connection:
        assert work.is_idle(connection, "match", now=NOW)
    assert apply(store, campaign(queries={"en": "lorries"})) == ["changed"]
    with store.read() as connection:
        assert not work.is_idle(connection, "match", now=NOW)


def test_an_accepted_item_that_no_longer_matches_stays(store: Store) -> None:
    key = put(store, "alpha", 1)
    say(store, key, "accept")
    with store.write() as connection:
        record_matches(connection, key, "v", tried={"c": "g"}, found={}, now=NOW)
        figures = campaign_figures(connection, "c", now=NOW)
    assert figures.counts.items == 1
    assert figures.lists["no-longer-matching"] == (key,)


def test_health_and_status_speak(store: Store) -> None:
    from resound.store.frontier import record_poll

    with store.write() as connection:
        state = {"failures": 3, "last_error": "the server answered 500"}
        record_poll(connection, source="beta", url="https://beta.example/rss", state=state, next_due=0.0)
        record_poll(
            connection,
            source="alpha",
            url="https://alpha.example/rss",
            state={},
            next_due=0.0,
            stopped="410 Gone",
        )
        health = {one.source: one for one in source_health(connection, now=NOW)}
        status = overall_status(connection, now=NOW)
    assert {key: one.state for key, one in health.items()} == {
        "alpha": "stopped",
        "beta": "failing",
        "gamma": "never read",
    }
    assert "3 times in a row: the server answered 500" in health["beta"].sentence
    assert any("500" in sentence for sentence in status.sentences)
