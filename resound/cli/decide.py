"""`resound decide` and `resound clips`: what people say and bring."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from resound.cli.office import Office, now, progress_bar, say_json, screen, table
from resound.errors import ResoundError

if TYPE_CHECKING:
    from resound.store.decisions import DecisionKind

clips = typer.Typer(
    help="Bring in what cannot be crawled: television, radio, print, behind a wall.", no_args_is_help=True
)


class Kind(StrEnum):
    """What can be decided."""

    ACCEPT = "accept"
    REJECT = "reject"
    ORIGIN = "origin"
    OUTLET = "outlet"
    DATE = "date"
    TONE = "tone"
    PROMINENCE = "prominence"
    MESSAGE = "message"
    NO_MESSAGE = "no-message"
    QUOTE = "quote"
    NO_QUOTE = "no-quote"
    MERGE = "merge"
    SPLIT = "split"
    UNDO = "undo"


class Read(StrEnum):
    """What a coder read."""

    ORIGINAL = "original"
    TRANSLATION = "translation"


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command(
        epilog="""Examples:

`resound decide https://news.example/1 accept --campaign apo-coe-gp-vietnam-2014 --why 'reports the workshop'`

`resound decide https://news.example/1 origin agency-pick-up --why 'credit line of the agency'`

`resound decide https://news.example/1 date 2014-10-02 --why 'printed under the headline'`

`resound decide https://news.example/1 tone positive --basis original --why 'the mayor thanks the team'`

`resound decide https://news.example/1 tone neutral --basis translation --second --who Chen --why 'plain report'`

`resound decide https://news.example/1 message cooperation-signed --why 'second paragraph'` (`no-message`: it is not there)

`resound decide https://news.example/1 quote cheng-tsu-shou --why 'quoted in the lead'` (`no-quote`: named, not quoted)

`resound decide https://a.example/1 merge https://b.example/2 --why 'a translation of it'`

`resound decide 17 undo --why 'the wrong article'` (17: a decision's number, as `resound explain` shows it)"""
    )(decide)
    app.add_typer(clips, name="clips")


def decide(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="URL or id of the item; for undo, the number of the decision.")],
    kind: Annotated[Kind, typer.Argument(help="What is decided.")],
    value: Annotated[
        str | None,
        typer.Argument(
            help="The origin, the outlet's source id, the day (YYYY-MM-DD), the tone (positive, neutral, negative), "
            "the prominence (headline, lead, body, caption), the id of a key message or spokesperson, or the other "
            "item of a merge."
        ),
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for the audit. Needed.")] = "",
    campaign: Annotated[
        str | None, typer.Option(help="For accept, reject and coding. [default: the only campaign]")
    ] = None,
    basis: Annotated[
        Read | None, typer.Option(help="What was read: the original, or a translation. Needed for a tone.")
    ] = None,
    second: Annotated[
        bool,
        typer.Option(
            "--second", help="A second coder's tone or prominence: it shows how far two people agree."
        ),
    ] = False,
    who: Annotated[
        str | None, typer.Option(help="Who decides. [default: RESOUND_CODER or the login name]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Accept, reject, code or correct an item. Every decision is kept with who and when; another one undoes it."""
    from resound.coding.deciding import PER_CAMPAIGN, take_back
    from resound.coding.deciding import decide as write_down
    from resound.store.registry import load_campaigns

    office: Office = context.obj
    coder = who or office.settings.coder
    with office.store.write() as connection:
        if kind is Kind.UNDO:
            if not item.isdecimal():
                raise ResoundError("undo takes the number of a decision; `resound explain URL` shows them.")
            made = take_back(connection, int(item), why=why, who=coder, now=now())
        else:
            if campaign is None and kind.value in PER_CAMPAIGN:
                campaigns = list(load_campaigns(connection))
                campaign = campaigns[0] if len(campaigns) == 1 else None
            made = write_down(
                connection,
                item,
                cast("DecisionKind", kind.value),
                value=value,
                campaign=campaign,
                basis=basis.value if basis is not None else None,
                is_second=second,
                why=why,
                who=coder,
                now=now(),
            )
    if as_json:
        say_json({name: getattr(made, name) for name in made.__slots__})
        return
    about = f" {made.value}" if made.value else ""
    where = f" for {made.campaign}" if made.campaign else ""
    screen().print(f"Decision {made.id}: {made.kind}{about}{where}, by {made.who}.", markup=False)


@clips.command(
    "import",
    epilog="""Examples: `resound clips import clips.csv` · `resound clips import clips.xlsx --who 'Lin'`

Files that rows name are looked for beside the table.""",
)
def import_table(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="CSV or XLSX with a header row; `resound clips template` writes one.")
    ],
    who: Annotated[str | None, typer.Option(help="Who brings them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Import a table of clips. Every row is reported; importing it again adds nothing, new words make a new version."""
    from nlp.language import detect_language
    from resound.cli.collect import process_all
    from resound.clips.files import files_beside
    from resound.clips.importing import import_clips
    from resound.clips.rows import read_clips

    office: Office = context.obj
    coder = who or office.settings.coder
    with progress_bar() as bar:
        task = bar.add_task("clips", total=None)
        results = []
        for one in import_clips(
            office.store,
            read_clips(path),
            open_file=files_beside(path.parent),
            evidence=office.evidence,
            detect=detect_language,
            who=coder,
            now=now(),
        ):
            results.append(one)
            bar.advance(task)
    process_all(office)
    if as_json:
        say_json(
            [
                {
                    name: getattr(one, name)
                    for name in ("row", "result", "article", "message", "column", "outlet")
                }
                for one in results
            ]
        )
    else:
        rows = [(one.row, one.result, one.message) for one in results]
        screen().print(table("", {"row": "right", "result": "left", "what": "left"}, rows))
        counts = Counter(one.result for one in results)
        changed = f"{counts['changed']} worded anew, " if counts["changed"] else ""
        screen().print(
            f"{counts['added']} added, {changed}{counts['known']} known already, {counts['problem']} with a problem."
        )
    if any(one.result == "problem" for one in results):
        raise typer.Exit(1)


@clips.command(epilog="Example: `resound clips template clips.csv`")
def template(path: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Write an empty table with every column explained."""
    from resound.clips.template import write_template

    write_template(path)
    screen().print(f"Wrote {path}. Fill it in, then: resound clips import {path}", markup=False)
