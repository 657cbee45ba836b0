"""The bundle can be checked without Resound: by `sha256sum`, by a reader of WARC files, by a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

pytest.importorskip("weasyprint", reason='bundles need packages: pip install "resound[report]"')

from nlp.sentences import split_sentences
from resound.clips.files import kept_path
from resound.coding.item import Quoted
from resound.coverage.comparators import Comparators
from resound.errors import ReportError
from resound.report.bundle import evidence_name, write_bundle
from resound.report.bundle_pages import clip_name
from resound.report.content import build_report
from resound.report.excerpts import find_excerpts, keep_excerpts, without_texts
from resound.report.foreign import settable
from resound.report.making import Opened, open_reports
from resound.report.tables import Report
from resound.snapshots.freezing import freeze_campaign
from resound.snapshots.model import QuotedItem
from resound.snapshots.written import content_hash, read_snapshot, write_snapshot
from resound.store import open_store
from resound.words import words
from tests.resound.printing import needs_poppler, text_of
from tests.resound.sample_report import make_clips
from tests.whole_way import copy_demo

CAMPAIGN = "apo-coe-gp-vietnam-2014"
Frozen = Opened


@pytest.fixture(scope="module")
def frozen(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Frozen:
    """The demo's snapshot, and reports of it in two languages without the tables (all of them take long to set)."""
    folder = copy_demo(demo_folder, tmp_path_factory.mktemp("frozen"))
    store = open_store(f"sqlite:///{folder / 'resound.sqlite'}")
    freeze_campaign(
        store,
        CAMPAIGN,
        evidence=folder / "evidence",
        comparators=Comparators(),
        who="amy",
        why="report",
        now=datetime(2014, 12, 5, 9, tzinfo=UTC),
    )
    with store.read() as connection:
        made = open_reports(connection, CAMPAIGN, None, ("en", "zh-Hant"))
    store.close()
    return replace(
        made,
        reports=tuple(replace(one, sections=(replace(one.sections[0], tables=()),)) for one in made.reports),
    )


@pytest.fixture(scope="module")
def bundle(frozen: Frozen, demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole bundle, unpacked."""
    folder = tmp_path_factory.mktemp("bundle")
    missing = write_bundle(frozen, evidence=demo_folder / "evidence", path=folder / "b.zip")
    assert missing == ()
    return unpack(folder / "b.zip")


def unpack(path: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(path.with_suffix(""))
    return path.with_suffix("")


def files_of(folder: Path) -> Iterator[str]:
    return (str(one.relative_to(folder)) for one in sorted(folder.rglob("*")) if one.is_file())


def test_every_file_is_named_in_the_sums_and_the_sums_hold(bundle: Path) -> None:
    ran = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    named = {line.split("  ", 1)[1] for line in (bundle / "SHA256SUMS").read_text("utf-8").splitlines()}
    assert named | {"SHA256SUMS"} == set(files_of(bundle))


def test_the_snapshots_hash_is_the_one_that_is_printed(bundle: Path, frozen: Frozen) -> None:
    assert sha256((bundle / "snapshot.json").read_bytes()).hexdigest() == frozen.row.sha256
    assert frozen.row.sha256 in (bundle / "README.txt").read_text("utf-8")


@needs_poppler
def test_the_printed_report_names_the_snapshot(bundle: Path, frozen: Frozen) -> None:
    assert frozen.row.sha256 in "".join(text_of(bundle / "report.en.pdf").split())
    assert (bundle / "report.zh-Hant.pdf").is_file()
    assert (bundle / "report.zh-Hant.xlsx").is_file()


def test_every_piece_of_evidence_is_there_under_its_hash(bundle: Path, frozen: Frozen) -> None:
    pieces = [one for clip in frozen.snapshot.clips for one in clip.evidence]
    assert {one.kind for one in pieces} == {"record", "file", "row"}
    for one in pieces:
        assert sha256((bundle / evidence_name(one)).read_bytes()).hexdigest() == one.sha256


def test_records_are_read_by_other_peoples_programs(bundle: Path, frozen: Frozen) -> None:
    read = 0
    for clip in frozen.snapshot.clips:
        for piece in clip.evidence:
            if piece.kind != "record":
                continue
            with (bundle / evidence_name(piece)).open("rb") as file:
                kinds = []
                for record in ArchiveIterator(file):
                    kinds.append(record.rec_type)
                    body = record.content_stream().read()
                    if record.rec_type == "response":
                        assert record.rec_headers.get_header("WARC-Target-URI") == piece.url
                        assert sha256(body).hexdigest() == piece.payload_sha256
            assert kinds == ["response", "metadata"]
            read += 1
    assert read > 20


class Page(HTMLParser):
    """What a clip's page names."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: list[tuple[str, str]] = []
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.names += [
            (name, value or "") for name, value in attrs if name in ("href", "src", "style", "data")
        ]


def test_each_clip_has_a_page_that_needs_nothing_and_runs_nothing(bundle: Path, frozen: Frozen) -> None:
    for clip in frozen.reports[0].clips:
        text = (bundle / "clips" / clip_name(clip)).read_text("utf-8")
        page = Page()
        page.feed(text)
        assert "default-src 'none'" in text
        assert not page.tags & {"script", "link", "iframe", "object", "form", "base"}
        for name, value in page.names:
            inside = value.startswith("../evidence/") and (bundle / "clips" / value).resolve().is_file()
            assert inside or (name == "href" and value.startswith(("http://", "https://"))), value
        assert f'lang="{clip.facts.tag}"' in text
        for piece in clip.evidence:
            assert piece.sha256 in text
        assert all(settable(paragraph) in page.text for paragraph in clip.paragraphs)


def test_names_are_those_that_every_system_takes(bundle: Path) -> None:
    names = list(files_of(bundle))
    assert len({one.lower() for one in names}) == len(names)
    for one in names:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,150}", one)
        assert not re.search(r"[. ](/|$)", one)
    bad = replace(
        make_clips()[0], facts=replace(make_clips()[0].facts, outlet="host:../CON\x00:8080", day=None)
    )
    assert clip_name(bad) == "0001-undated-host-con-8080.html"


