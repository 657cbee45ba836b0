"""What Resound hands to others, as samples: the week's digest as mail and the report, made from the demo.

    .venv/bin/python docs/make_samples.py [--data resound-data]

Needs a folder with the demo in it (`make demo`), which stays as it is: a copy is frozen, as of the moment at which the demo was
made. The same folder gives the same bytes; another run of the demo differs in when its pages were received, and in their hashes.
"""

from __future__ import annotations

import argparse
import shutil
import zipfile
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.run import LIST, WEEK
from resound.coverage.comparators import Comparators
from resound.digest.approving import known_list, preview
from resound.digest.letter import render_html, render_text
from resound.report.bundle import write_bundle
from resound.report.making import open_reports
from resound.report.printed import write_pdf
from resound.report.workbook import write_workbook
from resound.settings import UI_LANGUAGES
from resound.snapshots.freezing import freeze_campaign
from resound.store import Store, open_store
from resound.store.lists import find_issue

HERE = Path(__file__).parent / "samples"
CAMPAIGN = "apo-coe-gp-vietnam-2014"
PUBLIC_URL = "https://resound.example"
OFFICER, WHY = "officer", "interim report to the APO"
OF_THE_BUNDLE = ("README.txt", "SHA256SUMS")


def main() -> None:
    """Copy the demo, write every sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("resound-data"))
    data: Path = parser.parse_args().data
    if not (data / "demo.json").is_file():
        raise SystemExit(f"{data} holds no demo; make one first: make demo")
    with TemporaryDirectory() as folder:
        copy = shutil.copytree(data, Path(folder) / "data")
        store = open_store(f"sqlite:///{copy / 'resound.sqlite'}")
        with store.read() as connection:
            made_at = find_issue(connection, LIST, WEEK).at
        write_digests(store, now=made_at)
        write_reports(store, copy / "evidence", Path(folder), now=made_at)
        store.close()


def write_digests(store: Store, *, now: datetime) -> None:
    """The draft of the demo's list as its readers would get it, as HTML and as plain text."""
    with store.read() as connection:
        of = known_list(connection, LIST)
        edition = preview(connection, find_issue(connection, LIST, WEEK), now=now)
    for language in UI_LANGUAGES:
        for ending, render in (("html", render_html), ("txt", render_text)):
            mail = render(
                edition,
                language,
                list_name=of.name,
                list_id=of.id,
                public_url=PUBLIC_URL,
                unsubscribe=f"{PUBLIC_URL}/u/…",
            )
            (HERE / f"digest.{language}.{ending}").write_text(mail, encoding="utf-8")


def write_reports(store: Store, evidence: Path, folder: Path, *, now: datetime) -> None:
    """Freeze the counts; a workbook in each language, one document in all three, and what the bundle says of itself."""
    freeze_campaign(
        store,
        CAMPAIGN,
        evidence=evidence,
        comparators=Comparators(),
        who=OFFICER,
        why=WHY,
        now=now,
    )
    with store.read() as connection:
        opened = open_reports(connection, CAMPAIGN, None, UI_LANGUAGES)
    for one in opened.reports:
        write_workbook([one], HERE / f"report.{one.language}.xlsx")
    write_pdf(opened.reports, HERE / "report.all.pdf", evidence=evidence)
    path = folder / "bundle.zip"
    write_bundle(opened, evidence=evidence, path=path)
    with zipfile.ZipFile(path) as bundle:
        for name in OF_THE_BUNDLE:
            (HERE / f"bundle.{name}").write_bytes(bundle.read(name))


if __name__ == "__main__":
    main()
