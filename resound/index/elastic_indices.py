"""The indexes in Elasticsearch: their names, templates and aliases, and how far each is level with the store.

`resound-items-000001` and so on hold documents; the aliases `resound-items` (reading), `resound-items-write` and, while a
new one is built beside it, `resound-items-rebuild` say which is which. `resound-state` has one document for each index,
named by the index's uuid: its cursor. An index that is deleted, restored or made anew has another uuid, and so cursor 0.
An index's own `_meta` says which store it is of: from the moment in which it is made, in one step with its aliases.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from resound import __version__
from resound.errors import StoreError
from resound.index.elastic_client import is_gone
from resound.text import analysis_fingerprint

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_SHIPPED = "resound"
_COMPONENTS = ("settings", "mappings")
_TEMPLATES = ("items", "state")
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class HeldIndex:
    """An index that is there. `made_by` says which mapping and analysis it was made with, `built_by` which Resound.

    `store`: the identity of the store whose articles it holds; empty where an older Resound made it, or nobody said.
    """

    name: str
    uuid: str
    made_by: str
    built_by: str
    store: str = ""


class Indices:
    """The indexes that begin with one prefix."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self.read = f"{prefix}-items"
        self.write = f"{prefix}-items-write"
        self.rebuild = f"{prefix}-items-rebuild"
        self._state = f"{prefix}-state"

    def find(self, alias: str) -> HeldIndex | None:
        """The index behind an alias."""
        found = self.look(alias)
        if found is not None and found.name == alias:
            raise _no_alias(alias)
        return found

    def look(self, name: str) -> HeldIndex | None:
        """The index of a name or behind an alias."""
        from elasticsearch import NotFoundError

        try:
            found = self._client.indices.get(
                index=name, features=["mappings", "settings"], flat_settings=True
            )
        except NotFoundError as err:
            if is_gone(err):
                return None
            raise
        if len(found.body) > 1:
            raise _too_many(name, found.body)
        return next((_held(name, one) for name, one in found.body.items()), None)

    def current(self) -> HeldIndex | None:
        """The index that is read and written; None where there is none. An alias that it lost is given back to it."""
        found = self._client.indices.get(
            index=[self.read, self.write],
            features=["aliases", "mappings", "settings"],
            flat_settings=True,
            ignore_unavailable=True,
        ).body
        for alias in (self.read, self.write):
            if alias in found:
                raise _no_alias(alias)
        if len(found) > 1:
            raise _too_many(f"{self.read} with {self.write}", found)
        for name, one in found.items():
            missing = [alias for alias in (self.read, self.write) if alias not in one.get("aliases", {})]
            if missing:
                self._client.indices.update_aliases(
                    actions=[{"add": {"index": name, "alias": alias}} for alias in missing]
                )
            return _held(name, one)
        return None

    def ensure(self, store: str) -> HeldIndex:
        """The index that is read and written, made for a store (by its identity) where there is none."""
        for _ in range(_ATTEMPTS):
            self.install_templates()
            # The name comes before the look: whoever made an index in between has taken it, aliases and all.
            name = self.next_name()
            found = self.current()
            if found is None and self.create(name, (self.read, self.write), store):
                found = self.current()
            if found is not None:
                return found
        raise StoreError(
            f"Elasticsearch's alias {self.write} could not be made: others with the prefix {self._prefix!r} are in the way."
        )

    def create_beside(self, aliases: tuple[str, ...], store: str) -> HeldIndex:
        """A new, empty index. Where another process takes its number, or deletes it again, the next one."""
        self.install_templates()
        while True:
            name = self.next_name()
            made = self.look(name) if self.create(name, aliases, store) else None
            if made is not None:
                return made

    def create(self, name: str, aliases: tuple[str, ...], store: str) -> bool:
        """Make an empty index. False where there is one of this name: another process was quicker."""
        from elasticsearch import BadRequestError

        try:
            self._client.indices.create(
                index=name,
                aliases={alias: {} for alias in aliases},
                mappings={"_meta": _meta(wanted_version(), __version__, store)},
                wait_for_active_shards="1",
            )
        except BadRequestError as err:
            if "resource_already_exists_exception" in str(err.body):
                return False
            raise
        return True

    def claim(self, index: HeldIndex, store: str) -> HeldIndex:
        """Write a store's identity into an index that has none; what comes back has another one where somebody was quicker."""
        meta = _meta(index.made_by, index.built_by, store)
        self._client.indices.put_mapping(index=index.name, meta=meta)
        return self.look(index.name) or replace(index, store=store)

    def in_place(self) -> list[HeldIndex]:
        """What the aliases lead to, however many that are."""
        names = sorted({name for held in self._holders().values() for name in held})
        return [one for name in names if (one := self.look(name)) is not None]

    def swap(self, new: HeldIndex) -> None:
        """Let reading and writing go to `new`, in one step; then delete what they went to before."""
        actions: list[dict[str, Any]] = []
        old = self._holders()
        for alias, names in old.items():
            actions += [{"remove": {"index": name, "alias": alias}} for name in names if name != new.name]
        actions += [{"add": {"index": new.name, "alias": alias}} for alias in (self.read, self.write)]
        actions.append({"remove": {"index": new.name, "alias": self.rebuild, "must_exist": False}})
        self._client.indices.update_aliases(actions=actions)
        for name in {name for names in old.values() for name in names} - {new.name}:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Delete an index and what is known of it."""
        uuids = self._uuids(name)
        self._client.options(ignore_status=404).indices.delete(index=name)
        for uuid in uuids:
            self._client.options(ignore_status=404).delete(index=self._state, id=uuid)

    def drop_unfinished(self, only: HeldIndex | None = None) -> None:
        """Delete what is not in place: what was being built (or only that one), and what a process left that was killed
        between making an index and using it."""
        for name, one in self._numbered().items():
            if set(one.get("aliases", {})) - {self.rebuild}:
                continue
            if only is None or (name == only.name and self._uuids(name) == [only.uuid]):
                self.drop(name)

    def read_cursor(self, index: HeldIndex) -> int:
        """Up to which change an index is complete."""
        from elasticsearch import NotFoundError

        try:
            found = self._client.get(index=self._state, id=index.uuid)
        except NotFoundError as err:
            if is_gone(err, "index_not_found_exception", "'found': False"):
                return 0
            raise
        return int(found["_source"]["cursor"])

    def move_cursor(self, index: HeldIndex, cursor: int) -> None:
        """Say that an index is complete up to a change. It never goes back: the cursor is the version of its document."""
        from elasticsearch import ConflictError, NotFoundError

        for is_first in (True, False):
            try:
                self._client.index(
                    index=self._state,
                    id=index.uuid,
                    document={"index": index.name, "cursor": cursor},
                    version=cursor,
                    version_type="external_gte",
                )
            except ConflictError:  # another process is further already
                return
            except NotFoundError as err:
                if not (is_first and is_gone(err)):
                    raise
                self._create_state()
            else:
                return

    def install_templates(self) -> None:
        """Put the templates there, where they are missing or older than ours."""
        client = self._client
        for name in _COMPONENTS:
            body = read_template(name, self._prefix)
            if self._installed_version("/_component_template", f"{self._prefix}-{name}") < body["version"]:
                client.cluster.put_component_template(name=f"{self._prefix}-{name}", **_arguments(body))
        for name in _TEMPLATES:
            body = read_template(name, self._prefix)
            if self._installed_version("/_index_template", f"{self._prefix}-{name}") < body["version"]:
                client.indices.put_index_template(name=f"{self._prefix}-{name}", **_arguments(body))

    def add_vector_field(self, index: HeldIndex, field: str, dimensions: int) -> None:
        """Let an index compare vectors of another length than the template's: as the template does, but for that."""
        body = read_template("mappings", self._prefix)["template"]["mappings"]["properties"]["embedding"]
        shipped = next(one for name, one in body["properties"].items() if name.startswith("dims_"))
        self._client.indices.put_mapping(
            index=index.name,
            properties={"embedding": {"properties": {field: {**shipped, "dims": dimensions}}}},
        )

    def any_row_of(self, index: HeldIndex, model: str) -> str | None:
        """A vector by a model, as it is kept (base64)."""
        hits = self._client.search(
            index=index.name,
            query={"term": {"embedding.model": model}},
            source_includes=["embedding.row"],
            size=1,
            allow_partial_search_results=False,
        )["hits"]["hits"]
        return str(hits[0]["_source"]["embedding"]["row"]) if hits else None

    def _create_state(self) -> None:
        from elasticsearch import BadRequestError

        self.install_templates()
        try:
            self._client.indices.create(index=self._state, wait_for_active_shards="1")
        except BadRequestError as err:
            if "resource_already_exists_exception" not in str(err.body):
                raise

    def _installed_version(self, path: str, name: str) -> int:
        answer = self._client.options(ignore_status=404).perform_request(
            "GET", f"{path}/{name}", headers={"accept": "application/json"}
        )
        body = answer.body
        for kind in ("component_templates", "index_templates"):
            for one in body.get(kind, ()) if isinstance(body, Mapping) else ():
                template = one.get("component_template") or one.get("index_template")
                return int(template.get("version", 0))
        return 0

    def _numbered(self) -> Mapping[str, Any]:
        found = self._client.indices.get_alias(index=f"{self.read}-*", allow_no_indices=True)
        pattern = re.compile(rf"{re.escape(self.read)}-\d{{6,}}")
        return {name: one for name, one in found.body.items() if pattern.fullmatch(name)}

    def next_name(self) -> str:
        """A name behind all that are there."""
        last = max((int(name.rpartition("-")[2]) for name in self._numbered()), default=0)
        return f"{self.read}-{last + 1:06}"

    def _holders(self) -> dict[str, list[str]]:
        return {
            alias: [name for name, one in self._numbered().items() if alias in one.get("aliases", {})]
            for alias in (self.read, self.write)
        }

    def _uuids(self, name: str) -> list[str]:
        answer = self._client.options(ignore_status=404).indices.get_settings(
            index=name, name="index.uuid", flat_settings=True
        )
        if answer.meta.status == 404:
            return []
        return [one["settings"]["index.uuid"] for one in answer.body.values()]


