"""`resound search` and `resound similar`: what people look for."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resound.cli.office import Office, counted, say_json, screen, warn

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from resound.searching.indexing import IndexUpdate
    from resound.searching.search import Found, Results, Snippet

UPDATE_SECONDS = 5.0
"""A search brings the index up first; where more waits than this allows, it says by how much it is behind."""


class Order(StrEnum):
    """How hits are sorted."""

    newest = "newest"
    relevance = "relevance"


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command(
        epilog="""Examples: `resound search 綠耕隊` · `resound search 'rac thai dien tu' --collapse` ·
`resound search '"Ngô Quý Việt" NEAR/5 STAMEQ'` · `resound search 'title:APO lang:vi date:2014-09-01..2014-12-31'`

Words, "phrases", AND OR NOT, parentheses, NEAR/n, a trailing \\*, and the fields
title: lang: country: outlet: group: type: campaign: topic: tone: origin: date:

Ends with 75 where the index does not answer: try again later."""
    )(search)
    app.command(
        epilog="""Examples: `resound similar https://news.example/2014/10/02/1` · `resound similar 3f2a9c0d1b7e6a54 --limit 5` ·
`resound similar clip:3f2a9c0d1b7e6a54 --json`

Ends with 75 where the index does not answer: try again later."""
    )(similar)


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    order: Annotated[Order, typer.Option(help="newest or relevance.")] = Order.newest,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Hits on one page.")] = 20,
    after: Annotated[str | None, typer.Option(help="Where the last page ended (its `next`).")] = None,
    expansion: Annotated[
        bool,
        typer.Option(
            "--expand/--no-expand", help="Let a name or theme find all its forms in every language."
        ),
    ] = True,
    collapse: Annotated[
        bool, typer.Option("--collapse/--all", help="One hit for each story, or every item.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search everything that is stored, with facets and highlighted passages."""
    from resound.searching.indexing import try_to_update_index
    from resound.searching.search import search as run
    from resound.store.registry import load_campaigns

    office: Office = context.obj
    with office.store.read() as connection:
        campaigns = load_campaigns(connection)
    update = try_to_update_index(office.store, office.index, seconds=UPDATE_SECONDS)
    results = run(
        office.index,
        query,
        campaigns=campaigns.values() if expansion else (),
        order=order.value,
        limit=limit,
        after=after,
        collapse=collapse,
    )
    if as_json:
        say_json(_results_json(results, update))
        return
    _warn(update, results.trouble)
    _print_results(results, is_collapsed=collapse)


def similar(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="URL (any address of the article) or id.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """More like this: the items whose headline and lead say nearly the same, in any language."""
    from resound.coding.deciding import item_key
    from resound.searching.indexing import try_to_update_index
    from resound.searching.search import find_similar, found_to_json

    office: Office = context.obj
    with office.store.read() as connection:
        key = item_key(connection, item)
    update = try_to_update_index(office.store, office.index, seconds=UPDATE_SECONDS)
    found = find_similar(office.index, key, limit=limit)
    if as_json:
        say_json(
            {
                "item": key,
                "hits": [found_to_json(one) for one in found],
                "index": {"behind": update.behind, "trouble": update.trouble},
            }
        )
        return
    _warn(update)
    if not found:
        screen().print(
            "Nothing to compare: likeness is worked out by a language model for articles that match a campaign "
            "(`resound explain` tells whether it was)."
        )
        return
    for one in found:
        _print_hit(screen(), one)


def _warn(update: IndexUpdate, trouble: str = "") -> None:
    for sentence in (update.sentence, trouble):
        if sentence:
            warn(sentence)


def _results_json(results: Results, update: IndexUpdate) -> dict[str, Any]:
    from resound.searching.search import found_to_json

    return {
        "query": results.query,
        "expansions": [{"term": one.term, "forms": list(one.forms)} for one in results.expansions],
        "total": results.total,
        "stories": results.stories,
        "outlets": results.outlets,
        "uniques_are_exact": results.uniques_are_exact,
        "hits": [found_to_json(hit) for hit in results.hits],
        "facets": {name: dict(values) for name, values in results.facets.items()},
        "next": results.next,
        "trouble": results.trouble,
        "index": {"behind": update.behind, "trouble": update.trouble},
    }


def _print_results(results: Results, *, is_collapsed: bool) -> None:
    console = screen()
    for one in results.expansions:
        console.print(
            f"“{one.term}” also finds: {', '.join(one.forms)}  (--no-expand searches it alone)", markup=False
        )
    if not results.total:
        console.print(
            "Nothing found. Fewer words, another spelling or a wider date may help; `resound search --help` shows the language."
        )
        return
    about = "" if results.uniques_are_exact else "at least "
    console.print(
        f"{counted(results.total, 'item', 'items')} · {about}{counted(results.stories, 'story', 'stories')}"
        f" · {about}{counted(results.outlets, 'outlet', 'outlets')}",
        style="bold",
    )
    for hit in results.hits:
        _print_hit(console, hit)
    console.print()
    for name, values in results.facets.items():
        if values:
            console.print(
                f"{name}: " + " · ".join(f"{value} {count}" for value, count in values[:8]), markup=False
            )
    if results.next:
        same = "--collapse " if is_collapsed else ""
        console.print(f"More: add {same}--after {results.next}", markup=False)


def _print_hit(console: Console, hit: Found) -> None:
    console.print()
    console.print(hit.title or hit.shown["url"], style="bold", markup=False)
    if hit.shown.get("translated_title"):
        console.print(
            f"{hit.shown['translated_title']}  [machine translation: {hit.shown['translated_by']}]",
            style="italic",
            markup=False,
        )
    told = [hit.shown["outlet_name"], hit.shown["day"] or "no date", hit.shown["language"], hit.id]
    if hit.more:
        told.append(f"and {hit.more} more of this story")
    if hit.likeness is not None:
        told.append(f"likeness {hit.likeness:.2f}")
    console.print(" · ".join(told), style="cyan", markup=False)
    for snippet in hit.snippets:
        console.print(_highlighted(snippet))
    console.print(hit.shown["url"], style="dim", markup=False)


def _highlighted(snippet: Snippet) -> Text:
    from rich.text import Text

    before = "… " if snippet.marks else ""
    made = Text(f"{before}{snippet.text} …" if snippet.marks else snippet.text)
    for start, end in snippet.marks:
        made.stylize("bold yellow", start + len(before), end + len(before))
    if snippet.field == "translation":
        made.append("  [machine translation]", style="italic")
    return made
