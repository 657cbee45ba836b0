"""Sources and campaigns: YAML in, YAML out, and sentences for what is wrong with a file.

Files are read as YAML 1.2 (`no` is a word, a country `NO` is Norway). Every error names file, line and field, says what
is wrong and what would fit there; all errors of a file come at once.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from resound.campaign import Campaign
from resound.definitions.errors import (
    definition_error,
    describe_invalid,
    explain_yaml,
    field_name,
    field_names,
    find_line,
    line_of,
)
from resound.errors import DefinitionError, Loc, Problem, QuerySyntaxError
from resound.source import Source
from resound.texts import N_
from resound.told import Told

EDITED = "edited"
"""Where a version came from that was not read from a file."""
LEAST_WORDS = 20
"""A shorter release would be found in whatever quotes a sentence of it."""
MAX_BYTES = 1_000_000
"""Far more than any outlet or campaign needs."""
TEMPLATE = "TEMPLATE.yml"
_MAX_NODES = 50_000
_MAX_DEPTH = 30
_VERSION = re.compile(r"#\s*resound:\s*version\s+(\d{1,9})\s*$")
"""`# resound: version 3`, the first line of an exported file."""
# several lines, none of which begins or ends with a space: what a block keeps as it is
_IS_BLOCK = re.compile(r"\S+(?: +\S+)*(?:\n+\S+(?: +\S+)*)+").fullmatch
_KINDS: Mapping[str, type[Source | Campaign]] = {"sources": Source, "campaigns": Campaign}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A definition as read. `base` is the store's version that the file was exported from, None where it says nothing.

    `came_from` names the file: its full path, or `shipped:…` for those that come with Resound, wherever it is installed.
    """

    model: Source | Campaign
    came_from: str
    base: int | None


def load_path(path: Path) -> list[Loaded]:
    """Every definition of a file or a folder (with its subfolders, by name; `TEMPLATE.yml` is left out).

    Raises:
        DefinitionError: a file is wrong, nothing is there, or two definitions claim one id or one host.
    """
    if path.is_dir():
        files = sorted(
            one
            for one in path.rglob("*")
            if one.suffix in (".yml", ".yaml")
            and one.name != TEMPLATE
            and one.is_file()
            and not any(part.startswith(".") for part in one.relative_to(path).parts)
        )
        if not files:
            raise DefinitionError(f"{path}: this folder holds no YAML file (*.yml) of a source or campaign.")
    else:
        files = [path]
    loaded: list[Loaded] = []
    problems: list[str] = []
    for one in files:
        try:
            loaded.append(_load(one, None))
        except DefinitionError as err:  # every file's errors are told, not the first file's only
            problems.append(str(err))
    if problems:
        raise DefinitionError("\n".join(problems))
    _refuse_shared_claims(loaded)
    return loaded


def load_source(path: Path) -> Source:
    """The outlet that a file describes. Raises DefinitionError."""
    model = _load(path, Source).model
    assert isinstance(model, Source)
    return model


def load_campaign(path: Path) -> Campaign:
    """The campaign that a file describes; its queries can be read. Raises DefinitionError."""
    model = _load(path, Campaign).model
    assert isinstance(model, Campaign)
    return model


def read_definition(text: str, kind: type[Source | Campaign]) -> Loaded:
    """A definition that somebody wrote in a page. Raises DefinitionError: its sentences and problems name lines, no file."""
    if len(text.encode()) > MAX_BYTES:
        raise DefinitionError("The text is larger than 1 MB; expected one source or campaign.")
    return _load_text(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), "", kind)


def check_campaign(campaign: Campaign) -> list[Problem]:
    """What is wrong with a campaign beyond its form: queries that cannot be read, forms that cannot be found."""
    return list(_check_queries(campaign, None))


def shipped_sources() -> Path:
    """The folder of the outlets that come with Resound."""
    return _shipped("sources")


def shipped_campaigns() -> Path:
    """The folder of the campaigns that come with Resound."""
    return _shipped("campaigns")


def canonical_hash(model: Source | Campaign) -> str:
    """SHA-256 of what a definition says: comments, order of fields and quoting of a file do not change it."""
    body = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def dump_definition(model: Source | Campaign, *, version: int | None = None) -> str:
    """A definition as YAML that reads back to an equal model; `version` becomes the `base` of the file."""
    from ruamel.yaml import YAML

    writer = YAML(typ="rt")
    writer.width = 110
    writer.allow_unicode = True
    writer.indent(mapping=2, sequence=4, offset=2)
    written = io.StringIO()
    if version is not None:
        written.write(f"# resound: version {version}\n")
    writer.dump(_plain(model.model_dump(mode="python", by_alias=True, exclude_defaults=True)), written)
    return written.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str) and not value.replace("\n", "").isprintable():
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString

        return DoubleQuotedScalarString(value)  # escaped: a plain U+0085 would read back as a space
    if isinstance(value, str) and _IS_BLOCK(value):
        from ruamel.yaml.scalarstring import LiteralScalarString

        return LiteralScalarString(value)  # line by line, as people read and compare it
    return value


