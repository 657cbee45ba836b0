"""The tests of the contract, on Elasticsearch."""

from __future__ import annotations

import pytest

from tests.resound.index import test_contract

pytestmark = pytest.mark.elastic

globals().update({name: one for name, one in vars(test_contract).items() if name.startswith("test_")})
index = test_contract.index
