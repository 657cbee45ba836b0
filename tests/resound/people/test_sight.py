"""What somebody sees of a search: whatever it says, it is narrowed to their campaigns."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from resound.people.roles import Person
from resound.people.sight import EVERYTHING, Sight, sight_of
from resound.query import Document, analyse_document, evaluate, parse
from resound.query.tree import EVERYTHING as ALL
from resound.query.tree import Query

WORDS = st.sampled_from(
    ["a1", "b2", "campaign:green", "campaign:coffee", "campaign:GREEN", "lang:vi", "title:a1"]
)


def queries() -> st.SearchStrategy[str]:
    return st.recursive(
        WORDS,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda two: f"({two[0]} OR {two[1]})"),
            st.tuples(inner, inner).map(lambda two: f"({two[0]} {two[1]})"),
            inner.map(lambda one: f"NOT ({one})"),
        ),
        max_leaves=6,
    )


def document(*campaigns: str, title: str = "a1 b2") -> Document:
    return Document(title=title, keywords={"campaign": frozenset(campaigns), "lang": frozenset({"vi"})})


def holds(query: Query, one: Document) -> bool:
    return evaluate(query, analyse_document(one))


@settings(deadline=None)
@given(queries())
def test_no_query_holds_for_what_is_out_of_sight(text: str) -> None:
    narrowed = Sight(frozenset({"coffee"})).narrow(parse(text))
    assert not holds(narrowed, document("green"))
    assert not holds(narrowed, document())


@settings(deadline=None)
@given(queries())
def test_whether_something_is_of_another_campaign_changes_nothing(text: str) -> None:
    narrowed = Sight(frozenset({"coffee"})).narrow(parse(text))
    assert holds(narrowed, document("coffee")) == holds(narrowed, document("coffee", "green"))


@settings(deadline=None)
@given(queries().filter(lambda text: "green" not in text.casefold()))
def test_of_what_is_in_sight_the_query_finds_what_it_says(text: str) -> None:
    query = parse(text)
    for one in (document("coffee"), document("coffee", title="a1")):
        assert holds(Sight(frozenset({"coffee"})).narrow(query), one) == holds(query, one)


def test_who_has_no_campaign_sees_nothing_and_a_reader_everything() -> None:
    nobody = Sight(frozenset())
    for text in ("a1", "NOT a1", "campaign:green", "NOT campaign:green"):
        assert not holds(nobody.narrow(parse(text)), document("green"))
    assert not holds(nobody.narrow(ALL), document())
    assert EVERYTHING.narrow(ALL) is ALL


def test_roles_say_what_is_seen() -> None:
    lan = Person(1, "lan", "Lan", "none", {"coffee": "coder", "tea": "none"})
    assert sight_of(lan) == Sight(frozenset({"coffee"}))
    assert sight_of(Person(2, "minh", "Minh", "reader", {"coffee": "editor"})) is EVERYTHING
    assert (
        sight_of(Person(3, "off", "Off", "reader", {"coffee": "coder"}, is_active=False)).campaigns
        == frozenset()
    )
    assert sight_of(None).campaigns == frozenset()
