"""The images and services fit Resound as it is: what they name exists, nothing is left to chance, no secret stands in a file.

Whether they build and start can be tried only where Docker is; this holds them to everything that is known without it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML

from resound.cli import app
from resound.cli.run import JOBS
from resound.sending.mail import mail_server
from resound.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "build" in one}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}

each_service = pytest.mark.parametrize("name", SERVICES)


def is_one_shot(service: Mapping[str, Any]) -> bool:
    return service.get("restart") == "no"


def check_command(words: list[str]) -> None:
    """Raise where the command line would not take these words."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while getattr(command, "commands", None) and rest and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    assert not getattr(command, "commands", None), f"{' '.join(words)} is no command"
    with command.make_context(words[0], rest):
        pass


def stages() -> dict[str, list[tuple[str, str]]]:
    """The Dockerfile's stages by name (the last one as ``), each with its instructions."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE))
    found: dict[str, list[tuple[str, str]]] = {}
    for line in filter(None, joined.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            _, _, name = rest.partition(" AS ")
            found[name] = []
        found[list(found)[-1]].append((word, rest))
    return found


def pinned_images() -> Iterator[str]:
    yield from (one["image"] for one in SERVICES.values() if "build" not in one)
    names = set(stages())
    yield from (
        rest.partition(" AS ")[0]
        for instructions in stages().values()
        for word, rest in instructions
        if word == "FROM" and rest.partition(" AS ")[0] not in names
    )


def test_the_wanted_services_are_there() -> None:
    assert set(SERVICES) == {
        "elasticsearch",
        "postgres",
        "migrate",
        "worker",
        "web",
        "scheduler",
        "cli",
        "models",
        "mailpit",
    }
    asked_for = {name: one["profiles"] for name, one in SERVICES.items() if one.get("profiles")}
    assert asked_for == {"cli": ["cli"], "models": ["models"], "mailpit": ["demo"]}
    assert "version" not in COMPOSE


@pytest.mark.parametrize("image", sorted(set(pinned_images())))
def test_images_of_others_are_pinned(image: str) -> None:
    name, _, tag = image.partition(":")
    assert "." not in name, "no host: whoever runs it chooses where images come from"
    assert re.match(r"v?\d+\.\d+", tag)


def test_elasticsearch_is_the_one_that_the_client_speaks_to() -> None:
    (wanted,) = PROJECT["project"]["optional-dependencies"]["elastic"]
    found = re.fullmatch(r"elasticsearch:(\d+)\.\d+\.\d+", SERVICES["elasticsearch"]["image"])
    assert found is not None
    assert f">={found[1]}." in wanted


@each_service
def test_a_service_is_restarted_or_ends(name: str) -> None:
    assert SERVICES[name]["restart"] in ("unless-stopped", "no")
    assert not SERVICES[name].get("privileged")


def test_only_the_pages_are_published_and_for_this_machine_alone() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if one.get("ports")}
    assert published == {
        "web": ["${WEB_ADDRESS:-127.0.0.1:8000}:8000"],
        "mailpit": ["127.0.0.1:8025:8025"],
    }
    assert "WEB_ADDRESS=127.0.0.1:8000\n" in EXAMPLE
    for name in published:
        assert "outside" in SERVICES[name]["networks"], "nothing can be published from an internal network"


def test_mail_of_a_demo_reaches_mailpit_and_nobody_else() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text[text.index("**To try mail without sending any,**") :]
    lines = re.findall(r"(?m)^(\w+)=(.*)$", section[: section.index("docker compose --profile demo up")])
    told = {name.removeprefix(PREFIX).lower(): value for name, value in lines}
    assert set(told) == {"smtp_url", "mail_from", "alerts_to"}
    settings = Settings(**told)  # type: ignore[arg-type]  # as the environment gives them
    server = mail_server(settings)
    assert (server.host, server.port) == ("mailpit", 1025)
    for name in ("web", "scheduler"):
        assert set(SERVICES[name]["networks"]) & set(SERVICES["mailpit"]["networks"])
        for variable, _ in lines:
            assert SERVICES[name]["environment"][variable] == f"${{{variable}:-}}"


def test_the_pages_are_asked_whether_they_live() -> None:
    from api.routes import health

    test = SERVICES["web"]["healthcheck"]["test"]
    port = SERVICES["web"]["command"][-1]
    assert f"http://127.0.0.1:{port}/healthz" in test[-1]
    assert "/healthz" in [getattr(one, "path", "") for one in health.router.routes]
    compile(test[-1], "healthcheck", "exec")


@each_service
def test_what_a_service_waits_for_can_come(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other != name
        match how["condition"]:
            case "service_healthy":
                assert SERVICES[other]["healthcheck"]["test"]
            case "service_completed_successfully":
                assert is_one_shot(SERVICES[other])
                assert not SERVICES[other].get("profiles"), "it must run without being asked"
            case condition:
                assert condition == "service_started"


@each_service
def test_what_a_service_uses_is_declared(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert {one.partition(":")[0] for one in service.get("volumes", ())} <= set(COMPOSE["volumes"])
    for value in service.get("environment", {}).values():
        secret = re.fullmatch(r"/run/secrets/(\w+)", str(value))
        assert secret is None or secret[1] in service["secrets"]


def test_what_is_declared_is_used() -> None:
    used = [one for service in SERVICES.values() for one in service.get("volumes", ())]
    assert {one.partition(":")[0] for one in used} == set(COMPOSE["volumes"])
    assert {one for service in SERVICES.values() for one in service.get("secrets", ())} == set(
        COMPOSE["secrets"]
    )
    assert {one for service in SERVICES.values() for one in service["networks"]} == set(COMPOSE["networks"])


def test_what_has_no_password_is_reached_from_inside_only() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("elasticsearch", "postgres"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_no_password_stands_in_a_file() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/secrets/", "/.env"} <= set(ignored)
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|API_KEY|STORE_URL", key):
                assert key.endswith("_FILE"), f"{name}: {key}"
            assert not re.search(r"://[^/\s]*:[^/\s]*@", str(value)), f"{name}: {key}"
    assert not re.search(r"(?mi)^\w*(password|secret|key)\w*=\S", EXAMPLE)


def test_every_variable_is_a_setting_that_exists() -> None:
    named = {key for one in OURS.values() for key in one["environment"]}
    assert named
    assert named <= SETTINGS
    in_image = set(re.findall(rf"{PREFIX}\w+", DOCKERFILE))
    assert in_image == {"RESOUND_DATA", "RESOUND_MODELS"}
    assert set(re.findall(rf"{PREFIX}\w+", EXAMPLE)) <= SETTINGS


def test_every_variable_of_env_is_explained_and_used() -> None:
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    explained = re.findall(r"(?m)(?:^#.*\n)+^(\w+)=", EXAMPLE)
    assert explained == re.findall(r"(?m)^(\w+)=", EXAMPLE), "each with a comment above it"
    assert set(explained) == used


def test_the_scheduler_and_the_worker_do_each_job_and_none_twice() -> None:
    command = SERVICES["scheduler"]["command"]
    assert command[0] == "run"
    without = {name for word, name in pairwise(command) if word == "--without"}
    assert without == {"process", "index"}, "the worker has these"
    assert without < set(JOBS)
    assert SERVICES["worker"]["command"] == ["process", "--follow"]
    assert "outside" in SERVICES["scheduler"]["networks"], "it crawls and sends mail"
    assert SERVICES["scheduler"]["stop_grace_period"] == "2m"


def test_the_systemd_unit_fits() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (unit,) = re.findall(r"```ini\n(.*?)```", text, re.DOTALL)
    (start,) = re.findall(r"(?m)^ExecStart=\S*/resound (.*)$", unit)
    check_command(shlex.split(start))
    # Worker processes would die of a signal that is meant for the scheduler, with the page that they are reading.
    assert "KillMode=mixed" in unit
    assert int(re.findall(r"(?m)^TimeoutStopSec=(\d+)$", unit)[0]) >= 60
    assert not re.search(r"(?mi)(password|secret)=", unit)


@pytest.mark.parametrize("name", [name for name, one in OURS.items() if "command" in one])
def test_every_command_exists(name: str) -> None:
    check_command(SERVICES[name]["command"])


def test_the_images_commands_exist() -> None:
    (health,) = re.findall(r'HEALTHCHECK .*CMD \["resound", "(.*)"\]', DOCKERFILE)
    check_command([health])
    for words in re.findall(r'(?m)^CMD \["(.*)"\]', DOCKERFILE):
        if words != "--help":
            check_command(words.split('", "'))


def test_the_commands_of_the_instructions_exist() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    found = re.findall(r"docker compose run --rm (?:-v \S+ )?(?:cli|worker) ([^`\n]+)", text)
    assert found
    for words in found:
        check_command(shlex.split(words.replace("…", "x")))


def test_a_wrong_command_would_be_noticed() -> None:
    with pytest.raises(Exception, match=r"(?i)no such option.*--folow"):  # of the click that typer brings
        check_command(["process", "--folow"])
    with pytest.raises(AssertionError, match="is no command"):
        check_command(["serves"])


def test_services_are_built_from_stages_that_exist() -> None:
    assert {one["build"]["target"] for one in OURS.values()} == {"resound", "models"}
    assert {"resound", "models"} <= set(stages())
    arguments = {rest.partition("=")[0] for word, rest in stages()["models"] if word == "ARG"}
    assert set(OURS["models"]["build"]["args"]) <= arguments
    kept = {one.partition(":")[2] for one in OURS["worker"]["volumes"]}
    assert kept == {"/data", "/models"}
    for folder in kept:
        assert f'"{folder}"' in next(rest for word, rest in stages()["resound"] if word == "VOLUME")


@pytest.mark.parametrize("name", ["resound", "models", ""])
def test_an_image_ends_as_a_user_of_a_fixed_number(name: str) -> None:
    users = [rest for word, rest in stages()[name] if word == "USER"]
    assert users
    assert users[-1] == "10001"
    assert "--uid 10001" in DOCKERFILE


def test_nothing_is_fetched_from_an_address() -> None:
    assert not re.search(r"(?m)^ADD ", DOCKERFILE)
    assert "://" not in DOCKERFILE
    assert not re.search(r"(?m)^\w+=.*://", EXAMPLE)


def test_the_extras_exist() -> None:
    extras = {one for group in re.findall(r"\.whl\)\[([\w,-]+)\]", DOCKERFILE) for one in group.split(",")}
    assert extras == {"nlp", "elastic", "postgres", "web", "oidc", "report", "nlp-torch"}
    assert extras <= set(PROJECT["project"]["optional-dependencies"])


def test_the_images_python_is_one_that_resound_runs_on() -> None:
    (tag,) = set(re.findall(r"FROM python:(\d\.\d+)-slim-\w+", DOCKERFILE))
    assert f"Programming Language :: Python :: {tag}" in PROJECT["project"]["classifiers"]


def test_the_wheel_can_be_built_from_what_goes_in() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [one for one in lines if one and not one.startswith("#")]
    assert rules[0] == "*", "all is left out but what is named"
    named = {one[1:] for one in rules if one.startswith("!")}
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = {
        *wheel["packages"],
        *wheel["force-include"],
        "pyproject.toml",
        PROJECT["project"]["readme"],
        *PROJECT["project"]["license-files"],
    }
    assert named == wanted
    assert all((ROOT / one).exists() for one in named)


def test_the_compose_file_holds_to_the_specification() -> None:
    if find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema, which ships the specification's schema, is not installed: make setup")
    words = ["--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    ran = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_compose_itself_reads_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    has_compose = docker is not None and (
        subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    )
    if not has_compose or docker is None:
        pytest.skip("`docker compose` is not installed here")
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / "secrets").mkdir()
    for secret in COMPOSE["secrets"].values():
        (tmp_path / secret["file"]).write_text("x", encoding="utf-8")
    ran = subprocess.run(
        [docker, "compose", "--profile", "*", "config", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
