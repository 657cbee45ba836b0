"""News agencies by the names under which texts credit them, whether they are sources of an installation or not.

The spellings are those of the agencies' own datelines and style guides, and the short forms that newspapers in Taiwan, Viet Nam
and their neighbours put into bylines and brackets. Add one here when a credit line was missed: `tests/nlp/cases/credits.tsv`
holds labelled lines, and the test beside it says how many are found.

A *form* names the agency and nothing else. An *acronym* also means other things (CNA is Channel NewsAsia, too), so it counts in
capitals only, only where a credit stands, and never where the text says what else it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agency:
    """`name`: as pages call it. `forms`, `acronyms`: how it is credited.

    `never_beside`: where one of these stands in the text, an acronym is something else. `dateline_beside`: where one of
    these does, it is the agency's only in a dateline (“SYDNEY (AFP) –” may well be about the Australian Federal Police).
    `needs`: outside a dateline an acronym counts only where one of these stands in the text.
    """

    id: str
    name: str
    forms: tuple[str, ...]
    acronyms: tuple[str, ...] = ()
    never_beside: tuple[str, ...] = ()
    dateline_beside: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


AGENCIES: tuple[Agency, ...] = (
    Agency(
        "vna",
        "TTXVN (Vietnam News Agency)",
        (
            "TTXVN",
            "Thông tấn xã Việt Nam",
            "Vietnam News Agency",
            "Viet Nam News Agency",
            "越南通訊社",
            "越南通讯社",
            "越通社",
        ),
        acronyms=("VNA",),
        dateline_beside=("Vietnam Airlines", "Hàng không Việt Nam", "越南航空", "越航"),
    ),
    Agency(
        "cna",
        "中央社 (Central News Agency)",
        ("中央社", "中央通訊社", "中央通讯社", "Central News Agency", "Focus Taiwan"),
        acronyms=("CNA",),
        never_beside=(
            "Channel NewsAsia",
            "Channel News Asia",
            "channelnewsasia",
            "亞洲新聞台",
            "亚洲新闻台",
            "Mediacorp",
        ),
        needs=("Taiwan", "Taipei", "台", "臺", "Đài Loan", "Đài Bắc"),
    ),
    Agency("reuters", "Reuters", ("Reuters", "Thomson Reuters", "路透社", "路透")),
    Agency(
        "afp",
        "AFP (Agence France-Presse)",
        ("Agence France-Presse", "Agence France Presse", "法新社"),
        acronyms=("AFP",),
        dateline_beside=("Federal Police", "Armed Forces of the Philippines", "聯邦警察", "联邦警察"),
    ),
    Agency(
        "ap",
        "AP (Associated Press)",
        ("Associated Press", "美聯社", "美联社"),
        acronyms=("AP",),
        never_beside=("Andhra", "Arunachal", "安得拉"),
        dateline_beside=("access point", "Advanced Placement", "accounts payable"),
    ),
    Agency(
        "xinhua",
        "Xinhua",
        ("Xinhua", "Xinhua News Agency", "Tân Hoa xã", "Tân Hoa Xã", "新華社", "新华社", "新華網", "新华网"),
    ),
    Agency("chinanews", "China News Service", ("China News Service", "中新社", "中國新聞社", "中国新闻社")),
    Agency("kyodo", "Kyodo News", ("Kyodo News", "Kyodo", "共同社", "共同通信社")),
    Agency("jiji", "Jiji Press", ("Jiji Press", "時事社", "时事社", "時事通信社")),
    Agency("yonhap", "Yonhap", ("Yonhap", "Yonhap News Agency", "韓聯社", "韩联社")),
    Agency("bernama", "Bernama", ("Bernama", "馬新社", "马新社")),
    Agency("antara", "Antara", ("Antara News", "安塔拉通訊社", "安塔拉通讯社"), acronyms=("ANTARA",)),
    Agency(
        "pti",
        "Press Trust of India",
        ("Press Trust of India",),
        acronyms=("PTI",),
        never_beside=("Pakistan Tehreek", "Imran Khan"),
    ),
    Agency("bloomberg", "Bloomberg", ("Bloomberg News", "Bloomberg", "彭博社", "彭博")),
    Agency("dpa", "dpa", ("Deutsche Presse-Agentur", "德新社"), acronyms=("DPA",)),
    Agency("efe", "EFE", ("Agencia EFE", "埃菲社"), acronyms=("EFE",)),
    Agency("tass", "TASS", ("ITAR-TASS", "塔斯社"), acronyms=("TASS",)),
)
"""The first that a line names is meant where lines name several; each is reported."""


def agency_named(names: Iterable[str]) -> Agency | None:
    """The agency that is called so; “Central News Agency (CNA)” is called both ways. Acronyms alone say nothing."""
    called = {part.strip().casefold() for name in names for part in re.split(r"[()（）]", name)}
    return next((one for one in AGENCIES if called & {form.casefold() for form in one.forms}), None)
