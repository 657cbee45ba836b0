"""The body of an article out of a page's blocks, without knowing the site.

Every block has a value: sentences count for, links and odds and ends against. The element whose blocks add up to most
is the body (maximum subsequence segmentation, Pasternack and Roth 2009, but aligned with the page's own elements);
its ends are trimmed, and what it holds that is no article (see-also boxes, share lines, captions) is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import accumulate

from crawlers.extract.blocks import Block, Page, measure

PARDON = 0.4
"""A suspicious element that holds this share of all sentences is the article's own wrapper (`has-sidebar`)."""

_SENTENCE_END = re.compile(r"[。！？；…]|[.!?][\"'”’)\]]*(?:\s|$)|[,，、](?=.)")
_BODY_LABEL = re.compile(
    r"itemprop=articlebody|(?:article|story|post|entry|news|detail|page|content)[-_]*(?:body|content|text|detail|editor|para\w*)"
    r"|(?:^|[\s_-])(?:fck_detail|maincontent|main-?detail|rich_media_content|cate_content|art_?content|text_?con\w*|post_?text"
    r"|left_zw|show_text|detail__?cmain\w*|singular-content|zce-content-body|wysiwyg|archives|boxtitle|the-?article-body)(?:$|[\s_-])",
    re.IGNORECASE,
)

_HAN = re.compile("[\u3400-\u9fff]")
_KANA = re.compile("[\u3041-\u30ff]")

# A line that opens a list of other stories: from here to the end of its element, or of the body, nothing is the article's.
_SEE_ALSO = re.compile(
    r"""^[\W_]*(?:
        延伸閱讀|延伸阅读|相關(?:新聞|報導|文章|閱讀|連結|主題)|相关(?:新闻|报道|文章|阅读|链接|专题|推荐)|推薦(?:閱讀|新聞|文章)?|推荐(?:阅读|新闻|文章)?
      | 更多(?:新聞|報導|新闻|报道|文章|內容|内容|精彩.{0,6})|看更多.{0,12}|你可能(?:也|還|还|會|会|感).{0,10}|熱門(?:新聞|文章|排行|點閱).{0,4}|热门(?:新闻|文章|排行|推荐).{0,4}
      | 其他人也(?:在)?看.{0,6}|猜你喜欢|大家都在看.{0,6}|人氣.{0,6}|最新(?:新聞|消息|文章|报道)|編輯精選|精選(?:新聞|文章)|回顧|新聞回顧|往下看更多.{0,8}|今日推薦.{0,8}
      | related\s*(?:articles?|stories|news|posts?|topics|content|links?|coverage|reading)?|read\s*(?:more|also|next)|also\s*read|see\s*also|you\s*(?:may|might)\s*(?:also\s*)?(?:like|be\s*interested.{0,10})
      | more\s*(?:stories|news|on\s*this.{0,12}|from\s.{1,40}|like\s*this|in\s.{1,30}|coverage)|most\s*(?:read|popular|viewed|shared|commented)|popular\s*(?:now|stories|articles|posts)?|trending.{0,10}|recommended(?:\s.{0,20})?
      | editors?['’]?s?\s*(?:picks?|choice)|latest\s*(?:news|stories|articles)?|top\s*stories|up\s*next|don['’]?t\s*miss|further\s*reading|what\s*to\s*read\s*next|in\s*case\s*you\s*missed.{0,10}
      | tin\s*(?:liên\s*quan|cùng\s*chuyên\s*mục|khác|mới(?:\s*(?:nhất|hơn))?|đọc\s*nhiều|nổi\s*bật|tức\s*khác|bài\s*khác|cũ\s*hơn|nóng)|bài\s*(?:viết\s*)?(?:liên\s*quan|khác|đọc\s*nhiều)|xem\s*(?:thêm|nhiều|tiếp)|đọc\s*(?:thêm|nhiều|tiếp)(?:\s*nhất)?|có\s*thể\s*bạn\s*quan\s*tâm
      | các\s*(?:tin|bài)\s*(?:khác|liên\s*quan|cũ\s*hơn|mới\s*hơn|đã\s*đưa)|chủ\s*đề\s*liên\s*quan|cùng\s*chuyên\s*mục|bạn\s*(?:nên\s*đọc|có\s*thể\s*quan\s*tâm)|dòng\s*sự\s*kiện|theo\s*dòng\s*sự\s*kiện
      | comments?(?:\s*\(?\d*\)?)?|\d+\s*comments?|leave\s*a\s*(?:comment|reply).*|留言(?:板|區)?|評論(?:區)?|评论(?:区)?|網友(?:評論|留言|回應)|网友(?:评论|跟帖)|讀者回應|發表(?:評論|留言|意見)|发表评论|我要(?:留言|評論|评论)
      | (?:ý\s*kiến\s*)?bình\s*luận(?:\s*\(?\d*\)?)?|ý\s*kiến\s*(?:bạn\s*đọc|của\s*bạn|\(\d*\))?|gửi\s*(?:bình\s*luận|ý\s*kiến).*
    )\s*[:：\(（\[【〉》>»…]*[\s\W\d]*$""",
    re.VERBOSE | re.IGNORECASE,
)

