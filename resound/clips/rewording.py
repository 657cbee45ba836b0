"""What a clip says once it comes again with other words: its text follows later, its title or its language is corrected.

Only what a person entered is worded anew by a person; a page that was read from its own address keeps its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from resound.article import Article, DetectLanguage, FoundDate, LanguageGuess
from resound.clips.rows import COLUMNS, ClipRow, same_words
from resound.errors import NotFoundError, ResoundError
from resound.store.articles import load_articles
from resound.store.tables import clip
from resound.told import Told
from resound.web_archives import is_capture

CLIP = "clip import"
"""The `extractor` of what a person entered."""


def is_by_hand(article: Article) -> bool:
    """Whether its current wording is what a person entered."""
    return article.extractor == CLIP


def find_by_hand(connection: Connection, article: str) -> dict[str, str]:
    """The cells of a clip as it was entered last, with the words that it has now: what a form to correct it shows.

    Raises:
        NotFoundError: there is no such article.
        ResoundError: it was read from its own address, and says what stands there.
    """
    known = load_articles(connection, [article]).get(article)
    if known is None:
        raise NotFoundError(Told("No article of this address has been collected."))
    rows = rows_before(connection, article)
    if not rows or not is_by_hand(known.article):
        raise ResoundError(Told("Only a clip that was entered by hand can be corrected."))
    entered = {name: rows[-1].get(name, "") for name in COLUMNS if name != "file"}
    return {**entered, "title": known.article.title, "text": known.article.text}


def rows_before(connection: Connection, article: str) -> list[dict[str, str]]:
    """The rows by which a clip came, the last one last."""
    statement = select(clip.c.row).where(clip.c.article == article).order_by(clip.c.at)
    return [dict(row) for row in connection.execute(statement).scalars()]


def read_row(row: ClipRow, url: str, detect: DetectLanguage, prior: str | None) -> Article:
    """A clip as its row words it. `prior`: the language that it is probably in."""
    paragraphs = split_text(row.text)
    return Article(
        url=url,
        canonical_url=url,
        title=row.title,
        paragraphs=paragraphs,
        language=detect("\n".join((row.title, *paragraphs)), prior),
        lead=paragraphs[0] if paragraphs else "",
        published=row.date,
        extractor=CLIP,
        notes=_captures(row),
    )


def complete(
    known: Article,
    row: ClipRow,
    before: Sequence[Mapping[str, str]],
    detect: DetectLanguage,
    prior: str | None,
) -> Article | None:
    """A known clip with what this row says otherwise; None where that is nothing. An empty cell takes nothing away.

    Args:
        before: the rows by which it came so far. A language that none of them gave is a person's correction; one that
            was given before was weighed when it came.
    """
    title = known.title if not row.title or same_words(row.title, known.title) else row.title
    paragraphs = split_text(row.text) or known.paragraphs
    is_corrected = bool(row.language) and row.language not in {one.get("language") for one in before}
    if is_corrected:
        language = _as_typed(row.language, detect)
    elif (title, paragraphs) != (known.title, known.paragraphs):
        language = detect("\n".join((title, *paragraphs)), row.language or prior)
    else:
        language = known.language
    return _worded(known, row, title, paragraphs, language)


def correct(known: Article, row: ClipRow, detect: DetectLanguage, prior: str | None) -> Article | None:
    """A known clip as a person corrected it in a form that showed all of it; None where nothing is different."""
    paragraphs = split_text(row.text)
    if row.language:
        language = _as_typed(row.language, detect)
    else:
        language = detect("\n".join((row.title, *paragraphs)), prior)
    return _worded(known, row, row.title or known.title, paragraphs, language)


def split_text(text: str) -> tuple[str, ...]:
    """A line is a paragraph."""
    return tuple(part.strip() for part in text.splitlines() if part.strip())


def _worded(
    known: Article, row: ClipRow, title: str, paragraphs: tuple[str, ...], language: LanguageGuess
) -> Article | None:
    is_redated = row.date is not None and _moment(row.date) != _moment(known.published)
    if (title, paragraphs, language.tag) == (
        known.title,
        known.paragraphs,
        known.language.tag,
    ) and not is_redated:
        return None
    return replace(
        known,
        title=title,
        paragraphs=paragraphs,
        lead=paragraphs[0] if paragraphs else "",
        language=language,
        published=row.date if is_redated else known.published,
        notes=tuple(dict.fromkeys((*known.notes, *_captures(row)))),
    )


def _as_typed(tag: str, detect: DetectLanguage) -> LanguageGuess:
    """Where there is nothing to read, the prior is the answer: here a person's word, and so certain."""
    return replace(detect("", tag), confidence=1.0)


def _moment(found: FoundDate | None) -> object:
    return None if found is None else (found.at, found.day)


def _captures(row: ClipRow) -> tuple[str, ...]:
    return tuple(
        f"web archive capture: {one}" for one in (row.url, row.archive_url) if one and is_capture(one)
    )
