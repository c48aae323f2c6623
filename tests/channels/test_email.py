"""Letters over real SMTP, with a relay that does everything a relay may do wrong."""

import asyncio
from collections.abc import Callable

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from notifier.channels.mime import Frames
from notifier.channels.relay import Relay, Timeouts
from notifier.domain.receipts import Phase, Receipt, Verdict
from notifier.errors import ChannelError
from tests.channels.letters import SENDER, Gate, channel, parcel, parcels, send, showing, trusting
from tests.channels.relays import DROP, Act, FakeRelay, Moment, running, silence

pytestmark = pytest.mark.timeout(30)

PIPELINED = ("PIPELINING", "8BITMIME")
STEPWISE = ("8BITMIME",)
both_ways = pytest.mark.parametrize("extensions", [PIPELINED, STEPWISE], ids=["pipelined", "stepwise"])


def at(*places: tuple[int, int, str], act: Act) -> Callable[[Moment], Act]:
    """A plan: do `act` at these (connection, letter, step), and what is ordinary elsewhere."""
    return lambda moment: act if moment.place in places else None


def outcome(receipt: Receipt) -> tuple[Verdict, int | None, Phase]:
    return receipt.verdict, receipt.code, receipt.phase


@both_ways
async def test_every_letter_is_taken_once_and_says_so(extensions: tuple[str, ...]) -> None:
    async with running(FakeRelay(extensions=extensions)) as relay:
        receipts = await send(channel(relay, connections=4), parcels(40))
    assert relay.keys == sorted(receipts) == sorted(letter.key for letter in parcels(40))
    assert {outcome(receipt) for receipt in receipts.values()} == {(Verdict.ACCEPTED, 250, Phase.DONE)}
    assert receipts["k7"].text == "2.0.0 queued"


async def test_a_relay_that_offers_size_is_told_it() -> None:
    async with running(FakeRelay(extensions=("SIZE 1000000",))) as relay:
        await send(channel(relay), [parcel()])
    [mail] = [line for line in relay.heard if line.startswith("MAIL")]
    assert mail == f"MAIL FROM:<kaigo@city.example.jp> SIZE={len(relay.taken[0].content)}"


async def test_s11_every_message_has_one_recipient() -> None:
    async with running(FakeRelay()) as relay:
        await send(channel(relay, connections=2), parcels(30))
    assert {len(letter.recipients) for letter in relay.taken} == {1}
    for letter in relay.taken:
        head = letter.content.partition(b"\r\n\r\n")[0].decode("ascii")
        assert [line for line in head.splitlines() if line.lower().startswith(("to:", "cc:", "bcc:"))] == [
            f"To: {letter.recipients[0]}"
        ]


async def test_s17_a_letter_sent_again_is_the_same_to_the_byte() -> None:
    async with running(FakeRelay()) as relay:
        await send(channel(relay), [parcel()])
        await send(channel(relay), [parcel()])
    first, second = relay.taken
    assert first.content == second.content
    assert b"Message-ID: <k1@city.example.jp>\r\n" in first.content


@both_ways
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DOT"])
async def test_s1_a_temporary_refusal_defers_that_letter_alone(
    extensions: tuple[str, ...], step: str
) -> None:
    plan = at((1, 2, step), act=b"451 4.7.1 later\r\n")
    async with running(FakeRelay(plan, extensions)) as relay:
        receipts = await send(channel(relay), parcels(3))
    assert outcome(receipts["k2"]) == (Verdict.DEFERRED, 451, Phase(step.lower()))
    assert relay.keys == ["k1", "k3"]
    assert [receipts[key].verdict for key in ("k1", "k3")] == [Verdict.ACCEPTED] * 2


@both_ways
@pytest.mark.parametrize(
    "step, verdict",
    [
        ("MAIL", Verdict.SENDER_FAULT),
        ("RCPT", Verdict.REFUSED),
        ("DATA", Verdict.REFUSED),
        ("DOT", Verdict.REFUSED),
    ],
)
async def test_s2_a_permanent_refusal_is_for_that_letter_alone_and_at_mail_it_is_our_fault(
    extensions: tuple[str, ...], step: str, verdict: Verdict
) -> None:
    plan = at((1, 2, step), act=b"550-5.7.1 no\r\n550 5.7.1 never\r\n")
    async with running(FakeRelay(plan, extensions)) as relay:
        receipts = await send(channel(relay), parcels(3))
    assert outcome(receipts["k2"]) == (verdict, 550, Phase(step.lower()))
    assert receipts["k2"].text == "5.7.1 no 5.7.1 never"
    assert relay.keys == ["k1", "k3"]


