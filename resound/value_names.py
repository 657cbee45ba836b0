"""What people call the keyword values that articles carry: outlets, countries, languages, campaigns, themes."""

from __future__ import annotations

from collections.abc import Mapping

from nlp.topics import load_topics
from resound.campaign import Campaign
from resound.source import Names, Source
from resound.texts import N_
from resound.words import Words

FIELDS: Mapping[str, str] = {
    "lang": N_("Language"),
    "country": N_("Country"),
    "outlet": N_("Outlet"),
    "group": N_("Publisher group"),
    "type": N_("Medium"),
    "campaign": N_("Campaign"),
    "topic": N_("Topic"),
    "tone": N_("Tone"),
    "origin": N_("Origin"),
    "date": N_("Date"),
}
MADE_BY_MODELS = frozenset({"topic", "tone"})
"""Fields whose values a language model gives; they are shown as its work."""
_VALUES: Mapping[str, Mapping[str, str]] = {
    "type": {
        "online": N_("Online"),
        "print": N_("Print"),
        "tv": N_("Television"),
        "radio": N_("Radio"),
        "agency": N_("News agency"),
    },
    "tone": {
        "positive": N_("Positive"),
        "neutral": N_("Neutral"),
        "negative": N_("Negative"),
    },
    "origin": {
        "original": N_("Original reporting"),
        "agency-pick-up": N_("Picked up from an agency"),
        "release-verbatim": N_("A release word for word"),
        "owned": N_("Owned or a partner's"),
        "paid": N_("Paid"),
    },
}


class ValueNames:
    """The names in one language, of the sources and campaigns as they are now."""

    def __init__(
        self, words: Words, *, sources: Mapping[str, Source], campaigns: Mapping[str, Campaign]
    ) -> None:
        self.words = words
        self._sources = sources
        self._campaigns = campaigns
        self._groups = {one.owner.id: one.owner.name for one in sources.values()}
        self._topics = {one.id: one.label for one in load_topics()}

    def field(self, name: str) -> str:
        """`lang` → Language."""
        return self.words.gettext(FIELDS[name])

    def value(self, name: str, value: str) -> str:
        """`vi` → Vietnamese, `viet-nam-news` → Việt Nam News; what is not known stays as it is."""
        match name:
            case "lang":
                return self.words.language_name(value)
            case "country":
                return self.words.country_name(value)
            case "outlet":
                return self.outlet(value, value.partition(":")[2] or value)
            case "group":
                return self._groups.get(value, value)
            case "campaign":
                campaign = self._campaigns.get(value)
                return value if campaign is None else self._best(campaign.name)
            case "topic":
                label = self._topics.get(value, {})
                return label.get(self.words.language) or label.get("en") or value
            case _:
                text = _VALUES.get(name, {}).get(value)
                return value if text is None else self.words.gettext(text)

    def outlet(self, outlet: str, otherwise: str) -> str:
        """An outlet by its name in the reader's language, where it is one that we know."""
        source = self._sources.get(outlet)
        return otherwise if source is None else self._best(source.names)

    def _best(self, names: Names) -> str:
        return names.best(self.words.language)
