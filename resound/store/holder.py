"""Who holds a lease: a process, known by its machine, its number and when it started."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


@cache
def me() -> str:
    """This process."""
    return f"{socket.gethostname()}|{os.getpid()}|{_started(os.getpid())}"


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks: tells a dead process from a new one with its number."""
    try:
        # `pid (name, which may hold spaces) S ppid …`: the 22nd field is starttime (proc(5))
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]  # a zombie is dead, whoever has not yet noticed


def is_dead(holder: str) -> bool:
    """Whether the process is known to have ended. Of another machine's nothing is known: its leases end by time."""
    host, pid, started = holder.rsplit("|", 2)
    if host != socket.gethostname():
        return False
    if Path("/proc/self/stat").exists():
        return _started(int(pid)) != started
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def name_holder(holder: str) -> str:
    """For people: `host, process 4711`."""
    return "{}, process {}".format(*holder.rsplit("|", 2)[:2])