@both_ways
async def test_a_relay_that_takes_content_after_refusing_the_recipient_gets_an_empty_one(
    extensions: tuple[str, ...],
) -> None:
    def plan(moment: Moment) -> Act:
        refused = {"RCPT": b"550 5.1.1 unknown\r\n", "DATA": b"354 go ahead\r\n"}
        if moment.letter == 2 and moment.step == "DOT":
            return b"554 5.5.1 no valid recipients\r\n"
        return refused.get(moment.step) if moment.letter == 2 else None

    async with running(FakeRelay(plan, extensions)) as relay:
        receipts = await send(channel(relay), parcels(3))
    assert outcome(receipts["k2"]) == (Verdict.REFUSED, 550, Phase.RCPT)
    assert relay.keys == ["k1", "k3"]
    assert [letter.content for letter in relay.whole if not letter.recipients] in ([], [b""])


async def test_a_relay_that_takes_content_for_a_refused_sender_never_gets_an_empty_letter() -> None:
    plan = at((1, 2, "MAIL"), act=b"451 4.7.1 later\r\n")
    async with running(FakeRelay(plan)) as relay:
        receipts = await send(channel(relay), parcels(3))
    assert outcome(receipts["k2"]) == (Verdict.DEFERRED, 451, Phase.MAIL)
    assert relay.keys == ["k1", "k3"]
    assert b"" not in [letter.content for letter in relay.whole]


async def test_s4_a_refused_connection_defers_everything() -> None:
    async with running(FakeRelay()) as relay:
        pass
    receipts = await send(channel(relay, connections=3), parcels(5))
    assert len(receipts) == 5
    assert {outcome(receipt) for receipt in receipts.values()} == {(Verdict.DEFERRED, None, Phase.CONNECT)}


@pytest.mark.parametrize("act", [silence, DROP, b"220"], ids=["silent", "closed", "half"])
async def test_s4_a_relay_without_banner_defers_everything(act: Act) -> None:
    quick = Timeouts(connect=0.2, command=0.4, attempt=1)
    async with running(FakeRelay(lambda moment: act if moment.step == "CONNECT" else None)) as relay:
        receipts = await send(channel(relay, timeouts=quick), parcels(2))
    assert {outcome(receipt) for receipt in receipts.values()} == {(Verdict.DEFERRED, None, Phase.CONNECT)}


async def test_s1_a_421_in_place_of_a_banner_defers_everything() -> None:
    plan = at((1, 0, "CONNECT"), act=b"421 4.3.2 closed for the night\r\n")
    async with running(FakeRelay(plan)) as relay:
        receipts = await send(channel(relay), parcels(2))
    assert {outcome(receipt) for receipt in receipts.values()} == {(Verdict.DEFERRED, 421, Phase.CONNECT)}


@both_ways
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_s5_silence_before_the_dot_is_deferred_when_the_time_is_up(
    extensions: tuple[str, ...], step: str
) -> None:
    quick = Timeouts(connect=1, command=0.3, attempt=0.9)
    async with running(FakeRelay(at((1, 1, step), act=silence), extensions)) as relay:
        receipts = await send(channel(relay, timeouts=quick), [parcel()])
    assert outcome(receipts["k1"]) == (Verdict.DEFERRED, None, Phase(step.lower()))
    assert relay.whole == []


@both_ways
async def test_s5_silence_after_the_dot_is_unknown_when_the_attempt_is_over(
    extensions: tuple[str, ...],
) -> None:
    quick = Timeouts(connect=1, command=0.3, attempt=0.9)
    async with running(FakeRelay(at((1, 1, "DOT"), act=silence), extensions)) as relay:
        receipts = await send(channel(relay, timeouts=quick), [parcel()])
    assert outcome(receipts["k1"]) == (Verdict.UNKNOWN, None, Phase.DOT)
    assert len(relay.whole) == 1


