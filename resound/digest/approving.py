"""What becomes of a draft: looked at, changed, approved, skipped and opened again.

Approving is one write: the decision, what was approved, and a mail for each reader in the outbox stand or fall together, so
that two who approve at a time, or a process that dies, send nothing twice and forget nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce

from sqlalchemy import Connection

from resound.digest.editing import Change, PutFirst, TakeOut, apply_change, remember
from resound.digest.edition import build_edition
from resound.digest.gathering import gather_week
from resound.digest.letter import Composed, compose, write_letter
from resound.digest.model import Edition, Edits
from resound.digest.written import edits_json, fingerprint, pack_edition, read_edits, unpack_edition
from resound.errors import ConflictError, MailError, NotFoundError, ResoundError
from resound.sending.mail import MailServer
from resound.sending.outbox import Mail, write_letters
from resound.sending.weeks import issue_of, last_issue
from resound.settings import UiLanguage
from resound.store import Store
from resound.store.lists import (
    LISTS_HINT,
    NO_LIST,
    Issue,
    MailingList,
    Subscription,
    days_of,
    decide_issue,
    find_issue,
    find_list,
    list_issues,
    list_subscriptions,
    set_edits,
    undecide_issue,
)
from resound.store.outbox import add_letters
from resound.texts import N_
from resound.told import Told

AUTOMATIC = "automatic"
"""Who approved, where the list needs nobody."""
NOBODY_READS = "Nobody reads the list."
"""Why such a list's issue is skipped."""


@dataclass(frozen=True, slots=True)
class Approved:
    """An issue on its way: `mails` are in the outbox."""

    issue: Issue
    edition: Edition
    mails: int


def preview(connection: Connection, issue: Issue, *, now: datetime) -> Edition:
    """An issue as it would be sent now; one that was approved as it was sent.

    Raises:
        NotFoundError: its list or its campaign is gone.
    """
    if issue.body is not None:
        return unpack_edition(issue.body)
    of = known_list(connection, issue.list)
    return _build(connection, of, issue.week, issue.cut_off, issue.days, read_edits(issue.edits), now)


def preview_week(connection: Connection, of: MailingList, week: str, *, now: datetime) -> Edition:
    """Any week of a list, such as 2014-W41: its issue where there is one, else as one that nobody has edited.

    Raises:
        NotFoundError: there is no such week.
    """
    made = next((one for one in list_issues(connection, list_id=of.id) if one.week == week), None)
    if made is not None:
        return preview(connection, made, now=now)
    try:
        due = issue_of(of.plan, week)
    except ValueError as err:
        raise NotFoundError(f"{str(err)[0].upper()}{str(err)[1:]}.") from err
    days = days_of(connection, of, due) or (due.first, due.last)
    return _build(connection, of, due.week, due.cut_off, days, Edits(), now)


def choose_week(connection: Connection, of: MailingList, *, now: datetime) -> str:
    """The week that somebody who names none means: of the newest draft, else the one whose cut-off passed last."""
    drafts = list_issues(connection, list_id=of.id, states=["draft"])
    return drafts[0].week if drafts else last_issue(of.plan, now=now).week


def known_list(connection: Connection, list_id: str) -> MailingList:
    """A list. Raises NotFoundError where there is none of this id."""
    found = find_list(connection, list_id)
    if found is None:
        raise NotFoundError(Told(NO_LIST, id=repr(list_id)), hint=LISTS_HINT)
    return found


def edit_issue(
    store: Store,
    list_id: str,
    week: str,
    change: Change,
    *,
    seen: int | None = None,
    who: str,
    now: datetime,
) -> Edits:
    """Change a draft.

    Args:
        seen: the revision of the edits that the person saw (`Edition.edits`); None: whatever it is.

    Raises:
        NotFoundError: there is no such issue, or what is named stands not in it.
        ConflictError: it is decided already, or somebody else changed it meanwhile.
    """
    with store.read() as connection:
        edition = preview(connection, find_issue(connection, list_id, week), now=now)
    _refuse_unknown(edition, change)
    with store.write() as connection:
        issue = find_issue(connection, list_id, week)
        _refuse_decided(issue)
        edits = read_edits(issue.edits)
        if seen is not None and edits.revision != seen:
            last = edits.history[-1]["who"] if edits.history else ""
            raise ConflictError(
                Told(N_("%(who)s changed this digest meanwhile. Look at it again, then change it."), who=last)
            )
        changed = apply_change(edits, change, who=who, now=now)
        set_edits(connection, issue, edits_json(changed))
    return changed


def obstacles(
    connection: Connection, issue: Issue, *, server: MailServer | None, public_url: str | None
) -> tuple[Told, ...]:
    """Why an issue cannot be approved, in words; none where it can. `server` is None where no mail can be sent."""
    found = []
    if issue.state != "draft":
        found.append(decided(issue))
    if server is None:
        found.append(
            Told(N_("No mail can be sent: RESOUND_SMTP_URL and RESOUND_MAIL_FROM are not both set."))
        )
    if public_url is None:
        found.append(
            Told(
                N_("RESOUND_PUBLIC_URL is not set: without it nobody could unsubscribe, and nothing is sent.")
            )
        )
    if not list_subscriptions(connection, issue.list, only_read=True):
        found.append(Told(N_("Nobody reads the list %(list)s yet: add a reader first."), list=issue.list))
    return tuple(found)


