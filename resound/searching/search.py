"""Search for people: the glossary's expansion, hits with highlighted passages from the original text, facets, likeness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resound.campaign import Campaign
from resound.errors import PlaceError, SearchUnavailableError, StoreError
from resound.index.base import FACETS, Bar, Hit, Order, Period, SearchIndex
from resound.people.sight import EVERYTHING, Sight
from resound.query import (
    Document,
    Expansion,
    Query,
    Span,
    analyse_document,
    expand,
    parse,
    spans,
)
from resound.text import is_single

SNIPPETS = 3
_HAN = re.compile("[\u3400-\u9fff]")
AROUND = 60
"""Characters of text on each side of a highlighted passage."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage of the original text; `marks` are (start, end) within `text`."""

    field: str
    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One hit as it is shown. `marks` are (start, end) within `title`.

    `more`: other hits of its story, where one stands for all. `likeness`: the cosine, where asked.
    """

    id: str
    story: str
    title: str
    shown: Mapping[str, str]
    snippets: tuple[Snippet, ...]
    marks: tuple[tuple[int, int], ...] = ()
    more: int = 0
    likeness: float | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """`query` is what was really asked, after `expansions`. `next` continues where this page ends.

    `dates` (how many items each period has) and `undated` are filled where a histogram was asked for.
    `stories` and `outlets`: how many different ones are among all `total` items, at least so many where
    `uniques_are_exact` is False. `trouble` says what is missing where the index could answer only in part.
    """

    query: str
    expansions: tuple[Expansion, ...]
    total: int
    hits: tuple[Found, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    dates: tuple[Bar, ...]
    undated: int
    next: str | None
    stories: int
    outlets: int
    uniques_are_exact: bool
    trouble: str


def search(
    index: SearchIndex,
    text: str | Query,
    *,
    campaigns: Iterable[Campaign] = (),
    order: Order = "newest",
    limit: int = 20,
    after: str | None = None,
    facets: Sequence[str] = FACETS,
    histogram: Period | None = None,
    collapse: bool = False,
    sight: Sight = EVERYTHING,
) -> Results:
    """Search items. A term that a campaign's glossary knows finds all its forms, in every language.

    Of what is out of `sight` nothing is found, counted or told, whatever the query says.

    Raises:
        QuerySyntaxError: where and what was expected.
        PlaceError: `after` is not of this list.
        SearchUnavailableError: the index does not answer.
    """
    query, expansions = expand(parse(text) if isinstance(text, str) else text, glossary_forms(campaigns))
    query = sight.narrow(query)
    try:
        result = index.search(
            query,
            order=order,
            limit=limit,
            after=after,
            facets=facets,
            histogram=histogram,
            collapse=collapse,
        )
    except StoreError as err:
        raise _unavailable(err) from err
    except ValueError as err:
        raise PlaceError(
            "This is no place in this list of results. Begin without one, and take `next` of each page for the one behind it."
        ) from err
    return Results(
        query=str(query),
        expansions=tuple(expansions),
        total=result.total,
        hits=tuple(_found(hit, spans(query, analyse_document(hit.document))) for hit in result.hits),
        facets=sight.facets(result.facets),
        dates=result.dates,
        undated=result.undated,
        next=result.next,
        stories=result.stories,
        outlets=result.outlets,
        uniques_are_exact=result.uniques_are_exact,
        trouble=result.trouble,
    )


def find_similar(index: SearchIndex, item: str, *, limit: int = 10) -> tuple[Found, ...]:
    """The items most like one by what their headline and lead say, in any language, the most alike first.

    Empty where no model has looked at it yet.

    Raises:
        SearchUnavailableError: the index does not answer.
    """
    try:
        near = index.similar(item, limit=limit)
    except StoreError as err:
        raise _unavailable(err) from err
    return tuple(_found(hit, (), score) for hit, score in near)


def found_to_json(one: Found) -> dict[str, Any]:
    """A hit for programs: what is shown of it, and its passages."""
    return {
        "id": one.id,
        "story": one.story,
        "title": one.title,
        "title_marks": [list(mark) for mark in one.marks],
        **one.shown,
        "more": one.more,
        **({} if one.likeness is None else {"likeness": one.likeness}),
        "snippets": [
            {"field": part.field, "text": part.text, "marks": [list(mark) for mark in part.marks]}
            for part in one.snippets
        ],
    }


def passages_for(hit: Found, language: str) -> tuple[Snippet, ...]:
    """Those that a reader of this language is shown: the original's, and of translations what helps.

    A translation helps who reads another language than the article's: one into theirs, else into English. Where only
    translations hold what was looked for, all are shown.
    """
    original = tuple(one for one in hit.snippets if one.field != "translation")
    translated = tuple(one for one in hit.snippets if one.field == "translation")
    if not original and not hit.marks:
        return translated
    if hit.shown["language"].startswith(language.partition("-")[0]):
        return original
    theirs = tuple(one for one in translated if translation_tag(one.text) == language)
    return original + (theirs or tuple(one for one in translated if translation_tag(one.text) == "en"))


def translation_tag(text: str) -> str:
    """The language of a passage of a translation: Traditional Chinese where it has a Han character, else English.

    Those are the languages that are translated into, and the index keeps them together.
    """
    return "zh-Hant" if _HAN.search(text) else "en"


def _found(hit: Hit, found: Sequence[Span], likeness: float | None = None) -> Found:
    return Found(
        id=hit.id,
        story=hit.story,
        title=hit.document.title,
        shown=hit.shown,
        snippets=tuple(snippets_of(found, hit.document)),
        marks=tuple((span.start, span.end) for span in found if span.field == "title"),
        more=hit.more,
        likeness=likeness,
    )


def _unavailable(err: StoreError) -> SearchUnavailableError:
    return SearchUnavailableError(
        f"Search is unavailable: {err} Crawling, processing and counts go on without it, and the index catches up by itself."
    )


def glossary_forms(campaigns: Iterable[Campaign]) -> list[tuple[str, ...]]:
    """The forms of every term of every campaign, one sequence for each term."""
    return list(dict.fromkeys(term.all_forms for campaign in campaigns for term in campaign.terms))


def snippets_of(found: Sequence[Span], document: Document) -> list[Snippet]:
    """Up to three passages around spans, best field first, each within one paragraph; spans that lie close together share one.

    The beginning of the text where there are none.
    """
    texts = {
        "title": document.title,
        "lead": document.lead,
        "body": document.body,
        "caption": document.caption,
        "translation": document.translation,
    }
    made: list[Snippet] = []
    in_text = [span for span in found if span.field != "title"]
    while in_text and len(made) < SNIPPETS:
        first = in_text[0]
        text = texts[first.field]
        paragraph = text.rfind("\n", 0, first.start) + 1
        following = text.find("\n", first.end)
        start = max(paragraph, _at_space(text, max(0, first.start - AROUND), -1))
        end = _at_space(text, min(len(text), first.end + AROUND), 1)
        end = end if following < 0 else min(following, end)
        inside = [
            span for span in in_text if span.field == first.field and start <= span.start and span.end <= end
        ]
        marks = tuple((span.start - start, span.end - start) for span in inside) or (
            (first.start - start, end - start),
        )
        made.append(Snippet(first.field, text[start:end].replace("\n", " "), marks))
        in_text = [span for span in in_text if span.field != first.field or span.start >= end]
    if not made:
        beginning = document.lead or document.body
        made.append(
            Snippet("lead", beginning[: _at_space(beginning, min(len(beginning), 2 * AROUND), 1)], ())
        )
    return made


def _at_space(text: str, position: int, step: int) -> int:
    """Move to the next space within a word's length, so that no word is cut; text without spaces may be cut anywhere."""
    for offset in range(16):
        at = position + step * offset
        if at <= 0 or at >= len(text):
            return max(0, min(at, len(text)))
        if text[at].isspace():
            return at
        if is_single(text[at]):
            return position
    return position