@pytest.mark.parametrize("drop", [b"2", b"250-still\r\n"], ids=["one-octet", "endless-answer"])
async def test_s5_an_answer_that_drips_does_not_outlast_its_time(drop: bytes) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(drop)
            await asyncio.wait_for(asyncio.shield(asyncio.sleep(0.05)), 1)

    quick = Timeouts(connect=1, command=0.4, attempt=1)
    async with running(FakeRelay(at((1, 1, "MAIL"), act=drip))) as relay:
        async with asyncio.timeout(3):
            receipts = await send(channel(relay, timeouts=quick), [parcel()])
    assert outcome(receipts["k1"]) == (Verdict.DEFERRED, None, Phase.MAIL)


async def test_s5_an_answer_of_a_thousand_lines_ends_the_session() -> None:
    plan = at((1, 1, "MAIL"), act=b"250-still\r\n" * 1000 + b"250 done\r\n")
    async with running(FakeRelay(plan)) as relay:
        receipts = await send(channel(relay), [parcel()])
    assert receipts["k1"].text == "an answer without end"


@both_ways
async def test_f1_a_connection_lost_before_the_content_is_safe_and_after_it_is_unknown(
    extensions: tuple[str, ...],
) -> None:
    def plan(moment: Moment) -> Act:
        return DROP if moment.place in {(1, 1, "DATA"), (2, 1, "DOT")} else None

    async with running(FakeRelay(plan, extensions)) as relay:
        before = await send(channel(relay), [parcel()])
        after = await send(channel(relay), [parcel()])
    assert outcome(before["k1"]) == (Verdict.DEFERRED, None, Phase.DATA)
    assert outcome(after["k1"]) == (Verdict.UNKNOWN, None, Phase.DOT)
    assert [letter.connection for letter in relay.whole] == [2]


@both_ways
async def test_s10_half_an_answer_to_the_dot_is_unknown(extensions: tuple[str, ...]) -> None:
    async with running(FakeRelay(at((1, 2, "DOT"), act=b"250"), extensions)) as relay:
        receipts = await send(channel(relay), parcels(4))
    assert outcome(receipts["k2"]) == (Verdict.UNKNOWN, None, Phase.DOT)
    assert relay.keys == ["k1", "k3", "k4"]


@both_ways
@pytest.mark.parametrize("goodbye", [b"421 4.7.0 enough\r\n", DROP], ids=["421", "closed"])
async def test_s9_a_relay_that_ends_after_three_messages_gets_the_rest_on_new_connections(
    extensions: tuple[str, ...], goodbye: bytes
) -> None:
    plan = lambda moment: goodbye if moment.letter == 4 and moment.step == "MAIL" else None  # noqa: E731
    async with running(FakeRelay(plan, extensions)) as relay:
        receipts = await send(channel(relay, connections=2), parcels(20))
    assert relay.keys == sorted(letter.key for letter in parcels(20))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert max(sum(letter.connection == n for letter in relay.taken) for n in range(1, 9)) == 3


@both_ways
async def test_s9_every_outcome_belongs_to_its_own_letter(extensions: tuple[str, ...]) -> None:
    def plan(moment: Moment) -> Act:
        number = int(moment.line.partition("<k")[2].partition("@")[0]) if moment.step == "RCPT" else 0
        if number % 7 == 3:
            return f"550 5.1.1 k{number}\r\n".encode()
        if number % 7 == 5:
            return f"450 4.2.1 k{number}\r\n".encode()
        if moment.letter == 6 and moment.step == "DOT":
            return b"421 4.3.0 restarting\r\n"
        return DROP if moment.letter == 9 and moment.step == "DATA" else None

    async with running(FakeRelay(plan, extensions)) as relay:
        receipts = await send(channel(relay, connections=3), parcels(60))
    assert sorted(receipts) == sorted(letter.key for letter in parcels(60))
    assert relay.keys == sorted(key for key, receipt in receipts.items() if receipt.code == 250)
    for key, receipt in receipts.items():
        number = int(key[1:])
        if number % 7 in {3, 5}:
            assert receipt.text.endswith(f" k{number}")
        else:
            assert outcome(receipt) in {
                (Verdict.ACCEPTED, 250, Phase.DONE),
                (Verdict.DEFERRED, 421, Phase.DOT),
            }


