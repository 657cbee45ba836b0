"""What is kept. Machine results and people's decisions are rows of their own; neither erases the other.

Ids of articles and versions are made from what they name (`resound.urls.article_id`, `version_id`), so a second run,
a second machine or a replay from the evidence gives the same ids.
Moments are UTC text (`2014-10-02T03:15:00.000000Z`), which sorts as time does; `work.due` is epoch seconds.
"""

from __future__ import annotations

from resound.store.tables.articles import alias, article, band, change, edge, grouping, link, version
from resound.store.tables.base import Moment, metadata
from resound.store.tables.collected import (
    capture,
    channel,
    clip,
    definition,
    lead,
    lead_match,
    page,
    reading,
    work,
)
from resound.store.tables.judged import (
    comparator_match,
    compared,
    decision,
    match,
    sentence,
    snapshot,
    tone,
    topics,
    translation,
    vector,
)
from resound.store.tables.office import (
    alert,
    api_key,
    campaign_role,
    index_state,
    installation,
    invitation,
    job,
    person,
    saved_search,
    session,
    sign_in,
)
from resound.store.tables.sending import issue, mailing_list, outbox, subscription

__all__ = [
    "Moment",
    "alert",
    "alias",
    "api_key",
    "article",
    "band",
    "campaign_role",
    "capture",
    "change",
    "channel",
    "clip",
    "comparator_match",
    "compared",
    "decision",
    "definition",
    "edge",
    "grouping",
    "index_state",
    "installation",
    "invitation",
    "issue",
    "job",
    "lead",
    "lead_match",
    "link",
    "mailing_list",
    "match",
    "metadata",
    "outbox",
    "page",
    "person",
    "reading",
    "saved_search",
    "sentence",
    "session",
    "sign_in",
    "snapshot",
    "subscription",
    "tone",
    "topics",
    "translation",
    "vector",
    "version",
    "work",
]
