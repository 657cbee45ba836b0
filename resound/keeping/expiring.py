"""Records of pages that belong to no campaign may go after some days. Off unless an office asks for it.

What goes is the page as it was received. Its row stays, with its hashes and the day on which it expired, and so do the
article's text and everything that was decided by it. The record's place is filled, so that every other record keeps its
file, its byte and its hash: a report's references stay true.

In this order, so that a kill at any moment loses nothing: the new file is written beside the old one and every kept page
in it is hashed; the store says in one transaction which records are expired, having asked once more whether they may
be; the new file takes the old one's place. A run that was cut off in between is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, or_, select, update

from crawlers.evidence import EvidenceRef, evidence_in_use, list_files
from crawlers.expiry import beside, is_still_there, write_without
from resound.errors import EvidenceError
from resound.keeping.archive import sync_folder
from resound.store import Store
from resound.store.captures import Capture
from resound.store.database import MOST_KEYS, in_parts
from resound.store.tables import capture, clip, decision, grouping, match, version, work


@dataclass(frozen=True, slots=True)
class Expired:
    """What went (or, in a dry run, would go): records by file, and their bytes. `problems`: files left as they were."""

    files: dict[str, int]
    bytes: int
    problems: tuple[str, ...]

    @property
    def records(self) -> int:
        """In all files."""
        return sum(self.files.values())


def expire_unmatched(
    store: Store,
    evidence: Path,
    *,
    days: int,
    now: datetime,
    is_dry: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Expired:
    """Remove the records of unmatched articles that were fetched more than `days` days ago.

    Raises:
        EvidenceError: a backup is being made, or another run is at work.
    """
    removed: dict[str, int] = {}
    size = 0
    problems: list[str] = []
    with evidence_in_use(evidence, alone=True):
        paths = [one for one in list_files(evidence) if may_be_rewritten(one.name, now)]
        for done, path in enumerate(paths):
            try:
                gone = _expire_file(store, path, days=days, now=now, is_dry=is_dry)
            except EvidenceError as err:
                problems.append(str(err))
                gone = []
            if gone:
                removed[path.name] = len(gone)
                size += sum(one.length for one in gone)
            if progress is not None:
                progress(done + 1, len(paths))
    return Expired(removed, size, tuple(problems))


def may_be_rewritten(file: str, now: datetime) -> bool:
    """Whether nobody writes to a file any more: a crawl begins another one at its first page of a new UTC day.

    `resound-20141002-031500-…` is the file of 2 October; a whole day more is left for clocks that disagree.
    """
    day = datetime.strptime(file.split("-")[1], "%Y%m%d").replace(tzinfo=UTC).date()
    return day < now.astimezone(UTC).date() - timedelta(days=1)


def find_expiring(connection: Connection, file: str, *, before: datetime) -> list[Capture]:
    """The file's records that may go: read as an article that was matched, grouped and found to be nobody's.

    It stays where the article, or any other of its story (the copy on an aggregator is evidence for the original), ever
    matched a campaign, is named by a decision or came as a clip; and where that is not yet known.
    """
    rows = connection.execute(
        select(capture, version.c.article)
        .join(version, version.c.id == capture.c.version)
        .where(capture.c.file == file, capture.c.fetched_at < before, capture.c.expired_at.is_(None))
    ).all()
    article_of = {row.id: row.article for row in rows}
    kept = _kept(connection, set(article_of.values()))
    names = Capture.__slots__
    return [
        Capture(**{name: row._mapping[name] for name in names})
        for row in rows
        if article_of[row.id] not in kept
    ]


def _kept(connection: Connection, articles: set[str]) -> set[str]:
    """Those of these articles whose evidence stays."""
    story_of: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for part in in_parts(articles):
        rows = connection.execute(
            select(grouping.c.article, grouping.c.story).where(grouping.c.article.in_(part))
        )
        story_of |= {row.article: row.story for row in rows}
    for part in in_parts(story_of.values()):
        for row in connection.execute(
            select(grouping.c.article, grouping.c.story).where(grouping.c.story.in_(part))
        ):
            members.setdefault(row.story, set()).add(row.article)
    everybody = articles.union(*members.values()) if members else set(articles)
    wanted: set[str] = set()
    settled: set[str] = set()
    for part in in_parts(everybody):
        wanted |= set(connection.execute(select(match.c.article).where(match.c.article.in_(part))).scalars())
        wanted |= set(connection.execute(select(clip.c.article).where(clip.c.article.in_(part))).scalars())
        for row in connection.execute(
            select(decision.c.article, decision.c.value).where(
                or_(decision.c.article.in_(part), decision.c.value.in_(part))
            )
        ):
            wanted |= {row.article, row.value} & everybody
        settled |= set(
            connection.execute(
                select(work.c.subject).where(
                    work.c.stage == "match",
                    work.c.subject.in_(part),
                    work.c.due.is_(None),
                    work.c.outcome.in_(("done", "rejected")),
                )
            ).scalars()
        )
    wanted_stories = {story for story, ones in members.items() if ones & wanted}
    return {
        one
        for one in articles
        if one in wanted or one not in settled or one not in story_of or story_of[one] in wanted_stories
    }


def _expire_file(store: Store, path: Path, *, days: int, now: datetime, is_dry: bool) -> list[Capture]:
    before = now - timedelta(days=days)
    with store.read() as connection:
        due = find_expiring(connection, path.name, before=before)
        known = _captures(connection, path.name)
    if is_dry:
        return due
    # A new file that stands beside the old one: the last run was cut off, perhaps after the store had said that the
    # records are expired. It marks that until it has taken the old one's place, so it is written over, never removed.
    expired = [one for one in known if one.expired_at is not None] if beside(path).exists() else []
    left = [one for one in expired if is_still_there(path, _ref(one))]
    if not (due or left):
        beside(path).unlink(missing_ok=True)
        return []
    going = {one.id for one in due}
    kept = [one for one in known if one.expired_at is None and one.id not in going]
    try:
        new = write_without(path, map(_ref, [*due, *left]), map(_ref, kept), at=now)
        with store.write() as connection:
            # Somebody may have accepted one of them, or a campaign begun to match it, while the file was written.
            if not going <= {one.id for one in find_expiring(connection, path.name, before=before)}:
                raise EvidenceError(
                    f"{path.name} was left as it is: something in it was decided just now. Run it again."
                )
            for start in range(0, len(due), MOST_KEYS):
                keys = [one.id for one in due[start : start + MOST_KEYS]]
                connection.execute(update(capture).where(capture.c.id.in_(keys)).values(expired_at=now))
    except EvidenceError:
        if not left:
            beside(path).unlink(missing_ok=True)
        raise
    new.replace(path)
    sync_folder(path.parent)
    return due


def _captures(connection: Connection, file: str) -> list[Capture]:
    rows = connection.execute(select(capture).where(capture.c.file == file).order_by(capture.c.offset))
    return [Capture(**row._mapping) for row in rows]


def _ref(one: Capture) -> EvidenceRef:
    return EvidenceRef(one.file, one.offset, one.length, one.sha256, one.payload_sha256)
