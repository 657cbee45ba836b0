"""A new source as the fields of a form: what was found at a site, for a person to complete. Pure.

Fields: `id`, `name.vi`, `home`, `owner`, `country`, `language`, `hosts` (one a line), `medium`, `relation`, `tier`,
`timezone`, `notes`, `also_called` (one a line), `by_hand` (nobody looked at a site), and rows `channels.0.url`, `.kind` (feed or sitemap), `.use`, `.proven`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from resound.definitions.errors import describe_invalid
from resound.definitions.form import YES, Form, form_error, line_ends, make_id, unlike
from resound.errors import Loc, Problem
from resound.source import Source
from resound.texts import N_
from resound.told import Told

EDITION = "main"
"""The edition of a source that was added in a page; more of them are written in its YAML."""
UNKNOWN = {"country": "ZZ", "language": "und", "timezone": "UTC"}
"""What a draft says where nothing is known: the form shows it empty, and asks."""


def fill_source_form(draft: Source, channels: Iterable[tuple[str, str, bool]]) -> Form:
    """The form of a draft. `channels`: (kind, address, whether it answered) of everything that was found."""
    edition = draft.editions[0]
    names = draft.names.model_dump(by_alias=True)
    fields = {
        "id": draft.id,
        **{f"name.{key}": names[key] or "" for key in ("zh-Hant", "en", "vi")},
        "also_called": "\n".join(draft.also_called),
        "home": draft.home,
        "owner": "",
        "country": draft.country,
        "language": edition.language,
        "hosts": "\n".join(edition.hosts),
        "medium": draft.medium,
        "relation": draft.relation,
        "tier": draft.tier,
        "timezone": draft.timezone,
        "notes": draft.notes,
    }
    for name, value in UNKNOWN.items():
        if fields[name] == value:
            fields[name] = ""
    for at, (kind, url, works) in enumerate(channels):
        fields |= {f"channels.{at}.kind": kind, f"channels.{at}.url": url}
        fields |= {f"channels.{at}.use": YES if works else "", f"channels.{at}.proven": YES if works else ""}
    return Form(fields)


def empty_source_form(
    *, name: str = "", language: str = "", medium: str = "", home: str = "", host: str = ""
) -> Form:
    """The form of an outlet that a person describes without a look at its site.

    Args:
        name: as a clip has it. It stays among the names by which clips find the outlet, whatever it is called in full.
        language: BCP-47, as far as a clip tells.
    """
    tag = language if language not in ("", UNKNOWN["language"]) else ""
    own = tag if tag in ("zh-Hant", "vi") else "en"
    return Form(
        {
            f"name.{own}": name,
            "also_called": name,
            "language": tag,
            "medium": medium,
            "home": home,
            "hosts": host,
            "by_hand": YES,
        }
    )


def read_source_form(
    fields: Mapping[str, str], *, taken: Collection[str] = (), owners: Mapping[str, str] | None = None
) -> Source:
    """The source that a filled-in form describes.

    Args:
        taken: ids of the sources there are.
        owners: name → id of the publisher groups there are, so that one owner has one id.

    Raises:
        FormError: something is missing or wrong; each problem stands at its field.
    """
    form = Form({name: line_ends(value) for name, value in fields.items()})
    tree, numbers = _tree(form, taken, owners or {})
    has_no_site = tree["by_hand"] and form.value("by_hand") == YES
    needed = ["owner", "language"] if has_no_site else ["owner", "language", "home", "hosts"]
    missing = [
        Problem(None, name, Told(N_("this field is needed and missing; expected a value for it")), (name,))
        for name in needed
        if not form.value(name).strip()
    ]
    if tree["id"] in taken:
        sentence = Told(N_("there is a source of this id already; expected another one"))
        raise form_error(form, [Problem(None, "id", sentence, ("id",))], lambda loc: str(loc[0]))
    try:
        source = Source.model_validate(tree)
    except ValidationError as err:
        found = [describe_invalid(one, tree, Source) for one in err.errors()]
        found = [
            one for one in found if one.loc or not missing
        ]  # what is said at its field is not said of the whole
        raise form_error(form, [*found, *missing], lambda loc: _place(loc, numbers)) from err
    if missing:
        raise form_error(form, missing, lambda loc: str(loc[0]))
    return source


def _tree(
    form: Form, taken: Collection[str], owners: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The source as it would stand in a file, and which rows its feeds and sitemaps are."""

    def text(name: str) -> str:
        return form.value(name).strip()

    names = {key: text(f"name.{key}") or None for key in ("zh-Hant", "en", "vi")}
    own = make_id(
        [names["en"], names["vi"], names["zh-Hant"], re.sub(r"^https?://(www\.)?", "", text("home"))]
    )
    key = text("id") or unlike(own or "source", taken)
    owner = text("owner")
    numbers: dict[str, list[int]] = {"feeds": [], "sitemaps": []}
    channels: dict[str, list[dict[str, Any]]] = {"feeds": [], "sitemaps": []}
    for number in form.rows("channels"):
        row = f"channels.{number}"
        if form.value(f"{row}.use") != YES or not text(f"{row}.url"):
            continue
        kind = "sitemaps" if form.value(f"{row}.kind") == "sitemap" else "feeds"
        numbers[kind].append(number)
        proven = form.value(f"{row}.proven") == YES
        channels[kind].append({"url": text(f"{row}.url"), "edition": EDITION, "proven": proven})
    return {
        "id": key,
        "names": names,
        "also_called": [
            " ".join(one.split())
            for one in text("also_called").splitlines()
            if one.strip() and " ".join(one.split()) not in names.values()
        ],
        "home": text("home"),
        "owner": {"id": owners.get(owner) or make_id([owner]) or key, "name": owner},
        "country": text("country").upper(),
        "timezone": text("timezone"),
        "medium": text("medium") or "online",
        "relation": text("relation") or "independent",
        "tier": text("tier") or "national",
        "editions": [
            {
                "id": EDITION,
                "language": text("language"),
                "hosts": [one.lower() for one in re.split(r"[\s,]+", text("hosts")) if one],
            }
        ],
        **channels,
        "by_hand": not any(channels.values()),
        "notes": text("notes"),
    }, numbers


def _place(loc: Loc, numbers: Mapping[str, list[int]]) -> str:
    """The field at which a problem of the tree is told."""
    first = str(loc[0]) if loc else ""
    if first == "names":
        return f"name.{loc[1]}" if len(loc) > 1 else "name.zh-Hant"
    if first == "editions":
        return "language" if loc[-1] == "language" else "hosts"
    if first in numbers:
        return f"channels.{numbers[first][int(loc[1])]}" if len(loc) > 1 else ""
    return first
