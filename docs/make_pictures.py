"""The README's pictures: each page of the demo, as a real browser shows it.

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
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent / "pictures"
CAMPAIGN = "apo-coe-gp-vietnam-2014"
PAGES = {
    "search": ("zh-TW", 1200, f"/?q={quote('綠耕隊')}"),
    "campaign": ("en-GB", 1200, f"/campaigns/{CAMPAIGN}"),
    "review": ("zh-TW", 1200, f"/review/{CAMPAIGN}"),
    "editor": ("zh-TW", 1200, f"/campaigns/{CAMPAIGN}/edit"),
    "sources": ("vi-VN", 1200, "/sources"),
    "clip": ("vi-VN", 1200, "/clips/new"),
    "import": ("zh-TW", 1200, "/clips/import"),
    "system": ("en-GB", 1200, "/system"),
    "search-phone": ("vi-VN", 390, "/?q=rac+thai+dien+tu"),
}
"""Name → browser's language, width, address. An article is the first hit of a search."""


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
    """A picture of each page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (locale, width, path) in {**PAGES, "article": ("zh-TW", 1200, "")}.items():
            context = browser.new_context(locale=locale, viewport={"width": width, "height": 900})
            page = context.new_page()
            if name == "article":
                page.goto(f"{address}/?q={quote('lang:vi 綠耕隊')}")
                path = page.locator('main a[href^="/articles/"]').first.get_attribute("href") or "/"
            page.goto(f"{address}{path}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=HERE / f"{name}.jpg", type="jpeg", quality=72)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
