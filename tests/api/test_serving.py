"""`resound serve`: whom it lets in at the first start, and where it refuses to start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from resound.people.accounts import invite_first
from resound.store import open_store
from tests.resound.staff import NOW, hire
from tests.whole_way import environment


@contextmanager
def serving(data: Path, *words: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "resound", "--data", str(data), "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment(), "PYTHONUNBUFFERED": "1", **settings},
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def first_words(process: subprocess.Popen[str], until: str) -> str:
    """What it prints, up to a line with `until` in it."""
    assert process.stdout is not None
    said = ""
    deadline = time.monotonic() + 60
    while until not in said:
        line = process.stdout.readline()
        assert line, said
        assert time.monotonic() < deadline, said
        said += line
    return said


def test_alone_it_prints_a_link_that_makes_the_first_account(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        said = first_words(process, "/welcome/")
        assert "whoever sits at this machine may do everything" in said.replace("\n", " ")
        (link,) = re.findall(r"^(http://127\.0\.0\.1:\d+/welcome/\S+)$", said, re.MULTILINE)
        page = requests.get(link, timeout=30)
        assert page.status_code == 200
        assert "first account" in page.text


def test_with_accounts_it_prints_no_link(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'resound.sqlite'}")
    hire(store, "lin", "admin")
    with store.read() as connection:
        assert invite_first(connection, now=NOW) is None
    store.close()
    with serving(tmp_path) as process:
        said = first_words(process, "Resound is at")
        (address,) = re.findall(r"http://127\.0\.0\.1:\d+/", said)
        assert requests.get(f"{address}people", timeout=30, allow_redirects=False).status_code == 303
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert "welcome" not in process.stdout.read()


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (("--host", "0.0.0.0"), {}),
        pytest.param((), {"RESOUND_PUBLIC_URL": "https://resound.example.org"}, marks=pytest.mark.slow),
        pytest.param((), {"RESOUND_PROXIES": "127.0.0.1"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_where_others_could_come_in_it_refuses_to_start_without_accounts(
    tmp_path: Path, words: tuple[str, ...], settings: dict[str, str]
) -> None:
    with serving(tmp_path, *words, **settings) as process:
        said = " ".join(first_words(process, "admin").split())
        assert "Nobody has an account yet" in said
        assert "resound user add LOGIN --role admin" in said
        assert process.wait(30) == 1
