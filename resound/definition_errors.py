"""What is wrong with a definition file, in sentences that name file, line and field and say what would fit there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pydantic import BaseModel

from resound.errors import DefinitionError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails
    from ruamel.yaml.error import MarkedYAMLError

_MAX_TOLD = 8

Loc = tuple[str | int, ...]
"""Where in a file: field names and places in lists, from 0."""


class Problem(NamedTuple):
    """One thing that is wrong; `field` is empty where the whole file is meant."""

    line: int | None
    field: str
    sentence: str


def definition_error(path: Path, problems: Sequence[Problem]) -> DefinitionError:
    """All problems of one file, one sentence each; many are cut short."""
    told = []
    for one in problems[:_MAX_TOLD]:
        place = f"{path}, line {one.line}" if one.line else str(path)
        told.append(f"{place}, {one.field}: {one.sentence}." if one.field else f"{place}: {one.sentence}.")
    if len(problems) > _MAX_TOLD:
        told.append(f"{path}: and {len(problems) - _MAX_TOLD} more errors.")
    return DefinitionError("\n".join(told))


def line_of(err: MarkedYAMLError) -> int | None:
    """The line at which YAML could not go on, from 1."""
    mark = err.problem_mark or err.context_mark
    if "could not find expected ':'" in str(err.problem):
        mark = err.context_mark or mark  # the line that lacks its colon, not the one after it
    return None if mark is None else int(mark.line) + 1


def explain_yaml(err: MarkedYAMLError, text: str) -> str:
    """The usual slips in words; what is rarer in the parser's own."""
    line = (line_of(err) or 1) - 1
    lines = text.split("\n")
    here = lines[line] if line < len(lines) else ""
    problem = str(err.problem or err.context or "it is no YAML")
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in problem:
        return "a tab stands here; expected spaces (two for each step inwards)"
    if "mapping values are not allowed" in problem:
        return 'a colon inside a value; expected the value in quotes, as in name: "Green: a visit"'
    if "could not find expected ':'" in problem:
        return "there is no colon after the field's name; expected `field: value`"
    if "cannot start any token" in problem:
        return f"{here.strip()[:40]} begins with a sign that YAML keeps for itself; expected quotes around the value"
    if "expected <block end>" in problem or "did not find expected" in problem:
        return "the line stands too far in or out, or a quotation before it is not closed; expected the same indentation as its neighbours"
    return f"this cannot be read as YAML ({problem}); expected `field: value`, lists with `- `, spaces for indentation"


def describe_invalid(found: ErrorDetails, tree: Any, kind: type[BaseModel]) -> Problem:
    """One of pydantic's errors with its line and in words."""
    loc = tuple(part for part in found["loc"] if part != "[key]")
    line, written = find_line(tree, loc, is_key=found["type"] == "extra_forbidden" or "[key]" in found["loc"])
    return Problem(line, field_name(loc), _explain_value(found, written, _model_at(kind, loc[:-1])))


def find_line(tree: Any, loc: Loc, *, is_key: bool = False) -> tuple[int, Any]:
    """The line (from 1) of the last part of `loc` that the file has, and what stands there."""
    line, here = 1, tree
    for depth, part in enumerate(loc):
        if isinstance(here, dict):
            key = next((one for one in here if str(one) == str(part)), None)
            if key is None:
                break
            at_key = isinstance(here[key], dict | list) or (is_key and depth == len(loc) - 1)
            line = _position(here, key, at_key=at_key) or line
            here = here[key]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            line, here = _position(here, part) or line, here[part]
        else:
            break
    return line, here


def _position(part: Any, key: Any, *, at_key: bool = False) -> int | None:
    """The line of an entry by ruamel's notes; None for what came in by a merge (<<), which has none."""
    try:
        if isinstance(part, list):
            return int(part.lc.item(key)[0]) + 1  # type: ignore[attr-defined]
        return int((part.lc.key(key) if at_key else part.lc.value(key))[0]) + 1
    except (AttributeError, KeyError, TypeError):
        return None


def field_name(loc: Loc) -> str:
    """`editions #1.hosts #2`: entries of lists are counted as people count."""
    name = ""
    for part in loc:
        name += f" #{part + 1}" if isinstance(part, int) else f".{part}" if name else str(part)
    return name


def field_names(model: type[BaseModel]) -> set[str]:
    """The names under which a model's fields are written in YAML."""
    return {field.alias or name for name, field in model.model_fields.items()}


def _model_at(kind: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model whose field an error is about."""
    here: type[BaseModel] | None = kind
    for part in loc:
        if isinstance(part, int) or here is None:
            continue
        field = next((one for name, one in here.model_fields.items() if part in (name, one.alias)), None)
        here = None if field is None else _model_in(field.annotation)
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for one in get_args(annotation) if (model := _model_in(one)) is not None), None)


_PATTERNS = {
    "^[A-Z]{2}$": "a country as two capitals, such as TW or VN",
    "^[a-z0-9]+": "lower-case letters and digits in words parted by hyphens, such as viet-nam-news",
    "^https?:": "a web address that begins with http:// or https://",
    "^[a-z0-9.-]+": "a host in lower case without http:// and path, such as www.news.example",
}


def _explain_value(found: ErrorDetails, written: Any, model: type[BaseModel] | None) -> str:
    kind, context = found["type"], found.get("ctx", {})
    shown = f"{written!s}" if isinstance(written, str | int | float | bool | date) else ""
    shown = f"{shown[:60]!r}" if shown or isinstance(written, str) else "this"
    if kind == "missing":
        return "this field is needed and missing; expected a value for it"
    if kind == "extra_forbidden":
        known = sorted(field_names(model)) if model is not None else []
        near = difflib.get_close_matches(str(found["loc"][-1]), known, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"there is no such field here{hint}; expected one of {', '.join(known)}"
    if kind in ("literal_error", "enum"):
        return f"{shown} is not one of the choices; expected {context.get('expected', '')}"
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        fits = next((fit for start, fit in _PATTERNS.items() if pattern.startswith(start)), pattern)
        return f"{shown} does not fit; expected {fits}"
    if kind == "string_type" and isinstance(written, bool):
        return f"{shown} is read as yes or no; expected text: put it in quotes"
    if kind == "string_type" and isinstance(written, int | float | date):
        return f"{shown} is read as a number or a date; expected text: put it in quotes"
    if kind == "string_type":
        return "this is not text; expected one line of text (is a list or an indentation too much?)"
    if kind in ("tuple_type", "list_type"):
        return f"{shown} is one value; expected a list: each entry on a line of its own behind `- `"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        inner = ", ".join(sorted(field_names(model))) if model is not None else ""
        return f"{shown} is one value; expected fields below it, indented" + (
            f" (among {inner})" if inner else ""
        )
    if kind.startswith("date"):
        return f"{shown} is not a day; expected year-month-day, such as 2014-09-01"
    if kind == "value_error":
        return str(context.get("error", found["msg"])).rstrip(".")
    return f"{shown} does not fit: {found['msg'][:1].lower()}{found['msg'][1:]}"
