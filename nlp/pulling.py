"""Bringing a model: from the hub or from a folder, checked before it counts, locked at the first time, converted once.

The order: which commit is it → which of its files are needed (`nlp.vetting.choose_files`) → is there room → bring them
into `<id>.part`, where an interrupted pull goes on → look at every file → compare with the lock → convert → put the
folder in its place in one step → write the lock.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nlp.lockfile import Locked, hash_file, hash_files, read_lock, write_lock
from nlp.profiles import ModelSpec
from nlp.vetting import choose_files, vet_folder
from resound.errors import ModelError

if TYPE_CHECKING:
    from nlp.converting import Conversion

CHECKS: dict[str, tuple[str, ...]] = {
    "zh": ("綠耕隊今天抵達胡志明市。", "雙方簽署了合作備忘錄。", "工廠把廢塑膠變成新的產品。", "焚化爐每天處理三百噸垃圾。"),
    "en": ("The delegation arrived today.", "Both sides signed an agreement.", "The factory recycles old plastic.", "Nobody was hurt."),
    "vi": ("Đoàn đã đến thành phố hôm nay.", "Hai bên ký bản ghi nhớ.", "Nhà máy tái chế nhựa cũ.", "Không ai bị thương."),
}  # fmt: skip
"""Sentences on which a converted model is compared with what it was made from."""
SPARE = 1.6
"""Of the download: the converted form lies beside it."""

TIMEOUT = (20, 120)
"""Seconds for a connection, and between two pieces."""

Progress = Callable[[str, int, int, int], None]
"""(file, bytes of the files before it, bytes of all files, bytes of it so far)"""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of it. `conversion` is None where the fast form was there already."""

    model: str
    commit: str
    was_there: bool
    conversion: Conversion | None


def needed_room(models: Sequence[ModelSpec], folder: Path) -> tuple[int, int, int]:
    """(megabytes to download, megabytes of memory at work, megabytes free on the disk) for models not yet there."""
    locked = read_lock(folder)
    missing = [one for one in models if one.id not in locked]
    place = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
    free = shutil.disk_usage(place).free // 1_000_000
    return (
        sum(one.download_mb for one in missing),
        sum(one.memory_mb for one in models if not one.optional),
        free,
    )


def pull_model(
    spec: ModelSpec,
    folder: Path,
    *,
    source: Path | None = None,
    now: datetime,
    progress: Progress | None = None,
) -> Pulled:
    """Bring one model. `source` is a local folder that stands for the hub's (offices without a way to the hub).

    Raises:
        ModelError: unsafe, wrong-hash, missing, failed (no room, no way to the hub), engine-missing (torch is not there).
    """
    known = read_lock(folder).get(spec.id)
    if known is not None and source is None and (folder / spec.id).is_dir():
        verify_model(spec, folder)
        return Pulled(spec.id, known.commit, was_there=True, conversion=None)
    _ask_for_torch()
    part = folder / f"{spec.id}.part"
    part.mkdir(parents=True, exist_ok=True)
    if source is not None:
        vet_folder(source, spec.architecture)
        commit = _take_from_folder(spec, source, part)
    else:
        commit = _download(spec, part, known, progress)
    vet_folder(part, spec.architecture)
    files = {name: digest for name, digest in hash_files(part).items() if not name.startswith("fast/")}
    _match_lock(spec, known, commit, files)
    from nlp.converting import convert

    conversion = convert(part, spec, check=_checks(spec))
    fast = {f"fast/{name}": digest for name, digest in hash_files(part / "fast").items()}
    target = folder / spec.id
    old = folder / f".{spec.id}.old"
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    locked = Locked(spec.hub, spec.revision, commit, spec.licence, files, fast, now.isoformat())
    write_lock(folder, {**read_lock(folder), spec.id: locked})
    return Pulled(spec.id, commit, was_there=False, conversion=conversion)


def verify_model(spec: ModelSpec, folder: Path) -> None:
    """Look at every file of a model again, and hash it.

    Raises:
        ModelError: the first thing that is wrong.
    """
    locked = read_lock(folder).get(spec.id)
    if locked is None:
        raise ModelError(f"The model {spec.id} was not pulled.", reason="missing")
    vet_folder(folder / spec.id, spec.architecture)
    for name, digest in {**locked.files, **locked.fast}.items():
        path = folder / spec.id / name
        if not path.is_file():
            raise ModelError(f"The model {spec.id} is not whole: {name} is missing.", reason="missing")
        if hash_file(path) != digest:
            raise ModelError(
                f"The model {spec.id} is not what was pulled: {name} has another hash.", reason="wrong-hash"
            )


def _ask_for_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise ModelError(
            "A model is converted once, when it is pulled, and that needs torch: "
            'pip install "resound[nlp-torch]" (nothing was downloaded).',
            reason="engine-missing",
        )


def _take_from_folder(spec: ModelSpec, source: Path, part: Path) -> str:
    """Copy what is needed; the commit of a folder is the hash of its files."""
    names = choose_files(
        [path.name for path in source.iterdir() if path.is_file()], spec.architecture, model=spec.id
    )
    for name in names:
        shutil.copyfile(source / name, part / name)
    digests = "".join(f"{name} {hash_file(part / name)}\n" for name in names)
    return f"folder-{sha256(digests.encode()).hexdigest()[:32]}"


