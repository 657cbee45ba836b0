"""`resound apply`, `resound export` and `resound sources …`: definitions in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, counted, now, progress_bar, say_json, screen, table
from resound.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from resound.campaign import Campaign
    from resound.store.registry import Applied

sources = typer.Typer(help="Outlets and how they are read.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command(
        epilog="""Examples: `resound apply sources/` · `resound apply campaigns/my-campaign.yml` ·
`resound apply --shipped` (the outlets and the campaign that come with Resound)"""
    )(apply)
    app.add_typer(sources, name="sources")


def apply(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="YAML files, or folders of them.")] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Apply the sources and campaigns that come with Resound.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Where the store's version was edited elsewhere, let the file win."),
    ] = False,
    who: Annotated[str | None, typer.Option(help="Who applies them.")] = None,
) -> None:
    """Bring sources and campaigns into the store. What was edited elsewhere is shown as a conflict, not overwritten."""
    from demo import is_demo
    from resound.definitions.applying import apply_definitions
    from resound.definitions.editing import keep_apart
    from resound.definitions.written import load_path, shipped_campaigns, shipped_sources

    office: Office = context.obj
    wanted = list(paths or [])
    if shipped:
        wanted += [shipped_sources(), shipped_campaigns()]
    if not wanted:
        raise typer.BadParameter("name a YAML file or a folder, or say --shipped")
    loaded = [one for path in wanted for one in load_path(path)]
    keep_apart([one.model for one in loaded], is_demo=is_demo(office.settings.data))
    results = apply_definitions(
        office.store, loaded, who=who or office.settings.coder, now=now(), replace=replace
    )
    rows = [(one.kind, one.key, one.result, one.version) for one in results if one.result != "unchanged"]
    if rows:
        screen().print(table("", {"kind": "left", "id": "left", "result": "left", "version": "right"}, rows))
    unchanged = sum(one.result == "unchanged" for one in results)
    screen().print(f"{len(results)} read, {len(results) - unchanged} of them new, changed or in conflict.")
    conflicts = [one for one in results if one.result == "conflict"]
    if conflicts:
        raise ConflictError(" ".join(_conflict(one) for one in conflicts))


def _conflict(one: Applied) -> str:
    newest = one.current
    told = (
        f"{newest.who} made version {newest.version} on {newest.at:%Y-%m-%d} (from {newest.came_from})"
        if newest
        else ""
    )
    return (
        f"{one.kind} {one.key} was not applied: {told}, and your file was not made from that version. "
        f"See it with `resound export`, then apply again with --replace if yours is right."
    )


@sources.command("list", epilog="Example: `resound sources list --json`")
def list_sources(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Every source: health, last reading, what it brought."""
    from resound.watching.health import source_health

    office: Office = context.obj
    with office.store.read() as connection:
        health = source_health(connection, now=now())
    if as_json:
        say_json([one.to_json() for one in health])
        return
    if not health:
        screen().print("No sources yet. Begin with: resound apply --shipped")
        return
    columns = {
        "source": "left",
        "type": "left",
        "state": "left",
        "channels": "right",
        "pages": "right",
        "newest": "left",
    }
    rows = [
        (
            one.source,
            one.type,
            one.state,
            one.channels,
            one.pages,
            one.newest.isoformat() if one.newest else "–",
        )
        for one in health
    ]
    screen().print(table("", columns, rows))


