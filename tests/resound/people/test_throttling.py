"""Guessing gets slow, by login and by address, and strangers cannot keep a person out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from resound.people.throttling import Attempt, address_mark, login_mark, wait_before

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def failures(
    count: int, *, login: str = "lin", address: str = "a", ago: timedelta = MINUTE * 0
) -> list[Attempt]:
    return [Attempt(login, address, False, NOW - ago) for _ in range(count)]


def wait(attempts: list[Attempt], login: str = "lin", address: str = "a") -> float:
    return wait_before(attempts, login=login, address=address, now=NOW).total_seconds()


def test_five_may_fail_then_waits_double_up_to_a_quarter_of_an_hour() -> None:
    assert [wait(failures(count)) for count in (0, 4, 5, 6, 7, 8, 9, 10, 500)] == [
        0, 0, 30, 60, 120, 240, 480, 900, 900,
    ]  # fmt: skip


def test_a_wait_passes() -> None:
    assert wait(failures(5, ago=timedelta(seconds=20))) == 10
    assert wait(failures(5, ago=timedelta(seconds=31))) == 0
    assert wait(failures(500, ago=timedelta(hours=25))) == 0


def test_one_login_is_guessed_from_many_addresses_in_vain() -> None:
    attempts = [one for number in range(10) for one in failures(1, address=f"bot {number}")]
    assert wait(attempts, address="another bot") == 900
    assert wait(attempts, login="thi-my", address="another bot") == 0


def test_strangers_do_not_keep_a_person_out_who_signed_in_before() -> None:
    home = Attempt("lin", "home", True, NOW - timedelta(days=20))
    storm = failures(50, address="bot")
    assert wait([home, *storm], address="home") == 0
    assert wait([home, *storm], address="elsewhere") == 900
    assert wait([home, *storm, *failures(5, address="home")], address="home") == 30
    forgotten = Attempt("lin", "home", True, NOW - timedelta(days=31))
    assert wait([forgotten, *storm], address="home") == 900


def test_signing_in_takes_back_what_failed_at_that_address_before() -> None:
    mistyped = failures(4, address="home", ago=2 * MINUTE)
    ok = Attempt("lin", "home", True, NOW - MINUTE)
    assert wait([*mistyped, ok, *failures(4, address="home")], address="home") == 0


def test_many_logins_from_one_address_are_slow_too_and_one_account_does_not_help() -> None:
    spray = [one for number in range(20) for one in failures(1, login=f"l{number}", address="bot")]
    assert wait(spray, login="lin", address="bot") == 30
    own = Attempt("mine", "bot", True, NOW)
    assert wait([*spray, own], login="lin", address="bot") == 30
    assert wait(spray, login="lin", address="elsewhere") == 0


@given(
    st.lists(
        st.builds(
            Attempt,
            login=st.sampled_from(["lin", "thi-my"]),
            address=st.sampled_from(["a", "b", "c"]),
            ok=st.booleans(),
            at=st.timedeltas(timedelta(0), timedelta(days=40)).map(lambda ago: NOW - ago),
        ),
        max_size=60,
    )
)
def test_whatever_happened_nobody_waits_longer_than_a_quarter_of_an_hour(attempts: list[Attempt]) -> None:
    assert 0 <= wait(attempts) <= 900
    assert wait([*attempts, *failures(1)]) >= 0


def test_marks_tell_networks_apart_and_hold_no_login() -> None:
    assert address_mark("192.0.2.7") == "192.0.2.7"
    assert address_mark("::ffff:192.0.2.7") == "192.0.2.7"
    assert address_mark("2001:db8::1") == address_mark("2001:db8::ffff:1") == "2001:db8::/64"
    assert address_mark("2001:db8:0:1::1") != address_mark("2001:db8::1")
    assert address_mark("testclient") == "testclient"
    assert login_mark(" Lin") == login_mark("lin")
    assert len(login_mark("three green buckets sing")) == 4
