"""Tables that wait between preview and import: whole, their owner's only, and gone after a day."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resound.clips.files import ClipFileError
from resound.clips.importing import ClipResult
from resound.clips.staging import (
    StagedTable,
    Upload,
    check_table,
    discard_staged,
    find_staged,
    read_report,
    stage_table,
    write_report,
)
from resound.errors import NotFoundError, ResoundError
from resound.told import Told

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


def stage(root: Path, *files: Upload, who: str = "lin", now: datetime = NOW) -> StagedTable:
    table = Upload("..\\剪報/clips.csv", io.BytesIO(b"outlet,title\n"))
    return stage_table(root, table, files, who=who, most_bytes=2_000_000, now=now)


def zipped(**files: bytes) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"scans/{name}", data)
    made.seek(0)
    return made


def test_a_table_is_found_again_with_its_files(tmp_path: Path) -> None:
    made = stage(
        tmp_path,
        Upload("b.pdf", io.BytesIO(b"%PDF-b")),
        Upload("all.zip", zipped(a=b"%PDF-a")),
        Upload("\udcff.txt", io.BytesIO(b"odd")),
    )
    found = find_staged(tmp_path, made.token, who="lin", now=NOW + timedelta(hours=23))
    assert found == made
    assert found.table.name == "clips.csv"
    assert {name: path.read_bytes() for name, path in found.files.items()} == {
        "b.pdf": b"%PDF-b",
        "scans/a": b"%PDF-a",
        "\udcff.txt": b"odd",
    }


def test_it_is_nobody_elses_and_not_for_ever(tmp_path: Path) -> None:
    made = stage(tmp_path)
    for who, now in (("mai", NOW), ("lin", NOW + timedelta(days=2))):
        with pytest.raises(NotFoundError, match="no longer here"):
            find_staged(tmp_path, made.token, who=who, now=now)
    for token in ("", "..", "../" + made.token, made.token.upper() + "x", "\x00" * 32):
        with pytest.raises(NotFoundError):
            find_staged(tmp_path, token, who="lin", now=NOW)
    discard_staged(tmp_path, "..")
    discard_staged(tmp_path, made.token)
    assert list(tmp_path.iterdir()) == []


def test_a_new_table_takes_the_place_of_the_last_and_of_what_is_old(tmp_path: Path) -> None:
    other = stage(tmp_path, who="mai", now=NOW - timedelta(hours=5))
    first = stage(tmp_path)
    second = stage(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {other.token, second.token}
    assert first.token != second.token
    third = stage(tmp_path, now=NOW + timedelta(hours=20))
    assert {one.name for one in tmp_path.iterdir()} == {third.token}


def test_what_cannot_be_taken_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ClipFileError, match="zip cannot be read"):
        stage(tmp_path, Upload("x.zip", io.BytesIO(b"PK\x03\x04nothing")))
    assert list(tmp_path.iterdir()) == []


def test_a_report_takes_the_tables_place(tmp_path: Path) -> None:
    made = stage(tmp_path)
    assert read_report(tmp_path, made) is None
    results = [
        ClipResult(2, "added", "a" * 16, Told("added: %(title)s", title="綠耕隊 \udcff"), outlet="範例日報"),
        ClipResult(3, "problem", None, "as it is", column="date"),
    ]
    write_report(tmp_path, made, results)
    found = read_report(tmp_path, find_staged(tmp_path, made.token, who="lin", now=NOW))
    assert found == results
    assert isinstance(found[0].message, Told)
    assert not made.table.exists()


def test_a_table_with_too_many_rows_is_told(tmp_path: Path) -> None:
    made = stage_table(
        tmp_path,
        Upload("c.csv", io.BytesIO(b"outlet,title\n" + b"a,b\n" * 11)),
        (),
        who="l",
        most_bytes=9_000,
        now=NOW,
    )
    check_table(made, most_rows=11, now=NOW)
    with pytest.raises(ResoundError, match="more than 10 rows"):
        check_table(made, most_rows=10, now=NOW)
