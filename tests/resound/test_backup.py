"""A backup holds everything that cannot be made again; one that is not whole puts nothing in place."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

import resound.backup
from crawlers.evidence import EvidenceRef, EvidenceWriter, list_files
from resound.archive import ArchiveWriter
from resound.article import RawPage
from resound.backup import BackedUp, harmless_settings, make_backup
from resound.errors import BackupError, ConflictError, ResoundError, SchemaTooNewError
from resound.replaying import verify_evidence
from resound.restoring import Restored, restore_backup
from resound.settings import Settings
from resound.store import Store, open_store
from resound.store.captures import add_capture
from resound.store.portable import TableForm, read_table, store_forms, sum_table
from resound.store.tables import metadata
from tests.postgres_server import PostgresServer
from tests.resound.test_moving import CLIP, fill

pytestmark = pytest.mark.slow_on_postgres
NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
CLIP_NAME = hashlib.sha256(CLIP).hexdigest()


def page(number: int, size: int = 3000) -> RawPage:
    url = f"https://news.example/{number}"
    return RawPage(
        url=url, final_url=url, status=200, headers={"Content-Type": "text/html"},
        body=random.Random(number).randbytes(size), fetched_at=NOW,
    )  # fmt: skip


def name_page(store: Store, number: int, raw: RawPage, ref: EvidenceRef) -> None:
    with store.write() as connection:
        assert add_capture(connection, page_id=f"{number:016}", source="s", raw=raw, where=ref) is not None


def collect(store: Store, evidence: Path, numbers: range) -> None:
    with EvidenceWriter(evidence, started=NOW) as writer:
        for number in numbers:
            raw = page(number)
            ref = writer.write(raw)
            writer.sync()
            name_page(store, number, raw, ref)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "evidence" / "clips").mkdir(parents=True)
    (folder / "evidence" / "clips" / CLIP_NAME).write_bytes(CLIP)
    (folder / "evidence" / "clips" / f".{'1' * 64}.77").write_bytes(b"half")
    (folder / "demo.json").write_text('{"edition": 3}')
    (folder / "index.sqlite").write_text("derived")
    (folder / ".env").write_text("RESOUND_STORE_URL=postgresql://u:s3cret@h/d")
    return folder


@pytest.fixture
def store(store_address: str, data: Path) -> Iterator[Store]:
    opened = open_store(store_address)
    fill(opened)
    collect(opened, data / "evidence", range(8))
    yield opened
    opened.close()


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, store: Store) -> str | None:
    """Where it is restored to: the other kind of database. None: the SQLite file of the folder."""
    return None if store.is_postgres else str(request.getfixturevalue("postgres_address"))


def back_up(store: Store, data: Path, to: Path, **more: Any) -> BackedUp:
    return make_backup(
        store,
        data / "evidence",
        to,
        own=[data / "demo.json", data / "settings.json"],
        settings={"RESOUND_PORTS": "80"},
        now=NOW,
        **more,
    )


def content(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        return [(form.name, line) for form in store_forms() for _, line in read_table(connection, form)]


def files(folder: Path) -> dict[str, str]:
    return {
        str(one.relative_to(folder)): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in folder.rglob("*")
        if one.is_file()
    }


@pytest.mark.postgres
def test_what_is_restored_is_what_was_there(
    store: Store, data: Path, tmp_path: Path, elsewhere: str | None
) -> None:
    made = back_up(store, data, tmp_path / "b" / "x.tar")
    assert (made.files, made.problems) == (2, ())
    into = tmp_path / "new"
    told = restore_backup(tmp_path / "b" / "x.tar", into, store_address=elsewhere)
    assert told.tables == made.tables
    assert (told.files, told.made_at) == (2, NOW.isoformat())
    restored = open_store(elsewhere or f"sqlite:///{into / 'resound.sqlite'}")
    assert content(restored) == content(store)
    assert verify_evidence(restored, into / "evidence") == verify_evidence(store, data / "evidence")
    assert verify_evidence(restored, into / "evidence")[1] == []
    restored.close()
    before, after = files(data / "evidence"), files(into / "evidence")
    assert after == {name: digest for name, digest in before.items() if "/." not in name}
    there = {one.name for one in into.iterdir()}
    own = set() if elsewhere else {"resound.sqlite"}
    assert there == {"evidence", "demo.json", "settings-of-the-backup.json"} | own
    assert json.loads(told.settings.read_text()) == {"RESOUND_PORTS": "80"}


def test_any_tar_can_list_it_and_nothing_secret_or_derived_is_in_it(
    store: Store, data: Path, tmp_path: Path
) -> None:
    back_up(store, data, tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as archive:
        names = archive.getnames()
        held = {one: archive.extractfile(one).read() for one in names}  # type: ignore[union-attr]
    assert names[-2:] == ["manifest.json", "manifest.sha256"]
    assert {one.split("/")[0] for one in names} == {
        "store",
        "evidence",
        "data",
        "manifest.json",
        "manifest.sha256",
    }
    assert {f"store/{one}.jsonl.gz" for one in metadata.tables} <= set(names)
    assert not [one for one in held.values() if b"s3cret" in one]
    manifest = json.loads(held["manifest.json"])
    for one in manifest["members"]:
        assert hashlib.sha256(held[one["name"]]).hexdigest() == one["sha256"]
        assert len(held[one["name"]]) == one["length"]
    assert "index" in manifest["left_out"]


def test_settings_go_in_by_name_and_never_a_secret(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, store_url="postgresql://u:s3cret@h/d", contact="a@b.example")
    told = harmless_settings(settings)
    assert told["RESOUND_CONTACT"] == "a@b.example"
    assert "s3cret" not in json.dumps(told)
    assert not {one for one in told if "KEY" in one or "PASS" in one or "URL" in one}


def test_a_file_is_never_overwritten_and_none_is_left_half(
    store: Store, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.tar").write_text("precious")
    with pytest.raises(BackupError, match="never overwritten"):
        back_up(store, data, tmp_path / "x.tar")
    assert (tmp_path / "x.tar").read_text() == "precious"

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resound.backup, "_add_files", fail)
    with pytest.raises(BackupError, match="No space left"):
        back_up(store, data, tmp_path / "out" / "y.tar")
    assert list((tmp_path / "out").iterdir()) == []


def test_evidence_that_is_not_there_is_told_and_the_rest_is_saved(
    store: Store, data: Path, tmp_path: Path
) -> None:
    (warc,) = list_files(data / "evidence")
    whole = warc.read_bytes()
    (data / "evidence" / "clips" / CLIP_NAME).unlink()
    warc.write_bytes(whole[:-10])
    cut = back_up(store, data, tmp_path / "cut.tar").problems
    assert [one.split(" ", 1)[1] for one in cut] == [
        "ends before the last page that the store names in it.",
        "is missing; the store names it.",
    ]
    warc.unlink()
    gone = back_up(store, data, tmp_path / "gone.tar").problems
    assert "is missing; the store names pages in it." in gone[0]
    restore_backup(tmp_path / "cut.tar", tmp_path / "new")


def test_what_is_being_written_goes_in_up_to_its_last_whole_page(
    store: Store, data: Path, tmp_path: Path
) -> None:
    writer = EvidenceWriter(data / "evidence", started=NOW)
    raw = page(90)
    ref = writer.write(raw)
    writer.sync()
    name_page(store, 90, raw, ref)
    whole = writer.write(page(91))  # on the disk, not yet named
    with (data / "evidence" / ref.file).open("ab") as torn:
        torn.write(b"\x1f\x8b\x08 the beginning of a page")
    back_up(store, data, tmp_path / "x.tar")
    restore_backup(tmp_path / "x.tar", tmp_path / "new")
    assert (tmp_path / "new" / "evidence" / ref.file).stat().st_size == whole.offset + whole.length
    restored = open_store(f"sqlite:///{tmp_path / 'new' / 'resound.sqlite'}")
    assert verify_evidence(restored, tmp_path / "new" / "evidence")[1] == []
    restored.close()


def test_a_backup_of_a_system_at_work_holds_one_moment(store: Store, data: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def crawl() -> None:
        try:
            with EvidenceWriter(data / "evidence", started=NOW) as writer:
                number = 1000
                while not stop.is_set():
                    raw = page(number)
                    ref = writer.write(raw)
                    writer.sync()
                    name_page(store, number, raw, ref)
                    number += 1
        except BaseException as err:
            failures.append(err)

    crawler = threading.Thread(target=crawl)
    crawler.start()
    counts = []
    try:
        for number in range(4):
            made = back_up(store, data, tmp_path / f"{number}.tar")
            assert made.problems == ()
            counts.append(made.tables["capture"].rows)
    finally:
        stop.set()
        crawler.join()
    assert failures == []
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    for number in range(4):
        into = tmp_path / f"new{number}"
        restore_backup(tmp_path / f"{number}.tar", into)
        restored = open_store(f"sqlite:///{into / 'resound.sqlite'}")
        checked, problems = verify_evidence(restored, into / "evidence")
        assert (checked >= counts[number], problems) == (True, [])
        restored.close()


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


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told.update(format=2), "newer Resound"),
        (lambda told: told.update(schema="9001"), "newer Resound"),
        (lambda told: told.update(tables=[]), "does not hold the tables"),
        (lambda told: told.update(tables="x"), "does not say what the store held"),
        (lambda told: told.pop("numbers"), "does not say what the store held"),
        (lambda told: told["tables"][1].update(rows=99), "does not hold what its manifest says"),
        (lambda told: told["tables"][1].update(sha256="0" * 64), "does not hold what its manifest says"),
        (lambda told: told["tables"][1].update(bytes=10**15), "absurdly large"),
        (lambda told: told["tables"][1].update(bytes=3), "larger than the backup's manifest says"),
        (lambda told: told["tables"][1]["columns"].pop(), "columns that they should have|has a key"),
        (
            lambda told: told["tables"][1]["columns"].append(["; DROP TABLE x", "text"]),
            "columns that they should",
        ),
        (lambda told: told["tables"][1]["columns"][0].__setitem__(1, "evil"), "column that cannot be read"),
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
from resound.restoring import restore_backup
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
    monkeypatch.setattr(resound.backup, "store_forms", lambda: forms)
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
