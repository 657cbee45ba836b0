"""Changing a campaign: form and text, preview before saving, versions, conflicts. Asked directly, without scripts."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.access import find_visitor
from resound.campaign import Campaign
from resound.definitions.campaign_form import fill_form
from resound.definitions.editing import find_version, read_version
from resound.processing.matching import CampaignMatcher
from resound.store.matches import list_matches
from resound.store.registry import list_versions
from tests.api.conftest import csrf_of, make_app

KEY = "apo-coe-gp-vietnam-2014"
EDIT = f"/campaigns/{KEY}/edit"


@pytest.fixture
def app(demo_copy: Path) -> FastAPI:
    return make_app(demo_copy)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def stored(app: FastAPI, key: str = KEY) -> Campaign:
    with app.state.desk.store.read() as connection:
        model = read_version(find_version(connection, "campaign", key))
    assert isinstance(model, Campaign)
    return model


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the first form: every field as it is shown."""
    form = page.split('class="editor"', 1)[1].split("</form>", 1)[0]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        kind = (re.search(r'type="(\w+)"', tag) or ["", "text"])[1]
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and (kind not in ("checkbox", "radio") or " checked" in tag):
            found[name[1]] = html.unescape(value[1] if value else "")
    for name, value in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(value)
    return found


def send(client: TestClient, path: str, fields: dict[str, str], do: str = "save", **headers: str) -> object:
    return client.post(path, data={**fields, "do": do}, headers=headers)


