"""From a draft to each reader's mail: once, whoever approves and however often; late finds and corrections in the next issue."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from resound.coding import deciding
from resound.coverage.figures import campaign_figures
from resound.digest import approving
from resound.digest.approving import (
    AUTOMATIC,
    Approved,
    approve_automatic,
    approve_issue,
    choose_week,
    edit_issue,
    obstacles,
    preview,
    preview_week,
    reopen_issue,
    skip_issue,
)
from resound.digest.counted_words import CountedWords
from resound.digest.editing import PutFirst, SetNote, TakeOut
from resound.digest.model import Edition
from resound.digest.telling import queue_confirmation, tell_approvers
from resound.digest.written import fingerprint, read_edits
from resound.errors import ConflictError, MailError, NotFoundError, ResoundError
from resound.sending.outbox import send_waiting
from resound.sending.subscribing import confirm, end, subscribe
from resound.sending.weeks import WeeklyTime, issue_of
from resound.store import Store, lists, open_store
from resound.store.lists import MailingList
from resound.store.outbox import Letter, count_states
from resound.words import words
from tests.resound.digest.week import PUBLIC, SERVER
from tests.resound.mailroom import open_mailroom
from tests.resound.newsdesk import OWN, apply, campaign, put, source

pytestmark = pytest.mark.slow_on_postgres
PLAN = WeeklyTime(1, "08:00", "Asia/Taipei")
NOW = datetime(2014, 10, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
FIRST, SECOND = "2014-W41", "2014-W42"
"""About 29 September to 5 October, and the week after."""


@pytest.fixture
def store(store_address: str) -> Iterator[Store]:
    opened = open_store(store_address)
    apply(
        opened,
        source("herald"),
        source("courier"),
        campaign(window={"first": "2014-09-01", "last": "2014-12-31"}),
    )
    with opened.write() as connection:
        made = MailingList("managers", "c", "Managers", PLAN, False, approvers=("officer@cpc.example",))
        lists.add_list(connection, made, now=NOW)
        for week in (FIRST, SECOND):
            lists.open_issue(connection, made, issue_of(PLAN, week), now=NOW)
    yield opened
    opened.close()


def join(store: Store, *languages: str) -> None:
    with store.write() as connection:
        for number, language in enumerate(languages):
            subscribe(
                connection,
                "managers",
                f"r{number}@reader.example",
                language=language,  # type: ignore[arg-type]
                who="t",
                why="asked",
                is_confirmed=True,
                now=NOW,
            )


def say(store: Store, key: str, kind: str = "accept") -> None:
    with store.write() as connection:
        deciding.decide(connection, key, kind, campaign="c", why="t", who="lin", now=NOW)  # type: ignore[arg-type]


def look(store: Store, week: str = FIRST, now: datetime = NOW) -> Edition:
    with store.read() as connection:
        return preview(connection, lists.find_issue(connection, "managers", week), now=now)


def approve(store: Store, week: str = FIRST, now: datetime = NOW, **more: object) -> Approved:
    options: dict[str, object] = {"server": SERVER, "public_url": PUBLIC, "who": "lin", **more}
    return approve_issue(store, "managers", week, now=now, **options)  # type: ignore[arg-type]


def test_a_draft_is_built_now_and_an_approved_issue_stays_as_it_was(store: Store) -> None:
    join(store, "en")
    one = put(store, "herald", 1)
    say(store, one)
    before = look(store)
    assert (before.items, before.counts.items, before.first, before.last) == (
        (one,),
        1,
        date(2014, 9, 29),
        date(2014, 10, 5),
    )
    done = approve(store)
    assert (done.mails, done.issue.state, done.issue.who) == (1, "approved", "lin")
    say(store, put(store, "courier", 2, OWN))
    assert look(store, now=NOW + WEEK) == done.edition, "what was sent is shown again as it was sent"
    assert fingerprint(done.edition) == fingerprint(before)


def test_what_came_late_corrects_its_week_in_the_next_issue_only(store: Store) -> None:
    join(store, "en")
    one, wrong = put(store, "herald", 1), put(store, "courier", 2, OWN)
    say(store, one)
    say(store, wrong)
    approve(store)
    late = put(
        store, "courier", 3, "A green team came, and nothing of it was like the others.", seen=NOW + HOUR
    )
    new = put(store, "herald", 4, "What a green team does in October.", hours=24 * 5, seen=NOW + HOUR)
    say(store, late)
    say(store, new)
    say(store, wrong, "reject")
    made = look(store, SECOND, NOW + WEEK)
    assert made.items == (new,)
    assert (made.before.items, made.counts.items) == (2, 1)
    assert [story.id for week in made.late for story in week.stories] == [late]
    (fixed,) = made.corrections
    assert (fixed.week, fixed.said.items, fixed.now.items) == (FIRST, 2, 2)
    assert [(gain.item, gain.why) for gain in fixed.added] == [(late, "found-later")]
    assert [(loss.item, loss.why) for loss in fixed.removed] == [(wrong, "rejected")]
    approve(store, SECOND, NOW + WEEK)
    with store.read() as connection:
        of = lists.find_list(connection, "managers")
        assert of is not None
        third = preview_week(connection, of, "2014-W43", now=NOW + 2 * WEEK)
    assert (third.late, third.corrections) == ((), ()), "it is said once"


def test_of_two_drafts_the_later_one_approved_first_says_a_correction_alone(store: Store) -> None:
    third = "2014-W43"
    with store.write() as connection:
        of = lists.find_list(connection, "managers")
        assert of is not None
        lists.open_issue(connection, of, issue_of(PLAN, third), now=NOW)
    join(store, "en")
    say(store, put(store, "herald", 1))
    approve(store)
    late = put(
        store, "courier", 3, "A green team came, and nothing of it was like the others.", seen=NOW + HOUR
    )
    say(store, late)
    newest = approve(store, third, NOW + 2 * WEEK).edition
    assert newest.late_items == (late,)
    assert [one.week for one in newest.corrections] == [FIRST]
    made = look(store, SECOND, NOW + 2 * WEEK + HOUR)
    assert (made.late, made.corrections) == ((), ())


def test_an_earlier_address_of_what_was_told_is_no_late_find(store: Store) -> None:
    join(store, "en")
    one = put(store, "herald", 1, hours=5)
    say(store, one)
    told = approve(store)
    assert told.edition.items == (one,)
    put(store, "herald", 2, hours=3, seen=NOW + HOUR)
    with store.read() as connection:
        now = campaign_figures(connection, "c", by=(), now=NOW + WEEK)
    assert now.counts.items == 1
    assert now.lists["counted"] != (one,), "the first publication stands for an item"
    made = look(store, SECOND, NOW + WEEK)
    assert (made.late, made.corrections) == ((), ())


def test_an_unreviewed_match_stands_beside_the_counts(store: Store) -> None:
    put(store, "herald", 1)
    made = look(store)
    assert (made.counts.items, made.beside["unreviewed"]) == (0, 1)


def test_a_day_is_the_outlets_own(store: Store) -> None:
    """23:30 on Sunday in Ho Chi Minh City is 16:30 UTC; half an hour later there is Monday, and the next week's."""
    sunday = put(store, "herald", 1, hours=24 * 3 + 13.5)
    monday = put(store, "courier", 2, OWN, hours=24 * 3 + 14)
    say(store, sunday)
    say(store, monday)
    assert look(store).items == (sunday,)
    assert look(store, SECOND).items == (monday,)


