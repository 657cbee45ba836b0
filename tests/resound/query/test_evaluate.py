"""The matcher on texts as they occur, with spans on the original."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from resound.errors import QuerySyntaxError
from resound.index.base import IndexDocument
from resound.index.sqlite import SqliteIndex
from resound.query import Document, analyse_document, evaluate, expand, parse, spans
from resound.query.tree import MAX_EXPANDED_LEAVES, count_leaves
from resound.text import analyse
from tests.resound.query.generated import ENGLISH, GLOSSARY, VIETNAMESE, documents

CHINESE = Document("資源循環綠耕隊訪問胡志明市", body="环保署绿耕队与EPR专家会谈。\n第二段")
VIETNAM = Document(
    "Đội xanh thăm TP.HCM", body="Ông Ngô Quý Việt, đại diện của STAMEQ, nói về rác thải điện tử."
)
UNMARKED = Document("Rac thai dien tu", body="Ngo Quy Viet cua STAMEQ. Thai lan.")
ENGLISH_NEWS = Document(
    "Recycling e-waste", "A lead", "Governments agreed on EPR.\nThe APO's team", "A caption"
)


def found(query: str, document: Document) -> list[str]:
    """The original text of each span."""
    parsed, analysed = parse(query), analyse_document(document)
    marked = [document.text(span.field)[span.start : span.end] for span in spans(parsed, analysed)]
    assert evaluate(parsed, analysed) or not marked
    return marked


@pytest.mark.parametrize(
    ("query", "document", "passages"),
    [
        ("綠", CHINESE, ["綠", "绿"]),
        ("綠耕隊", CHINESE, ["綠耕隊", "绿耕队"]),
        ("绿耕队", CHINESE, ["綠耕隊", "绿耕队"]),
        ('"綠耕隊"', CHINESE, ["綠耕隊", "绿耕队"]),
        ("耕綠", CHINESE, []),
        ("EPR", CHINESE, ["EPR"]),
        ("谈第", CHINESE, []),  # over a paragraph's end
        ("rac thai", VIETNAM, ["rác", "thải"]),
        ("rác thải", VIETNAM, ["rác", "thải"]),
        ('"rác thải"', VIETNAM, ["rác thải"]),
        ("rác thải", UNMARKED, ["Rac", "thai", "Thai"]),
        ('"rác thải"', UNMARKED, []),
        ('"rac thai"', UNMARKED, ["Rac thai"]),
        ('"rac thai"', VIETNAM, []),
        ('"Ngô Quý Việt" NEAR/5 STAMEQ', VIETNAM, ["Ngô Quý Việt", "STAMEQ"]),
        ('"Ngô Quý Việt" NEAR/2 STAMEQ', VIETNAM, []),
        ('"Ngô Quý Việt" NEAR/5 STAMEQ', UNMARKED, []),
        ("STAMEQ NEAR/1 viet", UNMARKED, ["Viet", "STAMEQ"]),
        ("recycled", ENGLISH_NEWS, ["Recycling"]),
        ('"recycled"', ENGLISH_NEWS, []),
        ("governmen*", ENGLISH_NEWS, ["Governments"]),
        ("e-waste", ENGLISH_NEWS, ["e-waste"]),
        ("epr NEAR/20 apo", ENGLISH_NEWS, []),  # paragraphs
        ("title:epr", ENGLISH_NEWS, []),
        ("title:waste OR caption", ENGLISH_NEWS, ["waste", "caption"]),
        ("epr NOT apo", ENGLISH_NEWS, []),
        ("NOT 綠 epr", ENGLISH_NEWS, ["EPR"]),
    ],
)
def test_what_is_found(query: str, document: Document, passages: list[str]) -> None:
    assert found(query, document) == passages


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("lang:zh", True),
        ("lang:zh-Hant", True),
        ("lang:zh-Hans", False),
        ("outlet:bao-tin-tuc", True),
        ("NOT campaign:green", True),
        ("date:2014-10-02", True),
        ("date:..2014-10-01", False),
        ("date:2014", True),
    ],
)
def test_keywords_and_dates(query: str, holds: bool) -> None:
    keywords = {"lang": frozenset({"zh-Hant"}), "outlet": frozenset({"Báo Tin Tức"})}
    document = Document("x", keywords=keywords, date=date(2014, 10, 2))
    assert evaluate(parse(query), analyse_document(document)) is holds


def test_without_a_date_no_range_holds() -> None:
    undated = analyse_document(Document("x"))
    assert not evaluate(parse("date:1900..2100"), undated)
    assert evaluate(parse("NOT date:1900..2100"), undated)


@given(documents())
def test_a_words_spans_analyse_to_the_word(document: Document) -> None:
    analysed = analyse_document(document)
    for word in (*ENGLISH, *VIETNAMESE, "綠", "綠耕隊", "電子廢棄物"):
        query = parse(word if word not in ("not", "or", "near") else f'"{word}"')
        wanted = {token.loose for token in analyse(word)}
        for field, start, end in spans(query, analysed):
            assert wanted <= {token.loose for token in analyse(document.text(field)[start:end])}


@pytest.mark.parametrize(
    "query", ["電子廢棄物", "电子废弃物", "e-waste", "rac thai dien tu", "rác thải điện tử"]
)
def test_every_form_of_a_term_brings_the_same(query: str) -> None:
    wide, expansions = expand(parse(query), GLOSSARY)
    texts = ("電子廢棄物", "电子废弃物", "E-waste", "Rac thai dien tu", "rác thải điện tử")
    assert [evaluate(wide, analyse_document(Document(one))) for one in texts] == [True] * 5
    assert not evaluate(wide, analyse_document(Document("rác thải")))
    assert len(expansions) == 1
    assert "電子廢棄物" in expansions[0].forms


def test_quotes_prefixes_and_unknown_words_are_not_expanded() -> None:
    for text in ('"e-waste"', "green*", "nothing", "lang:vi"):
        query = parse(text)
        assert expand(query, GLOSSARY) == (query, ())


def test_an_expansion_keeps_to_its_bounds() -> None:
    many = [[f"word{number}" for number in range(200)]]
    wide, expansions = expand(parse(" OR ".join(f"(word{n} x{n})" for n in range(60))), many)
    assert count_leaves(wide.tree) <= MAX_EXPANDED_LEAVES
    assert 0 < len(expansions) < 60
    near = parse("word1 NEAR/3 word2")
    assert expand(near, many)[0] == near, "too many pairs: left as it is"


def test_naughty_strings_are_indexed_and_found(shared_data: Path, tmp_path: Path) -> None:
    naughty = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    index = SqliteIndex(tmp_path / "index.sqlite")
    rows = [
        IndexDocument(
            f"n{n}",
            n,
            Document(one, one, one, one, one, {"outlet": frozenset({one or "x"})}),
            shown={"x": one},
        )
        for n, one in enumerate(naughty)
    ]
    index.write(rows, [], cursor=1)
    for row in rows:
        try:
            query = parse(row.document.title)
        except QuerySyntaxError:
            continue
        if evaluate(query, analyse_document(row.document)):
            assert row.id in {hit.id for hit in index.search(query, limit=len(rows)).hits}
    index.write(rows, [row.id for row in rows], cursor=2)
    assert index.count() == len(rows)
    index.close()
