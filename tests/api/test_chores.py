"""Work beside the requests: it is one's own, it can be stopped, it ends in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from api.chores import KEPT, Chore, Chores
from resound.errors import NotFoundError, ResoundError


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def chores() -> Iterator[Chores]:
    made = Chores()
    yield made
    made.close()


def test_a_result_and_its_owner(chores: Chores) -> None:
    chore = chores.start("a", "lin", "about", lambda one: f"{one.about} it")
    wait(lambda: chore.is_over)
    assert chores.find(chore.token, "lin").result == "about it"
    for token, owner in ((chore.token, "mai"), ("none", "lin")):
        with pytest.raises(NotFoundError):
            chores.find(token, owner)


def test_what_goes_wrong_is_said(chores: Chores) -> None:
    def known(_: Chore) -> None:
        raise ResoundError("There is no such host.")

    def unknown(_: Chore) -> None:
        raise RuntimeError("secret")

    first, second = chores.start("a", "lin", None, known), chores.start("b", "lin", None, unknown)
    wait(lambda: first.is_over and second.is_over)
    assert (first.state, first.trouble) == ("failed", "There is no such host.")
    assert "secret" not in second.trouble


def test_a_newer_one_stops_the_one_before(chores: Chores) -> None:
    def work(one: Chore) -> str:
        while not one.should_stop():
            one.progress(1, 2)
            time.sleep(0.005)
        return "stopped"

    old = chores.start("preview", "lin", None, work)
    others = chores.start("preview", "mai", None, work)
    wait(lambda: old.done == 1)
    new = chores.start("preview", "lin", None, lambda _: "new")
    wait(lambda: new.is_over and old.is_over)
    assert (old.result, old.total) == ("stopped", 2)
    assert not others.should_stop()
    chores.close()
    wait(lambda: others.is_over)


def test_it_goes_on_where_it_was(chores: Chores) -> None:
    gate = threading.Event()

    def work(one: Chore) -> int:
        gate.wait(5)
        return (one.result or 0) + 1

    chore = chores.start("a", "lin", None, work)
    chores.again(chore, work)  # it is not over: nothing happens
    gate.set()
    wait(lambda: chore.is_over)
    assert chore.result == 1
    chores.again(chore, work)
    wait(lambda: chore.is_over)
    assert chore.result == 2


def test_old_ones_are_forgotten(chores: Chores) -> None:
    made = [chores.start(f"k{number}", "lin", None, lambda _: None) for number in range(KEPT + 20)]
    wait(lambda: all(one.is_over for one in made))
    last = chores.start("last", "lin", None, lambda _: None)
    with pytest.raises(NotFoundError):
        chores.find(made[0].token, "lin")
    assert chores.find(made[-1].token, "lin")
    assert chores.find(last.token, "lin")