async def test_a_relay_that_never_brings_a_letter_to_an_end_is_given_up_soon() -> None:
    async with running(FakeRelay(lambda moment: DROP if moment.step == "MAIL" else None)) as relay:
        receipts = await send(channel(relay, connections=2), parcels(50))
    assert {outcome(receipt) for receipt in receipts.values()} == {(Verdict.DEFERRED, None, Phase.MAIL)}
    assert len(receipts) == 50
    assert relay.connections <= 4


async def test_one_open_connection_suffices_where_the_relay_allows_no_more() -> None:
    def plan(moment: Moment) -> Act:
        crowded = moment.step == "CONNECT" and moment.connection > 1
        return b"421 4.7.0 too many connections\r\n" if crowded else None

    async with running(FakeRelay(plan)) as relay:
        receipts = await send(channel(relay, connections=4), parcels(30))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}


async def test_an_answer_that_nobody_waits_for_ends_the_session_without_harm() -> None:
    plan = at((1, 1, "DOT"), act=b"250 2.0.0 queued\r\n250 2.0.0 queued again\r\n")
    async with running(FakeRelay(plan, STEPWISE)) as relay:
        receipts = await send(channel(relay), [parcel()])
        assert outcome(receipts["k1"]) == (Verdict.ACCEPTED, 250, Phase.DONE)


@pytest.mark.parametrize("noise", [b"HTTP/1.1 200 OK\r\n", b"\r\n", b"2500 ok\r\n", b"x" * 9000])
async def test_what_is_no_answer_is_never_taken_for_one(noise: bytes) -> None:
    async with running(FakeRelay(at((1, 1, "DOT"), act=noise))) as relay:
        receipts = await send(channel(relay), [parcel()])
    assert outcome(receipts["k1"]) == (Verdict.UNKNOWN, None, Phase.DOT)


async def test_an_answer_that_fits_no_final_dot_ends_the_session_as_unknown() -> None:
    async with running(FakeRelay(at((1, 1, "DOT"), act=b"354 go ahead\r\n"))) as relay:
        receipts = await send(channel(relay), parcels(3))
    assert outcome(receipts["k1"]) == (Verdict.UNKNOWN, 354, Phase.DOT)
    assert relay.keys == ["k2", "k3"]


async def test_an_idle_connection_takes_leave_after_a_while() -> None:
    brief = Timeouts(connect=1, command=1, attempt=2, idle=0.05)
    async with running(FakeRelay()) as relay, channel(relay, timeouts=brief) as way:
        for _ in range(2):
            assert len([key async for key, _ in way.send(parcels(2), Gate())]) == 2
            await asyncio.wait(relay.open, timeout=5)
            assert relay.open == set()
    assert relay.connections == 2
    assert relay.heard.count("QUIT") == 2


async def test_a_server_written_by_others_takes_our_letters() -> None:
    taken: list[tuple[list[str], bytes]] = []

    class Keep:
        async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: ARG002, N802 - theirs
            assert isinstance(envelope.content, bytes)
            taken.append((envelope.rcpt_tos, envelope.content))
            return "250 kept"

    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Keep()), "127.0.0.1", 0)
    relay = FakeRelay(port=server.sockets[0].getsockname()[1])
    receipts = await send(channel(relay, connections=2), parcels(20))
    server.close()
    await server.wait_closed()
    assert {receipt.text for receipt in receipts.values()} == {"kept"}
    assert sorted(recipients[0] for recipients, _ in taken) == sorted(each.recipient for each in parcels(20))
    frames = Frames(SENDER)
    assert {content for _, content in taken} == {frames.assemble(each) for each in parcels(20)}


async def test_connections_stay_open_between_batches() -> None:
    async with running(FakeRelay()) as relay, channel(relay, connections=2) as way:
        for _ in range(3):
            assert len([key async for key, _ in way.send(parcels(10), Gate())]) == 10
        assert relay.connections <= 2


async def test_batches_that_overlap_share_the_connections() -> None:
    async with running(FakeRelay()) as relay, channel(relay, connections=2) as way:

        async def one(prefix: str) -> int:
            letters = [parcel(f"{prefix}{place}") for place in range(30)]
            return len([key async for key, _ in way.send(letters, Gate())])

        assert await asyncio.gather(*(one(prefix) for prefix in "abc")) == [30, 30, 30]
    assert relay.connections <= 2
    assert len(relay.keys) == 90


