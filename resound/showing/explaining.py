"""Everything that happened to one article, and why it is or is not counted: what an auditor asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from resound.article import FoundDate
from resound.coding.item import item_coding
from resound.coding.origin import OriginEvidence
from resound.coverage.counting import standing
from resound.coverage.figures import item_facts
from resound.errors import NotFoundError
from resound.outcome import STAGES
from resound.processing.facts import Facts, lay_over
from resound.searching.documents import outlet_name
from resound.store.articles import find_article, list_aliases, list_versions, load_articles
from resound.store.captures import Capture, list_captures
from resound.store.decisions import Decision, all_decisions
from resound.store.enrichments import joined, load_tones, load_topics, load_translations
from resound.store.grouping import load_component, load_groupings, load_overlay, story_members
from resound.store.matches import list_matches
from resound.store.registry import load_campaigns, load_sources
from resound.store.tables import clip, lead, page, work
from resound.urls import article_id, canonical_url

Section = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Headings with sentences under them, in the order of an article's way."""

    subject: str
    sections: tuple[Section, ...]

    def to_json(self) -> dict[str, Any]:
        """The same, as plain values."""
        return {"subject": self.subject, "sections": dict(self.sections)}


def explain(connection: Connection, item: str) -> Explanation:
    """Tell the story of an article, a page that became none, or a lead.

    Raises:
        NotFoundError: nothing is known of this address.
    """
    key = find_article(connection, item)
    page_ids = _pages(connection, item, key)
    lead_lines = _lead(connection, item)
    if key is None and not page_ids and not lead_lines:
        raise NotFoundError(
            f"Nothing is known of {item!r}: no channel has listed it, and nobody has imported it. "
            "Check the spelling, or bring it in with `resound clips import`."
        )
    captures = [one for page_id in page_ids for one in list_captures(connection, page_id=page_id)]
    sections: list[Section] = [("How it was found", _found(connection, page_ids) + lead_lines)]
    if captures:
        sections.append(("Evidence", [_evidence(one) for one in captures]))
    sections.append(("Stages", _stages(connection, page_ids, captures, key)))
    if key is not None:
        sections += _article(connection, key)
    return Explanation(item, tuple(section for section in sections if section[1]))


def _pages(connection: Connection, item: str, key: str | None) -> list[str]:
    wanted = [page.c.article == key] if key is not None else []
    wanted.append(page.c.id == item)
    if "://" in item:
        wanted.append(page.c.id == article_id(canonical_url(item)))
    return list(
        connection.execute(select(page.c.id).where(or_(*wanted)).order_by(page.c.first_seen)).scalars()
    )


def _lead(connection: Connection, item: str) -> list[str]:
    key = article_id(canonical_url(item)) if "://" in item else item
    row = connection.execute(select(lead).where(lead.c.id == key)).first()
    if row is None:
        return []
    return [
        f"It is a lead ({row.reason}), known since {_moment(row.first_seen)}: listed, never counted. {row.title}"
    ]


def _found(connection: Connection, page_ids: list[str]) -> list[str]:
    lines = []
    for row in connection.execute(select(page).where(page.c.id.in_(page_ids)).order_by(page.c.first_seen)):
        lines.append(f"{row.url}: listed by {row.source}, first seen {_moment(row.first_seen)}.")
        if row.entry.get("title"):
            lines.append(f"The channel called it: {row.entry['title']}")
        if row.gone_at is not None:
            lines.append(f"Gone since {_moment(row.gone_at)} (HTTP {row.status}); what was read stays.")
    return lines


def _evidence(one: Capture) -> str:
    return (
        f"Fetched {_moment(one.fetched_at)} from {one.final_url} (HTTP {one.status}); record at byte {one.offset} of "
        f"{one.file}, SHA-256 {one.sha256}."
        + (
            f" The evidence of this page, which belonged to no campaign, expired on {one.expired_at:%Y-%m-%d}: the record "
            "is gone, its hash and what was read of it stay."
            if one.expired_at is not None
            else ""
        )
    )


def _stages(
    connection: Connection, page_ids: list[str], captures: list[Capture], key: str | None
) -> list[str]:
    subjects = [("fetch", one) for one in page_ids] + [("extract", str(one.id)) for one in captures]
    subjects += [(stage, key) for stage in STAGES[2:] if key is not None]
    lines = []
    for stage, subject in subjects:
        row = connection.execute(select(work).where(work.c.stage == stage, work.c.subject == subject)).first()
        if row is None:
            continue
        if row.due is None:
            told = f"{row.outcome}{f' ({row.reason})' if row.reason else ''}{f': {row.detail}' if row.detail else ''}"
            lines.append(f"{stage}: {told}, {_moment(row.finished_at)}")
        else:
            lines.append(
                f"{stage}: waits" + (f"; last time: {row.reason} {row.detail}" if row.reason else "")
            )
    return lines