def _shipped(kind: str) -> Path:
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "shipped" / kind, here.parent / kind):
        if folder.is_dir():
            return folder
    raise DefinitionError(f"The {kind} that come with Resound are not in this installation; install it anew.")


def _name_of(path: Path) -> str:
    """A shipped file keeps its name when Resound moves or is upgraded, so that its versions follow one another."""
    whole = path.resolve()
    here = Path(__file__).resolve().parents[1]
    for kind in _KINDS:
        for root in (here / "shipped", here.parent):
            if whole.is_relative_to(root / kind):
                return f"shipped:{whole.relative_to(root).as_posix()}"
    return whole.as_posix()


def _load(path: Path, wanted: type[Source | Campaign] | None) -> Loaded:
    return _load_text(
        _read_text(path), str(path), wanted, folders=path.resolve().parts[:-1], name=_name_of(path)
    )


def _load_text(
    text: str,
    where: str,
    wanted: type[Source | Campaign] | None,
    *,
    folders: Sequence[str] = (),
    name: str = EDITED,
) -> Loaded:
    first = _VERSION.match(text.split("\n", 1)[0].strip())
    tree = _parse_yaml(text, where)
    if not isinstance(tree, dict):
        sentence = Told(N_("this is not a definition; expected lines such as `id: my-outlet`"))
        raise definition_error(where, [Problem(1, "", sentence)])
    kind = wanted or _kind_of(tree, where, folders)
    try:
        model = kind.model_validate(_convert(tree, where))
    except ValidationError as err:
        raise definition_error(where, [describe_invalid(one, tree, kind) for one in err.errors()]) from err
    if isinstance(model, Campaign):
        problems = list(_check_queries(model, tree))
        if problems:
            raise definition_error(where, problems)
    return Loaded(model, name, int(first[1]) if first else None)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            body = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as err:
        raise DefinitionError(
            f"{path}: there is no such file or folder; expected a YAML file or a folder of them."
        ) from err
    except OSError as err:
        raise DefinitionError(f"{path}: the file cannot be read ({err.strerror}).") from err
    if len(body) > MAX_BYTES:
        raise DefinitionError(f"{path}: the file is larger than 1 MB; expected one source or campaign.")
    try:
        return body.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as err:
        line = body.count(b"\n", 0, err.start) + 1
        raise DefinitionError(
            f"{path}, line {line}: the file is not UTF-8 text here; expected a file saved as UTF-8."
        ) from err


def _parse_yaml(text: str, where: str) -> Any:
    """The file as ruamel's mappings and lists, which know their lines."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="rt")
    try:
        tree = reader.load(text)
    except DuplicateKeyError as err:
        found = re.search(r'duplicate key "(.*?)"', str(err.problem), re.DOTALL)
        name = found[1] if found else "a field"
        sentence = Told(N_("the field stands here twice; expected once, with all its values under it"))
        raise definition_error(where, [Problem(line_of(err), name, sentence)]) from err
    except MarkedYAMLError as err:
        raise definition_error(where, [Problem(line_of(err), "", explain_yaml(err, text))]) from err
    except (YAMLError, ValueError, RecursionError) as err:
        told = Told(
            N_("this cannot be read as YAML (%(problem)s)"), problem=(str(err) or "?").splitlines()[0]
        )
        raise definition_error(where, [Problem(None, "", told)]) from err
    if tree is None:
        empty = Told(N_("this is empty; expected a source or a campaign"))
        raise definition_error(where, [Problem(None, "", empty)])
    return tree


def _kind_of(tree: Mapping[Any, Any], where: str, folders: Sequence[str]) -> type[Source | Campaign]:
    """By the fields that only one of them has, else by the folder."""
    keys = {str(key) for key in tree}
    fields = {kind: field_names(kind) for kind in (Source, Campaign)}
    marks = {
        Source: len(keys & (fields[Source] - fields[Campaign])),
        Campaign: len(keys & (fields[Campaign] - fields[Source])) + isinstance(tree.get("names"), list),
    }
    if marks[Source] != marks[Campaign]:
        return Source if marks[Source] > marks[Campaign] else Campaign
    for part in reversed(folders):
        if part in _KINDS:
            return _KINDS[part]
    sentence = Told(
        N_("this is neither a source nor a campaign; expected home, owner and editions, or window and names")
    )
    raise definition_error(where, [Problem(1, "", sentence)])


def _convert(tree: Any, where: str) -> Any:
    """ruamel's types as plain ones. Bounded, since an alias may repeat a part many times or hold itself."""
    nodes = 0

    def convert(value: Any, depth: int) -> Any:
        nonlocal nodes
        nodes += 1
        if nodes > _MAX_NODES or depth > _MAX_DEPTH:
            endless = Told(N_("it repeats itself (& and *) without end; expected plain lists"))
            raise definition_error(where, [Problem(None, "", endless)])
        if isinstance(value, dict):
            return {
                key if isinstance(key, str) else str(key): convert(one, depth + 1)
                for key, one in value.items()
            }
        if isinstance(value, list):
            return [convert(one, depth + 1) for one in value]
        if isinstance(value, datetime):
            return datetime.fromisoformat(value.isoformat())
        if isinstance(value, bool | date) or value is None:
            return value
        for plain in (int, float, str):
            if isinstance(value, plain):
                return plain(value)
        return str(value)

    return convert(tree, 0)


