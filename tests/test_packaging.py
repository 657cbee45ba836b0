"""What is installed is ours and whole: from the checkout, and from the wheel."""

import os
import subprocess
import sys
import time
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_packages_are_ours() -> None:
    """A package named `nlp` exists on PyPI, and one named `demo` too."""
    import crawlers
    import demo
    import nlp
    import resound

    for package in (resound, crawlers, nlp, demo):
        assert Path(package.__file__ or "").parent.parent == ROOT


def test_what_pyproject_names_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert all((ROOT / name / "__init__.py").is_file() for name in wheel["packages"])
    assert all((ROOT / name).is_dir() for name in wheel["force-include"])
    assert (
        project["tool"]["mypy"]["packages"]
        == wheel["packages"]
        == project["tool"]["coverage"]["run"]["source"]
    )
    # A package of the checkout that nobody ships would be missing only after installation.
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert there == set(wheel["packages"])


def test_help_answers_at_once() -> None:
    took = []
    for _ in range(3):
        start = time.perf_counter()
        ran = subprocess.run(
            [sys.executable, "-m", "resound", "--help"], capture_output=True, text=True, check=True
        )
        took.append(time.perf_counter() - start)
    assert "Usage" in ran.stdout
    assert min(took) < 0.5, f"{min(took):.2f} s at best"


def test_help_imports_nothing_heavy() -> None:
    heavy = "scrapy twisted sqlalchemy trafilatura lxml feedparser dateparser lingua opencc pydantic ruamel nlp demo.run"
    script = (
        f"import sys; import resound.cli; print(*[name for name in {heavy.split()!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


@pytest.mark.slow
def test_the_wheel_holds_everything_and_works_elsewhere(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path / "dist"), str(ROOT)],
        check=True,
        capture_output=True,
        text=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("sources", "campaigns"):
        ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.yml")}
        assert {f"resound/shipped/{name}" for name in ours} <= names
    data = {
        path.relative_to(ROOT).as_posix()
        for package in ("resound", "crawlers", "nlp", "demo")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert data <= names, sorted(data - names)[:10]
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)

    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    library = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    python = home / "bin" / "python"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            str(wheel),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    # What Resound depends on comes from this environment; its own editable install must not come with it.
    there = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONPATH"] = there
    script = (
        "import nlp, resound, crawlers, demo; from resound.definitions.written import shipped_sources, shipped_campaigns;"
        "print(nlp.__file__, shipped_sources(), shipped_campaigns(), len(list(shipped_campaigns().rglob('*.yml'))))"
    )
    environment["PYTHONPATH"] = os.pathsep.join((str(library), there))
    ran = subprocess.run(
        [python, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    found, sources, campaigns, number = ran.stdout.split()
    assert Path(found).is_relative_to(library)
    assert Path(sources).is_relative_to(library)
    assert Path(campaigns).is_relative_to(library)
    assert int(number) == len(list((ROOT / "campaigns").rglob("*.yml")))
    command = home / "bin" / "resound"
    for arguments in (["--help"], ["--version"], ["--data", str(tmp_path / "data"), "status"]):
        ran = subprocess.run(
            [command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
