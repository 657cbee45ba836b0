"""The figures of an evaluation, against values worked out by hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nlp.evaluating import judge_groups, judge_labels, judge_sets, judge_translations, read_lines
from resound.cli import app
from resound.errors import DefinitionError
from tests.nlp.tiny import PAIRS
from tests.whole_way import environment


def test_labels() -> None:
    found = judge_labels("tone", ["a", "a", "a", "b"], ["a", "a", "b", "b"])
    assert found.figures["accuracy"] == 0.75
    assert found.figures["F1 a"] == 0.8
    assert found.figures["F1 b"] == round(2 / 3, 4)
    assert found.figures["macro-F1"] == round((0.8 + 2 / 3) / 2, 4)
    assert found.confusion == {("a", "a"): 2, ("a", "b"): 1, ("b", "b"): 1}


def test_sets() -> None:
    found = judge_sets("topics", [["x", "y"], [], ["x"]], [["x"], ["y"], ["x"]])
    assert found.figures["micro-F1"] == round(4 / 6, 4)
    assert found.figures["F1 x"] == 1.0
    assert found.figures["F1 y"] == 0.0
    assert found.figures["exact"] == round(1 / 3, 4)


def test_groups_as_bagga_and_baldwin_count_them() -> None:
    same = judge_groups("stories", list("aabbb"), list("xxyyy")).figures
    assert set(same.values()) == {1.0}
    merged = judge_groups("stories", list("aab"), list("xxx")).figures
    assert merged["B-cubed recall"] == 1.0
    assert merged["B-cubed precision"] == round((2 / 3 + 2 / 3 + 1 / 3) / 3, 4)


def test_translations_by_sacrebleu() -> None:
    same = judge_translations(
        ["The team visited the old landfill."], ["The team visited the old landfill."], target="en"
    )
    assert (same.figures["BLEU"], same.figures["chrF"]) == (100.0, 100.0)
    other = judge_translations(["綠耕隊參觀了掩埋場。"], ["綠耕隊參觀垃圾場。"], target="zh-Hant")
    assert 0 < float(other.figures["chrF"]) < 100
    assert "tok:zh" in str(other.figures["BLEU signature"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no lines"),
        ('{"text": "a"}\n{oops', "line 2: this is no JSON"),
        ('{"text": 3}', 'line 1: "text" is missing'),
    ],
)
def test_wrong_lines_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(DefinitionError, match=words):
        read_lines(tmp_path / "x.jsonl", {"text": str})


def test_the_command_line_judges_language_translation_and_tone(
    tmp_path: Path, tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOUND_MODELS", str(tiny_models))
    monkeypatch.setenv("RESOUND_PROFILE", "tiny")
    run = CliRunner().invoke

    def write(*rows: dict[str, object]) -> str:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return str(path)

    rows = [{"text": zh, "language": "zh-Hant", "reference": en} for zh, en in PAIRS[:8]]
    said = run(app, ["--data", str(tmp_path), "evaluate", "translation", write(*rows), "--json"])
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)[0]["figures"]["BLEU"] == 100.0
    said = run(
        app,
        [
            "--data",
            str(tmp_path),
            "evaluate",
            "language",
            write({"text": "Rác thải điện tử ở thành phố", "language": "vi"}),
            "--json",
        ],
    )
    assert json.loads(said.stdout)[0]["figures"]["accuracy"] == 1.0
    said = run(
        app,
        [
            "--data",
            str(tmp_path),
            "evaluate",
            "tone",
            write({"text": "The team came.", "from": 4, "to": 8, "label": "neutral"}),
        ],
    )
    assert "accuracy" in said.output
    said = run(
        app, ["--data", str(tmp_path), "evaluate", "topics", write({"text": "x", "topics": ["football"]})]
    )
    assert said.exit_code == 1


@pytest.mark.slow
def test_a_threshold_is_calibrated_and_kept(tiny_models: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(tiny_models, tmp_path / "models"))
    lines = tmp_path / "pairs.jsonl"
    rows = [{"one": zh, "other": zh, "same": True} for zh, _ in PAIRS[:5]]
    rows += [{"one": PAIRS[at][0], "other": PAIRS[at + 7][0], "same": False} for at in range(5)]
    lines.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "resound",
                "--data",
                str(tmp_path / "data"),
                "evaluate",
                "threshold",
                *words,
            ],
            env={**environment(), "RESOUND_PROFILE": "tiny", "RESOUND_MODELS": str(own)},
            capture_output=True,
            text=True,
            check=False,
        )

    ran = ask("sentence", str(lines), "--keep", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["F1 at best"] == 1.0
    assert told["best"] > told["in use"] == 0.5
    assert json.loads(ask("sentence", str(lines), "--json").stdout)["in use"] == told["best"]
    wrong = ask("topic", str(lines))
    assert wrong.returncode == 1
    assert 'line 1: "text" is missing' in wrong.stderr
