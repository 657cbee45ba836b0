"""An invented report, built by hand of the dataclasses: three languages, and titles as bad as feeds bring them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from resound.coverage.breakdown import Reading
from resound.coverage.charts import Bar, Chart, ChartTable, Look, _draw_bars
from resound.coverage.coded import Coded
from resound.coverage.model import ItemFacts
from resound.report.tables import Column, Quote, Report, ReportTable, Row, Section
from resound.settings import UiLanguage
from resound.snapshots.model import Clip, Evidence, Translation
from resound.source import Names
from resound.store.snapshots import SnapshotRow

AS_OF = datetime(2014, 12, 1, 8, 30, tzinfo=UTC)
SHA = "0123456789abcdef" * 4

TEXTS: Sequence[tuple[str, str, tuple[str, ...], str, str]] = (
    (
        "zh-Hant",
        "綠耕隊赴胡志明市 推動資源循環",
        (
            "亞洲生產力組織綠色卓越中心「資源循環綠耕隊」抵達胡志明市，舉辦「建設友善環境及資源循環社會工作坊」，逾百人與會。",
            "基管會說明廢棄物管理制度、廢塑膠與電子廢棄物回收的經驗；越方盼引進生產者延伸責任制度，改善焚化爐與廢水處理。",
        ),
        "Green team visits Ho Chi Minh City to promote resource recycling",
        "臺灣日報",
    ),
    (
        "zh-Hans",
        "台湾环保团队访问越南 签署合作备忘录",
        ("亚洲生产力组织的绿耕队与越南方面签署合作备忘录，骨干企业参与对接。",),
        "Taiwan environment team visits Vietnam, signs memorandum",
        "兩岸報",
    ),
    (
        "vi",
        "Đoàn “Đội canh tác xanh” của APO trao đổi kinh nghiệm xử lý rác thải tại TP. Hồ Chí Minh",
        (
            "Ông Ngô Quý Việt, Tổng cục trưởng Tổng cục Tiêu chuẩn Đo lường Chất lượng, cho biết Việt Nam muốn học hỏi mô hình tái chế của Đài Loan.",
            "Hội thảo bàn về rác thải điện tử, nhựa phế thải và trách nhiệm mở rộng của nhà sản xuất (EPR).",
        ),
        "APO green team shares waste treatment experience in Ho Chi Minh City",
        "Báo Sài Gòn Mới",
    ),
    (
        "en",
        "Green team's workshop opens in Ho Chi Minh City",
        (
            "The Asian Productivity Organization's Center of Excellence on Green Productivity held a workshop on e-waste.",
        ),
        "",
        "Mekong Post",
    ),
)
HOSTILE = (
    '<img src="http://127.0.0.1:PORT/img"><script>alert(1)</script>',
    "url(http://127.0.0.1:PORT/css) }} {{ 7*7 }} {% raw %}",
    '"><style>@import "http://127.0.0.1:PORT/style";</style><link rel=attachment href=file:///etc/passwd>',
    '<svg><image href="http://127.0.0.1:PORT/svg"/><use href="file:///etc/passwd#a"/></svg>',
    '=HYPERLINK("http://127.0.0.1:PORT/x","click")',
    "zero\x00width\u200b and \u202eesrever\u202c and a\u2028line\u2029break\x07 and \ud800 alone",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032fA\u036b\u0357\u0334\u0362LGO",
    "無空格" * 3400,
    "x" * 10_000,
    "emoji 😀 and \U0001f9ff, private \ue000, rare 𠮷 \U0002a6d6, العربية עברית ไทย हिन्दी 日本語 한국어",
    "",
)


def make_clip(
    number: int, *, title: str, tag: str, paragraphs: tuple[str, ...], outlet: str, translated: str = ""
) -> Clip:
    language = tag.partition("-")[0]
    facts = ItemFacts(
        item=f"item-{number}",
        url=f"https://outlet-{number}.example/2014/10/{number:02d}",
        title=title,
        outlet=f"outlet-{number}",
        outlet_name=outlet,
        provisional=False,
        group=f"group-{number}",
        group_name=f"{outlet} Media",
        country="VN" if language == "vi" else "TW",
        language=language if language in ("zh", "en", "vi") else "other",  # type: ignore[arg-type]
        tag=tag,
        medium="online",
        origin="original" if number % 2 else "agency-pick-up",
        relation="independent",
        story=f"story-{number}",
        day=date(2014, 10, 1) + timedelta(days=number % 28),
        in_window=True,
        window_reason="",
        review="accepted",
        still_matches=True,
        prominence="title",
        version=f"v{number}",
    )
    made = {
        "en": Translation(
            "en",
            translated,
            (translated,),
            tuple(f"{translated}, paragraph." for _ in paragraphs),
            "demo model zh→en",
        )
    }
    return Clip(
        number=number,
        facts=facts,
        standing="counted",
        outlet_names=Names(**{"zh-Hant": outlet})
        if language == "zh"
        else Names(vi=outlet)
        if language == "vi"
        else Names(en=outlet),
        first_seen=datetime(2014, 10, 2, 3, 0, tzinfo=UTC),
        byline="記者 王小明" if language == "zh" else "",
        lead=paragraphs[0] if paragraphs else "",
        paragraphs=paragraphs,
        translations=made if translated else {},
        coded=Coded(tone="positive", basis="original") if number % 2 else Coded(),
        proposed_tone=Reading(("neutral",), "demo"),
        evidence=(
            Evidence(
                "record",
                f"{number:064x}",
                f"item-{number}.warc.gz",
                datetime(2014, 10, 2, 3, tzinfo=UTC),
                "",
                "kept",
                1234,
                "application/warc",
                facts.url,
                200,
            ),
        ),
    )


def make_clips(*, port: int = 9, more: int = 0, hostile: bool = True) -> tuple[Clip, ...]:
    """Clean clips in four languages, then hostile titles, then as many more as asked for."""
    clips = []
    for number, (tag, title, paragraphs, translated, outlet) in enumerate(TEXTS, 1):
        clips.append(
            make_clip(
                number, title=title, tag=tag, paragraphs=paragraphs, outlet=outlet, translated=translated
            )
        )
    for title in HOSTILE if hostile else ():
        bad = title.replace("PORT", str(port))
        number = len(clips) + 1
        one = make_clip(
            number,
            title=bad,
            tag="zh-Hant",
            paragraphs=(bad, bad),
            outlet=bad[:400].encode("utf-8", "replace").decode() or "outlet",
            translated=bad,
        )
        clips.append(
            replace(
                one,
                byline=bad,
                facts=replace(one.facts, url=f"javascript:{bad[:50]}" if number % 2 else one.facts.url),
            )
        )
    for _ in range(more):
        tag, title, paragraphs, translated, outlet = TEXTS[len(clips) % len(TEXTS)]
        clips.append(
            make_clip(
                len(clips) + 1,
                title=title,
                tag=tag,
                paragraphs=paragraphs * 4,
                outlet=outlet,
                translated=translated,
            )
        )
    return tuple(clips)


def make_report(language: UiLanguage = "en", *, clips: tuple[Clip, ...] | None = None) -> Report:
    clips = make_clips() if clips is None else clips
    number, text = Column("items", "Items", "number"), Column("language", "Language")
    chart = Chart(
        "Items by language",
        ChartTable(("Language", "Items"), (("中文", 2), ("Tiếng Việt", 1), ("English", 1))),
        100,
        lambda: _draw_bars([Bar("中文", 2, "2"), Bar("Tiếng Việt", 1, "1"), Bar("English", 1, "1")], Look()),
    )
    table = ReportTable(
        key="language",
        title="The four counts, by language",
        columns=(
            text,
            number,
            Column("stories", "Stories", "number", do_not_add=True),
            Column("share", "Share", "share"),
            Column("clips", "Clips", "clips"),
        ),
        rows=(
            Row(("Chinese", 1234, 2, 0.5, None), members=(1, 2), at_least=True),
            Row(("Vietnamese", 1, 1, 0.25, None), members=(3,)),
            Row(("English", 1, 1, 0.25, None), members=(4,)),
        ),
        total=Row(("Total", 1236, 3, 1.0, None), members=(1, 2, 3, 4), at_least=True),
        counted="items",
        notes=("Counted by resound.",),
        chart=chart,
    )
    listed = ReportTable(
        key="stories",
        title="Stories",
        columns=(
            Column("title", "Headline"),
            Column("day", "Day", "day"),
            Column("moment", "Read", "moment"),
            Column("link", "Address", "link"),
        ),
        rows=tuple(
            Row((one.facts.title, one.facts.day, one.first_seen, one.facts.url), members=(one.number,))
            for one in clips[:60]
        ),
    )
    quote = Quote(
        1, "臺灣日報", "zh-Hant", (("綠耕隊", True), ("抵達胡志明市，舉辦工作坊。", False)), is_confirmed=True
    )
    return Report(
        snapshot=SnapshotRow(
            "green", 3, AS_OF, SHA, {"items": 4, "stories": 3, "outlets": 4, "groups": 4}, "amy", "report"
        ),
        language=language,
        title={
            "en": "Coverage of the green team",
            "zh-Hant": "資源循環綠耕隊報導彙整",
            "vi": "Báo cáo đưa tin về Đội canh tác xanh",
        }[language],
        facts=(
            ("Campaign", "資源循環綠耕隊"),
            ("Window", "1 Sep – 30 Nov 2014"),
            ("As of", "1 Dec 2014"),
            ("SHA-256", SHA),
        ),
        summary=("4 items in 4 outlets carried the campaign's news.", "Most of it in Chinese."),
        sections=(
            Section("counts", "The four counts", ("Counts are always shown together.",), (table,)),
            Section(
                "stories",
                "Stories",
                (),
                (listed, replace(table, key="empty", title="Nothing", rows=(), total=None, chart=None)),
            ),
            Section("clip-book", "Clip book", ("Every accepted clip.",)),
            Section(
                "messages",
                "Messages",
                quotes=(
                    (
                        "Message one",
                        (
                            quote,
                            replace(
                                quote,
                                clip=3,
                                tag="vi",
                                parts=(("Việt Nam muốn học hỏi", False),),
                                is_confirmed=False,
                            ),
                        ),
                    ),
                ),
            ),
        ),
        clips=clips,
    )