def decided(issue: Issue) -> Told:
    """Who decided on an issue, and when."""
    when = f"{issue.decided_at:%Y-%m-%d %H:%M} UTC" if issue.decided_at is not None else ""
    if issue.state == "skipped" and issue.decided_at is None:  # by whoever restored a backup
        return Told(N_("The digest of %(week)s was skipped."), week=issue.week)
    if issue.state == "skipped":
        return Told(
            N_("The digest of %(week)s was skipped by %(who)s on %(when)s."),
            week=issue.week,
            who=issue.who or "?",
            when=when,
        )
    return Told(
        N_("The digest of %(week)s was approved by %(who)s on %(when)s."),
        week=issue.week,
        who=issue.who or "?",
        when=when,
    )


def approve_issue(
    store: Store,
    list_id: str,
    week: str,
    *,
    server: MailServer | None,
    public_url: str | None,
    who: str,
    seen: str | None = None,
    now: datetime,
) -> Approved:
    """Freeze a draft and put a mail for each reader into the outbox.

    Args:
        server: where mail goes; None where none is set up (`resound.sending.mail.mail_server` says what is missing).
        seen: `fingerprint` of what the person looked at: anything else is not approved. None: whatever it is now.

    Raises:
        NotFoundError: there is no such issue.
        ConflictError: it is decided already, by whom; or it is not what was looked at.
        MailError: no mail can be sent, or nobody could unsubscribe.
        ResoundError: nobody reads the list.
    """
    with store.read() as connection:
        issue = find_issue(connection, list_id, week)
        _refuse_decided(issue)
        reasons = obstacles(connection, issue, server=server, public_url=public_url)
        if server is None or public_url is None:
            raise MailError(_together(reasons))
        if reasons:
            raise ResoundError(_together(reasons))
        of = known_list(connection, list_id)
        edition = preview(connection, issue, now=now)
        readers = list_subscriptions(connection, list_id, only_read=True)
    if seen is not None and fingerprint(edition) != seen:
        raise ConflictError(
            Told(N_("This digest is another one than when you looked at it. Look again, then approve it."))
        )
    press = _Press(edition, of, public_url, server)
    # Writing a thousand mails takes seconds: it is done before anybody has to wait for the write.
    written = dict(
        zip(readers, write_letters(issue.occasion, press.mails(readers), server=server, now=now), strict=True)
    )
    with store.write() as connection:
        now_issue = find_issue(connection, list_id, week)
        _refuse_decided(now_issue)
        if now_issue.edits != issue.edits:
            raise ConflictError(
                Told(N_("Somebody changed this digest just now. Look at it again, then approve it."))
            )
        if not decide_issue(connection, issue, "approved", who=who, body=pack_edition(edition), now=now):
            raise ConflictError(Told(N_("Somebody else decided on this digest just now.")))
        readers = list_subscriptions(connection, list_id, only_read=True)
        if not readers:
            raise ResoundError(Told(N_("Nobody reads this list any more.")))
        new = [one for one in readers if one not in written]  # or changed: another language, say
        written |= dict(
            zip(new, write_letters(issue.occasion, press.mails(new), server=server, now=now), strict=True)
        )
        queued = add_letters(connection, issue.occasion, (written[one] for one in readers), now=now)
        approved = find_issue(connection, list_id, week)
    return Approved(approved, edition, queued)


def skip_issue(store: Store, list_id: str, week: str, *, who: str, why: str, now: datetime) -> Issue:
    """Send nothing for a week. What was published in it is listed in the next issue, as late finds.

    Raises:
        NotFoundError: there is no such issue.
        ConflictError: it is decided already.
        ResoundError: no reason is given.
    """
    if not why.strip():
        raise ResoundError(Told(N_("Say why it is skipped: it stays with the issue.")))
    with store.write() as connection:
        issue = find_issue(connection, list_id, week)
        _refuse_decided(issue)
        decide_issue(connection, issue, "skipped", who=who, why=why.strip(), now=now)
        return find_issue(connection, list_id, week)


def reopen_issue(store: Store, list_id: str, week: str, *, who: str, now: datetime) -> Issue:
    """Make a skipped issue a draft again, until a later one has told what was published in its week.

    Raises:
        NotFoundError: there is no such issue.
        ConflictError: it is not skipped, or what it would tell has been told.
    """
    with store.write() as connection:
        issue = find_issue(connection, list_id, week)
        if issue.state == "draft":
            raise ConflictError(Told(N_("The digest of %(week)s is a draft already."), week=week))
        if issue.state != "skipped":
            raise ConflictError(decided(issue))
        later = told_by(connection, issue)
        if later is not None:
            raise ConflictError(later)
        line = f"reopen; skipped by {issue.who or '?'}: {issue.why}"
        undecide_issue(
            connection, issue, edits_json(remember(read_edits(issue.edits), line, who=who, now=now))
        )
        return find_issue(connection, list_id, week)


