"""Many pages at once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from pages import BODY_EN, BODY_VI, BODY_ZH, URL, article_page

from crawlers.extract.pool import extract_many, read_lines


def test_one_answer_for_every_line_in_order(tmp_path: Path) -> None:
    big5 = tmp_path / "big5.html"
    big5.write_bytes(article_page().replace("utf-8", "big5").encode("big5"))
    packed = tmp_path / "en.html.gz"
    packed.write_bytes(gzip.compress(article_page(BODY_EN).encode()))
    lines = [
        json.dumps({"html": article_page(), "url": URL, "language": "zh-Hant"}),
        "no json",
        json.dumps({"path": str(big5), "url": URL}),
        json.dumps({"path": str(tmp_path / "none.html"), "url": URL}),
        json.dumps({"path": str(packed), "url": URL}),
        json.dumps([1]),
        json.dumps({"url": URL}),
        json.dumps({"html": "", "url": URL}),
        json.dumps({"html": article_page(BODY_VI)}),
        "",
    ]
    answers = list(extract_many(lines, workers=2))
    assert len(answers) == len(lines)
    texts = [
        "\n".join(BODY_ZH),
        None,
        "\n".join(BODY_ZH),
        None,
        "\n".join(BODY_EN),
        None,
        None,
        None,
        "\n".join(BODY_VI),
        None,
    ]
    assert [one["text"] for one in answers] == texts
    assert [one["error"] is None for one in answers] == [text is not None for text in texts]
    first = answers[0]
    assert (first["title"], first["published"], first["published_from"]) == (
        "綠耕隊訪問胡志明市",
        "2014-10-02",
        "url",
    )
    assert (first["language"], first["script"], first["canonical_url"]) == ("zh", "Hant", URL)
    assert answers[8]["canonical_url"] is None
    assert answers[8]["language"] == "vi"


def test_a_page_never_raises_out() -> None:
    (answer,) = read_lines([json.dumps({"html": "\ud800<p>x", "url": "http://[", "language": 3})])
    assert set(answer) >= {"title", "text", "error"}
