"""The pictures of the README and of the tour: pages of the demo, as a real browser shows them.

    .venv/bin/python docs/make_pictures.py [--data resound-data]

Needs Chromium (RESOUND_TEST_CHROMIUM, or `chromium` on the path) and a folder with the demo in it (`make demo`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent / "pictures"
CAMPAIGN = "apo-coe-gp-vietnam-2014"
LOCALES = {"en": "en-GB", "zh-Hant": "zh-TW", "vi": "vi-VN"}


@dataclass(frozen=True, slots=True)
class Picture:
    """`path` beginning with `first:` is the first article that a search finds."""

    name: str
    language: str
    path: str
    width: int = 1200
    height: int = 900
    quality: int = 72


README = (
    Picture("search", "zh-Hant", f"/?q={quote('綠耕隊')}"),
    Picture("article", "zh-Hant", "first:lang:vi 綠耕隊"),
    Picture("campaign", "en", f"/campaigns/{CAMPAIGN}"),
    Picture("review", "zh-Hant", f"/review/{CAMPAIGN}"),
    Picture("editor", "zh-Hant", f"/campaigns/{CAMPAIGN}/edit"),
    Picture("sources", "vi", "/sources"),
    Picture("clip", "vi", "/clips/new"),
    Picture("import", "zh-Hant", "/clips/import"),
    Picture("system", "en", "/system"),
    Picture("search-phone", "vi", "/?q=rac+thai+dien+tu", width=390),
)
READ_BY = {"en": "first:lang:vi 綠耕隊", "zh-Hant": "first:lang:vi 綠耕隊", "vi": "first:lang:zh 備忘錄"}
"""What somebody who reads one language looks at in another."""
ASKED = {"en": "e-waste", "zh-Hant": "電子廢棄物", "vi": "rac thai dien tu"}


def tour(language: str) -> Iterator[Picture]:
    """Few and small: four steps in each language."""
    steps = {
        "search": f"/?q={quote(ASKED[language])}",
        "article": READ_BY[language],
        "review": f"/review/{CAMPAIGN}",
        "campaign": f"/campaigns/{CAMPAIGN}",
    }
    for name, path in steps.items():
        yield Picture(f"tour-{name}.{language}", language, path, width=1100, height=680, quality=52)


def main() -> None:
    """Serve a copy of the demo, visit every page, keep what is seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("resound-data"))
    data: Path = parser.parse_args().data
    if not (data / "demo.json").is_file():
        raise SystemExit(f"{data} holds no demo; make one first: make demo")
    chromium = os.environ.get("RESOUND_TEST_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium: apt-get install chromium, or set RESOUND_TEST_CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(data, Path(folder) / "data")
        command = [sys.executable, "-m", "resound", "--data", str(copy), "serve", "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            address = (
                server.stdout.readline().split()[3].rstrip("/")
            )  # "Resound is at http://127.0.0.1:…/ (…"
            take(address, chromium)
        finally:
            server.terminate()
            server.wait(30)


def take(address: str, chromium: str) -> None:
    """Every picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for one in (*README, *(step for language in LOCALES for step in tour(language))):
            size = {"width": one.width, "height": one.height}
            context = browser.new_context(locale=LOCALES[one.language], viewport=size)
            page = context.new_page()
            path = one.path
            if path.startswith("first:"):
                page.goto(f"{address}/?q={quote(path.removeprefix('first:'))}")
                path = page.locator('main a[href^="/articles/"]').first.get_attribute("href") or "/"
            page.goto(f"{address}{path}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=HERE / f"{one.name}.jpg", type="jpeg", quality=one.quality)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
