"""Does an article belong to a campaign, where is that said, and what else of the campaign stands in it.

The rules, in their order (`resound.campaign` states what they mean):

1. `exclude` holds: no match.
2. A name of the campaign stands in the article: a match. A colliding form (APO, COE, Green Team) counts only where
   `context` holds in the article *without* its colliding forms, so that a form is never its own context.
3. One of the queries holds: a match. Queries know the campaign's glossary: a word that equals a form finds all forms.

Everything is read in the original, by the analysis that the indexes use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from resound.article import Field
from resound.campaign import Campaign, Term
from resound.errors import DefinitionError, QuerySyntaxError
from resound.query import (
    FIELDS,
    AnalysedDocument,
    Document,
    FormHit,
    FormMatcher,
    Glance,
    Query,
    analyse_document,
    evaluate,
    expand,
    may_hold,
    parse,
    spans,
)
from resound.query.leaf import make_leaf
from resound.query.tree import (
    MAX_EXPANDED_LEAVES,
    MAX_PHRASE,
    Node,
    all_of,
    any_of,
    count_leaves,
)
from resound.query.widen import widen
from resound.text import analysis_fingerprint

MAX_SPANS = 200
"""More than a person reads; beyond it a match keeps the first ones of each kind."""
_RULES = "resound.processing.matching/1"
_RANK: Mapping[Field, int] = {name: rank for rank, name in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True)
class MatchSpan:
    """A part of one field's original text; `term` is the name's id, or `query zh-Hant` and so on."""

    field: Field
    start: int
    end: int
    text: str
    term: str


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A key message that the article carries, with the passages' words that show it."""

    id: str
    spans: tuple[MatchSpan, ...]


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A listed person who is named. Whether a quotation is theirs is for a person to confirm."""

    id: str
    spokesperson: bool
    spans: tuple[MatchSpan, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """`prominence`: the highest field that names the campaign or, where only a query holds, has one of its words.

    `because` says in words what matched; `named` holds the ids of the campaign's names that stand in the article.
    """

    prominence: Field
    because: tuple[str, ...]
    named: tuple[str, ...]
    spans: tuple[MatchSpan, ...]
    messages: tuple[FoundMessage, ...]
    people: tuple[FoundPerson, ...]


class CampaignMatcher:
    """Tries one campaign on many articles. Made once per campaign; safe to share between threads."""

    def __init__(self, campaign: Campaign) -> None:
        """Raises DefinitionError for a query or form that cannot be used (`resound.definitions.written` refuses these earlier)."""
        self.campaign = campaign
        # In a fixed order, so that the order of a file's entries does not change the fingerprint.
        glossary = [tuple(sorted(term.all_forms)) for term in sorted(campaign.terms, key=lambda one: one.id)]

        def read(query: str, what: str) -> Query | None:
            if not query:
                return None
            try:
                parsed = parse(query, where=f"Campaign {campaign.id}, {what}")
            except QuerySyntaxError as err:
                raise DefinitionError(str(err)) from err
            return expand(parsed, glossary)[0]

        self._names = FormMatcher({term.id: term.all_forms for term in campaign.names})
        self._people = FormMatcher({person.id: person.all_forms for person in campaign.people})
        self._colliding = {
            (term.id, form) for term in (*campaign.names, *campaign.people) for form in term.collides
        }
        self._context = read(campaign.context, "context")
        self._exclude = read(campaign.exclude, "exclude")
        self._queries = [
            (f"query {key}", found)
            for key, query in campaign.queries.items()
            if (found := read(query, f"query {key}")) is not None
        ]
        self._messages = [
            (one.id, found)
            for one in campaign.messages
            if (found := read(one.query, f"message {one.id}")) is not None
        ]
        self.comparators = [
            (one.id, found)
            for one in campaign.comparators
            if (found := read(one.query, f"comparator {one.id}")) is not None
        ]
        """What the campaign is set beside (`resound.coverage.voice`); no part of whether an article matches it."""
        self._context_may_hold = None if self._context is None else may_hold(self._context.tree)
        self._query_may_hold = [may_hold(query.tree) for _, query in self._queries]
        self.fingerprint = self._make_fingerprint()
        """Changes when, and only when, what is asked for changes: not with notes, the window or the order of entries."""

    def match(self, analysed: AnalysedDocument) -> Match | None:
        """What the campaign finds in an article; None where it does not match."""
        hits = self._names.find(analysed)
        people = self._people.find(analysed) if hits or self._queries else []
        hits, people = self._drop_collisions(analysed, hits, people)
        holding = [(label, query) for label, query in self._queries if evaluate(query, analysed)]
        if not hits and not holding:
            return None
        if self._exclude is not None and evaluate(self._exclude, analysed):
            return None  # asked last: nearly every article has ended above
        named = _from_hits(hits, analysed)
        asked = [
            MatchSpan(
                span.field, span.start, span.end, _cut(analysed, span.field, span.start, span.end), label
            )
            for label, query in holding
            for span in spans(query, analysed)
        ]
        because = list(dict.fromkeys(f"name {hit.key}: {hit.form}" for hit in hits))
        because += [label for label, _ in holding]
        leading = named or asked
        return Match(
            prominence=min((span.field for span in leading), key=_RANK.__getitem__, default="body"),
            because=tuple(because[:MAX_SPANS]),
            named=tuple(dict.fromkeys(hit.key for hit in hits)),
            spans=_in_order([*named, *_outside(asked, named)]),
            messages=tuple(self._find_messages(analysed)),
            people=tuple(self._sort_people(people, analysed)),
        )

    def may_match(self, glance: Glance) -> bool:
        """Whether an article with these words can match. Where it says no, `match` finds nothing."""
        doubtful = False
        for found in self._names.glimpse(glance):
            if found not in self._colliding:
                return True
            doubtful = True
        if doubtful and self._context_may_hold is not None and self._context_may_hold(glance):
            return True
        return any(asked(glance) for asked in self._query_may_hold)

    def wider_queries(self) -> tuple[Query, ...] | None:
        """Queries of which one holds for every article that matches; None where there are none that narrow anything."""
        plain: list[Node] = []
        doubtful: list[Node] = []
        for term in self.campaign.names:
            for form in term.all_forms:
                leaf = make_leaf(form)
                if leaf is None or len(leaf.loose) > MAX_PHRASE:
                    return None
                (doubtful if (term.id, form) in self._colliding else plain).append(leaf)
        asked = [widen(query.tree) for _, query in self._queries]
        if plain:
            asked.append(any_of(plain))
        if doubtful and self._context is not None:
            where = widen(self._context.tree)
            asked.append(any_of(doubtful) if where is None else all_of([any_of(doubtful), where]))
        trees = [tree for tree in asked if tree is not None and count_leaves(tree) <= MAX_EXPANDED_LEAVES]
        return tuple(map(Query, trees)) if len(trees) == len(asked) else None

    def _drop_collisions(
        self, analysed: AnalysedDocument, *found: list[FormHit]
    ) -> tuple[list[FormHit], list[FormHit]]:
        """Names and people without colliding forms, unless the context holds in what is left of the article."""
        names, people = found
        colliding = [hit for hit in (*names, *people) if (hit.key, hit.form) in self._colliding]
        if not colliding:
            return names, people
        if self._context is not None and evaluate(self._context, _blank(analysed, colliding)):
            return names, people
        doubtful = set(colliding)
        return (
            [hit for hit in names if hit not in doubtful],
            [hit for hit in people if hit not in doubtful],
        )

    def _find_messages(self, analysed: AnalysedDocument) -> Iterable[FoundMessage]:
        for key, query in self._messages:
            if evaluate(query, analysed):
                found = [
                    MatchSpan(
                        span.field,
                        span.start,
                        span.end,
                        _cut(analysed, span.field, span.start, span.end),
                        key,
                    )
                    for span in spans(query, analysed)
                ]
                yield FoundMessage(key, _in_order(found))

    def _sort_people(self, hits: list[FormHit], analysed: AnalysedDocument) -> Iterable[FoundPerson]:
        for person in self.campaign.people:
            found = _from_hits([hit for hit in hits if hit.key == person.id], analysed)
            if found:
                yield FoundPerson(person.id, person.spokesperson, _in_order(found))

    def _make_fingerprint(self) -> str:
        def asked(terms: Sequence[Term]) -> list[Any]:
            return sorted((one.id, sorted(one.all_forms), sorted(one.collides)) for one in terms)

        whole = {
            "rules": _RULES,
            "analysis": analysis_fingerprint(),
            "names": asked(self.campaign.names),
            "people": asked(self.campaign.people),
            "spokespersons": sorted(one.id for one in self.campaign.people if one.spokesperson),
            "context": str(self._context or ""),
            "exclude": str(self._exclude or ""),
            "queries": sorted((label, str(query)) for label, query in self._queries),
            "messages": sorted((key, str(query)) for key, query in self._messages),
        }
        return hashlib.sha256(json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def match_to_json(match: Match) -> dict[str, Any]:
    """For storing. Keys: prominence, because, named, spans, messages ({id, spans}), people ({id, spokesperson, spans})."""
    return {
        "prominence": match.prominence,
        "because": list(match.because),
        "named": list(match.named),
        "spans": [_span_to_json(one) for one in match.spans],
        "messages": [
            {"id": one.id, "spans": [_span_to_json(span) for span in one.spans]} for one in match.messages
        ],
        "people": [
            {
                "id": one.id,
                "spokesperson": one.spokesperson,
                "spans": [_span_to_json(span) for span in one.spans],
            }
            for one in match.people
        ],
    }


def stage_line(matcher: CampaignMatcher, line: object) -> dict[str, Any]:
    """`{"title"?, "lead"?, "text", "captions"?}` → match, prominence, because, spans, messages, people, error.

    Never raises. A span's `body` counts in `text` as given, its `caption` in the captions joined by newlines.
    """
    try:
        document, shift = _read_line(line)
    except ValueError as err:
        return _told(str(err))
    found = matcher.match(analyse_document(document))
    if found is None:
        return _told(None)

    def moved(some: tuple[MatchSpan, ...]) -> tuple[MatchSpan, ...]:
        return tuple(
            replace(one, start=one.start + shift, end=one.end + shift) if one.field == "body" else one
            for one in some
        )

    found = replace(
        found,
        spans=moved(found.spans),
        messages=tuple(replace(one, spans=moved(one.spans)) for one in found.messages),
        people=tuple(replace(one, spans=moved(one.spans)) for one in found.people),
    )
    return {"match": True, **match_to_json(found), "error": None}


def _told(error: str | None) -> dict[str, Any]:
    nothing: dict[str, Any] = {"prominence": None, "because": [], "named": [], "spans": []}
    return {"match": False, **nothing, "messages": [], "people": [], "error": error}


def _read_line(line: object) -> tuple[Document, int]:
    """The document, and how far its body stands inside the given text: the lead is not read twice."""
    if not isinstance(line, dict):
        raise ValueError('This line is no JSON object; expected {"title"?, "lead"?, "text", "captions"?}.')
    if all(line.get(name) is None for name in ("text", "title", "lead", "captions")):
        raise ValueError("The field text is missing.")
    title, lead, text = (_text(line, name) for name in ("title", "lead", "text"))
    captions = line.get("captions") or ""
    if isinstance(captions, list) and all(isinstance(one, str) for one in captions):
        captions = "\n".join(captions)
    if not isinstance(captions, str):
        raise ValueError("The field captions is no list of texts.")
    shift = 0
    if lead.strip():
        start = len(text) - len(text.lstrip())
        if text[start:].startswith(lead.strip()):
            shift = start + len(lead.strip())
    return Document(title=title, lead=lead, body=text[shift:], caption=captions), shift


def _text(line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"The field {name} is no text.")
    return value


def _span_to_json(span: MatchSpan) -> dict[str, Any]:
    return {
        "field": span.field,
        "start": span.start,
        "end": span.end,
        "text": span.text,
        "term": span.term,
    }


def _cut(analysed: AnalysedDocument, field: Field, start: int, end: int) -> str:
    return analysed.document.text(field)[start:end]


def _from_hits(hits: Iterable[FormHit], analysed: AnalysedDocument) -> list[MatchSpan]:
    return [
        MatchSpan(hit.field, hit.start, hit.end, _cut(analysed, hit.field, hit.start, hit.end), hit.key)
        for hit in hits
    ]


def _blank(analysed: AnalysedDocument, hits: Iterable[FormHit]) -> AnalysedDocument:
    """The article with these hits blanked out."""
    texts: dict[Field, list[str]] = {}
    for hit in hits:
        text = texts.setdefault(hit.field, list(analysed.document.text(hit.field)))
        text[hit.start : hit.end] = " " * (hit.end - hit.start)
    written: dict[Field, str] = {name: "".join(text) for name, text in texts.items()}
    return analyse_document(replace(analysed.document, **written))  # type: ignore[arg-type]


def _outside(some: Iterable[MatchSpan], others: Sequence[MatchSpan]) -> list[MatchSpan]:
    """Those that no other span holds already: what names the campaign is not told twice."""
    return [
        one
        for one in dict.fromkeys(some)
        if not any(
            one.field == other.field and other.start <= one.start and one.end <= other.end for other in others
        )
    ]


def _in_order(some: Iterable[MatchSpan]) -> tuple[MatchSpan, ...]:
    found = sorted(dict.fromkeys(some), key=lambda one: (_RANK[one.field], one.start, one.end, one.term))
    return tuple(found[:MAX_SPANS])
