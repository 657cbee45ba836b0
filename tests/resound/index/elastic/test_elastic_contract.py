"""The tests of the contract, on Elasticsearch (`make_index` of this folder's conftest)."""

from __future__ import annotations

import pytest

from tests.resound.index import (
    test_contract,
    test_contract_dates,
    test_contract_rebuild,
    test_contract_stories,
)

pytestmark = pytest.mark.elastic

for module in (test_contract, test_contract_dates, test_contract_rebuild, test_contract_stories):
    globals().update({name: one for name, one in vars(module).items() if name.startswith("test_")})
