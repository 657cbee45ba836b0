"""Files that people bring: what they are is told by their bytes, and nothing leads out of the folder."""

import hashlib
import io
import json
import wave
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resound.clips.files import (
    KINDS,
    MOST_MEMBERS,
    ClipFileError,
    check_file,
    files_beside,
    files_brought,
    find_kind,
    keep_file,
    keep_row,
    kept_path,
    safe_name,
    unpack,
    written_row,
)


def sound() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 80)
    return made.getvalue()


GOOD = {
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "PNG": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "MP4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00",
    "MP3": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "WAV": sound(),
    "text": "綠耕隊訪越\n\tĐội Xanh".encode(),
}
BAD = {
    "a program": b"\x7fELF\x02\x01\x01\x00",
    "a program of Windows": b"MZ\x90\x00\x03",
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a page with a space before": b"\xef\xbb\xbf \n<HTML>",
    "a page in UTF-16": "<html><script>".encode("utf-16"),
    "a drawing": b'<?xml version="1.0"?><svg onload="alert(1)"/>',
    "a picture of a phone": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
    "a zip": b"PK\x03\x04\x14\x00",
    "a film of another kind": b"RIFF\x00\x00\x00\x00AVI LIST",
    "nothing that anybody knows": bytes(range(256)),
    "text with controls": b"abc\x1b[31mred",
}


def keep(folder: Path, data: bytes, name: str = "a", **more: int) -> str:
    return keep_file(folder, io.BytesIO(data), name, **more).sha256


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_taken_is_known_by_its_bytes(tmp_path: Path, kind: str) -> None:
    kept = keep_file(tmp_path, io.BytesIO(GOOD[kind]), "no-ending")
    assert (kept.kind.name, kept.size) == (kind, len(GOOD[kind]))
    assert kept_path(tmp_path, kept.sha256).read_bytes() == GOOD[kind]
    assert kept.sha256 == hashlib.sha256(GOOD[kind]).hexdigest()


def test_every_kind_is_tried() -> None:
    assert {one.name for one in KINDS} == set(GOOD)


@pytest.mark.parametrize("data", [b"\xff\xfb\x90\x64" + b"\x00" * 100, b"\xff\xf3\x84\xc4\x00"])
def test_sound_without_a_tag_is_known_by_its_frame(data: bytes) -> None:
    found = find_kind(data)
    assert found is not None
    assert found.name == "MP3"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "big5"])
def test_text_is_text_in_the_encodings_of_the_house(tmp_path: Path, encoding: str) -> None:
    text = ("中文內容，一行又一行。\r\n" * 100_000).encode(encoding)
    assert keep_file(tmp_path, io.BytesIO(text), "a.txt").kind.name == "text"


@pytest.mark.parametrize("what", BAD)
def test_what_is_something_else_is_refused_whatever_its_name(tmp_path: Path, what: str) -> None:
    with pytest.raises(ClipFileError, match="none of what is taken"):
        keep(tmp_path, BAD[what], "scan.pdf")
    assert list((tmp_path / "clips").iterdir()) == []


def test_text_that_turns_into_something_else_later_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipFileError, match="none of what is taken"):
        keep(tmp_path, b"a" * 3_000_000 + b"\x00\x01\x02")
    with pytest.raises(ClipFileError, match="none of what is taken"):
        keep(tmp_path, b"abc\xe7")  # half a character
    assert list((tmp_path / "clips").iterdir()) == []


def test_empty_and_large_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipFileError, match="empty"):
        keep(tmp_path, b"")
    with pytest.raises(ClipFileError, match="larger than 2 MB"):
        keep(tmp_path, b"%PDF-1.7" + bytes(3_000_000), most=2_000_000)
    with pytest.raises(ClipFileError, match="larger"):
        check_file(io.BytesIO(b"%PDF-1.7" + bytes(30)), "a", most=20)
    assert list((tmp_path / "clips").iterdir()) == []


def test_a_file_is_never_read_whole(tmp_path: Path) -> None:
    class Endless(io.RawIOBase):
        asked: list[int] = []

        def read(self, size: int = -1) -> bytes:
            self.asked.append(size)
            return b"%PDF-" + bytes(size - 5)

    source = Endless()
    with pytest.raises(ClipFileError, match="larger"):
        keep_file(tmp_path, source, "a", most=5_000_000)  # type: ignore[arg-type]
    assert 0 < max(source.asked) <= 1 << 20
    assert len(source.asked) < 10