@pytest.mark.parametrize(
    ("zone", "cut_off"), [("Europe/London", "2014-10-27 02:00"), ("America/New_York", "2014-11-03 03:00")]
)
def test_weeks_in_which_the_clock_is_set_back_have_seven_days(store: Store, zone: str, cut_off: str) -> None:
    plan = WeeklyTime(1, "01:30", zone)
    year, number, _ = date.fromisoformat(cut_off[:10]).isocalendar()
    due = issue_of(plan, f"{year}-W{number}")
    with store.write() as connection:
        of = MailingList("other", "c", "Other", plan, False)
        lists.add_list(connection, of, now=NOW)
        made = lists.open_issue(connection, of, due, now=NOW)
        assert made.days == (due.first, due.last)
        assert (due.last - due.first).days == 6
        with pytest.raises(ConflictError, match="already"):
            lists.open_issue(connection, of, due, now=NOW)


def test_after_another_weekday_no_day_is_told_twice(store: Store) -> None:
    say(store, put(store, "herald", 1))  # 2 October: in the first issue
    with store.write() as connection:
        of = approving.known_list(connection, "managers")
        lists.change_list(connection, replace(of, plan=replace(of.plan, weekday=5)))
        changed = approving.known_list(connection, "managers")
        third = lists.open_issue(connection, changed, issue_of(changed.plan, "2014-W43"), now=NOW)
        assert third.days == (date(2014, 10, 13), date(2014, 10, 23))
        shown = preview_week(connection, changed, "2014-W44", now=NOW)
    assert (shown.first, shown.last) == (date(2014, 10, 24), date(2014, 10, 30))
    edition = look(store, "2014-W43")
    assert (edition.first, edition.last) == third.days
    assert edition.before.items == 1, "eleven days are compared with the eleven before"
    assert CountedWords(edition, words("en")).heads == ("These 11 days", "11 days before")
    assert CountedWords(look(store), words("en")).heads == ("This week", "Week before")


