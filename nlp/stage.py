"""`resound stage language`: one line of JSON, the language of its text."""

from __future__ import annotations

from typing import Any

from nlp.language import detect_language


def stage_line(line: object) -> dict[str, Any]:
    """`{"text", "prior"?}` → language, script, tag, confidence; `error` says what is wrong with a line."""
    text = line.get("text") if isinstance(line, dict) else None
    prior = line.get("prior") if isinstance(line, dict) else None
    if not isinstance(text, str) or not (prior is None or isinstance(prior, str)):
        said = 'give {"text": "…"}' if isinstance(line, dict) else "it is not a JSON object"
        return {
            "language": None,
            "script": None,
            "tag": None,
            "confidence": None,
            "error": f"The line is wrong: {said}.",
        }
    guess = detect_language(text, prior)
    return {
        "language": guess.language,
        "script": guess.script,
        "tag": guess.tag,
        "confidence": guess.confidence,
        "error": None,
    }
