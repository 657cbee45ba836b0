"""What a report says, in one language: sections with sentences, tables and passages. Pure: a snapshot in, a `Report` out.

`laid` is a snapshot with the words it is laid out in; each other module makes the sections that it is named after.
"""

from __future__ import annotations

from resound.report.content.audit import lay_excluded, lay_leads, lay_watch
from resound.report.content.carried import lay_messages, lay_spokespersons
from resound.report.content.clip_book import lay_clip_book, lay_stories
from resound.report.content.coded import (
    lay_prominence,
    lay_tone,
    lay_topics,
    lay_voice,
)
from resound.report.content.counts import lay_counts, lay_outlets, lay_time
from resound.report.content.laid import Laid
from resound.report.content.method import lay_method
from resound.report.content.reconciled import lay_reconciliation
from resound.report.content.summary import cover_facts, lay_summary, summarise
from resound.report.tables import Report
from resound.snapshots.model import Snapshot
from resound.snapshots.opened import coverage_of
from resound.store.snapshots import SnapshotRow
from resound.words import Words


def build_report(
    row: SnapshotRow, snapshot: Snapshot, earlier: tuple[SnapshotRow, Snapshot] | None, words: Words
) -> Report:
    """Lay a snapshot out. The same snapshots and language give the same report.

    Args:
        earlier: the snapshot that it is reconciled with; None for the first one of a campaign.
    """
    laid = Laid(row, snapshot, coverage_of(snapshot), words)
    name = snapshot.campaign.name.best(words.language)
    return Report(
        snapshot=row,
        language=words.language,
        title=laid.gettext("Media coverage report: %(campaign)s", campaign=name),
        facts=cover_facts(laid),
        summary=summarise(laid),
        sections=(
            lay_summary(laid),
            lay_method(laid),
            lay_counts(laid),
            lay_time(laid),
            lay_outlets(laid),
            lay_tone(laid),
            lay_prominence(laid),
            lay_topics(laid),
            lay_messages(laid),
            lay_spokespersons(laid),
            lay_voice(laid),
            lay_stories(laid),
            lay_clip_book(laid),
            lay_reconciliation(laid, earlier),
            lay_watch(laid),
            lay_leads(laid),
            lay_excluded(laid),
        ),
        clips=laid.book,
        tags={one.title: one.tag for one in snapshot.voice_items if one.title}
        | {one.facts.title: one.facts.tag for one in snapshot.clips if one.facts.title},
    )
