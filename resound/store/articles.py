"""Articles and their versions. One canonical URL is one article for ever; an edit is a version of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, select, update

from resound.article import Article, Field, LanguageGuess, date_from_json, date_to_json, split_fields
from resound.store.database import in_parts, insert_new
from resound.store.tables import alias, article, capture, change, clip, version
from resound.urls import article_id, canonical_url, content_hash, version_id

Kind = Literal["item", "copy"]
"""`copy`: it stands on an aggregator; "also seen at", never an item."""


_SHOWN = ("title", "lead", "paragraphs", "captions", "tag", "language")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an article was published. `outlet` is a source id, or `host:` and the host or the typed name of a provisional outlet."""

    kind: Kind
    outlet: str
    edition: str
    medium: str


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as its current version reads, and where it was published."""

    id: str
    placement: Placement
    version: str
    content_hash: str
    article: Article
    first_seen: datetime
    last_seen: datetime
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One wording of an article. `own`: seen at its canonical URL itself, not only at another address."""

    id: str
    content_hash: str
    article: Article
    own: bool
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing did. `is_moved`: the article's current text or date is another one than before."""

    article: str
    version: str
    result: Literal["new", "edited", "unchanged"]
    is_moved: bool


def store_article(
    connection: Connection, read: Article, placement: Placement, *, key: str | None = None, seen: datetime
) -> Stored:
    """Store what was read of a page. `key` is the article's id where it is not that of its canonical URL (clips).

    The current version is the one seen last at the canonical URL itself; a text that was only seen at another
    address of the article (its AMP twin) is current where there is no other.
    """
    identity = key or article_id(read.canonical_url)
    digest = content_hash(read.title, read.paragraphs)
    number = version_id(identity, digest)
    own = key is not None or article_id(canonical_url(read.url)) == identity
    known = connection.execute(select(article).where(article.c.id == identity)).first()
    if known is None:
        connection.execute(
            article.insert().values(
                id=identity,
                url=read.canonical_url,
                kind=placement.kind,
                outlet=placement.outlet,
                edition=placement.edition,
                medium=placement.medium,
                first_seen=seen,
                current=number,
            )
        )
    else:
        connection.execute(
            update(article)
            .where(article.c.id == identity, article.c.first_seen > seen)
            .values(first_seen=seen)
        )
    if key is None and article_id(address := canonical_url(read.url)) != identity:
        insert_new(connection, alias, [{"id": article_id(address), "url": address, "article": identity}])
    old = connection.execute(select(version).where(version.c.id == number)).first()
    fresh: dict[str, Any] = {}
    if old is None:
        connection.execute(version.insert().values(**_version_row(read, identity, number, digest, own, seen)))
    else:
        # What a page says of itself beside its text (dates, byline, section) is kept as it was seen last.
        moments = {
            "first_seen": min(old.first_seen, seen),
            "last_seen": max(old.last_seen, seen),
            "own": old.own or own,
        }
        fresh = (
            _version_row(read, identity, number, digest, own, seen)
            if (own, seen) > (old.own, old.last_seen)
            else {}
        )
        connection.execute(update(version).where(version.c.id == number).values(**{**fresh, **moments}))
    current = connection.execute(
        select(version.c.id)
        .where(version.c.article == identity)
        .order_by(version.c.own.desc(), version.c.last_seen.desc(), version.c.id)
        .limit(1)
    ).scalar_one()
    connection.execute(update(article).where(article.c.id == identity).values(current=current))
    result: Literal["new", "edited", "unchanged"] = (
        "new" if known is None else "edited" if old is None else "unchanged"
    )
    is_redated = old is not None and bool(fresh) and fresh["published"] != old.published
    is_moved = known is None or known.current != current or is_redated
    # Lead, captions and language are searched, too, and may be read differently of the same text.
    if is_moved or (
        old is not None and any(fresh.get(name, getattr(old, name)) != getattr(old, name) for name in _SHOWN)
    ):
        record_change(connection, [identity])
    return Stored(identity, number, result, is_moved)


