"""Foreign text as it may be set: what steers a line or an eye is taken out, words stay."""

from __future__ import annotations

import pytest

from resound.report.foreign import followable, settable, shortened, spaced


@pytest.mark.parametrize(
    ("given", "set_"),
    [
        ("a\u202eb\u202c\u2066c\u2069", "abc"),
        ("a\u2028b\u2029c\nd\te\r\nf", "a b c d e f"),
        ("\x00\x07\x1b[31mred", "[31mred"),
        ("\ud800x\uffff", "\ufffdx\ufffd"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("e\u0302\u0301", "ế"),
        ("Z" + "\u0351" * 40, "Z" + "\u0351" * 3),
        ("ด" + "\u0e49\u0e47" * 30, "ด\u0e49\u0e47\u0e49"),
        ("  Tiếng Việt 中文  ", "Tiếng Việt 中文"),
        ("ਪੰਜਾਬੀ हिन्दी عَرَبِيّ", "ਪੰਜਾਬੀ हिन्दी عَرَبِيّ"),
    ],
)
def test_what_steers_is_taken_out(given: str, set_: str) -> None:
    assert settable(given) == set_


def test_spaces_at_the_ends_of_a_piece_stay_one() -> None:
    assert spaced("  a b\n") == " a b "
    assert spaced(" ") == " "
    assert spaced("") == ""


def test_what_is_cut_says_how_long_it_was() -> None:
    assert shortened("abc", 3) == ("abc", 0)
    assert shortened("x" * 10_000, 10) == ("x" * 10 + " …", 10_000)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//host/x",
        "http://",
        "http://[",
        "http://a b",
        "data:,x",
        "http://é.example/",
        "",
    ],
)
def test_no_link_stands_behind_what_is_no_address_of_the_web(address: str) -> None:
    assert followable(address) == ""


def test_addresses_of_the_web_are_followed() -> None:
    assert followable("https://news.example/a?b=c#d") == "https://news.example/a?b=c#d"