def told_by(connection: Connection, issue: Issue) -> Told | None:
    """That a later issue of its list was sent, which listed this one's week as late finds; None where none was."""
    later = [
        one
        for one in list_issues(connection, list_id=issue.list, states=["approved"])
        if one.cut_off > issue.cut_off
    ]
    if not later:
        return None
    return Told(
        N_("What was published in the week of %(week)s stands in the digest of %(later)s, which was sent."),
        week=issue.week,
        later=later[-1].week,
    )


def approve_automatic(
    store: Store, *, server: MailServer | None, public_url: str | None, now: datetime
) -> list[Approved]:
    """Approve the drafts of the lists that need nobody's approval, oldest first; one that nobody reads is skipped.

    Of several schedulers one approves each.

    Raises:
        MailError: drafts wait, because no mail can be sent or one of them cannot be made; all that could be approved are.
    """
    with store.read() as connection:
        drafts = list_issues(connection, states=["draft"])
        wanted = [one for one in reversed(drafts) if _is_automatic(known_list(connection, one.list))]
        readers = {one.list: list_subscriptions(connection, one.list, only_read=True) for one in wanted}
    made, troubles = [], {}
    for one in wanted:
        try:
            if readers[one.list]:
                made.append(
                    approve_issue(
                        store,
                        one.list,
                        one.week,
                        server=server,
                        public_url=public_url,
                        who=AUTOMATIC,
                        now=now,
                    )
                )
            else:
                skip_issue(store, one.list, one.week, who=AUTOMATIC, why=NOBODY_READS, now=now)
        except ConflictError:
            continue  # another scheduler, or a person, was first
        except ResoundError as err:  # of this issue: the others go out
            troubles[str(err)] = one.occasion
    if troubles:
        raise MailError(" ".join(f"{occasion} waits: {reason}" for reason, occasion in troubles.items()))
    return made


def _is_automatic(of: MailingList) -> bool:
    return of.is_automatic and of.is_active


class _Press:
    """Writes each reader's mail; what is the same for all readers of a language is made once."""

    def __init__(self, edition: Edition, of: MailingList, public_url: str, server: MailServer) -> None:
        self._edition, self._of, self._public_url, self._server = edition, of, public_url, server
        self._made: dict[UiLanguage, Composed] = {}

    def of(self, language: UiLanguage) -> Composed:
        """The digest in a language."""
        if language not in self._made:
            self._made[language] = compose(self._edition, language, self._of, public_url=self._public_url)
        return self._made[language]

    def mails(self, readers: Sequence[Subscription]) -> Iterator[Mail]:
        """One each."""
        for one in readers:
            message = write_letter(
                self.of(one.language), one, self._of, public_url=self._public_url, server=self._server
            )
            yield Mail(one.address, message, one.id)


def _build(
    connection: Connection,
    of: MailingList,
    week: str,
    cut_off: datetime,
    days: tuple[date, date],
    edits: Edits,
    now: datetime,
) -> Edition:
    others = [one for one in list_issues(connection, list_id=of.id) if one.week != week]
    # What was said is what was approved, in that order: several drafts may wait, and a later week's be approved first.
    said = sorted((str(one.decided_at), one.cut_off, one.body) for one in others if one.body is not None)
    facts = gather_week(
        connection,
        of.campaign,
        *days,
        week=week,
        earlier=[unpack_edition(body) for _, _, body in said],
        pending=[one.days for one in others if one.state == "draft" and one.cut_off < cut_off],
        skipped=[one.days for one in others if _is_skipped_by_hand(one) and one.cut_off < cut_off],
        now=now,
    )
    return build_edition(facts, edits)


def _is_skipped_by_hand(issue: Issue) -> bool:
    """Not because nobody read the list then, nor because a backup was restored that knows not whether it was sent."""
    return issue.state == "skipped" and issue.decided_at is not None and issue.who != AUTOMATIC


def _refuse_decided(issue: Issue) -> None:
    if issue.state != "draft":
        raise ConflictError(decided(issue))


def _together(reasons: Sequence[Told]) -> Told:
    """Several sentences as one text, in whichever language it is read."""
    return reduce(lambda told, more: Told(N_("%(told)s %(more)s"), told=told, more=more), reasons)


def _refuse_unknown(edition: Edition, change: Change) -> None:
    known = {*edition.items, *edition.late_items}
    named: tuple[str, ...] = ()
    if isinstance(change, TakeOut):
        named = (change.id,)
    elif isinstance(change, PutFirst):
        named = change.stories
    unknown = [one for one in named if one not in known]
    if unknown:
        raise NotFoundError(Told(N_("%(items)s: not in this digest."), items=", ".join(unknown)))