def test_what_stands_in_the_way_is_said(store: Store) -> None:
    say(store, put(store, "herald", 1))
    with store.read() as connection:
        found = obstacles(
            connection, lists.find_issue(connection, "managers", FIRST), server=None, public_url=None
        )
    assert [one.split(":")[0] for one in found] == [
        "No mail can be sent",
        "RESOUND_PUBLIC_URL is not set",
        "Nobody reads the list managers yet",
    ]
    assert words("vi").told(found[2]) == "Danh sách managers chưa có người nhận: hãy thêm người nhận trước."
    with pytest.raises(MailError, match="RESOUND_SMTP_URL") as refused:
        approve(store, server=None)
    told = words("zh-Hant").told(refused.value.args[0])
    assert told.startswith("無法寄送郵件：")
    assert told.endswith(words("zh-Hant").told(found[2])), "all three, one after another"
    with pytest.raises(MailError, match="nobody could unsubscribe"):
        approve(store, public_url=None)
    with pytest.raises(ResoundError, match="Nobody reads the list"):
        approve(store)
    join(store, "vi")
    approve(store)
    with pytest.raises(ConflictError, match="approved by lin on 2014-10-06 01:00 UTC"):
        approve(store)
    with pytest.raises(ConflictError, match="approved by lin"):
        skip_issue(store, "managers", FIRST, who="lin", why="x", now=NOW)
    with pytest.raises(NotFoundError):
        approve(store, "2014-W50")
    with store.read() as connection:
        assert count_states(connection) == {"queued": 1}


def test_what_was_not_looked_at_is_not_approved(store: Store) -> None:
    join(store, "en")
    say(store, put(store, "herald", 1))
    seen = fingerprint(look(store))
    say(store, put(store, "courier", 2, OWN))
    with pytest.raises(ConflictError, match="another one than when you looked at it"):
        approve(store, seen=seen)
    assert approve(store, seen=fingerprint(look(store))).mails == 1


