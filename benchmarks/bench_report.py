"""What a report of many clips takes: seconds, megabytes of memory and of files, for the workbook and the PDF.

    .venv/bin/python benchmarks/bench_report.py [--clips 1000] [--language zh-Hant]

The demo is crawled and frozen; its counted clips are then repeated under new addresses, days and stories until there are
as many as asked for, whole texts, translations and evidence included. Each format is written by a process of its own,
whose peak memory is its own. Aim: a report of 1,000 clips in a minute of CPU and
1 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from resound.coverage.comparators import Comparators  # noqa: E402
from resound.report.content import build_report  # noqa: E402
from resound.report.workbook import write_workbook  # noqa: E402
from resound.snapshots.model import QuotedItem, Snapshot  # noqa: E402
from resound.snapshots.taking import take_snapshot  # noqa: E402
from resound.snapshots.written import content_hash, read_snapshot, write_snapshot  # noqa: E402
from resound.store import open_store  # noqa: E402
from resound.store.snapshots import SnapshotRow  # noqa: E402
from resound.words import words  # noqa: E402

DEMO = "apo-coe-gp-vietnam-2014"
AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--clips", type=int, default=1000)
    asked.add_argument("--language", default="zh-Hant", choices=("en", "zh-Hant", "vi"))
    asked.add_argument("--write", nargs=2, metavar=("FORMAT", "SNAPSHOT"), help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.write:
        write(options.write[0], Path(options.write[1]), options.language)
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        subprocess.run(
            [sys.executable, "-m", "resound", "--data", str(data), "demo"],
            check=True,
            capture_output=True,
            cwd=ROOT,
        )
        frozen = Path(folder) / "snapshot.json"
        frozen.write_bytes(write_snapshot(repeat(freeze(data), options.clips)))
        print(f"snapshot of {options.clips} counted clips: {frozen.stat().st_size / 1e6:.1f} MB of JSON")
        for kind in ("xlsx", "pdf"):
            ran = subprocess.run(
                [sys.executable, __file__, "--language", options.language, "--write", kind, str(frozen)],
                check=True,
                capture_output=True,
                text=True,
                cwd=ROOT,
            )
            told = json.loads(ran.stdout.splitlines()[-1])
            print(
                f"{kind}: {told['cpu']:.1f} s of CPU, {told['seconds']:.1f} s (read {told['read']:.1f}, laid out {told['laid']:.1f}, written "
                f"{told['written']:.1f}), file {told['file']:.1f} MB, peak memory {told['memory']:.0f} MB"
            )


def freeze(data: Path) -> Snapshot:
    store = open_store(f"sqlite:///{data / 'resound.sqlite'}")
    try:
        with store.read() as connection:
            return take_snapshot(
                connection, DEMO, evidence=data / "evidence", comparators=Comparators(), now=AT
            )
    finally:
        store.close()


def repeat(snapshot: Snapshot, number: int) -> Snapshot:
    """As many counted clips, each of which is one of the demo's under a new address."""
    counted = [one for one in snapshot.clips if one.standing == "counted"]
    days = (snapshot.campaign.window.last - snapshot.campaign.window.first).days + 1
    clips, messages, people = [], {}, {}
    quoted = {"messages": snapshot.messages, "people": snapshot.spokespersons}
    for at in range(number):
        like = counted[at % len(counted)]
        key = f"{like.facts.item}-{at}"
        facts = replace(
            like.facts,
            item=key,
            url=f"https://news.example/{at:05d}",
            story=f"{like.facts.story}-{at // 90}",
            version=key,
            day=snapshot.campaign.window.first + timedelta(days=at * days // number),
        )
        clips.append(replace(like, number=at + 1, facts=facts, twins=()))
        for kind, into in (("messages", messages), ("people", people)):
            for which, items in quoted[kind].items():
                for one in items:
                    if one.item == like.facts.item:
                        into.setdefault(which, []).append(QuotedItem(key, one.passages))
    return replace(
        snapshot,
        clips=tuple(clips),
        messages={key: tuple(some) for key, some in messages.items()},
        spokespersons={key: tuple(some) for key, some in people.items()},
        figures={},
    )


def write(kind: str, frozen: Path, language: str) -> None:
    """Read, lay out and write; say what it took."""
    begun = time.perf_counter()
    body = frozen.read_bytes()
    snapshot = read_snapshot(body)
    read = time.perf_counter()
    row = SnapshotRow(DEMO, 1, snapshot.as_of, content_hash(body), {}, "bench", "")
    report = build_report(row, snapshot, None, words(language))  # type: ignore[arg-type]
    laid = time.perf_counter()
    path = frozen.with_suffix(f".{kind}")
    if kind == "xlsx":
        write_workbook([report], path)
    else:
        from resound.report.printed import write_pdf

        write_pdf([report], path)
    ended = time.perf_counter()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(
        json.dumps(
            {
                "seconds": ended - begun,
                "cpu": sum(one.ru_utime + one.ru_stime for one in used),
                "read": read - begun,
                "laid": laid - read,
                "written": ended - laid,
                "file": path.stat().st_size / 1e6,
                "memory": max(one.ru_maxrss for one in used) / 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
