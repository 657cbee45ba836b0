"""A snapshot that is being laid out in one language: what every part of the report asks of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from nlp.topics import load_topics
from resound.article import PROMINENCES, Language
from resound.coverage.campaign import Coverage
from resound.coverage.coded import NOT_NAMED
from resound.coverage.counting import count_four
from resound.coverage.model import NOT_CODED, FourCounts, ItemFacts
from resound.report.content.named import (
    MEDIA,
    ORIGINS,
    mark,
    name_of,
)
from resound.report.tables import Column, Row
from resound.settings import UiLanguage
from resound.snapshots.model import Clip, Snapshot, Translation
from resound.store.snapshots import SnapshotRow
from resound.words import Words

SPOKEN: Mapping[UiLanguage, Language] = {"zh-Hant": "zh", "en": "en", "vi": "vi"}
COUNTED: Mapping[str, str] = {"standing": mark("standing", "counted")}
"""How counted items are found in the clip list."""
_FIELDS = {field: said for said, field in PROMINENCES.items()}


@dataclass(frozen=True)
class Laid:
    """`coverage`: what the snapshot gives when it is counted again. What several parts ask is made once (hence no slots)."""

    row: SnapshotRow
    snapshot: Snapshot
    coverage: Coverage
    words: Words

    @cached_property
    def clips(self) -> dict[str, Clip]:
        """item → clip, counted or not."""
        return {one.facts.item: one for one in self.snapshot.clips}

    @cached_property
    def book(self) -> tuple[Clip, ...]:
        """The clip book: accepted clips by their numbers."""
        return tuple(sorted((one for one in self.snapshot.clips if one.number), key=lambda one: one.number))

    @cached_property
    def counted(self) -> tuple[ItemFacts, ...]:
        """The counted items by day and address."""
        return tuple(self.coverage.item(key) for key in self.coverage.figures.lists["counted"])

    @property
    def is_at_least(self) -> bool:
        """Whether any source was not read on a day of the window: every figure of the whole campaign rests on that."""
        return self.coverage.figures.at_least

    @cached_property
    def stories(self) -> dict[str, int]:
        """story → its number in the list of stories."""
        return {one.story: at for at, one in enumerate(self.coverage.stories, 1)}

    @cached_property
    def periods(self) -> dict[str, int]:
        """item → the period of the series in which it lies."""
        return {
            item: at
            for members in self.coverage.series.members.values()
            for at, items in enumerate(members)
            for item in items
        }

    @cached_property
    def topic_names(self) -> dict[str, str]:
        """theme → its name."""
        return {one.id: one.label[self.words.language] for one in load_topics()}

    def numbers(self, items: Iterable[str]) -> tuple[int, ...]:
        """The clip numbers of items, ascending; of those that stand in the clip book."""
        return tuple(sorted(self.clips[key].number for key in items if self.clips[key].number))

    def gettext(self, message: str, /, **values: object) -> str:
        """A text in the report's language; numbers are written as people there write them."""
        words = self.words
        written = {
            name: words.number(value) if isinstance(value, int | float) else value
            for name, value in values.items()
        }
        return words.gettext(message, **written)

    def outlet(self, facts: ItemFacts) -> str:
        """An item's outlet by its name."""
        clip = self.clips.get(facts.item)
        return facts.outlet_name if clip is None else clip.outlet_name(self.words.language)

    def language(self, facts: ItemFacts) -> str:
        """`Traditional Chinese`, `Vietnamese`, `Thai`."""
        return self.words.language_name(facts.tag)

    def country(self, code: str) -> str:
        """A country's name; `not known` where there is none."""
        return self.words.country_name(code) if code else self.words.gettext("not known")

    def medium(self, value: str) -> str:
        """`tv` → television."""
        return name_of(value, MEDIA, self.words)

    def origin(self, value: str | None) -> str:
        """`agency-pick-up` → agency pick-up."""
        return name_of(value or NOT_CODED, ORIGINS, self.words)

    def headline(self, facts: ItemFacts) -> str:
        """As the outlet wrote it."""
        return facts.title or self.words.gettext("without a headline")

    def translation(self, facts: ItemFacts) -> Translation | None:
        """A machine's translation into a language of the reader, of a clip that is in another one."""
        reader = self.words.language
        targets: tuple[UiLanguage, ...] = ("zh-Hant", "en") if reader == "zh-Hant" else ("en",)
        clip = self.clips[facts.item]
        if facts.language == SPOKEN[reader]:
            return None
        for target in targets:
            if target in clip.translations and facts.language != SPOKEN[target]:
                return clip.translations[target]
        return None

    def four_columns(self, do_not_add: Sequence[str], *first: Column) -> tuple[Column, ...]:
        """Those of a table of the four counts, and the clips behind a row."""
        _ = self.words.gettext
        heads = {
            "items": _("Items"),
            "stories": _("Stories"),
            "outlets": _("Outlets"),
            "groups": _("Publisher groups"),
        }
        counts = [Column(key, head, "number", key in do_not_add) for key, head in heads.items()]
        return (*first, *counts, self.clips_column())

    def clips_column(self) -> Column:
        """The numbers of the clips behind a row."""
        return Column("clips", self.words.gettext("Clip numbers"), "clips")

    def four_row(
        self,
        first: Sequence[str | None],
        items: Iterable[ItemFacts],
        *,
        where: Mapping[str, str],
        at_least: bool = False,
    ) -> Row:
        """A row of a table of the four counts."""
        counted = list(items)
        four = count_four(counted)
        return Row(
            (*first, *_four(four), None),
            self.numbers(one.item for one in counted),
            at_least,
            {**COUNTED, **where},
        )

    def total_row(self, width: int) -> Row:
        """All counted items, each story, outlet and group once; `width`: columns before the counts."""
        return self.four_row(
            (self.words.gettext("All, each once"), *[None] * (width - 1)),
            self.counted,
            where={},
            at_least=self.is_at_least,
        )

    def marks(self, clip: Clip) -> dict[str, str]:
        """Everything by which a clip is counted in a table of the report."""
        facts, coded = clip.facts, clip.coded
        period = self.periods.get(facts.item) if clip.standing == "counted" else None
        story = self.stories.get(facts.story) if clip.standing == "counted" else None
        found = {
            "standing": mark("standing", clip.standing),
            "class": mark("class", facts.language),
            "language": language_mark(facts),
            "country": mark("country", facts.country or "none"),
            "medium": mark("medium", facts.medium),
            "origin": mark("origin", facts.origin or NOT_CODED),
            "outlet": mark("outlet", facts.outlet),
            "group": mark("group", facts.group),
            "story": mark("story", "none" if story is None else str(story)),
            "timed": mark("timed", "no" if period is None else "yes"),
            "period": mark("period", "none" if period is None else str(period + 1)),
            "tone": mark("tone", coded.tone or NOT_CODED),
            "basis": mark("basis", coded.basis or "none"),
            "machine-tone": mark("machine-tone", _machine_tone(clip)),
            "prominence": mark(
                "prominence", NOT_NAMED if facts.prominence is None else _FIELDS[facts.prominence]
            ),
            "prominence-by": mark("by", "person" if coded.is_prominence_decided else "matcher"),
            "message": mark("any", _best(coded.messages)),
            "spokesperson": mark("any", _best(coded.quotes)),
        }
        for message in self.snapshot.campaign.messages:
            found[f"message {message.id}"] = mark("said", coded.messages.get(message.id, "no"))
        for person in self.snapshot.campaign.spokespersons:
            found[f"spokesperson {person.id}"] = mark("said", coded.quotes.get(person.id, "no"))
        topics = () if clip.topics is None else clip.topics.values
        for part in self.coverage.topics.parts:
            found[f"theme {part.value}"] = mark("theme", "yes" if part.value in topics else "no")
        found["themes"] = mark("themes", "waiting" if clip.topics is None else "some" if topics else "none")
        return found


def language_mark(facts: ItemFacts) -> str:
    """A language that is not zh, en or vi is found by its own tag."""
    return mark("language", facts.tag if facts.language == "other" else facts.language)


def _machine_tone(clip: Clip) -> str:
    if clip.proposed_tone is None:
        return "waiting"
    return clip.proposed_tone.values[0] if clip.proposed_tone.values else "none"


def _best(carried: Mapping[str, str]) -> str:
    """Whether anything is confirmed, else proposed."""
    said = set(carried.values())
    return next((one for one in ("confirmed", "proposed") if one in said), "no")


def _four(four: FourCounts) -> tuple[int, int, int, int]:
    return four.items, four.stories, four.outlets, four.groups