def load_articles(
    connection: Connection, ids: Iterable[str], *, with_text: bool = True
) -> dict[str, StoredArticle]:
    """Articles by id, each with its current version.

    `with_text=False` leaves paragraphs and captions empty: a campaign's figures read thousands of articles, and no text.
    """
    wanted = list(ids)
    found: dict[str, StoredArticle] = {}
    read = [one for one in version.c if with_text or one.name not in ("paragraphs", "captions")]
    for start in range(0, len(wanted), 500):
        statement = (
            select(
                article.c.id.label("article_id"),
                article.c.url.label("article_url"),
                article.c.kind,
                article.c.outlet,
                article.c.edition,
                article.c.medium,
                article.c.gone_at,
                article.c.first_seen.label("article_first_seen"),
                *read,
            )
            .join(version, version.c.id == article.c.current)
            .where(article.c.id.in_(wanted[start : start + 500]))
        )
        for row in connection.execute(statement):
            found[row.article_id] = _stored(row, with_text=with_text)
    return found


def load_texts(connection: Connection, ids: Iterable[str]) -> dict[str, dict[Field, str]]:
    """article → the four fields of its current version: much less work than the whole article."""
    return {
        row.id: split_fields(row.title, row.lead, row.paragraphs, row.captions)
        for part in in_parts(ids)
        for row in connection.execute(
            select(article.c.id, version.c.title, version.c.lead, version.c.paragraphs, version.c.captions)
            .join(version, version.c.id == article.c.current)
            .where(article.c.id.in_(part))
        )
    }


def find_article(connection: Connection, url_or_id: str) -> str | None:
    """The id of the article that a URL (any of its addresses) or an id names; a clip's address is `clip:` and its id."""
    for candidate in (url_or_id.removeprefix("clip:"), _id_of(url_or_id)):
        if candidate is None:
            continue
        if connection.execute(select(article.c.id).where(article.c.id == candidate)).first():
            return candidate
        other = connection.execute(select(alias.c.article).where(alias.c.id == candidate)).scalar()
        if other is not None:
            return str(other)
    return None


def list_article_ids(connection: Connection, *, kind: Kind | None = None) -> list[str]:
    """Every article's id, in the order of the ids."""
    statement = select(article.c.id).order_by(article.c.id)
    if kind is not None:
        statement = statement.where(article.c.kind == kind)
    return list(connection.execute(statement).scalars())


def list_versions(connection: Connection, article_key: str) -> list[tuple[str, str, str, datetime, datetime]]:
    """(version id, content hash, title, first seen, last seen) of an article's versions, oldest first."""
    statement = (
        select(
            version.c.id, version.c.content_hash, version.c.title, version.c.first_seen, version.c.last_seen
        )
        .where(version.c.article == article_key)
        .order_by(version.c.first_seen, version.c.id)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(statement)]


def load_versions(connection: Connection, article_key: str) -> list[StoredVersion]:
    """Every wording of an article, in the order in which they were first seen."""
    statement = (
        select(version, article.c.url.label("article_url"))
        .join(article, article.c.id == version.c.article)
        .where(version.c.article == article_key)
        .order_by(version.c.first_seen, version.c.id)
    )
    return [
        StoredVersion(row.id, row.content_hash, _read(row), row.own, row.first_seen, row.last_seen)
        for row in connection.execute(statement)
    ]


def list_aliases(connection: Connection, article_key: str) -> list[str]:
    """Other addresses under which an article was seen."""
    statement = select(alias.c.url).where(alias.c.article == article_key).order_by(alias.c.url)
    return list(connection.execute(statement).scalars())


def place_articles(connection: Connection, places: Sequence[tuple[str, Placement]]) -> None:
    """Move articles to another outlet or edition (a provisional outlet got its name)."""
    for key, place in places:
        connection.execute(
            update(article)
            .where(article.c.id == key)
            .values(kind=place.kind, outlet=place.outlet, edition=place.edition, medium=place.medium)
        )
    record_change(connection, [key for key, _ in places])


def articles_of_outlets(connection: Connection, outlets: Iterable[str]) -> list[str]:
    """The ids of the articles that were published by these outlets, in the order of the ids."""
    statement = select(article.c.id).where(article.c.outlet.in_(list(outlets))).order_by(article.c.id)
    return list(connection.execute(statement).scalars())


def list_provisional(connection: Connection, mark: str) -> list[str]:
    """The outlets that nobody has described yet: those that begin with `mark`, such as `host:`."""
    beyond = mark[:-2] + chr(ord(mark[-2]) + 1)  # `hosu`: by this bound the index is used in any collation
    return list(
        connection.execute(
            select(article.c.outlet)
            .where(
                article.c.outlet >= mark[:-1], article.c.outlet < beyond, article.c.outlet.startswith(mark)
            )
            .distinct()
            .order_by(article.c.outlet)
        ).scalars()
    )


