"""Evidence packs: whole, readable by others, and not one byte of them can be changed unseen."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.catalogue import load
from notifier.channels.mime import Frames, Sender
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock
from notifier.domain.callers import Tenant
from notifier.enlisting import Wanted
from notifier.errors import UnknownError, VerificationError
from notifier.evidence import Asked, check, evidence
from notifier.intake import Inbound, receive
from notifier.publishing import notices_of, publish_notices
from notifier.running import run_due
from notifier.sealing import Seal, unpack
from notifier.simulation import offline_tools
from notifier.steps.enlist import enlist
from notifier.store import audit
from notifier.store.database import Database
from notifier.store.migration import create_all
from notifier.tools import Tools

A, B = "1270000001", "1270000002"
LIST = (
    f"事業所番号,事業所名,サービス種類,メールアドレス\n{A},ケアプラン<A>,43,a@example.jp\n{B},ケアプランB,43,b@example.jp\n"
).encode()
SEAL = Seal("a secret of the installation, long enough")
ASSEMBLE = Frames(Sender("例の市", "notices@example.jp")).assemble


@pytest.fixture(scope="module")
async def tools() -> AsyncIterator[Tools]:
    """Two offices as of 2026-01-28, after the first has told of its application."""
    async with await Database.open("sqlite+aiosqlite://") as database:
        await create_all(database)
        clock = TurnedClock(datetime(2026, 1, 21, 0, 0, tzinfo=UTC))
        tools = offline_tools(database, clock, load(), RecorderChannel())
        await publish_notices(tools, list(notices_of(tools.catalogue)))
        await enlist(tools, LIST, Wanted("121002"), "clerk")
        await run_due(tools)
        clock.turn_to(datetime(2026, 1, 28, 0, 0, tzinfo=UTC))
        await receive(tools, Inbound("test", "1", "platform-subsidy.accepted", clock.now(), A, None, {}))
        await run_due(tools)
        yield tools


@pytest.fixture(scope="module")
async def sealed(tools: Tools) -> bytes:
    return await evidence(tools, Asked(A, who="a clerk"), ASSEMBLE, SEAL)


async def test_a_pack_holds_what_the_office_was_told_and_told_itself(tools: Tools, sealed: bytes) -> None:
    pack = unpack(sealed, SEAL.public_key)
    held = {name: text.decode() for name, text in pack.files.items() if name.endswith((".json", ".jsonl"))}
    assert json.loads(held["office.json"])["contacts"] == [
        {"channel": "email", "address": "a@example.jp", "active": True}
    ]
    (fact,) = map(json.loads, held["facts.jsonl"].splitlines())
    assert (fact["type"], fact["on"]) == ("platform-subsidy.accepted", "2026-01-28")
    duties = {each["deadline"]: each for each in map(json.loads, held["obligations.jsonl"].splitlines())}
    applied = duties["platform-subsidy/apply"]
    assert (applied["state"], applied["due"]["latest"]) == ("settled", "2026-03-13")
    assert {each["role"] for each in applied["sources"]} >= {"prevailing", "superseded"}
    assert all(each["notice"] and each["place"] for each in applied["sources"])
    sent = [json.loads(line) for line in held["sent.jsonl"].splitlines()]
    assert {(each["recipient"], each["state"]) for each in sent} == {("a@example.jp", "accepted")}
    mails = {each["file"] for each in sent}
    assert mails == {name for name in pack.files if name.endswith(".eml")}
    for name in mails:
        mail = message_from_bytes(pack.files[name])
        assert mail["To"] == "a@example.jp"
        assert {each["message_id"] for each in sent if each["file"] == name} == {
            str(mail["Message-ID"]).strip("<>").partition("@")[0]
        }
    assert [json.loads(line)["type"] for line in held["events.jsonl"].splitlines()] == [
        "platform-subsidy.accepted"
    ]
    assert check(pack) >= 1
    assert B not in "".join(held.values())


async def test_the_page_is_whole_japanese_and_shows_names_as_they_are_written(sealed: bytes) -> None:
    page = unpack(sealed).files["index.html"].decode()
    assert "ケアプラン&lt;A&gt;" in page
    assert all(each in page for each in ("期限と根拠", "令和8年3月13日", "済み", "a@example.jp"))
    assert not any(each in page for each in ("<script", "http://", "https://", "None"))


async def test_that_a_pack_was_made_stands_in_the_audit(tools: Tools, sealed: bytes) -> None:
    rows = [json.loads(line) for line in unpack(sealed).files["audit.jsonl"].splitlines()]
    assert (rows[-1]["action"], rows[-1]["who"], rows[-1]["subject"]) == (
        "evidence.made",
        "a clerk",
        f"office/{A}",
    )
    async with tools.database.reading() as conn:
        assert await audit.has_head(conn, rows[-1]["digest"])
        assert await audit.first_broken(conn) is None


async def test_an_authority_gets_what_it_may_see_and_nothing_about_offices_of_others(tools: Tools) -> None:
    pack = unpack(await evidence(tools, Asked(A, Tenant("121002")), ASSEMBLE, SEAL))
    assert "contacts" not in json.loads(pack.files["office.json"])
    for number, tenant in ((A, "271004"), ("9999999999", "")):
        with pytest.raises(UnknownError):
            await evidence(tools, Asked(number, Tenant(tenant)), ASSEMBLE, SEAL)


@given(st.data())
def test_any_byte_that_is_changed_is_found(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(SMALL) - 1))
    other = data.draw(st.integers(1, 255))
    changed = SMALL[:place] + bytes([SMALL[place] ^ other]) + SMALL[place + 1 :]
    with pytest.raises(VerificationError):
        unpack(changed)


SMALL = SEAL.pack({"office": A}, {"a.txt": "一".encode(), "b.txt": b"2" * 40})


def test_every_single_byte_is_covered_and_so_is_the_end() -> None:
    assert unpack(SMALL).files == {"a.txt": "一".encode(), "b.txt": b"2" * 40}
    for place in range(len(SMALL)):
        with pytest.raises(VerificationError):
            unpack(SMALL[:place] + bytes([SMALL[place] ^ 1]) + SMALL[place + 1 :])
        with pytest.raises(VerificationError):
            unpack(SMALL[:place])
    with pytest.raises(VerificationError):
        unpack(SMALL + b"\0")


def remade(files: dict[str, bytes], **more: bytes) -> bytes:
    """The same ZIP with other files in it, as somebody would make it with a usual program."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, held in (files | more).items():
            archive.writestr(name, held)
    return made.getvalue()


