"""What people read, in their language: texts from `resound/locale/<language>/*.po`, numbers, days and names by CLDR.

English is the source: a text without a translation is shown in English (a test holds every text to be translated).
The catalogues are read as they are; there is nothing to compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import (
    format_date,
    format_datetime,
    format_interval,
    format_time,
    get_timezone_gmt,
    get_timezone_location,
)
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from resound.settings import UI_LANGUAGES, UiLanguage
from resound.texts import N_
from resound.told import Told

_LOCALES: Mapping[UiLanguage, str] = {"en": "en_GB", "zh-Hant": "zh_Hant_TW", "vi": "vi_VN"}
OWN_NAMES: Mapping[UiLanguage, str] = {"zh-Hant": "繁體中文", "en": "English", "vi": "Tiếng Việt"}
"""What each language calls itself, in the order in which they are offered."""
_WRITTEN: Mapping[str, str] = {"zh-Hant": N_("Traditional Chinese"), "zh-Hans": N_("Simplified Chinese")}
"""Names without brackets, which CLDR has (「中文 (繁體)」): they stand in brackets themselves."""
# A sentence inside another one loses its full stop before "；", "," or ")": 找不到這個主機；讀不到 …
_BEFORE_A_MARK = re.compile(r"%\((\w+)\)s(?=[；，、。）;,.)])")
_SIZES = (("gigabyte", 1e9), ("megabyte", 1e6), ("kilobyte", 1e3))


class Words:
    """The texts and forms of one language. Values are put in by name: `gettext("%(name)s is away", name=…)`."""

    def __init__(
        self, language: UiLanguage, texts: Mapping[str, tuple[str, ...]], *, zone: str = "UTC"
    ) -> None:
        self.language = language
        self.zone = ZoneInfo(zone)
        self.locale = Locale.parse(_LOCALES[language])
        self._texts = texts

    def gettext(self, message: str, /, **values: Any) -> str:
        """A text; `values` fill its `%(name)s`."""
        text = self.lookup(message)
        return text % values if values else text

    def told(self, sentence: str) -> str:
        """A sentence of the domain in this language, where it remembers what it was made of; else as it is."""
        if isinstance(sentence, Told):
            text = self.lookup(sentence.pattern)
            values = {key: self._inner(one) for key, one in sentence.values.items()}
            for name in _BEFORE_A_MARK.findall(text):
                if isinstance(sentence.values.get(name), Told):
                    values[name] = values[name].rstrip("。.")
            return text % values if values else text
        return sentence

    def _inner(self, value: Any) -> Any:
        if isinstance(value, Told):
            return self.told(value)
        return self.day(value) if isinstance(value, date) and not isinstance(value, datetime) else value

    def ngettext(self, one: str, many: str, num: int, /, **values: Any) -> str:
        """A text that depends on a number, which is its `%(num)s`."""
        return self.plural(one, many, num) % {"num": self.number(num), **values}

    def lookup(self, message: str) -> str:
        """The text with its places still open; for Jinja, which fills them in escaped."""
        return self._texts.get(message, (message,))[0] or message

    def plural(self, one: str, many: str, num: int) -> str:
        """The same for a number. Chinese and Vietnamese have one form for all numbers."""
        found = self._texts.get(one)
        if found is not None and found[0]:
            return found[0]
        return one if num == 1 else many

    def number(self, value: float) -> str:
        """1234567.8 as people write it."""
        return format_decimal(value, locale=self.locale)

    def counted(self, value: int, *, at_least: bool) -> str:
        """12, or `≥ 12` where there may be more."""
        return f"{'≥ ' if at_least else ''}{self.number(value)}"

    def percent(self, share: float) -> str:
        """0.256 as 26 %."""
        return format_percent(share, locale=self.locale)

    def enumerate(self, names: Iterable[str]) -> str:
        """One, two and three.

        In Chinese 甲、乙、丙: CLDR's 和 before the last would cling to numbers (「越南文 10和英文 4」).
        """
        if self.language == "zh-Hant":
            return "、".join(names)
        return format_list(list(names), locale=self.locale)

    def parted(self, parts: Iterable[str]) -> str:
        """Parts that have commas of their own: one, of that; two, of this."""
        return self.gettext("; ").join(parts)

    def sentences(self, *some: str) -> str:
        """Sentences one after another; in Chinese the full stop brings its own space."""
        return ("" if self.language == "zh-Hant" else " ").join(one for one in some if one)

    def size(self, value: int) -> str:
        """Bytes as people write them: 1.2 GB, 35 MB, 4 kB, 23 bytes."""
        if value < 1_000:
            return self.ngettext("%(num)s byte", "%(num)s bytes", value)
        unit, step = next(
            (one for one in _SIZES if value >= one[1]),
            _SIZES[-1],
        )
        shown = round(value / step, 1 if value < 10 * step else 0)
        return format_unit(shown, f"digital-{unit}", length="short", locale=self.locale)

    def day(self, value: date | str | None, *, size: str = "medium") -> str:
        """A calendar day; ISO text is read, of a moment it is the day in the reader's zone. Empty for none."""
        if not value:
            return ""
        if isinstance(value, str):
            value = date.fromisoformat(value[:10])
        elif isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        return format_date(value, format=size, locale=self.locale)

    def days(self, first: date, last: date, *, with_year: bool = True) -> str:
        """Two inclusive calendar days: `29 Sept – 5 Oct 2014`."""
        return format_interval(first, last, skeleton="yMMMd" if with_year else "MMMd", locale=self.locale)

    def moment(self, value: datetime | None) -> str:
        """A moment in the reader's zone, which is named: `29 Sept 2014, 10:15:00 GMT+08:00`. Empty for none."""
        if value is None:
            return ""
        local = value.astimezone(self.zone)
        zone = get_timezone_gmt(local, locale=self.locale) if local.utcoffset() else "UTC"
        return f"{format_datetime(local, format='medium', tzinfo=self.zone, locale=self.locale)} {zone}"

    def hour(self, value: datetime, zone: tzinfo) -> str:
        """A moment that was appointed, in its zone: a day and an hour, without seconds."""
        time = format_time(value, format="short", tzinfo=zone, locale=self.locale)
        day = format_date(value.astimezone(zone).date(), format="medium", locale=self.locale)
        return str(self.locale.datetime_formats["medium"]).format(time, day)

    def weekday(self, number: int) -> str:
        """1 as Monday."""
        return str(self.locale.days["format"]["wide"][number - 1])

    def zone_name(self, zone: str) -> str:
        """`Asia/Ho_Chi_Minh` by its country and city."""
        return zone if zone == "UTC" else get_timezone_location(zone, locale=self.locale)

    def language_name(self, tag: str) -> str:
        """`vi` → Vietnamese, `zh-Hant` → Traditional Chinese; `other` and unknown tags as they are."""
        if tag == "other":
            return self.gettext("other languages")
        if tag in _WRITTEN:
            named = self.gettext(_WRITTEN[tag])
            return named[:1].upper() + named[1:]  # as CLDR's: Tiếng Việt
        try:
            found = Locale.parse(tag.replace("-", "_")).get_display_name(self.locale)
        except (UnknownLocaleError, ValueError):
            return tag
        return found or tag

    def country_name(self, code: str) -> str:
        """`VN` → Viet Nam; unknown codes as they are."""
        return str(self.locale.territories.get(code.upper(), code))


