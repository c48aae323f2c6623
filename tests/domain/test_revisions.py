"""Versions of calendar entries: their number grows exactly when the entry changes, and never falls."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from notifier.domain.agenda import REDATED, SETTLED, Agenda, Entry
from notifier.domain.ical import Event, Status
from notifier.domain.revisions import Kept, Revised, revise

NOW = datetime(2026, 4, 1, 8, 0, 0, 900_000, tzinfo=UTC)
TODAY = date(2026, 4, 1)
DAY = date(2026, 7, 31)
ENTRY = Entry("a@notifier", DAY, DAY, "報告", "【期限】報告", "説明", tentative=False, alarms=(7, 0))


def shown(*entries: Entry, **over: str) -> Agenda:
    return Agenda(entries, over={f"{uid}@notifier": reason for uid, reason in over.items()})


def after(
    before: Revised, agenda: Agenda, days: float = 1, *, today: date | None = None
) -> tuple[list[Event], Revised]:
    now = NOW + timedelta(days=days)
    found = revise(before.kept, agenda, now, today or (now.date()))
    return list(found.events), found


FIRST = revise({}, shown(ENTRY), NOW, TODAY)


def test_what_is_handed_out_first_is_version_0_of_this_second() -> None:
    [event] = FIRST.events
    assert (event.sequence, event.modified, event.status) == (
        0,
        NOW.replace(microsecond=0),
        Status.CONFIRMED,
    )
    assert (event.first, event.last, event.alarms) == (DAY, DAY, (7, 0))


def test_an_unchanged_entry_keeps_its_version_for_ever() -> None:
    events, found = after(FIRST, shown(ENTRY), 60)
    assert (tuple(events), found.kept) == (FIRST.events, FIRST.kept)


def test_a_changed_entry_gets_the_next_version() -> None:
    moved = replace(ENTRY, first=DAY + timedelta(days=3), last=DAY + timedelta(days=3), tentative=True)
    [event], found = after(FIRST, shown(moved))
    assert (event.sequence, event.status) == (1, Status.TENTATIVE)
    assert event.modified == (NOW + timedelta(days=1)).replace(microsecond=0)
    [back], _ = after(found, shown(ENTRY), 2)
    assert back.sequence == 2


def test_a_clock_that_was_set_back_makes_no_version_older() -> None:
    [event], _ = after(FIRST, shown(replace(ENTRY, description="anders")), -3)
    assert event.modified == NOW.replace(microsecond=0) + timedelta(seconds=1)


def test_what_is_settled_is_cancelled_with_the_reason_and_vanishes_after_90_days() -> None:
    [event], found = after(FIRST, shown(a=SETTLED))
    assert (event.sequence, event.status, event.summary) == (1, Status.CANCELLED, "【完了】報告")
    assert event.alarms == ()
    [later], again = after(found, shown(a=SETTLED), 91)
    assert (later, again.kept) == (event, found.kept)
    assert after(again, shown(a=SETTLED), 92)[0] == []


def test_what_was_never_handed_out_is_not_cancelled() -> None:
    assert revise({}, shown(a=SETTLED), NOW, TODAY).events == ()


def test_what_vanishes_before_its_day_is_cancelled() -> None:
    assert [each.summary for each in after(FIRST, Agenda())[0]] == ["【対象外】報告"]
    assert [each.summary for each in after(FIRST, Agenda(otherwise=REDATED))[0]] == ["【日付の見直し】報告"]


def test_what_vanishes_after_its_day_is_over_and_taken_back_only_if_it_was_settled() -> None:
    events, found = after(FIRST, Agenda(), 200)
    assert events == []
    assert after(found, Agenda(), 201)[0] == []
    assert [each.summary for each in after(found, shown(a=SETTLED), 202)[0]] == ["【完了】報告"]


def test_what_comes_back_goes_on_counting() -> None:
    _, cancelled = after(FIRST, shown(a=SETTLED))
    [event], _ = after(cancelled, shown(ENTRY), 400)
    assert (event.sequence, event.status) == (2, Status.CONFIRMED)


def test_the_nearest_comes_first() -> None:
    near = replace(ENTRY, uid="z@notifier", first=DAY - timedelta(days=9), last=DAY - timedelta(days=9))
    events, _ = after(FIRST, shown(ENTRY, near))
    assert [each.uid for each in events] == ["z@notifier", "a@notifier"]


def test_what_is_kept_is_read_back_as_it_was() -> None:
    _, cancelled = after(FIRST, shown(a=SETTLED))
    for each in (*FIRST.kept.values(), *cancelled.kept.values()):
        assert Kept.from_data(each.as_data()) == each
