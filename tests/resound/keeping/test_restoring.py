"""What is not a whole, unaltered backup puts nothing in place; what is goes on from any schema and any interruption."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

import resound.keeping.backup
from resound.errors import BackupError, ConflictError, ResoundError, SchemaTooNewError
from resound.keeping.archive import ArchiveWriter
from resound.keeping.restoring import Restored, restore_backup
from resound.store import open_store
from resound.store.identity import identify_store
from resound.store.portable import TableForm, store_forms, sum_table
from tests.postgres_server import PostgresServer
from tests.resound.kept import (
    NOW,
    back_up,
    collect,
    files,
    fill,
    make_data,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data")


@pytest.fixture
def archive(data: Path, tmp_path: Path) -> Path:
    """A backup of a small SQLite store."""
    opened = open_store(f"sqlite:///{tmp_path / 'small.sqlite'}")
    fill(opened, articles=3)
    collect(opened, data / "evidence", range(3))
    back_up(opened, data, tmp_path / "small.tar")
    opened.close()
    return tmp_path / "small.tar"


def refuse(archive: Path, into: Path, says: str, kind: type[ResoundError] = BackupError) -> None:
    with pytest.raises(kind, match=says):
        restore_backup(archive, into)
    assert not into.exists(), "something was put in place"


def test_cut_off_anywhere_it_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    chance = random.Random(5)
    cuts = {0, 1, 511, 512, 513, len(whole) // 2, *(chance.randrange(len(whole)) for _ in range(10))}
    with tarfile.open(archive) as tar:
        (last,) = (one for one in tar if one.name == "manifest.sha256")
        end = last.offset_data + last.size
        edges = sorted({one.offset for one in tar} | {one.offset_data for one in tar})
        cuts |= {*edges[-5:], *chance.sample(edges, 8)}
    short = tmp_path / "short.tar"
    for cut in sorted(one for one in cuts if one < end):
        short.write_bytes(whole[:cut])
        refuse(short, tmp_path / "new", "cut off|no backup|damaged")


def test_one_altered_byte_anywhere_is_noticed(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    with tarfile.open(archive) as tar:
        spans = [(one.offset_data, one.offset_data + one.size) for one in tar if one.size]
    chance = random.Random(6)
    odd = tmp_path / "odd.tar"
    for start, end in [*chance.sample(spans[:-6], 5), *spans[-6:]]:
        for at in {start, end - 1, chance.randrange(start, end)}:
            odd.write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
            refuse(odd, tmp_path / "new", "damaged|altered|cannot be")


def rewrite(archive: Path, to: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The archive with a manifest of another wording, whole in itself."""
    with tarfile.open(archive) as tar:
        held = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    manifest = json.loads(held.pop("manifest.json"))
    held.pop("manifest.sha256")
    change(manifest)
    manifest.pop("members")
    with ArchiveWriter(to, now=NOW) as out:
        for name, data in held.items():
            out.add(name, io.BytesIO(data), len(data))
        out.finish(manifest)
    return to


