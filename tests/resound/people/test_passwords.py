"""Passwords are refused where they would be guessed, and nothing but an Argon2 hash is made of them."""

from __future__ import annotations

import time
import unicodedata

import pytest
from argon2 import PasswordHasher

from resound.errors import ResoundError
from resound.people.passwords import (
    TOO_EASY,
    TOO_LONG,
    TOO_SHORT,
    check_password,
    hash_password,
    is_outdated,
    is_password,
)

GOOD = "three green buckets sing"


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x7#Kq!2mP@9z",
        "correct horse battery staple",
        "綠色的桶子在早晨慢慢唱歌呢",
        "bốn con mèo xanh đi chợ",
        "r" + "tucjwmezbo 4",
        "lin's purple giraffe dances",
    ],
)
def test_several_words_or_chance_are_fine(password: str) -> None:
    check_password(password, login="lin")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short one!", TOO_SHORT),
        ("x7#Kq!2mP@9z" * 20, TOO_LONG),
        ("password1234", TOO_EASY),
        ("P@ssw0rd2024!", TOO_EASY),
        ("qwertyuiop123", TOO_EASY),
        ("poiuytrewq987", TOO_EASY),
        ("1234567890123", TOO_EASY),
        ("aaaaaaaaaaaaaaa", TOO_EASY),
        ("abcabcabcabcabc", TOO_EASY),
        ("xkq xkq xkq xkq", TOO_EASY),
        ("thi-my.nguyen1", TOO_EASY),
        ("Thi-My.Nguyen2026", TOO_EASY),
        ("nguyennguyen99", TOO_EASY),
        ("resoundresound1", TOO_EASY),
        ("matkhau123456", TOO_EASY),
        ("correcthorsebatterystaple", TOO_EASY),
        ("            ", TOO_EASY),
        ("!!!!!!!!!!!!!!", TOO_EASY),
        ("taiwantaipei2014", TOO_EASY),
    ],
)
def test_what_is_tried_first_is_refused(password: str, sentence: str) -> None:
    with pytest.raises(ResoundError) as refused:
        check_password(password, login="thi-my.nguyen")
    assert str(refused.value) == sentence
    assert password not in str(refused.value)


def test_only_an_argon2_hash_is_made_and_no_two_are_alike() -> None:
    one, other = hash_password(GOOD), hash_password(GOOD)
    assert one != other
    assert one.startswith("$argon2id$")
    assert GOOD not in one
    assert is_password(GOOD, one)
    assert is_password(GOOD, other)
    assert not is_password(GOOD + " ", one)
    assert not is_password("", one)


def test_a_keyboard_may_compose_its_letters_as_it_likes() -> None:
    typed = "bốn con mèo xanh đi chợ"
    stored = hash_password(unicodedata.normalize("NFD", typed))
    assert is_password(unicodedata.normalize("NFC", typed), stored)


def test_where_nothing_is_stored_nobody_is_let_in_and_it_takes_as_long() -> None:
    stored = hash_password(GOOD)
    assert not is_password("nobody has this password", None)

    def seconds(kept: str | None) -> float:
        started = time.perf_counter()
        assert not is_password("another password altogether", kept)
        return time.perf_counter() - started

    pairs = [(seconds(stored), seconds(None)) for _ in range(6)]  # in turns: other work disturbs both alike
    known, unknown = (min(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2, pairs


def test_a_hash_of_other_parameters_is_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    assert is_password(GOOD, weak)
    assert is_outdated(weak)
    assert not is_outdated(hash_password(GOOD))
    assert not is_password(GOOD, "not a hash")
