"""The commands that keep what there is: what they say, and what they never say."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole_way import ask, command, environment


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a store that holds a campaign."""
    folder = tmp_path / "data"
    campaign = Path(__file__).parents[2] / "campaigns" / "apo-coe-gp-vietnam-2014.yml"
    assert command(folder, "apply", str(campaign)).returncode == 0
    return folder


@pytest.mark.slow
def test_backup_restore_and_move_say_what_they_did(data: Path, tmp_path: Path) -> None:
    made = command(data, "backup", str(tmp_path / "b.tar"))
    assert made.returncode == 0, made.stderr
    assert "Not in it: the search index" in made.stdout.replace("\n", " ")
    again = command(data, "backup", str(tmp_path / "b.tar"))
    assert (again.returncode, "never overwritten" in again.stderr.replace("\n", " ")) == (1, True)
    refused = command(data, "restore", str(tmp_path / "b.tar"))
    assert (refused.returncode, "is not empty" in refused.stderr) == (1, True)
    done = command(data, "restore", str(tmp_path / "b.tar"), "--into", str(tmp_path / "looked-at"))
    assert done.returncode == 0, done.stderr
    assert "every table holds what it held" in done.stdout.replace("\n", " ")
    moved = command(data, "store", "move", f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert moved.returncode == 0, moved.stderr
    assert "set RESOUND_STORE_URL" in moved.stdout.replace("\n", " ")
    told = [
        ask(folder, "backup", str(tmp_path / f"{folder.name}.tar"))["tables"]
        for folder in (data, tmp_path / "looked-at")
    ]
    assert told[0] == told[1]
    assert told[0]["definition"]["rows"] == 1


@pytest.mark.parametrize("how", ["url", "file"])
@pytest.mark.slow
def test_what_is_said_to_do_with_a_backup_that_is_looked_at_touches_nothing_in_use(
    data: Path, tmp_path: Path, how: str
) -> None:
    assert command(data, "backup", str(tmp_path / "b.tar")).returncode == 0
    in_use = f"sqlite:///{tmp_path / 'in-use.sqlite'}"
    assert command(data, "store", "move", in_use).returncode == 0
    (tmp_path / "url").write_text(in_use)
    given = (
        {"RESOUND_STORE_URL": in_use} if how == "url" else {"RESOUND_STORE_URL_FILE": str(tmp_path / "url")}
    )
    given |= {"RESOUND_ELASTICSEARCH": "http://127.0.0.1:9"}
    looked_at = tmp_path / "looked at"

    done = command(data, "restore", str(tmp_path / "b.tar"), "--into", str(looked_at), **given)

    assert done.returncode == 0, done.stderr
    variable = next(iter(given))
    assert f"{variable} and RESOUND_ELASTICSEARCH name what is in use" in done.stderr.replace("\n", " ")
    said = next(line for line in done.stdout.splitlines() if line.startswith("Go on with: "))
    before = (tmp_path / "in-use.sqlite").read_bytes()
    for one in said.removeprefix("Go on with: ").split(", then "):
        words = shlex.split(one)
        at = words.index("resound")
        ran = subprocess.run(
            [*words[:at], sys.executable, "-m", *words[at:]],
            capture_output=True,
            text=True,
            check=False,
            env=environment() | given,
        )
        assert ran.returncode == 0, ran.stderr
    assert (looked_at / "index.sqlite").is_file()
    assert (tmp_path / "in-use.sqlite").read_bytes() == before


def test_where_nothing_is_stronger_than_the_folder_the_commands_are_short(data: Path, tmp_path: Path) -> None:
    assert command(data, "backup", str(tmp_path / "b.tar")).returncode == 0
    told = ask(data, "restore", str(tmp_path / "b.tar"), "--into", str(tmp_path / "seen"))
    assert told["go_on_with"] == [
        f"resound --data {tmp_path / 'seen'} {words}" for words in ("reindex", "evidence verify")
    ]


def test_no_password_is_ever_printed(data: Path, tmp_path: Path) -> None:
    secret = "postgresql://resound:s3cret@127.0.0.1:9/resound"
    for words, store in (
        (("store", "move", secret), None),
        (("status",), secret),
        (("backup", str(tmp_path / "x.tar")), secret),
        (("restore", str(tmp_path / "b.tar")), secret),
    ):
        if words[0] == "restore":
            assert command(data, "backup", str(tmp_path / "b.tar")).returncode == 0
        folder = tmp_path / "empty" if words[0] == "restore" else data
        ran = command(folder, *words, store=store)
        assert ran.returncode == 1, words
        assert "s3cret" not in ran.stdout + ran.stderr, words
        assert "cannot be opened" in ran.stderr.replace("\n", " "), ran.stderr
        assert "Traceback" not in ran.stderr
    assert not (tmp_path / "empty").exists()


def test_where_there_is_nothing_to_keep_it_is_said(tmp_path: Path) -> None:
    for words in (("backup", str(tmp_path / "x.tar")), ("store", "move", "sqlite:///x.sqlite")):
        ran = command(tmp_path / "none", *words)
        assert ran.returncode == 1
        assert "There is no store" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_expires_unless_it_is_asked_for(data: Path) -> None:
    ran = command(data, "evidence", "expire")
    assert ran.returncode == 1
    assert "RESOUND_EXPIRE_UNMATCHED_DAYS" in ran.stderr


def test_what_would_expire_can_be_looked_at(data: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "resound", "--data", str(data), "evidence", "expire", "--dry-run", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**environment(), "RESOUND_EXPIRE_UNMATCHED_DAYS": "30"},
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"dry_run": True, "records": 0, "bytes": 0, "files": {}, "problems": []}