def test_changes_are_made_one_after_another_and_never_over_each_other(store: Store) -> None:
    join(store, "en")
    one, two = put(store, "herald", 1), put(store, "courier", 2, OWN)
    say(store, one)
    say(store, two)
    seen = look(store).edits
    edit_issue(store, "managers", FIRST, TakeOut("item", one, "old"), seen=seen, who="lin", now=NOW)
    with pytest.raises(ConflictError, match="lin changed this digest meanwhile"):
        edit_issue(store, "managers", FIRST, SetNote("x"), seen=seen, who="tran", now=NOW)
    with pytest.raises(NotFoundError, match="nothing: not in this digest"):
        edit_issue(store, "managers", FIRST, PutFirst(("nothing",)), who="tran", now=NOW)
    edit_issue(store, "managers", FIRST, SetNote("Hello"), seen=seen + 1, who="tran", now=NOW)
    made = look(store)
    assert (made.not_shown, made.counts.items, made.note and made.note.who) == (1, 2, "tran")
    say(store, one, "reject")
    lost = look(store).lost_edits
    assert [(edit.what, edit.id, edit.who, edit.why) for edit in lost] == [("drop", one, "lin", "old")]
    approve(store)
    with pytest.raises(ConflictError, match="approved by lin"):
        edit_issue(store, "managers", FIRST, SetNote("late"), who="lin", now=NOW)


def test_a_skipped_week_is_told_late(store: Store) -> None:
    join(store, "en")
    missed = put(store, "herald", 1)
    say(store, missed)
    with pytest.raises(ResoundError, match="Say why"):
        skip_issue(store, "managers", FIRST, who="lin", why=" ", now=NOW)
    assert look(store, SECOND).beside["pending"] == 1
    made = skip_issue(store, "managers", FIRST, who="lin", why="a holiday", now=NOW)
    assert (made.state, made.who, made.why) == ("skipped", "lin", "a holiday")
    assert look(store, SECOND).late_items == (missed,), "as the page says where a week is skipped"
    assert look(store, SECOND).beside == {**look(store, SECOND).beside, "pending": 0, "older": 0}
    with store.read() as connection:
        assert count_states(connection) == {}


def test_a_skipped_week_is_a_draft_again_until_a_later_one_told_it(store: Store) -> None:
    join(store, "en")
    say(store, put(store, "herald", 1))
    with pytest.raises(ConflictError, match="is a draft already"):
        reopen_issue(store, "managers", FIRST, who="mai", now=NOW)
    skip_issue(store, "managers", FIRST, who="lin", why="a holiday", now=NOW)
    again = reopen_issue(store, "managers", FIRST, who="mai", now=NOW)
    assert (again.state, again.who, again.why, again.decided_at) == ("draft", "", "", None)
    (line,) = read_edits(again.edits).history
    assert (line["who"], line["what"]) == ("mai", "reopen; skipped by lin: a holiday"), "who skipped it stays"
    assert look(store, SECOND).late_items == ()
    approve(store)
    with pytest.raises(ConflictError, match="approved by lin"):
        reopen_issue(store, "managers", FIRST, who="mai", now=NOW)


def test_a_skipped_week_whose_news_was_told_since_stays_skipped(store: Store) -> None:
    join(store, "en")
    say(store, put(store, "herald", 1))
    skip_issue(store, "managers", FIRST, who="lin", why="a holiday", now=NOW)
    approve(store, SECOND)
    with pytest.raises(ConflictError, match=f"stands in the digest of {SECOND}"):
        reopen_issue(store, "managers", FIRST, who="mai", now=NOW)
    with store.read() as connection:
        assert lists.find_issue(connection, "managers", FIRST).state == "skipped"


