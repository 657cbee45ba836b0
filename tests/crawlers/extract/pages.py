"""Invented pages on `.example` hosts, and a small language detector for tests of the extraction alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crawlers.extract import extract
from resound.article import Article, Entry, LanguageGuess, RawPage

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://news.example/local/20141002-1.html"

BODY_ZH = (
    "資源循環綠耕隊二日抵達胡志明市，與當地企業討論廢塑膠與電子廢棄物的回收制度，並參觀兩座處理廠。",
    "領隊林大同表示，越南每天產生大量垃圾，掩埋場已接近飽和，當地業者對台灣的分類經驗很有興趣。",
    "工作坊吸引一百多人參加，主辦單位說，下一步將簽署合作備忘錄，並安排業者明年春天到台灣實地考察。",
)
BODY_EN = (
    "A team of recycling experts from Taipei arrived in Ho Chi Minh City on Thursday to discuss how plastic waste is collected, the organisers said.",
    "“Landfills in the south are close to full, and the city wants to learn how households can separate waste,” team leader Lin Ta-tung told reporters.",
    "More than a hundred people joined the workshop, which ended with plans for a memorandum and a visit to Taiwan next spring.",
)
BODY_VI = (
    "Đoàn chuyên gia tái chế từ Đài Bắc đã đến Thành phố Hồ Chí Minh hôm thứ Năm để trao đổi về thu gom rác thải nhựa và rác thải điện tử.",
    "Trưởng đoàn Lâm Đại Đồng cho biết các bãi chôn lấp ở phía Nam đã gần đầy, và thành phố muốn học hỏi cách phân loại rác tại nguồn.",
    "Hơn một trăm người đã tham dự hội thảo; hai bên dự kiến ký biên bản ghi nhớ và tổ chức chuyến thăm Đài Loan vào mùa xuân năm sau.",
)


def detect(text: str, prior: str | None) -> LanguageGuess:
    """Enough for invented pages: Han, Vietnamese letters, else English."""
    if len(re.findall("[\u3400-\u9fff]", text)) > len(text) * 0.15:
        return LanguageGuess("zh", "Hant", "zh-Hant", 1.0)
    if re.search("[ăđơưạảấầẩậắằặẻẽếềểệỉịọỏốồổộớờởợụủứừửựỳỷỹỵ]", text):
        return LanguageGuess("vi", None, "vi", 1.0)
    return LanguageGuess("en", None, "en", 1.0)


def paragraphs(body: tuple[str, ...]) -> str:
    return "".join(f"<p>{text}</p>" for text in body)


def article_page(
    body: tuple[str, ...] = BODY_ZH,
    *,
    head: str = "",
    before: str = "",
    after: str = "",
    title: str = "綠耕隊訪問胡志明市",
) -> str:
    """A usual page: navigation, headline, body, sidebar, footer."""
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title} | 國際 | 晨光新聞網</title>
    <meta property="og:site_name" content="晨光新聞網">{head}</head><body>
    <nav><ul><li><a href="/">首頁</a></li><li><a href="/world">國際</a></li><li><a href="/life">生活</a></li></ul></nav>
    <div class="wrap"><h1>{title}</h1>{before}<div class="story">{paragraphs(body)}</div>{after}</div>
    <footer><p>Copyright 晨光新聞網 版權所有 不得轉載</p></footer></body></html>"""


def raw_page(
    body: str | bytes,
    *,
    url: str = URL,
    status: int = 200,
    content_type: str = "text/html; charset=utf-8",
    entry: Entry | None = None,
) -> RawPage:
    encoded = body.encode() if isinstance(body, str) else body
    return RawPage(url, url, status, {"Content-Type": content_type}, encoded, NOW, entry)


def read_page(
    body: str | bytes, *, zone: str = "Asia/Taipei", prior: str | None = None, url: str = URL, content_type: str = "text/html; charset=utf-8",
    status: int = 200, entry: Entry | None = None,
) -> Article:  # fmt: skip
    page = raw_page(body, url=url, status=status, content_type=content_type, entry=entry)
    return extract(page, zone=ZoneInfo(zone), prior_language=prior, detect=detect)