def _article(connection: Connection, key: str) -> list[Section]:
    sources = load_sources(connection)
    stored = load_articles(connection, [key])[key]
    facts = lay_over(stored, load_overlay(connection, key), sources)
    sections = [("As it was read", _reading(facts)), ("Versions", _versions(connection, key, stored.version))]
    aliases = list_aliases(connection, key)
    if aliases:
        sections.append(("Other addresses of it", aliases))
    clips = connection.execute(select(clip).where(clip.c.article == key).order_by(clip.c.at)).all()
    if clips:
        told = [f"{row.name}, brought by {row.who} {_moment(row.at)}, SHA-256 {row.sha256}." for row in clips]
        sections.append(("Imported as a clip", told))
    sections.append(("What models say of it", _models(connection, stored.version)))
    sections.append(("Item and story", _item_and_story(connection, key)))
    sections.append(("Campaigns", _campaigns(connection, key)))
    sections.append(("Coding", _coding(connection, key)))
    decisions = all_decisions(connection, article=key)
    undone = {one.undoes for one in decisions if one.undoes is not None}
    sections.append(("Decisions", [_decision(one, one.id in undone) for one in decisions]))
    return sections


def _reading(facts: Facts) -> list[str]:
    read = facts.stored.article
    named = (
        ""
        if not facts.is_provisional
        else " (provisional: not counted until it has a name, owner and country)"
    )
    return [
        f"Title: {read.title}",
        f"Outlet: {outlet_name(facts.outlet, facts.source)}{named}, edition {facts.edition}, {facts.medium}",
        f"Language: {read.language.tag} ({read.language.confidence:.0%})",
        f"Published: {_date(facts.published)}; in the outlet's calendar {facts.day or 'unknown'}",
        *([f"The date waits for a person: {facts.doubt}."] if facts.doubt else []),
        *([f"Updated: {_date(read.updated)}"] if read.updated else []),
        f"Read by {read.extractor}; {len(read.paragraphs)} paragraphs, {sum(map(len, read.paragraphs))} characters",
        *([f"Notes: {', '.join(read.notes)}"] if read.notes else []),
    ]


def _versions(connection: Connection, key: str, current: str) -> list[str]:
    return [
        f"{number}{' (current)' if number == current else ''}: seen {_moment(first)} to {_moment(last)}, "
        f"SHA-256 {digest[:16]}…, {title}"
        for number, digest, title, first, last in list_versions(connection, key)
    ]


def _models(connection: Connection, version: str) -> list[str]:
    lines = []
    for target, one in sorted(load_translations(connection, [version]).get(version, {}).items()):
        by = "; ".join(
            _by(step["model"], step["revision"], step["engine"], step["label"]) for step in one.made_by
        )
        doubts = f" Doubtful: {', '.join(one.flags)}." if one.flags else ""
        lines.append(
            f"Machine translation into {target} ({'whole text' if one.part == 'whole' else 'headline and lead'}): "
            f"{joined(one.title, target)} – by {by}, {_moment(one.at)}.{doubts}"
        )
    for campaign, tone in sorted(load_tones(connection, [version]).get(version, {}).items()):
        by = _by(tone.made_by.model, tone.made_by.revision, tone.made_by.engine, tone.made_by.label)
        scores = ", ".join(f"{name} {score:.2f}" for name, score in tone.scores.items())
        sure = " It is not sure: a person should look." if tone.is_uncertain else ""
        said = f"{tone.tone} ({scores})" if tone.tone else "no passage names the campaign"
        lines.append(f"Tone for {campaign}, as a machine proposes it: {said} – by {by}.{sure}")
    found = load_topics(connection, [version]).get(version)
    if found is not None:
        by = _by(found.made_by.model, found.made_by.revision, found.made_by.engine, found.made_by.label)
        named = ", ".join(f"{name} {score:.2f}" for name, score in found.found) or "none of the themes"
        lines.append(f"Topics: {named} – by {by}.")
    return lines


def _by(model: str, revision: str, engine: str, label: str) -> str:
    return f"{f'{label} ' if label else ''}{model} {revision[:12]} ({engine})"


