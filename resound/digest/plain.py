"""The digest as plain text: everything that the HTML says, for whoever reads mail without it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from resound.digest.counted_words import CountRow
from resound.digest.model import Edition, StoryEntry
from resound.digest.wording import Wording


def write_plain(say: Wording, edition: Edition, *, note: str, hidden: int, unsubscribe: str | None) -> str:
    """Lines that end in LF. `edition` is the one of `say`, or as much of it as is to be shown."""
    words = say.words
    lines = [say.list_name, say.campaign, say.days, ""]
    if note:
        lines += [note, ""]
    if not edition.counts.items:
        lines += [say.nothing, ""]
    lines += _table(say, words.gettext("The four counts"), say.counted.counts)
    if edition.counts.items or edition.before.items:
        lines += _table(say, words.gettext("Items by language"), say.counted.languages)
    if len(edition.series) > 1:
        lines += [words.gettext("Items week by week")]
        lines += _aligned([(bar.days, _number(bar.items)) for bar in say.counted.bars])
        lines.append("")
    lines += [*say.counted.beside, *([""] if say.counted.beside else [])]
    if edition.top:
        lines += _heading(words.gettext("Top stories"))
        for number, story in enumerate(edition.top, 1):
            lines += [*_story(say, story, f"{number}. "), ""]
    for section in edition.sections:
        lines += _heading(say.section(section))
        for story in section.stories:
            lines += [*_story(say, story, "- "), ""]
    if say.not_shown:
        lines += [say.not_shown, ""]
    if edition.late:
        lines += _heading(words.gettext("Late finds"))
        lines += [
            words.gettext(
                "Published in an earlier week, in no earlier digest. They are not in this week's counts; they correct their own "
                "week's."
            ),
            "",
        ]
        for week in edition.late:
            lines += [say.late_heading(week), ""]
            for story in week.stories:
                lines += [*_story(say, story, "- "), ""]
    if edition.corrections:
        lines += _heading(words.gettext("Corrections to past counts"))
        for one in say.corrected.weeks:
            lines.append(say.corrected.sentence(one))
            lines += [
                f"  {sign} {words.gettext('%(name)s (%(note)s)', name=title, note=why)}"
                for sign, title, why in say.corrected.changes(one)
            ]
            lines += [f"  {more}" for more in [say.corrected.more_changes(one)] if more]
        lines += [say.corrected.more_weeks] if say.corrected.more_weeks else []
        lines.append("")
    if hidden:
        lines += [say.hidden(hidden), *([say.page] if say.page else []), ""]
    lines += _heading(words.gettext("How well we watched"))
    lines += [say.watched.read, *([say.watched.unread] if say.watched.unread else [])]
    if say.watched.failing:
        lines += ["", words.gettext("Sources in trouble now")]
        lines += [
            f"- {name}{words.gettext(': ')}{wrong}" if wrong else f"- {name}"
            for name, wrong in say.watched.failing
        ]
    lines += ["", "--", say.rule, *([say.themes] if say.themes else []), say.as_of]
    if say.page:
        lines.append(f"{words.gettext('This digest as a page')}{words.gettext(': ')}{say.page}")
    if unsubscribe:
        lines += [
            words.gettext("You read this because you are on the list “%(list)s”.", list=say.list_name),
            f"{words.gettext('Unsubscribe')}{words.gettext(': ')}{unsubscribe}",
        ]
    return "\n".join(lines) + "\n"


def _heading(text: str) -> list[str]:
    return [text, "=" * _width(text), ""]


def _table(say: Wording, caption: str, rows: Sequence[CountRow]) -> list[str]:
    words = say.words
    head = ("", *say.counted.heads, words.gettext("Change"))
    cells = [(one.name, _number(one.now), _number(one.before), one.change) for one in rows]
    return [caption, *_aligned([head, *cells]), ""]


def _number(of: tuple[str, str]) -> str:
    return " ".join(of).strip()


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The first column to the left, the others to the right; a Chinese character is as wide as two letters."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_cells(row, widths)).rstrip() for row in rows]


def _cells(row: Iterable[str], widths: Sequence[int]) -> Iterator[str]:
    for at, (text, width) in enumerate(zip(row, widths, strict=True)):
        room = " " * (width - _width(text))
        yield text + room if at == 0 else room + text


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _story(say: Wording, story: StoryEntry, mark: str) -> Iterator[str]:
    words = say.words
    indent = " " * len(mark)
    yield f"{mark}{say.title(story.head)}"
    translation = say.translation(story.head)
    if translation is not None:
        text, _, made_by = translation
        label = words.gettext("machine translation") + (f" · {made_by}" if made_by else "")
        yield f"{indent}{text} [{label}]"
    yield f"{indent}{' · '.join(say.facts(story.head))}"
    link = say.link(story.head)
    if link is not None:
        yield f"{indent}{link}"
    if story.others:
        yield indent + "".join(text for text, _ in say.also(story))
