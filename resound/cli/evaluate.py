"""`resound evaluate …`: how well the models do on an office's own labels, before anyone trusts them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resound.cli.office import Office, open_models, say_json, screen, table
from resound.errors import ResoundError

if TYPE_CHECKING:
    from nlp.evaluating import Evaluation

app = typer.Typer(
    help="Judge a model on your own labels (JSON lines). The formats and public sets to try: docs/evaluating.md",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
File = Annotated[Path, typer.Argument(help="Labelled JSON lines.", exists=True, dir_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(
    epilog='Example: `resound evaluate language labelled.jsonl`, with lines such as `{"text": "…", "language": "vi"}`'
)
def language(file: File, as_json: Json = False) -> None:
    """Is the language told right? Accuracy, macro-F1 and what is taken for what."""
    from nlp.evaluating import judge_labels, read_lines
    from nlp.language import detect_language

    lines = read_lines(file, {"text": str, "language": str})
    said = []
    for line in lines:
        guess = detect_language(line["text"], line.get("prior"))
        said.append(guess.tag if "-" in line["language"] or guess.language == "other" else guess.language)
    _say([judge_labels("language", [line["language"] for line in lines], said)], as_json)


@app.command(
    epilog='Example: `resound evaluate translation pairs.jsonl`, with lines such as `{"text": "…", "language": "vi", "target": "en", "reference": "…"}`'
)
def translation(context: typer.Context, file: File, as_json: Json = False) -> None:
    """How near are translations to a person's? BLEU and chrF."""
    from nlp.evaluating import judge_translations, read_lines
    from nlp.stages import stage_translate

    lines = read_lines(file, {"text": str, "reference": str})
    found = _whole(stage_translate(lines, open_models(context.obj)), file)
    targets = dict.fromkeys(one["target"] for one in found)
    made = []
    for target in targets:
        pairs = [
            (one["translation"], line["reference"])
            for one, line in zip(found, lines, strict=True)
            if one["target"] == target
        ]
        made.append(judge_translations([one for one, _ in pairs], [one for _, one in pairs], target=target))
    _say(made, as_json)


@app.command(
    epilog='Example: `resound evaluate tone labelled.jsonl`, with lines such as `{"text": "…", "from": 0, "to": 9, "label": "neutral"}`'
)
def tone(context: typer.Context, file: File, as_json: Json = False) -> None:
    """Is the tone judged right? Accuracy, macro-F1 and what is taken for what."""
    from nlp.evaluating import judge_labels, read_lines
    from nlp.stages import stage_tone

    lines = read_lines(file, {"text": str, "label": str})
    found = _whole(stage_tone(lines, open_models(context.obj)), file)
    said = [str(one["label"] or "none") for one in found]
    _say([judge_labels("tone", [line["label"] for line in lines], said)], as_json)


@app.command(
    epilog='Example: `resound evaluate topics labelled.jsonl`, with lines such as `{"text": "…", "topics": ["e-waste"]}`'
)
def topics(context: typer.Context, file: File, as_json: Json = False) -> None:
    """Are the topics right? F1 over all, by topic, and whole sets."""
    from nlp.evaluating import judge_sets, read_lines
    from nlp.stages import stage_topics
    from nlp.topics import load_topics

    lines = read_lines(file, {"text": str, "topics": list})
    known = {one.id for one in load_topics()}
    strange = sorted({name for line in lines for name in line["topics"]} - known)
    if strange:
        raise ResoundError(f"{file}: {', '.join(strange)} is no topic. Known: {', '.join(sorted(known))}.")
    found = _whole(stage_topics(lines, open_models(context.obj)), file)
    said = [[score["topic"] for score in one["topics"]] for one in found]
    _say([judge_sets("topics", [line["topics"] for line in lines], said)], as_json)


@app.command(
    epilog='Example: `resound evaluate stories labelled.jsonl`, with lines such as `{"url": "https://…", "story": "A"}`'
)
def stories(context: typer.Context, file: File, as_json: Json = False) -> None:
    """Are articles grouped as you group them? B-cubed figures over stored articles, named by their addresses."""
    from nlp.evaluating import judge_groups, read_lines
    from resound.store.articles import find_article
    from resound.store.grouping import load_groupings

    office: Office = context.obj
    lines = read_lines(file, {"url": str, "story": str})
    with office.store.read() as connection:
        keys = [find_article(connection, line["url"]) for line in lines]
        missing = [line["url"] for line, key in zip(lines, keys, strict=True) if key is None]
        if missing:
            raise ResoundError(
                f"{file}: {missing[0]} is not stored ({len(missing)} of {len(lines)} are not)."
            )
        groupings = load_groupings(connection, [key for key in keys if key is not None])
    said = [groupings[key].story if key in groupings else str(key) for key in keys if key is not None]
    _say([judge_groups("stories", [line["story"] for line in lines], said)], as_json)


def _whole(found: Any, file: Path) -> list[dict[str, Any]]:
    """Every line has an answer, or the first that has none is named: a figure over a part would deceive."""
    made = list(found)
    for number, one in enumerate(made, 1):
        if one["error"] is not None:
            raise ResoundError(f"{file}, line {number}: {one['error']}")
    return made


def _say(evaluations: list[Evaluation], as_json: bool) -> None:
    if as_json:
        say_json([one.to_json() for one in evaluations])
        return
    for one in evaluations:
        title = f"{one.task}: {one.lines} line{'' if one.lines == 1 else 's'}"
        screen().print(table(title, {"figure": "left", "value": "right"}, list(one.figures.items())))
        wrong = [
            (is_, said, count)
            for (is_, said), count in sorted(one.confusion.items(), key=lambda row: -row[1])
            if is_ != said
        ]
        if wrong:
            screen().print(
                table("Taken for something else", {"is": "left", "said": "left", "times": "right"}, wrong)
            )
