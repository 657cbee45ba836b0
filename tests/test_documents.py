"""What stands in the documents: links that lead somewhere, pictures that load quickly, samples without a trace of a machine."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from resound.index.elastic_client import ElasticAddress, _explain_answer
from resound.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SAMPLES = ROOT / "docs" / "samples"
LINK = re.compile(r"\]\(([^)\s#]+)[^)\s]*\)")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
OF_A_MACHINE = re.compile(rb"(?:^|[\s\"'(>:])/(?:home|root|tmp|work|usr|var|Users)/")
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: str(one.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = [one for one in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in one]
    missing = [one for one in links if not (document.parent / one).exists()]
    assert missing == []


@pytest.mark.parametrize(
    "documents", [["README.md"], [f"docs/tour.{one}.md" for one in ("en", "vi", "zh-Hant")]]
)
def test_pictures_are_light(documents: list[str]) -> None:
    shown = {
        (ROOT / document).parent / one
        for document in documents
        for one in PICTURE.findall((ROOT / document).read_text(encoding="utf-8"))
    }
    assert len(shown) >= 10
    assert sum(one.stat().st_size for one in shown) < 1_300_000


def test_every_picture_is_shown_somewhere() -> None:
    texts = "".join(one.read_text(encoding="utf-8") for one in DOCUMENTS)
    assert [one.name for one in (ROOT / "docs" / "pictures").iterdir() if one.name not in texts] == []


def test_samples_are_told_light_and_of_one_make() -> None:
    told = (SAMPLES / "README.md").read_text(encoding="utf-8")
    files = [one for one in SAMPLES.iterdir() if one.name != "README.md"]
    assert [one.name for one in files if f"]({one.name})" not in told] == []
    assert sum(one.stat().st_size for one in files) < 4_000_000
    sums = dict(
        reversed(line.split("  ", 1))
        for line in (SAMPLES / "bundle.SHA256SUMS").read_text(encoding="utf-8").splitlines()
    )
    for name in ("report.en.xlsx", "report.vi.xlsx", "report.zh-Hant.xlsx"):
        assert hashlib.sha256((SAMPLES / name).read_bytes()).hexdigest() == sums[name], name


def test_samples_name_no_path_of_a_machine() -> None:
    found = [
        (one.name, match[0])
        for one in sorted(SAMPLES.iterdir())
        for part in parts_of(one)
        if (match := OF_A_MACHINE.search(part))
    ]
    assert found == []


def test_elasticsearchs_settings_and_role_are_told() -> None:
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    names = [f"RESOUND_{name.upper()}" for name in Settings.model_fields if name.startswith("elasticsearch")]
    assert len(names) == 9
    assert [name for name in names if f"`{name}`" not in told] == []
    request = re.search(r"POST _security/api_key\n(.*?)```", told, re.DOTALL)
    assert request is not None
    role = json.loads(request[1])["role_descriptors"]["resound"]
    error = SimpleNamespace(status_code=403, body={"error": {"reason": "unauthorized"}})
    said = _explain_answer(error, ElasticAddress())
    wanted = [*role["cluster"], *role["indices"][0]["privileges"], *role["indices"][0]["names"]]
    assert [one for one in wanted if one not in said] == []


def parts_of(file: Path) -> Iterator[bytes]:
    """A file's bytes, unpacked: a workbook's parts, a document's streams."""
    data = file.read_bytes()
    yield data
    if file.suffix == ".xlsx":
        with zipfile.ZipFile(file) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif file.suffix == ".pdf":
        for stream in STREAM.findall(data):
            try:
                yield zlib.decompress(stream)
            except zlib.error:  # not packed: seen above
                continue
