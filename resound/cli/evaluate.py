"""`resound evaluate …`: how well the models do on an office's own labels, before anyone trusts them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resound.cli.office import Office, now, open_models, say_json, screen, table
from resound.errors import ResoundError

if TYPE_CHECKING:
    from nlp.evaluating import Evaluation

app = typer.Typer(
    help="Judge a model on your own labels (JSON lines). The formats and public sets to try: docs/evaluating.md",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


class Threshold(StrEnum):
    """What a cosine must reach to be said."""

    topic = "topic"
    candidate = "candidate"
    sentence = "sentence"


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


@app.command(
    epilog="""Examples: `resound evaluate threshold topic labelled.jsonl`, with lines such as `{"text": "…", "topics": ["e-waste"]}` ·
`resound evaluate threshold sentence pairs.jsonl --keep`, with lines such as `{"one": "…", "other": "…", "same": true}`

`topic`: a topic is given · `sentence`: two sentences say the same · `candidate`: two headlines with leads may tell one story"""
)
def threshold(
    context: typer.Context,
    name: Annotated[Threshold, typer.Argument(help="Which threshold.")],
    file: File,
    keep: Annotated[
        bool, typer.Option("--keep", help="Use it from now on, with this embedding model.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Above which cosine should it be said? Finds the best threshold on your labels; `--keep` makes it the office's."""
    from nlp.calibrating import best_threshold, f1_at, score_pairs, score_topics, write_thresholds
    from nlp.evaluating import read_lines
    from nlp.topics import TopicTagger, load_topics

    models = open_models(context.obj)
    if keep and models.profile.only_demo:
        raise ResoundError(
            "The thresholds of the demo's models come with them; calibrate a profile of your own."
        )
    embedder = models.embedder()
    now_used = float(getattr(models.thresholds, name.value))
    if name is Threshold.topic:
        rows = read_lines(file, {"text": str, "topics": list})
        tagger = TopicTagger(embedder, load_topics(), threshold=0.0)
        scored = score_topics(tagger, [(line["text"].split("\n"), line["topics"]) for line in rows])
    else:
        rows = read_lines(file, {"one": str, "other": str, "same": bool})
        scored = score_pairs(embedder, [(line["one"], line["other"], line["same"]) for line in rows])
    best = best_threshold(scored)
    told = {
        "threshold": name.value,
        "in use": now_used,
        "F1 in use": f1_at(scored, now_used),
        "best": best.threshold,
        "F1 at best": best.f1,
        "pairs": best.lines,
        "model": f"{embedder.identity.model} {embedder.identity.revision[:12]}",
    }
    if keep:
        write_thresholds(models.folder, embedder.identity, {name.value: best}, at=now())
    if as_json:
        say_json({**told, "kept": keep})
        return
    screen().print(table("", {"figure": "left", "value": "right"}, list(told.items())))
    if keep:
        screen().print(
            "It is in use from now on: `resound requeue --outcome done` has old work judged again."
        )
    else:
        screen().print("`--keep` makes it the office's.")


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
