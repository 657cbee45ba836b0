"""Evidence that can be trusted: what was acknowledged is there, what changed is found, what was torn costs only itself."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.evidence import (
    EvidenceProblem,
    EvidenceRef,
    EvidenceWriter,
    iter_pages,
    list_files,
    read_page,
    verify,
)
from crawlers.recorder import Recorder
from resound.article import Entry, RawPage
from resound.errors import EvidenceError

NOW = datetime(2014, 10, 2, 3, 4, 5, tzinfo=UTC)


def make_page(number: int = 1, body: bytes = b"<p>hello</p>", **more: object) -> RawPage:
    url = f"http://news.example/{number}"
    headers = {"Content-Type": "text/html", "X-Odd": "綠 \u00e9"}
    return RawPage(
        url, url, 200, headers, body, NOW + timedelta(seconds=number), entry=Entry(url, title="綠耕隊")
    )


def write(folder: Path, pages: Sequence[RawPage]) -> list[EvidenceRef]:
    with EvidenceWriter(folder, started=NOW) as writer:
        return [writer.write(page) for page in pages]


@given(st.binary(max_size=3000), st.text(max_size=40))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_body_reads_back_as_it_came(tmp_path: Path, body: bytes, title: str) -> None:
    page = RawPage(
        "http://a.example/1", "http://a.example/2", 203, {}, body, NOW, Entry("http://a.example/1", title)
    )
    (ref,) = write(tmp_path, [page])
    found = read_page(tmp_path, ref)
    assert (found.body, found.url, found.final_url, found.status) == (body, page.url, page.final_url, 203)
    assert found.entry == page.entry
    assert found.fetched_at == NOW


def test_warcio_reads_what_was_written(tmp_path: Path) -> None:
    from warcio.archiveiterator import ArchiveIterator

    write(tmp_path, [make_page(1), make_page(2)])
    with list_files(tmp_path)[0].open("rb") as file:
        found = [
            (
                record.rec_type,
                record.rec_headers.get_header("WARC-Target-URI"),
                record.content_stream().read(),
            )
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    bodies = [(url, body) for kind, url, body in found if kind == "response"]
    assert bodies == [("http://news.example/1", b"<p>hello</p>"), ("http://news.example/2", b"<p>hello</p>")]


def test_every_start_begins_a_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, [make_page(1)])
    write(tmp_path, [make_page(2)])
    assert len(list_files(tmp_path)) == 2
    assert sorted(page.url for _, page in iter_pages(tmp_path)) == [
        "http://news.example/1",
        "http://news.example/2",
    ]


def test_a_flipped_bit_anywhere_is_found(tmp_path: Path) -> None:
    refs = write(tmp_path, [make_page(number) for number in range(3)])
    path = list_files(tmp_path)[0]
    whole = path.read_bytes()
    dice = random.Random(5)
    for _ in range(60):
        ref = dice.choice(refs)
        at = ref.offset + dice.randrange(ref.length)
        changed = bytearray(whole)
        changed[at] ^= 1 << dice.randrange(8)
        path.write_bytes(changed)
        problems = [one for one in verify(tmp_path, refs) if one.is_loss]
        assert [one.ref for one in problems] == [ref]
        with pytest.raises(EvidenceError):
            read_page(tmp_path, ref)
    path.write_bytes(whole)
    assert list(verify(tmp_path, refs)) == []


def test_a_torn_tail_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    refs = write(tmp_path, [make_page(number, os.urandom(900)) for number in range(3)])
    path = list_files(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-300])
    problems: list[EvidenceProblem] = []
    assert len(list(iter_pages(tmp_path, problems=problems))) == 2
    assert problems
    assert [one.is_loss for one in verify(tmp_path, refs[:2])] == [False]  # nobody ever named it
    assert [one.ref for one in verify(tmp_path, refs) if one.is_loss] == [refs[2]]


def test_a_missing_file_is_a_loss(tmp_path: Path) -> None:
    refs = write(tmp_path, [make_page()])
    list_files(tmp_path)[0].unlink()
    assert [one.kind for one in verify(tmp_path, refs)] == ["missing"]


WRITER = """
import os, sys
from pathlib import Path
from tests.crawlers.test_evidence import make_page, NOW
from crawlers.evidence import EvidenceWriter
from crawlers.recorder import Recorder
folder = Path(sys.argv[1])
log = open(folder / "named.txt", "a")
def commit(group):
    for page, ref, token in group:
        log.write(f"{token} {ref.file} {ref.offset} {ref.length} {ref.sha256} {ref.payload_sha256}\\n")
    log.flush(); os.fsync(log.fileno())
with Recorder(EvidenceWriter(folder / "evidence", started=NOW), commit) as recorder:
    for number in range(100_000):
        recorder.put(make_page(number, os.urandom(5000)), number)
"""


@pytest.mark.slow
def test_what_was_named_survives_kill_9(tmp_path: Path) -> None:
    dice = random.Random(9)
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)])
        time.sleep(0.6 + dice.random() * 0.6)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    lines = (tmp_path / "named.txt").read_text().splitlines(keepends=True)
    rows = [line.split() for line in lines if line.endswith("\n")]
    refs = [EvidenceRef(row[1], int(row[2]), int(row[3]), row[4], row[5]) for row in rows]
    assert len(refs) > 50
    assert [one for one in verify(tmp_path / "evidence", refs) if one.is_loss] == []


def test_nothing_is_acknowledged_before_it_is_named(tmp_path: Path) -> None:
    named: list[int] = []
    with Recorder(
        EvidenceWriter(tmp_path, started=NOW), lambda group: named.extend(one[2] for one in group)
    ) as recorder:
        futures = [recorder.put(make_page(number), number) for number in range(200)]
        for number, future in enumerate(futures):
            future.result(timeout=10)
            assert number in named
    assert sorted(named) == list(range(200))
    assert len(list(iter_pages(tmp_path))) == 200


def test_a_store_that_fails_fails_every_waiting_page(tmp_path: Path) -> None:
    def fail(group: object) -> None:
        raise OSError("the disk is full")

    recorder = Recorder(EvidenceWriter(tmp_path, started=NOW), fail)
    with pytest.raises(OSError, match="disk is full"):
        recorder.put(make_page(), 1).result(timeout=10)
    with pytest.raises(OSError, match="disk is full"):
        recorder.put(make_page(), 2)
    with pytest.raises(OSError, match="disk is full"):
        recorder.close()


def test_a_page_that_can_be_no_evidence_fails_alone(tmp_path: Path) -> None:
    odd = RawPage("not an address", "not an address", 200, {}, b"", NOW)
    with Recorder(EvidenceWriter(tmp_path, started=NOW), lambda group: None) as recorder:
        bad, good = recorder.put(odd, 1), recorder.put(make_page(), 2)
        assert good.result(timeout=10).length > 0
        with pytest.raises(EvidenceError):
            bad.result(timeout=10)