def test_a_lists_first_week_is_told_late_where_a_person_skipped_it(store: Store) -> None:
    join(store, "en")
    missed, new = put(store, "herald", 1), put(store, "courier", 2, OWN, hours=24 * 5)
    older = put(store, "courier", 3, "Long before, and nothing like the others.", hours=-24 * 9)
    for key in (missed, new, older):
        say(store, key)
    skip_issue(store, "managers", FIRST, who="lin", why="a holiday", now=NOW)
    made = look(store, SECOND, NOW + WEEK)
    assert (made.items, made.late_items, made.beside["older"]) == ((new,), (missed,), 1)
    with store.write() as connection:
        lists.add_list(connection, MailingList("auto", "c", "Auto", PLAN, True), now=NOW)
        of = lists.find_list(connection, "auto")
        assert of is not None
        for week in (FIRST, SECOND):
            lists.open_issue(connection, of, issue_of(PLAN, week), now=NOW)
    skip_issue(store, "auto", FIRST, who=AUTOMATIC, why="nobody", now=NOW)
    with store.read() as connection:
        first = preview(connection, lists.find_issue(connection, "auto", SECOND), now=NOW + WEEK)
    assert first.late_items == (), "who comes to a list does not get what was before"


def test_each_reader_gets_one_mail_in_their_language(store: Store) -> None:
    join(store, "en", "zh-Hant", "vi", "vi")
    say(store, put(store, "herald", 1, title="Đội Xanh ký bản ghi nhớ"))
    with store.write() as connection:
        left = lists.find_subscription(connection, "managers", "r3@reader.example")
        assert left is not None
        end(connection, left, "unsubscribed", who="", now=NOW)
    with open_mailroom() as room:
        approve(store, server=room.server)
        send_waiting(store, room.server, clock=lambda: NOW)
        assert room.counts() == Counter({f"r{number}@reader.example": 1 for number in range(3)})
        subjects = {}
        for at in range(3):
            read = room.read(at)
            subjects[str(read["To"])] = str(read["Subject"])
            text = read.get_body(preferencelist=("plain",))
            assert text is not None
            assert "Đội Xanh ký bản ghi nhớ" in text.get_content()
    assert subjects == {
        "r0@reader.example": "C: at least 1 item, 29 Sept – 5 Oct 2014",
        "r1@reader.example": "C：至少 1 則報導，2014年9月29日至10月5日",
        "r2@reader.example": "C: ít nhất 1 tin bài, 29 thg 9 – 5 thg 10, 2014",
    }


def test_two_who_approve_at_a_time_send_one_mail_each(store: Store) -> None:
    join(store, *["en"] * 5)
    say(store, put(store, "herald", 1))
    gate = threading.Barrier(4)
    won: list[str] = []

    def run(who: str) -> None:
        gate.wait()
        with suppress(ConflictError):
            approve(store, who=who)
            won.append(who)

    people = [threading.Thread(target=run, args=(f"p{number}",)) for number in range(4)]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    with store.read() as connection:
        assert lists.find_issue(connection, "managers", FIRST).who == won[0]
        assert count_states(connection) == {"queued": 5}
    assert len(won) == 1


def make_automatic(store: Store, *, active: bool = True) -> None:
    with store.write() as connection:
        lists.add_list(connection, MailingList("auto", "c", "Auto", PLAN, True, is_active=active), now=NOW)
        made = lists.find_list(connection, "auto")
        assert made is not None
        lists.open_issue(connection, made, issue_of(PLAN, FIRST), now=NOW)


def test_an_automatic_list_needs_nobody_and_two_schedulers_send_once(store: Store) -> None:
    make_automatic(store)
    with store.write() as connection:
        subscribe(
            connection, "auto", "a@b.example", language="en", who="t", why="asked", is_confirmed=True, now=NOW
        )
    with pytest.raises(MailError, match="issue/auto/2014-W41 waits: No mail can be sent"):
        approve_automatic(store, server=None, public_url=PUBLIC, now=NOW)
    done: list[Approved] = []
    gate = threading.Barrier(2)

    def run() -> None:
        gate.wait()
        done.extend(approve_automatic(store, server=SERVER, public_url=PUBLIC, now=NOW))

    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert [(one.issue.list, one.issue.who, one.mails) for one in done] == [("auto", AUTOMATIC, 1)]
    with store.read() as connection:
        assert count_states(connection) == {"queued": 1}
        assert lists.find_issue(connection, "managers", FIRST).state == "draft"


