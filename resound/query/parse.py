"""Query text → tree. Precedence from tight to loose: NEAR/n, NOT, AND (also by mere sequence), OR.

Operators are upper case; `and`, `or`, `not` are words. What a Chinese input method types is accepted as well:
（ ）, “ ”, 「 」, 『 』, ：, ＊ and full-width letters in operators and field names. Marks that hold no letter or digit
(`&`, `–`) are passed over, so that a headline can be pasted.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, NoReturn

from resound.article import Field
from resound.errors import QuerySyntaxError
from resound.query.dates import read_range
from resound.query.leaf import make_leaf
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
_WORD_EXPECTED = 'a word, a "phrase", a field such as lang:vi, or ("'

_Kind = Literal["word", "phrase", "(", ")", "AND", "OR", "NOT", "NEAR", "field", "end"]


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

    def read(self) -> Query:
        if len(self.source) > MAX_CHARACTERS:
            self.fail(MAX_CHARACTERS, f"it is longer than {MAX_CHARACTERS:,} characters", "a shorter query")
        self.parts = _Lexer(self).read()
        if self.next().kind == "end":
            self.fail(0, "it holds no word to look for", _WORD_EXPECTED)
        tree = self.any(None)
        if self.next().kind == ")":
            self.fail(self.next().position, "this ) closes nothing", "a ( before it, or no )")
        if self.next().kind != "end":
            self.unexpected(_WORD_EXPECTED)
        if depth(tree) > MAX_DEPTH:
            self.fail(0, f"AND, OR and NOT are nested deeper than {MAX_DEPTH} levels", "fewer parentheses")
        return Query(tree, self.source)

    def fail(self, position: int, problem: str, expected: str) -> NoReturn:
        """`position` counts from 0; the sentence counts from 1, as people do."""
        start = f"{self.where}: the query" if self.where else "The query"
        near = self.source[position : position + 20].strip()
        place = f"at character {position + 1}" + (f" ({near})" if near else " (its end)")
        raise QuerySyntaxError(
            f"{start} cannot be read {place}: {problem}; expected {expected}.",
            query=self.source,
            position=position,
            expected=expected,
        )

    def unexpected(self, expected: str) -> NoReturn:
        part = self.next()
        if part.kind == "end":
            self.fail(part.position, "it ends too early", expected)
        problem = ") comes too early" if part.kind == ")" else f"this {part.kind} cannot stand here"
        hint = (
            " (in lower case or in quotes it is a word)" if part.kind in ("AND", "OR", "NOT", "NEAR") else ""
        )
        self.fail(part.position, problem + hint, expected)

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
        children = [self.one(field)]
        while self.next().kind in ("AND", "word", "phrase", "(", "field", "NOT"):
            if self.next().kind == "AND":
                self.take()
            children.append(self.one(field))
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
                self.unexpected("a word, a phrase or (a OR b) after NEAR")
            start = self.next().position
            right = self.operand(self.primary(field), start)
            found.append(self.pair(left, right, near))
            left = right
        return all_of(found)

    def pair(self, left: tuple[Leaf, ...], right: tuple[Leaf, ...], near: _Part) -> Near:
        node = Near(left, right, near.number)
        first, second = near_readings(node)
        if len(first) * len(second) > MAX_NEAR_PAIRS:
            self.fail(
                near.position,
                "this NEAR has too many alternatives on both sides",
                "fewer words in its (a OR b)",
            )
        return node

    def operand(self, node: Node, position: int) -> tuple[Leaf, ...]:
        leaves = node.children if isinstance(node, Or) else (node,)
        found = tuple(leaf for leaf in leaves if isinstance(leaf, Leaf))
        if len(found) != len(leaves):
            self.fail(
                position,
                "NEAR joins words, phrases and (a OR b) only, without AND, NOT or keyword fields inside",
                "a word, a phrase or (a OR b) on both sides",
            )
        if len({leaf.field for leaf in found}) > 1 or (found[0].field and self.scoped != found[0].field):
            self.fail(
                position, "a field cannot stand inside NEAR", "the field before it, as in title:(a NEAR/3 b)"
            )
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
        return self.unexpected(_WORD_EXPECTED)

    def title(self) -> Node:
        if self.next().kind not in ("word", "phrase", "("):
            self.unexpected("a word, a phrase or (…) after title:")
        outer, self.scoped = self.scoped, "title"
        is_group = self.next().kind == "("
        node = self.primary("title")
        self.scoped = outer
        if not is_group and self.next().kind == "NEAR" and outer is None:
            self.fail(self.next().position, "title: belongs to one word here", "title:(a NEAR/3 b)")
        return node

    def group(self, field: Field | None) -> Node:
        opening = self.take()
        self.nesting += 1
        if self.nesting > _MAX_NESTING:
            self.fail(opening.position, f"more than {_MAX_NESTING} parentheses are open", "fewer parentheses")
        node = self.any(field)
        if self.next().kind != ")":
            if self.next().kind != "end":
                self.unexpected(_WORD_EXPECTED)
            self.fail(self.next().position, f"the ( at character {opening.position + 1} is not closed", ")")
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
            self.unexpected(f"OR or ) in {name.text}:(a OR b)")
        self.take()
        return any_of(children)

    def value(self, name: _Part) -> Keyword | DateRange:
        example = (
            "2014-09-01..2014-12-31, 2014-10 or 2014-10-02"
            if name.text == "date"
            else "a value, as in lang:vi"
        )
        part = self.next()
        if part.kind not in ("word", "phrase") or not part.text.strip():
            self.unexpected(f"{example} after {name.text}:")
        self.take()
        self.count(part)
        if part.prefix or any(star in part.text for star in _STARS):
            self.fail(part.position, f"{name.text}: takes whole values, without *", example)
        if name.text == "date":
            try:
                return read_range(part.text)
            except ValueError as err:
                self.fail(part.position, str(err), example)
        value = " ".join(part.text.split())
        folded = fold_keyword(value)
        if not folded:
            self.unexpected(f"{example} after {name.text}:")
        return Keyword(name.text, value, folded)

    def leaf(self, part: _Part, field: Field | None) -> Leaf:
        quoted = part.kind == "phrase"
        leaf = make_leaf(part.text, quoted=quoted, prefix=part.prefix, field=field)
        if leaf is None:
            self.fail(
                part.position, "there is no letter or digit in these quotes", "a word between the quotes"
            )
        if len(leaf.loose) > MAX_PHRASE:
            self.fail(
                part.position, f"a phrase of {len(leaf.loose)} words is too long", f"at most {MAX_PHRASE}"
            )
        if leaf.prefix and len(leaf.plain) < MIN_PREFIX:
            self.fail(
                part.position, "too many words begin like this", f"at least {MIN_PREFIX} letters before *"
            )
        self.count(part)
        return leaf

    def count(self, part: _Part) -> None:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            self.fail(part.position, f"it holds more than {MAX_LEAVES} words and phrases", "a shorter query")


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
            self.parser.fail(
                start, "the quotation that begins here is not closed", f"{closing[0]} at its end"
            )
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
            f"there is no field {name}: (to look for the words, put them in quotes)",
            "one of " + ", ".join(f"{known}:" for known in FIELD_NAMES),
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
            self.parser.fail(start, "* may stand only at the end of a word", "a word such as recycl*")
        if make_leaf(text) is None:
            if prefix:
                self.parser.fail(start, "* alone finds nothing", f"at least {MIN_PREFIX} letters before *")
            return None
        return _Part("word", start, text, prefix)

    def near(self, start: int, number: str | None) -> _Part:
        if number is None:
            self.parser.fail(start, "NEAR needs a distance", "NEAR/5, or near in lower case for the word")
        if int(number) > MAX_DISTANCE:
            self.parser.fail(start, f"NEAR/{number} reaches too far", f"a distance from 0 to {MAX_DISTANCE}")
        return _Part("NEAR", start, number=int(number))
