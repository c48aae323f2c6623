from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.channels.recorder import RecorderChannel
from notifier.channels.unset import UnsetChannel
from notifier.clock import japan_time
from notifier.domain.backoff import MAIL_WAITS, mail_retry
from notifier.errors import StoreError
from notifier.rendering import Composer
from notifier.steps.deliver import BATCH, GROUP, LEASE, PAUSE, SHORTLY, deliver
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.steps.settle import settle
from notifier.store import claims, letters
from notifier.store.claims import MAY_HAVE_ARRIVED
from notifier.store.letters import Outcome
from notifier.store.tables import DeliveryRow, LetterRow
from tests.builders import by, deadline, notice, said, settlement
from tests.channels.letters import channel
from tests.channels.relays import DROP, FakeRelay, Moment, running
from tests.steps.workshop import A, B, C, Interrupting, Workshop, enrolled

TODAY = date(2026, 4, 1)
NINE = japan_time(TODAY, 9)
JUNE, JULY = date(2026, 6, 30), date(2026, 7, 31)
FILED = settlement("example.report.filed")
DUTY = deadline(settled_by=(FILED,))
LINKED = deadline(settled_by=(settlement("example.linked", distinct="partner", count=5),))


async def gathered(shop: Workshop, *offices: str, **more: object) -> None:
    """Each office has a letter that waits to be sent at nine."""
    entry = more.get("duty", DUTY)
    await shop.publish(said(by(JUNE)), deadlines=[entry])  # type: ignore[list-item]  # a deadline
    await shop.enrol(*(enrolled(each, f"{each[-1]}@example.jp") for each in offices))
    await derive(shop.tools)
    shop.turn_to(TODAY, 9)
    await dispatch(shop.tools)
    await shop.forget_outbox()


async def states(shop: Workshop) -> dict[str, tuple[str, str]]:
    """The state of each letter and of its one delivery, by the first sign of the address."""
    rows = await shop.rows(
        select(col(LetterRow.recipient), col(LetterRow.state), col(DeliveryRow.state).label("delivery"))
        .join(DeliveryRow, col(DeliveryRow.letter_id) == col(LetterRow.id))
        .order_by(col(LetterRow.id))
    )
    return {row.recipient[:1]: (row.state, row.delivery) for row in rows}


def answering(step: str, *answers: bytes | None) -> FakeRelay:
    """A relay that answers the n-th letter at `step` by the n-th answer, and all others well."""
    left = list(answers)

    def plan(moment: Moment) -> bytes | None:
        return left.pop(0) if moment.step == step and left else None

    return FakeRelay(plan)


# ---- what becomes of a letter ----


async def test_an_accepted_letter_is_done_with_its_receipt(shop: Workshop) -> None:
    await gathered(shop, A)
    async with running(FakeRelay()) as relay, channel(relay) as way:
        await deliver(shop.with_channel(way).tools)
    (letter,) = await shop.all(LetterRow)
    assert (letter.state, letter.code, letter.attempts, letter.finished_at) == ("accepted", 250, 1, NINE)
    assert "6/30(火)" in letter.subject
    assert len(letter.body_hash) == 32
    (mail,) = relay.taken
    parsed = message_from_bytes(mail.content, policy=default)
    assert (mail.recipients, parsed["To"]) == (("1@example.jp",), "1@example.jp")
    assert datetime.strptime(str(parsed["Date"]), "%a, %d %b %Y %H:%M:%S %z") == NINE
    assert await states(shop) == {"1": ("accepted", "accepted")}
    assert await shop.waiting() == []


async def test_a_refused_recipient_is_final_and_visible_and_hinders_nobody(shop: Workshop) -> None:
    await gathered(shop, A, B)
    async with running(answering("RCPT", b"550 5.1.1 no such user\r\n")) as relay, channel(relay) as way:
        await deliver(shop.with_channel(way).tools)
    assert sorted((await states(shop)).values()) == [("accepted", "accepted"), ("refused", "refused")]
    (refused,) = [row for row in await shop.all(LetterRow) if row.state == "refused"]
    assert (refused.code, refused.answer, refused.finished_at) == (550, "5.1.1 no such user", NINE)


