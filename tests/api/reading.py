"""Looking at pages without a browser."""

from __future__ import annotations

from urllib.parse import quote

from selectolax.lexbor import LexborHTMLParser, LexborNode
from starlette.testclient import TestClient


def read(client: TestClient, address: str, status: int = 200, **headers: str) -> LexborHTMLParser:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text[:2000]
    return LexborHTMLParser(answer.text)


def search(client: TestClient, text: str, more: str = "", **headers: str) -> LexborHTMLParser:
    return read(client, f"/?q={quote(text)}{more}", **headers)


def texts(page: LexborHTMLParser | LexborNode, selector: str) -> list[str]:
    return [" ".join(one.text().split()) for one in page.css(selector)]


def link(page: LexborHTMLParser, words: str) -> str:
    found = next(one for one in page.css("main a") if words in " ".join(one.text().split()))
    return found.attributes["href"] or ""
