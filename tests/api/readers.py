"""Mailing lists and their readers, for tests of the pages about them."""

from __future__ import annotations

from datetime import datetime

from resound.sending.subscribing import subscribe
from resound.sending.weeks import WeeklyTime
from resound.settings import UiLanguage
from resound.store import Store
from resound.store.lists import MailingList, Subscription, add_list
from tests.resound.staff import NOW


def make_list(
    store: Store,
    list_id: str = "managers",
    campaign: str = "blue-drop",
    *,
    now: datetime = NOW,
    name: str = "Managers in Hanoi",
    plan: WeeklyTime | None = None,
    is_automatic: bool = False,
    approvers: tuple[str, ...] = (),
) -> MailingList:
    """A list whose week ends on Monday at eight in Taipei."""
    plan = plan or WeeklyTime(1, "08:00", "Asia/Taipei")
    made = MailingList(list_id, campaign, name, plan, is_automatic, approvers=approvers)
    with store.write() as connection:
        add_list(connection, made, now=now)
    return made


def add_reader(
    store: Store,
    address: str = "lin@cpc.example",
    list_id: str = "managers",
    *,
    language: UiLanguage = "zh-Hant",
    is_confirmed: bool = True,
    now: datetime = NOW,
) -> Subscription:
    """Somebody who reads it, or has yet to say so."""
    with store.write() as connection:
        return subscribe(
            connection,
            list_id,
            address,
            language=language,
            who="test" if is_confirmed else "",
            why="signed a form" if is_confirmed else "",
            is_confirmed=is_confirmed,
            now=now,
        )
