"""A profile's models, opened when they are first needed, held to the lock file, offline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from nlp import backends
from nlp.calibrating import read_thresholds
from nlp.engines import Classifier, Embedder, Identity, PairJudge, Translated, Translator
from nlp.lockfile import Locked, check_files, read_lock
from nlp.profiles import (
    Direction,
    ModelSpec,
    Profile,
    Task,
    Thresholds,
    check_folder,
    load_profiles,
    read_profiles,
)
from nlp.vetting import vet_folder
from resound.errors import ModelError

Engine = Literal["auto", "fast", "torch"]
OWN = "models.yml"
"""Profiles of an office's own (and the demo's), in the models' folder; they go before the shipped ones."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to get from a language to a target: one model, or two by way of English."""

    steps: tuple[Translator, ...]


class Models:
    """The models of one profile. Each is vetted, held to the lock and loaded once, when it is first asked for."""

    def __init__(self, profile: Profile, folder: Path, *, engine: Engine = "auto", threads: int = 0) -> None:
        self.profile, self.folder = profile, folder
        self._engine, self._threads = engine, threads
        self._locked = read_lock(folder)
        self._loaded: dict[tuple[str, str], Any] = {}

    @cached_property
    def thresholds(self) -> Thresholds:
        """Above which scores something is said: as calibrated for the embedding model that is there, else the profile's."""
        spec = self.profile.of_task("embedding")
        locked = self._locked.get(spec.id) if spec is not None else None
        return read_thresholds(
            self.folder, locked.commit if locked is not None else "", self.profile.thresholds
        )

    def route(self, source: str, target: str) -> Route:
        """How to translate from a language (BCP-47) to a target.

        Raises:
            ModelError: no-route where the profile leads there by no way; else why the model cannot be used.
        """
        direct = self._step(source, target)
        if direct is not None:
            return Route((direct,))
        if target != "en":
            first, second = self._step(source, "en"), self._step("en", target)
            if first is not None and second is not None:
                return Route((first, second))
        raise ModelError(
            f"No model of the profile {self.profile.name} translates {source} into {target}.",
            reason="no-route",
        )

    def tone(self) -> Classifier:
        """The tone model. Raises ModelError."""
        spec = self._spec("tone")
        found: Classifier = self._open(spec, backends.load_classifier)
        return found

    def embedder(self) -> Embedder:
        """The embedding model. Raises ModelError."""
        spec = self._spec("embedding")
        found: Embedder = self._open(
            spec,
            backends.load_embedder,
            query_prefix=spec.query_prefix,
            passage_prefix=spec.passage_prefix,
        )
        return found

    def judge(self) -> PairJudge | None:
        """The NLI model, where the profile has one and it was pulled. Raises ModelError where it is there and broken."""
        spec = self.profile.of_task("nli")
        if spec is None or (spec.optional and spec.id not in self._locked):
            return None
        found: PairJudge = self._open(spec, backends.load_judge)
        return found

    def _spec(self, task: Task) -> ModelSpec:
        spec = self.profile.of_task(task)
        if spec is None:
            raise ModelError(f"The profile {self.profile.name} has no model for {task}.", reason="missing")
        return spec

    def _step(self, source: str, target: str) -> Translator | None:
        """The model that leads there in one step; the first of the profile that is there, else why the first is not."""
        failed: ModelError | None = None
        for spec in self.profile.models:
            for direction in spec.directions:
                if not _leads(spec, direction, source, target):
                    continue
                try:
                    return self._translator(spec, direction, source)
                except ModelError as err:
                    if err.reason != "missing":
                        raise
                    failed = failed or err
        if failed is not None:
            raise failed
        return None

    def _translator(self, spec: ModelSpec, direction: Direction, source: str) -> Translator:
        found: Translator = self._open(
            spec,
            backends.load_translator,
            source=source.split("-")[0] if direction.source == "*" else direction.source,
            target=direction.target,
            token=direction.token,
            code=direction.code,
        )
        return _Traditional(found) if direction.convert else found

    def _open(self, spec: ModelSpec, load: Any, **more: Any) -> Any:
        key = (spec.id, repr(sorted(more.items())))
        if key not in self._loaded:
            identity = self._identity(spec)
            self._loaded[key] = load(
                self.folder / spec.id,
                architecture=spec.architecture,
                identity=identity,
                threads=self._threads,
                **more,
            )
        return self._loaded[key]

    def _identity(self, spec: ModelSpec) -> Identity:
        locked = self._locked.get(spec.id)
        if locked is None:
            raise ModelError(
                f"The model {spec.id} of the profile {self.profile.name} was not pulled: "
                f"resound models pull {self.profile.name}",
                reason="missing",
            )
        folder = self.folder / spec.id
        vet_folder(folder, spec.architecture)
        engine = self._choose_engine(spec, locked)
        is_fast = not engine.startswith("torch")
        expected = {
            name: digest
            for name, digest in locked.files.items()
            if not (is_fast and name.endswith(".safetensors"))  # it reads its own form of the weights
        }
        check_files(folder, spec.id, expected)
        if is_fast:
            check_files(folder, spec.id, locked.fast)
        return Identity(spec.hub, locked.commit, engine, self.profile.label)

    def _choose_engine(self, spec: ModelSpec, locked: Locked) -> str:
        fast = "ctranslate2" if spec.task == "translation" else "onnxruntime"
        if self._engine != "torch" and locked.fast:
            if find_spec(fast) is None:
                raise ModelError(
                    f'The fast engine {fast} is not installed: pip install "resound[nlp]"',
                    reason="engine-missing",
                )
            return f"{fast}-int8"
        if self._engine == "fast":
            raise ModelError(
                f"The model {spec.id} was not converted for the fast engine; pull it again.", reason="missing"
            )
        if find_spec("torch") is None:
            raise ModelError(
                'torch is not installed: pip install "resound[nlp-torch]"', reason="engine-missing"
            )
        import torch

        return "torch-bf16" if torch.cuda.is_available() else "torch-fp32"


