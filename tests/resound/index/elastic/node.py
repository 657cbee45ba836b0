"""A real Elasticsearch node for tests: started on a free port of loopback, stopped or killed by its own pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def start_script() -> Path | None:
    """What starts a node, where it is there."""
    folder = Path(os.environ.get("RESOUND_TEST_ELASTICSEARCH", ROOT.parent / "shared" / "elasticsearch"))
    script = folder / "start.py"
    return script if script.is_file() else None


@dataclass
class Node:
    """A running node. Its data stays when it is stopped or killed."""

    data: Path
    url: str
    transport: str
    pid: int
    starter: subprocess.Popen[str]

    def kill(self) -> None:
        """As a power cut would."""
        os.kill(self.pid, signal.SIGKILL)
        self.starter.wait(30)

    def stop(self) -> None:
        """Orderly."""
        if self.starter.poll() is None:
            self.starter.terminate()
            self.starter.wait(60)


def start_node(script: Path, data: Path, *, port: int = 0, arguments: tuple[str, ...] = ()) -> Node:
    """Start one and wait until it answers. Raises RuntimeError with what it said where it does not."""
    starter = subprocess.Popen(
        [sys.executable, str(script), "--data", str(data), "--http-port", str(port), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    assert starter.stderr is not None
    line = starter.stdout.readline()
    if not line:
        raise RuntimeError(starter.stderr.read())
    said = json.loads(line)
    return Node(data, said["url"], said["transport"], said["pid"], starter)