def _download(spec: ModelSpec, part: Path, known: Locked | None, progress: Progress | None) -> str:
    """From the hub: only what is needed, and what has come already is not asked for again."""
    from requests import RequestException

    try:
        info = _ask_hub(spec, known.commit if known else spec.revision)
        sizes = {one["rfilename"]: int(one.get("size") or 0) for one in info["siblings"]}
        hashes = {one["rfilename"]: one["lfs"]["sha256"] for one in info["siblings"] if one.get("lfs")}
        names = choose_files(sizes, spec.architecture, model=f"{spec.hub} ({spec.revision})")
        total = sum(sizes[name] for name in names)
        free = shutil.disk_usage(part).free
        if total * SPARE > free:
            raise ModelError(
                f"There is not enough room for {spec.id}: {total * SPARE / 1e6:.0f} MB are needed, "
                f"{free / 1e6:.0f} MB are free.",
                reason="failed",
            )
        done = 0
        for name in names:
            tell = partial(progress, name, done, total) if progress is not None else None
            _bring(spec.hub, str(info["sha"]), name, part / name, sizes[name], tell)
            if name in hashes and hash_file(part / name) != hashes[name]:
                (part / name).unlink()
                raise ModelError(f"{spec.hub}: {name} came damaged; pull again.", reason="wrong-hash")
            done += sizes[name]
    except (RequestException, OSError, KeyError) as err:
        raise ModelError(
            f"{spec.hub} could not be downloaded: {err}"[:400]
            + " What has come stays; `resound models pull` goes "
            f"on there. Without a way to the hub: --from {spec.id}=FOLDER.",
            reason="failed",
        ) from err
    return str(info["sha"])


def _ask_hub(spec: ModelSpec, revision: str) -> dict[str, Any]:
    """Which commit a revision is, and its files with sizes and, for large ones, hashes (the hub's own API)."""
    import requests
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    where = f"{constants.ENDPOINT}/api/models/{spec.hub}/revision/{quote(revision, safe='')}"
    answer = requests.get(where, params={"blobs": "true"}, headers=build_hf_headers(), timeout=TIMEOUT)
    if answer.status_code in (401, 403, 404):
        raise ModelError(
            f"The hub knows no model {spec.hub} at revision {revision}, or does not let you have it.",
            reason="missing",
        )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _bring(
    model: str, commit: str, name: str, to: Path, size: int, tell: Callable[[int], None] | None
) -> None:
    """One file; what has come of it is kept in `NAME.incomplete`, and asked for no more (RFC 9110, 14.2).

    huggingface_hub 2 begins a file anew after a kill; a model of two gigabytes must not.
    """
    from requests import RequestException
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

    if to.exists() and to.stat().st_size == size:
        return
    came = to.with_name(f"{name}.incomplete")
    for attempt in Retrying(
        retry=retry_if_exception_type(RequestException),
        stop=stop_after_attempt(5),
        wait=wait_exponential_jitter(initial=1, max=30),
        reraise=True,
    ):
        with attempt:
            _go_on(model, commit, name, came, tell)
    if came.stat().st_size != size:
        found = came.stat().st_size
        came.unlink()
        raise OSError(f"{name} has {found} bytes instead of {size}")
    came.replace(to)


def _go_on(model: str, commit: str, name: str, came: Path, tell: Callable[[int], None] | None) -> None:
    import requests
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    have = came.stat().st_size if came.exists() else 0
    headers = (
        build_hf_headers() | ({"Range": f"bytes={have}-"} if have else {}) | {"Accept-Encoding": "identity"}
    )
    url = hf_hub_url(model, name, revision=commit)
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == 416:  # it is whole already
            return
        answer.raise_for_status()
        is_rest = answer.status_code == 206
        so_far = have if is_rest else 0
        with came.open("ab" if is_rest else "wb") as stream:
            for piece in answer.iter_content(1 << 16):
                stream.write(piece)
                stream.flush()
                so_far += len(piece)
                if tell is not None:
                    tell(so_far)


def _match_lock(spec: ModelSpec, known: Locked | None, commit: str, files: dict[str, str]) -> None:
    if known is None:
        return
    changed = sorted(name for name in {*files, *known.files} if files.get(name) != known.files.get(name))
    if changed or known.commit != commit or known.hub != spec.hub:
        raise ModelError(
            f"{spec.id} is not what was pulled the first time ({', '.join(changed) or commit}): the lock file names "
            f"commit {known.commit} of {known.hub}. If the change is wanted, take its entry out of lock.json.",
            reason="wrong-hash",
        )


def _checks(spec: ModelSpec) -> tuple[str, ...]:
    if spec.task != "translation":
        return tuple(text for texts in CHECKS.values() for text in texts)
    return CHECKS.get(tried_language(spec), CHECKS["en"])


def tried_language(spec: ModelSpec) -> str:
    """The language in which a translation model is tried: the one it is for, or the first that is not its target."""
    direction = spec.directions[0]
    if direction.source != "*":
        return direction.source.split("-")[0]
    return next(one for one in spec.languages if one != direction.target)
