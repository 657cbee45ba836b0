"""What goes wrong is said in the reader's language on pages, and in English to programs and at the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from resound.errors import NotFoundError
from resound.store import open_store
from resound.store.people import load_person
from resound.store.registry import load_campaign
from resound.told import Told
from tests.api.staffed import browsing, enter, make_app
from tests.resound.staff import hash_quickly, hire
from tests.whole_way import copy_demo

DEMO = "apo-coe-gp-vietnam-2014"
WRONG = (
    "/nosuch",
    "/campaigns/nosuch",
    "/campaigns/nosuch/items?by=standing&value=counted",
    f"/campaigns/{DEMO}/items?by=standing&value=banana",
    f"/campaigns/{DEMO}/items?by=voice&value=banana",
    "/campaigns/nosuch/reports",
    f"/campaigns/{DEMO}/reports/99",
    "/review/nosuch",
    "/people/nosuch",
    "/articles/nosuch",
    "/articles/nosuch/changes",
    "/sources/nosuch",
    "/sources/nosuch/edit",
    "/campaigns/nosuch/edit",
    "/lists/nosuch",
    "/digests/99999",
    "/digests/preview/nosuch/2014-W41",
    "/sign-in/elsewhere",
    "/language/xx",
    "/?list=banana",
    f"/review/{DEMO}/undo",
)
FORBIDDEN = ("/people", "/system", f"/review/{DEMO}", "/clips/new", "/digests")
MARKED = re.compile(r"<main.*?</main>", re.DOTALL)


@pytest.fixture(scope="module")
def data(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_demo(demo_folder, tmp_path_factory.mktemp("problems"))
    store = open_store(f"sqlite:///{made / 'resound.sqlite'}")
    hire(store, "lin", "admin")
    hire(store, "guest", "reader")
    store.close()
    return made


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        hash_quickly(patch)
        with browsing(make_app(data)) as made:
            yield made


@pytest.fixture(autouse=True)
def _signed_out(client: TestClient) -> None:
    client.cookies.clear()


def asked(client: TestClient, path: str, language: str) -> str:
    """The main part of a page that says what went wrong."""
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code in (400, 403, 404, 405, 410, 422), (path, answer.status_code)
    assert "text/html" in answer.headers["content-type"], path
    return MARKED.findall(answer.text)[0]


def english_words(main: str) -> list[str]:
    """English words beside each other."""
    return re.findall(r"\b[A-Za-z]{3,} (?:[a-z]{2,} ?)+", re.sub(r"<[^>]+>", " ", main))


@pytest.mark.parametrize("language", ["zh-TW", "vi"])
def test_no_page_says_in_english_what_went_wrong(client: TestClient, language: str) -> None:
    enter(client, "lin")
    said = {path: asked(client, path, language) for path in WRONG}
    assert [path for path, main in said.items() if 'lang="en"' in main] == []
    if language == "zh-TW":  # Vietnamese has such words of its own
        assert {path: words for path, main in said.items() if (words := english_words(main))} == {}


@pytest.mark.parametrize(
    ("language", "role"), [("zh-TW", "編碼員"), ("vi", "Người duyệt tin"), ("en", "Coder")]
)
def test_who_may_not_is_told_which_role_it_needs_in_their_language(
    client: TestClient, language: str, role: str
) -> None:
    enter(client, "guest")
    for path in FORBIDDEN:
        said = asked(client, path, language)
        assert language == "en" or 'lang="en"' not in said, path
    assert f"{role}" in asked(client, "/clips/new", language)


def test_a_form_that_lacks_what_it_needs_is_answered_in_the_readers_language(client: TestClient) -> None:
    enter(client, "lin")
    token = re.findall(r'name="csrf" value="([^"]+)', client.get("/account").text)[0]
    sent = {"csrf": token, "language": "xx"}
    answer = client.post("/account/language", data=sent, headers={"accept-language": "zh-TW"})
    assert answer.status_code in (400, 422)
    assert 'lang="en"' not in MARKED.findall(answer.text)[0]
    assert "Input should" not in answer.text


def test_programs_and_the_command_line_keep_the_english_sentence_and_what_helps(
    client: TestClient, data: Path
) -> None:
    enter(client, "lin")
    told = client.get("/api/v1/campaigns/nosuch", headers={"accept-language": "zh-TW"})
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["detail"] == f"There is no campaign 'nosuch'. Known: {DEMO}."
    assert client.get("/api/v1/nosuch", headers={"accept-language": "vi"}).json()["detail"] == "Not Found"
    store = open_store(f"sqlite:///{data / 'resound.sqlite'}")
    with store.read() as connection:
        with pytest.raises(NotFoundError) as nobody:
            load_person(connection, "nosuch")
        with pytest.raises(NotFoundError) as nothing:
            load_campaign(connection, "nosuch")
    store.close()
    assert str(nobody.value) == "Nobody has the login 'nosuch'. `resound user list` shows who there is."
    assert str(nothing.value) == f"There is no campaign 'nosuch'. Known: {DEMO}."
    assert isinstance(nobody.value.args[0], Told)