def test_an_automatic_issue_that_nobody_reads_is_skipped_and_of_a_stopped_list_waits(store: Store) -> None:
    make_automatic(store)
    assert approve_automatic(store, server=SERVER, public_url=PUBLIC, now=NOW) == []
    with store.write() as connection:
        assert lists.find_issue(connection, "auto", FIRST).why == "Nobody reads the list."
        lists.set_active(connection, "auto", False)
        made = lists.find_list(connection, "auto")
        assert made is not None
        lists.open_issue(connection, made, issue_of(PLAN, SECOND), now=NOW)
    assert approve_automatic(store, server=SERVER, public_url=PUBLIC, now=NOW) == []
    with store.read() as connection:
        assert lists.find_issue(connection, "auto", SECOND).state == "draft"


def test_an_issue_that_cannot_be_made_keeps_no_other_from_going_out(store: Store) -> None:
    make_automatic(store)
    with store.write() as connection:
        broken = MailingList("aaa", "c", "Broken", PLAN, True)
        watched = MailingList("bbb", "c", "Broken, too", PLAN, False, approvers=("chief@cpc.example",))
        for of in (broken, watched):
            lists.add_list(connection, of, now=NOW)
            for week in (FIRST, SECOND):
                lists.open_issue(connection, of, issue_of(PLAN, week), now=NOW)
            torn = lists.find_issue(connection, of.id, FIRST)
            assert lists.decide_issue(connection, torn, "approved", who="t", body=b"torn", now=NOW)
        for list_id in ("auto", "aaa"):
            subscribe(
                connection, list_id, "a@b.example", language="en", who="t", why="asked", is_confirmed=True, now=NOW
            )  # fmt: skip
    with pytest.raises(MailError, match="issue/aaa/2014-W42 waits: A digest in the store cannot be read"):
        approve_automatic(store, server=SERVER, public_url=PUBLIC, now=NOW)
    with store.read() as connection:
        assert lists.find_issue(connection, "auto", FIRST).state == "approved"
    with pytest.raises(MailError, match="approve/bbb/2014-W42: A digest in the store cannot be read"):
        tell(store, timedelta())
    with store.read() as connection:
        assert count_states(connection, occasion="approve/managers/2014-W41") == {"queued": 1}
        assert count_states(connection, occasion="approve/managers/2014-W42") == {"queued": 1}


def tell(store: Store, after: timedelta) -> list[str]:
    return tell_approvers(store, server=SERVER, public_url=PUBLIC, words=words("en"), now=NOW + after)


def test_approvers_are_told_once_and_reminded_twice_while_it_is_a_draft(store: Store) -> None:
    say(store, put(store, "herald", 1))
    about = [f"approve/managers/{week}" for week in (SECOND, FIRST)]
    assert tell(store, timedelta()) == about
    assert tell(store, 23 * HOUR) == []
    assert tell(store, 24 * HOUR) == [f"remind/managers/{week}/1" for week in (SECOND, FIRST)]
    assert tell(store, 25 * HOUR) == []
    skip_issue(store, "managers", SECOND, who="lin", why="x", now=NOW)
    assert tell(store, 72 * HOUR) == [f"remind/managers/{FIRST}/2"]
    assert tell(store, 1000 * HOUR) == []
    assert tell(store, -24 * HOUR) == [], "a clock that was set back"
    with store.read() as connection:
        assert count_states(connection) == {"queued": 5}


def test_reminders_that_were_missed_are_one(store: Store) -> None:
    assert len(tell(store, 100 * HOUR)) == 2
    assert tell(store, 100 * HOUR) == [f"remind/managers/{week}/2" for week in (SECOND, FIRST)]
    assert tell(store, 100 * HOUR) == []