async def test_a_letter_that_cannot_be_written_is_refused_without_disturbing_the_others() -> None:
    letters = [parcel("k1"), parcel("k2", subject="件名\r\nBcc: x@example.jp"), parcel("k3", text="a\0b")]
    letters.append(parcel("k4", recipient="nobody"))
    async with running(FakeRelay()) as relay:
        receipts = await send(channel(relay), letters)
    assert relay.keys == ["k1"]
    assert {receipts[key].verdict for key in ("k2", "k3", "k4")} == {Verdict.REFUSED}
    assert "subject" in receipts["k2"].text


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_letters_travel_over_verified_tls(security: str) -> None:
    relay = FakeRelay(
        extensions=("PIPELINING", *(["STARTTLS"] if security == "starttls" else [])),
        context=showing("right.pem"),
        immediate_tls=security == "tls",
    )
    async with running(relay):
        way = channel(relay, security=security, context=trusting())  # type: ignore[arg-type]  # parametrised
        receipts = await send(way, parcels(10))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}


@pytest.mark.parametrize("certificate", ["other.pem", "expired.pem"])
async def test_s6_a_wrong_or_expired_certificate_gets_no_letter(certificate: str) -> None:
    relay = FakeRelay(extensions=("STARTTLS",), context=showing(certificate))
    async with running(relay):
        receipts = await send(channel(relay, security="starttls", context=trusting()), parcels(2))
    assert {outcome(receipt) for receipt in receipts.values()} == {(Verdict.DEFERRED, None, Phase.CONNECT)}
    assert "certificate" in receipts["k1"].text.lower()
    assert not any(line.startswith("MAIL") for line in relay.heard)


async def test_s6_an_unknown_authority_gets_no_letter() -> None:
    relay = FakeRelay(context=showing("right.pem"), immediate_tls=True)
    async with running(relay):
        receipts = await send(channel(relay, security="tls"), [parcel()])
    assert outcome(receipts["k1"]) == (Verdict.DEFERRED, None, Phase.CONNECT)


async def test_s6_a_relay_without_starttls_gets_no_letter_in_the_clear() -> None:
    async with running(FakeRelay()) as relay:
        receipts = await send(channel(relay, security="starttls", context=trusting()), [parcel()])
    assert outcome(receipts["k1"]) == (Verdict.DEFERRED, None, Phase.CONNECT)
    assert "STARTTLS" in receipts["k1"].text
    assert not any(line.startswith(("MAIL", "AUTH")) for line in relay.heard)


async def test_s7_what_was_slipped_in_before_tls_is_not_heard() -> None:
    plan = at((1, 0, "STARTTLS"), act=b"220 go ahead\r\n250-relay\r\n250 PIPELINING\r\n")
    relay = FakeRelay(plan, extensions=("STARTTLS",), context=showing("right.pem"))
    async with running(relay):
        receipts = await send(channel(relay, security="starttls", context=trusting()), [parcel()])
    assert receipts["k1"].verdict in {Verdict.ACCEPTED, Verdict.DEFERRED}
    assert relay.keys == (["k1"] if receipts["k1"].code == 250 else [])


async def test_s8_a_refused_password_is_our_fault_and_marks_no_letter_as_refused() -> None:
    relay = FakeRelay(
        lambda moment: b"535 5.7.8 wrong\r\n" if moment.step == "AUTH" else None,
        extensions=("AUTH PLAIN", "PIPELINING"),
    )
    async with running(relay):
        receipts = await send(channel(relay, login=("user", "old")), parcels(5))
    assert {outcome(receipt) for receipt in receipts.values()} == {(Verdict.SENDER_FAULT, 535, Phase.CONNECT)}


async def test_a_password_opens_the_session() -> None:
    async with running(FakeRelay(extensions=("AUTH PLAIN", "PIPELINING"))) as relay:
        receipts = await send(channel(relay, login=("user", "secret")), [parcel()])
    assert receipts["k1"].verdict is Verdict.ACCEPTED
    assert any(line.startswith("AUTH PLAIN") for line in relay.heard)


def test_a_password_never_crosses_a_network_in_the_clear() -> None:
    with pytest.raises(ChannelError, match="without TLS"):
        Relay("relay.example.jp", 25, "none", "user", "secret")


def test_a_password_is_not_printed() -> None:
    assert "secret" not in repr(Relay("relay.example.jp", 587, "starttls", "user", "secret"))
