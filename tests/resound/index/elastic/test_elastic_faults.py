"""What goes wrong between Resound and Elasticsearch: retried, refused with a reason, or said; never lost, never twice."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from resound.errors import StoreError
from resound.index import elastic_breaker
from resound.index.base import IndexDocument, Vector
from resound.index.elastic import ElasticIndex
from resound.index.elastic_bulk import CHUNK, Patience
from resound.index.elastic_client import ElasticAddress, connect
from resound.index.elastic_documents import put
from resound.query import Document, parse
from tests.resound.index.elastic.conftest import QUICK
from tests.resound.index.elastic.node import start_node
from tests.resound.index.elastic.proxy import Answer, Proxy, Request

pytestmark = pytest.mark.elastic

EVERYTHING = parse("NOT nothing")


def document(key: str, seq: int, title: str = "waste", **keywords: str) -> IndexDocument:
    values = {name: frozenset({value}) for name, value in keywords.items()}
    return IndexDocument(key, seq, Document(title=title, keywords=values), seq, "s", {"url": key})


def many(count: int, seq: int = 1) -> list[IndexDocument]:
    return [document(f"d{number:05}", seq) for number in range(count)]


@pytest.fixture
def proxy(address: ElasticAddress) -> Iterator[Proxy]:
    made = Proxy(address.urls[0]).start()
    yield made
    made.stop()


@pytest.fixture
def through(proxy: Proxy, address: ElasticAddress) -> Iterator[ElasticIndex]:
    made = ElasticIndex(replace(address, urls=(proxy.url,)), patience=QUICK)
    made.write([], [], cursor=1)
    proxy.seen.clear()
    yield made
    made.close()


def is_bulk(request: Request) -> bool:
    return "/_bulk" in request.path


def test_a_stale_write_never_wins(elastic: ElasticIndex, address: ElasticAddress) -> None:
    elastic.write([document("a", 5, "newer"), document("gone", 5)], [], cursor=5)
    elastic.write([], ["gone"], cursor=6)

    # The cursor stops a whole stale write ...
    assert elastic.write([document("a", 4, "older"), document("gone", 4)], [], cursor=4) == ()
    # ... and versions stop one that had passed it already, as a process does that was asleep between the two.
    client = connect(address)
    late = [put(document("a", 4, "older")), put(document("gone", 4))]
    answer = client.bulk(index=f"{address.prefix}-items-write", operations=[one.lines for one in late])  # type: ignore[misc]
    client.close()
    assert [item["index"]["status"] for item in answer["items"]] == [409, 409]
    assert elastic.write([document("a", 4, "older")], [], cursor=6) == (), "it lost, and is no defect"

    found = elastic.search(EVERYTHING)
    assert [(hit.id, hit.document.title) for hit in found.hits] == [("a", "newer")]
    assert elastic.cursor() == 6


def test_what_the_mapping_will_not_have_is_refused_with_the_reason(elastic: ElasticIndex) -> None:
    written = [document("good", 1), document("bad", 1, outlet="x" * 40_000), document("fine", 1)]

    (refused,) = elastic.write(written, [], cursor=3)

    assert refused.id == "bad"
    assert "immense term" in refused.reason
    assert [hit.id for hit in elastic.search(EVERYTHING).hits] == ["fine", "good"]
    assert elastic.cursor() == 3


def test_a_field_that_the_mapping_does_not_know_is_refused(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    """The mapping is strict: nothing is guessed."""
    elastic.write([document("good", 1)], [], cursor=1)
    client = connect(address)
    answer = client.bulk(
        index=f"{address.prefix}-items-write", operations=[{"index": {"_id": "x"}}, {"id": "x", "nobody": 1}]
    )
    client.close()
    assert answer["items"][0]["index"]["error"]["type"] == "strict_dynamic_mapping_exception"


def test_a_document_that_spoils_a_whole_request_is_found(elastic: ElasticIndex) -> None:
    written = [*many(40), document("x" * 600, 1), *[document(f"e{n}", 1) for n in range(23)]]

    (refused,) = elastic.write(written, [], cursor=2)

    assert refused.id == "x" * 600
    assert "too long" in refused.reason
    assert (elastic.count(), elastic.cursor()) == (63, 2)


def test_where_every_document_is_refused_as_a_whole_nothing_goes_into_quarantine(
    through: ElasticIndex, proxy: Proxy
) -> None:
    proxy.rule = lambda one: Answer(400, {"error": {"reason": "unknown parameter"}}) if is_bulk(one) else None
    with pytest.raises(StoreError, match="unknown parameter"):
        through.write(many(8), [], cursor=9)
    proxy.rule = lambda _: None
    assert (through.cursor(), through.count()) == (1, 0)


def test_a_vector_of_another_length_is_refused(elastic: ElasticIndex) -> None:
    one = replace(document("a", 1), vector=Vector("m", b"\0<" * 4))
    other = replace(document("b", 1), vector=Vector("m", b"\0<" * 3))
    assert elastic.write([one], [], cursor=1) == ()
    (refused,) = elastic.write([other, document("c", 1)], [], cursor=2)
    assert (refused.id, elastic.count()) == ("b", 2)
    assert "bytes" in refused.reason


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_busy_node_is_asked_again_and_only_for_what_it_did_not_take(
    through: ElasticIndex, proxy: Proxy, status: int
) -> None:
    left = [3]

    def busy(request: Request) -> Answer | None:
        if is_bulk(request) and left[0]:
            left[0] -= 1
            return Answer(
                status, {"error": {"type": "es_rejected_execution_exception", "reason": "queue full"}}
            )
        return None

    proxy.rule = busy
    with capture_logs() as logs:
        assert through.write(many(30), [], cursor=2) == ()
    assert (through.count(), through.cursor()) == (30, 2)
    assert [one["event"] for one in logs] == ["elasticsearch is asked again"] * 3 + [
        "elasticsearch takes documents again"
    ]


def test_items_that_were_rejected_are_sent_again_alone(through: ElasticIndex, proxy: Proxy) -> None:
    sizes: list[int] = []

    def some(request: Request) -> Answer | None:
        if not is_bulk(request):
            return None
        ids = [json.loads(line)["index"]["_id"] for line in request.body.splitlines()[::2]]
        sizes.append(len(ids))
        if len(sizes) > 1:
            return None
        error = {"type": "es_rejected_execution_exception", "reason": "queue full"}
        kept = proxy.forward(replace(request, body=b"".join(request.body.splitlines(keepends=True)[:20])))
        assert kept[0] == 200
        items = [
            {"index": {"status": 201}} if n < 10 else {"index": {"status": 429, "error": error}}
            for n in range(len(ids))
        ]
        return Answer(200, {"errors": True, "items": items})

    proxy.rule = some
    assert through.write(many(30), [], cursor=2) == ()
    assert sizes == [30, 20]
    assert through.count() == 30


def test_a_connection_that_is_cut_after_the_documents_went_in(through: ElasticIndex, proxy: Proxy) -> None:
    cut = [2]

    def lose_the_answer(request: Request) -> Answer | None:
        if is_bulk(request) and cut[0]:
            cut[0] -= 1
            proxy.forward(request)
            return Answer(0)
        return None

    proxy.rule = lose_the_answer
    assert through.write(many(2 * CHUNK + 10), [], cursor=2) == ()
    assert (through.count(), through.cursor(), cut) == (2 * CHUNK + 10, 2, [0])


def test_patience_ends_and_nothing_is_lost(
    through: ElasticIndex, proxy: Proxy, address: ElasticAddress
) -> None:
    hasty = ElasticIndex(replace(address, urls=(proxy.url,)), patience=Patience(0.3, 0.05, 0.1))
    proxy.rule = lambda one: Answer(503, {"error": {"reason": "no master"}}) if is_bulk(one) else None
    with pytest.raises(StoreError, match="goes on from where it was"):
        hasty.write(many(3), [], cursor=7)
    assert through.cursor() == 1
    proxy.rule = lambda _: None
    hasty.write(many(3), [], cursor=7)
    assert (hasty.cursor(), hasty.count()) == (7, 3)
    hasty.close()


def test_a_cursor_that_could_not_be_moved_makes_the_same_come_again(
    through: ElasticIndex, proxy: Proxy
) -> None:
    proxy.rule = lambda one: (
        Answer(503, {"error": {"reason": "x"}}) if "-state/_doc" in one.path and one.method == "PUT" else None
    )
    with pytest.raises(StoreError, match="cannot answer now"):
        through.write(many(5, seq=4), ["d00000"], cursor=4)
    proxy.rule = lambda _: None
    assert through.cursor() == 1
    assert through.write(many(5, seq=4), [], cursor=4) == ()
    assert (through.cursor(), through.count()) == (4, 5)


def test_a_full_disk_pauses_writing_until_there_is_room(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write(many(3), [], cursor=1)
    client = connect(address)
    index = f"{address.prefix}-items-write"
    client.indices.put_settings(index=index, settings={"index.blocks.read_only_allow_delete": True})
    threading.Timer(
        1.5,
        lambda: client.indices.put_settings(
            index=index, settings={"index.blocks.read_only_allow_delete": None}
        ),
    ).start()

    begun = time.monotonic()
    with capture_logs() as logs:
        assert elastic.write([document(f"n{n}", 2) for n in range(1_200)], ["d00000"], cursor=2) == ()

    assert time.monotonic() - begun > 1
    assert (elastic.count(), elastic.cursor()) == (1_202, 2)
    events = [one["event"] for one in logs]
    assert "elasticsearch is blocked: paused" in events
    assert events[-1] == "elasticsearch takes documents again"
    client.close()


def test_a_disk_that_stays_full_is_said_and_reading_goes_on(
    elastic: ElasticIndex, address: ElasticAddress
) -> None:
    elastic.write(many(3), [], cursor=1)
    client = connect(address)
    index = f"{address.prefix}-items-write"
    client.indices.put_settings(index=index, settings={"index.blocks.read_only_allow_delete": True})
    hasty = ElasticIndex(address, patience=Patience(0.3, 0.05, 0.1))

    with pytest.raises(StoreError, match=r"blocked.*make room.*Nothing is lost"):
        hasty.write([document("n", 2)], [], cursor=2)

    assert (hasty.search(EVERYTHING).total, hasty.cursor()) == (3, 1)
    client.indices.put_settings(index=index, settings={"index.blocks.read_only_allow_delete": None})
    hasty.write([document("n", 2)], [], cursor=2)
    assert (hasty.count(), hasty.cursor()) == (4, 2)
    hasty.close()
    client.close()


def test_a_node_that_is_away_is_said_at_once(tmp_path: Path) -> None:
    away = ElasticIndex(ElasticAddress(urls=("http://127.0.0.1:9",)), patience=Patience(0.2, 0.05, 0.1))
    for call in (
        away.cursor,
        away.count,
        away.content_hash,
        away.describe,
        away.clear,
        away.begin_rebuild,
        lambda: away.write([document("a", 1)], [], cursor=1),
        lambda: away.search(EVERYTHING),
        lambda: away.similar("a"),
    ):
        with pytest.raises(
            StoreError, match=r"Elasticsearch at http://127.0.0.1:9 cannot be reached.*search is behind"
        ):
            call()
    away.close()


def test_a_slow_node_is_not_waited_for(proxy: Proxy, address: ElasticAddress) -> None:
    index = ElasticIndex(replace(address, urls=(proxy.url,), timeout=0.2))
    index.write(many(2), [], cursor=1)

    def slow(request: Request) -> Answer | None:
        if "_search" in request.path:
            time.sleep(5)
        return None

    proxy.rule = slow
    begun = time.monotonic()
    with pytest.raises(StoreError, match="did not answer in time"):
        index.search(EVERYTHING)
    assert time.monotonic() - begun < 4.5
    index.close()


def test_a_node_that_hangs_is_waited_for_once(
    proxy: Proxy, address: ElasticAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = ElasticIndex(replace(address, urls=(proxy.url,), timeout=0.1), patience=QUICK)
    index.write(many(2), [], cursor=1)
    hangs = threading.Event()
    hangs.set()

    def hang(request: Request) -> Answer | None:
        if hangs.is_set():
            time.sleep(4)
        return None

    proxy.rule = hang
    with pytest.raises(StoreError, match="did not answer in time"):
        index.search(EVERYTHING)
    begun = time.monotonic()
    asked = len(proxy.seen)
    for call in (lambda: index.search(EVERYTHING), index.cursor, index.count, index.describe):
        with pytest.raises(StoreError, match="did not answer in time"):
            call()
    with pytest.raises(StoreError, match="did not answer in time"):
        index.similar("d00000")
    assert time.monotonic() - begun < 1.5
    assert len(proxy.seen) == asked, "nothing was asked"

    hangs.clear()
    monkeypatch.setattr(elastic_breaker, "SECONDS", -1.0)
    index._breaker.trip("It hung.")  # so long ago that one may try
    assert (index.cursor(), index.search(EVERYTHING).total) == (1, 2)
    index.close()


def test_what_is_like_an_article_is_not_waited_for_long_and_stops_no_search(
    proxy: Proxy, address: ElasticAddress
) -> None:
    index = ElasticIndex(replace(address, urls=(proxy.url,)), patience=QUICK)
    index.write(many(2), [], cursor=1)
    fresh = ElasticIndex(replace(address, urls=(proxy.url,)), patience=QUICK)
    hangs = threading.Event()
    hangs.set()

    def hang(request: Request) -> Answer | None:
        if hangs.is_set():
            time.sleep(8)
        return None

    proxy.rule = hang
    for one in (index, fresh):
        for most in (5.0, 1.0):
            begun = time.monotonic()
            with pytest.raises(StoreError, match="did not answer in time"):
                one.similar("d00000")
            assert time.monotonic() - begun < most
    hangs.clear()
    assert index.search(EVERYTHING).total == 2
    index.close()
    fresh.close()


def test_what_was_not_searched_is_said(through: ElasticIndex, proxy: Proxy) -> None:
    through.write(many(2), [], cursor=2)

    def partly(change: Mapping[str, object]) -> Callable[[Request], Answer | None]:
        def rule(request: Request) -> Answer | None:
            if "_search" not in request.path:
                return None
            return Answer(200, {**json.loads(proxy.forward(request)[1]), **change})

        return rule

    for change, said in (
        ({"_shards": {"total": 3, "successful": 2, "failed": 1}}, "1 of 3 parts"),
        ({"timed_out": True}, "ended after 20 s"),
    ):
        proxy.rule = partly(change)
        assert said in through.search(EVERYTHING).trouble
        assert said in through.search(EVERYTHING, collapse=True).trouble
    proxy.rule = lambda _: None
    assert through.search(EVERYTHING).trouble == ""


def wait_until_recovered(index: ElasticIndex) -> None:
    """A node that answers still reads its shards for a moment, and says so."""
    for _ in range(300):
        try:
            index.cursor()
            index.count()
        except StoreError as err:
            if not re.search("cannot (answer|count) now", str(err)):
                raise
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the node does not recover")


@pytest.mark.timeout(240)
def test_a_node_that_is_killed_in_the_middle_of_writing(script: Path, tmp_path: Path) -> None:
    node = start_node(script, tmp_path / "node")
    index = ElasticIndex(ElasticAddress(urls=(node.url,)), patience=Patience(1, 0.1, 0.3))
    index.write([document("old", 1), document("gone", 1)], [], cursor=1)
    port = int(node.url.rpartition(":")[2])
    done = [1]
    stopped = threading.Event()

    def batch(number: int) -> list[IndexDocument]:
        return [document(f"b{number}-{n}", number) for n in range(1_500)]

    def write() -> None:
        try:
            for number in range(2, 400):
                index.write(batch(number), ["gone"], cursor=number)
                done[0] = number
        except StoreError:
            stopped.set()

    writer = threading.Thread(target=write)
    writer.start()
    while done[0] < 3:
        time.sleep(0.01)
    time.sleep(0.15)  # in the middle of a write
    node.kill()
    writer.join(60)
    assert stopped.is_set()

    again = start_node(script, tmp_path / "node", port=port)
    try:
        wait_until_recovered(index)
        # Killed between moving the cursor and hearing of it, it is one further.
        assert index.cursor() in (done[0], done[0] + 1)
        held = {hit for hit, _ in index.hashes()}
        assert {one.id for number in range(2, done[0] + 1) for one in batch(number)} <= held
        for number in range(index.cursor() + 1, done[0] + 3):
            index.write(batch(number), ["gone"], cursor=number)
        expected = {"old"} | {one.id for number in range(2, done[0] + 3) for one in batch(number)}
        assert {hit for hit, _ in index.hashes()} == expected
        assert (index.count(), index.cursor()) == (len(expected), done[0] + 2)
    finally:
        index.close()
        again.stop()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_nodes_of_which_one_is_lost(script: Path, tmp_path: Path) -> None:
    """The copy on the other node answers, and writing goes on when it has become the first."""
    three = ("--heap", "300m", "cluster.routing.allocation.disk.threshold_enabled=false")
    first = start_node(script, tmp_path / "one", arguments=three)
    others = [
        start_node(script, tmp_path / name, arguments=("--name", name, "--join", first.transport, *three))
        for name in ("two", "three")
    ]
    nodes = [first, *others]
    address = ElasticAddress(urls=tuple(one.url for one in nodes), timeout=20)
    index = ElasticIndex(address, patience=Patience(60, 0.2, 1))
    try:
        index.write(many(300), [], cursor=1)
        client = connect(address)
        client.cluster.health(wait_for_status="green", timeout="60s")
        shards = client.perform_request(
            "GET", f"/_cat/shards/{address.prefix}-items?format=json", headers={"accept": "application/json"}
        ).body
        primary = next(str(one["node"]) for one in shards if one["prirep"] == "p")
        by_name = dict(zip(("node-1", "two", "three"), nodes, strict=True))
        by_name[primary].kill()
        client.close()

        assert index.search(EVERYTHING).total == 300
        assert index.write(many(400, seq=2), [], cursor=2) == ()
        assert (index.count(), index.cursor()) == (400, 2)
    finally:
        index.close()
        for one in nodes:
            one.stop()
