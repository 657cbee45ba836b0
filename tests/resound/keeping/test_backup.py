"""A backup holds everything that cannot be made again; one that is not whole puts nothing in place."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import resound.keeping.backup
from crawlers.evidence import EvidenceWriter, list_files
from resound.errors import BackupError
from resound.keeping.archive import ArchiveWriter
from resound.keeping.backup import harmless_settings
from resound.keeping.replaying import verify_evidence
from resound.keeping.restoring import restore_backup
from resound.people.accounts import invite
from resound.people.signing_in import accept_invitation
from resound.people.tokens import digest
from resound.sending.subscribing import link_token, read_token, subscribe
from resound.sending.weeks import WeeklyTime
from resound.settings import Settings
from resound.store import Store, open_store
from resound.store.keys import list_keys
from resound.store.lists import MailingList, add_list
from resound.store.people import list_account_changes, list_accounts
from resound.store.tables import metadata
from tests.resound.kept import (
    CLIP_NAME,
    NOW,
    SECRET,
    back_up,
    collect,
    content,
    files,
    fill,
    make_data,
    name_page,
    page,
)

pytestmark = pytest.mark.slow_on_postgres


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data")


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
    assert content(restored) == content(store, with_secrets=False)
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


@pytest.mark.postgres
def test_people_come_back_with_their_roles_and_without_anything_that_lets_in(
    store: Store, data: Path, tmp_path: Path, elsewhere: str | None
) -> None:
    back_up(store, data, tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as archive:
        held = b"".join(
            gzip.decompress(body) if name.endswith(".gz") else body
            for name in archive.getnames()
            for body in [archive.extractfile(name).read()]  # type: ignore[union-attr]
            if name.startswith(("store/", "data/"))
        )
    everything = "\n".join(line for _, line in content(store))
    for secret in (SECRET, digest(SECRET), digest(f"{SECRET} link"), digest(f"{SECRET} key"), "192.0.2.1"):
        assert secret in everything
        assert secret.encode() not in held
    restore_backup(tmp_path / "x.tar", tmp_path / "new", store_address=elsewhere)
    restored = open_store(elsewhere or f"sqlite:///{tmp_path / 'new' / 'resound.sqlite'}")
    with restored.write() as connection:
        (account,) = list_accounts(connection, now=NOW)
        assert (account.person.login, account.person.role, account.person.campaigns) == (
            "lin",
            "admin",
            {"c": "editor"},
        )
        assert (account.has_password, account.signs_in_elsewhere, account.invited_until) == (
            False,
            True,
            None,
        )
        assert [one.who for one in list_account_changes(connection)] == ["lin"]
        assert list_keys(connection) == []
        link = invite(connection, "lin", who="operator", now=NOW)
    accept_invitation(restored, link.token, "four brown kettles hum", now=NOW)
    restored.close()


def test_links_in_mail_that_was_sent_work_after_a_restore_too(
    store: Store, data: Path, tmp_path: Path
) -> None:
    """So the keys that sign them are in a backup, which is to be kept as safe as the store."""
    with store.write() as connection:
        add_list(connection, MailingList("managers", "c", "M", WeeklyTime(1, "08:00", "UTC"), False), now=NOW)
        reader = subscribe(connection, "managers", "r@reader.example", language="en", who="", now=NOW)
        sent = link_token(reader, "unsubscribe")
    back_up(store, data, tmp_path / "x.tar")
    restore_backup(tmp_path / "x.tar", tmp_path / "new")
    restored = open_store(f"sqlite:///{tmp_path / 'new' / 'resound.sqlite'}")
    with restored.read() as connection:
        assert read_token(connection, sent, "unsubscribe").address == "r@reader.example"
    restored.close()
    told = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "Keep it as safe as the store itself" in told


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

    monkeypatch.setattr(resound.keeping.backup, "_add_files", fail)
    with pytest.raises(BackupError, match="No space left"):
        back_up(store, data, tmp_path / "out" / "y.tar")
    assert list((tmp_path / "out").iterdir()) == []


_WRITES = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from resound.keeping.archive import ArchiveWriter
with ArchiveWriter(Path(sys.argv[1]), now=datetime(2026, 1, 15, tzinfo=UTC)):
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_backup_left_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "[b].tar"
    others = {tmp_path / name for name in (".[b].tar.old", ".x.tar.7.part", "b.tar.7.part")}
    for one in (*others, tmp_path / ".[b].tar.7.part", tmp_path / f".[b].tar.{os.getpid()}.part"):
        one.write_bytes(b"left")

    def parts() -> set[Path]:
        return set(tmp_path.iterdir()) - others

    with subprocess.Popen(
        [sys.executable, "-c", _WRITES, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        its_own = parts()
        assert len(its_own) == 1
        with ArchiveWriter(path, now=NOW):
            assert its_own < parts()
        assert parts() == its_own
        writer.kill()
    assert parts() == its_own
    with ArchiveWriter(path, now=NOW) as archive:
        archive.finish({})
    assert parts() == {path}
    assert {one.read_bytes() for one in others} == {b"left"}


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
