"""One article: its text beside its translation, what is said of it, its wordings, and its evidence to take away."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import FileResponse, RedirectResponse, Response

from api.access import Visitor, requires
from api.desk import AtDesk, Desk
from api.downloads import OCTETS, download_headers
from api.merging import search_to_merge
from api.pages import language_of, render, words_of
from api.routes.search import AskedHere, address_of, values_of
from api.stage_words import reason_words
from resound.clips.rewording import CLIP
from resound.coding.item import item_coding
from resound.coding.review import MOST_ALIKE
from resound.coverage.counting import DOUBTS
from resound.errors import NotFoundError, SearchUnavailableError
from resound.people.sight import Sight
from resound.searching.glossing import in_language
from resound.searching.search import Found, find_similar
from resound.settings import UiLanguage
from resound.showing.diffing import compare_articles
from resound.showing.proving import prove, take_file, take_record
from resound.showing.viewing import ArticleView, view_article
from resound.store.articles import find_article, load_articles
from resound.store.registry import load_campaigns, load_sources
from resound.texts import N_
from resound.told import Told

router = APIRouter(include_in_schema=False)
Reader = Annotated[Visitor, requires("reader", somewhere=True)]
"""Who reads one campaign only is shown what it matches; anything else is answered as if it were not there."""

Words = Annotated[str, Query(max_length=2000)]
"""What the reader searched for."""
ALIKE = 5
"""So many similar items are shown."""
NOT_COLLECTED = N_("No article of this address has been collected.")


@router.get("/article/{key}", dependencies=[requires("reader", somewhere=True)])
def article_elsewhere(request: Request, key: str) -> Response:
    """The page under the address that it is also known by."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/articles/{quote(key, safe='')}{asked}", 308)


@router.get("/article")
@router.get("/articles")
def article_by_address(
    desk: AtDesk, visitor: Reader, url: Annotated[str, Query(max_length=4000)], q: Words = ""
) -> Response:
    """The page of the article with this address, whichever of its addresses it is."""
    with desk.store.read() as connection:
        key = _in_sight(connection, visitor, find_article(connection, url.strip()))
    return RedirectResponse(f"/articles/{key}" + (f"?{urlencode({'q': q})}" if q else ""), 303)