def test_the_notice_leads_to_the_page(store: Store) -> None:
    say(store, put(store, "herald", 1, title="The green team\r\nBcc: x@y.example"))
    with open_mailroom() as room:
        tell_approvers(store, server=room.server, public_url=PUBLIC, words=words("zh-Hant"), now=NOW)
        send_waiting(store, room.server, clock=lambda: NOW)
        read = next(room.read(at) for at in range(2) if "9月29日" in str(room.read(at)["Subject"]))
    assert str(read["Subject"]) == "請核准：C，2014年9月29日至10月5日"
    assert read["Bcc"] is None
    body = read.get_content()
    assert f"{PUBLIC}/digests/managers/{FIRST}" in body
    assert "1. The green team Bcc: x@y.example" in body


def test_a_request_is_confirmed_by_the_link_in_its_mail(store: Store) -> None:
    with open_mailroom() as room:
        with store.write() as connection:
            made = subscribe(connection, "managers", "new@reader.example", language="vi", who="", now=NOW)
            with pytest.raises(MailError, match="RESOUND_PUBLIC_URL"):
                queue_confirmation(connection, made, server=room.server, public_url=None, now=NOW)
            assert queue_confirmation(connection, made, server=room.server, public_url=PUBLIC, now=NOW)
            assert not queue_confirmation(connection, made, server=room.server, public_url=PUBLIC, now=NOW)
        send_waiting(store, room.server, clock=lambda: NOW)
        read = room.read()
    assert str(read["Subject"]) == "Bạn có muốn nhận bản tin “Managers” không?"
    (link,) = [line.strip() for line in read.get_content().splitlines() if line.startswith("https://")]
    place, _, token = link.rpartition("/")
    assert place == f"{PUBLIC}/s"
    with store.write() as connection:
        assert confirm(connection, token, now=NOW + HOUR).is_read


def test_the_week_that_is_meant(store: Store) -> None:
    with store.read() as connection:
        of = lists.find_list(connection, "managers")
        assert of is not None
        assert choose_week(connection, of, now=NOW) == SECOND
        with pytest.raises(NotFoundError, match="no week such as"):
            preview_week(connection, of, "next", now=NOW)
        with pytest.raises(NotFoundError, match="2014-W60"):
            preview_week(connection, of, "2014-W60", now=NOW)
        assert preview_week(connection, of, "2014-W30", now=NOW).is_outside_window
    for week in (FIRST, SECOND):
        skip_issue(store, "managers", week, who="lin", why="x", now=NOW)
    with store.read() as connection:
        assert choose_week(connection, of, now=NOW - 2 * HOUR) == "2014-W40"
        assert choose_week(connection, of, now=NOW) == FIRST


def test_who_comes_leaves_or_changes_while_it_is_approved(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mails are written before the write; the readers that count are those of the write."""
    join(store, "en", "en", "en")
    say(store, put(store, "herald", 1))
    written = approving.write_letters

    def meanwhile(*given: Any, **named: Any) -> Iterator[Letter]:
        made = list(written(*given, **named))
        monkeypatch.setattr(approving, "write_letters", written)
        with store.write() as connection:
            gone = lists.find_subscription(connection, "managers", "r0@reader.example")
            other = lists.find_subscription(connection, "managers", "r1@reader.example")
            assert gone is not None
            assert other is not None
            end(connection, gone, "unsubscribed", who="", now=NOW)
            lists.save_subscription(connection, replace(other, language="vi"))
            subscribe(
                connection, "managers", "new@reader.example", language="zh-Hant", who="t", why="t", is_confirmed=True, now=NOW
            )  # fmt: skip
        return iter(made)

    monkeypatch.setattr(approving, "write_letters", meanwhile)
    with open_mailroom() as room:
        assert approve(store, server=room.server).mails == 3
        send_waiting(store, room.server, clock=lambda: NOW)
        got = {str(room.read(at)["To"]): str(room.read(at)["Content-Language"]) for at in range(3)}
    assert got == {"r1@reader.example": "vi", "r2@reader.example": "en", "new@reader.example": "zh-Hant"}
