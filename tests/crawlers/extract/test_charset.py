"""Bytes → text."""

from __future__ import annotations

import codecs
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.extract import decode

HANT = "資源循環綠耕隊的領隊說，這是我們第一次來到越南，大家都很高興。" * 3
HANS = "资源循环绿耕队的领队说，这是我们第一次来到越南，大家都很高兴。" * 3
VIET = "Đoàn chuyên gia tái chế đã đến Thành phố Hồ Chí Minh để trao đổi về rác thải nhựa. " * 3


def page(text: str, charset: str = "") -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        (HANT, "big5", "big5"),
        (HANT + "碁銹裏", "cp950", "Big5"),
        (HANT + "佢哋喺度嘅", "big5hkscs", "big5-hkscs"),
        (HANT + "佢哋喺度嘅", "big5hkscs", "big5"),
        (HANS, "gb18030", "gb2312"),
        (HANS + "镕㈱𠮷", "gb18030", "GBK"),
        (VIET, "utf-8", "UTF-8"),
        (HANT, "utf-16", ""),
        ("Café – naïve “quotes”", "cp1252", "iso-8859-1"),
    ],
)
def test_declared(text: str, codec: str, declared: str) -> None:
    read, _, notes = decode(page(text, declared).encode(codec), {})
    assert text in read
    assert notes == ()


def test_windows_1258_is_composed() -> None:
    body = page("Ðường phố").encode("cp1258", "ignore")
    decomposed = "Tiê\u0301ng Viê\u0323t"
    body = page("@", "windows-1258").encode().replace(b"@", decomposed.encode("cp1258"))
    assert "Tiếng Việt" in decode(body, {})[0]
    assert unicodedata.is_normalized("NFC", decode(body, {})[0])


@pytest.mark.parametrize(
    ("text", "codec"), [(HANT, "big5"), (HANS, "gb18030"), (VIET, "utf-8"), (HANT, "utf-16-le")]
)
def test_nothing_declared(text: str, codec: str) -> None:
    assert text in decode(page(text).encode(codec), {})[0]


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [(HANT, "utf-8", "big5"), (HANS, "utf-8", "gb2312"), (HANT, "big5", "utf-8"), (HANS, "gb18030", "utf-8"), (VIET, "utf-8", "iso-8859-1")],
)  # fmt: skip
def test_a_wrong_declaration_is_overturned(text: str, codec: str, declared: str) -> None:
    read, _, notes = decode(page(text, declared).encode(codec), {})
    assert text in read
    assert any("does not fit" in note for note in notes)


def test_order_mark_header_declaration() -> None:
    body = page(HANT, "gb2312").encode("big5")
    assert HANT in decode(body, {"content-type": "text/html; charset=big5"})[0]
    assert (
        HANT
        in decode(codecs.BOM_UTF8 + page(HANT, "big5").encode(), {"Content-Type": "text/html; charset=gbk"})[
            0
        ]
    )


def test_one_broken_byte_changes_nothing() -> None:
    body = page(HANT * 5, "big5").encode("big5").replace(b"</p>", b"\xff</p>")
    assert HANT in decode(body, {})[0]


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "big5", "utf-16", "x-nonsense", "rot13", "base64", "utf-7", "idna"]),
)
@settings(max_examples=80, deadline=None)
def test_never_raises(body: bytes, label: str) -> None:
    text, name, _ = decode(body, {"content-type": f"text/html; charset={label}"} if label else {})
    assert isinstance(text, str)
    codecs.lookup(name)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=80))
@settings(max_examples=60, deadline=None)
def test_utf8_comes_back(text: str) -> None:
    assert text in decode(page(text, "utf-8").encode(), {})[0]
