"""A release registered in the campaign's form is evidence on the pages of the items that repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from resound.coverage.figures import campaign_figures
from resound.store.articles import load_articles
from tests.api.conftest import OpenPage, barriers, csrf_of, make_app, served
from tests.api.test_campaign_edit import EDIT, KEY, fields_of, stored


@pytest.fixture
def app(demo_copy: Path) -> FastAPI:
    return make_app(demo_copy)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def pick(app: FastAPI) -> tuple[str, str, str]:
    """A counted item of some length: its id, the day before it, and its text."""
    desk = app.state.desk
    with desk.store.read() as connection:
        figures = campaign_figures(connection, KEY, now=desk.now())
        texts = {key: one.article for key, one in load_articles(connection, figures.lists["counted"]).items()}
    item = max(figures.lists["counted"], key=lambda key: len(texts[key].text))
    day = figures.items[item][0].day
    assert day is not None
    return item, (day - timedelta(days=1)).isoformat(), texts[item].text


def register(app: FastAPI, client: TestClient) -> str:
    item, day, text = pick(app)
    page = client.get(EDIT).text
    fields = fields_of(page)
    added = client.post(EDIT, data={**fields, "do": "add releases"})
    assert 'name="releases.0.text"' in added.text
    more = {
        "releases.0.id": "", "releases.0.title.en": "The <b>team</b> sets out", "releases.0.title.vi": "Đội lên đường",
        "releases.0.day": day, "releases.0.language": "en", "releases.0.text": f"A release.\n{text}",
    }  # fmt: skip
    saved = client.post(EDIT, data={**fields, **more, "csrf": csrf_of(page), "do": "save"})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{EDIT}?saved=2")
    return item


def test_a_release_is_registered_in_the_form_and_is_evidence_on_the_items_page(
    app: FastAPI, client: TestClient
) -> None:
    item = register(app, client)
    (release,) = stored(app).releases
    assert (release.id, release.language) == ("the-b-team-b-sets-out", "en")
    shown = client.get(EDIT).text
    assert "The &lt;b&gt;team&lt;/b&gt; sets out" in shown
    assert fields_of(shown)["releases.0.text"] == release.text
    for language, says in (
        ("en", "100% of the text stands in the campaign"),
        ("zh-Hant", "全文有 100% 出自活動於"),
        ("vi", "100% nội dung trùng với thông cáo"),
    ):
        page = client.get(f"/articles/{item}", headers={"Accept-Language": language}).text
        assert says in page.replace("&#39;", "'"), language
        assert "<b>team</b>" not in page
        assert ("Đội lên đường" if language == "vi" else "The &lt;b&gt;team&lt;/b&gt; sets out") in page
    versions = client.get(f"/campaigns/{KEY}/versions").text
    assert "Releases" in versions


@pytest.mark.browser
def test_the_form_and_the_evidence_keep_nobody_out(
    app: FastAPI, client: TestClient, open_page: OpenPage
) -> None:
    item = register(app, client)
    with served(app) as address:
        for path in (EDIT, f"/articles/{item}"):
            for language, width in (("zh-Hant", 375), ("en", 1200)):
                page = open_page(f"{address}{path}", language=language, width=width)
                page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
                assert barriers(page) == []
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                    path,
                    width,
                )