def test_the_readme_says_how_in_three_languages(bundle: Path) -> None:
    text = (bundle / "README.txt").read_text("utf-8")
    for one in ("繁體中文", "English", "Tiếng Việt", "sha256sum -c SHA256SUMS", "certutil", "ReplayWeb.page"):
        assert one in text
    assert "MISSING" not in text
    assert not (bundle / "MISSING.txt").exists()


@pytest.fixture(scope="module")
def small(frozen: Frozen) -> Frozen:
    """One report of the first clips, which is written fast."""
    reports = frozen.reports
    kinds = [
        next(one for one in reports[0].clips if any(piece.kind == kind for piece in one.evidence))
        for kind in ("record", "file")
    ]
    return replace(frozen, reports=(replace(reports[0], clips=tuple(kinds)),))


def test_the_same_snapshot_gives_the_same_bytes(small: Frozen, demo_folder: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    for name in ("a.zip", "b.zip"):
        write_bundle(
            small,
            evidence=demo_folder / "evidence",
            path=tmp_path / name,
            tell=lambda *one: told.append(one),
        )
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert {"evidence", "reports", "clips"} == {what for what, _, _ in told}
    assert ("clips", 2, 2) in told
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_what_is_missing_or_changed_is_listed(small: Frozen, demo_folder: Path, tmp_path: Path) -> None:
    evidence = Path(shutil.copytree(demo_folder / "evidence", tmp_path / "evidence"))
    pieces = [one for clip in small.reports[0].clips for one in clip.evidence]
    record = next(one for one in pieces if one.kind == "record")
    brought = next(one for one in pieces if one.kind == "file")
    assert record.offset is not None
    assert record.size is not None
    with (evidence / record.file).open("r+b") as file:
        file.seek(record.offset + record.size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    kept_path(evidence, brought.sha256).unlink()
    missing = write_bundle(small, evidence=evidence, path=tmp_path / "b.zip")
    assert {one.piece.sha256 for one in missing} == {record.sha256, brought.sha256}
    folder = unpack(tmp_path / "b.zip")
    told = (folder / "MISSING.txt").read_text("utf-8")
    for one in (record, brought):
        assert told.count(one.sha256) == 3  # once in each language
        assert not (folder / evidence_name(one)).exists()
    assert "證據資料夾中找不到此剪報的檔案" in told
    assert "MISSING.txt" in (folder / "README.txt").read_text("utf-8")
    page = (folder / "clips" / clip_name(small.reports[0].clips[0])).read_text("utf-8")
    assert "not in this bundle" in page
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)


@needs_poppler
def test_excerpts_hold_no_whole_text_no_record_and_no_file(
    small: Frozen, demo_folder: Path, tmp_path: Path
) -> None:
    write_bundle(small, evidence=demo_folder / "evidence", path=tmp_path / "e.zip", excerpts_only=True)
    folder = unpack(tmp_path / "e.zip")
    names = list(files_of(folder))
    assert not [one for one in names if one.startswith("evidence/")]
    assert "snapshot.json" not in names
    assert "snapshot.excerpts.json" in names
    said = "belongs to its publisher"
    assert said in (folder / "README.txt").read_text("utf-8")
    printed = text_of(folder / "report.en.pdf")
    assert said in " ".join(printed.split())
    everything = [
        (folder / one).read_text("utf-8") for one in names if one.endswith((".html", ".txt", ".json"))
    ]
    everything.append(printed)
    for clip in small.reports[0].clips:
        page = Page()
        page.feed((folder / "clips" / clip_name(clip)).read_text("utf-8"))
        assert said in page.text
        assert clip.evidence[0].sha256 in page.text
        sentences = [text[first:last] for text in clip.paragraphs for first, last in split_sentences(text)]
        for text in everything if len(sentences) > 4 else ():
            flat = "".join(text.split())
            shown = sum(len(one) for one in sentences if "".join(one.split()) in flat)
            assert shown <= 0.5 * sum(map(len, sentences))
    assert small.row.sha256 in (folder / "README.txt").read_text("utf-8")


def test_excerpts_are_a_third_of_a_text_at_most_or_one_passage(frozen: Frozen) -> None:
    snapshot = frozen.snapshot
    excerpts = find_excerpts(snapshot)
    kept = (*snapshot.messages.values(), *snapshot.spokespersons.values())
    quoted = {passage.text.strip() for some in kept for one in some for passage in one.passages}
    for clip in snapshot.clips:
        if not clip.number:
            continue
        passages = excerpts[clip.number]
        text = "\n".join(clip.paragraphs)
        assert len(passages) == 1 or sum(map(len, passages)) <= len(text) / 3 or not passages
        assert all(
            one in text or one in quoted for one in passages
        )  # some of those quoted stand in a caption
    assert sum(map(bool, excerpts.values())) > 25
    bare = without_texts(snapshot, excerpts)
    assert [one.facts.title for one in bare.clips] == [one.facts.title for one in snapshot.clips]
    assert not any(one.lead or one.paragraphs for one in bare.clips)


def test_the_snapshot_of_excerpts_holds_no_passage_that_the_report_leaves_out(frozen: Frozen) -> None:
    snapshot = frozen.snapshot
    clip = next(one for one in snapshot.clips if one.number and len(one.paragraphs) > 2)
    whole = tuple(Quoted("body", text) for text in clip.paragraphs)  # messages that quote all of a text
    full = replace(snapshot, messages={"m": (QuotedItem(clip.facts.item, whole),)})
    excerpts = find_excerpts(full)
    written = write_snapshot(without_texts(full, excerpts)).decode()
    kept = [text for text in clip.paragraphs if json.dumps(text, ensure_ascii=False)[1:-1] in written]
    assert kept
    assert all(text.strip() in excerpts[clip.number] for text in kept)
    assert len(kept) < len(clip.paragraphs)


def test_a_report_of_excerpts_quotes_nothing_else(frozen: Frozen) -> None:
    row, snapshot = frozen.row, frozen.snapshot
    excerpts = find_excerpts(snapshot)
    report = build_report(row, snapshot, None, words("en"))
    kept = keep_excerpts(report, excerpts)

    def quotes(one: Report) -> list[tuple[int, str]]:
        return [
            (quote.clip, "".join(text for text, _ in quote.parts).strip())
            for section in one.sections
            for _, some in section.quotes
            for quote in some
        ]

    assert 0 < len(quotes(kept)) < len(quotes(report))
    titles = {clip.number: clip.facts.title for clip in report.clips}
    for clip, text in quotes(kept):
        assert text in titles[clip] or any(text in one for one in excerpts[clip])


def test_another_snapshot_or_no_report_is_refused_and_nothing_is_left(
    small: Frozen, demo_folder: Path, tmp_path: Path
) -> None:
    evidence = demo_folder / "evidence"
    with pytest.raises(ReportError, match="SHA-256 differs"):
        write_bundle(
            replace(small, written=write_snapshot(replace(small.snapshot, product="x"))),
            evidence=evidence,
            path=tmp_path / "b.zip",
        )
    with pytest.raises(ReportError, match="needs reports"):
        write_bundle(replace(small, reports=()), evidence=evidence, path=tmp_path / "b.zip")
    with pytest.raises(OSError, match="no-folder"):
        write_bundle(small, evidence=evidence, path=tmp_path / "no-folder" / "b.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_that_was_written_before_a_field_was_there_stays_the_one_whose_hash_is_printed(
    small: Frozen, demo_folder: Path, tmp_path: Path
) -> None:
    plain = json.loads(write_snapshot(small.snapshot))
    for clip in plain["clips"]:
        del clip["twins"]
    written = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    older = replace(small.row, sha256=content_hash(written))
    opened = Opened(
        older, read_snapshot(written), tuple(replace(one, snapshot=older) for one in small.reports), written
    )
    write_bundle(opened, evidence=demo_folder / "evidence", path=tmp_path / "b.zip")
    assert (unpack(tmp_path / "b.zip") / "snapshot.json").read_bytes() == written
