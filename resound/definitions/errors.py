"""What is wrong with a definition, in sentences that name the place (file, line, field) and say what would fit there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from resound.errors import DefinitionError, Loc, Problem
from resound.texts import N_
from resound.told import Told

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails
    from ruamel.yaml.error import MarkedYAMLError

_MAX_TOLD = 8
_NO_PLACES = ("[key]", "[text]", "[names]")
"""What pydantic puts between the places: that a key is meant, or which of two shapes was read."""


def definition_error(where: str, problems: Sequence[Problem]) -> DefinitionError:
    """All problems of one file or text, one sentence each; many are cut short. `where` is empty for a text."""
    told = []
    for one in problems[:_MAX_TOLD]:
        line = f"line {one.line}" if one.line else ""
        place = ", ".join(part for part in (where, line, one.field) if part)
        told.append(f"{place}: {one.sentence}." if place else f"{one.sentence}.")
    if len(problems) > _MAX_TOLD:
        told.append(
            ": ".join(part for part in (where, f"and {len(problems) - _MAX_TOLD} more errors.") if part)
        )
    return DefinitionError("\n".join(told), problems=tuple(problems))


def line_of(err: MarkedYAMLError) -> int | None:
    """The line at which YAML could not go on, from 1."""
    mark = err.problem_mark or err.context_mark
    if "could not find expected ':'" in str(err.problem):
        mark = err.context_mark or mark  # the line that lacks its colon, not the one after it
    return None if mark is None else int(mark.line) + 1


def explain_yaml(err: MarkedYAMLError, text: str) -> Told:
    """The usual slips in words; what is rarer in the parser's own."""
    line = (line_of(err) or 1) - 1
    lines = text.split("\n")
    here = lines[line] if line < len(lines) else ""
    problem = str(err.problem or err.context or "it is no YAML")
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in problem:
        return Told(N_("a tab stands here; expected spaces (two for each step inwards)"))
    if "mapping values are not allowed" in problem:
        return Told(N_('a colon inside a value; expected the value in quotes, as in name: "Green: a visit"'))
    if "could not find expected ':'" in problem:
        return Told(N_("there is no colon after the field's name; expected `field: value`"))
    if "cannot start any token" in problem:
        return Told(
            N_("%(text)s begins with a sign that YAML keeps for itself; expected quotes around the value"),
            text=here.strip()[:40],
        )
    if "expected <block end>" in problem or "did not find expected" in problem:
        return Told(
            N_(
                "the line stands too far in or out, or a quotation before it is not closed; expected the same indentation as its neighbours"
            )
        )
    return Told(
        N_(
            "this cannot be read as YAML (%(problem)s); expected `field: value`, lists with `- `, spaces for indentation"
        ),
        problem=problem,
    )


def describe_invalid(found: ErrorDetails, tree: Any, kind: type[BaseModel]) -> Problem:
    """One of pydantic's errors with its place and in words."""
    loc = tuple(part for part in found["loc"] if part not in _NO_PLACES)
    line, written = find_line(tree, loc, is_key=found["type"] == "extra_forbidden" or "[key]" in found["loc"])
    return Problem(line, field_name(loc), _explain_value(found, written, _model_at(kind, loc[:-1])), loc)


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
        elif isinstance(here, list | tuple) and isinstance(part, int) and part < len(here):
            line, here = _position(here, part) or line, here[part]
        else:
            break
    return line, here


def _position(part: Any, key: Any, *, at_key: bool = False) -> int | None:
    """The line of an entry by ruamel's notes; None for what came in by a merge (<<), which has none."""
    try:
        if isinstance(part, list | tuple):
            return int(part.lc.item(key)[0]) + 1  # type: ignore[union-attr]
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
    "^[A-Z]{2}$": N_("%(value)s does not fit; expected a country as two capitals, such as TW or VN"),
    "^[a-z0-9]+": N_(
        "%(value)s does not fit; expected lower-case letters and digits in words parted by hyphens, such as viet-nam-news"
    ),
    "^https?:": N_("%(value)s does not fit; expected a web address that begins with http:// or https://"),
    "^[a-z0-9.-]+": N_(
        "%(value)s does not fit; expected a host in lower case without http:// and path, such as www.news.example"
    ),
}


def _explain_value(found: ErrorDetails, written: Any, model: type[BaseModel] | None) -> Told:
    kind, context = found["type"], found.get("ctx", {})
    shown = f"{written!s}" if isinstance(written, str | int | float | bool | date) else ""
    value: object = f"{shown[:60]!r}" if shown or isinstance(written, str) else Told(N_("this"))
    if kind == "missing" or (written is None and kind.startswith("date")):
        return Told(N_("this field is needed and missing; expected a value for it"))
    if kind == "extra_forbidden":
        known = sorted(field_names(model)) if model is not None else []
        near = difflib.get_close_matches(str(found["loc"][-1]), known, n=1)
        if near:
            return Told(
                N_("there is no such field here (did you mean %(near)s?); expected one of %(known)s"),
                near=near[0],
                known=", ".join(known),
            )
        return Told(N_("there is no such field here; expected one of %(known)s"), known=", ".join(known))
    if kind in ("literal_error", "enum"):
        return Told(
            N_("%(value)s is not one of the choices; expected %(choices)s"),
            value=value,
            choices=context.get("expected", ""),
        )
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        fits = next((fit for start, fit in _PATTERNS.items() if pattern.startswith(start)), None)
        if fits is not None:
            return Told(fits, value=value)
        return Told(N_("%(value)s does not fit; expected %(pattern)s"), value=value, pattern=pattern)
    if kind == "string_type" and isinstance(written, bool):
        return Told(N_("%(value)s is read as yes or no; expected text: put it in quotes"), value=value)
    if kind == "string_type" and isinstance(written, int | float | date):
        return Told(
            N_("%(value)s is read as a number or a date; expected text: put it in quotes"), value=value
        )
    if kind == "string_type":
        return Told(N_("this is not text; expected one line of text (is a list or an indentation too much?)"))
    if kind == "string_too_long":
        return Told(
            N_("%(value)s is too long; expected at most %(most)s characters"),
            value=value,
            most=context.get("max_length", ""),
        )
    if kind == "string_too_short":
        return Told(N_("this is empty; expected a value for it"))
    if kind == "too_short":
        return Told(N_("there is none; expected at least %(least)s"), least=context.get("min_length", 1))
    if kind in ("tuple_type", "list_type"):
        return Told(
            N_("%(value)s is one value; expected a list: each entry on a line of its own behind `- `"),
            value=value,
        )
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        if model is None:
            return Told(N_("%(value)s is one value; expected fields below it, indented"), value=value)
        return Told(
            N_("%(value)s is one value; expected fields below it, indented (among %(known)s)"),
            value=value,
            known=", ".join(sorted(field_names(model))),
        )
    if kind.startswith("date"):
        return Told(N_("%(value)s is not a day; expected year-month-day, such as 2014-09-01"), value=value)
    if kind == "value_error":
        broken = context.get("error")
        sentence = broken.args[0] if isinstance(broken, ValueError) and broken.args else found["msg"]
        return sentence if isinstance(sentence, Told) else Told(str(sentence).rstrip("."))
    return Told(
        N_("%(value)s does not fit: %(why)s"),
        value=value,
        why=f"{found['msg'][:1].lower()}{found['msg'][1:]}",
    )
