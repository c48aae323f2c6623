"""An authority's wording: kept in versions, put to use by a second person, and never in the way of a letter."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from notifier.domain.actors import Actor
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.rendering import Stationery
from notifier.rendering.limited import LimitedComposer, Limits
from notifier.steps.deliver import LEASE, deliver
from notifier.steps.word import Draft, WordingRefusedError, give_up, put_to_use, save
from notifier.store import letter_copies, wordings
from notifier.store.tables import AuditRow, DeliveryRow, LetterRow
from notifier.store.wordings import WordingRow
from tests.builders import CITY
from tests.channels.letters import channel
from tests.channels.relays import DROP, running
from tests.steps.test_deliver import answering, gathered
from tests.steps.workshop import A, B, C, Workshop

HANAKO, TARO = Actor("hanako", "10.0.0.1", CITY), Actor("taro", "10.0.0.2", CITY)
OPENING = "email/opening.txt"


async def worded(shop: Workshop, source: str, name: str = OPENING, authority: str = CITY) -> wordings.Wording:
    """A version with one changed template, in use."""
    draft = Draft(authority, {name: source}, {name: "of before"}, ["根拠"], "ひとこと")
    made = await save(shop.tools, draft, HANAKO)
    return await put_to_use(shop.tools, authority, made.number, TARO)


async def told(shop: Workshop, family: str = "template.") -> list[str]:
    return [row.action for row in await shop.all(AuditRow) if row.action.startswith(family)]


# ---- versions ---------------------------------------------------------------------------------------------


async def test_a_version_is_kept_numbered_and_put_to_use_by_a_second_person(shop: Workshop) -> None:
    made = await save(shop.tools, Draft(CITY, {OPENING: "やあ\n"}, {}, (), "ひとこと"), HANAKO)
    assert (made.number, made.is_in_use, made.created_by) == (1, False, "hanako")
    with pytest.raises(WordingRefusedError, match="second person") as refused:
        await put_to_use(shop.tools, CITY, 1, HANAKO)
    assert refused.value.about == "own"
    used = await put_to_use(shop.tools, CITY, 1, TARO)
    again = await put_to_use(shop.tools, CITY, 1, TARO)
    assert used == again
    assert (used.is_in_use, used.activated_by) == (True, "taro")
    assert await told(shop) == ["template.saved", "template.activated"]
    rows = [row for row in await shop.all(AuditRow) if row.action.startswith("template.")]
    assert {row.authority for row in rows} == {CITY}


async def test_at_most_one_version_is_in_use_and_it_can_be_given_up(shop: Workshop) -> None:
    await worded(shop, "1")
    second = await worded(shop, "2")
    assert [each.number for each in await shop.all(WordingRow) if not each.retired_at] == [2]
    assert await give_up(shop.tools, CITY, second.number, HANAKO)
    assert not await give_up(shop.tools, CITY, second.number, HANAKO)
    async with shop.database.reading() as conn:
        assert await wordings.in_use(conn, CITY) is None
        assert [each.number for each in await wordings.every(conn, CITY)] == [2, 1]
        assert await wordings.every(conn, "999024") == []
        assert await wordings.addresses(conn, CITY) == 0
    with pytest.raises(UnknownError, match="has none of that number"):
        await put_to_use(shop.tools, "999024", 1, TARO)


# ---- letters ----------------------------------------------------------------------------------------------


async def test_letters_are_written_by_the_version_of_their_authority(shop: Workshop) -> None:
    used = await worded(shop, "{{ addressee.name }}の皆さまへ\n")
    await gathered(shop, A, B)
    await deliver(shop.tools)
    first, second = shop.channel.parcels
    assert "事業所1の皆さまへ" in first.text
    assert "事業所1の皆さまへ" in (first.html or "")
    assert "事業所2の皆さまへ" in second.text
    assert {row.wording_id for row in await shop.all(LetterRow)} == {used.id}


async def test_what_was_written_by_a_version_can_be_written_again_after_the_next(shop: Workshop) -> None:
    used = await worded(shop, "第一の文\n")
    await gathered(shop, A)
    await deliver(shop.tools)
    await worded(shop, "第二の文\n")
    async with shop.database.reading() as conn:
        kept = await letter_copies.copy_of(conn, Tenant(CITY), 1, shop.tools.now())
    assert kept is not None
    assert (kept.letter.wording, kept.authority) == (used.id, CITY)


async def test_a_letter_that_gathers_what_several_authorities_say_is_written_as_shipped(
    shop: Workshop,
) -> None:
    await worded(shop, "うちの文\n")
    await gathered(shop, A, B, C)
    async with shop.database.transaction() as conn:
        letters = (await conn.execute(select(col(LetterRow.id)).order_by(col(LetterRow.id)))).scalars().all()
        moved = update(DeliveryRow).where(col(DeliveryRow.letter_id) == letters[1])
        await conn.execute(moved.values(letter_id=letters[0], authority="999024"))
        await conn.execute(
            update(DeliveryRow).where(col(DeliveryRow.letter_id) == letters[2]).values(authority="999024")
        )
    await deliver(shop.tools)
    assert all("うちの文" not in parcel.text for parcel in shop.channel.parcels)
    assert {row.wording_id for row in await shop.all(LetterRow)} == {None}


@pytest.mark.parametrize(
    "source", ["{{ wrong }}", "{% for", "{{ 'a' * 10 ** 9 }}", "{% include 'email/opening.txt' %}"]
)
async def test_a_version_that_fails_keeps_no_letter_back_and_is_used_no_more(
    shop: Workshop, source: str
) -> None:
    await worded(shop, source)
    await gathered(shop, A, B)
    await deliver(shop.tools)
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted"}
    assert {row.wording_id for row in await shop.all(LetterRow)} == {None}
    [version] = await shop.all(WordingRow)
    assert version.retired_at == shop.tools.now()
    assert version.problem
    assert await told(shop) == ["template.saved", "template.activated", "template.failed"]
    with pytest.raises(WordingRefusedError, match="failed before"):
        await put_to_use(shop.tools, CITY, 1, TARO)
    async with shop.database.reading() as conn:
        found = await wordings.troubled(conn, CITY)
        assert found is not None
        assert found.number == 1
    await worded(shop, "直しました\n")
    async with shop.database.reading() as conn:
        assert await wordings.troubled(conn, CITY) is None


async def test_a_version_that_was_given_up_before_it_failed_is_not_told_of_again(shop: Workshop) -> None:
    used = await worded(shop, "{{ wrong }}")
    await gathered(shop, A)
    async with shop.database.transaction() as conn:
        await conn.execute(update(LetterRow).values(wording_id=used.id))
    await give_up(shop.tools, CITY, used.number, TARO)
    await deliver(shop.tools)
    assert [row.state for row in await shop.all(LetterRow)] == ["accepted"]
    assert "template.failed" not in await told(shop)


async def test_a_version_is_not_blamed_if_no_process_can_be_started(shop: Workshop) -> None:
    used = await worded(shop, "うちの文\n")
    await gathered(shop, A)
    tools = replace(shop.tools, stationery=NoProcess())
    await deliver(tools)
    [parcel] = shop.channel.parcels
    assert "うちの文" not in parcel.text
    async with shop.database.reading() as conn:
        assert await wordings.in_use(conn, CITY) == used


class NoProcess(Stationery):
    """Stationery of a machine on which no further process can be started."""

    def of(self, *_: object) -> LimitedComposer:
        raise OSError("no more processes")


async def test_a_repeat_says_the_same_even_if_its_version_was_given_up_meanwhile(shop: Workshop) -> None:
    used = await worded(shop, "うちの文\n")
    await gathered(shop, A)
    async with running(answering("DOT", DROP)) as relay, channel(relay) as way:
        tools = shop.with_channel(way).tools
        await deliver(tools)
        assert [row.state for row in await shop.all(LetterRow)] == ["unknown"]
        await give_up(shop.tools, CITY, used.number, TARO)
        shop.clock.turn_to(shop.tools.now() + LEASE)
        await deliver(tools)
        first, second = (each.content for each in relay.whole)
        assert first == second
    assert [row.state for row in await shop.all(LetterRow)] == ["accepted"]


@pytest.mark.parametrize("way", ["gone", "unreachable"])
async def test_a_repeat_that_cannot_say_the_same_is_not_sent(shop: Workshop, way: str) -> None:
    used = await worded(shop, "うちの文\n")
    await gathered(shop, A)
    async with shop.database.transaction() as conn:
        number = used.id if way == "unreachable" else 999
        doubtful = update(LetterRow).values(
            state="unknown", wording_id=number, attempts=1, dated=shop.tools.now()
        )
        await conn.execute(doubtful)
        await conn.execute(update(DeliveryRow).values(state="unknown"))
    await deliver(replace(shop.tools, stationery=NoProcess()) if way == "unreachable" else shop.tools)
    [letter] = await shop.all(LetterRow)
    assert letter.state == "failed"
    assert letter.answer == (
        "no more processes" if way == "unreachable" else "its version of the templates is gone"
    )
    assert shop.channel.parcels == []


async def test_a_process_that_takes_too_long_is_ended(shop: Workshop) -> None:
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    await worded(shop, loop)
    await gathered(shop, A)
    [version] = await shop.all(WordingRow)
    folders = shop.tools.composer.folders
    composer = LimitedComposer(version.files, folders, Limits(seconds=2))
    shop.tools.stationery._kept[version.id] = composer  # noqa: SLF001 -- the same with less patience
    await deliver(shop.tools)
    assert [row.state for row in await shop.all(LetterRow)] == ["accepted"]
    assert "too slow" in (await shop.all(WordingRow))[0].problem
