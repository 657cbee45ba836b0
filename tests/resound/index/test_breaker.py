"""Who hangs is asked by one of those who wait, and not before its time."""

from __future__ import annotations

import pytest

from resound.errors import StoreError
from resound.index.elastic_breaker import SECONDS, Breaker


def test_it_refuses_for_its_seconds_and_then_lets_one_try() -> None:
    now = [100.0]
    breaker = Breaker(monotonic=lambda: now[0])
    breaker.refuse()
    assert not breaker.should_try(), "nothing was wrong"

    breaker.trip("It hangs.")
    now[0] += SECONDS - 0.1
    for refused in (breaker.should_try, breaker.refuse):
        with pytest.raises(StoreError, match=r"^It hangs\.$"):
            refused()

    now[0] += 0.2
    assert breaker.should_try()
    with pytest.raises(StoreError, match="It hangs"):
        breaker.should_try()

    breaker.close()
    assert not breaker.should_try()
    breaker.refuse()
