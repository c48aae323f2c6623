import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from pydantic import SecretStr

from notifier.checks import CHECKS, Level, Surroundings, Verdict, check
from notifier.clock import Clock, SystemClock, TurnedClock
from notifier.settings import Settings
from notifier.store.database import Database
from notifier.store.migration import migrate
from tests.channels.relays import FakeRelay, running


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os  # noqa: PLC0415 -- only this fixture looks at the environment of the test run

    for name in [name for name in os.environ if name.startswith("NOTIFIER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


async def verdicts(
    settings: Settings, clock: Clock | None = None, resolver: dns.asyncresolver.Resolver | None = None
) -> dict[str, Verdict]:
    surroundings = Surroundings(settings, clock or SystemClock(), resolver)
    return {verdict.name: verdict async for verdict in check(surroundings)}


class NameServer(asyncio.DatagramProtocol):
    """Answers questions for TXT records from a table; a name that is not in it does not exist."""

    def __init__(self, records: Mapping[str, list[str]], rcode: dns.rcode.Rcode | None = None) -> None:
        self.records, self.rcode = records, rcode
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        question = dns.message.from_wire(data)
        name = question.question[0].name
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        texts = self.records.get(name.to_text(omit_final_dot=True))
        if self.rcode is not None:
            answer.set_rcode(self.rcode)
        elif texts is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif texts:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *(f'"{text}"' for text in texts)))
        self.transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def names(
    records: Mapping[str, list[str]], rcode: dns.rcode.Rcode | None = None
) -> AsyncIterator[dns.asyncresolver.Resolver]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: NameServer(records, rcode), local_addr=("127.0.0.1", 0)
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    try:
        yield resolver
    finally:
        transport.close()


async def test_a_fresh_machine_with_nothing_set_has_warnings_and_no_failure(tmp_path: Path) -> None:
    found = await verdicts(Settings())
    assert list(found) == list(CHECKS)
    assert {name for name, each in found.items() if each.level is Level.FAILED} == set()
    assert found["database"] == Verdict(
        "database",
        Level.WARNING,
        "var/notifier.sqlite3 does not exist yet.",
        "`notifier up` or `notifier migrate` makes it.",
    )
    assert found["smtp"].level is Level.WARNING
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 -- an empty folder does not block


async def test_each_verdict_that_is_not_ok_says_what_to_do() -> None:
    found = await verdicts(Settings())
    assert [each.name for each in found.values() if (each.level is Level.OK) is bool(each.mend)] == []


async def test_a_migrated_database_is_well_and_an_empty_one_is_not(database_url: str) -> None:
    settings = Settings(database_url=SecretStr(database_url))
    async with await Database.open(database_url) as database:
        empty = (await verdicts(settings))["database"]
        await migrate(database)
    assert (empty.level, empty.mend) == (Level.FAILED, "Run `notifier migrate`.")
    assert (await verdicts(settings))["database"].level is Level.OK


async def test_an_unreachable_database_fails_without_showing_its_password() -> None:
    url = "postgresql+asyncpg://me:hush@127.0.0.1:1/notifier"
    found = await verdicts(Settings(database_url=SecretStr(url)))
    assert found["database"].level is Level.FAILED
    assert "127.0.0.1:1" in found["database"].found
    assert "hush" not in str(found)
    assert found["settings"].mend.startswith("Set NOTIFIER_SECRET_KEY")


@pytest.mark.parametrize("year", [2020, 2100])
async def test_a_clock_that_cannot_be_right_fails(year: int) -> None:
    # Beyond 2099 no holidays are known either: that check breaks, and the others still run.
    found = await verdicts(Settings(), TurnedClock(datetime(year, 1, 1, tzinfo=UTC)))
    assert found["clock"].level is Level.FAILED
    assert "NTP" in found["clock"].mend
    assert found["templates"].level is Level.OK


async def test_next_years_holidays_may_be_unknown_until_february_and_then_are_missed() -> None:
    clock = TurnedClock(datetime(2027, 2, 10, tzinfo=UTC))
    assert (await verdicts(Settings(), clock))["holidays"].level is Level.OK
    clock.turn_to(datetime(2027, 3, 10, tzinfo=UTC))
    missed = (await verdicts(Settings(), clock))["holidays"]
    assert (missed.level, "2027-12-31" in missed.found) == (Level.WARNING, True)


