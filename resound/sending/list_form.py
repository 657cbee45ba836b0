"""A mailing list as the fields of a form, and back. Pure.

Fields: `campaign`, `name`, `id` (a new one only), `zone`, `weekday` (1 is Monday), `time` (08:00), `sending` (approved or
automatic), `approvers` (addresses, one a line).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256

from resound.definitions.form import Form, form_error, line_ends, make_id, unlike
from resound.errors import Problem
from resound.sending.addresses import read_address
from resound.sending.weeks import WeeklyTime
from resound.store.lists import MailingList
from resound.texts import N_
from resound.told import Told

ZONES = (
    "Asia/Taipei", "Asia/Ho_Chi_Minh", "Asia/Bangkok", "Asia/Colombo", "Asia/Dhaka", "Asia/Hong_Kong", "Asia/Jakarta",
    "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Kuala_Lumpur", "Asia/Manila", "Asia/Phnom_Penh", "Asia/Seoul",
    "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Asia/Ulaanbaatar", "Asia/Vientiane", "Europe/Istanbul", "Pacific/Fiji",
    "UTC",
)  # fmt: skip
"""Offered: of the economies in the Asian Productivity Organization. The command line takes every zone."""
RESERVED = frozenset({"preview"})
"""Addresses of pages begin with them."""
MAX_NAME = 200
MAX_APPROVERS = 20
MAX_ID = 80
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def empty_list_form(campaign: str = "") -> Form:
    """A new list's: Monday at eight in Taipei, sent when a person has approved it."""
    plan = {"zone": ZONES[0], "weekday": "1", "time": "08:00"}
    return Form({"campaign": campaign, **plan, "sending": "approved"})


def fill_list_form(of: MailingList) -> Form:
    """The form of a list there is."""
    return Form(
        {
            "campaign": of.campaign,
            "name": of.name,
            "id": of.id,
            "zone": of.plan.zone,
            "weekday": str(of.plan.weekday),
            "time": of.plan.time,
            "sending": "automatic" if of.is_automatic else "approved",
            "approvers": "\n".join(of.approvers),
        }
    )


def read_list_form(
    fields: Mapping[str, str],
    *,
    of: MailingList | None = None,
    campaigns: Collection[str] = (),
    taken: Collection[str] = (),
) -> MailingList:
    """The list that a filled-in form describes.

    Args:
        of: the list that is changed; its id and campaign stay. None for a new one.
        campaigns: those that a new one may be for.
        taken: ids that a new one may not have.

    Raises:
        FormError: something is missing or wrong; each problem stands at its field.
    """
    form = Form({name: line_ends(value).strip() for name, value in fields.items()})
    problems: list[Problem] = []

    def wrong(name: str, pattern: str, **values: str) -> None:
        problems.append(Problem(None, name, Told(pattern, **values), (name,)))

    name = " ".join(form.value("name").split())
    if not name:
        wrong("name", N_("Give it a name: its readers see it."))
    elif len(name) > MAX_NAME or _INVISIBLE.search(name):
        wrong("name", N_("The name is one line of at most 200 characters, without control characters."))
    campaign = form.value("campaign") if of is None else of.campaign
    if of is None and campaign not in campaigns:
        wrong("campaign", N_("Choose a campaign."))
    list_id = (
        of.id if of is not None else form.value("id") or unlike(_make_id(name, campaign), {*taken, *RESERVED})
    )
    if of is None and (not _ID.fullmatch(list_id) or len(list_id) > MAX_ID):
        wrong("id", N_("Small letters, digits and hyphens, at most 80, such as managers-hanoi."))
    elif of is None and (list_id in taken or list_id in RESERVED):
        wrong("id", N_("There is a list of this short name already. Choose another one."))
    plan = _plan(form, wrong_at=lambda field: wrong(field, _WRONG_TIME[field]))
    approvers: list[str] = []
    for line in re.split(r"[\s,;]+", form.value("approvers")):
        try:
            address = read_address(line) if line else ""
        except ValueError:
            wrong(
                "approvers",
                N_("%(text)s is no mail address such as press@example.org."),
                text=repr(line[:100]),
            )
            continue
        if address and address not in approvers:
            approvers.append(address)
    if len(approvers) > MAX_APPROVERS:
        wrong("approvers", N_("At most 20 people can be asked."))
    if form.value("sending") not in ("approved", "automatic"):
        wrong("sending", N_("Choose whether a person approves each issue."))
    if problems or plan is None:
        raise form_error(form, problems, lambda loc: str(loc[0]))
    is_automatic = form.value("sending") == "automatic"
    if of is None:
        return MailingList(list_id, campaign, name, plan, is_automatic, approvers=tuple(approvers))
    return MailingList(of.id, of.campaign, name, plan, is_automatic, of.is_active, of.since, tuple(approvers))


def state_of(of: MailingList) -> str:
    """Changes whenever anything of a list does that its form shows: who edits says which state they saw."""
    return sha256(repr(sorted(fill_list_form(of).fields.items())).encode()).hexdigest()[:16]


_WRONG_TIME = {
    "weekday": N_("Choose a day of the week."),
    "time": N_("Write the hour as 08:00."),
    "zone": N_("Choose a time zone."),
}


def _plan(form: Form, *, wrong_at: Callable[[str], None]) -> WeeklyTime | None:
    """None where a part of it is wrong; each is tried beside good ones, so that all that are wrong are told."""
    given = form.value("weekday")
    weekday = int(given) if given in ("1", "2", "3", "4", "5", "6", "7") else 0
    time = (
        form.value("time").removesuffix(":00") if form.value("time").count(":") == 2 else form.value("time")
    )
    zone = form.value("zone")
    tries = {"weekday": (weekday, "08:00", "UTC"), "time": (1, time, "UTC"), "zone": (1, "08:00", zone)}
    wrong = [name for name, parts in tries.items() if not _is_plan(*parts)]
    for name in wrong:
        wrong_at(name)
    return None if wrong else WeeklyTime(weekday, time, zone)


def _is_plan(weekday: int, time: str, zone: str) -> bool:
    try:
        WeeklyTime(weekday, time, zone)
    except ValueError:
        return False
    return True


def _make_id(name: str, campaign: str) -> str:
    """Of a Chinese name nothing is left: then the campaign's id stands for it."""
    return make_id([name, campaign]) or "list"