# One line that is never the article's, wherever it stands.
_NOISE = re.compile(
    r"""^[\W_]*(?:
        (?:延伸閱讀|延伸阅读|相關(?:新聞|報導|文章)|相关(?:新闻|报道|阅读|文章)|推薦閱讀|推荐阅读|看更多|閱讀更多|更多新聞|更多新闻|點我看|點擊看|立刻看|【延伸閱讀】)\s*[：:︰／/|｜》].*
      | (?:read\s*(?:more|also|next)|see\s*also|also\s*read|related|more\s*on\s*this|watch|listen|don['’]t\s*miss)\s*[:：>»|].*
      | (?:xem\s*thêm|đọc\s*thêm|tin\s*liên\s*quan|bài\s*liên\s*quan|mời\s*(?:bạn|quý\s*vị)\s*(?:xem|đọc)\s*thêm)\s*[:：>»|].*
      | (?:share|tweet|email|print|copy\s*link|save|bookmark|follow\s*us.{0,40}|like\s*us\s*on.{0,30}|share\s*(?:this|on|via).{0,40}|advertisement|sponsored|ad|loading\.*|top|back\s*to\s*top|close|menu|search|sign\s*in|log\s*in|subscribe(?:\s*now)?|newsletter)
      | (?:分享|列印|打印|收藏|轉寄|字級|字号|字體|字體大小|大\s*中\s*小|讚|按讚|臉書|訂閱|订阅|關閉|关闭|回首頁|返回首页|回頂部|回到頁首|上一篇.*|下一篇.*|上一頁|下一頁|请?扫(?:码|描).{0,20}|責任編輯.{0,2}|我要分享|分享到.{0,20}|點擊.{0,14}訂閱.{0,10}|廣告|广告|請繼續往下閱讀.{0,4}|（?(?:圖片|图片|原標題).{0,2}|複製連結|加入(?:好友|收藏)|微博|微信|手机看新闻|(?:缩小|放大)字体)
      | (?:chia\s*sẻ|in\s*(?:trang|bài)|gửi\s*(?:email|bài\s*viết|cho\s*bạn\s*bè)|lưu(?:\s*bài)?|thích|quảng\s*cáo|trở\s*lại.*|về\s*trang\s*chủ|facebook|twitter|zalo|google\+?|từ\s*khóa:?|tags?:?.{0,0}|theo\s*dõi.{0,40}trên.{0,30})
      | (?:this\s*(?:site|website)|we)\s*uses?\s*cookies.*|by\s*(?:continuing|using)\s.{0,80}cookies.*|(?:accept|reject)\s*(?:all(?:\s*cookies)?|cookies)|.{0,40}(?:請|请)?(?:同意|接受).{0,20}cookies?.{0,60}
      | (?:本網站|本站|本网站).{0,12}(?:使用|採用|采用)\s*(?:cookies?|相關技術).*|your\s*browser\s*does.*|trang\s*web\s*này\s*sử\s*dụng\s*cookie.*|please\s*enable\s*javascript.*
      | (?:copyright|©|\(c\)|版權所有|版权所有|著作權|未經授權|未经授权|本網站之文字).{0,120}|all\s*rights\s*reserved\.?.{0,40}|.{0,30}(?:不得轉載|請勿轉載|不得转载|禁止轉載)[^。]{0,20}。?
    )[\s\W]*$""",
    re.VERBOSE | re.IGNORECASE,
)
# What closes or opens a text without being of it: 責任編輯：某某, 還想看更多新聞嗎？歡迎下載…APP
_COLOPHON = re.compile(
    r"""^[\W_]*(?:
        (?:責任編輯|责任编辑|责编|責編|核稿編輯|編輯|编辑|校對|校对|审核|監製|本文来源|本文來源|文章来源|來源|来源|原標題|原标题|关键词|關鍵字|标签|標籤)\s*[：:︰].{0,60}
      | .{0,40}(?:下載|下载|安裝|安装).{0,20}(?:APP|客户端|应用|應用).{0,60}|(?:iOS|Android|安卓)\s*(?:載點|下載|下载).*|看更多！?請?加入.{0,20}粉絲團.*
      | .{0,24}(?:扫描|掃描|扫码|掃碼|长按|長按|关注|關注|追蹤|訂閱|订阅).{0,24}(?:二维码|二維碼|公众号|公眾號|微信|微博|粉絲團|粉絲專頁|頻道|LINE|Telegram).{0,40}|.{2,12}(?:公众号|公眾號|官方微博)
      | (?:本文)?(?:仅|僅)?代表作者(?:本人|个人|個人)?(?:观点|觀點).{0,40}|(?:请|請)?支持独立网站.*|转载请注明.*
      | (?:source|nguồn|tags?|keywords|từ\s*khóa|filed\s*under|topics?)\s*[:：].{0,80}
      | (?:updated|published|last\s*(?:updated|modified)|posted)\s*(?:on|at|:).{0,60}|\d+\s*(?:min(?:ute)?s?|phút|分鐘|分钟)\s*(?:read|đọc|閱讀|阅读)
      | \d+\s*(?:minutes?|hours?|days?|giờ|phút|ngày|小時|小时|分鐘|分钟|天)\s*(?:ago|trước|前)
    )[\s\W]*$""",
    re.VERBOSE | re.IGNORECASE,
)
# Photo: AFP; （圖／記者林某攝）; Ảnh: TTXVN; 图片来源：某网
_CREDIT = re.compile(
    r"^[\W_]*(?:photo(?:graph)?(?:\s*(?:by|credit|courtesy))?|image(?:\s*credits?|\s*source)?|圖|图|圖片來源|图片来源|圖片|照片|資料照|資料圖片|资料图|ảnh(?:\s*minh\s*họa)?)\s*[:：/／].{1,60}$"
    r"|[（(／/【\[](?:圖|图|照片|資料照|视频截图|視頻截圖|影片截圖|截圖|资料图|資料圖|網路照片|示意圖|[^（(]{0,24}(?:攝|摄|提供|截圖|翻攝|資料照片?))[^）)]{0,20}[）)】\]]?[。.]?$"
    r"|(?:\bảnh|\bphoto|圖|图)\s*[:：/／][^.。]{1,40}\.?$|.{0,60}(?:記者|记者)[\u3400-\u9fff]{2,4}\s*[攝摄]$",
    re.IGNORECASE,
)
_DATE_LINE = re.compile(
    r"^\D{0,24}(?:\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}|\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{4})\D{0,12}(?:\d{1,2}[:：h時时]\d{2}(?:[:：]\d{2})?)?\D{0,30}$"
)


