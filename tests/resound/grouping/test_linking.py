"""Across languages: what is evidence of one text, what is only alike, and what is neither."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from nlp.aligning import align, shared_numbers
from nlp.credits import find_credits
from resound.coding.deciding import decide
from resound.coding.proposing import open_proposals
from resound.grouping.comparing import compare_languages
from resound.grouping.linking import ALIGNED, ALIKE, CREDIT, Likeness, Telling, judge_pair, may_be_one_text
from resound.store import Store
from resound.store.articles import load_articles
from resound.store.enrichments import MadeBy
from resound.store.grouping import load_groupings
from resound.store.links import StoredLink, list_links, set_links
from resound.store.tables import vector
from tests.nlp.tiny import PAIRS
from tests.resound.enriched import NOW, open_office, put, run, worker

DAY = date(2014, 10, 2)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Store]:
    yield from open_office(tmp_path)


CHINESE = Telling("a", "agency", "zh-Hant", DAY, frozenset(["green-team"]))
ENGLISH = Telling("b", "courier", "en", DAY, frozenset(["green-team"]))
ALL_ALIKE = Likeness(0.9, 8, 0.9, 0.93, (4, 4))
ONLY_HEADS = Likeness(0.9, 1, 0.1, 0.89, (1, 5))


def test_a_credit_line_joins_where_the_numbers_agree() -> None:
    credited = Telling("b", "courier", "en", DAY, frozenset(), {"agency": "(Island News Agency)"})
    found = judge_pair(CHINESE, credited, Likeness(0.87, 2, 0.3, 0.9, (3, 4)))
    assert found is not None
    assert (found.method, found.is_joined, found.a, found.b) == (CREDIT, True, "a", "b")
    assert found.evidence["credit"] == "(Island News Agency)"
    other = judge_pair(CHINESE, credited, Likeness(0.87, 2, 0.3, 0.9, (1, 4)))
    assert other is not None
    assert not other.is_joined, "a credit with other numbers is another dispatch"


def test_both_may_credit_one_agency() -> None:
    one, other = (
        Telling(key, key, tag, DAY, frozenset(), {"wire": f"({key} from the wire)"})
        for key, tag in (("x", "vi"), ("y", "en"))
    )
    found = judge_pair(one, other, ONLY_HEADS.__class__(0.9, 1, 0.1, 0.9, (3, 4)))
    assert found is not None
    assert found.method == CREDIT


def test_sentences_in_the_same_order_join() -> None:
    found = judge_pair(CHINESE, ENGLISH, ALL_ALIKE)
    assert found is not None
    assert (found.method, found.is_joined, found.score) == (ALIGNED, True, 0.93)


def test_two_reports_of_one_event_are_a_proposal_and_strangers_are_nothing() -> None:
    found = judge_pair(CHINESE, ENGLISH, ONLY_HEADS)
    assert found is not None
    assert (found.method, found.is_joined) == (ALIKE, False)
    stranger = Telling("c", "other", "en", DAY, frozenset(["else"]))
    assert judge_pair(CHINESE, stranger, Likeness(0.9, 0, 0.0, 0.0, (0, 3))) is None


def test_the_order_of_the_two_does_not_matter() -> None:
    for likeness in (ALL_ALIKE, ONLY_HEADS):
        assert judge_pair(CHINESE, ENGLISH, likeness) == judge_pair(ENGLISH, CHINESE, likeness)


def test_only_other_languages_near_in_time_and_alike_are_compared() -> None:
    assert may_be_one_text(CHINESE, ENGLISH, 0.9, candidate=0.86)
    assert not may_be_one_text(CHINESE, ENGLISH, 0.8, candidate=0.86)
    assert not may_be_one_text(CHINESE, Telling("b", "x", "zh-Hans", DAY, frozenset()), 1.0, candidate=0.5)
    assert not may_be_one_text(
        CHINESE, Telling("b", "x", "en", date(2014, 10, 6), frozenset()), 1.0, candidate=0.5
    )


NAMES = {
    "agency": ["島嶼通訊社", "Island News Agency", "INA"],
    "wire": ["Thông tấn Sông Hồng", "Red River Wire"],
}


@pytest.mark.parametrize(
    ("byline", "paragraphs", "expected"),
    [
        ("", ["（島嶼通訊社記者黃麗文台北2日電）綠耕隊抵達。", "完。"], ["agency"]),
        ("", ["綠耕隊抵達。", "（譯自島嶼通訊社）"], ["agency"]),
        ("", ["TAIPEI (Island News Agency) – The team came.", "End."], ["agency"]),
        ("", ["The team came.", "Source: INA"], ["agency"]),
        ("", ["The team came.", "Translated from Red River Wire."], ["wire"]),
        ("", ["Đoàn đã đến.", "Nguồn: Thông tấn Sông Hồng"], ["wire"]),
        ("黃麗文／島嶼通訊社", ["綠耕隊抵達。"], ["agency"]),
        ("", ["According to Island News Agency reports, the team came.", "End."], []),
        ("", ["據島嶼通訊社報導，綠耕隊抵達。"], []),
        ("", ["The team met Red River Wire staff at lunch.", "End."], []),
        ("", ["x" * 300 + "（島嶼通訊社）" + "y" * 300], []),
        ("", [], []),
    ],
)
def test_credits_say_where_a_text_is_from(byline: str, paragraphs: list[str], expected: list[str]) -> None:
    found = find_credits(byline, paragraphs, NAMES)
    assert [one.source for one in found] == expected
    assert all(one.passage for one in found)


def unit(*rows: list[float]) -> np.ndarray:
    made = np.array(rows, dtype=np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def test_sentences_are_paired_in_order_and_once() -> None:
    one = unit([1, 0, 0], [0, 1, 0], [0, 0, 1])
    same = align(one, one, threshold=0.9)
    assert [(a, b) for a, b, _ in same.pairs] == [(0, 0), (1, 1), (2, 2)]
    assert (same.share, same.score) == (1.0, 1.0)
    turned = align(one, one[::-1], threshold=0.9)
    assert len(turned.pairs) == 1, "another order is another text"
    assert align(one, unit([1, 0, 0], [0, 0, 1]), threshold=0.9).share == 1.0
    assert align(one, np.zeros((0, 3), dtype=np.float32), threshold=0.9).share == 0.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 8), st.floats(0, 1))
def test_an_alignment_is_monotone_and_symmetric_in_its_worth(
    seed: int, height: int, width: int, threshold: float
) -> None:
    random = np.random.default_rng(seed)
    one, other = (unit(*random.normal(size=(size, 4)).tolist()) for size in (height, width))
    found = align(one, other, threshold=threshold)
    places = [(a, b) for a, b, _ in found.pairs]
    assert all(first[0] < second[0] and first[1] < second[1] for first, second in itertools.pairwise(places))
    worth = sum(cosine - threshold for _, _, cosine in found.pairs)
    back = align(other, one, threshold=threshold)
    assert abs(worth - sum(cosine - threshold for _, _, cosine in back.pairs)) < 1e-3
    assert 0 <= found.share <= 1


def test_numbers_that_two_texts_share() -> None:
    assert shared_numbers("2014年10月2日30家", "On 2 October 2014 thirty firms and 5 more") == (2, 3)
    assert shared_numbers("30家", "31 firms") == (0, 1)
    assert shared_numbers("no", "沒有") == (0, 0)


def link(a: str, b: str, *, is_joined: bool) -> StoredLink:
    a, b = sorted((a, b))
    return StoredLink(
        a, b, ALIGNED if is_joined else ALIKE, 0.9, {"names": []}, is_joined, MadeBy("m", "1", "e", "", NOW)
    )


def test_articles_are_compared_and_what_is_joined_is_one_story(
    office: Store, tmp_path: Path, tiny_models: Path
) -> None:
    chinese = put(office, 0, body=tuple(zh for zh, _ in PAIRS[:4]))
    english = put(
        office,
        1,
        tag="en",
        title="The green team visited the landfill.",
        body=tuple(en for _, en in PAIRS[:4]),
    )
    with worker(tmp_path, tiny_models) as models:
        run(office, models, tmp_path)
    with office.write() as connection:
        assert len(connection.execute(select(vector)).all()) == 2
        found = list_links(connection)
        assert [{one.a, one.b} for one in found] == [{chinese, english}]
        assert found[0].made_by.label == "tiny model"
        groupings = load_groupings(connection, [chinese, english])
        assert (groupings[chinese].story == groupings[english].story) is found[0].is_joined
        assert groupings[chinese].item != groupings[english].item


def test_of_two_batches_at_once_neither_misses_nor_undoes_the_others_links(
    office: Store, tmp_path: Path, tiny_models: Path
) -> None:
    """Each is asked while the other one thinks, in each order of writing."""
    chinese = put(office, 0, body=tuple(zh for zh, _ in PAIRS[:4]))
    english = put(
        office,
        1,
        tag="en",
        title="The green team visited the landfill.",
        body=tuple(en for _, en in PAIRS[:4]),
    )
    with office.read() as connection:
        articles = load_articles(connection, [chinese, english])
    with worker(tmp_path, tiny_models) as models:
        first = compare_languages(office, models, [articles[chinese]], now=NOW)
        second = compare_languages(office, models, [articles[english]], now=NOW)
    for order in ((first, second), (second, first)):
        for ((write, _),) in order:
            with office.write() as connection:
                write(connection)
        with office.write() as connection:
            assert [{one.a, one.b} for one in list_links(connection)] == [{chinese, english}]
            set_links(connection, chinese, [])


def test_a_proposal_is_a_persons_to_decide(office: Store, tmp_path: Path) -> None:
    from resound.errors import ModelError

    keys = [
        put(office, 0),
        put(office, 1, tag="en", title="The green team came.", body=("The green team came.",)),
    ]
    more = put(office, 2, tag="vi", title="The green team", body=("The green team đã đến.",))
    run(office, ModelError("none", reason="no-profile"), tmp_path)
    with office.write() as connection:
        set_links(
            connection,
            keys[0],
            [link(keys[0], keys[1], is_joined=False), link(keys[0], more, is_joined=False)],
        )
        assert len(open_proposals(connection)) == 2
        decide(connection, keys[0], "merge", value=keys[1], why="one text", who="test", now=NOW)
        assert [{one.a.id, one.b.id} for one in open_proposals(connection)] == [{keys[0], more}]
        decide(connection, keys[0], "split", value=more, why="two reports", who="test", now=NOW)
        assert open_proposals(connection) == []


def test_two_stories_are_proposed_once_however_many_carried_them(office: Store, tmp_path: Path) -> None:
    from resound.errors import ModelError

    english = put(office, 1, tag="en", title="The green team came.", body=("The green team came.",))
    first, reprint = put(office, 0), put(office, 2)
    run(office, ModelError("none", reason="no-profile"), tmp_path)
    with office.write() as connection:
        decide(connection, first, "merge", value=reprint, why="one text", who="test", now=NOW)
        set_links(
            connection,
            english,
            [link(*sorted((english, one)), is_joined=False) for one in (first, reprint)],
        )
        assert len(open_proposals(connection)) == 1
        decide(connection, english, "split", value=reprint, why="two reports", who="test", now=NOW)
        assert open_proposals(connection) == []


def test_a_split_lies_over_a_joined_link(office: Store, tmp_path: Path) -> None:
    from resound.errors import ModelError
    from resound.grouping.items import regroup

    one, other = (
        put(office, 0),
        put(office, 1, tag="en", title="The green team came.", body=("The green team came.",)),
    )
    run(office, ModelError("none", reason="no-profile"), tmp_path)
    with office.write() as connection:
        set_links(connection, one, [link(one, other, is_joined=True)])
        joined = regroup(connection, [one], sources={})
        assert joined[one].story == joined[other].story
        decide(connection, one, "split", why="another event", who="test", now=NOW)
        after = load_groupings(connection, [one, other])
        assert after[one].story != after[other].story
