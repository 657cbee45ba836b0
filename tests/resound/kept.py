"""A store with every kind of row, evidence beside it, and a backup of both: what tests of keeping share."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from crawlers.evidence import EvidenceRef, EvidenceWriter
from resound.article import Article, FoundDate, LanguageGuess, RawPage
from resound.keeping.backup import BackedUp, make_backup
from resound.people.tokens import digest
from resound.snapshots.written import content_hash, pack
from resound.store import Store, work
from resound.store.articles import Placement, store_article
from resound.store.captures import add_capture
from resound.store.decisions import add_decision
from resound.store.enrichments import MadeBy, set_vector
from resound.store.keys import insert_key
from resound.store.leads import add_leads
from resound.store.matches import record_matches
from resound.store.people import insert_person, record_account_change, set_campaign_role
from resound.store.portable import read_table, store_forms
from resound.store.sessions import insert_attempt, insert_invitation, insert_session
from resound.store.snapshots import add_snapshot
from resound.store.tables import clip

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
CLIP = b"a film"
SECRET = "s3cret of a person"
WORDS = ["綠耕隊訪越南", "Đội Xanh Tuần hoàn", 'Green "team"\n\\ \t{}', "\U0001f600 a B _", "\x7f\u2028"]
CLIP_NAME = hashlib.sha256(CLIP).hexdigest()


def fill(store: Store, articles: int = 12) -> None:
    """Every kind of column: text of three languages, JSON with and without a value, bytes, numbers, truths, leases."""
    base = Article(
        url="https://news.example/0",
        canonical_url="https://news.example/0",
        title="T",
        paragraphs=("P",),
        language=LanguageGuess("zh", "Hant", "zh-Hant", 1 / 3),
    )
    for number in range(articles):
        words = WORDS[number % len(WORDS)]
        url = f"https://news.example/{number}"
        dated = FoundDate("meta", "2014-10-02", at=NOW) if number % 2 else None
        read = replace(
            base, url=url, canonical_url=url, title=words, paragraphs=(words, str(number)), published=dated
        )
        with store.write() as connection:
            stored = store_article(connection, read, Placement("item", "o", "zh", "online"), seen=NOW)
            work.reopen(connection, "match", [stored.article])
            work.reopen(connection, "fetch", [stored.article], due=NOW.timestamp() + 0.1 * number)
            record_matches(
                connection, stored.article, stored.version, tried={"c": "f"},
                found={"c": ("title", {"because": [words], "score": 0.1 + number / 7})}, now=NOW,
            )  # fmt: skip
            set_vector(
                connection, version=stored.version, article=stored.article, language="zh-Hant", day=NOW.date(),
                vector_bytes=bytes(range(256)), made_by=MadeBy("m", "r", "e", "", NOW),
            )  # fmt: skip
            connection.execute(
                insert(clip),
                [
                    {
                        "article": stored.article,
                        "sha256": CLIP_NAME,
                        "name": words,
                        "row": {"a": words},
                        "who": "w",
                        "at": NOW,
                    }
                ],
            )
    with store.write() as connection:
        first = add_decision(
            connection, "accept", article="a", campaign="c", why=WORDS[0], who="Lin", now=NOW
        )
        add_decision(connection, "undo", article="a", why="no", who="Lin", now=NOW, undoes=first.id)
        add_leads(connection, source="s", entries=[], reason="paywall", now=NOW)
        for number in range(3):
            body = f"{WORDS[number]} {number}".encode()
            add_snapshot(
                connection, "c", as_of=NOW, sha256=content_hash(body), counts={"items": number}, body=pack(body),
                who="Lin", why=WORDS[number],
            )  # fmt: skip
        connection.execute(
            text(
                "INSERT INTO lead (id, url, source, title, summary, reason, published, first_seen) "
                "VALUES ('sql', 'u', 's', 't', 'x', 'paywall', NULL, '2014'), "
                "('json', 'u', 's', 't', 'x', 'paywall', 'null', '2014')"
            )
        )
        admit(connection)
        connection.execute(text("DELETE FROM change WHERE seq > 5"))  # numbers that were given and are gone


def admit(connection: Connection) -> None:
    """Somebody with a password, a session, a link, a key, a role for one campaign, and a sign-in that failed."""
    person = insert_person(
        connection, login="lin", name=WORDS[1], role="admin", password=SECRET, subject="https://op.example 7", now=NOW
    )  # fmt: skip
    set_campaign_role(connection, person.id, "c", "editor")
    insert_session(connection, digest(SECRET), person.id, csrf=SECRET, now=NOW)
    insert_invitation(connection, digest(f"{SECRET} link"), person.id, now=NOW)
    insert_key(connection, digest(f"{SECRET} key"), number=person.id, name="k", scopes=["read"], now=NOW)
    insert_attempt(connection, login="abcd", address="192.0.2.1", now=NOW)
    record_account_change(connection, "lin", "added", "admin", who="lin", now=NOW)


def page(number: int, size: int = 3000) -> RawPage:
    url = f"https://news.example/{number}"
    return RawPage(
        url=url, final_url=url, status=200, headers={"Content-Type": "text/html"},
        body=random.Random(number).randbytes(size), fetched_at=NOW,
    )  # fmt: skip


def name_page(store: Store, number: int, raw: RawPage, ref: EvidenceRef) -> None:
    with store.write() as connection:
        assert add_capture(connection, page_id=f"{number:016}", source="s", raw=raw, where=ref) is not None


def collect(store: Store, evidence: Path, numbers: range) -> None:
    with EvidenceWriter(evidence, started=NOW) as writer:
        for number in numbers:
            raw = page(number)
            ref = writer.write(raw)
            writer.sync()
            name_page(store, number, raw, ref)


def make_data(folder: Path) -> Path:
    """A data folder with a clip, a clip that was cut off, what can be derived, and a secret."""
    (folder / "evidence" / "clips").mkdir(parents=True)
    (folder / "evidence" / "clips" / CLIP_NAME).write_bytes(CLIP)
    (folder / "evidence" / "clips" / f".{'1' * 64}.77").write_bytes(b"half")
    (folder / "demo.json").write_text('{"edition": 3}')
    (folder / "index.sqlite").write_text("derived")
    (folder / ".env").write_text("RESOUND_STORE_URL=postgresql://u:s3cret@h/d")
    return folder


def back_up(store: Store, data: Path, to: Path, **more: Any) -> BackedUp:
    return make_backup(
        store,
        data / "evidence",
        to,
        own=[data / "demo.json", data / "settings.json"],
        settings={"RESOUND_PORTS": "80"},
        now=NOW,
        **more,
    )


def content(store: Store, *, with_secrets: bool = True) -> list[tuple[str, str]]:
    with store.read() as connection:
        return [
            (form.name, line)
            for form in store_forms()
            for _, line in read_table(connection, form, with_secrets=with_secrets)
        ]


def files(folder: Path) -> dict[str, str]:
    return {
        str(one.relative_to(folder)): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in folder.rglob("*")
        if one.is_file()
    }