def test_whoever_makes_the_zip_anew_is_found_out_whatever_was_changed() -> None:
    with ZipFile(BytesIO(SMALL)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    said = json.loads(files["MANIFEST.json"])
    for changed, told in (
        ({}, "ZIP around"),
        ({"a.txt": b"other"}, "a.txt was changed"),
        ({"c.txt": b""}, "c.txt was put in"),
        ({"SIGNATURE": b"AAAA"}, "after it was signed"),
        ({"SIGNATURE": "署名".encode()}, "cannot be read"),
        ({"MANIFEST.json": b"[]"}, "cannot be read"),
        ({"MANIFEST.json": json.dumps(said | {"office": B}).encode()}, "after it was signed"),
        ({"MANIFEST.json": json.dumps(said | {"format": "other/2"}).encode()}, "another format"),
    ):
        with pytest.raises(VerificationError, match=told):
            unpack(remade(files | changed))
    for name in files:
        with pytest.raises(VerificationError):
            unpack(remade({key: held for key, held in files.items() if key != name}))
    with pytest.raises(VerificationError, match="no evidence pack"):
        unpack(remade({}))


def test_a_pack_sealed_by_somebody_else_shows_against_the_known_key() -> None:
    forged = Seal("somebody else's secret, just as long").pack({"office": A}, {"a.txt": b""})
    assert unpack(forged).public_key != SEAL.public_key
    with pytest.raises(VerificationError, match="another key"):
        unpack(forged, SEAL.public_key)


def test_a_row_of_the_audit_that_does_not_bear_its_digest_is_found() -> None:
    row = {
        "id": 1,
        "chain": "",
        "at": "2026-01-28T00:00:00+00:00",
        "who": "a clerk",
        "origin": "",
        "authority": "",
        "action": "evidence.made",
        "subject": f"office/{A}",
        "detail": {},
        "previous": "",
        "digest": "0" * 64,
    }
    with pytest.raises(VerificationError, match="row 1"):
        check(unpack(SEAL.pack({}, {"audit.jsonl": json.dumps(row).encode()})))
