"""What a report calls the values that items carry, in its language; and the marks by which a spreadsheet finds items again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from resound.coverage import named
from resound.texts import N_
from resound.words import Words

MEDIA: Mapping[str, str] = named.MEDIA
ORIGINS: Mapping[str, str] = {**named.ORIGINS, "not-coded": named.ORIGIN_NOT_CODED}
TONES: Mapping[str, str] = {
    **named.TONES,
    "not-coded": N_("not coded"),
    "none": N_("no passage names the campaign"),
    "waiting": N_("not judged yet"),
    "doubtful": N_("the machine is not sure"),
}
PROMINENCES: Mapping[str, str] = {**named.PROMINENCES, "not-named": named.NOT_NAMED}
EVIDENCE_KINDS: Mapping[str, str] = {
    "record": N_("WARC record"),
    "file": N_("Scan or recording"),
    "row": N_("Row of the table it came in"),
}
EVIDENCE_STATES: Mapping[str, str] = {
    "kept": N_("kept"),
    "missing": N_("missing or changed"),
    "expired": N_("expired"),
}
STANDINGS: Mapping[str, str] = {
    **named.STANDINGS,
    "no-longer-matching": N_("Counted, no longer matches"),
    "provisional-outlets": N_("Outlets that are not known yet"),
    "leads": N_("Leads"),
}
STANDINGS_MEAN: Mapping[str, str] = {
    "unreviewed": N_("It matches the campaign; nobody has accepted or rejected it yet."),
    "rejected": N_("A person decided that it is not coverage of this campaign."),
    "owned": N_("It was published by the campaign's own side or by a partner: not earned."),
    "paid": N_("What was paid for is not earned."),
    "release-verbatim": N_("It repeats a press release word for word: not earned."),
    "provisional": N_("Accepted, but nobody has said yet which outlet this is, who owns it and where it is."),
    "outside-window": N_("It was published before the first or after the last day of the campaign."),
    "waits-for-date": N_("Accepted, but a person must say when it appeared."),
    "not-matched": N_("The campaign does not match it, and nobody accepted it."),
    "no-longer-matching": N_(
        "A person accepted it; what the campaign looks for has changed since. It stays counted."
    ),
    "provisional-outlets": N_("Outlets of accepted items that have no name, owner and country yet."),
    "leads": N_("Known of, and cannot or may not be read: listed, never counted."),
}
REASONS: Mapping[str, str] = {
    "robots-denied": N_("the site asks machines to stay away"),
    "robots": N_("the site asks machines to stay away"),
    "paywall": N_("behind a wall"),
    "script-only": N_("shows its text by script only"),
    "search-link": N_("known from a search engine only"),
    "forbidden-address": N_("it leads to an address that may not be fetched"),
    "bad-url": N_("its address is none of the web"),
    "too-large": N_("it is larger than what is read of one page"),
    "too-many-redirects": N_("The site redirected without end"),
    "robots-unknown": N_("The site did not say what may be read"),
    "busy": N_("The site asked to be left alone"),
    "connection": N_("No connection to the site"),
    "dns": N_("The name of the site was not found"),
    "deadline": N_("The site took too long"),
    "timeout": N_("It took too long"),
    "tls": N_("The secure connection failed"),
    "bad-encoding": N_("The answer could not be decoded"),
    "fetch-failed": N_("Fetching failed"),
}
BASES: Mapping[str, str] = {
    "original": N_("original read"),
    "translation": N_("translation read"),
}
QUESTIONS: Mapping[str, str] = {
    "tone": N_("Tone (three values)"),
    "tone-ordinal": N_("Tone (as a scale)"),
    "prominence": N_("Prominence"),
}

# "viet-nam-news", "host:news.example:8080", "p2014-09-29": nothing that a spreadsheet takes for a pattern or a comparison
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,120}")


def name_of(value: str, names: Mapping[str, str], words: Words) -> str:
    """A value by its name; one that is not known stays as it is."""
    return words.gettext(names[value]) if value in names else value


def mark(kind: str, value: str) -> str:
    """A value as a spreadsheet compares it: `outlet:viet-nam-news`.

    The kind before it keeps `dec-12`, `true` and `2014` from being read as a day, a truth or a number; what could be read
    as a pattern (`*`, `?`, `~`) is written as a hash.
    """
    if _PLAIN.fullmatch(value):
        return f"{kind}:{value}"
    return f"{kind}:#{sha256(value.encode(errors='surrogatepass')).hexdigest()[:16]}"