@sources.command(
    epilog="Examples: `resound sources check` · `resound sources check --source vnexpress --json`"
)
def check(
    context: typer.Context,
    source: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try every feed, sitemap and listing, proven or not, and say what answers; look for feeds on the home page."""
    from crawlers.discover import check_sources
    from resound.cli.collect import fetch_rules
    from resound.store.registry import load_sources

    office: Office = context.obj
    with office.store.read() as connection:
        known = load_sources(connection)
    wanted = list(source or known)
    missing = [one for one in wanted if one not in known]
    if missing:
        raise NotFoundError(
            f"There is no source {missing[0]!r}. Known: {', '.join(known) or 'none; resound apply --shipped'}."
        )
    with progress_bar() as bar:
        task = bar.add_task("checking", total=len(wanted))
        checks = []
        for one in check_sources([known[key] for key in wanted], fetch_rules(office), now=now()):
            checks.append(one)
            bar.advance(task)
    if as_json:
        say_json([one.to_json() for one in checks])
        return
    columns = {"source": "left", "channel": "left", "kind": "left", "proven": "left", "answer": "left"}
    rows = [(one.source, one.url, one.kind, "yes" if one.proven else "?", one.sentence) for one in checks]
    screen().print(table("", columns, rows))


@sources.command(
    epilog="Examples: `resound sources add https://www.news.example/` · `resound sources add news.example --into sources/tw`"
)
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="A home page, a section or a feed.")],
    into: Annotated[Path, typer.Option(help="Folder for the YAML file that it becomes.")] = Path(
        "sources/new"
    ),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON, and write nothing.")
    ] = False,
) -> None:
    """Look at a site for feeds and sitemaps, and write a source file, to be completed (owner, country) and applied."""
    from crawlers.drafts import write_draft
    from crawlers.suggest import draft_source, suggest_source
    from resound.cli.collect import fetch_rules
    from resound.store.registry import load_sources

    office: Office = context.obj
    taken: set[str] = set()
    if office.has_store:
        with office.store.read() as connection:
            taken = set(load_sources(connection))
    with progress_bar() as bar:
        bar.add_task("looking", total=None)
        found = suggest_source(address, fetch_rules(office), now=now())
    source = draft_source(found, taken)
    if as_json:
        channels = [one.to_json() for one in found.channels]
        say_json(
            {
                "source": source.model_dump(mode="json", by_alias=True, exclude_defaults=True),
                "channels": channels,
            }
        )
        return
    rows = [(one.url, one.kind, one.sentence) for one in found.channels]
    if rows:
        screen().print(table("", {"address": "left", "kind": "left", "answer": "left"}, rows))
    else:
        screen().print(
            "No feed and no sitemap was found; a listing page can be named by hand (docs/sources.md)."
        )
    path = into / f"{source.id}.yml"
    if path.exists():
        raise ConflictError(f"{path} is there already and was left as it is.")
    into.mkdir(parents=True, exist_ok=True)
    path.write_text(write_draft(source, came_from=f"From {found.home}."), encoding="utf-8")
    screen().print(f"Wrote {path}. Complete it, then: resound apply {path}", markup=False)


@sources.command("import", epilog="Example: `resound sources import feeds.opml --into sources/new`")
def import_opml(
    path: Annotated[Path, typer.Argument(help="An OPML file from a feed reader.")],
    into: Annotated[Path, typer.Option(help="Folder for the YAML files that it becomes.")] = Path(
        "sources/imported"
    ),
) -> None:
    """Turn an OPML list of feeds into source files, to be completed (owner, country) and applied."""
    from crawlers.opml import write_sources

    written = write_sources(path, into)
    screen().print(
        f"Wrote {counted(len(written), 'file', 'files')} to {into}. Complete {'it' if len(written) == 1 else 'them'}, then: resound apply {into}",
        markup=False,
    )


@sources.command("export", epilog="Example: `resound sources export feeds.opml`")
def export_opml(
    context: typer.Context, path: Annotated[Path, typer.Argument(help="Where to write the OPML.")]
) -> None:
    """Write every feed as OPML, for other feed readers."""
    from crawlers.opml import dump_opml
    from resound.store.registry import load_sources

    office: Office = context.obj
    with office.store.read() as connection:
        known = load_sources(connection)
    path.write_text(dump_opml(known.values()), encoding="utf-8")
    screen().print(f"Wrote the feeds of {len(known)} sources to {path}.", markup=False)


def campaign_for_stage(office: Office, key: str) -> Campaign:
    """A campaign from the store, else from those that are shipped; nothing is created.

    Raises:
        NotFoundError: it is in neither place.
    """
    from resound.campaign import Campaign
    from resound.definitions.written import load_campaign, shipped_campaigns
    from resound.store.registry import current_definition

    if office.has_store:
        with office.store.read() as connection:
            found = current_definition(connection, "campaign", key)
        if found is not None:
            return Campaign.model_validate(found.body)
    path = shipped_campaigns() / f"{key}.yml"
    if "/" in key or not path.is_file():
        known = ", ".join(
            sorted(one.stem for one in shipped_campaigns().glob("*.yml") if one.stem != "TEMPLATE")
        )
        raise NotFoundError(f"There is no campaign {key!r} in the store or among the shipped ones ({known}).")
    return load_campaign(path)
