"""Pulling from a hub on loopback and from a folder, as the command line does it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nlp.lockfile import read_lock
from nlp.models import open_profile
from nlp.pulling import needed_room, pull_model, verify_model
from resound.errors import ModelError
from tests.nlp.hub import Hub
from tests.nlp.tiny import PROFILE, spec, tiny_profile

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def plain(tiny_models: Path, tmp_path: Path) -> Path:
    """The tone model as a hub has it: without the fast form."""
    folder = tmp_path / "plain"
    shutil.copytree(tiny_models / "tone", folder, ignore=shutil.ignore_patterns("fast"))
    return folder


@pytest.fixture
def hub(plain: Path) -> Iterator[Hub]:
    with Hub() as made:
        made.add("tiny/tone", plain)
        yield made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "models").mkdir(parents=True)
    (tmp_path / "data" / "models" / "models.yml").write_text(PROFILE, encoding="utf-8")
    return tmp_path / "data"


def start(data: Path, hub: Hub, *more: str) -> subprocess.Popen[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        "HF_ENDPOINT": hub.url,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-m", "resound", "--data", str(data), "models", "pull", "tiny", "--yes", *more]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def pull(data: Path, hub: Hub, *more: str) -> tuple[int, str]:
    process = start(data, hub, "--only", "tone", *more)
    said, _ = process.communicate(timeout=120)
    return process.returncode, " ".join(said.split())


@pytest.mark.slow
def test_a_model_is_pulled_locked_converted_and_then_works_offline(data: Path, hub: Hub) -> None:
    code, said = pull(data, hub)
    assert code == 0, said
    assert "To download: about 1 MB" in said
    assert "agreement with the reference" in said
    locked = read_lock(data / "models")["tone"]
    assert locked.commit == "a" * 40
    assert locked.licence == "none"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(locked.files)
    assert "fast/model.onnx" in locked.fast
    assert not list((data / "models").glob("*.part"))
    asked = len(hub.asked)
    found = open_profile("tiny", data / "models", is_demo=False).tone()
    assert found.identity.revision == "a" * 40
    assert found.probabilities(["x"]).shape == (1, 3)
    code, said = pull(data, hub)
    assert code == 0
    assert "there already" in said
    assert len(hub.asked) == asked, "nothing is asked of the hub again"


@pytest.mark.slow
def test_a_pull_that_was_killed_goes_on_where_it_was(data: Path, hub: Hub, plain: Path) -> None:
    size = (plain / "model.safetensors").stat().st_size
    hub.stalls_after = size // 2
    process = start(data, hub, "--only", "tone")
    deadline = time.monotonic() + 60
    waiting: list[Path] = []
    while time.monotonic() < deadline:
        waiting = [one for one in (data / "models").rglob("*.incomplete") if one.stat().st_size > 0]
        if waiting:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert waiting, "half of it should be there"
    half = waiting[0].stat().st_size
    assert not (data / "models" / "tone").exists()
    hub.stalls_after = None
    code, said = pull(data, hub)
    assert code == 0, said
    ranges = [asked for method, path, asked in hub.asked if method == "GET" and path.endswith("safetensors")]
    assert ranges == ["", f"bytes={half}-"]
    verify_model(spec("tone"), data / "models")


@pytest.mark.slow
def test_what_is_not_what_was_pulled_first_is_refused(data: Path, hub: Hub) -> None:
    assert pull(data, hub)[0] == 0
    shutil.rmtree(data / "models" / "tone")
    hub.files["tiny/tone"]["config.json"] += b" "
    code, said = pull(data, hub)
    assert code == 1
    assert "is not what was pulled the first time (config.json)" in said
    assert not (data / "models" / "tone").exists()


@pytest.mark.slow
def test_a_pinned_revision_is_asked_for(data: Path, hub: Hub) -> None:
    hub.revisions = {"refs/pr/7": "b" * 40}
    text = PROFILE.replace("hub: tiny/tone,", "hub: tiny/tone, revision: refs/pr/7,")
    (data / "models" / "models.yml").write_text(text, encoding="utf-8")
    code, said = pull(data, hub)
    assert code == 0, said
    assert read_lock(data / "models")["tone"].commit == "b" * 40


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("pickle", "holds no safetensors"),
        ("auto_map", "asks for code of its own"),
        ("class", "not a XLMRobertaForSequenceClassification"),
        ("renamed", "no safetensors file, whatever its name says"),
        ("tokenizer", "has no tokenizer.json"),
    ],
)
def test_what_is_unsafe_is_refused(data: Path, hub: Hub, change: str, words: str) -> None:
    files = hub.files["tiny/tone"]
    config = json.loads(files["config.json"])
    match change:
        case "pickle":
            files["pytorch_model.bin"] = files.pop("model.safetensors")
        case "auto_map":
            files["config.json"] = json.dumps({**config, "auto_map": {"AutoModel": "evil.Model"}}).encode()
        case "class":
            files["config.json"] = json.dumps({**config, "architectures": ["GPT2LMHeadModel"]}).encode()
        case "renamed":
            files["model.safetensors"] = b"\x80\x04\x95" + b"x" * 100
        case "tokenizer":
            del files["tokenizer.json"]
    files["evil.py"] = b"print('no')"
    code, said = pull(data, hub)
    assert code == 1
    assert words in said
    fetched = [path for method, path, _ in hub.asked if method == "GET" and "/resolve/" in path]
    assert not [path for path in fetched if path.endswith((".bin", ".py"))], (
        "what is not needed is not fetched"
    )
    assert not (data / "models" / "tone").exists()
    assert not read_lock(data / "models")


def test_a_hub_that_is_not_there_says_what_else_can_be_done(data: Path, hub: Hub) -> None:
    del hub.files["tiny/tone"]
    code, said = pull(data, hub)
    assert code == 1
    assert "The hub knows no model tiny/tone at revision main" in said


def test_a_folder_stands_for_the_hub(data: Path, plain: Path) -> None:
    made = pull_model(spec("tone"), data / "models", source=plain, now=NOW)
    assert made.commit.startswith("folder-")
    assert made.conversion is not None
    assert made.conversion.agreement > 0.85
    verify_model(spec("tone"), data / "models")
    again = pull_model(spec("tone"), data / "models", source=plain, now=NOW)
    assert again.commit == made.commit
    download, memory, free = needed_room(tiny_profile().models, data / "models")
    assert (download, memory) == (5, 5)
    assert free > 0


@pytest.mark.parametrize("file", ["model.safetensors", "fast/model.onnx", "tokenizer.json"])
def test_verify_names_the_file_that_changed(data: Path, plain: Path, file: str) -> None:
    pull_model(spec("tone"), data / "models", source=plain, now=NOW)
    with (data / "models" / "tone" / file).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelError, match=file.replace(".", r"\.")) as caught:
        verify_model(spec("tone"), data / "models")
    assert caught.value.reason in ("wrong-hash", "unsafe")


def test_a_link_out_of_the_folder_and_a_pickle_beside_are_refused(
    data: Path, plain: Path, tmp_path: Path
) -> None:
    pull_model(spec("tone"), data / "models", source=plain, now=NOW)
    folder = data / "models" / "tone"
    (folder / "more.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="can run code"):
        open_profile("tiny", data / "models", is_demo=False).tone()
    (folder / "more.pkl").unlink()
    (tmp_path / "outside.json").write_text("{}")
    (folder / "more.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(ModelError, match="leads out of the model's folder"):
        open_profile("tiny", data / "models", is_demo=False).tone()