async def test_a_deferred_letter_is_tried_again_later_and_then_accepted(shop: Workshop) -> None:
    await gathered(shop, A)
    wait = mail_retry(1, 0.5)
    assert wait is not None
    async with running(answering("DOT", b"451 4.3.0 later\r\n")) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        assert await states(shop) == {"1": ("planned", "planned")}
        assert await shop.waiting() == [("deliver", NINE + wait)]
        shop.clock.turn_to(NINE + wait)
        await sending.run()
    assert await states(shop) == {"1": ("accepted", "accepted")}
    first, second = relay.whole
    assert first.content == second.content


async def test_after_three_days_without_success_a_letter_has_failed_visibly(shop: Workshop) -> None:
    await gathered(shop, A)
    always = FakeRelay(lambda moment: b"450 4.2.0 greylisted\r\n" if moment.step == "RCPT" else None)
    async with running(always) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        while waiting := await shop.waiting():
            shop.clock.turn_to(waiting[0][1])
            await sending.run()
    (letter,) = await shop.all(LetterRow)
    assert (letter.state, letter.attempts) == ("failed", len(MAIL_WAITS) + 1)
    assert timedelta(hours=50) < letter.finished_at - NINE < timedelta(hours=72)
    assert await states(shop) == {"1": ("failed", "failed")}
    assert relay.taken == []


async def test_where_the_relay_refuses_us_the_queue_rests_and_nothing_is_lost(shop: Workshop) -> None:
    await gathered(shop, A, B)
    refusing = FakeRelay(lambda moment: b"550 5.7.1 not you\r\n" if moment.step == "MAIL" else None)
    async with running(refusing) as relay, channel(relay) as way:
        await deliver(shop.with_channel(way).tools)
    assert await states(shop) == {"1": ("planned", "planned"), "2": ("planned", "planned")}
    assert await shop.waiting() == [("deliver", NINE + PAUSE)]
    shop.clock.turn_to(NINE + PAUSE)
    await shop.run()
    assert await states(shop) == {"1": ("accepted", "accepted"), "2": ("accepted", "accepted")}


async def test_the_days_without_a_relay_are_not_counted_against_a_letter(shop: Workshop) -> None:
    await gathered(shop, A)
    without = shop.with_channel(UnsetChannel())
    for _ in range(len(MAIL_WAITS) + 2):
        await deliver(without.tools)
        shop.clock.turn_to(shop.clock.now() + PAUSE)
    async with running(answering("DOT", b"450 4.2.0 later\r\n")) as relay, channel(relay) as way:
        await deliver(shop.with_channel(way).tools)
        assert await states(shop) == {"1": ("planned", "planned")}
        shop.clock.turn_to(shop.clock.now() + timedelta(hours=1))
        await deliver(shop.with_channel(way).tools)
    assert await states(shop) == {"1": ("accepted", "accepted")}


async def test_an_unreachable_relay_loses_nothing(shop: Workshop) -> None:
    await gathered(shop, A)
    async with channel(FakeRelay(port=9)) as way:
        await deliver(shop.with_channel(way).tools)
    (letter,) = await shop.all(LetterRow)
    assert letter.state == "planned"
    assert letter.answer
    ((step, due_at),) = await shop.waiting()
    assert step == "deliver"
    shop.clock.turn_to(due_at)
    await shop.run()
    assert await states(shop) == {"1": ("accepted", "accepted")}


async def test_a_letter_nobody_can_receive_is_visible_with_what_it_would_have_said(shop: Workshop) -> None:
    await shop.publish(said(by(JUNE)), deadlines=[DUTY])
    await shop.enrol(enrolled(A))
    await shop.live_until(TODAY)
    (letter,) = await shop.all(LetterRow)
    assert (letter.state, letter.recipient, letter.attempts) == ("unreachable", "", 0)
    assert "6/30(火)" in letter.subject
    assert [each.brief for each in await shop.said("unreachable")] == [(A, "announcement", None)]


# ---- unknown outcomes ----