def test_the_same_file_twice_is_kept_once(tmp_path: Path) -> None:
    assert keep(tmp_path, GOOD["PDF"]) == keep(tmp_path, GOOD["PDF"], "another")
    assert len(list((tmp_path / "clips").iterdir())) == 1


def test_a_row_is_kept_as_it_was_given(tmp_path: Path) -> None:
    cells = {"title": "綠耕隊\x7f", "date": "2014-10-02"}
    digest = keep_row(tmp_path, cells)
    assert json.loads(kept_path(tmp_path, digest).read_bytes()) == cells
    assert hashlib.sha256(written_row(cells)).hexdigest() == digest


@pytest.mark.parametrize(
    "digest", ["../../etc/passwd", "a" * 63, "A" * 64, "", "a" * 64 + "/..", "a" * 64 + "\n"]
)
def test_only_a_hash_names_a_kept_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ClipFileError):
        kept_path(tmp_path, digest)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../secret", "link", "\x00", "x" * 5000, "", "."]
)
def test_nothing_outside_the_tables_folder_is_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ClipFileError):
        files_beside(folder)(name)


def test_files_that_came_along_are_found_by_name_with_or_without_their_folder(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).write_text(str(number))
    open_file = files_brought(
        {"scans/a.pdf": tmp_path / "0", "scans/b.pdf": tmp_path / "1", "other/b.pdf": tmp_path / "2"}
    )
    for name in ("a.pdf", "scans/a.pdf", "C:\\Users\\lin\\a.pdf"):
        with open_file(name) as file:
            assert file.read() == b"0"
    with open_file("other\\b.pdf") as file:
        assert file.read() == b"2"
    with pytest.raises(ClipFileError, match="several"):
        open_file("b.pdf")
    with pytest.raises(ClipFileError, match="not beside"):
        open_file("../0")


def test_a_zip_is_unpacked_under_names_of_our_own(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in (
            "../../evil.txt",
            "/etc/passwd",
            "C:\\temp\\a.txt",
            "scans/頁.txt",
            "__MACOSX/._a",
            "d/.DS_Store",
        ):
            archive.writestr(name, name)
        archive.mkdir("empty")
    folder = tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    found = unpack(made, folder, most_each=1000)
    assert sorted(found) == ["../../evil.txt", "C:/temp/a.txt", "etc/passwd", "scans/頁.txt"]
    assert all(path.parent == folder for path in found.values())
    assert sorted(one.name for one in tmp_path.rglob("*") if one.is_file()) == [f"{n:05d}" for n in range(4)]


def test_a_zip_that_inflates_without_end_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"a" * 300_000_000)
        archive.writestr("good.txt", "x")
    assert len(made.getvalue()) < 400_000
    found = unpack(made, tmp_path, most_each=3_000_000)
    assert found["bomb.txt"].stat().st_size < 5_000_000
    assert found["good.txt"].read_text() == "x"
    with found["bomb.txt"].open("rb") as file, pytest.raises(ClipFileError, match="larger than 3 MB"):
        check_file(file, "bomb.txt", most=3_000_000)
    monkeypatch.setattr("resound.clips.files.MOST_UNPACKED", 2_000_000)
    (tmp_path / "again").mkdir()
    with pytest.raises(ClipFileError, match="too much together"):
        unpack(made, tmp_path / "again", most_each=300_000_000)


def test_a_zip_of_very_many_files_is_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(MOST_MEMBERS + 1):
            archive.writestr(f"{number}.txt", "")
    with pytest.raises(ClipFileError, match="1001 files"):
        unpack(made, tmp_path, most_each=10)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_bring_another_error_out_of_a_zip(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    good = io.BytesIO()
    with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "綠耕隊" * 30)
    whole = bytearray(good.getvalue())
    for at, byte in enumerate(data):
        whole[(at * 7) % len(whole)] ^= byte
    folder = tmp_path_factory.mktemp("zip")
    for bad in (data, bytes(whole)):
        try:
            unpack(io.BytesIO(bad), folder, most_each=1000)
        except ClipFileError:
            continue
        for path in folder.iterdir():
            path.unlink()


@settings(deadline=None)
@given(st.text(max_size=400))
def test_a_safe_name_is_one_plain_name(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= 200
    assert safe not in (".", "..")
    assert not any(char in safe for char in '/\\\x00\r\n"<>:\u202e')
    assert safe_name(safe) == safe


def test_a_safe_name_keeps_what_people_call_it() -> None:
    assert safe_name("C:\\剪報\\聯合報 A12版.pdf") == "聯合報 A12版.pdf"
    assert safe_name("頁" * 300 + ".pdf").endswith("頁.pdf")
    assert safe_name("../../..") == "file"