def wait_for(client: TestClient, path: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        page = client.get(path).text
        if "<progress" not in page:
            return page
        time.sleep(0.1)
    raise TimeoutError(path)


def test_an_untouched_form_saves_nothing(app: FastAPI, client: TestClient) -> None:
    fields = fields_of(client.get(EDIT).text)
    assert set(fill_form(stored(app)).fields) - set(fields) <= {
        "id",
        *(f"people.{n}.spokesperson" for n in range(9)),
    }
    answer = client.post(EDIT, data={**fields, "do": "save"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{EDIT}?unchanged=1")
    assert "nothing was saved" in client.get(answer.headers["location"]).text


def test_a_change_is_previewed_and_then_saved(app: FastAPI, client: TestClient) -> None:
    fields = fields_of(client.get(EDIT).text)
    fields["names.0.forms.en"] += "\nrubbish"
    begun = client.post(EDIT, data={**fields, "do": "preview"})
    assert begun.status_code == 303
    page = wait_for(client, begun.headers["location"])
    assert "What this would change" in page
    assert "Looked at all" in page
    assert "rubbish" not in str(stored(app).names[0].forms), "nothing is saved yet"
    again = client.get(f"{EDIT}?draft={begun.headers['location'].rsplit('/', 1)[1]}").text
    assert "rubbish" in fields_of(again)["names.0.forms.en"], "what was previewed can be edited on"
    token = begun.headers["location"].rsplit("/", 1)[1]
    saved = client.post(EDIT, data={"csrf": csrf_of(page), "preview": token})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{EDIT}?saved=2")
    assert "rubbish" in stored(app).names[0].forms["en"]
    page = client.get(saved.headers["location"]).text
    assert "Saved as version 2." in page
    deadline = time.monotonic() + 30
    while "Every article is matched by it." not in page:
        assert time.monotonic() < deadline
        assert "to be matched anew" in page
        time.sleep(0.1)
        page = client.get(f"/campaigns/{KEY}/waiting", headers={"HX-Request": "true"}).text
    with app.state.desk.store.read() as connection:
        found = [one for one in list_matches(connection, campaign=KEY) if one.matched]
    assert {one.fingerprint for one in found} == {CampaignMatcher(stored(app)).fingerprint}
    with app.state.desk.store.read() as connection:
        newest = list_versions(connection, "campaign", KEY)[-1]
    assert (newest.who, newest.came_from) == ("lin", "edited")


def test_htmx_gets_the_part_and_goes_on_asking(client: TestClient) -> None:
    fields = fields_of(client.get(EDIT).text)
    part = client.post(EDIT, data={**fields, "do": "preview"}, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    token = re.search(r"/previews/([\w-]+)", part.text)
    assert token is not None
    assert "hx-trigger" in part.text or "Looked at all" in part.text
    wait_for(client, f"/previews/{token[1]}")
    done = client.get(f"/previews/{token[1]}", headers={"HX-Request": "true"}).text
    assert "hx-trigger" not in done


def test_an_unfinished_preview_goes_on(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.campaign_edit.PREVIEW_SECONDS", 0.0)
    monkeypatch.setattr("resound.definitions.previewing.BATCH", 60)
    fields = fields_of(client.get(EDIT).text)
    fields["names.0.forms.en"] += "\nrubbish"
    begun = client.post(EDIT, data={**fields, "do": "preview"})
    page = wait_for(client, begun.headers["location"])
    assert "Looked at 60 of" in page
    more = client.post(begun.headers["location"], data={"csrf": csrf_of(page)})
    assert more.headers["location"] == begun.headers["location"]
    assert "Looked at all" in wait_for(client, begun.headers["location"])


def test_what_is_wrong_stands_at_its_field(client: TestClient) -> None:
    fields = fields_of(client.get(EDIT).text)
    fields |= {"first": "soon", "context": "(green", "names.0.forms.vi": "!!"}
    answer = client.post(EDIT, data={**fields, "do": "save"})
    assert answer.status_code == 422
    page = answer.text
    assert 'href="#first"' in page
    assert re.search(r'id="first" name="first" aria-invalid="true" aria-describedby="wrong-first"', page)
    assert "not a day" in page
    assert fields_of(page)["first"] == "soon", "what was typed stays"
    del fields["first"]
    part = client.post(EDIT, data={**fields, "do": "preview"}, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["hx-retarget"]) == (422, "body")


def test_rows_come_and_go(app: FastAPI, client: TestClient) -> None:
    fields = fields_of(client.get(EDIT).text)
    people = len(stored(app).people)
    page = client.post(EDIT, data={**fields, "do": "add people"}).text
    row = f"people.{people}"
    assert f'name="{row}.forms.vi"' in page
    assert "autofocus" in page
    fields = fields_of(page) | {
        f"{row}.forms.vi": "Trần Thử Nghiệm",
        f"{row}.spokesperson": "yes",
        "people.0.remove": "yes",
    }
    assert client.post(EDIT, data={**fields, "do": "save"}).status_code == 303
    now = stored(app).people
    assert len(now) == people
    assert (now[-1].id, now[-1].spokesperson) == ("tran-thu-nghiem", True)


def test_a_conflict_shows_both_and_overwrites_nothing(app: FastAPI, client: TestClient) -> None:
    first = fields_of(client.get(EDIT).text)
    second = dict(first)
    assert client.post(EDIT, data={**first, "notes": "theirs <script>", "do": "save"}).status_code == 303
    answer = client.post(EDIT, data={**second, "exclude": "waste", "do": "save"})
    assert answer.status_code == 409
    page = answer.text
    assert "Somebody else saved meanwhile" in page
    assert "theirs &lt;script&gt;" in page
    assert "<script>" not in page.split("</head>")[1]
    assert stored(app).notes == "theirs <script>"
    text = html.unescape((re.search(r'name="text" value="([^"]*)"', page) or ["", ""])[1])
    sent = {"csrf": csrf_of(page), "base": "2", "text": text}
    edit = client.post(f"/campaigns/{KEY}/yaml", data={**sent, "do": "edit"})
    assert "exclude: waste" in edit.text
    saved = client.post(f"/campaigns/{KEY}/yaml", data={**sent, "do": "save"})
    assert saved.headers["location"] == f"{EDIT}?saved=3"
    assert stored(app).exclude == "waste"
    with app.state.desk.store.read() as connection:
        kept = find_version(connection, "campaign", KEY, 2)
    assert kept.body["notes"] == "theirs <script>", "theirs stays among the versions"


def test_the_text_says_what_is_wrong_and_in_which_line(client: TestClient) -> None:
    path = f"/campaigns/{KEY}/yaml"
    fields = fields_of(client.get(path).text)
    assert fields["text"].startswith("# resound: version 1\nid: ")
    wrong = (
        fields["text"]
        .replace("review: manual", "review: perhaps")
        .replace("first: 2014-09-01", "first: soon")
    )
    answer = client.post(path, data={**fields, "text": wrong, "do": "save"})
    assert answer.status_code == 422
    line = wrong.split("\n").index("  first: soon") + 1
    assert f"Line {line}, <code>window.first</code>" in answer.text
    assert fields_of(answer.text)["text"] == wrong.rstrip("\n") + "\n"
    other = fields["text"].replace(f"id: {KEY}", "id: another", 1)
    refused = client.post(path, data={**fields, "text": other, "do": "save"})
    assert (refused.status_code, "the id never changes" in refused.text) == (422, True)


def test_a_text_is_previewed_saved_and_downloaded(app: FastAPI, client: TestClient) -> None:
    path = f"/campaigns/{KEY}/yaml"
    fields = fields_of(client.get(path).text)
    fields["text"] = re.sub(r"(?m)^notes: .*(\n  .*)*", "notes: Đã sửa 已修改", fields["text"])
    begun = client.post(path, data={**fields, "do": "preview"})
    assert begun.headers["location"].startswith("/previews/")
    assert "Looked at all" in wait_for(client, begun.headers["location"])
    assert client.post(path, data={**fields, "do": "save"}).headers["location"] == f"{EDIT}?saved=2"
    assert stored(app).notes == "Đã sửa 已修改"
    file = client.get(f"/campaigns/{KEY}/definition.yml")
    assert file.headers["content-disposition"] == f'attachment; filename="{KEY}.yml"'
    assert file.text.startswith("# resound: version 2\n")
    stale = client.post(path, data={**fields, "base": "2", "do": "save"})
    assert stale.status_code in (303, 409)


def test_versions_are_told_and_an_old_one_comes_back(app: FastAPI, client: TestClient) -> None:
    fields = fields_of(client.get(EDIT).text)
    client.post(EDIT, data={**fields, "exclude": "waste", "do": "save"})
    page = client.get(f"/campaigns/{KEY}/versions").text
    assert page.index("Version 2") < page.index("Version 1")
    assert "Exclusion" in page
    assert "holds now" in page
    one = client.get(f"/campaigns/{KEY}/versions/1").text
    assert "Bringing it back would change this" in one
    back = client.post(f"/campaigns/{KEY}/versions/1/bring-back", data={"csrf": csrf_of(one), "base": "2"})
    assert back.status_code == 303
    assert "brought back from version 1" in client.get(back.headers["location"]).text
    assert stored(app).exclude != "waste"
    late = client.post(f"/campaigns/{KEY}/versions/2/bring-back", data={"csrf": csrf_of(one), "base": "2"})
    assert late.status_code == 409
    assert client.get(f"/campaigns/{KEY}/versions/9").status_code == 404


def test_a_new_campaign_from_the_form_and_from_the_template(app: FastAPI, client: TestClient) -> None:
    fields = fields_of(client.get("/new-campaign").text)
    refused = client.post("/new-campaign", data={**fields, "do": "save"})
    assert refused.status_code == 422
    fields |= {"name.vi": "Chiến dịch Thử", "last": "2030-01-01", "names.0.forms.vi": "Giọt Nước"}
    begun = client.post("/new-campaign", data={**fields, "do": "preview"})
    assert "Looked at all" in wait_for(client, begun.headers["location"])
    made = client.post("/new-campaign", data={**fields, "do": "save"})
    assert made.headers["location"] == "/campaigns/chien-dich-thu/edit?saved=1"
    taken = client.post("/new-campaign", data={**fields, "id": "chien-dich-thu", "do": "save"})
    assert (taken.status_code, "already" in taken.text) == (422, True)
    text = fields_of(client.get("/new-campaign/yaml").text)
    assert "# A campaign, to be filled in." in text["text"]
    assert client.post("/new-campaign/yaml", data={**text, "do": "save"}).headers["location"] == (
        "/campaigns/my-campaign/edit?saved=1"
    )
    twice = client.post("/new-campaign/yaml", data={**text, "do": "save"})
    assert (twice.status_code, "already" in twice.text) == (422, True)
    assert stored(app, "my-campaign").queries


def test_readers_look_and_others_previews_are_theirs(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    import api.access

    begun = client.post(EDIT, data={**fields_of(client.get(EDIT).text), "do": "preview"})
    find = find_visitor

    def as_reader(request: object) -> object:
        visitor = find(request)  # type: ignore[arg-type]
        assert visitor.person is not None
        return replace(visitor, person=replace(visitor.person, login="mai", role="reader"))

    monkeypatch.setattr(api.access, "find_visitor", as_reader)
    for module in ("api.pages", "api.routes.definitions"):
        monkeypatch.setattr(f"{module}.find_visitor", as_reader)
    page = client.get(EDIT).text
    assert '<fieldset class="whole" disabled>' in page
    assert "role of an editor" in page
    csrf = begun.request.content.decode().split("csrf=")[1].split("&")[0]
    for path in (EDIT, f"/campaigns/{KEY}/yaml", f"/campaigns/{KEY}/versions/1/bring-back", "/new-campaign"):
        assert client.post(path, data={"csrf": csrf, "do": "save"}).status_code == 403, path
    assert client.get("/new-campaign").status_code == 403
    assert client.get(f"/campaigns/{KEY}/versions").status_code == 200
    assert client.get(begun.headers["location"]).status_code == 404


def test_unknown_places_are_said_to_be_unknown(client: TestClient) -> None:
    for path in (
        "/campaigns/none/edit",
        "/campaigns/none/yaml",
        "/campaigns/none/versions",
        "/previews/none",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get(f"{EDIT}?draft=none").status_code == 404
