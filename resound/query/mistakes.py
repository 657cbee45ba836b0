"""What can be wrong with a query, and what would have fitted: texts that are translated where people read them.

The name of a problem is its stable code; `%(…)s` are places that the error's `values` fill.
"""

from __future__ import annotations

from enum import Enum

from resound.texts import N_


class Problem(Enum):
    """What is wrong."""

    EMPTY = N_("it holds no word to look for")
    TOO_LONG = N_("it is longer than %(most)s characters")
    TOO_MANY_WORDS = N_("it holds more than %(most)s words and phrases")
    TOO_DEEP = N_("AND, OR and NOT are nested deeper than %(most)s levels")
    TOO_MANY_OPEN = N_("more than %(most)s parentheses are open")
    ENDS_EARLY = N_("it ends too early")
    CLOSES_NOTHING = N_("this ) closes nothing")
    CLOSES_EARLY = N_(") comes too early")
    NOT_CLOSED = N_("the ( at character %(opening)s is not closed")
    QUOTE_NOT_CLOSED = N_("the quotation that begins here is not closed")
    WORD_MISPLACED = N_("this word cannot stand here")
    PHRASE_MISPLACED = N_("this phrase cannot stand here")
    GROUP_MISPLACED = N_("this ( cannot stand here")
    FIELD_MISPLACED = N_("this field cannot stand here")
    OPERATOR_MISPLACED = N_("this %(operator)s cannot stand here (in lower case or in quotes it is a word)")
    NO_SUCH_FIELD = N_("there is no field %(field)s: (to look for the words, put them in quotes)")
    EMPTY_QUOTES = N_("there is no letter or digit in these quotes")
    PHRASE_TOO_LONG = N_("a phrase of %(count)s words is too long")
    STAR_INSIDE = N_("* may stand only at the end of a word")
    STAR_ALONE = N_("* alone finds nothing")
    STAR_TOO_SOON = N_("too many words begin like this")
    STAR_IN_VALUE = N_("%(field)s: takes whole values, without *")
    NEAR_WITHOUT_DISTANCE = N_("NEAR needs a distance")
    NEAR_TOO_FAR = N_("NEAR/%(distance)s reaches too far")
    NEAR_OF_MORE = N_(
        "NEAR joins words, phrases and (a OR b) only, without AND, NOT or keyword fields inside"
    )
    NEAR_WITH_FIELD = N_("a field cannot stand inside NEAR")
    NEAR_TOO_WIDE = N_("this NEAR has too many alternatives on both sides")
    TITLE_OF_ONE = N_("title: belongs to one word here")
    NO_DATE = N_("%(text)s is not a date")
    NO_SUCH_DAY = N_("there is no day %(text)s")
    RANGE_WITHOUT_ENDS = N_("a range needs at least one of its ends")
    RANGE_BACKWARDS = N_("the range ends (%(last)s) before it begins (%(first)s)")

    @property
    def code(self) -> str:
        """For programs: `no-such-field`."""
        return self.name.lower().replace("_", "-")


class Expected(Enum):
    """What would have fitted."""

    WORD = N_('a word, a "phrase", a field such as lang:vi, or (')
    SHORTER = N_("a shorter query")
    FEWER_PARENTHESES = N_("fewer parentheses")
    OPENING = N_("a ( before it, or no )")
    CLOSING = ")"
    CLOSING_QUOTE = N_("%(mark)s at its end")
    OPERAND = N_("a word, a phrase or (a OR b) after NEAR")
    OPERANDS = N_("a word, a phrase or (a OR b) on both sides")
    FEWER_ALTERNATIVES = N_("fewer words in its (a OR b)")
    AFTER_TITLE = N_("a word, a phrase or (…) after title:")
    OR_OR_CLOSING = N_("OR or ) in %(field)s:(a OR b)")
    FIELD = N_("one of %(fields)s")
    FIELD_BEFORE = N_("the field before it, as in title:(a NEAR/3 b)")
    TITLE_OF_NEAR = "title:(a NEAR/3 b)"
    VALUE = N_("a value, as in lang:vi")
    VALUE_AFTER = N_("a value, as in lang:vi after %(field)s:")
    DATE = N_("2014-09-01..2014-12-31, 2014-10 or 2014-10-02")
    DATE_AFTER = N_("2014-09-01..2014-12-31, 2014-10 or 2014-10-02 after %(field)s:")
    WORD_IN_QUOTES = N_("a word between the quotes")
    AT_MOST = N_("at most %(most)s")
    LETTERS = N_("at least %(least)s letters before *")
    WORD_WITH_STAR = N_("a word such as recycl*")
    DISTANCE = N_("NEAR/5, or near in lower case for the word")
    NEARER = N_("a distance from 0 to %(most)s")


class DateError(ValueError):
    """The value of `date:` is none."""

    def __init__(self, problem: Problem, **values: str) -> None:
        super().__init__(problem.value % values)
        self.problem = problem
        self.values = values