def _held(name: str, one: Mapping[str, Any]) -> HeldIndex:
    meta = one["mappings"].get("_meta", {})
    uuid = one["settings"]["index.uuid"]
    return HeldIndex(name, uuid, *(str(meta.get(key, "")) for key in ("made_by", "built_by", "store")))


def _meta(made_by: str, built_by: str, store: str) -> dict[str, str]:
    return {"made_by": made_by, "built_by": built_by, **({"store": store} if store else {})}


def _no_alias(alias: str) -> StoreError:
    return StoreError(
        f"In Elasticsearch, {alias} should be an alias and is an index: delete it, then `resound reindex`."
    )


def _too_many(name: str, found: Iterable[str]) -> StoreError:
    return StoreError(
        f"In Elasticsearch, {name} should lead to one index, and leads to {', '.join(sorted(found))}: `resound reindex` "
        "mends it. It builds one anew from the store in their place, and nothing is lost."
    )


def wanted_version() -> str:
    """What an index must be made with for this Resound to read and write it."""
    return f"mapping {read_template('mappings', _SHIPPED)['version']}, analysis {analysis_fingerprint()}"


@cache
def _shipped(name: str) -> str:
    return (files("index_templates") / f"{_SHIPPED}-{name}.json").read_text(encoding="utf-8")


def read_template(name: str, prefix: str) -> dict[str, Any]:
    """A shipped template, its names beginning with `prefix`."""
    body: dict[str, Any] = json.loads(_shipped(name))
    for key in ("index_patterns", "composed_of"):
        if key in body:
            body[key] = [f"{prefix}{one.removeprefix(_SHIPPED)}" for one in body[key]]
    return body


def _arguments(body: dict[str, Any]) -> dict[str, Any]:
    return {("meta" if key == "_meta" else key): value for key, value in body.items()}