@dataclass(frozen=True, slots=True)
class Body:
    """What was read. `confidence` 0..1 is low where another voice should be heard."""

    paragraphs: tuple[str, ...]
    captions: tuple[str, ...]
    confidence: float
    first: int
    """Index of the first block of the body: a standfirst stands before it."""


def is_wide(tag: str) -> bool:
    """Whether a language's sentences are short in characters (BCP-47 tag)."""
    return tag.split("-")[0] in ("zh", "ja", "ko", "yue")


def read_body(
    page: Page, *, language_tag: str, title: str, within: tuple[int, int] | None = None
) -> Body | None:
    """The body, or None where the page has no sentences. `within`: a range of blocks that is known to hold it."""
    blocks = page.blocks
    if not blocks:
        return None
    suspected = _unpardoned(page)
    sure = 30 if is_wide(language_tag) else 45
    values = [_value(block, suspected, sure) for block in blocks]
    _discount_teasers(blocks, values)
    if language_tag.startswith("zh"):
        _discount_other_scripts(blocks, values)
    total = sum(value for value in values if value > 0)
    if within is None:
        if total <= 0:
            return None
        start, end, share = _choose(page, values, suspected)
    else:
        start, end, share = *within, 1.0
    kept, captions = _clean(blocks, start, end, values, suspected, title, trims=within is None)
    paragraphs = tuple(blocks[number].text for number in kept)
    if not paragraphs:
        return None
    captions = tuple(dict.fromkeys((*_captions_above(blocks, start, suspected), *captions)))
    units = sum(measure(text) for text in paragraphs)
    confidence = min(1.0, units / 250) * min(1.0, share + 0.2) if within is None else 1.0
    return Body(paragraphs, captions, confidence, kept[0])


