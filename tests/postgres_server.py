"""A PostgreSQL server of the tests' own, on a Unix socket in a folder that is thrown away; nothing listens on a network.

`RESOUND_TEST_POSTGRES_URL` names a server to use instead (its user must be allowed to make databases).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from resound.store import open_store

SETTINGS = {
    "listen_addresses": "",
    # Clients are killed here, never the server: what is committed need not survive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
}


@dataclass
class PostgresServer:
    """Where databases are made. Each has the newest schema at once: it is a copy of one that was migrated."""

    url: URL
    mark: str = field(default_factory=lambda: uuid4().hex[:8])
    made: int = 0
    template: str = ""

    def create(self, *, is_empty: bool = False) -> str:
        """A new database's address."""
        if not self.template and not is_empty:
            self.template = f"resound_{self.mark}_template"
            self._run(f"CREATE DATABASE {self.template} TEMPLATE template0 ENCODING 'UTF8'")
            open_store(self.address(self.template)).close()
        self.made += 1
        name = f"resound_{self.mark}_{self.made}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {'template0' if is_empty else self.template}")
        return self.address(name)

    def address(self, name: str) -> str:
        """The address of a database of this server, as people write it."""
        return self.url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)

    def drop(self, address: str) -> None:
        """Remove a database, whoever is still connected."""
        self._run(f"DROP DATABASE IF EXISTS {make_url(address).database} WITH (FORCE)")

    def close(self) -> None:
        """Remove the template."""
        if self.template:
            self._run(f"DROP DATABASE IF EXISTS {self.template} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def find_program(name: str) -> str | None:
    """A server program: in the path, or where Debian keeps them; the newest version."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda one: float(one.parts[-3]), reverse=True
    )
    return shutil.which(name) or next((str(one) for one in versions), None)


@contextmanager
def run_server() -> Iterator[PostgresServer]:
    """A server for the length of the block; skips the test, saying why, where none can be had."""
    pytest.importorskip("psycopg", reason="psycopg speaks to PostgreSQL: pip install 'resound[postgres]'")
    given = os.environ.get("RESOUND_TEST_POSTGRES_URL")
    if given:
        server = PostgresServer(make_url(given).set(drivername="postgresql+psycopg"))
        yield server
        server.close()
        return
    initdb, program = find_program("initdb"), find_program("postgres")
    if initdb is None or program is None:
        pytest.skip("no PostgreSQL here: install it (Debian: postgresql) or set RESOUND_TEST_POSTGRES_URL")
    who = _user()
    folder = Path(tempfile.mkdtemp(prefix="resound-postgres-"))  # short: a socket's path has 107 bytes
    if "user" in who:
        os.chown(folder, who["user"], who["group"])
    data = folder / "data"
    # ICU's English order (a < B < c) is what a careless installation has; ours must not depend on it.
    subprocess.run(
        [initdb, "--pgdata", data, "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync",
         "--locale=C.UTF-8", *_icu(initdb)],
        check=True, capture_output=True, cwd=folder, **who,
    )  # fmt: skip
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", data, "-k", folder, "-p", "5432", *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            preexec_fn=_end_with_the_tests,
            **who,
        )
    url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder)})
    try:
        _wait(process, url, folder / "log")
        yield PostgresServer(url)
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, whoever is connected
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_the_tests() -> None:
    """Tests that are killed leave no server behind (prctl(2), PR_SET_PDEATHSIG; Linux only)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _user() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _icu(initdb: str) -> list[str]:
    # "initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
    told = subprocess.run([initdb, "--version"], check=True, capture_output=True, text=True).stdout
    version = re.search(r"\) (\d+)", told)
    return ["--locale-provider=icu", "--icu-locale=en"] if version and int(version[1]) >= 15 else []


def _wait(process: subprocess.Popen[bytes], url: URL, log: Path) -> None:
    engine = create_engine(url)
    deadline = time.monotonic() + 60
    while True:
        try:
            engine.connect().close()
        except Exception:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL does not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        else:
            break
    engine.dispose()
