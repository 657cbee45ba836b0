"""Generated documents and queries that have much in common, so that many of the pairs hold."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from resound.query import Document

ENGLISH = [
    "recycle",
    "recycling",
    "Recycled",
    "government",
    "governments",
    "governmental",
    "e-waste",
    "waste",
    "EPR",
    "epr",
    "APO",
    "green",
    "team",
    "STAMEQ",
    "Ngo",
    "Quy",
    "Viet",
    "7,000",
    "3.5",
    "CO2",
    "it's",
    "not",
    "near",
    "or",
    "_all",
    "Vietnam’s",
    "café",
    "naïve",
    "university",
    "universe",
]
VIETNAMESE = [
    "rác",
    "thải",
    "rac",
    "thai",
    "RÁC",
    "thái",
    "điện",
    "tử",
    "dien",
    "tu",
    "hòa",
    "hoà",
    "hoa",
    "Ngô",
    "Quý",
    "Việt",
    "Qúy",
    "Viết",
    "đường",
    "duong",
    "Đ",
    "d",
    "của",
    "cua",
    "rác",
    "Việt",
]
CHINESE = [
    "綠",
    "耕",
    "隊",
    "绿",
    "队",
    "環",
    "保",
    "环",
    "署",
    "台",
    "臺",
    "着",
    "著",
    "复",
    "覆",
    "後",
    "后",
    "電",
    "子",
    "废",
    "棄",
    "℃",
    "ガ",
    "々",
    "１",
    "Ｅ",
    "綠耕隊",
    "绿耕队",
    "環保署",
    "電子廢棄物",
]
ODD = ["\xadre\xadcycle", "™", "½", "🌿", "ﬁve", "กำ", "がんばれ", "𠮷野家", "x́̂", "\ue000", "ß", "İ"]
WORDS = [ENGLISH, VIETNAMESE, CHINESE, [*ENGLISH, *VIETNAMESE, *CHINESE, *ODD]]
GLOSSARY = (
    ("電子廢棄物", "e-waste", "rác thải điện tử", "recycling waste"),
    ("綠耕隊", "green team", "đội canh tác xanh"),
    ("STAMEQ", "Tổng cục Tiêu chuẩn", "標檢總局"),
)
KEYWORDS = {
    "lang": ("zh", "zh-Hant", "zh-Hans", "en", "vi", "th-TH"),
    "country": ("VN", "TW"),
    "outlet": ("cna", "vnexpress", "Báo Tin Tức", "tuổi-trẻ", "自由時報"),
    "type": ("online", "tv"),
    "campaign": ("green", "green-2"),
    "topic": ("plastic waste", "廢水"),
}
FIRST_DAY = date(2014, 9, 28)
SEPARATORS = (" ", " ", " ", "", ", ", "-", "\n", "。", "\n\n", "’")


def texts(longest: int) -> st.SearchStrategy[str]:
    """Words of one language, or of all of them, with what may stand between."""
    return st.sampled_from(WORDS).flatmap(
        lambda words: st.lists(
            st.tuples(st.sampled_from(words), st.sampled_from(SEPARATORS)), max_size=longest
        ).map(lambda parts: "".join(word + after for word, after in parts))
    )


def documents() -> st.SearchStrategy[Document]:
    """Short articles."""
    values = {name: st.frozensets(st.sampled_from(choices), max_size=2) for name, choices in KEYWORDS.items()}
    return st.builds(
        Document,
        title=texts(5),
        lead=texts(4),
        body=texts(14),
        caption=texts(2),
        translation=texts(3),
        keywords=st.fixed_dictionaries(values),
        date=st.none() | st.integers(0, 9).map(lambda days: FIRST_DAY + timedelta(days=days)),
    )


def _words() -> st.SearchStrategy[str]:
    word = st.sampled_from([one for one in WORDS[3] if one not in ("™", "🌿", "\ue000", "x\u0301\u0302")])
    latin = st.sampled_from([*ENGLISH, *VIETNAMESE]).filter(lambda one: len(one) > 2 and one.isalpha())
    # The accented letters of a cut word may be one letter too few: two are asked for.
    prefixes = latin.map(lambda one: f"{one[:3]}*")
    phrase = st.sampled_from(WORDS).flatmap(
        lambda words: st.lists(
            st.sampled_from([one for one in words if one.isalnum()]), min_size=1, max_size=3
        )
    )
    quoted = st.tuples(phrase, st.sampled_from(("", "", "", "*"))).map(
        lambda made: f'"{" ".join(made[0])}"' + (made[1] if len(made[0][-1]) > 2 else "")
    )
    return st.one_of(word, word, word, quoted, prefixes)


def _nears() -> st.SearchStrategy[str]:
    group = st.lists(_words(), min_size=2, max_size=3).map(lambda found: f"({' OR '.join(found)})")
    operand = st.one_of(_words(), _words(), group)
    return st.tuples(operand, st.integers(0, 20), operand).map(
        lambda made: f"{made[0]} NEAR/{made[1]} {made[2]}"
    )


def _dates() -> st.SearchStrategy[str]:
    day = st.integers(0, 9).map(lambda days: (FIRST_DAY + timedelta(days=days)).isoformat())
    return st.one_of(
        day.map(lambda one: f"date:{one}"),
        day.map(lambda one: f"date:{one}.."),
        day.map(lambda one: f"date:..{one}"),
        st.lists(day, min_size=2, max_size=2).map(lambda two: "date:" + "..".join(sorted(two))),
        st.sampled_from(("date:2014-10", "date:2014")),
    )


def queries() -> st.SearchStrategy[str]:
    """Query texts with every operator; a few cannot be parsed (too deep)."""
    keyword = st.sampled_from(sorted(KEYWORDS)).flatmap(
        lambda name: st.sampled_from(KEYWORDS[name]).map(lambda value: f'{name}:"{value}"')
    )
    titled = st.one_of(_words(), _nears()).map(lambda inner: f"title:({inner})")
    languages = st.sampled_from(KEYWORDS["lang"]).map("lang:{}".format)
    leaf = st.one_of(_words(), _words(), _words(), _nears(), titled, keyword, languages, _dates())
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from((" AND ", " ", " OR ")), inner).map(
                lambda made: f"({made[0]}{made[1]}{made[2]})"
            ),
            inner.map(lambda one: f"NOT ({one})"),
        ),
        max_leaves=6,
    )
