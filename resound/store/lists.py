"""Mailing lists, who reads them, and the weekly issues that they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, update

from resound.errors import ConflictError, NotFoundError
from resound.sending.weeks import DueIssue, WeeklyTime, due_issues, free_days
from resound.store.database import insert_new
from resound.store.tables import issue, mailing_list, subscription
from resound.texts import N_
from resound.told import Told

NO_LIST = N_("There is no list %(id)s.")
LISTS_HINT = "`resound lists show` names all."

if TYPE_CHECKING:
    from resound.settings import UiLanguage

IssueState = Literal["draft", "approved", "skipped"]
Ending = Literal["unsubscribed", "bounced", "complained", "removed"]
ENDINGS: tuple[Ending, ...] = ("unsubscribed", "bounced", "complained", "removed")


@dataclass(frozen=True, slots=True)
class MailingList:
    """Who gets a campaign's digest, and when. `since`: weeks with a later cut-off have issues; None: from the next look on."""

    id: str
    campaign: str
    name: str
    plan: WeeklyTime
    is_automatic: bool
    is_active: bool = True
    since: datetime | None = None
    approvers: tuple[str, ...] = ()
    """Addresses that are told of a draft; they approve it as the people they sign in as."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One reader of one list. `key` signs its links and is not to be shown. Mail goes to those who `is_read`."""

    id: int
    list: str
    address: str
    name: str
    language: UiLanguage
    key: str
    asked_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    ended_by: Ending | None
    who: str
    why: str

    @property
    def is_read(self) -> bool:
        """Whether it was confirmed and has not ended."""
        return self.confirmed_at is not None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class Issue:
    """One list's digest of one week. How its sending goes is in the outbox, under `occasion`."""

    id: int
    list: str
    week: str
    zone: str
    cut_off: datetime
    state: IssueState
    at: datetime
    decided_at: datetime | None
    who: str
    why: str
    edits: Mapping[str, Any] = field(default_factory=dict)
    """What a person changed of the draft."""
    body: bytes | None = None
    """What was approved, packed; None while nobody has decided."""
    first_day: date | None = None
    last_day: date | None = None
    """What it is about; None in issues that were made before this was written down."""

    @property
    def occasion(self) -> str:
        """What its mails are sent for."""
        return f"issue/{self.list}/{self.week}"

    @property
    def days(self) -> tuple[date, date]:
        """First and last day (inclusive) that it is about: the seven before the cut-off's day in its zone, unless others told some."""
        if self.first_day is not None and self.last_day is not None:
            return self.first_day, self.last_day
        day = self.cut_off.astimezone(ZoneInfo(self.zone)).date()
        return day - timedelta(days=7), day - timedelta(days=1)


def add_list(connection: Connection, new: MailingList, *, now: datetime) -> None:
    """Make a list; its first issue is the one of its next cut-off. Raises ConflictError where there is one of this id."""
    if find_list(connection, new.id) is not None:
        raise ConflictError(f"There is a list {new.id!r} already.")
    connection.execute(
        mailing_list.insert().values(
            id=new.id,
            campaign=new.campaign,
            name=new.name,
            zone=new.plan.zone,
            weekday=new.plan.weekday,
            time=new.plan.time,
            is_automatic=new.is_automatic,
            is_active=new.is_active,
            since=new.since or now,
            at=now,
            approvers=list(new.approvers),
        )
    )


def change_list(connection: Connection, new: MailingList) -> None:
    """Another name, hour, way of approval or other approvers; campaign, state and past issues stay.

    Raises:
        NotFoundError: there is no such list.
    """
    changed = connection.execute(
        update(mailing_list)
        .where(mailing_list.c.id == new.id)
        .values(
            name=new.name,
            zone=new.plan.zone,
            weekday=new.plan.weekday,
            time=new.plan.time,
            is_automatic=new.is_automatic,
            approvers=list(new.approvers),
        )
    )
    if changed.rowcount != 1:
        raise NotFoundError(Told(NO_LIST, id=repr(new.id)), hint=LISTS_HINT)


def find_list(connection: Connection, list_id: str) -> MailingList | None:
    """A list, where there is one of this id."""
    row = connection.execute(select(mailing_list).where(mailing_list.c.id == list_id)).first()
    return None if row is None else _list(row)


