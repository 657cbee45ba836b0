"""A glance and a widened query never say no where the evaluator says yes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resound.errors import QuerySyntaxError
from resound.query import FIELDS, Document, Glance, Query, analyse_document, evaluate, expand, may_hold, parse
from resound.query.leaf import make_leaf
from resound.query.tree import Not
from resound.query.widen import widen
from tests.resound.query.generated import GLOSSARY, WORDS, documents, queries


def glance_at(document: Document) -> Glance:
    return Glance(document.text(name) for name in FIELDS)


@given(documents(), queries())
def test_what_holds_may_hold_and_is_found_by_the_wider_query(document: Document, text: str) -> None:
    try:
        query = parse(text)
    except QuerySyntaxError:
        return
    analysed, glance = analyse_document(document), glance_at(document)
    for asked in (query, expand(query, GLOSSARY)[0]):
        wide = widen(asked.tree)
        if evaluate(asked, analysed):
            assert may_hold(asked.tree)(glance)
            assert wide is None or evaluate(Query(wide), analysed)
            # What a document must not hold may stand in its translation, which an index reads besides.
            besides = analyse_document(replace(document, translation=f"{document.translation} waste 綠 rác"))
            assert wide is None or evaluate(Query(wide), besides)


@given(documents())
def test_a_glance_sees_the_very_tokens_of_the_analysis(document: Document) -> None:
    analysed, glance = analyse_document(document), glance_at(document)
    places = [analysed.fields[name] for name in FIELDS]
    assert glance.loose == {
        token for one in places for token, at in zip(one.loose, one.offsets, strict=True) if at != (-1, -1)
    }
    assert glance.exact == {
        token for one in places for token, at in zip(one.exact, one.offsets, strict=True) if at != (-1, -1)
    }


@given(documents(), st.lists(st.sampled_from(WORDS[3]), min_size=1, max_size=4), st.booleans(), st.booleans())
def test_of_a_phrase_it_says_exactly_whether_it_stands_there(
    document: Document, words: list[str], quoted: bool, prefix: bool
) -> None:
    leaf = make_leaf(" ".join(words), quoted=quoted, prefix=prefix)
    if leaf is not None:
        assert may_hold(leaf)(glance_at(document)) is evaluate(Query(leaf), analyse_document(document))


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("green AND NOT waste", "green"),
        ("green AND NOT (waste OR team)", "green"),
        ("(green AND NOT waste) OR team", "green OR team"),
        ("(NOT waste) OR team", None),
        ("NOT waste", None),
        ("green NEAR/3 team lang:zh", "green NEAR/3 team AND lang:zh"),
    ],
)
def test_a_wider_query_leaves_out_what_is_excluded(text: str, wide: str | None) -> None:
    found = widen(parse(text).tree)
    assert (None if found is None else str(Query(found))) == wide


def test_not_of_not_is_never_narrowed() -> None:
    leaf = make_leaf("green")
    assert leaf is not None
    assert widen(Not(leaf)) is None
    assert may_hold(Not(leaf))(Glance(["green"]))
