"""`resound user` and `resound key`: what they do and say, and that no secret ever stands on the command line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from resound.cli import app
from resound.errors import ConflictError, NotFoundError, ResoundError
from resound.people.signing_in import accept_invitation, recognise_key, sign_in
from resound.store import Store, open_store
from resound.store.people import list_account_changes, load_person
from tests.resound.staff import PASSWORD, hash_quickly

OTHER = "four brown kettles hum"
CAMPAIGN = Path(__file__).parents[2] / "campaigns" / "apo-coe-gp-vietnam-2014.yml"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)
    monkeypatch.setenv("RESOUND_CODER", "operator")
    monkeypatch.delenv("RESOUND_PUBLIC_URL", raising=False)


def run(data: Path, *words: str, typed: str = "") -> str:
    result = CliRunner().invoke(app, ["--data", str(data), *words], input=typed)
    if result.exception is not None:
        raise result.exception
    return result.output


def opened(data: Path) -> Store:
    return open_store(f"sqlite:///{data / 'resound.sqlite'}")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = run(
        tmp_path,
        "user",
        "add",
        "Lin",
        "--name",
        "林志清",
        "--role",
        "admin",
        typed=f"{PASSWORD}\n{PASSWORD}\n",
    )
    assert "林志清 (lin) is an administrator." in made
    assert PASSWORD not in made
    return tmp_path


def listed(data: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(data, *words, "--json"))
    return found


def test_a_password_is_asked_for_and_opens_the_account(data: Path) -> None:
    store = opened(data)
    assert sign_in(store, "lin", PASSWORD, address="192.0.2.1", now=datetime.now(UTC)).person.name == "林志清"
    run(data, "user", "password", "lin", typed=f"{OTHER}\n{OTHER}\n")
    sign_in(store, "lin", OTHER, address="192.0.2.1", now=datetime.now(UTC))
    with store.read() as connection:
        assert [(one.what, one.who) for one in list_account_changes(connection)] == [
            ("password", "operator"),
            ("password", "operator"),
            ("added", "operator"),
        ]
    store.close()


def test_no_command_takes_a_password_or_a_key_as_a_word() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for group in ("user", "key"):
        for command in commands[group].commands.values():
            names = {name for one in command.params for name in (one.name, *one.opts)}
            assert not {"--password", "--secret", "--token", "--key", "password", "secret"} & names


def test_refused_words_change_nothing(data: Path) -> None:
    for words, typed, error, sentence in (
        (("user", "add", "a b"), "", ResoundError, "Latin letters"),
        (("user", "add", "x", "--name", "X"), "password1234\npassword1234\n", ResoundError, "tried first"),
        (("user", "add", "LIN", "--link"), "", ConflictError, "this login already"),
        (("user", "role", "lin", "coder"), "", ConflictError, "administrator must remain"),
        (("user", "disable", "lin"), "", ConflictError, "administrator must remain"),
        (("user", "link", "nobody"), "", NotFoundError, "resound user list"),
        (("user", "password", "nobody"), "", NotFoundError, "resound user list"),
        (("user", "role", "lin", "coder", "--campaign", "unknown"), "", NotFoundError, "no campaign"),
        (("key", "add", "nobody", "--name", "k"), "", NotFoundError, "resound user list"),
        (("key", "revoke", "9"), "", NotFoundError, "resound key list"),
    ):
        with pytest.raises(error, match=sentence):
            run(data, *words, typed=typed)
    assert [(one["login"], one["role"]) for one in listed(data, "user", "list")] == [("lin", "admin")]


def test_the_first_account_is_an_administrators(tmp_path: Path) -> None:
    assert "single-user mode" in run(tmp_path, "user", "list").replace("\n", " ")
    with pytest.raises(ConflictError, match="first account"):
        run(tmp_path, "user", "add", "lin", "--link")


def test_a_link_is_printed_and_lets_in(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOUND_PUBLIC_URL", "https://resound.example.org/")
    said = run(data, "user", "add", "thi-my@cpc.example", "--name", "Thị Mỹ", "--role", "coder", "--link")
    assert "holds until" in said
    (older,) = re.findall(r"^https://resound\.example\.org/welcome/(\S+)$", said, re.MULTILINE)
    said = run(data, "user", "link", "thi-my@cpc.example")
    (token,) = re.findall(r"/welcome/(\S+)$", said, re.MULTILINE)
    assert token != older
    store = opened(data)
    assert accept_invitation(store, token, OTHER, now=datetime.now(UTC)).person.login == "thi-my@cpc.example"
    store.close()


def test_roles_and_shutting_out(data: Path) -> None:
    run(data, "apply", str(CAMPAIGN))
    run(data, "user", "add", "thi-my", "--link")
    assert "a coder for apo" in run(data, "user", "role", "thi-my", "coder", "--campaign", CAMPAIGN.stem)
    assert "an editor for all campaigns" in run(data, "user", "role", "thi-my", "editor", "--who", "Lin")
    assert "shut out" in run(data, "user", "disable", "thi-my")
    found = listed(data, "user", "list")[1]
    assert (found["role"], found["campaigns"], found["is_active"], found["has_password"]) == (
        "editor",
        {CAMPAIGN.stem: "coder"},
        False,
        False,
    )
    shown = run(data, "user", "list")
    assert "shut out" in shown
    assert "argon2" not in shown
    assert "may sign in again" in run(data, "user", "enable", "thi-my")
    assert "has no password yet" in run(data, "user", "list").replace("\n", " ")


def test_a_key_is_printed_once_alone_on_its_line(data: Path) -> None:
    result = CliRunner().invoke(
        app, ["--data", str(data), "key", "add", "lin", "--name", "import", "--scope", "code"]
    )
    (key,) = result.stdout.split()
    assert "nobody can be shown it again" in result.stderr
    store = opened(data)
    person = recognise_key(store, key, now=datetime.now(UTC))
    assert person is not None
    assert person.role == "coder"
    (known,) = listed(data, "key", "list", "lin")
    assert (known["name"], known["scopes"], known["revoked_at"]) == ("import", ["code"], None)
    assert key not in json.dumps(known)
    assert "sha256" not in known
    assert "revoked" in run(data, "key", "revoke", str(known["id"]))
    assert "revoked" in run(data, "key", "list")
    assert recognise_key(store, key, now=datetime.now(UTC)) is None
    with store.read() as connection:
        assert load_person(connection, "lin").role == "admin"
    store.close()