async def test_an_unknown_outcome_is_sent_once_more_with_the_same_bytes(shop: Workshop) -> None:
    await gathered(shop, A)
    async with running(answering("DOT", DROP)) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        assert await states(shop) == {"1": ("unknown", "unknown")}
        assert await shop.waiting() == [("deliver", NINE + LEASE)]
        shop.clock.turn_to(NINE + LEASE)
        await sending.run()
    first, second = relay.whole
    assert first.content == second.content
    assert b"Message-ID" in first.content
    assert await states(shop) == {"1": ("accepted", "accepted")}


async def test_what_stays_unknown_is_sent_no_third_time(shop: Workshop) -> None:
    await gathered(shop, A)
    async with running(answering("DOT", DROP, DROP)) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        while waiting := await shop.waiting():
            shop.clock.turn_to(waiting[0][1])
            await sending.run()
    assert len(relay.whole) == 2
    assert await states(shop) == {"1": ("failed", "failed")}


async def test_a_letter_that_was_deferred_before_is_sent_once_more_after_an_unknown_outcome(
    shop: Workshop,
) -> None:
    await gathered(shop, A)
    later = b"451 4.3.0 later\r\n"
    async with running(answering("DOT", later, later, DROP)) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        while waiting := await shop.waiting():
            shop.clock.turn_to(waiting[0][1])
            await sending.run()
    assert await states(shop) == {"1": ("accepted", "accepted")}
    assert len({letter.content for letter in relay.whole}) == 1


async def test_a_repeat_says_the_same_even_if_the_office_has_moved_on(shop: Workshop) -> None:
    await gathered(shop, A, duty=LINKED)
    async with running(answering("DOT", DROP)) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        await shop.note("example.linked", partner="1")
        await shop.run()
        shop.clock.turn_to(NINE + LEASE)
        await sending.run()
    first, second = relay.whole
    assert first.content == second.content


async def test_a_repeat_that_is_deferred_still_says_the_same(shop: Workshop) -> None:
    await gathered(shop, A, duty=LINKED)
    async with running(answering("DOT", DROP, b"451 4.3.0 later\r\n")) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        shop.clock.turn_to(NINE + LEASE)
        await sending.run()
        assert await states(shop) == {"1": ("unknown", "unknown")}
        await shop.note("example.linked", partner="1")
        while [waiting := each for each in await shop.waiting() if each[0] == "deliver"]:
            shop.clock.turn_to(waiting[1])
            await sending.run()
    assert len(relay.whole) == 3
    assert len({letter.content for letter in relay.whole}) == 1
    assert await states(shop) == {"1": ("accepted", "accepted")}


async def test_a_letter_in_doubt_is_not_repeated_once_the_law_has_moved(shop: Workshop) -> None:
    await gathered(shop, A)
    async with running(answering("DOT", DROP)) as relay, channel(relay) as way:
        sending = shop.with_channel(way)
        await deliver(sending.tools)
        await shop.publish(said(by(JULY), notice=notice(TODAY, id="newer")), deadlines=[DUTY])
        await sending.live_until(TODAY)
        subjects = [message_from_bytes(each.content, policy=default)["Subject"] for each in relay.whole]
    mine = [each for each in subjects if "事業所" in each]
    assert [each[:3] for each in mine] == ["【お知", "【変更"]
    (given_up,) = [row for row in await shop.all(LetterRow) if row.state == "failed"]
    assert given_up.answer == MAY_HAVE_ARRIVED


async def test_a_letter_in_doubt_waits_while_the_law_is_being_worked_out(shop: Workshop) -> None:
    await gathered(shop, A)

    async def approval() -> None:
        await shop.publish(said(by(JUNE), notice=notice(TODAY, id="newer")), deadlines=[DUTY])

    async with running(answering("DOT", DROP)) as relay, channel(relay) as way:
        await deliver(shop.with_channel(way).tools)
    shop.clock.turn_to(NINE + LEASE)
    await deliver(shop.with_channel(Interrupting(shop.channel, approval)).tools)
    assert await states(shop) == {"1": ("unknown", "unknown")}
    assert shop.channel.parcels == []
    await shop.live_until(TODAY)
    assert [
        parcel.recipient for parcel in shop.channel.parcels if parcel.recipient != "editor@example.jp"
    ] == ["1@example.jp"]


