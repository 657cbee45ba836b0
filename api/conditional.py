"""Answers that a client has already are not sent again (RFC 9110, 8.8 and 13).

The tag of what is made of the store alone comes from the store's mark, so that nothing is computed for an asker whose
copy still holds; the tag of anything else is the hash of the answer. Both are strong: the same tag, the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from fastapi import FastAPI, Request, Response
from sqlalchemy import Connection

from resound import __version__
from resound.coverage.figure_cache import figures_mark


class UnchangedError(Exception):
    """The asker's copy still holds."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def tag_by_store(
    request: Request, response: Response, connection: Connection, *more: object, now: datetime
) -> None:
    """Tag an answer that is a function of the store, the address, `more` and the calendars' days.

    Raises:
        UnchangedError: it is the one that the asker has.
    """
    mark = figures_mark(connection, now=now)
    of = [__version__, mark, request.url.path, request.url.query, *more]
    _tag(request, response, json.dumps(of, default=str).encode())


def tag_by_content(request: Request, response: Response, body: bytes) -> None:
    """Tag an answer by what it says. Raises UnchangedError."""
    _tag(request, response, body)


def _tag(request: Request, response: Response, of: bytes) -> None:
    tag = f'"{hashlib.sha256(of).hexdigest()[:32]}"'
    if is_known(request.headers.get("if-none-match", ""), tag):
        raise UnchangedError(tag)
    response.headers["etag"] = tag


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether a tag is among those of an If-None-Match header; compared weakly, as the header wants it."""
    given = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in given or tag in given


def answer_unchanged(app: FastAPI) -> None:
    """Have the application say 304 where a route found nothing new."""

    def unchanged(_: Request, error: Exception) -> Response:
        assert isinstance(error, UnchangedError)
        return Response(status_code=304, headers={"etag": error.tag})

    app.add_exception_handler(UnchangedError, unchanged)
