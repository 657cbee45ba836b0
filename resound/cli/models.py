"""`resound models …` and `resound doctor`: which language models there are, and what is missing."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resound.cli.office import Office, now, progress_bar, say_json, screen, table
from resound.errors import ModelError, ResoundError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

app = typer.Typer(
    help="Language models: which there are, bring them, look at them, choose a profile.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(root: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command("list", epilog="Examples: `resound models list` · `resound models list --json`")(list_models)
    app.command(
        epilog="""Examples: `resound models pull` (the profile standard) · `resound models pull standard --only zh-en` ·
`resound models pull standard --from zh-en=/media/usb/opus-mt-zh-en` (no way to the hub)"""
    )(pull)
    app.command(epilog="Examples: `resound models verify` · `resound models verify standard`")(verify)
    app.command(epilog="Example: `resound models use standard`")(use)
    root.add_typer(app, name="models")
    root.command(epilog="Examples: `resound doctor` · `resound doctor --json`")(doctor)


def list_models(context: typer.Context, as_json: Json = False) -> None:
    """Every profile with its models: task, source, licence, size, and whether it is there."""
    from nlp.profiles import load_profiles

    office: Office = context.obj
    rows = [row for name in load_profiles() for row in _rows(office, name)]
    chosen = office.profile
    if as_json:
        say_json({"profile": chosen, "models": rows})
        return
    columns = {
        "profile": "left",
        "model": "left",
        "task": "left",
        "from": "left",
        "licence": "left",
        "MB": "right",
        "state": "left",
    }
    screen().print(
        table(
            "",
            columns,
            [
                tuple(row[key] for key in ("profile", "id", "task", "hub", "licence", "mb", "state"))
                for row in rows
            ],
        )
    )
    if chosen is None:
        screen().print(
            "No profile is chosen yet: resound models pull standard, then resound models use standard"
        )
    else:
        screen().print(f"The profile in use is {chosen}.", markup=False)


def pull(
    context: typer.Context,
    profile: Annotated[str, typer.Argument(help="Which profile.")] = "standard",
    only: Annotated[list[str] | None, typer.Option(help="Only these models.")] = None,
    optional: Annotated[bool, typer.Option("--optional", help="Optional models, too.")] = False,
    from_folder: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="ID=FOLDER", help="Take a model from a folder instead of the hub."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Bring a profile's models: download, look at every file, lock, convert. What was interrupted goes on."""
    from nlp.models import find_profile
    from nlp.pulling import needed_room, pull_model

    office: Office = context.obj
    folder = office.settings.model_folder
    found = find_profile(profile, folder)
    folders = _folders(from_folder or [])
    known = {one.id for one in found.models}
    for name in (*(only or ()), *folders):
        if name not in known:
            raise ResoundError(
                f"The profile {profile} has no model {name!r}. It has: {', '.join(sorted(known))}."
            )
    wanted = [
        one
        for one in found.models
        if (one.id in (only or ()) or one.id in folders)
        or (not only and not folders and (optional or not one.optional))
    ]
    download, memory, free = needed_room([one for one in wanted if one.id not in folders], folder)
    screen().print(
        f"To download: about {download} MB (as much again while converting); free on the disk: {free} MB. "
        f"Memory at work: about {memory} MB."
    )
    if download * 2 > free:
        raise ResoundError(f"There is not enough room in {folder}.")
    if download and not yes and screen().is_terminal and not typer.confirm("Go on?", default=True):
        raise typer.Exit(1)
    for spec in wanted:
        with progress_bar() as bar:
            task = bar.add_task(spec.id, total=None)
            pulled = pull_model(
                spec,
                folder,
                source=folders.get(spec.id),
                now=now(),
                progress=partial(_show, bar, task, spec.id),
            )
        if pulled.was_there:
            screen().print(
                f"{spec.id}: there already, and as it was pulled ({pulled.commit[:12]}).", markup=False
            )
        elif pulled.conversion is not None:
            screen().print(
                f"{spec.id}: commit {pulled.commit[:12]}, {pulled.conversion.engine}, agreement with the reference "
                f"{pulled.conversion.agreement:.3f} on {pulled.conversion.sentences} sentences.",
                markup=False,
            )
    _try_again(office)
    if office.profile is None:
        screen().print(f"Choose it with: resound models use {profile}", markup=False)


