"""Stages, the states of their work and the reasons that are counted, in words for people."""

from __future__ import annotations

from collections.abc import Mapping

from resound.outcome import Stage
from resound.texts import N_
from resound.words import Words

STAGE_WORDS: Mapping[Stage, str] = {
    "fetch": N_("Fetching pages"),
    "extract": N_("Reading pages"),
    "match": N_("Matching campaigns"),
    "group": N_("Grouping into items and stories"),
    "headline": N_("Translating headlines"),
    "tone": N_("Judging tone"),
    "topics": N_("Finding topics"),
    "link": N_("Comparing languages"),
    "translate": N_("Translating texts"),
    "index": N_("Search index"),
}
REASON_WORDS: Mapping[str, str] = {
    "bad-encoding": N_("The answer could not be decoded"),
    "busy": N_("The site asked to be left alone"),
    "connection": N_("No connection to the site"),
    "crashed": N_("The program that read it ended by itself"),
    "deadline": N_("The site took too long"),
    "defect": N_("Reading failed in a way that nobody foresaw"),
    "dns": N_("The name of the site was not found"),
    "engine-missing": N_("The engine for language models is not installed"),
    "evidence": N_("The stored evidence could not be read or written"),
    "failed": N_("The language model failed"),
    "fetch-failed": N_("Fetching failed"),
    "gave-up": N_("Begun many times and never ended"),
    "missing": N_("A language model is missing"),
    "no-profile": N_("No language models are chosen"),
    "no-route": N_("No model translates this language"),
    "not-for-this-folder": N_("The models do not serve this data"),
    "out-of-memory": N_("There was not enough memory"),
    "refused": N_("The search index refused it"),
    "robots-unknown": N_("The site did not say what may be read"),
    "timeout": N_("It took too long"),
    "tls": N_("The secure connection failed"),
    "too-many-redirects": N_("The site redirected without end"),
    "unsafe": N_("A model holds what may not be loaded"),
    "wrong-hash": N_("A model is not what was pulled"),
}
_STATUS = "http-"
"""`http-503`: what the server answered."""


def stage_words(spoken: Words, stage: Stage) -> str:
    """What a stage does."""
    return spoken.gettext(STAGE_WORDS[stage])


def reason_words(spoken: Words, reason: str) -> str:
    """Why something failed or waits; a reason that has no words yet as it is counted."""
    if reason.startswith(_STATUS) and reason.removeprefix(_STATUS).isdecimal():
        return spoken.gettext(
            N_("The site answered with error %(status)s"), status=reason.removeprefix(_STATUS)
        )
    return spoken.gettext(REASON_WORDS[reason]) if reason in REASON_WORDS else reason