def _unpardoned(page: Page) -> frozenset[int]:
    """The suspicious elements that stay so."""
    running = [0, *accumulate(_prose(block) for block in page.blocks)]
    total = running[-1]
    return frozenset(
        number
        for number, (label, start, end) in enumerate(page.suspects)
        if total == 0
        or running[end] - running[start] < total * (0.75 if "comment" in label.lower() else PARDON)
    )


def _prose(block: Block) -> int:
    if block.units < 40 or block.link_share > 0.4 or block.is_caption or block.is_heading:
        return 0
    return block.units if _SENTENCE_END.search(block.text) else block.units // 4


def _value(block: Block, suspected: frozenset[int], sure: int) -> float:
    units, free = block.units, block.units - block.link_units
    if any(number in suspected for number in block.suspects):
        return -min(60.0, 4 + units * 0.3)
    if block.is_caption:
        return 0.0
    if block.is_heading:
        return 0.0 if block.link_share < 0.5 else -12.0
    if units < 160 and _is_odd_line(block.text):
        return -6.0
    if block.link_share > 0.5:
        return -(8.0 + min(block.links, 20) * 4 + min(units, 100) * 0.2)
    if units >= sure * 2 and _SENTENCE_END.search(block.text):
        return float(min(free, 900))
    if units >= sure:
        return free * (
            0.7 if _SENTENCE_END.search(block.text) else 0.25 if block.tag in ("p", "div") else 0.1
        )
    if block.tag == "p" and _SENTENCE_END.search(block.text):
        return free * 0.5
    return -2.0 if block.tag == "p" else -5.0


def _discount_teasers(blocks: Sequence[Block], values: list[float]) -> None:
    """Sentences between linked headlines are the teasers of a list, however well they read."""
    headlines = [block.link_share > 0.9 and block.units >= 24 for block in blocks]
    for number, block in enumerate(blocks):
        if values[number] > 0 and block.units < 500 and not block.links:
            before = any(headlines[max(0, number - 3) : number])
            if before and any(headlines[number + 1 : number + 4]):
                values[number] = -10.0


def _discount_other_scripts(blocks: Sequence[Block], values: list[float]) -> None:
    """A Chinese page's "Your browser does not support …" and 日本語版へ are not where its article is."""
    for number, block in enumerate(blocks):
        if values[number] > 0 and (
            not _HAN.search(block.text) or len(_KANA.findall(block.text)) > 0.1 * len(block.text)
        ):
            values[number] = -8.0


def _choose(page: Page, values: Sequence[float], suspected: frozenset[int]) -> tuple[int, int, float]:
    """(start, end, share of the page's sentences) of the best element; the tightest where several do as well."""
    running = [0.0, *accumulate(values)]
    gains = [0.0, *accumulate(max(value, 0.0) for value in values)]
    total = gains[-1] or 1.0

    def worth(start: int, end: int) -> float:
        return running[end] - running[start]

    boxes = [page.suspects[number][1:] for number in suspected]
    inner = {(low, high) for low, high in boxes}
    candidates = [one for one in page.elements if (one.start, one.end) not in inner]
    start, end, best = 0, len(values), worth(0, len(values))
    for one in candidates:
        value = worth(one.start, one.end)
        if value > best or (value == best and one.end - one.start < end - start):
            start, end, best = one.start, one.end, value
    hinted = [
        one
        for one in candidates
        if _BODY_LABEL.search(one.label) and worth(one.start, one.end) >= 0.75 * best > 0
    ]
    if hinted:
        chosen = max(hinted, key=lambda one: (worth(one.start, one.end), one.start - one.end))
        start, end = chosen.start, chosen.end
    return start, end, (gains[end] - gains[start]) / total


