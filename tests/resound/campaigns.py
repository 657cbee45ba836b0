"""Generated campaigns: everything that a definition may hold, the odd things, too."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from resound.campaign import Campaign
from resound.definitions.written import check_campaign

WORDS = [
    "綠耕隊",
    "Green Team",
    "Đội Xanh",
    "APO",
    "a  b",
    "line\nbreak",
    "x\r\ny",
    "e-waste",
    "資源\u3000循環",
    "% (a)s",
]
PLAIN = [word for word in WORDS if "\n" not in word and word != "a  b"]
QUERIES = ["", "green", "綠 AND NOT 水", '"Green Team" OR rác', "a NEAR/3 b", "lang:vi\nwaste", "recycl*"]
LONG = "The team came to the city. " * 8 + "It went home."
LANGUAGES = ("zh-Hant", "zh-Hans", "en", "vi", "any")


def campaigns(*, showable: bool = False) -> st.SearchStrategy[Campaign]:
    """`showable`: only what every form and browser shows as it is."""
    words = st.sampled_from(PLAIN if showable else WORDS)
    queries = st.sampled_from([one for one in QUERIES if not showable or "\n" not in one])
    some = st.lists(words, max_size=3).map(tuple)
    filled = st.lists(words, min_size=1, max_size=3).map(tuple)
    names = st.dictionaries(st.sampled_from(("zh-Hant", "en", "vi")), words, min_size=1, max_size=3)
    forms = st.dictionaries(st.sampled_from(LANGUAGES), filled if showable else some, max_size=3)
    key = st.sampled_from(["a", "b", "c", "d", "e-1", "long-name"])

    def rows(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
        return st.lists(
            st.fixed_dictionaries({"id": key, **parts}), max_size=3, unique_by=lambda one: one["id"]
        )

    def prefixed(found: dict[str, Any]) -> Campaign | None:
        for kind in ("names", "glossary", "people"):
            for one in found[kind]:
                one["id"] = f"{kind}-{one['id']}"
        try:
            made = Campaign.model_validate(found)
        except ValidationError:
            return None
        return None if check_campaign(made) else made

    asked = queries.filter(bool)
    body = st.fixed_dictionaries(
        {
            "id": st.just("c"),
            "name": names,
            "window": st.just({"first": "2014-09-01", "last": "2014-11-30"}),
            "countries": st.lists(st.sampled_from(["TW", "VN", "JP"]), max_size=3),
            "review": st.sampled_from(["manual", "auto"]),
            "names": rows(forms=forms, collides=some).filter(bool),
            "context": queries,
            "queries": st.dictionaries(st.sampled_from(LANGUAGES), asked, max_size=2),
            "exclude": queries,
            "glossary": rows(forms=forms, collides=some),
            "people": rows(
                forms=forms,
                role=st.one_of(
                    st.sampled_from(["", "Head", "主任"] + ([] if showable else ["Head\nof it"])), names
                ),
                spokesperson=st.booleans(),
            ),
            "messages": rows(text=names, query=asked),
            "comparators": rows(name=names, query=asked),
            "releases": rows(
                title=names,
                day=st.sampled_from(["2014-09-01", "2014-10-02"]),
                language=st.sampled_from(["zh-Hant", "zh-Hans", "en", "vi"]),
                text=st.sampled_from([LONG, LONG.replace(". ", ".\n\n"), f"  x {LONG}"]),
                url=st.sampled_from([None, "https://foundation.example/1"]),
            ),
            "search_feeds": st.lists(
                st.fixed_dictionaries(
                    {"language": st.sampled_from(LANGUAGES), "url": st.just("https://search.example/?q=a")}
                ),
                max_size=2,
            ),
            "translate_to": st.sampled_from(
                [[], ["zh-Hant"]] + ([] if showable else [["zh-Hant", "zh-Hant"]])
            ),
            "notes": words,
        }
    )
    return body.map(prefixed).filter(lambda made: made is not None)
