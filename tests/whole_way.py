"""What tests of the whole way share: running the command line as people do, and a store's content as plain sets."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import text

from resound.store import open_store

CONTENT = {
    "articles": "SELECT id, kind, outlet, edition, medium, url, current FROM article",
    "versions": "SELECT id, article, content_hash, title FROM version",
    "captures": "SELECT page, status, payload_sha256 FROM capture",
    "pages": "SELECT id, article FROM page",
    "matches": "SELECT article, campaign, matched, prominence FROM match",
    "groupings": "SELECT article, item, story, re_run_of FROM grouping",
    "edges": "SELECT a, b, method, score FROM edge",
    "clips": "SELECT article, sha256 FROM clip",
    "decisions": "SELECT kind, article, campaign, value FROM decision",
    "leads": "SELECT id, reason FROM lead",
    "waiting": "SELECT stage, subject FROM work WHERE due IS NOT NULL",
}
"""What must be the same however often a run was killed. Moments and row numbers are not content."""


def command(
    data: Path, *words: str, stdin: str | None = None, store: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `resound` on a data folder, as a process of its own; `store` is RESOUND_STORE_URL, `more` other variables."""
    return subprocess.run(
        [sys.executable, "-m", "resound", "--data", str(data), *words],
        capture_output=True,
        text=True,
        input=stdin,
        env=environment(store) | more,
        timeout=280,
        check=False,
    )


def ask(data: Path, *words: str, store: str | None = None, **more: str) -> Any:
    """Run a command with `--json` and read its answer."""
    ran = command(data, *words, "--json", store=store, **more)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def copy_demo(folder: Path, to: Path) -> Path:
    """A copy of the demo's folder, `data` in `to`. Without what SQLite keeps beside a database while another test reads it."""
    beside = shutil.ignore_patterns("*.sqlite-wal", "*.sqlite-shm")
    return Path(shutil.copytree(folder, to / "data", ignore=beside))


def environment(store: str | None = None) -> dict[str, str]:
    """This process's, without what a developer may have set for Resound."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RESOUND_")}
    own = {"RESOUND_STORE_URL": store} if store is not None else {}
    return {**kept, "RESOUND_CONTACT": "tests@resound.example", "COLUMNS": "200", **own}


def content(data: Path, store: str | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a store holds, sorted, without moments: duplicates would show."""
    if store is not None:
        opened = open_store(store)
        with opened.read() as there:
            found = {
                name: sorted((tuple(row) for row in there.execute(text(query))), key=repr)
                for name, query in CONTENT.items()
            }
        opened.close()
        return found
    with sqlite3.connect(data / "resound.sqlite") as connection:
        found = {name: sorted(connection.execute(query), key=repr) for name, query in CONTENT.items()}
    connection.close()
    return found


def integrity(data: Path) -> str:
    """What SQLite itself says of the file."""
    with sqlite3.connect(data / "resound.sqlite") as connection:
        answer: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return answer