def _check_queries(campaign: Campaign, tree: Any) -> Iterator[Problem]:
    """Every query can be read, every form can be found, and forms that collide have a context to count in."""
    from resound.query import parse
    from resound.text import loose_tokens

    def problem(loc: Loc, sentence: Told) -> Problem:
        return Problem(find_line(tree, loc)[0], field_name(loc), sentence, loc)

    queries: list[tuple[Loc, str]] = [(("context",), campaign.context), (("exclude",), campaign.exclude)]
    queries = [(loc, query) for loc, query in queries if query]
    queries += [(("queries", key), query) for key, query in campaign.queries.items()]
    queries += [(("messages", at, "query"), one.query) for at, one in enumerate(campaign.messages)]
    queries += [(("comparators", at, "query"), one.query) for at, one in enumerate(campaign.comparators)]
    for loc, query in queries:
        try:
            parse(query)
        except QuerySyntaxError as err:
            yield problem(loc, _say_mistake(err))
    for at, one in enumerate(campaign.releases):
        if one.text and len(loose_tokens(one.text)) < LEAST_WORDS:
            sentence = N_(
                "it is too short to be recognised; expected at least %(least)s words (in Chinese: characters)"
            )
            yield problem(("releases", at, "text"), Told(sentence, least=LEAST_WORDS))
    for kind, terms in (
        ("names", campaign.names),
        ("glossary", campaign.glossary),
        ("people", campaign.people),
    ):
        for at, term in enumerate(terms):
            place: Loc = (kind, at)
            if not term.all_forms:
                yield problem(place, Told(N_("it has no form; expected at least one under forms")))
            for form in term.all_forms:
                if not loose_tokens(form):
                    sentence = N_("%(form)s holds no letter or digit and can never be found; expected a name")
                    yield problem(place, Told(sentence, form=repr(form)))
            if kind == "names" and term.collides and not campaign.context:
                sentence = N_(
                    "it has colliding forms, but the campaign has no context; expected a query in context"
                )
                yield problem((*place, "collides"), Told(sentence))


def _say_mistake(error: QuerySyntaxError) -> Told:
    """What is wrong with a query, and where, in words that can be said in any language."""
    mistake = error.mistake
    told = {
        "place": error.position + 1,
        "problem": Told(mistake.problem, **mistake.values),
        "expected": Told(mistake.expected, **mistake.values),
    }
    near = error.query[error.position : error.position + 20].strip()
    if not near:
        return Told(N_("the query cannot be read at its end: %(problem)s; expected %(expected)s"), **told)
    sentence = N_(
        "the query cannot be read at character %(place)s (%(near)s): %(problem)s; expected %(expected)s"
    )
    return Told(sentence, near=near, **told)


def host_claims(source: Source) -> list[tuple[str, str]]:
    """(host, path) of every edition: of two sources that claim one, one would lose its articles in silence."""
    return [(host, path) for one in source.editions for host in one.hosts for path in one.paths or ("/",)]


def _refuse_shared_claims(loaded: Sequence[Loaded]) -> None:
    """Two files must not describe one thing: whichever came last would win in silence."""
    seen: dict[tuple[str, ...], str] = {}
    for one in loaded:
        model = one.model
        claims: list[tuple[str, ...]] = [(type(model).__name__.lower(), model.id)]
        if isinstance(model, Source):
            claims += [("host", host, path) for host, path in host_claims(model)]
        for claim in dict.fromkeys(claims):
            if claim in seen and seen[claim] != one.came_from:
                what = f"the host {claim[1]}" if claim[0] == "host" else f"the id {claim[1]}"
                raise DefinitionError(
                    f"{one.came_from} and {seen[claim]} both claim {what}; expected it in one of them only."
                )
            seen[claim] = one.came_from
