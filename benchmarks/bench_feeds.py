"""Every test feed of feedparser through `parse_feed`: exceptions, the slowest, active markup, and feeds a second.

RESOUND_SHARED_DATA=../shared/data .venv/bin/python benchmarks/bench_feeds.py
"""

from __future__ import annotations

import os
import re
import sys
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ACTIVE = re.compile(r"<\s*[a-z/!?]|javascript:|vbscript:|data:text/html", re.IGNORECASE)


def main() -> int:
    """Run and print; 1 where a promise does not hold."""
    from crawlers.feeds import entry_as_json, parse_feed

    folder = Path(os.environ.get("RESOUND_SHARED_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "vectors" / "feedparser-feeds.tar.gz"
    if not path.is_file():
        print(f"There are no test feeds at {path}; set RESOUND_SHARED_DATA.")
        return 1
    times, entries, problems, raised, active = [], 0, 0, [], []
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is None or not member.name.endswith(".xml"):
                continue
            body = file.read()
            began = time.perf_counter()
            try:
                feed = parse_feed(
                    body, url="https://feeds.example/f.xml", zone=ZoneInfo("UTC"), now=datetime.now(UTC)
                )
            except Exception as err:  # noqa: BLE001 (counting them is what this is for)
                raised.append(f"{member.name}: {type(err).__name__}")
                continue
            times.append((time.perf_counter() - began, member.name))
            entries += len(feed.entries)
            problems += bool(feed.problem)
            texts = [feed.title, *(str(v) for one in feed.entries for v in entry_as_json(one).values() if v)]
            active += [member.name for text in texts if ACTIVE.search(text)]
    times.sort()
    total = sum(seconds for seconds, _ in times)
    print("| what | result |")
    print("|---|---|")
    print(f"| feeds | {len(times) + len(raised)} |")
    print(f"| exceptions | {len(raised)} |")
    print(f"| entries | {entries} |")
    print(f"| told as broken or odd, in words | {problems} |")
    print(f"| active markup stored | {len(active)} |")
    print(f"| median | {times[len(times) // 2][0] * 1000:.2f} ms |")
    print(f"| slowest | {times[-1][0] * 1000:.0f} ms ({times[-1][1]}) |")
    print(f"| feeds a second | {len(times) / total:.0f} |")
    return 1 if raised or active or times[-1][0] >= 1 else 0


if __name__ == "__main__":
    sys.exit(main())