def _item_and_story(connection: Connection, key: str) -> list[str]:
    grouping = load_groupings(connection, [key]).get(key)
    if grouping is None:
        return ["Not grouped yet."]
    lines = []
    if grouping.item != key:
        lines.append(
            f"It is the same publication as {_label(connection, grouping.item)}, which stands for the item."
        )
    if grouping.re_run_of is not None:
        lines.append(f"It is a re-run of {_label(connection, grouping.re_run_of)}.")
    members = [one for one in story_members(connection, grouping.story) if one != key]
    lines.append(f"Story {grouping.story}: {len(members)} other article{'' if len(members) == 1 else 's'}.")
    _, edges, decisions = load_component(connection, [key])
    scores = {next(iter({edge.a, edge.b} - {key})): edge for edge in edges if key in (edge.a, edge.b)}
    for member in members:
        edge = scores.get(member)
        merged = [
            one.id for one in decisions if one.kind == "merge" and {one.article, one.value} == {key, member}
        ]
        how = (
            f"{edge.method} {edge.score:.2f}"
            if edge
            else f"decision {merged[0]}"
            if merged
            else "through others"
        )
        lines.append(f"– {_label(connection, member)} ({how})")
    return lines


def _campaigns(connection: Connection, key: str) -> list[str]:
    grouping = load_groupings(connection, [key]).get(key)
    item = grouping.item if grouping is not None else key
    matches = {one.campaign: one for one in list_matches(connection, articles=[key])}
    lines = []
    for name in load_campaigns(connection):
        match = matches.get(name)
        if match is None:
            lines.append(f"{name}: no match.")
        elif match.matched:
            because = ", ".join(match.detail.get("because", ()))
            lines.append(f"{name}: matches in the {match.prominence}, because of {because}.")
        else:
            lines.append(f"{name}: matched once, and no longer does.")
        for facts in item_facts(connection, name, items=[item]):
            place = standing(facts)
            lines.append(f"{name}: {place.kind}. {place.why}")
    return lines


def _coding(connection: Connection, key: str) -> list[str]:
    """What people and the machine say of the item, for each campaign that matches it or for which it is coded."""
    lines = []
    for name in load_campaigns(connection):
        coding = item_coding(connection, key, name)
        if coding.match is None and coding.review is None and coding.tone.decided is None:
            continue
        origin, made = coding.origin.proposed, coding.tone.proposed
        lines += [
            f"{name}: tone: {_word(coding.tone.decided, made.tone if made is not None else None)}.",
            f"{name}: prominence: {_word(coding.prominence.decided, coding.prominence.proposed)}.",
            f"{name}: origin: {_word(coding.origin.decided, origin.origin)}.",
            *(f"{name}: evidence for {one.origin}: {_speaks_for(one)}" for one in origin.evidence),
        ]
        carried: list[tuple[str, str, str | None, Decision | None]] = [
            *(("message", one.message.id, one.carries, one.decided) for one in coding.messages),
            *(("quotation of", one.person.id, one.carries, one.decided) for one in coding.quotes),
        ]
        lines += [
            f"{name}: {what} {which}: {carries}{f' by {decided.who}' if decided is not None else ''}."
            for what, which, carries, decided in carried
            if carries is not None
        ]
    return lines


def _word(decided: Decision | None, proposed: str | None) -> str:
    """A person's word, else the machine's."""
    if decided is not None:
        read = f", from the {decided.basis}" if decided.basis else ""
        return f"{decided.value} ({decided.who}{read}; the machine proposes {proposed or 'nothing'})"
    return f"not coded; the machine proposes {proposed or 'nothing'}"


def _speaks_for(one: OriginEvidence) -> str:
    if one.copy is not None:
        return (
            f"{one.copy.share:.0%} of the text stands in {one.copy.url} of {one.publisher.name}"
            f"{f' of {one.copy.day}' if one.copy.day else ''}."
        )
    if one.release is not None:
        return f"{one.release.share:.0%} of the text stands in the release {one.release.title.best()} of {one.release.day}."
    if one.kind == "credit":
        return f"it credits {one.publisher.name}: “{one.passage}”."
    return f"{one.publisher.name} is {one.publisher.relation}."


def _decision(one: Decision, is_undone: bool) -> str:
    parts = (
        one.value,
        f"for {one.campaign}" if one.campaign else None,
        f"from the {one.basis}" if one.basis else None,
        "as second coder" if one.round == 2 else None,
    )
    about = " ".join(part for part in parts if part)
    undoes = f" (takes back {one.undoes})" if one.undoes is not None else ""
    taken_back = " – taken back" if is_undone else ""
    return f"{one.id}: {one.kind} {about}{undoes}, by {one.who}, {_moment(one.at)}: {one.why}{taken_back}"


def _label(connection: Connection, key: str) -> str:
    stored = load_articles(connection, [key]).get(key)
    return key if stored is None else f"{key} {stored.article.canonical_url}"


def _date(found: FoundDate | None) -> str:
    if found is None:
        return "no date found"
    value = found.at.strftime("%Y-%m-%d %H:%M UTC") if found.at is not None else str(found.day)
    return f"{value} (from {found.origin}: {found.raw!r})"


def _moment(moment: datetime | None) -> str:
    return "never" if moment is None else moment.strftime("%Y-%m-%d %H:%M UTC")
