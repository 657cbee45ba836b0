"""One example of each of the API's answers, from the demo newsroom; a test holds them to their forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_COUNTS = {"items": 30, "stories": 17, "outlets": 19, "groups": 16}
_CAMPAIGN = {
    "id": "apo-coe-gp-vietnam-2014",
    "name": "APO COE GP Resource Recycling Green Team in Vietnam, 2014",
    "names": {"zh-Hant": "APO COE GP 資源循環綠耕隊 2014 越南行"},
    "first": "2014-09-01",
    "last": "2014-11-30",
    "countries": ["TW", "VN", "JP"],
    "review": "manual",
    "version": 1,
}
_ITEM = {
    "item": "33c030fd07550316",
    "url": "http://evening.example/story/30177",
    "title": "綠耕隊與越南SMEDEC 2簽署合作備忘錄",
    "standing": "counted",
    "why": "It is accepted, earned (agency-pick-up), published 2014-10-02 inside the window.",
    "day": "2014-10-02",
    "outlet": "city-evening",
    "outlet_name": "City Evening",
    "provisional": False,
    "group": "city-evening",
    "group_name": "City Evening",
    "country": "TW",
    "language": "zh",
    "tag": "zh-Hant",
    "medium": "online",
    "origin": "agency-pick-up",
    "relation": "independent",
    "story": "33a9a4fcf55874c0",
    "review": "accepted",
    "still_matches": True,
    "re_run": False,
    "prominence": "title",
    "seen_at": ["http://wow.example/news/30177"],
}
_MADE_BY = {
    "model": "Helsinki-NLP/opus-mt-zh-en",
    "revision": "cf109095479db38d6df799875e34039d4938aaa6",
    "engine": "ctranslate2-int8",
    "label": "",
}
_DECISION = {
    "id": 70,
    "kind": "accept",
    "article": "33c030fd07550316",
    "campaign": "apo-coe-gp-vietnam-2014",
    "value": None,
    "basis": None,
    "round": 1,
    "why": "Reports on the visit to SMEDEC 2.",
    "who": "lin",
    "at": "2026-01-15T08:00:00Z",
    "undoes": None,
}
EXAMPLES: Mapping[str, Any] = {
    "Problem": {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "detail": "There is no campaign 'apo'. Known: apo-coe-gp-vietnam-2014.",
    },
    "CampaignList": {"campaigns": [_CAMPAIGN]},
    "Definition": {
        "campaign": _CAMPAIGN,
        "definition": {
            "id": "apo-coe-gp-vietnam-2014",
            "window": {"first": "2014-09-01", "last": "2014-11-30"},
        },
        "changed_at": "2026-01-15T08:00:00Z",
        "changed_by": "lin",
    },
    "Counts": {
        "campaign": "apo-coe-gp-vietnam-2014",
        "as_of": "2026-01-15",
        "change": 598,
        "review": "manual",
        "counts": _COUNTS,
        "at_least": True,
        "tables": {
            "language": {
                "rows": [
                    {
                        "value": "zh",
                        "label": "zh",
                        "counts": {"items": 16, "stories": 8, "outlets": 10, "groups": 9},
                        "at_least": True,
                        "members": ["33c030fd07550316"],
                    }
                ],
                "total": _COUNTS,
                "do_not_add": ["stories", "outlets", "groups"],
            }
        },
        "beside": {"unreviewed": 1, "owned": 2, "leads": 3},
        "leads": [
            {
                "url": "http://money.example/article/6650",
                "title": "綠耕隊帶路 環保商機在越南",
                "reason": "paywall",
                "outlet": "wealth-monthly",
                "day": None,
            }
        ],
        "watch": [
            {
                "source": "city-evening",
                "name": "City Evening",
                "country": "TW",
                "group": "city-evening",
                "medium": "online",
                "languages": ["zh"],
                "days_read": 89,
                "days_in_window": 91,
                "gaps": [["2014-11-29", "2014-11-30"]],
            }
        ],
        "notes": ["26 of 26 sources were not read on every day of the window: read “at least”."],
    },
    "CampaignItems": {"items": [_ITEM], "total": 41, "next": "WyI1ZGE3MTZkYzNkZmEiLCIyMDE0LTEwLTAyIl0"},
    "Stories": {
        "stories": [
            {
                "story": "33a9a4fcf55874c0",
                "title": "綠耕隊與越南SMEDEC 2簽署合作備忘錄",
                "tag": "zh-Hant",
                "first": "2014-10-02",
                "last": "2014-10-03",
                "outlets": 9,
                "languages": ["zh", "en"],
                "items": ["33a9a4fcf55874c0", "33c030fd07550316"],
            }
        ],
        "total": 17,
        "next": None,
    },
    "SearchPage": {
        "query": '(綠耕隊 OR "APO Green Team") AND lang:zh',
        "expansions": [{"term": "綠耕隊", "forms": ["綠耕隊", "APO Green Team"]}],
        "total": 16,
        "stories": 8,
        "outlets": 10,
        "uniques_are_exact": True,
        "hits": [
            {
                "id": "33c030fd07550316",
                "story": "33a9a4fcf55874c0",
                "title": "綠耕隊與越南SMEDEC 2簽署合作備忘錄",
                "title_marks": [[0, 3]],
                "url": "http://evening.example/story/30177",
                "outlet": "city-evening",
                "outlet_name": "City Evening",
                "language": "zh-Hant",
                "day": "2014-10-02",
                "doubt": "",
                "medium": "online",
                "translated_title": "The green team signs a memorandum with SMEDEC 2",
                "translated_by": "Helsinki-NLP/opus-mt-zh-en",
                "more": 0,
                "snippets": [
                    {
                        "field": "lead",
                        "text": "「資源循環綠耕隊」今天在胡志明市簽署合作備忘錄。",
                        "marks": [[5, 8]],
                    }
                ],
            }
        ],
        "facets": {"country": [{"value": "TW", "count": 14}]},
        "dates": [{"first": "2014-10-01", "count": 16}],
        "undated": 0,
        "next": None,
        "trouble": "",
        "index": {"behind": 0, "trouble": ""},
    },
    "Sources": {
        "sources": [
            {
                "id": "city-evening",
                "name": "City Evening",
                "type": "outlet",
                "country": "TW",
                "group": "city-evening",
                "medium": "online",
                "relation": "independent",
                "tier": "national",
                "languages": ["zh-Hant"],
                "state": "ok",
                "sentence": "Last read 2026-01-15 07:30 UTC.",
                "channels": 1,
                "pages": 9,
                "newest": "2014-10-04",
                "last_read": "2026-01-15T07:30:00Z",
            }
        ]
    },
    "Status": {
        "version": "1.0.0",
        "articles": 92,
        "work": [{"stage": "match", "outcome": "done", "reason": "matched", "count": 39}],
        "index": {"answers": True, "behind": 0, "level_at": "2026-01-15T07:31:00Z", "quarantined": 0},
        "sentences": ["92 articles of 1 campaign(s) are stored."],
    },
    "Review": {
        "kind": "accept",
        "campaign": "apo-coe-gp-vietnam-2014",
        "why": "Reports on the visit to SMEDEC 2.",
    },
    "Decision": _DECISION,
    "Item": {
        "id": "33c030fd07550316",
        "item": "33c030fd07550316",
        "story": "33a9a4fcf55874c0",
        "url": "http://evening.example/story/30177",
        "other_urls": [],
        "title": "綠耕隊與越南SMEDEC 2簽署合作備忘錄",
        "lead": "（島嶼社胡志明市二日電）「資源循環綠耕隊」今天在胡志明市簽署合作備忘錄。",
        "paragraphs": ["（島嶼社胡志明市二日電）「資源循環綠耕隊」今天在胡志明市簽署合作備忘錄。"],
        "captions": [],
        "byline": "島嶼社",
        "section": "",
        "language": "zh",
        "script": "Hant",
        "tag": "zh-Hant",
        "extractor": "generic/1",
        "notes": [],
        "place": {
            "outlet": "city-evening",
            "name": "City Evening",
            "edition": "zh",
            "country": "TW",
            "owner": "City Evening",
            "medium": "online",
            "is_provisional": False,
            "is_copy": False,
            "zone": "Asia/Taipei",
        },
        "dates": {
            "day": "2014-10-02",
            "doubt": "",
            "published": {
                "origin": "json-ld",
                "raw": "2014-10-02T15:20:00+08:00",
                "at": "2014-10-02T07:20:00Z",
                "day": None,
                "suspect": None,
            },
            "updated": None,
            "first_seen": "2026-01-14T21:25:58Z",
            "last_seen": "2026-01-14T21:25:58Z",
            "gone_at": None,
        },
        "translations": [
            {
                "target": "en",
                "part": "headline",
                "title": "The green team signs a memorandum with SMEDEC 2",
                "lead": ["The green team signed a memorandum in Ho Chi Minh City today."],
                "paragraphs": [],
                "made_by": [_MADE_BY],
                "at": "2026-01-14T21:26:16Z",
            }
        ],
        "campaigns": [
            {
                "campaign": "apo-coe-gp-vietnam-2014",
                "name": "APO COE GP Resource Recycling Green Team in Vietnam, 2014",
                "matches": True,
                "standing": "counted",
                "why": "It is accepted, earned (agency-pick-up), published 2014-10-02 inside the window.",
                "review": "accepted",
                "prominence": "title",
                "names": [{"id": "green-team", "label": "資源循環綠耕隊", "passages": ["綠耕隊"]}],
                "queries": ["zh-Hant"],
                "messages": [],
                "people": [],
                "tone": {
                    "tone": "neutral",
                    "scores": {"positive": 0.31, "neutral": 0.69, "negative": 0.0},
                    "is_uncertain": False,
                    "made_by": _MADE_BY,
                },
            }
        ],
        "topics": {"found": [{"topic": "plastic-waste", "score": 0.77}], "made_by": _MADE_BY},
        "decisions": [{"decision": _DECISION, "undone_by": None}],
        "wordings": [
            {
                "id": "788bf09e08dcc343",
                "number": 1,
                "content_hash": "feff77c9d177d4f158081005bd82b772ca069c66203c59f180dc6dd6b06dc5fe",
                "title": "綠耕隊與越南SMEDEC 2簽署合作備忘錄",
                "first_seen": "2026-01-14T21:25:58Z",
                "last_seen": "2026-01-14T21:25:58Z",
                "is_current": True,
            }
        ],
        "records": [
            {
                "url": "http://evening.example/story/30177",
                "final_url": "http://evening.example/story/30177",
                "status": 200,
                "fetched_at": "2026-01-14T21:25:58Z",
                "file": "resound-20260114-212557-2373-22d8f8a67cd7d987-00001.warc.gz",
                "offset": 365,
                "length": 2877,
                "sha256": "12e1bdd61f0b516e44337da40b978ed428856af008b004ad38fec72996f188cf",
                "payload_sha256": "f9ad5bcc6024662c49806a80c7d90f7e32e43578baf126525e30f673c9f8aecc",
                "version": "788bf09e08dcc343",
                "expired_at": None,
            }
        ],
        "files": [],
        "explanation": None,
    },
}
"""By the name of the form."""
