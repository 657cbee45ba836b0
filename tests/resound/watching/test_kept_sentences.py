"""Sentences that are kept in English are said in the reader's language: those that our own parts write down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from crawlers.fetch import explain_failure
from crawlers.guard import FetchRules, check_url
from crawlers.spiders.pages import judge_response
from resound.digest.approving import NOBODY_READS
from resound.errors import FetchError, MailServerError
from resound.index.base import Refusal
from resound.keeping.restoring import DOUBT
from resound.pipeline import NO_PROFILE
from resound.searching.indexing import REFUSED, note_refusals
from resound.sending.mail import MailConnection, MailServer
from resound.store import open_store, work
from resound.store.outbox import (
    GIVE_UP,
    add_letters,
    begin_data,
    claim,
    doubt_all,
    list_posted,
    make_letter,
    put_back,
    settle_broken,
)
from resound.told import Told
from resound.watching.kept_sentences import KEPT, tell_again
from resound.words import words

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


def sentences() -> Iterator[str]:
    """As they are made."""
    for status in (402, 404, 410, 418, 429, 451, 500, 503):
        yield judge_response(status, "", now=NOW).outcome.detail
    for error in (
        TimeoutError(), ConnectionRefusedError("111"), EOFError("the compressed body ends too early"),
        RuntimeError("gave (up) 100 %"), Exception("max redirections reached"), Exception("larger than maxsize"),
    ):  # fmt: skip
        yield str(explain_failure(error, "https://news.example/1"))
    rules = FetchRules(user_agent="t", contact="t@resound.example")
    for url in ("http://127.0.0.1/", "http://[::1"):
        with pytest.raises(FetchError) as caught:
            check_url(url, rules)
        yield str(caught.value)
    yield str(NO_PROFILE)
    yield from mail_sentences()


def mail_sentences() -> Iterator[str]:
    """What an outbox says of its mails, and of an issue that nobody reads."""
    store = open_store("sqlite://")
    with store.write() as connection:
        letters = [make_letter(f"r{number}@reader.example", f"<{number}@x>", b"text") for number in range(4)]
        add_letters(connection, "issue/a/2026-W03", letters, now=NOW)
        first = claim(connection, now=NOW)
        assert first is not None
        assert begin_data(connection, first, now=NOW) is not None
        settle_broken(connection, now=NOW + timedelta(hours=1))
        second = claim(connection, now=NOW)
        assert second is not None
        put_back(connection, second, "The store was busy.")
        assert claim(connection, now=NOW + 2 * GIVE_UP) is None
    with store.read() as connection:
        said = {one.reason for one in list_posted(connection)}
    assert len(said) == 3
    yield from said
    with store.write() as connection:
        add_letters(connection, "issue/a/2026-W04", letters, now=NOW)
        doubt_all(connection, reason=DOUBT)
        yield from {one.reason for one in list_posted(connection, occasion="issue/a/2026-W04")}
    store.close()
    server = MailServer("127.0.0.1", 9, "none", "press@cpc.example", "press@cpc.example", timeout=2)
    with MailConnection(server) as line, pytest.raises(MailServerError) as caught:
        line.deliver("r@reader.example", b"text")
    yield str(caught.value)
    yield NOBODY_READS


def test_what_our_parts_write_down_is_said_in_the_readers_language() -> None:
    for one in sentences():
        found = tell_again(one)
        assert isinstance(found, Told), one
        assert found == one, "in English it is the very sentence"
        for language in ("zh-Hant", "vi"):
            said = words(language).told(found)
            assert said != one
            assert all(str(value) in said for value in found.values.values() if not isinstance(value, Told))


def test_a_refused_document_is_told_with_its_reason() -> None:
    store = open_store("sqlite://")
    note_refusals(
        store, [Refusal("a", "Elasticsearch refused it (400): too <b>long</b>")], [], clock=lambda: NOW
    )
    with store.read() as connection:
        assert set(work.list_quarantined(connection, "index")) == {"a"}
    store.close()
    said = words("vi").told(
        tell_again("The index refused it: Elasticsearch refused it (400): too <b>long</b>")
    )
    assert said == "Chỉ mục từ chối: Elasticsearch từ chối (400): too <b>long</b>"
    assert REFUSED == "refused"


def test_what_is_not_known_stays_as_it_is() -> None:
    for one in ("", "ValueError: odd", "Nobody knows %(why)s %"):
        assert tell_again(one) == one
        assert not isinstance(tell_again(one), Told)
    told = Told("%(count)s rows", count=3)
    assert tell_again(told) is told


def test_a_sentence_inside_another_is_said_too() -> None:
    found = tell_again(
        "https://a.example/robots.txt cannot be read: There is no such host; where robots.txt cannot be read, nothing is fetched."
    )
    said = words("zh-Hant").told(found)
    assert said.startswith("無法讀取 https://a.example/robots.txt")
    assert "找不到這個主機" in said


def test_every_pattern_finds_its_own_sentence() -> None:
    for pattern in KEPT:
        names = {part.split(")")[0]: "x1" for part in pattern.split("%(")[1:]}
        found = tell_again(pattern % names)
        assert isinstance(found, Told)
        assert found.pattern == pattern