# ---- nothing stale leaves ----


async def test_what_was_done_before_the_letter_left_is_taken_out_of_it(shop: Workshop) -> None:
    other = deadline("example/other")
    await shop.publish(said(by(JUNE)), said(by(JULY), deadline=other.id), deadlines=[DUTY, other])
    await shop.enrol(enrolled(A, "1@example.jp"))
    await derive(shop.tools)
    shop.turn_to(TODAY, 9)
    await dispatch(shop.tools)
    await shop.note("example.report.filed")
    await derive(shop.tools)
    await shop.run()
    assert [(each.deadline, each.occasion) for each in await shop.said()] == [
        ("example/other", "announcement"),
        (DUTY.id, "acknowledgement"),
    ]
    assert [each.deadline for each in await shop.said("cancelled")] == [DUTY.id]


async def test_a_letter_with_nothing_left_to_say_is_cancelled(shop: Workshop) -> None:
    await gathered(shop, A)
    await shop.note("example.report.filed")
    await derive(shop.tools)
    await deliver(shop.tools)
    assert await states(shop) == {"1": ("cancelled", "cancelled")}
    assert shop.channel.parcels == []


async def test_a_letter_waits_while_the_law_it_speaks_of_is_being_worked_out(shop: Workshop) -> None:
    await gathered(shop, A)
    await shop.publish(said(by(JULY), notice=notice(TODAY, id="newer")), deadlines=[DUTY])
    await shop.forget_outbox()
    await deliver(shop.tools)
    assert await states(shop) == {"1": ("planned", "planned")}
    assert await shop.waiting() == [("deliver", NINE + SHORTLY)]
    await derive(shop.tools)
    await shop.live_until(TODAY)
    assert (f"office/{A}", "change", "2026-07-31") in [
        (each.party, each.occasion, each.latest) for each in await shop.said()
    ]
    assert [each.party for each in await shop.said("cancelled")] == [f"office/{A}"]


async def test_what_is_approved_after_the_claim_stops_the_letter_at_the_gate(shop: Workshop) -> None:
    await gathered(shop, A)

    async def approval() -> None:
        await shop.publish(said(by(JULY), notice=notice(TODAY, id="newer")), deadlines=[DUTY])

    await deliver(shop.with_channel(Interrupting(shop.channel, approval)).tools)
    assert shop.channel.parcels == []
    assert await states(shop) == {"1": ("planned", "planned")}
    await shop.live_until(TODAY)
    assert (f"office/{A}", "change", "2026-07-31") in [
        (each.party, each.occasion, each.latest) for each in await shop.said()
    ]
    assert [each.party for each in await shop.said("cancelled")] == [f"office/{A}"]
    assert [each.occasion for each in await shop.said("cancelled")] == ["announcement"]


async def test_what_an_office_does_after_the_claim_stops_its_letter_at_the_gate(shop: Workshop) -> None:
    await gathered(shop, A, B)

    async def filing() -> None:
        await shop.note("example.report.filed", A)
        await derive(shop.tools)

    await deliver(shop.with_channel(Interrupting(shop.channel, filing)).tools)
    assert [parcel.recipient for parcel in shop.channel.parcels] == ["2@example.jp"]
    await shop.live_until(TODAY)
    assert await shop.briefs() == [(B, "announcement", None), (A, "acknowledgement", None)]


# ---- letters that cannot be written ----


def with_broken(shop: Workshop, folder: Path) -> Workshop:
    """The workshop with a template of its own for the subject of announcements, which fails for office B."""
    place = folder / "email" / "announcement"
    place.mkdir(parents=True)
    (place / "subject.txt").write_text(
        "{% if count > 1 %}{{ nothing.known }}{% endif %}{{ subject }}\n", encoding="utf-8"
    )
    return replace(shop, tools=replace(shop.tools, composer=Composer(folder)))


