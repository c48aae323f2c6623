"""Offices come to their page with what a letter gave them, and with nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlsplit

import pytest

from notifier.clock import japan_time
from notifier.counter import FORM, VALID, Counter, Expired, Visit, doorway, read_code, read_number
from notifier.domain.callers import Tenant
from notifier.passes import SIGNS, Passes, Purpose
from tests.builders import CITY
from tests.steps.workshop import A, B, Workshop, enrolled, workshop

TODAY = date(2026, 4, 1)
PASSES = Passes("the secret of this installation")
WAY = partial(doorway, PASSES, "https://n.example")
HERE = Tenant(CITY)
ORIGIN = "192.0.2.7"


@pytest.fixture
async def house(migrated_url: str) -> AsyncIterator[tuple[Workshop, Counter]]:
    async with workshop(migrated_url, japan_time(TODAY, 8)) as shop:
        await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
        tools = replace(shop.tools, page=WAY)
        signs = iter(range(10_000))
        yield shop, Counter(tools, PASSES, lambda many: next(signs).to_bytes(many, "big"))


def token(shop: Workshop, number: str = A) -> str:
    return urlsplit(WAY(number, shop.tools.now(), None).url).path.rpartition("/")[2]


def code(shop: Workshop, number: str = A) -> str:
    return WAY(number, shop.tools.now(), None).code


def later(shop: Workshop, time: timedelta) -> None:
    shop.clock.turn_to(shop.tools.now() + time)


# ---- addresses ----


async def test_the_way_to_the_page_is_the_same_on_every_try(house: tuple[Workshop, Counter]) -> None:
    shop, _ = house
    at = shop.tools.now()
    assert WAY(A, at, None) == WAY(A, at, None)
    assert WAY(A, at, None) != WAY(B, at, None)


async def test_an_address_opens_the_page_of_one_office_for_half_a_year(
    house: tuple[Workshop, Counter],
) -> None:
    shop, counter = house
    shown = token(shop)
    found = await counter.visit(shown)
    assert isinstance(found, Visit)
    assert (found.guest.number, found.until, found.tenant) == (A, TODAY + VALID, HERE)
    later(shop, VALID)
    assert isinstance(await counter.visit(shown), Visit)
    later(shop, timedelta(days=1))
    expired = await counter.visit(shown)
    assert isinstance(expired, Expired)
    assert not expired.is_revoked


async def test_no_guess_and_no_changed_address_opens_anything(house: tuple[Workshop, Counter]) -> None:
    shop, counter = house
    good = token(shop)
    bent = [
        good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :] for place in range(len(good))
    ]
    others = [
        PASSES.written(Purpose.CONFIRM, f"{A}.69ccf5a0.180"),
        Passes("another secret").written(Purpose.OFFICE, f"{A}.69ccf5a0.180"),
        PASSES.written(Purpose.OFFICE, "0000000000.69ccf5a0.180"),
        good[:-1],
        "",
        "x" * 1000,
    ]
    # Base64 leaves two bits of the last sign unused; what those say is the same signature.
    opened = [each for each in [*bent[:-1], *others] if await counter.visit(each) is not None]
    assert opened == []


async def test_what_was_revoked_opens_nothing_and_what_is_sent_then_does(
    house: tuple[Workshop, Counter],
) -> None:
    shop, counter = house
    old, old_code = token(shop), code(shop)
    await counter.revoke(HERE, A, "a clerk")
    found = await counter.visit(old)
    assert isinstance(found, Expired)
    assert found.is_revoked
    assert await counter.typed(A, old_code, ORIGIN) is None
    assert isinstance(await counter.visit(token(shop, B)), Visit)
    assert await counter.send(HERE, A, "a clerk") == 1
    later(shop, timedelta(seconds=5))
    await shop.run()
    text = shop.channel.parcels[-1].text
    fresh = next(line.strip() for line in text.splitlines() if "/o/" in line)
    typed = next(line.rpartition("：")[2] for line in text.splitlines() if "確認番号：" in line)
    assert isinstance(await counter.visit(fresh.rpartition("/")[2]), Visit)
    assert isinstance(await counter.typed(A, typed, "192.0.2.8"), str)
    later(shop, timedelta(days=1))
    assert isinstance(await counter.typed(A, code(shop), "192.0.2.9"), str)


async def test_an_office_with_an_old_address_may_have_a_new_one_sent_to_its_own_contacts(
    house: tuple[Workshop, Counter],
) -> None:
    shop, counter = house
    shown = token(shop)
    later(shop, VALID + timedelta(days=1))
    expired = await counter.visit(shown)
    assert isinstance(expired, Expired)
    assert [await counter.send_again(expired, ORIGIN) for _ in range(2)] == [1, 0]
    later(shop, timedelta(minutes=11))
    assert await counter.send_again(expired, ORIGIN) == 1


async def test_a_new_key_of_the_installation_leaves_what_was_given_out_good_until_the_old_one_is_dropped(
    house: tuple[Workshop, Counter],
) -> None:
    shop, _ = house
    old, old_code = token(shop), code(shop)
    rotated = Counter(shop.tools, Passes("another secret", (PASSES.secret,)), bytes)
    assert isinstance(await rotated.visit(old), Visit)
    assert isinstance(await rotated.typed(A, old_code, ORIGIN), str)
    dropped = Counter(shop.tools, Passes("another secret"), bytes)
    assert await dropped.visit(old) is None
    assert await dropped.typed(A, old_code, "192.0.2.8") is None
    fresh = doorway(Passes("another secret"), "https://n.example", A, shop.tools.now())
    assert isinstance(await rotated.visit(fresh.url.rpartition("/")[2]), Visit)


# ---- forms ----


async def test_a_form_is_good_for_the_visitor_to_whom_it_was_shown_and_not_for_long(
    house: tuple[Workshop, Counter],
) -> None:
    shop, counter = house
    mine, other = await counter.visit(token(shop)), await counter.visit(token(shop, B))
    assert isinstance(mine, Visit)
    assert isinstance(other, Visit)
    form = counter.form(mine)
    assert counter.nonce(mine, form) is not None
    assert counter.nonce(mine, form) != counter.nonce(mine, counter.form(mine))
    assert counter.nonce(other, form) is None
    assert counter.nonce(mine, "forged") is None
    assert counter.nonce(mine, "x" * 1000) is None
    later(shop, FORM + timedelta(seconds=1))
    assert counter.nonce(mine, form) is None


# ---- codes ----


async def test_a_typed_code_opens_the_page_for_a_day(house: tuple[Workshop, Counter]) -> None:
    shop, counter = house
    printed = code(shop)
    later(shop, timedelta(days=100))
    found = await counter.typed(" １２３".replace("１２３", A), f"　{printed.lower()} ", ORIGIN)
    assert isinstance(found, str)
    visit = await counter.visit(found)
    assert isinstance(visit, Visit)
    assert visit.guest.number == A
    later(shop, timedelta(days=2))
    assert isinstance(await counter.visit(found), Expired)
    later(shop, timedelta(days=100))
    assert await counter.typed(A, printed, ORIGIN) is None


async def test_a_code_opens_no_other_office(house: tuple[Workshop, Counter]) -> None:
    shop, counter = house
    assert await counter.typed(B, code(shop, A), ORIGIN) is None


async def test_whether_there_is_such_an_office_is_not_told(house: tuple[Workshop, Counter]) -> None:
    _, counter = house
    answers = [
        await counter.typed(number, "2222-3333", f"192.0.2.{place}")
        for place, number in enumerate((A, "0000000000", "", "no number"))
    ]
    assert answers == [None] * 4


async def test_after_wrong_codes_in_a_row_whoever_types_has_to_wait(house: tuple[Workshop, Counter]) -> None:
    shop, counter = house
    for _ in range(5):
        assert await counter.typed(A, "2222-3333", ORIGIN) is None
    assert isinstance(await counter.typed(B, code(shop, B), ORIGIN), timedelta)
    assert isinstance(await counter.typed(A, code(shop), "192.0.2.99"), timedelta)
    later(shop, timedelta(minutes=2))
    assert isinstance(await counter.typed(A, code(shop), ORIGIN), str)
    assert isinstance(await counter.typed(B, code(shop, B), ORIGIN), str)


@pytest.mark.parametrize(
    "typed",
    ["ABCD-EFGH", "abcdefgh", "ＡＢＣＤ－ＥＦＧＨ", " ABCD EFGH\n", "ａｂｃｄーｅｆｇｈ", "A8CD-EFGH"],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert read_code(typed) == "A8CD-EFGH"


@pytest.mark.parametrize("typed", ["", "ABCD-EFG", "ABCD-EFGHJ", "ABCD-EFG0", "整理番号"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_code(typed) == ""


def test_a_number_is_read_however_it_is_typed() -> None:
    assert read_number("１２７-０００ １００５") == "1270001005"


def test_no_sign_of_a_code_is_taken_for_another() -> None:
    assert set(SIGNS).isdisjoint("01OILUB")
