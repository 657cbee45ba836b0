"""How the models of a profile stand: there or not, as they were pulled or not, under which licence. Nothing is loaded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from nlp.lockfile import Locked, check_files, read_lock
from nlp.profiles import ModelSpec, Profile
from resound.errors import ModelError

State = Literal["there", "changed", "not whole", "begun, not whole", "not pulled", "not in the lock file"]
SMALL = 20_000_000
"""Files up to this size are hashed when somebody looks (once, while they stay as they are); weights are when they are
loaded, and by `resound models verify`."""


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """One model of a profile. `commit` is the revision that was pulled, None where none was; `engine` what runs it.

    `problem` is a sentence where the files are not what was pulled.
    """

    id: str
    task: str
    hub: str
    revision: str
    commit: str | None
    licence: str
    languages: tuple[str, ...]
    mb: int
    optional: bool
    state: State
    engine: str
    pulled_at: str
    problem: str

    @property
    def is_missed(self) -> bool:
        """Whether work waits for it: an optional one that was never pulled is not missed."""
        return self.state != "there" and not (self.optional and self.state == "not pulled")

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def stand_models(profile: Profile, folder: Path, *, hash_up_to: int = SMALL) -> list[ModelStanding]:
    """Every model of a profile, as it lies in the models' folder.

    Args:
        hash_up_to: files of at most so many bytes are compared with the lock file by their hash, larger ones only by
            being there.

    Raises:
        DefinitionError: the lock file cannot be read.
    """
    locked = read_lock(folder)
    return [_stand(spec, folder, locked.get(spec.id), hash_up_to) for spec in profile.models]


def _stand(spec: ModelSpec, folder: Path, locked: Locked | None, hash_up_to: int) -> ModelStanding:
    state, problem = _look(folder, spec.id, locked, hash_up_to)
    fast = "ctranslate2" if spec.task == "translation" else "onnxruntime"
    return ModelStanding(
        id=spec.id,
        task=spec.task,
        hub=spec.hub,
        revision=spec.revision,
        commit=locked.commit if locked is not None else None,
        licence=spec.licence,
        languages=spec.languages,
        mb=spec.download_mb,
        optional=spec.optional,
        state=state,
        engine="" if locked is None else fast if locked.fast else "torch",
        pulled_at=locked.at if locked is not None else "",
        problem=problem,
    )


def _look(folder: Path, name: str, locked: Locked | None, hash_up_to: int) -> tuple[State, str]:
    place = folder / name
    if not place.is_dir():
        return ("begun, not whole" if (folder / f"{name}.part").is_dir() else "not pulled"), ""
    if locked is None:
        return "not in the lock file", ""
    for file, digest in {**locked.files, **locked.fast}.items():
        path = place / file
        try:
            if not path.is_file() or path.stat().st_size <= hash_up_to:
                check_files(place, name, {file: digest})
        except ModelError as err:
            return ("not whole" if err.reason == "missing" else "changed"), str(err)
    return "there", ""