async def test_a_letter_that_cannot_be_written_fails_visibly_and_hinders_nobody(
    shop: Workshop, tmp_path: Path
) -> None:
    shop = with_broken(shop, tmp_path)
    duties = [deadline("example/both"), deadline("example/one", announce=False)]
    await shop.publish(*(said(by(JUNE), deadline=each.id) for each in duties), deadlines=duties)
    await shop.enrol(enrolled(A, "1@example.jp"), enrolled(B, "2@example.jp"), enrolled(C, "2@example.jp"))
    await shop.live_until(TODAY)
    found = await states(shop)
    assert found == {"1": ("accepted", "accepted"), "2": ("failed", "failed")}
    (failed,) = [row for row in await shop.all(LetterRow) if row.state == "failed"]
    assert "nothing" in failed.answer
    assert failed.finished_at is not None


async def test_a_letter_nobody_can_receive_need_not_be_written(shop: Workshop, tmp_path: Path) -> None:
    shop = with_broken(shop, tmp_path)
    duties = [deadline("example/one"), deadline("example/two")]
    await shop.publish(*(said(by(JUNE), deadline=each.id) for each in duties), deadlines=duties)
    await shop.enrol(
        enrolled(A, "1@example.jp", subscriptions=("none",)), enrolled(B), enrolled(C, "3@example.jp")
    )
    await shop.live_until(TODAY)
    assert await states(shop) == {"": ("unreachable", "unreachable"), "3": ("failed", "failed")}


# ---- many, and several workers ----


async def test_outcomes_are_kept_in_groups_as_they_come(shop: Workshop) -> None:
    offices = [f"99800{number:05}" for number in range(GROUP + 1)]
    await shop.publish(said(by(JUNE)), deadlines=[DUTY])
    await shop.enrol(*(enrolled(each, f"{each}@example.jp") for each in offices))
    await shop.live_until(TODAY)
    reached = sorted(parcel.recipient for parcel in shop.channel.parcels)
    assert reached == [f"{each}@example.jp" for each in offices]
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted"}


async def test_a_batch_that_fails_lets_the_others_come_to_their_end_and_is_sent_later(shop: Workshop) -> None:
    await shop.publish(said(by(JUNE)), deadlines=[DUTY])
    await shop.enrol(*(enrolled(f"99800{each:05}", f"{each}@example.jp") for each in range(BATCH + 1)))
    await derive(shop.tools)
    shop.turn_to(TODAY, 9)
    await dispatch(shop.tools)
    broken = [StoreError("the disk is full")]

    async def break_once() -> None:
        if broken:
            raise broken.pop()

    failing = shop.with_channel(Interrupting(shop.channel, break_once)).tools
    with pytest.raises(StoreError, match="the disk is full"):
        await deliver(failing)
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted", "claimed"}
    shop.clock.turn_to(NINE + LEASE)
    await settle(shop.tools)
    await deliver(shop.tools)
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted"}
    assert (
        len({parcel.recipient for parcel in shop.channel.parcels}) == len(shop.channel.parcels) == BATCH + 1
    )


async def test_a_result_under_an_expired_lease_changes_nothing(shop: Workshop) -> None:
    await gathered(shop, A)
    async with shop.database.transaction() as conn:
        ((held,), _) = await claims.claim(conn, shop.tools.now(), "slow:0", LEASE, 10)
    shop.clock.turn_to(NINE + LEASE)
    await settle(shop.tools)
    await shop.run()
    done = await shop.all(LetterRow)
    async with shop.database.transaction() as conn:
        assert await claims.pass_gate(conn, [held.id], "slow:0") == set()
        late = Outcome(held.id, "failed", 550, "too late", shop.tools.now())
        await letters.record(conn, [late], "slow:0", shop.tools.now())
    assert await shop.all(LetterRow) == done
    assert await states(shop) == {"1": ("accepted", "accepted")}


async def test_a_worker_that_slept_through_its_lease_sends_nothing_and_records_nothing(
    shop: Workshop,
) -> None:
    await gathered(shop, A)

    async def oversleep() -> None:
        shop.clock.turn_to(NINE + LEASE)
        await settle(shop.tools)
        await deliver(shop.named("second"))

    slow = Interrupting(RecorderChannel(), oversleep)
    await deliver(shop.with_channel(slow).tools)
    assert [parcel.recipient for parcel in shop.channel.parcels] == ["1@example.jp"]
    assert await states(shop) == {"1": ("accepted", "accepted")}