async def test_a_template_of_ones_own_that_is_broken_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "templates" / "email" / "letter.txt"
    broken.parent.mkdir(parents=True)
    broken.write_text("{% if %}", encoding="utf-8")
    found = await verdicts(Settings(templates_dir=tmp_path / "templates"))
    assert found["templates"].level is Level.FAILED
    assert "email/letter.txt" in found["templates"].found


async def test_a_relay_that_answers_is_well_and_gets_no_letter() -> None:
    async with running(FakeRelay()) as relay, names({}) as resolver:
        settings = Settings(
            smtp_host="127.0.0.1", smtp_port=relay.port, smtp_tls="none", mail_from="a@example.jp"
        )
        found = await verdicts(settings, resolver=resolver)
    assert found["settings"].level is Level.OK
    assert found["smtp"].level is Level.OK
    assert f"127.0.0.1:{relay.port} answers, in the clear." in found["smtp"].found
    assert "MAIL" not in " ".join(relay.heard)


async def test_a_relay_without_the_wanted_security_fails() -> None:
    async with running(FakeRelay()) as relay:
        found = await verdicts(Settings(smtp_host="127.0.0.1", smtp_port=relay.port))
    assert found["smtp"].level is Level.FAILED
    assert f"127.0.0.1:{relay.port}" in found["smtp"].found


async def test_the_demonstrations_sender_is_refused_for_real_mail() -> None:
    found = await verdicts(Settings(smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none"))
    assert found["settings"].level is Level.FAILED
    assert "NOTIFIER_MAIL_FROM" in found["settings"].mend


@pytest.mark.parametrize(
    "reply,level",
    [
        ("henshin@kigen.city.example.jp", Level.OK),
        ("henshin@city.example.jp", Level.OK),
        ("henshin@elsewhere.example.jp", Level.WARNING),
    ],
)
async def test_answers_go_to_an_address_of_the_senders_organisation(reply: str, level: Level) -> None:
    found = await verdicts(Settings(mail_from="kigen@city.example.jp", reply_address=reply))
    assert found["settings"].level is level


async def test_a_sender_with_all_its_records_is_well() -> None:
    records = {
        "kigen.city.example.jp": ["v=spf1 include:relay.example.jp -all", "some other proof"],
        "_dmarc.example.jp": ["v=DMARC1; p=none"],
        "s1._domainkey.kigen.city.example.jp": ["v=DKIM1; k=rsa; p=MIGf"],
    }
    settings = Settings(mail_from="a@kigen.city.example.jp", dkim_selector="s1")
    async with names(records) as resolver:
        found = await verdicts(settings, resolver=resolver)
    levels = {name: each.level for name, each in found.items() if name.startswith("sender")}
    assert levels == dict.fromkeys(("sender SPF", "sender DMARC", "sender DKIM"), Level.OK)


async def test_each_missing_or_doubled_record_is_a_warning_of_its_own() -> None:
    records = {"example.jp": ["v=spf1 -all", "v=spf1 +all"], "_dmarc.example.jp": []}
    settings = Settings(mail_from="a@example.jp")
    async with names(records) as resolver:
        found = await verdicts(settings, resolver=resolver)
    assert "2 records, so none counts" in found["sender SPF"].found
    assert "has no record" in found["sender DMARC"].found
    assert "NOTIFIER_DKIM_SELECTOR" in found["sender DKIM"].mend
    assert {found[f"sender {kind}"].level for kind in ("SPF", "DMARC", "DKIM")} == {Level.WARNING}


async def test_a_name_server_that_cannot_help_is_a_warning() -> None:
    async with names({}, dns.rcode.REFUSED) as resolver:
        found = await verdicts(Settings(mail_from="a@example.jp"), resolver=resolver)
    assert found["sender"].level is Level.WARNING
    assert found["sender"].found.startswith("could not look at the records of example.jp")
