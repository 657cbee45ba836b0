"""`resound report` as people run it: refused without frozen counts, then files whose numbers are theirs."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("xlsxwriter", reason='reports need packages: pip install "resound[report]"')

from python_calamine import CalamineWorkbook

from tests.resound.report.frozen import DEMO
from tests.whole_way import command


@pytest.mark.slow
def test_a_report_is_made_of_frozen_counts_only(demo_copy: Path, tmp_path: Path) -> None:
    to = tmp_path / "out"
    refused = command(demo_copy, "report", DEMO, "--xlsx", "--to", str(to))
    assert refused.returncode != 0
    assert f"resound freeze {DEMO}" in " ".join(refused.stderr.split())
    assert not to.exists()
    unknown = command(demo_copy, "report", "nothing", "--xlsx", "--to", str(to))
    assert unknown.returncode != 0
    assert "nothing" in unknown.stderr
    assert command(demo_copy, "freeze", DEMO).returncode == 0

    made = command(demo_copy, "report", DEMO, "--xlsx", "--lang", "all", "--to", str(to))
    assert made.returncode == 0, made.stderr
    names = {path.name for path in to.iterdir()}
    assert names == {f"{DEMO}.snapshot-1.{language}.xlsx" for language in ("en", "zh-Hant", "vi")}
    for name in names:
        assert name in made.stdout.replace("\n", "")
    book = CalamineWorkbook.from_path(to / f"{DEMO}.snapshot-1.en.xlsx")
    assert ["Counted", 30.0, 17.0, 19.0, 16.0, "1–30"] in book.get_sheet_by_name("Summary").to_python()
    assert made.stdout.count("SHA-256") == 4

    # Once more, in the language of the settings: the same bytes, the same content.
    before = {path.name: sha256(path.read_bytes()).hexdigest() for path in to.iterdir()}
    again = command(demo_copy, "report", DEMO, "--xlsx", "--to", str(to), RESOUND_LANGUAGE="vi")
    assert again.returncode == 0, again.stderr
    assert {path.name: sha256(path.read_bytes()).hexdigest() for path in to.iterdir()} == before
    (content,) = [line for line in again.stdout.splitlines() if line.startswith("Content (vi)")]
    assert content in made.stdout.splitlines()


def test_what_makes_no_sense_is_told(demo_copy: Path) -> None:
    ran = command(demo_copy, "report", DEMO, "--excerpts-only")
    assert ran.returncode == 2
    assert "--bundle" in ran.stderr
    assert command(demo_copy, "report", DEMO, "--lang", "fr").returncode == 2
