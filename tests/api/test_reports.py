"""The reports of a campaign as pages: frozen here, compared here, downloaded here."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.presses import MOST_WAITING, Presses
from resound.coding.deciding import decide
from resound.coverage.figures import campaign_figures
from resound.errors import ReportError
from resound.store import open_store
from tests.api.conftest import OpenPage, barriers, csrf_of
from tests.resound.newsdesk import NOW

DEMO = "apo-coe-gp-vietnam-2014"
ROOM = f"/campaigns/{DEMO}/reports"


def freeze(client: TestClient, why: str = "") -> str:
    """Freeze by the form, wait for it, and give back the page that comes then."""
    form = {"csrf": csrf_of(client.get(ROOM).text), "why": why}
    where = client.post(ROOM, data=form).headers["location"]
    deadline = time.monotonic() + 60
    while "/freezing/" in where:
        assert time.monotonic() < deadline
        answer = client.get(where)
        if answer.status_code == 303:
            where = answer.headers["location"]
        else:
            assert answer.status_code == 200
            time.sleep(0.1)
    return client.get(where).text


def reject_one(data: Path) -> None:
    store = open_store(f"sqlite:///{data / 'resound.sqlite'}")
    with store.write() as connection:
        key = campaign_figures(connection, DEMO, now=NOW).lists["counted"][0]
        decide(connection, key, "reject", campaign=DEMO, why="<b>not</b> ours", who="chen", now=NOW)
    store.close()


def test_frozen_by_a_form_listed_and_compared(client: TestClient, demo_copy: Path) -> None:
    empty = client.get(ROOM).text
    assert "Nothing is frozen yet" in empty
    assert re.search(r"2 matches that nobody has reviewed", empty)
    assert "1 accepted item without a date that holds" in empty
    assert "counted items whose tone nobody has coded" in empty
    assert "2 open leads" in empty
    assert ROOM in client.get(f"/campaigns/{DEMO}").text
    first = freeze(client, "<script>alert(1)</script>")
    assert "The counts are frozen as snapshot 1" in first
    assert first.count("at least</span>") == 5, "beside each frozen count, and beside those of now"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in first
    assert "<script>alert" not in first
    assert "Nothing is frozen yet" not in first
    assert "What is different from snapshot" not in first
    reject_one(demo_copy)
    second = freeze(client)
    assert "What is different from snapshot 1" in second
    changes = client.get(f"{ROOM}/2/changes").text
    assert "chen rejected it on 15 Jan 2026 (&lt;b&gt;not&lt;/b&gt; ours)." in changes
    assert changes.count(">at least</span>") == 8, "before and after, of four counts: the demo has gaps"
    backwards = client.get(f"{ROOM}/1/changes?since=2").text  # the earlier one is always the first
    assert changes.split("<main", 1)[1] == backwards.split("<main", 1)[1]
    spoken = client.get(f"{ROOM}/2/changes", headers={"accept-language": "vi"}).text
    assert "chen đã loại bỏ ngày 15 thg 1, 2026" in spoken


def test_what_is_not_there_is_told(client: TestClient) -> None:
    freeze(client)
    for path in (
        "7/changes",
        "1/changes",
        "1/changes?since=9",
        "7/report.xlsx",
        "7/bundle.zip",
        "freezing/x",
    ):
        assert client.get(f"{ROOM}/{path}").status_code == 404, path
    assert client.get("/campaigns/nobody/reports").status_code == 404
    for path in ("1/report.doc", "1/report.xlsx?lang=fr", "0/changes", "1/other.zip"):
        assert client.get(f"{ROOM}/{path}").status_code in (404, 422), path
    assert client.post(ROOM, data={"why": "without a token"}).status_code == 403


def fetch(client: TestClient, path: str) -> Any:
    deadline = time.monotonic() + 240
    while True:
        answer = client.get(f"{ROOM}/{path}")
        assert answer.status_code == 200, answer.text
        if not answer.headers["content-type"].startswith("text/html"):
            return answer
        assert "The file is being made" in answer.text
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_workbook_is_made_once_and_handed_out(client: TestClient) -> None:
    freeze(client)
    answer = fetch(client, "1/report.xlsx?lang=vi")
    assert answer.headers["content-disposition"].startswith(
        f'attachment; filename="{DEMO}.snapshot-1.vi.xlsx"'
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert fetch(client, "1/report.xlsx?lang=vi").content == answer.content
    assert fetch(client, "1/report.xlsx?lang=en").content != answer.content


@pytest.mark.slow
def test_every_file_of_a_snapshot(client: TestClient) -> None:
    freeze(client)
    assert fetch(client, "1/report.pdf?lang=zh-Hant").content.startswith(b"%PDF-")
    whole = zipfile.ZipFile(io.BytesIO(fetch(client, "1/bundle.zip?lang=en").content))
    excerpts = zipfile.ZipFile(io.BytesIO(fetch(client, "1/excerpts.zip?lang=en").content))
    assert {"SHA256SUMS", "README.txt", "snapshot.json"} <= {Path(name).name for name in whole.namelist()}
    assert "snapshot.json" not in {Path(name).name for name in excerpts.namelist()}


def writer(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def test_a_press_makes_each_file_once_and_forgets_what_failed() -> None:
    presses, made = Presses(), []

    def make(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"x")

    paths = {presses.ask("a", make, seconds=5) for _ in range(3)}
    assert len(paths) == len(made) == 1

    def fail(_: Path) -> None:
        raise ReportError("no font")

    with pytest.raises(ReportError, match="no font"):
        presses.ask("b", fail, seconds=5)
    assert presses.ask("b", writer(b"y"), seconds=5) is not None

    def break_down(_: Path) -> None:
        raise KeyError("secret of the machine")

    with pytest.raises(ReportError, match="written to the log"):
        presses.ask("c", break_down, seconds=5)
    (path,) = paths
    assert path is not None
    presses.close()
    assert not path.exists()


def test_a_press_waits_in_a_row_and_sends_away_who_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    presses, hold = Presses(), __import__("threading").Event()

    def slow(path: Path) -> None:
        hold.wait(20)
        path.write_bytes(b"1234567890")

    for number in range(MOST_WAITING):
        assert presses.ask(f"slow {number}", slow, seconds=0) is None
    with pytest.raises(ReportError, match="Come again"):
        presses.ask("one more", slow, seconds=0)
    hold.set()
    found = [presses.ask(f"slow {number}", slow, seconds=10) for number in range(MOST_WAITING)]
    assert all(one is not None and one.is_file() for one in found)
    monkeypatch.setattr("api.presses.MOST_BYTES", 25)
    last = presses.ask("last", writer(b"1234567890"), seconds=5)
    presses.ask("last", writer(b""), seconds=5)  # room is made when somebody asks
    assert last is not None
    assert [one.is_file() for one in found if one is not None].count(True) == 1
    assert last.is_file()
    presses.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_in_a_browser(address: str, open_page: OpenPage, demo_copy: Path, language: str) -> None:
    page = open_page(f"{address}{ROOM}", language=language, width=320)
    assert barriers(page) == []
    page.locator("#why").fill("final report")
    page.locator("form button.primary").click()
    page.wait_for_selector(".snapshot", timeout=60_000)
    assert barriers(page) == []
    reject_one(demo_copy)
    page.locator("form button.primary").click()
    page.wait_for_selector("#snapshot-2", timeout=60_000)
    page.locator("a[href$='/2/changes']").click()
    assert page.locator("table.flows tbody tr").count() == 4
    assert barriers(page) == []
    page.set_viewport_size({"width": 1200, "height": 900})
    assert barriers(page) == []