def find_profile(name: str, folder: Path) -> Profile:
    """A profile by name, the folder's own first.

    Raises:
        ModelError: no-profile; names those there are.
    """
    own = folder / OWN
    known = load_profiles()
    if own.exists():
        known |= read_profiles(own.read_text(encoding="utf-8"), where=str(own))
    if name not in known:
        raise ModelError(
            f"There is no profile {name!r} of language models. Known: {', '.join(sorted(known))}.",
            reason="no-profile",
        )
    return known[name]


def open_profile(
    name: str, folder: Path, *, is_demo: bool, engine: Engine = "auto", threads: int = 0
) -> Models:
    """The models of a profile. Nothing is loaded yet.

    Raises:
        ModelError: no such profile, or it does not serve this data folder.
    """
    profile = find_profile(name, folder)
    check_folder(profile, is_demo=is_demo)
    return Models(profile, folder, engine=engine, threads=threads)


class _Traditional:
    """A model that writes Simplified characters, read as Traditional ones."""

    def __init__(self, inner: Translator) -> None:
        import opencc

        self._inner, self._convert = inner, opencc.OpenCC("s2twp").convert
        self.identity, self.max_tokens = inner.identity, inner.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._inner.count_tokens(texts)

    def translate(
        self,
        texts: Sequence[str],
        *,
        beam: int = 2,
        repetition_penalty: float = 1.0,
        no_repeat_ngram: int = 0,
    ) -> list[Translated]:
        found = self._inner.translate(
            texts, beam=beam, repetition_penalty=repetition_penalty, no_repeat_ngram=no_repeat_ngram
        )
        return [replace(one, text=self._convert(one.text)) for one in found]


def _leads(spec: ModelSpec, direction: Direction, source: str, target: str) -> bool:
    base = source.split("-")[0]
    return direction.target == target and (
        direction.source in (source, base) or (direction.source == "*" and base in spec.languages)
    )
