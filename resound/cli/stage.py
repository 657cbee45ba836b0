"""`resound stage …`: one stage by itself, JSON lines in, JSON lines out, one for one and in order.

For debugging and for measuring from outside: these are the very functions that the pipeline runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nlp.models import Models

app = typer.Typer(
    help="Run one stage by itself over JSON lines: one line out for every line in, in order.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Jsonl = Annotated[
    bool,
    typer.Option("--jsonl", help="JSON lines on standard input and output (the only way, and the default)."),
]


@app.command(
    epilog="""Example: `echo '{"path": "page.html", "url": "https://news.example/1"}' | resound stage extract`"""
)
def extract(
    _jsonl: Jsonl = True,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes. [default: one per core]")
    ] = None,
) -> None:
    """Read pages: `{"html"|"path", "url", "language"?}` → title, text, lead, byline, published, language …"""
    from crawlers.extract.pool import extract_many

    _write(extract_many(_raw_lines(), workers=workers))


@app.command(epilog="""Example: `echo '{"text": "Rac thai dien tu"}' | resound stage language`""")
def language(_jsonl: Jsonl = True) -> None:
    """Tell the language: `{"text"}` → language zh|en|vi|other, script Hant|Hans, confidence."""
    from nlp.stage import stage_line

    _write(stage_line(one) for one in _objects())


@app.command(
    epilog="""Example: `echo '{"text": "綠耕隊訪問胡志明市"}' | resound stage match --campaign apo-coe-gp-vietnam-2014`"""
)
def match(
    context: typer.Context,
    campaign: Annotated[
        str, typer.Option(help="The campaign's id, in the store or among those that are shipped.")
    ],
    _jsonl: Jsonl = True,
) -> None:
    """Match texts with a campaign: `{"title"?, "lead"?, "text", "captions"?}` → match, prominence, spans, messages …"""
    from resound.cli.define import campaign_for_stage
    from resound.processing.matching import CampaignMatcher, stage_line

    matcher = CampaignMatcher(campaign_for_stage(context.obj, campaign))
    _write(stage_line(matcher, one) for one in _objects())


@app.command(
    epilog="""Example: `echo '{"path": "feed.xml", "url": "https://news.example/rss"}' | resound stage feed`"""
)
def feed(_jsonl: Jsonl = True) -> None:
    """Read feeds: `{"path", "url"}` → entries as they would be stored."""
    from crawlers.feeds import stage_line

    _write(stage_line(one) for one in _objects())


@app.command(epilog="""Example: `echo '{"url": "https://www.cna.com.tw/"}' | resound stage fetch`""")
def fetch(context: typer.Context, _jsonl: Jsonl = True) -> None:
    """Fetch pages through the downloader that crawls: `{"url"}` → status, final_url, bytes or error."""
    from crawlers.fetch import stage_lines
    from resound.cli.collect import fetch_rules

    _write(stage_lines(list(_objects()), fetch_rules(context.obj, delay=0.0, is_trial=True)))


@app.command(
    epilog="""Example: `echo '{"text": "綠耕隊抵達胡志明市。", "language": "zh-Hant"}' | resound stage translate`"""
)
def translate(context: typer.Context, _jsonl: Jsonl = True) -> None:
    """Translate: `{"text", "language"?, "target"?}` → translation, model, revision, engine, flags."""
    from nlp.stages import stage_translate

    _write(stage_translate(_objects(), _models(context)))


@app.command(
    epilog="""Example: `echo '{"text": "The Green Team was praised.", "from": 4, "to": 14}' | resound stage tone`"""
)
def tone(context: typer.Context, _jsonl: Jsonl = True) -> None:
    """Judge the tone where something is named: `{"text", "from", "to", "target"?, "language"?}` → label, scores."""
    from nlp.stages import stage_tone

    _write(stage_tone(_objects(), _models(context)))


@app.command(epilog="""Example: `echo '{"text": "廢電腦與廢手機的回收"}' | resound stage topics`""")
def topics(context: typer.Context, _jsonl: Jsonl = True) -> None:
    """Tag topics: `{"text", "language"?}` → topics with scores."""
    from nlp.stages import stage_topics

    _write(stage_topics(_objects(), _models(context)))


def _models(context: typer.Context) -> Models:
    from resound.cli.office import open_models

    return open_models(context.obj)


def _raw_lines() -> Iterator[str]:
    for raw in sys.stdin.buffer:
        yield raw.decode("utf-8", errors="replace").rstrip("\r\n")


def _objects() -> Iterator[Any]:
    """Each line as JSON; a line that is none comes as a string, and the stage says what is wrong with it."""
    for line in _raw_lines():
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            yield line


def _write(results: Iterable[dict[str, Any]]) -> None:
    for one in results:
        line = json.dumps(one, ensure_ascii=False, default=str)
        sys.stdout.write(line.encode("utf-8", "replace").decode("utf-8") + "\n")
        sys.stdout.flush()