def load_lists(connection: Connection, *, campaign: str | None = None) -> list[MailingList]:
    """Every list, by id."""
    statement = select(mailing_list).order_by(mailing_list.c.id)
    if campaign is not None:
        statement = statement.where(mailing_list.c.campaign == campaign)
    return [_list(row) for row in connection.execute(statement)]


def set_approvers(connection: Connection, list_id: str, approvers: Sequence[str]) -> None:
    """Say who is told of its drafts. Raises NotFoundError where there is no such list."""
    changed = connection.execute(
        update(mailing_list).where(mailing_list.c.id == list_id).values(approvers=list(approvers))
    )
    if changed.rowcount != 1:
        raise NotFoundError(Told(NO_LIST, id=repr(list_id)), hint=LISTS_HINT)


def set_active(connection: Connection, list_id: str, is_active: bool) -> None:
    """Stop a list, or let it go on from the scheduler's next look: weeks that passed meanwhile have no issue.

    Raises:
        NotFoundError: there is no such list.
    """
    changed = connection.execute(
        update(mailing_list).where(mailing_list.c.id == list_id).values(is_active=is_active, since=None)
    )
    if changed.rowcount != 1:
        raise NotFoundError(Told(NO_LIST, id=repr(list_id)), hint=LISTS_HINT)


def open_issues(connection: Connection, *, now: datetime) -> list[Issue]:
    """Make the issues of all active lists that are due and not made yet. Those that are new, as drafts.

    In a write: of several schedulers one makes each issue, and a unique key would refuse a second one.
    """
    opened = []
    for one in load_lists(connection):
        if not one.is_active:
            continue
        if one.since is None:
            connection.execute(update(mailing_list).where(mailing_list.c.id == one.id).values(since=now))
            continue
        made = set(connection.execute(select(issue.c.week).where(issue.c.list == one.id)).scalars())
        for due in due_issues(one.plan, now=now, since=one.since, made=made):
            days = days_of(connection, one, due)
            if days is not None:
                _open(connection, one, due, days, now)
                opened.append(find_issue(connection, one.id, due.week))
    return opened


def days_of(connection: Connection, of: MailingList, due: DueIssue) -> tuple[date, date] | None:
    """First and last day of an issue that is not made yet; None where the list's other issues tell all of its days."""
    return free_days(due, (one.days for one in list_issues(connection, list_id=of.id)))


def open_issue(connection: Connection, of: MailingList, due: DueIssue, *, now: datetime) -> Issue:
    """Make the issue of any week, as a draft, whether it is due or not. Raises ConflictError where there is one already.

    Or where the list's other issues tell all of its days.
    """
    made = connection.execute(
        select(issue.c.id).where(issue.c.list == of.id, issue.c.week == due.week)
    ).first()
    if made is not None:
        raise ConflictError(f"The list {of.id!r} has an issue of {due.week} already.")
    days = days_of(connection, of, due)
    if days is None:
        raise ConflictError(f"Every day of {due.week} stands in another issue of the list {of.id!r}.")
    _open(connection, of, due, days, now)
    return find_issue(connection, of.id, due.week)


def find_issue(connection: Connection, list_id: str, week: str) -> Issue:
    """An issue. Raises NotFoundError where there is none."""
    row = connection.execute(select(issue).where(issue.c.list == list_id, issue.c.week == week)).first()
    if row is None:
        raise NotFoundError(f"The list {list_id!r} has no issue of {week}.")
    return _issue(row)


def list_issues(
    connection: Connection, *, list_id: str | None = None, states: Sequence[IssueState] = ()
) -> list[Issue]:
    """Issues, the newest cut-off first; of one list, in some states."""
    statement = select(issue).order_by(issue.c.cut_off.desc(), issue.c.list)
    if list_id is not None:
        statement = statement.where(issue.c.list == list_id)
    if states:
        statement = statement.where(issue.c.state.in_(list(states)))
    return [_issue(row) for row in connection.execute(statement)]


def decide_issue(
    connection: Connection,
    of: Issue,
    state: IssueState,
    *,
    who: str,
    why: str = "",
    body: bytes | None = None,
    now: datetime,
) -> bool:
    """Take an issue from the state that the caller saw to another. False where somebody else was first: then do nothing.

    Args:
        body: what was approved, packed.
    """
    changed = connection.execute(
        update(issue)
        .where(issue.c.id == of.id, issue.c.state == of.state)
        .values(state=state, who=who, why=why, body=body, decided_at=now)
    )
    return changed.rowcount == 1


