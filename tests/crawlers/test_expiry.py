"""A page taken out of a WARC file: a valid record of the same length stands in its place, all others where they were."""

from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from crawlers.evidence import EvidenceRef, EvidenceWriter, iter_pages, read_page, verify, whole_length
from crawlers.expiry import beside, is_still_there, write_without
from crawlers.warc import expired_member, inflate_member, is_expired, warcinfo_member
from resound.article import RawPage
from resound.errors import EvidenceError

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
FILE = "resound-20140915-000000-1-0000000000000000-00001.warc.gz"


@given(st.integers(400, 300_000))
def test_a_filler_has_any_length_and_is_a_record(length: int) -> None:
    made = expired_member(FILE, 77, length, NOW)
    assert len(made) == length
    plain, rest = inflate_member(made)
    assert rest == b""
    assert is_expired(plain)
    assert gzip.decompress(made) == plain


def test_other_records_are_no_fillers_and_too_little_room_is_said() -> None:
    assert not is_expired(inflate_member(warcinfo_member(FILE))[0])
    assert not is_expired(b"")
    with pytest.raises(ValueError, match="too few"):
        expired_member(FILE, 0, 100, NOW)


def page(number: int, size: int = 20_000) -> RawPage:
    url = f"https://news.example/{number}"
    body = random.Random(number).randbytes(size)
    return RawPage(url=url, final_url=url, status=200, headers={"A": "b"}, body=body, fetched_at=NOW)


@pytest.fixture
def written(tmp_path: Path) -> list[EvidenceRef]:
    with EvidenceWriter(tmp_path, started=NOW) as writer:
        return [
            writer.write(page(number, 1 if number == 3 else 20_000 * (number + 1))) for number in range(6)
        ]


@pytest.mark.parametrize("gone", [{0}, {5}, {3}, {1, 2}, {0, 2, 4}, {0, 1, 2, 3, 4, 5}])
def test_what_stays_is_where_it_was(written: list[EvidenceRef], tmp_path: Path, gone: set[int]) -> None:
    path = tmp_path / written[0].file
    before = path.stat()
    kept = [ref for number, ref in enumerate(written) if number not in gone]
    new = write_without(path, [written[number] for number in gone], kept, at=NOW)
    assert new == beside(path)
    assert path.stat().st_size == before.st_size, "the old file is untouched until then"
    new.replace(path)
    after = path.stat()
    assert after.st_size == before.st_size
    assert after.st_blocks < before.st_blocks or gone == {3}, "no room was won"
    assert list(verify(tmp_path, kept)) == []
    for number, ref in enumerate(written):
        assert is_still_there(path, ref) == (number not in gone)
        if number in gone:
            with pytest.raises(EvidenceError, match="SHA-256 differs"):
                read_page(tmp_path, ref)
        else:
            assert read_page(tmp_path, ref).url == f"https://news.example/{number}"
    problems: list[object] = []
    assert [ref for ref, _ in iter_pages(tmp_path, problems=problems)] == kept  # type: ignore[arg-type]
    assert problems == []
    assert whole_length(path, 0) == after.st_size
    for number in gone:  # nothing of the page's own bytes is left
        body = page(number, 1 if number == 3 else 20_000 * (number + 1)).body
        assert len(body) == 1 or body[:100] not in path.read_bytes()


def test_any_tool_still_reads_the_file(written: list[EvidenceRef], tmp_path: Path) -> None:
    path = tmp_path / written[0].file
    write_without(path, [written[1], written[4]], [], at=NOW).replace(path)
    with path.open("rb") as file:
        types = [record.rec_type for record in ArchiveIterator(file)]
    assert types == ["warcinfo", "response", "metadata", "metadata", *["response", "metadata"] * 2, "metadata", "response", "metadata"]  # fmt: skip
    assert gzip.decompress(path.read_bytes()).startswith(b"WARC/1.1")


def test_a_damaged_page_keeps_the_file_as_it_is(written: list[EvidenceRef], tmp_path: Path) -> None:
    path = tmp_path / written[0].file
    data = bytearray(path.read_bytes())
    data[written[2].offset + 50] ^= 1
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match=r"left as it is.*damaged"):
        write_without(path, [written[0]], written[1:], at=NOW)
    assert path.read_bytes() == data
