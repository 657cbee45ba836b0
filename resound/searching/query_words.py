"""A query in words: what it asks for, and what is wrong with it."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from babel.dates import format_skeleton
from babel.lists import format_list

from resound.campaign import Campaign
from resound.errors import QuerySyntaxError
from resound.query import Expansion, expand
from resound.query.edit import read
from resound.query.tree import And, DateRange, Keyword, Leaf, Near, Node, Not, Or, Query
from resound.searching.search import glossary_forms
from resound.value_names import ValueNames
from resound.words import Words

_PIECE = re.compile(r"[()（）]|[^\s()（）]+")
_OF_THE_WHOLE = frozenset({"empty", "too-long", "too-deep"})
"""Mistakes that no single place is to blame for."""


@dataclass(frozen=True, slots=True)
class SaidMistake:
    """What is wrong with a query, and the query cut around the piece that cannot be read.

    `piece` is empty where the query ends too early: what is missing is missing there.
    """

    sentence: str
    fitting: str
    before: str
    piece: str
    after: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """A query as it is understood: what must all hold, and names that find more than is written; or the mistake in it."""

    parts: tuple[str, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    mistake: SaidMistake | None = None


def say_meaning(text: str, names: ValueNames, *, glossary: Iterable[Campaign]) -> Meaning:
    """What a query means, said while it is typed; no index is asked."""
    try:
        query = read(text)
    except QuerySyntaxError as error:
        return Meaning(mistake=say_mistake(error, names.words))
    _, expansions = expand(query, glossary_forms(glossary))
    return Meaning(describe(query, names), expansions)


def say_mistake(error: QuerySyntaxError, words: Words) -> SaidMistake:
    """The mistake in the reader's language."""
    mistake = error.mistake
    values = {
        name: words.number(value) if isinstance(value, int) else value
        for name, value in mistake.values.items()
    }
    at = len(error.query) if mistake.code in _OF_THE_WHOLE else error.position
    found = _PIECE.match(error.query, at)
    end = found.end() if found is not None else at
    problem = words.lookup(mistake.problem)
    return SaidMistake(
        sentence=(problem[:1].upper() + problem[1:]) % values,
        fitting=words.lookup(mistake.expected) % values,
        before=error.query[:at],
        piece=error.query[at:end],
        after=error.query[end:],
    )


def describe(query: Query, names: ValueNames) -> tuple[str, ...]:
    """What must hold, a line for each part of the topmost AND; nothing where everything is asked for."""
    tree = query.tree
    parts = tree.children if isinstance(tree, And) else (tree,)
    said: list[str] = []
    for are_words, group in groupby(parts, key=_is_word):
        each = [_say(one, names) for one in group]
        said += [_together(each, names.words)] if are_words else each
    return tuple(said)


def _is_word(node: Node) -> bool:
    """A word as most are typed, several of which are said in one breath."""
    return isinstance(node, Leaf) and not node.quoted and not node.prefix and node.field is None


def _say(node: Node, names: ValueNames) -> str:
    words = names.words
    match node:
        case Leaf():
            return _in_title(node.field is not None, _say_leaf(node, words), words)
        case Near(left, right, distance):
            said = words.ngettext(
                "%(one)s and %(other)s, at most %(num)s word apart",
                "%(one)s and %(other)s, at most %(num)s words apart",
                distance,
                one=_say_leaves(left, words),
                other=_say_leaves(right, words),
            )
            return _in_title(node.field is not None, said, words)
        case Not(child):
            return words.gettext("not %(what)s", what=_inner(child, names))
        case And(children):
            return _together([_inner(one, names) for one in children], words)
        case Or(children):
            return _say_or(children, names)
        case Keyword(name, value):
            return _field(name, names.value(name, value), names)
        case DateRange():
            return _field("date", say_days(node, words), names)


def _say_or(children: Sequence[Node], names: ValueNames) -> str:
    keywords = [one for one in children if isinstance(one, Keyword)]
    fields = {one.name for one in keywords}
    if len(keywords) == len(children) and len(fields) == 1:
        name = fields.pop()
        return _field(name, _either([names.value(name, one.value) for one in keywords], names.words), names)
    return _either([_inner(one, names) for one in children], names.words)


def _inner(node: Node, names: ValueNames) -> str:
    said = _say(node, names)
    return names.words.gettext("(%(what)s)", what=said) if isinstance(node, And | Or) else said


def _together(said: Sequence[str], words: Words) -> str:
    return format_list(list(said), style="standard", locale=words.locale)


def _either(said: Sequence[str], words: Words) -> str:
    return format_list(list(said), style="or", locale=words.locale)


def _field(name: str, value: str, names: ValueNames) -> str:
    return names.words.gettext("%(field)s: %(value)s", field=names.field(name), value=value)


def _in_title(is_in_title: bool, said: str, words: Words) -> str:
    return words.gettext("%(what)s in the headline", what=said) if is_in_title else said


def _say_leaves(leaves: Sequence[Leaf], words: Words) -> str:
    return _either([_say_leaf(one, words) for one in leaves], words)


def _say_leaf(leaf: Leaf, words: Words) -> str:
    if leaf.prefix:
        return words.gettext("words that begin with “%(text)s”", text=leaf.text)
    if leaf.quoted:
        return words.gettext("exactly “%(text)s”", text=leaf.text)
    return words.gettext("“%(text)s”", text=leaf.text)


def say_days(days: DateRange, words: Words) -> str:
    """`September 2014`, `from 2 Oct 2014 to 5 Oct 2014`, `since …`: as short as it can be said."""
    first, last = days.first, days.last
    if first is None or last is None:
        if first is not None:
            return words.gettext("since %(day)s", day=words.day(first))
        return words.gettext("until %(day)s", day=words.day(last)) if last else words.gettext("any")
    if first == last:
        return words.day(first)
    if first == date(first.year, 1, 1) and last == date(first.year, 12, 31):
        return say_year(first, words)
    if first.day == 1 and last == first.replace(day=calendar.monthrange(first.year, first.month)[1]):
        return say_month(first, words)
    return words.gettext("from %(first)s to %(last)s", first=words.day(first), last=words.day(last))


def say_month(day: date, words: Words) -> str:
    """`September 2014`, `2014年9月`."""
    return format_skeleton("yMMMM", day, locale=words.locale)


def say_year(day: date, words: Words) -> str:
    """`2014`, `2014年`."""
    return format_skeleton("y", day, locale=words.locale)