def undecide_issue(connection: Connection, of: Issue, edits: Mapping[str, Any]) -> bool:
    """Make a skipped issue a draft again. False where somebody else was first."""
    changed = connection.execute(
        update(issue)
        .where(issue.c.id == of.id, issue.c.state == "skipped")
        .values(state="draft", who="", why="", decided_at=None, edits=dict(edits))
    )
    return changed.rowcount == 1


def set_edits(connection: Connection, of: Issue, edits: Mapping[str, Any]) -> None:
    """Store what a person changed of a draft, in the write that looked at it."""
    connection.execute(update(issue).where(issue.c.id == of.id).values(edits=dict(edits)))


def doubt_issues(connection: Connection, *, reason: str) -> None:
    """In a copy of a store, whose original may have sent them meanwhile: drafts are skipped, and lists begin anew."""
    connection.execute(update(issue).where(issue.c.state == "draft").values(state="skipped", why=reason))
    connection.execute(update(mailing_list).values(since=None))


def save_subscription(connection: Connection, wanted: Subscription) -> Subscription:
    """Store one whose `id` is 0, or change the one that it names. As it is then."""
    values = {one.name: getattr(wanted, one.name) for one in subscription.c if one.name != "id"}
    if wanted.id:
        connection.execute(update(subscription).where(subscription.c.id == wanted.id).values(**values))
        return wanted
    insert_new(connection, subscription, [values])
    made = find_subscription(connection, wanted.list, wanted.address)
    if made is None or made.key != wanted.key:
        raise ConflictError(f"{wanted.address} is on the list {wanted.list!r} already.")
    return replace(wanted, id=made.id)


def find_subscription(connection: Connection, list_id: str, address: str) -> Subscription | None:
    """The one of an address (as `read_address` gives it), whatever became of it."""
    where = (subscription.c.list == list_id, subscription.c.address == address)
    row = connection.execute(select(subscription).where(*where)).first()
    return None if row is None else Subscription(**row._mapping)


def load_subscription(connection: Connection, subscription_id: int) -> Subscription | None:
    """The one of this number."""
    row = connection.execute(select(subscription).where(subscription.c.id == subscription_id)).first()
    return None if row is None else Subscription(**row._mapping)


def list_subscriptions(
    connection: Connection, list_id: str, *, only_read: bool = False
) -> list[Subscription]:
    """Everybody who is or was on a list, by address; with `only_read` those to whom mail goes."""
    statement = select(subscription).where(subscription.c.list == list_id).order_by(subscription.c.address)
    found = [Subscription(**row._mapping) for row in connection.execute(statement)]
    return [one for one in found if one.is_read or not only_read]


def count_readers(connection: Connection) -> dict[str, int]:
    """list → how many read it."""
    rows = connection.execute(
        select(subscription.c.list, func.count())
        .where(subscription.c.confirmed_at.is_not(None), subscription.c.ended_at.is_(None))
        .group_by(subscription.c.list)
    )
    return {row[0]: int(row[1]) for row in rows}


def _open(
    connection: Connection, of: MailingList, due: DueIssue, days: tuple[date, date], now: datetime
) -> None:
    values: dict[str, Any] = {
        "list": of.id,
        "week": due.week,
        "zone": of.plan.zone,
        "cut_off": due.cut_off,
        "state": "draft",
        "at": now,
        "who": "",
        "why": "",
        "edits": {},
        "first_day": days[0].isoformat(),
        "last_day": days[1].isoformat(),
    }
    connection.execute(issue.insert().values(**values))


def _issue(row: Any) -> Issue:
    days = {
        name: None if row._mapping[name] is None else date.fromisoformat(row._mapping[name])
        for name in ("first_day", "last_day")
    }
    return Issue(**{**row._mapping, **days})


def _list(row: Any) -> MailingList:
    return MailingList(
        row.id,
        row.campaign,
        row.name,
        WeeklyTime(row.weekday, row.time, row.zone),
        row.is_automatic,
        row.is_active,
        row.since,
        tuple(row.approvers),
    )
