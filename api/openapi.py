"""The API's description (OpenAPI 3.1) and what its routes share in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.examples import EXAMPLES
from api.schemas import Problem, Wrong

PREFIX = "/api/v1"
ADDRESS = f"{PREFIX}/openapi.json"
_TEXT = """\
The same functions as the pages and the command line. Every answer is JSON in UTF-8; every error is a problem document
(`application/problem+json`, RFC 9457) whose `detail` is a sentence for people.

**Signing in.** Programs send an API key: `Authorization: Bearer …`. An administrator makes one on the page “People”; it is good
for reading (`read`), deciding (`code`) or editing (`edit`), and never for more than its owner may.

**Lists** come in pages: `next` of one page is `cursor` of the one behind it. A cursor is good for the list that it came from.

**Conditional requests.** Answers carry an `ETag`; send it back as `If-None-Match`, and what is unchanged is answered with 304.

**Too often.** Costly requests are bounded for each person; 429 says when to go on (`Retry-After`, seconds).
"""

_SENTENCES: Mapping[int, str] = {
    400: "What was asked cannot be done; `detail` says why.",
    401: "No key, or one that is not known.",
    403: "The key or the person may not do this.",
    404: "There is none of this name.",
    409: "Somebody changed it meanwhile.",
    413: "The body is too large.",
    422: "A value cannot be used; `errors` names each.",
    429: "Too often in one minute.",
    503: "Not available now; try again later.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: these problems beside 401, 403 and 503, which every route has."""
    return {
        status: {
            "description": _SENTENCES[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({401, 403, 503, *statuses})
    }


_TAG = {"ETag": {"description": "Strong; send it back as If-None-Match.", "schema": {"type": "string"}}}
TAGGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": _TAG},
    304: {"description": "Your copy still holds.", "headers": _TAG},
}
"""`responses=` of a route whose answers carry a tag."""


def name_operation(route: APIRoute) -> str:
    """What an operation is called in the description: its function's name. For `generate_unique_id_function=`."""
    return route.name


def describe_api(app: FastAPI, routes: Sequence[APIRoute], *, is_local: bool) -> dict[str, Any]:
    """The description of the API's routes; made once. Where only this machine is served, no key is needed."""
    if app.openapi_schema is None:
        made = get_openapi(
            title="Resound",
            version=app.version,
            openapi_version="3.1.0",
            summary="How far a campaign's news travels: items, counts, sources.",
            description=_TEXT,
            routes=[one for one in routes if one.path.startswith(PREFIX) and one.include_in_schema],
            tags=[
                {"name": "items", "description": "Single items, and decisions about them."},
                {"name": "campaigns", "description": "Campaigns, their figures, items and stories."},
                {"name": "search", "description": "Searching everything that is stored."},
                {"name": "system", "description": "Sources, and how the work stands."},
            ],
        )
        parts = made.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        for model in (Problem, Wrong):
            body = model.model_json_schema(ref_template="#/components/schemas/{model}")
            body.pop("$defs", None)
            schemas[model.__name__] = body
        for name, example in EXAMPLES.items():
            if name in schemas:
                schemas[name]["examples"] = [example]
        parts["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "resound_session",
                "description": "The cookie of somebody who signed in on the pages. What changes something also needs "
                "the page's form token in the header `X-CSRF-Token`.",
            },
        }
        made["security"] = [{"key": []}, {"session": []}]
        if is_local:  # whoever sits at this machine needs neither
            for one in (made, *(one for path in made["paths"].values() for one in path.values())):
                if "security" in one:
                    one["security"] = [*one["security"], {}]
        app.openapi_schema = made
    return app.openapi_schema
