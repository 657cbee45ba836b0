"""One error tree. People read the sentence; logs get the cause (`raise … from err`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from resound.told import Told

Loc = tuple[str | int, ...]
"""Where in a definition: field names and places in lists, from 0."""


class Problem(NamedTuple):
    """One thing that is wrong with a definition. `field` is empty where the whole of it is meant; `line` is of a text."""

    line: int | None
    field: str
    sentence: Told
    loc: Loc = ()


class ResoundError(Exception):
    """Something that a person can act on. `str(error)` is a whole, helpful sentence."""

    exit_code = 1
    """What the command line ends with."""
    hint = ""
    """What helps at the command line and in a program, as a sentence after the first; pages leave it out."""

    def __init__(self, *words: object, hint: str = "") -> None:
        super().__init__(*words)
        if hint:
            self.hint = hint

    def __str__(self) -> str:
        said = super().__str__()
        return f"{said} {self.hint}" if self.hint else said

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors come back whole from worker processes, those with keyword-only arguments too."""
        return _remake, (type(self), self.args, dict(self.__dict__))


def _remake(kind: type[ResoundError], words: tuple[Any, ...], more: dict[str, Any]) -> ResoundError:
    error = kind.__new__(kind, *words)
    error.args = words
    error.__dict__.update(more)
    return error


class DefinitionError(ResoundError):
    """A source, campaign or settings file is wrong. The sentence names file, line and field; `problems` are its parts."""

    def __init__(self, message: str, *, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class ReportError(ResoundError):
    """A report cannot be made of what was given."""


class ConflictError(ResoundError):
    """Somebody was faster: a file differs from a version that was edited elsewhere, a decision was undone already. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a query, for programs (`code`) and to be said in any language.

    `problem` and `expected` are English texts with places that `values` fill: they are what translations are found by.
    """

    code: str
    problem: str
    expected: str
    values: Mapping[str, str | int]


class QuerySyntaxError(ResoundError):
    """A query cannot be read. `position` counts characters from 0; `expected` says what would fit there."""

    def __init__(
        self, message: str, *, query: str, position: int, expected: str = "", mistake: Mistake
    ) -> None:
        super().__init__(message)
        self.query = query
        self.position = position
        self.expected = expected
        self.mistake = mistake


class PlaceError(ResoundError):
    """A list is to go on behind something that is no place in it."""


class StoreError(ResoundError):
    """The store cannot be opened or used."""


class SearchUnavailableError(StoreError):
    """The search index does not answer now; the store, crawling and processing go on without it."""

    exit_code = 75
    """EX_TEMPFAIL of sysexits.h: try again later."""


class SchemaTooNewError(StoreError):
    """The database was written by a newer Resound; it is refused, never changed."""


class NotFoundError(ResoundError):
    """No such article, campaign, source or decision."""


class FetchError(ResoundError):
    """A fetch did not bring a page. `reason` is a short code, stable for counting."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ForbiddenAddressError(FetchError):
    """The address that would be connected to is loopback, private, reserved or otherwise not the public internet."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="forbidden-address")


class EvidenceError(ResoundError):
    """A WARC record is missing, torn, or does not hash to what the store says."""


class BackupError(ResoundError):
    """A backup cannot be made, or what is to be restored is cut off, altered, or no backup."""


class ExtractError(ResoundError):
    """A page cannot be read as an article. `reason` is a short stable code for counting."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ModelError(ResoundError):
    """A model cannot do its work now: the result stays empty, the reason is stored, and the work stays queued.

    `reason` is a short code, stable for counting: `no-profile`, `missing`, `wrong-hash`, `unsafe`, `engine-missing`,
    `not-for-this-folder`, `no-route`, `out-of-memory`, `timeout`, `crashed`, `failed`.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class SignInError(ResoundError):
    """Who wants in is not let in. The sentence is the same whatever was wrong: it must not tell who has an account."""


class TooManyAttemptsError(SignInError):
    """Passwords were tried too often. `seconds`: how long until the next one is looked at."""

    exit_code = 75

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class MailError(ResoundError):
    """Mail is not set up, or a message cannot be sent as it is."""


class MailServerError(MailError):
    """The mail server cannot be used now, whoever is written to; what waits in the outbox goes on waiting."""

    exit_code = 75
    """EX_TEMPFAIL of sysexits.h: try again later."""
