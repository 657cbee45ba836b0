"""What a person is written to about, at most once a day for each subject: rules, and the mail that states them.

The rules are pure: facts and the moment in, alerts out. Each sentence gives its numbers and says by which rule it was found.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from resound.lines import one_line
from resound.sending.mail import MailServer
from resound.sending.outbox import Mail, queue_mail
from resound.store import Store
from resound.store.outbox import count_ended_badly
from resound.store.registry import load_campaigns
from resound.store.watching import (
    AilingIndex,
    Flow,
    count_quarantined,
    last_reading,
    load_findings,
    load_flows,
    load_said,
    set_said,
    watch_index,
)
from resound.watching.health import SourceHealth, source_health
from resound.watching.kept_sentences import tell_again

if TYPE_CHECKING:
    from resound.words import Words

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HISTORY = timedelta(days=28)
FEWEST_HOURS = 4
"""A source that brings so little in 28 days cannot be missed within them."""
LONGER = 2
"""A silence is one when it is so many times as long as the longest of the source's last 28 days."""
FEWEST_DAYS = 7
FEWEST_ITEMS = 5
DEVIATIONS = 3
FEWEST_STUCK = 20
TIMES = 3
ROOM = 2_000_000_000
"""Bytes: a few days' pages before `resound ready` says no."""
INEXACT = timedelta(minutes=1)
"""Timers are; what was found at a look began before it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """`subject` is what it is about, for ever the same: `source/vnexpress`. `sentence` is for people."""

    subject: str
    sentence: str


def find_silent(
    sources: Sequence[SourceHealth],
    flows: Mapping[str, Flow],
    *,
    read_at: datetime | None,
    now: datetime,
    words: Words,
) -> list[Alert]:
    """Sources that bring nothing for much longer than they ever did in their last 28 days.

    Time in which nothing at all was read is no source's silence: it is told as one of its own.

    Args:
        read_at: when any source was read last; None: never.
    """
    _ = words.gettext
    if read_at is None or not sources:
        return []
    if now - read_at > DAY:
        return [
            Alert(
                "reading",
                _(
                    "No source has been read since %(moment)s. Rule: at least one reading in 24 hours.",
                    moment=words.moment(read_at),
                ),
            )
        ]
    found = []
    for one in sources:
        flow = flows.get(one.source)
        if flow is None or one.state == "by hand" or flow.first > now - HISTORY:
            continue
        hours = [hour for hour in flow.hours if now - HISTORY <= hour <= now]
        if len(hours) < FEWEST_HOURS:
            continue
        longest = max(later - earlier for earlier, later in pairwise(hours))
        silent = read_at - hours[-1]
        if silent >= DAY and silent > LONGER * longest:
            found.append(
                Alert(
                    f"source/{one.source}",
                    _(
                        "%(name)s has brought nothing new for %(days)s days; in its last 28 days it never paused for more than "
                        "%(longest)s days. Rule: twice its longest pause, and at least a day. %(state)s",
                        name=one.name,
                        days=words.number(round(silent / DAY, 1)),
                        longest=words.number(round(longest / DAY, 1)),
                        state=one.sentence,
                    ),
                )
            )
    return found


def find_spikes(
    findings: Mapping[str, Sequence[datetime]],
    names: Mapping[str, str],
    *,
    began: datetime | None,
    now: datetime,
    words: Words,
) -> list[Alert]:
    """Campaigns of which far more was found in the last 24 hours than in the 28 days before.

    Args:
        findings: campaign → when its items were found, of the last 29 days.
        names: campaign → how it is called; others are left out.
        began: when the first page was found; there must be a week to set a day beside. None: never.
    """
    days = 0 if began is None else min((now - began) // DAY, HISTORY.days)
    if days < FEWEST_DAYS:
        return []
    found = []
    for campaign, moments in findings.items():
        if campaign not in names:
            continue
        today, *before = count_days(moments, days=days + 1, now=now)
        mean = sum(before) / len(before)
        spread = sqrt(sum((one - mean) ** 2 for one in before) / len(before))
        if today >= FEWEST_ITEMS and today > mean + DEVIATIONS * max(spread, 1.0):
            found.append(
                Alert(
                    f"spike/{campaign}",
                    words.gettext(
                        "%(name)s: %(count)s items were found in the last 24 hours, %(mean)s a day in the %(days)s days before. "
                        "Rule: at least 5 items, and more than the mean and three standard deviations. They matched; nobody "
                        "has reviewed them yet.",
                        name=names[campaign],
                        count=words.number(today),
                        mean=words.number(round(mean, 1)),
                        days=days,
                    ),
                )
            )
    return found


def count_days(moments: Iterable[datetime], *, days: int, now: datetime) -> list[int]:
    """How many fall into the last 24 hours, the 24 hours before, and so on; one number for each of `days`."""
    counts = [0] * days
    for moment in moments:
        back = (now - moment) // DAY
        if 0 <= back < days:
            counts[back] += 1
    return counts


def find_stuck(quarantined: Mapping[str, tuple[int, int]], *, words: Words) -> list[Alert]:
    """Stages whose quarantine grows: stage → (new in 24 hours, in the 28 days before)."""
    found = []
    for stage, (new, before) in quarantined.items():
        mean = before / HISTORY.days
        if new >= FEWEST_STUCK and new > TIMES * mean:
            found.append(
                Alert(
                    f"quarantine/{stage}",
                    words.gettext(
                        "Quarantine grows: %(count)s pieces of work of the stage %(stage)s in the last 24 hours, %(mean)s a day "
                        "before. Rule: at least 20, and more than three times as many. The system page says why.",
                        count=words.number(new),
                        stage=stage,
                        mean=words.number(round(mean, 1)),
                    ),
                )
            )
    return found


def find_full_disks(free: Mapping[str, int], *, words: Words) -> list[Alert]:
    """Folders whose disk has little room: folder → bytes free."""
    return [
        Alert(
            f"disk/{folder}",
            words.gettext(
                "The disk of %(folder)s has %(free)s MB left. Rule: at least %(room)s MB.",
                folder=folder,
                free=words.number(left // 1_000_000),
                room=words.number(ROOM // 1_000_000),
            ),
        )
        for folder, left in free.items()
        if left < ROOM
    ]


def find_lost_mail(counts: Mapping[str, int], *, words: Words) -> list[Alert]:
    """Mail of the last 24 hours that was refused, or of which nobody knows: state → how many."""
    failed, unknown = counts.get("failed", 0), counts.get("unknown", 0)
    if not failed and not unknown:
        return []
    return [
        Alert(
            "outbox",
            words.gettext(
                "Mail of the last 24 hours: %(failed)s refused, %(unknown)s of which nobody knows whether they arrived. None of "
                "them is sent again by itself: `resound outbox list` shows them. Rule: any.",
                failed=words.number(failed),
                unknown=words.number(unknown),
            ),
        )
    ]


def find_ailing_index(ailing: AilingIndex | None, *, now: datetime, words: Words) -> list[Alert]:
    """The search index that has been in trouble, or behind, for more than an hour."""
    if ailing is None or now - ailing.since < HOUR - INEXACT:
        return []
    _ = words.gettext
    since, count = words.moment(ailing.since), words.number(ailing.waiting)
    if ailing.trouble:
        sentence = _(
            "The search index has been in trouble since %(moment)s or longer; changed articles that are not in it yet: "
            "%(count)s. %(trouble)s Rule: no longer than an hour.",
            moment=since,
            count=count,
            trouble=words.told(tell_again(ailing.trouble)),
        )
    else:
        sentence = _(
            "The search index lacks what changed before %(moment)s; changed articles that are not in it yet: %(count)s. No "
            "trouble is known: does `resound run` or `resound process --follow` bring it up? Rule: no longer than an hour.",
            moment=since,
            count=count,
        )
    return [Alert("index", sentence)]


def find_alerts(
    store: Store, folders: Sequence[Path], *, index: str | None, now: datetime, words: Words
) -> list[Alert]:
    """Everything that the rules find now.

    `folders`: whose disks are looked at. `index`: the name of the one in use; that it ails is written down for the next look.
    """
    since = now - HISTORY - DAY
    with store.read() as connection:
        campaigns = load_campaigns(connection)
        flows = load_flows(connection, since=since)
        found = find_silent(
            source_health(connection, now=now),
            flows,
            read_at=last_reading(connection),
            now=now,
            words=words,
        )
        names = {key: one.name.best(words.language) for key, one in campaigns.items()}
        began = min((one.first for one in flows.values()), default=None)
        findings = load_findings(connection, since=since)
        found += find_spikes(findings, names, began=began, now=now, words=words)
        found += find_stuck(count_quarantined(connection, since=since, before=now - DAY), words=words)
        found += find_lost_mail(
            {str(state): count for state, count in count_ended_badly(connection, since=now - DAY).items()},
            words=words,
        )
    if index is not None:
        with store.write() as connection:
            found += find_ailing_index(watch_index(connection, index, now=now), now=now, words=words)
    free = {str(one): shutil.disk_usage(one).free for one in folders if one.exists()}
    return found + find_full_disks(free, words=words)


def choose_unsaid(found: Iterable[Alert], said: Mapping[str, datetime], *, now: datetime) -> list[Alert]:
    """Those that were not said in the last 24 hours (a clock that went back says nothing twice)."""
    return [one for one in found if one.subject not in said or now - said[one.subject] >= DAY]


def queue_alerts(
    store: Store,
    found: Sequence[Alert],
    *,
    server: MailServer,
    to: Sequence[str],
    public_url: str | None,
    words: Words,
    now: datetime,
) -> list[Alert]:
    """Write to everybody in `to` about what was not said in the last day, in one mail each. What it is about.

    Of several schedulers one says it: what was said and the mails are written in one transaction.
    """
    with store.write() as connection:
        said = {key: one.said_at for key, one in load_said(connection).items()}
        unsaid = choose_unsaid(found, said, now=now)
        if not unsaid:
            return []
        set_said(connection, {one.subject: one.sentence for one in unsaid}, now=now)
        mails = [Mail(one, _write(unsaid, one, server, public_url, words)) for one in to]
        queue_mail(connection, f"alert/{now.isoformat()}", mails, server=server, now=now)
    return unsaid


def _write(
    alerts: Sequence[Alert], to: str, server: MailServer, public_url: str | None, words: Words
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = server.from_
    message["To"] = to
    message["Subject"] = (
        one_line(words.gettext("Resound: %(sentence)s", sentence=alerts[0].sentence), most=120)
        if len(alerts) == 1
        else words.ngettext(
            "Resound: %(num)s thing to look at", "Resound: %(num)s things to look at", len(alerts)
        )
    )
    message["Auto-Submitted"] = "auto-generated"
    lines = [one_line(one.sentence, most=2000) for one in alerts]
    if public_url is not None:
        lines.append(f"{public_url}/system")
    lines.append(words.gettext("Each of these is said at most once a day."))
    message.set_content("\n\n".join(lines) + "\n")
    return message