@router.get("/articles/{key}")
def article_page(
    request: Request,
    desk: AtDesk,
    visitor: Reader,
    key: str,
    asked: AskedHere,
    q: Words = "",
    to: Annotated[str, Query(max_length=35)] = "",
    campaign: Annotated[str, Query(max_length=80)] = "",
    came: Literal["", "added", "changed", "known"] = "",
    merge: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """The article.

    Args:
        asked: the search that the reader came from, as its own address has it: the way back leads there.
        q: its words, which are marked.
        to: which translation stands beside the original.
        campaign: for which campaign the coding form is open, where there are several.
        came: whether the visitor has just brought it as a clip, or other words for it.
        merge: a coder's search for an item that tells the same text; empty for what is most like it.
    """
    language = language_of(request)
    came_from = values_of(asked)
    with desk.store.read() as connection:
        view = view_article(connection, key, query=q, language=language, sight=visitor.sight)
        if view.id != key:
            return RedirectResponse(address_of(asked, f"/articles/{view.id}", after=asked.after), 303)
        proof = prove(connection, view.id, view.version, evidence=desk.evidence)
        coded = _coded(connection, view, campaign, visitor.sight)
        similar, trouble = _similar(connection, desk, view, visitor.sight, language)
        desk_of = next((one for one in coded["codable"] if visitor.may("coder", one.id)), None)
        merging = search_to_merge(
            connection,
            desk,
            view.item,
            merge if desk_of is not None else None,
            sight=visitor.sight,
            language=language,
        )
    return render(
        request,
        "article.html",
        view=view,
        proof=proof,
        came=came,
        came_from=came_from,
        back=address_of(asked, after=asked.after) if came_from else "",
        is_by_hand=any(one.is_row for one in proof.brought) and view.extractor == CLIP,
        target=_target(view, to, language),
        similar=similar,
        similar_trouble=trouble,
        desk_of=desk_of,
        merging=merging,
        asked_campaign=campaign,
        doubts=DOUBTS,
        reason_words=partial(reason_words, words_of(request)),
        **coded,
    )


@router.get("/articles/{key}/changes")
def article_changes(
    request: Request,
    desk: AtDesk,
    visitor: Reader,
    key: str,
    old: Annotated[int, Query(alias="from", ge=1)] = 0,
    new: Annotated[int, Query(alias="to", ge=1)] = 0,
) -> Response:
    """What is different between two wordings; by default the last two."""
    with desk.store.read() as connection:
        found = load_articles(connection, [key]).get(_in_sight(connection, visitor, key))
        if found is None:
            raise NotFoundError(Told(NOT_COLLECTED))
        versions = prove(connection, key, found.version, evidence=desk.evidence).versions
    numbered = {one.number: one for one in versions}
    after = numbered.get(new or len(versions))
    before = numbered.get(old or max(1, (new or len(versions)) - 1))
    if before is None or after is None:
        raise NotFoundError(Told("The article has no such version."))
    return render(
        request,
        "article_changes.html",
        found=found,
        versions=versions,
        before=before,
        after=after,
        parts=compare_articles(before.stored.article, after.stored.article),
    )


@router.get("/articles/{key}/evidence/{digest}")
def article_record(desk: AtDesk, visitor: Reader, key: str, digest: str) -> Response:
    """One page as it was received: a WARC file of its own, which hashes to its address."""
    with desk.store.read() as connection:
        _in_sight(connection, visitor, key)
        record = take_record(connection, key, digest.removesuffix(".warc.gz"), evidence=desk.evidence)
    return Response(record.data, media_type="application/gzip", headers=download_headers(record.name))


@router.get("/clip-files/{digest}")
def clip_file(desk: AtDesk, visitor: Reader, digest: str) -> Response:
    """The file that came with a clip, by the hash of its bytes."""
    with desk.store.read() as connection:
        found = take_file(connection, digest, evidence=desk.evidence, sight=visitor.sight)
    media_type = found.kind.media_type if found.kind is not None else OCTETS
    return FileResponse(found.path, media_type=media_type, headers=download_headers(found.name))


def _in_sight(connection: Connection, visitor: Visitor, key: str | None) -> str:
    """Raises NotFoundError where there is no such article, or none that the visitor may see."""
    if key is None or key not in visitor.sight.seen(connection, [key]):
        raise NotFoundError(Told(NOT_COLLECTED))
    return key


def _target(view: ArticleView, wanted: str, language: UiLanguage) -> str:
    """The translation to show: the one that was asked for, else the reader's own language, else English."""
    there = [one.target for one in view.renderings if one.has_text]
    for one in (wanted, language, "en", *there):
        if one in there:
            return one
    return view.renderings[0].target


def _coded(connection: Connection, view: ArticleView, wanted: str, sight: Sight) -> dict[str, Any]:
    """The coding form's campaign, and the others that the article can be coded for. A copy is no item: nothing is coded."""
    campaigns = sight.of(load_campaigns(connection))
    if view.place.is_copy:
        return {"coding": None, "codable": []}
    near = [one.campaign.id for one in view.campaigns if one.facts is not None]
    chosen = wanted if wanted in campaigns else next(iter(near), None)
    return {
        "coding": item_coding(connection, view.item, chosen, sight=sight) if chosen is not None else None,
        "codable": [campaigns[one] for one in (*near, *(one for one in campaigns if one not in near))],
    }


def _similar(
    connection: Connection, desk: Desk, view: ArticleView, sight: Sight, language: UiLanguage
) -> tuple[tuple[Found, ...], str]:
    """What says nearly the same, without what stands in its story already; and why nothing can be said."""
    known = {view.item, *(one.card.id for one in view.relations.mates)}
    try:
        found = find_similar(
            desk.index, view.item, limit=(MOST_ALIKE if sight.is_limited else ALIKE) + len(known)
        )
    except SearchUnavailableError as err:
        return (), str(err)
    seen = sight.seen(connection, [one.id for one in found])
    alike = [one for one in found if one.id in seen and one.id not in known][:ALIKE]
    return in_language(connection, alike, language, load_sources(connection)), ""
