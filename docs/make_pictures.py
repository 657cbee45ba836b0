"""The pictures of the README and of the tour: pages of the demo, as a real browser shows them.

    .venv/bin/python docs/make_pictures.py [--data resound-data] [--only digest,reports]

A copy of the demo is shown; for the pages of reports its counts are frozen twice, with a decision between.

Needs Chromium (RESOUND_TEST_CHROMIUM, or `chromium` on the path) and a folder with the demo in it (`make demo`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import uvicorn
from playwright.sync_api import ViewportSize, sync_playwright

from api.app import create_app
from resound.settings import load_settings

HERE = Path(__file__).parent / "pictures"
CAMPAIGN = "apo-coe-gp-vietnam-2014"
DIGEST = "/digests/managers/2014-W41"
ACCEPTED = "http://radio.example/news/901"
OFFICER = "officer"
MAIL = {
    "smtp_url": "smtp://127.0.0.1:25?starttls=no",  # nothing is sent: a draft with its readers is shown
    "mail_from": "Resound <press@resound.example>",
    "public_url": "https://resound.example",
}
LOCALES = {"en": "en-GB", "zh-Hant": "zh-TW", "vi": "vi-VN"}


@dataclass(frozen=True, slots=True)
class Picture:
    """`path` beginning with `first:` is the first article that a search finds. `at`: what stands at its upper edge."""

    name: str
    language: str
    path: str
    width: int = 1200
    height: int = 900
    quality: int = 72
    at: str = ""


README = (
    Picture("search", "zh-Hant", f"/?q={quote('綠耕隊')}"),
    Picture("article", "zh-Hant", "first:lang:vi 綠耕隊"),
    Picture("campaign", "en", f"/campaigns/{CAMPAIGN}"),
    Picture("review", "zh-Hant", f"/review/{CAMPAIGN}"),
    Picture("editor", "zh-Hant", f"/campaigns/{CAMPAIGN}/edit"),
    Picture("sources", "vi", "/sources"),
    Picture("clip", "vi", "/clips/new"),
    Picture("import", "zh-Hant", "/clips/import"),
    Picture("digest", "zh-Hant", DIGEST, height=1000),
    Picture("reports", "vi", f"/campaigns/{CAMPAIGN}/reports", at="#frozen"),
    Picture("system", "en", "/system"),
    Picture("search-phone", "vi", "/?q=rac+thai+dien+tu", width=390),
)
READ_BY = {"en": "first:lang:vi 綠耕隊", "zh-Hant": "first:lang:vi 綠耕隊", "vi": "first:lang:zh 備忘錄"}
"""What somebody who reads one language looks at in another."""
ASKED = {"en": "e-waste", "zh-Hant": "電子廢棄物", "vi": "rac thai dien tu"}


def tour(language: str) -> Iterator[Picture]:
    """Few and small: six steps in each language."""
    steps = {
        "search": f"/?q={quote(ASKED[language])}",
        "article": READ_BY[language],
        "review": f"/review/{CAMPAIGN}",
        "campaign": f"/campaigns/{CAMPAIGN}",
        "digest": DIGEST,
        "reports": f"/campaigns/{CAMPAIGN}/reports",
    }
    heights, at = {"digest": 900}, {"reports": "#frozen"}
    for name, path in steps.items():
        yield Picture(
            f"tour-{name}.{language}",
            language,
            path,
            width=1100,
            height=heights.get(name, 680),
            quality=52,
            at=at.get(name, ""),
        )


def main() -> None:
    """Serve a copy of the demo, visit the pages, keep what is seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("resound-data"))
    parser.add_argument(
        "--only", default="", help="Names of pictures, with commas; of the tour's without language."
    )
    asked = parser.parse_args()
    data: Path = asked.data
    only = frozenset(filter(None, asked.only.split(",")))
    if not (data / "demo.json").is_file():
        raise SystemExit(f"{data} holds no demo; make one first: make demo")
    chromium = os.environ.get("RESOUND_TEST_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium: apt-get install chromium, or set RESOUND_TEST_CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(data, Path(folder) / "data")
        wanted = [
            one
            for one in (*README, *(step for language in LOCALES for step in tour(language)))
            if not only or one.name.partition(".")[0] in only
        ]
        with served(copy) as address:
            take(address, chromium, [one for one in wanted if not one.path.endswith("/reports")])
        freeze_twice(copy)
        with served(copy) as address:
            take(address, chromium, [one for one in wanted if one.path.endswith("/reports")])


def freeze_twice(data: Path) -> None:
    """Reports are made of frozen counts; the second time something is different."""
    for command in (
        ["freeze", CAMPAIGN, "--why", "interim report"],
        ["decide", ACCEPTED, "accept", "--why", "an interview about the visit"],
        ["freeze", CAMPAIGN, "--why", "final report to the APO"],
    ):
        subprocess.run(
            [sys.executable, "-m", "resound", "--data", str(data), *command],
            check=True,
            env={**os.environ, "RESOUND_CODER": OFFICER},
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The application of one person on this machine, who has a mail server; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(load_settings(data=data, coder=OFFICER, **MAIL), is_local=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"  # bound already: whoever comes early waits
    finally:
        server.should_exit = True
        thread.join(30)


def take(address: str, chromium: str, wanted: Iterable[Picture]) -> None:
    """Each picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for one in wanted:
            size: ViewportSize = {"width": one.width, "height": one.height}
            context = browser.new_context(locale=LOCALES[one.language], viewport=size)
            page = context.new_page()
            path = one.path
            if path.startswith("first:"):
                page.goto(f"{address}/?q={quote(path.removeprefix('first:'))}")
                path = page.locator('main a[href^="/articles/"]').first.get_attribute("href") or "/"
            page.goto(f"{address}{path}")
            page.wait_for_load_state("networkidle")
            if one.at:
                page.evaluate("name => document.querySelector(name).scrollIntoView()", one.at)
            page.screenshot(path=HERE / f"{one.name}.jpg", type="jpeg", quality=one.quality)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
