"""The command line explains itself: every command says what it does and shows how it is called."""

from collections.abc import Iterator

import click
import pytest
import typer.main
from typer.testing import CliRunner

from resound.cli import app


def walk(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    children = getattr(command, "commands", None)  # a group; typer may bring a click of its own
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from walk(child, (*path, name))


COMMANDS = list(walk(typer.main.get_command(app)))


def test_the_commands_of_the_house_are_there() -> None:
    names = {" ".join(path) for path, _ in COMMANDS}
    wanted = {
        "demo",
        "apply",
        "export",
        "crawl",
        "search",
        "similar",
        "reindex",
        "index verify",
        "counts",
        "decide",
        "status",
        "explain",
        "requeue",
        "replay",
    }
    wanted |= {"sources check", "evidence verify", "clips import", "clips template", "reindex"}
    wanted |= {f"stage {stage}" for stage in ("extract", "language", "match", "feed", "fetch")}
    assert wanted <= names, wanted - names


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_has_an_example_of_its_own(path: tuple[str, ...], command: click.Command) -> None:
    epilog = command.epilog or ""
    assert command.help
    assert "xample" in epilog
    assert f"resound {' '.join(path)}" in epilog or f"resound --data demo-data {' '.join(path)}" in epilog


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=" ".join)
def test_help_can_be_asked_for(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output
