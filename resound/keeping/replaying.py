"""Evidence: checking it, and rebuilding the store from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from crawlers.evidence import EvidenceProblem, EvidenceRef, iter_pages, verify
from resound.article import Entry, entry_to_json
from resound.processing.facts import place_page
from resound.store import Store
from resound.store.captures import add_capture, list_captures
from resound.store.database import insert_new
from resound.store.registry import load_sources
from resound.store.tables import clip, page
from resound.urls import article_id, canonical_url


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many records were read, how many of them the store did not name before, and damaged places, in sentences."""

    records: int
    added: int
    problems: tuple[str, ...] = ()


def replay_evidence(
    store: Store, folder: Path, evidence: Path, *, progress: Callable[[], None] | None = None
) -> Replayed:
    """Take every response in a folder of WARC files into the store, one transaction each. Idempotent.

    Raises:
        EvidenceError: the folder is not the store's own evidence folder (its records could not be found again).
    """
    from resound.errors import EvidenceError

    if folder.resolve() != evidence.resolve():
        raise EvidenceError(
            f"The store reads its evidence from {evidence}. Copy the WARC files there, then replay from that folder."
        )
    with store.read() as connection:
        sources = load_sources(connection)
    records = added = 0
    problems: list[EvidenceProblem] = []
    for where, raw in iter_pages(folder, problems=problems):
        records += 1
        page_id = article_id(canonical_url(raw.url))
        place = place_page(raw.final_url, "und", sources)
        entry = raw.entry or Entry(url=raw.url)
        with store.write() as connection:
            row = {
                "id": page_id,
                "url": raw.url,
                "source": place.outlet,
                "entry": entry_to_json(entry),
                "first_seen": raw.fetched_at,
                "fetched_at": raw.fetched_at,
                "status": raw.status,
            }
            insert_new(connection, page, [row])
            key = add_capture(connection, page_id=page_id, source=place.outlet, raw=raw, where=where)
        added += key is not None
        if progress is not None:
            progress()
    return Replayed(records, added, tuple(one.sentence for one in problems))


def verify_evidence(
    store: Store, folder: Path, *, progress: Callable[[], None] | None = None
) -> tuple[int, list[tuple[str, str]]]:
    """Hash everything that the store names and that has not expired (`resound.keeping.expiring`).

    Returns how much was checked and (where, what is wrong) of each problem.
    """
    with store.read() as connection:
        captures = [one for one in list_captures(connection) if one.expired_at is None]
        clips = connection.execute(select(clip.c.sha256, clip.c.name).distinct()).all()
    refs = [EvidenceRef(one.file, one.offset, one.length, one.sha256, one.payload_sha256) for one in captures]
    # A torn tail that no row ever named is no loss: that page is fetched again.
    lost = [one for one in verify(folder, refs) if one.is_loss]
    problems = [(f"{one.file} at byte {one.offset}", one.sentence) for one in lost]
    for digest, name in clips:
        path = folder / "clips" / digest
        if not path.is_file():
            problems.append((f"clips/{digest}", f"the file of clip {name!r} is missing"))
        elif sha256(path.read_bytes()).hexdigest() != digest:
            problems.append((f"clips/{digest}", f"the file of clip {name!r} is not what was imported"))
        if progress is not None:
            progress()
    return len(captures) + len(clips), problems
