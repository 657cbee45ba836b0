"""Query text → tree. Precedence from tight to loose: NEAR/n, NOT, AND (also by mere sequence), OR.

Operators are upper case; `and`, `or`, `not` are words. What a Chinese input method types is accepted as well:
（ ）, “ ”, 「 」, 『 』, ：, ＊ and full-width letters in operators and field names. Marks that hold no letter or digit
(`&`, `–`) are passed over, so that a headline can be pasted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

from resound.article import Field
from resound.errors import Mistake, QuerySyntaxError
from resound.query.dates import read_range
from resound.query.leaf import make_leaf
from resound.query.mistakes import DateError, Expected, Problem
from resound.query.tree import (
    FIELD_NAMES,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_DISTANCE,
    MAX_LEAVES,
    MAX_NEAR_PAIRS,
    MAX_PHRASE,
    MIN_PREFIX,
    DateRange,
    Keyword,
    Leaf,
    Near,
    Node,
    Or,
    Query,
    all_of,
    any_of,
    depth,
    near_readings,
    negate,
)
from resound.text import fold_keyword

_OPEN, _CLOSE = "(（", ")）"
_PLAIN_QUOTES = '"“”„‟＂'
_QUOTES = dict.fromkeys(_PLAIN_QUOTES, _PLAIN_QUOTES) | {"「": "」", "『": "』", "«": "»"}
# Where Chinese is written without spaces these part words; in `7,000` and `3.5` the ASCII ones do not.
_SEPARATORS = "，、。；！？《》〈〉【】〔〕…;"
_STARS = "*＊"
_FIELD = re.compile(r"([A-Za-zＡ-Ｚａ-ｚ_]{1,24})[:：]")
_NEAR = re.compile(r"NEAR(?:/(\d{1,9}))?")
_MAX_NESTING = 100

_Kind = Literal["word", "phrase", "(", ")", "AND", "OR", "NOT", "NEAR", "field", "end"]
_MISPLACED: Mapping[_Kind, Problem] = {
    "word": Problem.WORD_MISPLACED,
    "phrase": Problem.PHRASE_MISPLACED,
    "(": Problem.GROUP_MISPLACED,
    ")": Problem.CLOSES_EARLY,
    "field": Problem.FIELD_MISPLACED,
    "end": Problem.ENDS_EARLY,
}
"""What else stands where it cannot is an operator."""


@dataclass(frozen=True, slots=True)
class _Part:
    kind: _Kind
    position: int
    text: str = ""
    prefix: bool = False
    number: int = 0


def parse(query: str, *, where: str = "") -> Query:
    """Reads a query. `where` begins the sentence of an error (`campaign green, message m1`).

    Raises QuerySyntaxError with position and what was expected there; nothing else, whatever the text.
    """
    return _Parser(query, where).read()


class _Parser:
    """Recursive descent over the parts of one query."""

    def __init__(self, source: str, where: str) -> None:
        self.source = source
        self.where = where
        self.parts: list[_Part] = []
        self.at = 0
        self.nesting = 0
        self.leaves = 0
        self.scoped: Field | None = None  # the field whose title:( … ) is open
        self.alternatives: list[list[tuple[int, int]]] = []  # of the topmost OR, each the places of its parts

    def read(self) -> Query:
        if len(self.source) > MAX_CHARACTERS:
            self.fail(MAX_CHARACTERS, Problem.TOO_LONG, Expected.SHORTER, most=MAX_CHARACTERS)
        self.parts = _Lexer(self).read()
        if self.next().kind == "end":
            self.fail(0, Problem.EMPTY, Expected.WORD)
        tree = self.any(None)
        if self.next().kind == ")":
            self.fail(self.next().position, Problem.CLOSES_NOTHING, Expected.OPENING)
        if self.next().kind != "end":
            self.unexpected(Expected.WORD)
        if depth(tree) > MAX_DEPTH:
            self.fail(0, Problem.TOO_DEEP, Expected.FEWER_PARENTHESES, most=MAX_DEPTH)
        return Query(tree, self.source, tuple(self.alternatives[0]) if len(self.alternatives) == 1 else ())

    def fail(self, position: int, problem: Problem, expected: Expected, **values: str | int) -> NoReturn:
        """`position` counts from 0; the sentence counts from 1, as people do."""
        filled = {name: f"{one:,}" if isinstance(one, int) else one for name, one in values.items()}
        fitting = expected.value % filled
        start = f"{self.where}: the query" if self.where else "The query"
        near = self.source[position : position + 20].strip()
        place = f"at character {position + 1}" + (f" ({near})" if near else " (its end)")
        raise QuerySyntaxError(
            f"{start} cannot be read {place}: {problem.value % filled}; expected {fitting}.",
            query=self.source,
            position=position,
            expected=fitting,
            mistake=Mistake(problem.code, problem.value, expected.value, values),
        )

    def unexpected(self, expected: Expected, **values: str) -> NoReturn:
        part = self.next()
        problem = _MISPLACED.get(part.kind, Problem.OPERATOR_MISPLACED)
        if problem is Problem.OPERATOR_MISPLACED:
            values["operator"] = part.kind
        self.fail(part.position, problem, expected, **values)

    def next(self) -> _Part:
        return self.parts[self.at]

    def take(self) -> _Part:
        part = self.parts[self.at]
        self.at += 1
        return part

    def any(self, field: Field | None) -> Node:
        children = [self.all(field)]
        while self.next().kind == "OR":
            self.take()
            children.append(self.all(field))
        return any_of(children)

    def all(self, field: Field | None) -> Node:
        places: list[tuple[int, int]] = []
        children: list[Node] = []
        while not children or self.next().kind in ("AND", "word", "phrase", "(", "field", "NOT"):
            if children and self.next().kind == "AND":
                self.take()
            start = self.next().position
            children.append(self.one(field))
            places.append((start, start + len(self.source[start : self.next().position].rstrip())))
        if not self.nesting:
            self.alternatives.append(places)
        return all_of(children)

    def one(self, field: Field | None) -> Node:
        negations = 0
        while self.next().kind == "NOT":
            self.take()
            negations += 1
        node = self.near(field)
        return negate(node) if negations % 2 else node

    def near(self, field: Field | None) -> Node:
        start = self.next().position
        node = self.primary(field)
        if self.next().kind != "NEAR":
            return node
        found: list[Node] = []
        left = self.operand(node, start)
        while self.next().kind == "NEAR":
            near = self.take()
            if self.next().kind not in ("word", "phrase", "("):
                self.unexpected(Expected.OPERAND)
            start = self.next().position
            right = self.operand(self.primary(field), start)
            found.append(self.pair(left, right, near))
            left = right
        return all_of(found)

    def pair(self, left: tuple[Leaf, ...], right: tuple[Leaf, ...], near: _Part) -> Near:
        node = Near(left, right, near.number)
        first, second = near_readings(node)
        if len(first) * len(second) > MAX_NEAR_PAIRS:
            self.fail(near.position, Problem.NEAR_TOO_WIDE, Expected.FEWER_ALTERNATIVES)
        return node

    def operand(self, node: Node, position: int) -> tuple[Leaf, ...]:
        leaves = node.children if isinstance(node, Or) else (node,)
        found = tuple(leaf for leaf in leaves if isinstance(leaf, Leaf))
        if len(found) != len(leaves):
            self.fail(position, Problem.NEAR_OF_MORE, Expected.OPERANDS)
        if len({leaf.field for leaf in found}) > 1 or (found[0].field and self.scoped != found[0].field):
            self.fail(position, Problem.NEAR_WITH_FIELD, Expected.FIELD_BEFORE)
        return found

    def primary(self, field: Field | None) -> Node:
        part = self.next()
        if part.kind == "(":
            return self.group(field)
        if part.kind in ("word", "phrase"):
            self.take()
            return self.leaf(part, field)
        if part.kind == "field":
            self.take()
            if part.text == "title":
                return self.title()
            return self.keyword(part)
        return self.unexpected(Expected.WORD)

    def title(self) -> Node:
        if self.next().kind not in ("word", "phrase", "("):
            self.unexpected(Expected.AFTER_TITLE)
        outer, self.scoped = self.scoped, "title"
        is_group = self.next().kind == "("
        node = self.primary("title")
        self.scoped = outer
        if not is_group and self.next().kind == "NEAR" and outer is None:
            self.fail(self.next().position, Problem.TITLE_OF_ONE, Expected.TITLE_OF_NEAR)
        return node

    def group(self, field: Field | None) -> Node:
        opening = self.take()
        self.nesting += 1
        if self.nesting > _MAX_NESTING:
            self.fail(opening.position, Problem.TOO_MANY_OPEN, Expected.FEWER_PARENTHESES, most=_MAX_NESTING)
        node = self.any(field)
        if self.next().kind != ")":
            if self.next().kind != "end":
                self.unexpected(Expected.WORD)
            self.fail(
                self.next().position, Problem.NOT_CLOSED, Expected.CLOSING, opening=str(opening.position + 1)
            )
        self.take()
        self.nesting -= 1
        return node

    def keyword(self, name: _Part) -> Node:
        """The value of a keyword field, or (a OR b)."""
        if self.next().kind != "(":
            return self.value(name)
        self.take()
        children: list[Node] = [self.value(name)]
        while self.next().kind == "OR":
            self.take()
            children.append(self.value(name))
        if self.next().kind != ")":
            self.unexpected(Expected.OR_OR_CLOSING, field=name.text)
        self.take()
        return any_of(children)

    def value(self, name: _Part) -> Keyword | DateRange:
        is_date = name.text == "date"
        example = Expected.DATE if is_date else Expected.VALUE
        after = Expected.DATE_AFTER if is_date else Expected.VALUE_AFTER
        part = self.next()
        if part.kind not in ("word", "phrase") or not part.text.strip():
            self.unexpected(after, field=name.text)
        self.take()
        self.count(part)
        if part.prefix or any(star in part.text for star in _STARS):
            self.fail(part.position, Problem.STAR_IN_VALUE, example, field=name.text)
        if is_date:
            try:
                return read_range(part.text)
            except DateError as err:
                self.fail(part.position, err.problem, example, **err.values)
        value = " ".join(part.text.split())
        folded = fold_keyword(value)
        if not folded:
            self.unexpected(after, field=name.text)
        return Keyword(name.text, value, folded)

    def leaf(self, part: _Part, field: Field | None) -> Leaf:
        quoted = part.kind == "phrase"
        leaf = make_leaf(part.text, quoted=quoted, prefix=part.prefix, field=field)
        if leaf is None:
            self.fail(part.position, Problem.EMPTY_QUOTES, Expected.WORD_IN_QUOTES)
        if len(leaf.loose) > MAX_PHRASE:
            self.fail(
                part.position,
                Problem.PHRASE_TOO_LONG,
                Expected.AT_MOST,
                count=str(len(leaf.loose)),
                most=MAX_PHRASE,
            )
        if leaf.prefix and len(leaf.plain) < MIN_PREFIX:
            self.fail(part.position, Problem.STAR_TOO_SOON, Expected.LETTERS, least=MIN_PREFIX)
        self.count(part)
        return leaf

    def count(self, part: _Part) -> None:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            self.fail(part.position, Problem.TOO_MANY_WORDS, Expected.SHORTER, most=MAX_LEAVES)


class _Lexer:
    """Cuts the text into parts. Words are not yet analysed."""

    def __init__(self, parser: _Parser) -> None:
        self.parser = parser
        self.source = parser.source
        self.at = 0

    def read(self) -> list[_Part]:
        parts: list[_Part] = []
        while self.at < len(self.source):
            char = self.source[self.at]
            after_keyword = bool(parts) and parts[-1].kind == "field" and parts[-1].text != "title"
            in_values = after_keyword or self.in_value_list(parts)
            if char.isspace() or char in _SEPARATORS:
                self.at += 1
            elif char in _OPEN + _CLOSE:
                parts.append(_Part("(" if char in _OPEN else ")", self.at))
                self.at += 1
            elif char in _QUOTES:
                parts.append(self.phrase())
            elif not in_values and (field := self.field()) is not None:
                parts.append(field)
            elif not in_values and self.is_minus():
                parts.append(_Part("NOT", self.at))
                self.at += 1
            else:
                part = self.word(is_value=in_values)
                if part is not None:
                    parts.append(part)
        parts.append(_Part("end", len(self.source)))
        return parts

    def in_value_list(self, parts: list[_Part]) -> bool:
        """Inside `lang:( … )`: words there are values."""
        for at in range(len(parts) - 1, 0, -1):
            if parts[at].kind == ")":
                return False
            if parts[at].kind == "(":
                return parts[at - 1].kind == "field" and parts[at - 1].text != "title"
        return False

    def phrase(self) -> _Part:
        start = self.at
        closing = _QUOTES[self.source[start]]
        end = start + 1
        while end < len(self.source) and self.source[end] not in closing:
            end += 1
        if end == len(self.source):
            self.parser.fail(start, Problem.QUOTE_NOT_CLOSED, Expected.CLOSING_QUOTE, mark=closing[0])
        self.at = end + 1
        prefix = self.source[self.at : self.at + 1] in (*_STARS,)
        self.at += prefix
        return _Part("phrase", start, self.source[start + 1 : end], prefix)

    def field(self) -> _Part | None:
        match = _FIELD.match(self.source, self.at)
        if match is None:
            return None
        name = unicodedata.normalize("NFKC", match[1]).lower()
        following = self.source[match.end() : match.end() + 1]
        if name in FIELD_NAMES:
            part = _Part("field", self.at, name)
            self.at = match.end()
            return part
        if not following or following.isspace() or following in "/\\" + _CLOSE:
            return None  # `VIETNAM: a headline`, `https://…`
        return self.parser.fail(
            self.at,
            Problem.NO_SUCH_FIELD,
            Expected.FIELD,
            field=name,
            fields=", ".join(f"{known}:" for known in FIELD_NAMES),
        )

    def is_minus(self) -> bool:
        """`-word` is NOT word; the hyphen of `e-waste` and of ` - ` is not."""
        following = self.source[self.at + 1 : self.at + 2]
        return self.source[self.at] == "-" and (
            following.isalnum() or following == "-" or following in (*_OPEN, *_QUOTES)
        )

    def word(self, *, is_value: bool) -> _Part | None:
        start = self.at
        while self.at < len(self.source):
            char = self.source[self.at]
            if char.isspace() or char in _OPEN or char in _CLOSE or char in _QUOTES or char in _SEPARATORS:
                break
            self.at += 1
        text = self.source[start : self.at]
        operator = unicodedata.normalize("NFKC", text)
        if operator in ("AND", "OR", "NOT"):
            return _Part("AND" if operator == "AND" else "OR" if operator == "OR" else "NOT", start)
        if is_value:
            return _Part("word", start, text)
        if (near := _NEAR.fullmatch(operator)) is not None:
            return self.near(start, near[1])
        bare = text.rstrip(".,:!?'")
        prefix = bare.endswith(tuple(_STARS))
        text = bare[:-1] if prefix else text
        if any(star in text for star in _STARS):
            self.parser.fail(start, Problem.STAR_INSIDE, Expected.WORD_WITH_STAR)
        if make_leaf(text) is None:
            if prefix:
                self.parser.fail(start, Problem.STAR_ALONE, Expected.LETTERS, least=MIN_PREFIX)
            return None
        return _Part("word", start, text, prefix)

    def near(self, start: int, number: str | None) -> _Part:
        if number is None:
            self.parser.fail(start, Problem.NEAR_WITHOUT_DISTANCE, Expected.DISTANCE)
        if int(number) > MAX_DISTANCE:
            self.parser.fail(start, Problem.NEAR_TOO_FAR, Expected.NEARER, distance=number, most=MAX_DISTANCE)
        return _Part("NEAR", start, number=int(number))
