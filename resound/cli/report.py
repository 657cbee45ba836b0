"""`resound report`: the report of a frozen snapshot as files that can be handed on."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resound.cli.office import Office, counted, progress_bar, screen, table, warn

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from resound.report.making import Opened
    from resound.settings import UiLanguage

NEEDS = 'Reports need packages that are not installed: pip install "resound[report]"'


class ReportLanguage(StrEnum):
    """In which language a report is written."""

    chinese = "zh-Hant"
    english = "en"
    vietnamese = "vi"
    every = "all"


def register(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command(
        epilog="""Examples: `resound report apo-coe-gp-vietnam-2014` · `resound report apo-coe-gp-vietnam-2014 --lang all --to reports` ·
`resound report apo-coe-gp-vietnam-2014 --snapshot 2 --bundle --excerpts-only`

Reports are made of frozen counts only: `resound freeze CAMPAIGN` first. The same snapshot gives the same report."""
    )(report)


def report(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    snapshot: Annotated[
        int | None, typer.Option(min=1, help="Which of its snapshots. [default: the newest]")
    ] = None,
    as_xlsx: Annotated[bool, typer.Option("--xlsx", help="The workbook.")] = False,
    as_pdf: Annotated[bool, typer.Option("--pdf", help="The printed report.")] = False,
    as_bundle: Annotated[
        bool, typer.Option("--bundle", help="Report, clip pages, evidence and SHA-256 sums in one ZIP file.")
    ] = False,
    excerpts_only: Annotated[
        bool,
        typer.Option(
            "--excerpts-only", help="In the bundle: passages, where full texts may not be handed on."
        ),
    ] = False,
    language: Annotated[
        ReportLanguage | None,
        typer.Option("--lang", help="Its language; all: a file for each. [default: the settings' language]"),
    ] = None,
    to: Annotated[Path, typer.Option(help="The folder that the files are put into.")] = Path(),
) -> None:
    """Write the report of a campaign's frozen counts: XLSX and PDF, unless one of them is asked for."""
    from resound.errors import ResoundError

    if excerpts_only and not as_bundle:
        raise typer.BadParameter("--excerpts-only says what is in a bundle: add --bundle.")
    try:
        from resound.report.making import file_stem, hash_report, open_reports
    except ModuleNotFoundError as err:
        raise ResoundError(NEEDS) from err
    office: Office = context.obj
    kinds = {"xlsx": as_xlsx, "pdf": as_pdf, "bundle": as_bundle}
    wanted = [kind for kind, is_asked in kinds.items() if is_asked] or ["xlsx", "pdf"]
    with office.store.read() as connection:
        opened = open_reports(connection, campaign, snapshot, _languages(office, language))
    files = []
    try:
        to.mkdir(parents=True, exist_ok=True)
        with progress_bar() as bar:
            stem = to / file_stem(opened.row)
            for kind in wanted:
                if kind == "xlsx":
                    files += _write_xlsx(opened, stem, bar)
                elif kind == "pdf":
                    files += _write_pdf(office, opened, stem, bar)
                else:
                    files += _write_bundle(office, opened, stem, bar, excerpts_only=excerpts_only)
    except OSError as err:
        raise ResoundError(f"The report cannot be written to {to}: {err.strerror or err}.") from err
    _tell(opened, files, {one.language: hash_report(one) for one in opened.reports})


def _languages(office: Office, chosen: ReportLanguage | None) -> tuple[UiLanguage, ...]:
    from resound.settings import UI_LANGUAGES

    if chosen is None:
        return (office.settings.language,)
    return tuple(one for one in UI_LANGUAGES if chosen in (ReportLanguage.every, one))


def _write_xlsx(opened: Opened, stem: Path, bar: Progress) -> list[Path]:
    from resound.report.workbook import write_workbook

    task = bar.add_task("Workbook", total=len(opened.reports))
    files = []
    for one in opened.reports:
        files.append(stem.with_name(f"{stem.name}.{one.language}.xlsx"))
        write_workbook([one], files[-1])
        bar.advance(task)
    return files


def _write_pdf(office: Office, opened: Opened, stem: Path, bar: Progress) -> list[Path]:
    from resound.report.printed import write_pdf

    files = []
    for one in opened.reports:
        task = bar.add_task(f"PDF ({one.language})", total=None)
        files.append(stem.with_name(f"{stem.name}.{one.language}.pdf"))
        write_pdf([one], files[-1], evidence=office.evidence, tell=_teller(bar, task))
    return files


def _teller(bar: Progress, task: TaskID) -> Callable[[int, int], None]:
    def tell(done: int, every: int) -> None:
        bar.update(task, completed=done, total=every)

    return tell


def _write_bundle(
    office: Office, opened: Opened, stem: Path, bar: Progress, *, excerpts_only: bool
) -> list[Path]:
    from resound.report.bundle import write_bundle

    task = bar.add_task("Bundle", total=None)

    def tell(what: str, done: int, every: int) -> None:
        bar.update(task, description=f"Bundle: {what}", completed=done, total=every)

    path = stem.with_name(f"{stem.name}.{'excerpts' if excerpts_only else 'bundle'}.zip")
    missing = write_bundle(
        opened,
        evidence=office.evidence,
        path=path,
        excerpts_only=excerpts_only,
        tell=tell,
    )
    if missing:
        warn(
            f"{counted(len(missing), 'piece of evidence is', 'pieces of evidence are')} not in the bundle; MISSING.txt in it names them and says why."
        )
    return [path]


def _tell(opened: Opened, files: list[Path], hashes: dict[UiLanguage, str]) -> None:
    from resound.words import words

    row, spoken = opened.row, words("en")
    screen().print(
        f"Report of {row.campaign}, snapshot {row.number} as of {row.as_of:%Y-%m-%d %H:%M} UTC",
        style="bold",
        markup=False,
    )
    rows = [(str(path), spoken.size(path.stat().st_size)) for path in files]
    screen().print(table("", {"File": "left", "Size": "right"}, [*rows]))
    for language, digest in hashes.items():
        screen().print(f"Content ({language}), SHA-256: {digest}", markup=False, soft_wrap=True)
    screen().print(f"Snapshot, SHA-256: {row.sha256}", markup=False, soft_wrap=True)
