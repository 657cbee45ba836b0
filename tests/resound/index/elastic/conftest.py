"""One node for all tests of this folder, one prefix of names for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from resound.index.base import SearchIndex
from resound.index.elastic import ElasticIndex
from resound.index.elastic_bulk import Patience
from resound.index.elastic_client import ElasticAddress, connect
from tests.resound.index.conftest import MakeIndex
from tests.resound.index.elastic.node import Node, start_node, start_script

QUICK = Patience(seconds=20, first=0.05, longest=0.3)


@dataclass(frozen=True)
class Cluster:
    """Where the tests' cluster is; `node` is None where it is somebody's own."""

    url: str
    node: Node | None


@pytest.fixture(scope="session")
def script() -> Path:
    """What starts further nodes, for tests that kill them."""
    found = start_script()
    if found is None:
        pytest.skip("no Elasticsearch to start (set RESOUND_TEST_ELASTICSEARCH to the folder of start.py)")
    return found


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """`RESOUND_TEST_ELASTICSEARCH_URL`, or a node of our own."""
    pytest.importorskip("elasticsearch", reason="the client is missing: pip install resound[elastic]")
    url = os.environ.get("RESOUND_TEST_ELASTICSEARCH_URL")
    if url:
        yield Cluster(url, None)
        return
    found = start_script()
    if found is None:
        pytest.skip(
            "no Elasticsearch: set RESOUND_TEST_ELASTICSEARCH_URL to a cluster's address, or RESOUND_TEST_ELASTICSEARCH to a "
            "folder whose start.py starts a node"
        )
    try:
        node = start_node(found, tmp_path_factory.mktemp("node"))
    except RuntimeError as err:
        pytest.skip(f"Elasticsearch does not start here: {err}")
    yield Cluster(node.url, node)
    node.stop()


def remove_all(address: ElasticAddress) -> None:
    """Everything that begins with the address's prefix."""
    client = connect(address).options(ignore_status=404)
    for name in client.indices.get(index=f"{address.prefix}-*", expand_wildcards="all").body:
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=f"{address.prefix}-*")
    client.cluster.delete_component_template(name=f"{address.prefix}-*")
    client.close()


@pytest.fixture
def address(cluster: Cluster) -> Iterator[ElasticAddress]:
    """The cluster, with a prefix of the test's own."""
    made = ElasticAddress(urls=(cluster.url,), prefix=f"test-{uuid4().hex[:12]}", timeout=20)
    yield made
    remove_all(made)


@pytest.fixture(scope="module")
def module_address(cluster: Cluster) -> Iterator[ElasticAddress]:
    """The same for a module that makes one index for many tests."""
    made = ElasticAddress(urls=(cluster.url,), prefix=f"test-{uuid4().hex[:12]}", timeout=20)
    yield made
    remove_all(made)


@pytest.fixture
def elastic(address: ElasticAddress) -> Iterator[ElasticIndex]:
    """An index."""
    made = ElasticIndex(address, patience=QUICK)
    yield made
    made.close()


@contextmanager
def opened(cluster: Cluster) -> Iterator[MakeIndex]:
    """Makes indexes: the same name has the same prefix, and everything is removed at the end."""
    run = uuid4().hex[:8]
    known: dict[str, ElasticAddress] = {}
    made: list[ElasticIndex] = []

    def make(name: str, *, store: str = "") -> SearchIndex:
        prefix = f"test-{run}-{len(known)}"
        address = known.setdefault(name, ElasticAddress(urls=(cluster.url,), prefix=prefix, timeout=20))
        made.append(ElasticIndex(address, store=(lambda: store) if store else None, patience=QUICK))
        return made[-1]

    yield make
    for one in made:
        one.close()
    for address in known.values():
        remove_all(address)


@pytest.fixture
def make_index(cluster: Cluster) -> Iterator[MakeIndex]:
    """What the contract's tests make indexes with."""
    with opened(cluster) as make:
        yield make


@pytest.fixture(scope="module")
def make_module_index(cluster: Cluster) -> Iterator[MakeIndex]:
    """For all tests of a module."""
    with opened(cluster) as make:
        yield make