@cache
def words(language: UiLanguage, zone: str = "UTC") -> Words:
    """The words of a language, moments in a zone. What is handed to others keeps UTC: it must be the same everywhere."""
    return Words(language, load_texts(language), zone=zone)


@cache
def load_texts(language: UiLanguage) -> dict[str, tuple[str, ...]]:
    """Every text of a language's catalogues, by its English source; a plural by the source of its singular.

    Raises:
        ValueError: two catalogues translate one text differently, or a file cannot be read.
    """
    texts: dict[str, tuple[str, ...]] = {}
    if language == "en":
        return texts
    folder = resources.files("resound") / "locale" / language
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".po"):
            continue
        for entry in read_po(BytesIO(file.read_bytes()), abort_invalid=True):
            if not entry.id or entry.fuzzy:
                continue
            source = entry.id[0] if isinstance(entry.id, tuple | list) else entry.id
            made = tuple(entry.string) if isinstance(entry.string, tuple | list) else (entry.string or "",)
            if texts.setdefault(source, made) != made:
                raise ValueError(f"{language}/{file.name} translates {source!r} otherwise than another file.")
    return texts


def choose_language(wanted: str, otherwise: UiLanguage) -> UiLanguage:
    """The first language of an `Accept-Language` header that we have."""
    ranked = []
    for place, part in enumerate(wanted.lower().split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    for _, _, tag in sorted(ranked):
        for language in UI_LANGUAGES:
            if tag.partition("-")[0] == language.partition("-")[0].lower():
                return language
    return otherwise