def articles_in(manifest: dict[str, Any]) -> Any:
    """What a manifest says of a table that has rows."""
    return next(one for one in manifest["tables"] if one["name"] == "article")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told.update(format=2), "newer Resound"),
        (lambda told: told.update(schema="9001"), "newer Resound"),
        (lambda told: told.update(tables=[]), "does not hold the tables"),
        (lambda told: told.update(tables="x"), "does not say what the store held"),
        (lambda told: told.pop("numbers"), "does not say what the store held"),
        (lambda told: articles_in(told).update(rows=99), "does not hold what its manifest says"),
        (lambda told: articles_in(told).update(sha256="0" * 64), "does not hold what its manifest says"),
        (lambda told: articles_in(told).update(bytes=10**15), "absurdly large"),
        (lambda told: articles_in(told).update(bytes=3), "larger than the backup's manifest says"),
        (lambda told: articles_in(told)["columns"].pop(), "columns that they should have|has a key"),
        (
            lambda told: articles_in(told)["columns"].append(["; DROP TABLE x", "text"]),
            "columns that they should",
        ),
        (lambda told: articles_in(told)["columns"][0].__setitem__(1, "evil"), "column that cannot be read"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    odd = rewrite(archive, tmp_path / "odd.tar", change)
    refuse(odd, tmp_path / "new", says, ResoundError)


def hostile(kind: bytes, name: str, data: bytes = b"x", **more: Any) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.GNU_FORMAT) + data.ljust(-(-len(data) // 512) * 512, b"\0")


HOSTILE = {
    "up": hostile(tarfile.REGTYPE, "../outside"),
    "absolute": hostile(tarfile.REGTYPE, "/tmp/outside"),
    "up inside": hostile(tarfile.REGTYPE, "evidence/clips/../../../outside"),
    "other name": hostile(tarfile.REGTYPE, "resound.sqlite"),
    "store file": hostile(tarfile.REGTYPE, "data/other.json"),
    "symbolic link": hostile(tarfile.SYMTYPE, "evidence/clips/" + "0" * 64, b"", linkname="/etc/passwd"),
    "hard link": hostile(tarfile.LNKTYPE, "evidence/clips/" + "0" * 64, b"", linkname="/etc/passwd"),
    "linking file": hostile(tarfile.REGTYPE, "evidence/clips/" + "0" * 64, b"", linkname="/etc/passwd"),
    "device": hostile(tarfile.CHRTYPE, "evidence/clips/" + "0" * 64, b"", devmajor=1, devminor=3),
    "pipe": hostile(tarfile.FIFOTYPE, "evidence/clips/" + "0" * 64, b""),
    "folder": hostile(tarfile.DIRTYPE, "evidence", b""),
    "long name": hostile(tarfile.GNUTYPE_LONGNAME, "././@LongLink", b"../outside"),
    "extended header": hostile(tarfile.XHDTYPE, "././@PaxHeader", b"20 path=../outside\n"),
    "sparse": hostile(tarfile.GNUTYPE_SPARSE, "evidence/clips/" + "0" * 64, b""),
    "nothing": b"",
    "zeros": bytes(10_240),
    "text": b"this is no archive at all. " * 100,
    "absurd size": hostile(tarfile.REGTYPE, "evidence/clips/" + "0" * 64, b"")[:124]
    + b"77777777777\x00" + hostile(tarfile.REGTYPE, "evidence/clips/" + "0" * 64, b"")[136:],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(name: str, archive: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.tar"
    odd.write_bytes(HOSTILE[name])
    refuse(odd, tmp_path / "new", ".")
    odd.write_bytes(HOSTILE[name] + archive.read_bytes())
    if HOSTILE[name]:
        refuse(odd, tmp_path / "new", ".")
    assert not (tmp_path / "outside").exists()
    assert not Path("/tmp/outside").exists()


def test_a_gzip_bomb_is_stopped_at_what_the_manifest_says(archive: Path, tmp_path: Path) -> None:
    import gzip

    with tarfile.open(archive) as tar:
        held = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    manifest = json.loads(held.pop("manifest.json"))
    held.pop("manifest.sha256")
    manifest.pop("members")
    held["store/article.jsonl.gz"] = gzip.compress(b"[" + b" " * 50_000_000, 9)
    odd = tmp_path / "bomb.tar"
    with ArchiveWriter(odd, now=NOW) as out:
        for name, data in held.items():
            out.add(name, io.BytesIO(data), len(data))
        out.finish(manifest)
    refuse(odd, tmp_path / "new", "larger than the backup's manifest says")


def test_a_folder_or_a_store_that_holds_something_is_refused(
    archive: Path, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    with pytest.raises(ConflictError, match=r"not empty: mine\.txt\. Nothing was changed.*--into"):
        restore_backup(archive, full)
    assert files(full).keys() == {"mine.txt"}
    address = postgres_server.create()
    there = open_store(address)
    with there.write() as connection:
        connection.execute(text("INSERT INTO change (article) VALUES ('a')"))
    with pytest.raises(ConflictError, match="1 in change"):
        restore_backup(archive, tmp_path / "new", store_address=address)
    assert not (tmp_path / "new").exists()
    there.close()
    postgres_server.drop(address)


def test_what_is_restored_is_another_store(
    data: Path, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """It may live beside its original, and must not take the other's index for its own."""
    original = open_store(f"sqlite:///{tmp_path / 'original.sqlite'}")
    fill(original, articles=1)
    identities = [identify_store(original)]
    back_up(original, data, tmp_path / "known.tar")
    original.close()
    address = postgres_server.create()
    empty = open_store(address)
    identities.append(identify_store(empty))
    for number, into in enumerate((None, address)):
        restore_backup(tmp_path / "known.tar", tmp_path / f"new{number}", store_address=into)
    for one in (f"sqlite:///{tmp_path / 'new0' / 'resound.sqlite'}", address):
        restored = open_store(one)
        identities.append(identify_store(restored))
        restored.close()
    empty.close()
    postgres_server.drop(address)
    assert len(set(identities)) == 4


def test_an_empty_folder_will_do_and_stays_where_it_is_refused(archive: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken.tar"
    broken.write_bytes(archive.read_bytes()[:3000])
    with pytest.raises(BackupError):
        restore_backup(broken, empty)
    assert list(empty.iterdir()) == []
    assert restore_backup(archive, empty).files == 2


KILLED = """
import sys
from pathlib import Path
from resound.keeping.restoring import restore_backup
def tell(what, done, total):
    print(what, flush=True)
    sys.stdin.readline()
restore_backup(Path(sys.argv[1]), Path(sys.argv[2]), progress=tell)
"""


@pytest.mark.parametrize("moment", ["unpacking", "version", "comparing clip"])
def test_killed_it_can_be_begun_again(archive: Path, tmp_path: Path, moment: str) -> None:
    into = tmp_path / "new"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, archive, into],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    while process.stdout.readline().strip() != moment:
        process.stdin.write("\n")
        process.stdin.flush()
    with pytest.raises(ConflictError, match="Another restore"):
        restore_backup(archive, into)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert {one.name for one in into.iterdir()} == {".restoring"}
    assert restore_backup(archive, into).files == 2
    assert not (into / ".restoring").exists()


@pytest.fixture
def old_archive(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the first Resound would have written: its schema, its tables and columns."""
    address = f"sqlite:///{tmp_path / 'old.sqlite'}"
    old = open_store(address, revision="0001")
    with old.write() as connection:
        connection.execute(
            text(
                "INSERT INTO article VALUES ('a', 'https://a.example/', 'item', 'o', 'en', 'online', "
                "'2014-10-02T00:00:00.000000Z', 'v', NULL, NULL)"
            )
        )
    there = inspect(old.engine)
    known = {table: {one["name"] for one in there.get_columns(table)} for table in there.get_table_names()}
    forms = [
        TableForm(one.name, tuple(column for column in one.columns if column[0] in known[one.name]), one.key)
        for one in store_forms()
        if one.name in known
    ]
    monkeypatch.setattr(resound.keeping.backup, "store_forms", lambda: forms)
    back_up(old, data, tmp_path / "old.tar")
    monkeypatch.undo()
    old.close()
    return tmp_path / "old.tar"


@pytest.mark.postgres
def test_an_older_schema_is_brought_forward(
    old_archive: Path, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    address = postgres_server.create(is_empty=True)
    for number, where in enumerate((None, address)):
        into = tmp_path / f"new{number}"
        told: Restored = restore_backup(old_archive, into, store_address=where)
        assert told.schema == "0001"
        restored = open_store(where or f"sqlite:///{into / 'resound.sqlite'}")
        with restored.read() as connection:
            assert connection.execute(text("SELECT id FROM article")).scalars().all() == ["a"]
            assert (
                sum_table(connection, next(one for one in store_forms() if one.name == "translation")).rows
                == 0
            )
        restored.close()
        assert not list(into.glob("*.backup")), "the backup is the copy"
    postgres_server.drop(address)


def test_a_newer_schema_is_refused(archive: Path, tmp_path: Path) -> None:
    odd = rewrite(archive, tmp_path / "odd.tar", lambda told: told.update(schema="9001"))
    refuse(odd, tmp_path / "new", r"newer Resound.*schema 9001.*Nothing was changed", SchemaTooNewError)


def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path: Path, data: Path) -> None:
    refuse(tmp_path / "nothing.tar", tmp_path / "new", "There is no backup")
    shutil.make_archive(str(tmp_path / "other"), "tar", data)
    refuse(tmp_path / "other.tar", tmp_path / "new", "no backup of Resound")
