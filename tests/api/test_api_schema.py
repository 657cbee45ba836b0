"""What the API's description allows is asked, and what it does not: nothing breaks, every answer fits its form, and
what is wrong is refused, whoever asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from limits import parse
from schemathesis.generation import GenerationMode
from schemathesis.python.asgi import HOST
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema
from starlette.testclient import TestClient

import api.safety
from api.openapi import ADDRESS
from resound.people.accounts import add_key
from resound.people.roles import Role, Scope
from tests.api.staffed import Clock, browsing, make_app, store_of
from tests.resound.staff import NOW, hire
from tests.whole_way import copy_demo

EXAMPLES = 6
"""Of each operation, for each kind of person and each way of asking."""
PEOPLE: dict[str, tuple[Role, Scope]] = {
    "admin": ("admin", "edit"),
    "reader": ("reader", "read"),
    "coder": ("coder", "code"),
    "coder-who-only-reads": ("coder", "read"),
}


@pytest.fixture(scope="module")
def app(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The demo with people in it, and no bounds on how often they may ask."""
    data = copy_demo(demo_folder, tmp_path_factory.mktemp("schema"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.safety, "LIMITS", dict.fromkeys(api.safety.LIMITS, parse("1000000/minute")))
        made = make_app(data, clock=Clock(NOW), hosts=HOST)
        with browsing(made):
            yield made


@pytest.fixture(scope="module")
def keys(app: FastAPI) -> dict[str, str]:
    """name → an API key. `one-campaign` may code for one campaign and nothing else."""
    store, made = store_of(app), dict[str, str]()
    scopes: dict[str, Scope] = {login: scope for login, (_, scope) in PEOPLE.items()} | {
        "one-campaign": "code"
    }
    people = [hire(store, login, role) for login, (role, _) in PEOPLE.items()]
    people.append(hire(store, "one-campaign", "none", apo_coe_gp_vietnam_2014="coder"))
    for person in people:
        with store.write() as connection:
            scope = scopes[person.login]
            made[person.login] = add_key(connection, person, name="test", scopes=[scope], who="test", now=NOW)
    return made


@pytest.fixture(scope="module")
def description(app: FastAPI) -> OpenApiSchema:
    found = schemathesis.openapi.from_asgi(ADDRESS, app)
    # A value may have the right form and still say nothing that can be done: merge an item with itself.
    found.config.checks.positive_data_acceptance.expected_statuses = [
        "2xx", "304", "400", "401", "403", "404", "409", "429",
    ]  # fmt: skip
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("who", [*PEOPLE, "one-campaign"])
def test_the_api_does_what_its_description_says(
    description: OpenApiSchema, keys: dict[str, str], who: str, mode: GenerationMode
) -> None:
    asked: Counter[int] = Counter()
    for found in description.get_all_operations():
        asked += ask(found.ok(), keys[who], mode)
    assert asked.total() > 20
    assert max(asked) < 500


def ask(operation: APIOperation, key: str, mode: GenerationMode) -> Counter[int]:
    """Ask an operation in ways that its description allows, or does not; how often which status came back."""
    answers: Counter[int] = Counter()

    @seed(2014)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def once(case: schemathesis.Case) -> None:
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {key}"})
        answers[answer.status_code] += 1

    try:
        once()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "an operation without parameters cannot be asked wrongly"
    return answers


def test_nobody_is_told_to_sign_in(app: FastAPI, description: OpenApiSchema) -> None:
    with browsing(app) as client:
        for found in description.get_all_operations():
            operation = found.ok()
            path = operation.path.replace("{campaign}", "c").replace("{item}", "0" * 16)
            answer = client.request(operation.method, path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"
            wrong = client.request(operation.method, path, headers={"authorization": "Bearer nonsense"})
            assert wrong.status_code == 401


def test_who_asks_too_often_is_told_when_to_go_on(demo_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.safety, "LIMITS", dict.fromkeys(api.safety.LIMITS, parse("2/minute")))
    path = "/api/v1/campaigns/apo-coe-gp-vietnam-2014/counts"
    with TestClient(make_app(demo_copy, is_local=True), base_url="http://127.0.0.1") as client:
        answers = [client.get(path) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert int(answers[2].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("who", "for_campaign", "for_all"),
    [
        ("admin", 201, 201),
        ("coder", 201, 201),
        ("one-campaign", 201, 403),
        ("coder-who-only-reads", 403, 403),
        ("reader", 403, 403),
    ],
)
def test_who_may_decide_by_a_key(
    app: FastAPI, keys: dict[str, str], who: str, for_campaign: int, for_all: int
) -> None:
    item, campaign = "/api/v1/items/33c030fd07550316/decisions", "apo-coe-gp-vietnam-2014"
    with browsing(app, headers={"authorization": f"Bearer {keys[who]}"}) as client:
        accept = client.post(item, json={"kind": "accept", "campaign": campaign, "why": f"read by {who}"})
        origin = client.post(item, json={"kind": "origin", "value": "original", "why": f"read by {who}"})
        assert (accept.status_code, origin.status_code) == (for_campaign, for_all)
        if for_campaign == 201:
            undo = {"kind": "undo", "undoes": accept.json()["id"], "why": "a slip"}
            assert client.post(item, json=undo).status_code == 201
        listed = client.get("/api/v1/campaigns").json()["campaigns"]
        assert [one["id"] for one in listed] == [campaign]
        assert client.get("/api/v1/sources").status_code == (403 if who == "one-campaign" else 200)


def test_somebody_without_any_role_sees_no_campaign(app: FastAPI) -> None:
    person = hire(store_of(app), "nobody-yet", "none")
    with store_of(app).write() as connection:
        key = add_key(connection, person, name="test", scopes=["edit"], who="test", now=NOW)
    with browsing(app, headers={"authorization": f"Bearer {key}"}) as client:
        assert client.get("/api/v1/campaigns").json() == {"campaigns": []}
        assert client.get("/api/v1/campaigns/apo-coe-gp-vietnam-2014").status_code == 403