def verify(
    context: typer.Context,
    profile: Annotated[str | None, typer.Argument(help="Which profile. [default: the one in use]")] = None,
    as_json: Json = False,
) -> None:
    """Look at every file of the models again and hash it."""
    from nlp.lockfile import read_lock
    from nlp.models import find_profile
    from nlp.pulling import verify_model

    office: Office = context.obj
    folder = office.settings.model_folder if profile else office.model_folder
    name = profile or office.profile or "standard"
    locked = read_lock(folder)
    results = []
    with progress_bar() as bar:
        models = [one for one in find_profile(name, folder).models if not one.optional or one.id in locked]
        task = bar.add_task("models", total=len(models))
        for spec in models:
            try:
                verify_model(spec, folder)
                results.append({"model": spec.id, "problem": ""})
            except ModelError as err:
                results.append({"model": spec.id, "problem": str(err)})
            bar.advance(task)
    bad = [one for one in results if one["problem"]]
    if as_json:
        say_json(results)
    else:
        for one in results:
            screen().print(f"{one['model']}: {one['problem'] or 'as it was pulled'}", markup=False)
    if bad:
        raise ModelError(f"{len(bad)} of {len(results)} models of {name} cannot be used.", reason="missing")


def use(context: typer.Context, profile: Annotated[str, typer.Argument(help="Which profile.")]) -> None:
    """Choose the profile with which articles are translated, judged and tagged."""
    from nlp.models import find_profile
    from nlp.profiles import check_folder, choose_profile

    office: Office = context.obj
    folder = office.settings.model_folder
    found = find_profile(profile, folder)
    check_folder(found, is_demo=office.is_demo)
    choose_profile(folder, profile)
    _try_again(office)
    screen().print(f"{profile} is in use. `resound process` does what waited for it.", markup=False)


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Look at everything that Resound leans on, and say what is missing and how to mend it."""
    from nlp.backends import ENGINES, available_engines
    from resound.watching.readiness import check_public_url

    office: Office = context.obj
    settings = office.settings
    engines = available_engines()
    disk = next(parent for parent in (settings.data, *settings.data.resolve().parents) if parent.exists())
    facts = {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "data folder": f"{settings.data}, {shutil.disk_usage(disk).free // 1_000_000} MB free",
        **{name: engines.get(name, "not installed") for name in ENGINES},
        "profile": office.profile or "none chosen",
    }
    advice = []
    try:
        facts["search index"] = office.index.describe()
    except ResoundError as err:
        facts["search index"] = "cannot be used"
        advice.append(str(err))
    if "ctranslate2" not in engines or "onnxruntime" not in engines or "transformers" not in engines:
        advice.append('Articles cannot be translated, judged or tagged: pip install "resound[nlp]"')
    if "torch" not in engines:
        advice.append(
            'Models can be used, but not pulled: pip install "resound[nlp-torch]" where you want to pull'
        )
    rows: list[dict[str, Any]] = []
    if office.profile is None:
        advice.append(
            "No language models are chosen: resound models pull standard, then resound models use standard"
        )
    else:
        try:
            rows = _rows(office, office.profile)
        except ModelError as err:
            advice.append(str(err))
        if any(row["state"] != "there" and not row["optional"] for row in rows):
            advice.append(f"Models are missing or broken: resound models pull {office.profile}")
    public = check_public_url(
        settings.public_url, is_mailing=settings.smtp_url is not None, is_demo=office.is_demo
    )
    facts["public address"] = settings.public_url or "not set"
    if not public.is_ok:
        advice.append(public.sentence)
    if settings.contact is None and not office.is_demo:
        advice.append("Sites that are read must be able to reach you: set RESOUND_CONTACT")
    if as_json:
        say_json({"facts": facts, "models": rows, "advice": advice})
        return
    screen().print(table("", {"what": "left", "found": "left"}, list(facts.items())))
    if rows:
        screen().print(
            table(
                "Models",
                {"model": "left", "task": "left", "state": "left"},
                [(row["id"], row["task"], row["state"]) for row in rows],
            )
        )
    for line in advice:
        screen().print(f"→ {line}", markup=False)
    if not advice:
        screen().print("Nothing is missing.")


def _show(bar: Progress, task: TaskID, name: str, file: str, before: int, total: int, so_far: int) -> None:
    bar.update(task, completed=before + so_far, total=total, description=f"{name} {file}")


def _rows(office: Office, profile: str) -> list[dict[str, Any]]:
    from nlp.models import find_profile
    from nlp.standing import stand_models

    folder = office.model_folder if profile == office.profile else office.settings.model_folder
    return [
        {"profile": profile, **one.to_json()} for one in stand_models(find_profile(profile, folder), folder)
    ]


def _folders(given: list[str]) -> dict[str, Path]:
    found = {}
    for one in given:
        name, sign, folder = one.partition("=")
        if not sign or not Path(folder).is_dir():
            raise ResoundError(
                f"--from {one}: write the model's id, an equals sign and a folder that is there."
            )
        found[name] = Path(folder)
    return found


def _try_again(office: Office) -> None:
    """What models could not do before may go now."""
    from resound.outcome import MODEL_STAGES
    from resound.store import work

    if office.has_store:
        with office.store.write() as connection:
            work.wake(connection, MODEL_STAGES)
