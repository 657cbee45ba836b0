"""The API's own description: OpenAPI for programs, a page for people. Nothing of it comes from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, JSONResponse

from api.access import requires
from api.desk import AtDesk
from api.openapi import ADDRESS, PREFIX, describe_api
from api.pages import render

router = APIRouter(dependencies=[requires("anyone")], include_in_schema=False)
_METHODS = ("get", "post", "put", "patch", "delete")
# "`limit`", "**Lists**" (after escaping, which leaves both alone)
_MARKS = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked, as the page shows it. `answers`: (status, what it means, an example or the form)."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    body: str
    answers: tuple[tuple[str, str, str], ...]


@router.get(ADDRESS)
def description(request: Request, desk: AtDesk) -> JSONResponse:
    """OpenAPI 3.1."""
    return JSONResponse(describe_api(request.app, request.app.state.routes, is_local=desk.is_local))


@router.get(f"{PREFIX}/docs", name="api_docs_page")
def docs_page(request: Request, desk: AtDesk) -> HTMLResponse:
    """The same, to read."""
    made = describe_api(request.app, request.app.state.routes, is_local=desk.is_local)
    groups = [
        (tag["name"], tag["description"], found)
        for tag in made["tags"]
        if (found := list_operations(made, tag["name"]))
    ]
    schemas = sorted(made["components"]["schemas"].items())
    return render(
        request,
        "api_docs.html",
        groups=groups,
        paragraphs=[mark_up(one) for one in made["info"]["description"].split("\n\n")],
        schemas=[(name, one.get("description", ""), _shown(one)) for name, one in schemas],
        mark_up=mark_up,
        address=ADDRESS,
    )


def mark_up(text: str) -> Markup:
    """The little Markdown that descriptions are written in: code and strong words."""

    def one(found: re.Match[str]) -> str:
        kind = found.lastgroup
        return f"<{kind}>{found[kind or 0]}</{kind}>"

    return Markup(_MARKS.sub(one, str(escape(text))))  # noqa: S704 (escaped a moment ago)


def list_operations(made: Mapping[str, Any], tag: str) -> list[Operation]:
    """A tag's operations, in the order in which they are described."""
    return [
        _operation(path, method, operation)
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS and tag in operation.get("tags", ())
    ]


def _operation(path: str, method: str, one: Mapping[str, Any]) -> Operation:
    body: Mapping[str, Any] = next(iter(one.get("requestBody", {}).get("content", {}).values()), {})
    return Operation(
        anchor=one["operationId"],
        method=method.upper(),
        path=path,
        summary=one.get("summary", ""),
        description=one.get("description", ""),
        parameters=tuple(
            {
                "name": parameter["name"],
                "place": parameter["in"],
                "is_needed": parameter.get("required", False),
                "text": parameter.get("description", ""),
                "form": _form(parameter.get("schema", {})),
            }
            for parameter in one.get("parameters", ())
        ),
        body=_example_or_form(body),
        answers=tuple(
            (status, answer["description"], _content(answer)) for status, answer in one["responses"].items()
        ),
    )


def _content(answer: Mapping[str, Any]) -> str:
    kinds: Mapping[str, Any] = answer.get("content", {})
    return "; ".join(f"{kind}: {_example_or_form(one)}" for kind, one in kinds.items())


def _example_or_form(content: Mapping[str, Any]) -> str:
    if "example" in content:
        return _shown(content["example"])
    return _form(content.get("schema", {}))


def _form(schema: Mapping[str, Any]) -> str:
    """A schema on one line: `integer 1…200 (50)`, `Problem`, `counted | rejected | none`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_form(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    told = str(schema.get("type", "")).replace("null", "none")
    if told == "array":
        told = f"list of {_form(schema.get('items', {}))}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None or high is not None:
        told += f" {low if low is not None else ''}…{high if high is not None else ''}"
    if schema.get("default") not in (None, []) and not isinstance(schema["default"], list):
        told += f" ({schema['default']})"
    return told


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