def list_places(connection: Connection) -> list[tuple[str, str, Placement]]:
    """(article id, the URL that was read or the canonical one, placement) of every article that was crawled."""
    final = (
        select(version.c.article, capture.c.final_url)
        .join(capture, capture.c.version == version.c.id)
        .order_by(capture.c.fetched_at)
    )
    read = {row.article: row.final_url for row in connection.execute(final)}
    by_hand = set(connection.execute(select(clip.c.article)).scalars())
    return [
        (row.id, read.get(row.id, row.url), Placement(row.kind, row.outlet, row.edition, row.medium))
        for row in connection.execute(select(article).order_by(article.c.id))
        if row.id not in by_hand
    ]


def list_clip_places(connection: Connection) -> list[tuple[str, str, Placement]]:
    """(article id, the article's own URL or `clip:…`, placement) of every clip that people brought."""
    brought = select(clip.c.article)
    statement = select(article).where(article.c.id.in_(brought)).order_by(article.c.id)
    return [
        (row.id, row.url, Placement(row.kind, row.outlet, row.edition, row.medium))
        for row in connection.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class ClippedOutlet:
    """Where an article was published, and what the clip that brought it calls the outlet; empty where no clip says."""

    placement: Placement
    name: str


def find_clipped_outlet(connection: Connection, key: str) -> ClippedOutlet | None:
    """What is known of the outlet of an article; None where there is no such article."""
    row = connection.execute(select(article).where(article.c.id == key)).first()
    if row is None:
        return None
    rows = connection.execute(select(clip.c.row).where(clip.c.article == key).order_by(clip.c.at)).scalars()
    named = [str(one.get("outlet") or "") for one in rows]
    written = next((one for one in named if _is_name_of(one, row.outlet)), "")
    return ClippedOutlet(Placement(row.kind, row.outlet, row.edition, row.medium), written)


def _is_name_of(written: str, outlet: str) -> bool:
    """A page's outlet is its host's, whatever its row calls it."""
    held = outlet.partition(":")[2].casefold()
    return bool(written) and held == " ".join(written.split())[:250].casefold()


def record_change(connection: Connection, articles: Iterable[str]) -> None:
    """Tell the index that something about these articles is new."""
    rows = [{"article": one} for one in dict.fromkeys(articles)]
    if rows:
        connection.execute(change.insert(), rows)


def list_changes(connection: Connection, *, after: int, limit: int) -> tuple[list[str], int]:
    """Articles changed since a cursor, each once, and the new cursor."""
    rows = connection.execute(
        select(change.c.seq, change.c.article).where(change.c.seq > after).order_by(change.c.seq).limit(limit)
    ).all()
    return list(dict.fromkeys(row.article for row in rows)), rows[-1].seq if rows else after


def _id_of(url: str) -> str | None:
    if "://" not in url:
        return None
    try:
        return article_id(canonical_url(url))
    except ValueError:
        return None


def _version_row(
    read: Article, identity: str, number: str, digest: str, own: bool, seen: datetime
) -> dict[str, Any]:
    return {
        "id": number,
        "article": identity,
        "content_hash": digest,
        "own": own,
        "url": read.url,
        "title": read.title,
        "lead": read.lead,
        "paragraphs": list(read.paragraphs),
        "captions": list(read.captions),
        "byline": read.byline,
        "section": read.section,
        "language": read.language.language,
        "script": read.language.script,
        "tag": read.language.tag,
        "confidence": read.language.confidence,
        "published": date_to_json(read.published),
        "updated": date_to_json(read.updated),
        "extractor": read.extractor,
        "notes": list(read.notes),
        "first_seen": seen,
        "last_seen": seen,
    }


def _read(row: Row[Any], *, with_text: bool = True) -> Article:
    """A row of `version` with the article's address as `article_url`."""
    return Article(
        url=row.url,
        canonical_url=row.article_url,
        title=row.title,
        paragraphs=tuple(row.paragraphs) if with_text else (),
        language=LanguageGuess(row.language, row.script, row.tag, row.confidence),
        lead=row.lead,
        byline=row.byline,
        captions=tuple(row.captions) if with_text else (),
        section=row.section,
        published=date_from_json(row.published),
        updated=date_from_json(row.updated),
        extractor=row.extractor,
        notes=tuple(row.notes),
    )


def _stored(row: Row[Any], *, with_text: bool) -> StoredArticle:
    place = Placement(row.kind, row.outlet, row.edition, row.medium)
    return StoredArticle(
        row.article_id,
        place,
        row.id,
        row.content_hash,
        _read(row, with_text=with_text),
        row.article_first_seen,
        row.last_seen,
        row.gone_at,
    )
