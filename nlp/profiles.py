"""Profiles: which models do which task, and where each comes from. YAML; a wrong one is refused with its line.

`standard` is shipped in `nlp/models.yml`; `demo` lies beside its models in `demo/models` and serves only the demo.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from resound.errors import DefinitionError, ModelError
from resound.source import Id, Strict

Task = Literal["translation", "tone", "embedding", "nli"]
Architecture = Literal[
    "MarianMTModel",
    "M2M100ForConditionalGeneration",
    "XLMRobertaForSequenceClassification",
    "XLMRobertaModel",
    "BertModel",
]
"""The only classes that are loaded."""
Target = Literal["en", "zh-Hant"]
HubId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")]
Revision = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w./-]{0,99}$")]
CHOICE = "profile.json"


class Direction(Strict):
    """From a language (`*`: any that the model knows) to a target."""

    source: str
    target: Target
    token: str | None = None
    """What Marian wants before each sentence (`>>cmn_Hant<<`)."""
    code: str | None = None
    """M2M100's code of the target (`zh`), where it differs."""
    convert: bool = False
    """Whether the model writes Simplified characters that are to become Traditional ones."""


class ModelSpec(Strict):
    """One model. `id` is its folder's name under the models' folder."""

    id: Id
    task: Task
    hub: HubId
    revision: Revision = "main"
    architecture: Architecture
    licence: str
    languages: tuple[str, ...]
    directions: tuple[Direction, ...] = ()
    query_prefix: str = ""
    passage_prefix: str = ""
    download_mb: int = Field(ge=0)
    memory_mb: int = Field(ge=0)
    optional: bool = False

    @model_validator(mode="after")
    def _translates_somewhere(self) -> Self:
        if (self.task == "translation") != bool(self.directions):
            raise ValueError("directions belong to translation models, and to each of them")
        return self


class Thresholds(Strict):
    """Above which scores something is said. Cosines, of this profile's embedding model only.

    `topic`: a topic is given. `candidate`: two headlines with leads may tell one story. `sentence`: two sentences say
    the same.
    """

    topic: float = Field(ge=0, le=1)
    candidate: float = Field(ge=0, le=1)
    sentence: float = Field(ge=0, le=1)


class Profile(Strict):
    """A set of models that work together. `label` is said beside every result; `only_demo` refuses other data."""

    name: Id
    label: str = ""
    only_demo: bool = False
    thresholds: Thresholds
    models: tuple[ModelSpec, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [one.id for one in self.models]
        if len(set(ids)) != len(ids):
            raise ValueError("two models share an id")
        return self

    def of_task(self, task: Task) -> ModelSpec | None:
        """The first model of a task."""
        return next((one for one in self.models if one.task == task), None)


def load_profiles() -> dict[str, Profile]:
    """The shipped profiles by name; the demo's is not among them (`demo.profile`)."""
    text = files("nlp").joinpath("models.yml").read_text(encoding="utf-8")
    return read_profiles(text, where="nlp/models.yml")


def read_profiles(text: str, *, where: str) -> dict[str, Profile]:
    """Profiles from YAML.

    Raises:
        DefinitionError: names the file, the profile and the field.
    """
    try:
        loaded = YAML(typ="safe").load(text)
    except YAMLError as err:
        raise DefinitionError(f"{where} cannot be read: {err}") from err
    if not isinstance(loaded, Mapping):
        raise DefinitionError(f"{where}: profiles are expected, each under its name.")
    found = {}
    for name, body in loaded.items():
        try:
            found[str(name)] = Profile(name=name, **body)
        except (ValidationError, TypeError) as err:
            raise DefinitionError(f"{where}, profile {name}: {_first(err)}") from err
    return found


def choose_profile(folder: Path, name: str) -> None:
    """Remember which profile an office uses."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{CHOICE}"
    part.write_text(json.dumps({"profile": name}), encoding="utf-8")
    part.replace(folder / CHOICE)


def chosen_profile(folder: Path) -> str | None:
    """The profile that was chosen; None in a fresh installation.

    Raises:
        DefinitionError: the file that remembers it is broken.
    """
    path = folder / CHOICE
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["profile"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as err:
        raise DefinitionError(f"{path} is broken; choose again with `resound models use standard`.") from err


def check_folder(profile: Profile, *, is_demo: bool) -> None:
    """Demo models never judge real news.

    Raises:
        ModelError: not-for-this-folder.
    """
    if profile.only_demo and not is_demo:
        raise ModelError(
            f"The models of the profile {profile.name} were made for the demo newsroom and know nothing else: they "
            "refuse any other data folder. `resound models use standard` chooses real ones.",
            reason="not-for-this-folder",
        )


def _first(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "fields with values are expected."
    first: Any = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