def _clean(
    blocks: Sequence[Block],
    start: int,
    end: int,
    values: Sequence[float],
    suspected: frozenset[int],
    title: str,
    *,
    trims: bool,
) -> tuple[list[int], tuple[str, ...]]:
    """The numbers of the blocks that are the article's, in order, and the captions among them."""
    kept: list[int] = []
    captions: list[str] = []
    squeezed_title = _squeeze(title)
    skips_list = False
    for number in range(start, end):
        block = blocks[number]
        if any(one in suspected for one in block.suspects):
            continue
        if block.is_caption:
            if block.link_share < 0.8:
                captions.append(block.text)
            continue
        if _SEE_ALSO.match(block.text) and block.units < 80:
            # Where sentences follow, it was a box within the text; else this is the end.
            if kept and not _has_prose(values, number + 1, end):
                break
            skips_list = True
            continue
        if skips_list and (block.link_share > 0.3 or values[number] <= 0):
            continue
        skips_list = False
        squeezed = _squeeze(block.text)
        if squeezed == squeezed_title != "":
            continue
        # Old pages write headline, date and byline in one cell: 標題 2014/10/02 10:15 記者某某
        if not kept and squeezed_title and squeezed.startswith(squeezed_title):
            rest = squeezed[len(squeezed_title) :]
            if len(rest) <= 48 and not _SENTENCE_END.search(block.text):
                continue
        if block.units < 200 and _is_odd_line(block.text):
            continue
        if block.units < 240 and block.link_share < 0.5 and _CREDIT.search(block.text):
            if _CREDIT.match(block.text) and kept and _is_caption_line(blocks[kept[-1]]):
                captions.append(blocks[kept.pop()].text)  # `Minister Lin speaks.` above `Photo: CNA`
            captions.append(block.text)
            continue
        if block.link_share > 0.7 and (block.links > 1 or values[number] < -8) and block.tag != "p":
            continue
        if block.link_share > 0.9 and not _SENTENCE_END.search(block.text):
            continue
        kept.append(number)
    return (_trimmed(kept, blocks, values) if trims else _trim_dates(kept, blocks)), tuple(
        dict.fromkeys(captions)
    )


def _captions_above(blocks: Sequence[Block], start: int, suspected: Container[int]) -> list[str]:
    """Captions of pictures between the headline and the body: they stand outside the body's element."""
    found: list[str] = []
    others = 0
    for block in reversed(blocks[max(0, start - 12) : start]):
        if (
            block.is_caption
            and block.link_share < 0.8
            and not any(one in suspected for one in block.suspects)
        ):
            found.append(block.text)
        else:
            others += 1
        if block.tag == "h1" or others > 3:
            break
    return found[::-1]


def _is_odd_line(text: str) -> bool:
    # （編輯：林大同） in brackets is how an agency signs: it belongs to the text that others reprint.
    return _NOISE.match(text) is not None or (text[:1] not in "（(" and _COLOPHON.match(text) is not None)


def is_noise(text: str) -> bool:
    """Whether a line is never an article's: share lines, cookie notices, colophons, a date alone, a list's opening."""
    return measure(text) < 200 and any(
        rule.match(text) is not None for rule in (_NOISE, _COLOPHON, _DATE_LINE, _SEE_ALSO)
    )


def _is_caption_line(block: Block) -> bool:
    """Whether a credit below it makes it a caption: a line that stands in no paragraph element."""
    return block.tag != "p" and block.units < 400


def _has_prose(values: Sequence[float], start: int, end: int) -> bool:
    return sum(value for value in values[start:end] if value > 0) >= 60


def _trimmed(kept: list[int], blocks: Sequence[Block], values: Sequence[float]) -> list[int]:
    """Without the odds and ends before the first sentence and after the last."""
    firm = [place for place, number in enumerate(kept) if values[number] > 0]
    if not firm:
        return kept
    first, last = firm[0], firm[-1]
    while first > 0 and blocks[kept[first - 1]].is_heading and blocks[kept[first - 1]].tag != "h1":
        first -= 1
    # （編輯：林某某）, Theo TTXVN
    while last + 1 < len(kept) and last + 1 - firm[-1] <= 2 and _is_signature(blocks[kept[last + 1]]):
        last += 1
    return _trim_dates(kept[first : last + 1], blocks)


def _is_signature(block: Block) -> bool:
    return (
        block.units <= 60
        and block.links == 0
        and (block.text[:1] in "（(【[-—－" or block.tag in ("p", "strong"))
        and not _DATE_LINE.match(block.text)
    )


def _trim_dates(kept: list[int], blocks: Sequence[Block]) -> list[int]:
    return [
        number for number in kept if not (blocks[number].units < 70 and _DATE_LINE.match(blocks[number].text))
    ]


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
