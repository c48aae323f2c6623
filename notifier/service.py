"""The composition root: settings in, everything wired out."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Self, TypeAlias

from notifier.almanac import Almanac, WantedCalendar, open_calendar
from notifier.channels.counted import CountedChannel
from notifier.channels.mime import Frames, Sender
from notifier.channels.parcel import MailChannel
from notifier.channels.provider import Client, Provider
from notifier.clock import Clock
from notifier.counter import Counter
from notifier.domain.accounts import User
from notifier.domain.actors import Who
from notifier.domain.callers import NATION
from notifier.domain.law import Law
from notifier.enlisting import Enlisted, Progress, Wanted, silently
from notifier.errors import NotifierError
from notifier.evidence import Asked, evidence
from notifier.explaining import Explained, explain
from notifier.gatehouse import Gatehouse
from notifier.keyring import Keyring, WantedKey, create_key, trust_public_key
from notifier.letterbox import Letterbox
from notifier.listening import listening
from notifier.lookout import Lookout
from notifier.oidc import Oidc
from notifier.passes import Purpose
from notifier.postman import Postman
from notifier.publishing import publish
from notifier.reception import Reception
from notifier.running import run_step, settled
from notifier.schedule import Schedule
from notifier.sealing import Seal
from notifier.settings import Settings, read_networks
from notifier.steps.enlist import enlist
from notifier.steps.entrust import take_back
from notifier.steps.lend import recall
from notifier.steps.mute import mute
from notifier.steps.post import post
from notifier.steps.vouch import confirm, contact_of
from notifier.store import authorities, keys, outbox
from notifier.store.contacts import Contact
from notifier.store.keys import ApiKey
from notifier.store.mailbox import MailboxStore
from notifier.store.migration import migrate, pending
from notifier.store.outbox import Message
from notifier.switchboard import Switchboard
from notifier.tools import Tools, law_on
from notifier.vitals import Monitor
from notifier.web.api.calls import Entrance
from notifier.web.application import make_application
from notifier.web.supplies import Supplies
from notifier.web.watch import Watched, make_watch
from notifier.wiring import Wired, wired
from notifier.worker import Worker

TurnClock: TypeAlias = Callable[[date], Awaitable[None]]
COMMAND_LINE = "command line"


class Service:
    """The service, wired and open. Use `Service.open`."""

    def __init__(self, settings: Settings, found: Wired) -> None:
        """Wrap what is wired. `working` is held while a step runs, or while the demonstration turns its clock."""
        tools = found.tools
        self.settings = settings
        self.monitor = Monitor(tools, self._silence)
        self.tools = replace(tools, channel=CountedChannel(tools.channel, self.monitor.count_letter))
        self.exchange = found.exchange
        self.database = tools.database
        self.postman = Postman(partial(post, tools, found.exchange))
        self.lookout = Lookout(tools, settings.base_url, read_networks(settings.webhook_networks))
        self.working = asyncio.Lock()
        self._passes = found.passes
        self._schedule: Schedule | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, *, clock: Clock, channel: MailChannel | None = None
    ) -> AsyncIterator[Self]:
        """Wire everything for `settings`, and close it at the end; see `notifier.wiring.wired`."""
        async with wired(settings, clock, channel) as found:
            yield cls(settings, found)

    async def migrate(self) -> list[str]:
        """Bring the schema up to date and take in the shipped law that is known by now; returns the steps taken."""
        taken = await migrate(self.database)
        async with self.database.transaction() as conn:
            known = await authorities.load_authorities(conn)
            shipped = self.tools.catalogue.authorities.values()
            await authorities.keep_authorities(
                conn, [(each, "") for each in shipped if each.code not in known]
            )
        await publish(self.tools, self.tools.today())
        return taken

    async def import_offices(
        self,
        content: bytes,
        municipality: str,
        *,
        dry_run: bool,
        progress: Progress = silently,
        who: Who = COMMAND_LINE,
    ) -> Enlisted:
        """Take over a list of offices of `municipality`; see `notifier.steps.enlist`."""
        wanted = Wanted(municipality, dry_run=dry_run)
        return await enlist(await self.ready_tools(), content, wanted, who, progress)

    async def ready_tools(self) -> Tools:
        """Return the tools for a command's steps. Raises NotifierError if the schema is not up to date."""
        await self._refuse_old_schema()
        return self.tools

    async def explain(
        self, office: str, deadline: str | None = None, on: date | None = None, known_on: date | None = None
    ) -> Explained:
        """Explain what an office owes; see `notifier.explaining.explain`."""
        await self._refuse_old_schema()
        return await explain(self.tools, office, deadline, on, known_on)

    @property
    def seal(self) -> Seal:
        """Return what seals evidence packs."""
        return Seal(self.exchange.key)

    async def evidence(self, asked: Asked) -> bytes:
        """Return everything kept about an office, sealed; see `notifier.evidence.evidence`."""
        await self._refuse_old_schema()
        assemble = Frames(Sender(self.settings.sender_name, self.settings.mail_from)).assemble
        return await evidence(self.tools, asked, assemble, self.seal)

    async def create_key(self, wanted: WantedKey, who: Who = COMMAND_LINE) -> str:
        """Make a key for a program and return it, `prefix.secret`; see `notifier.keyring.create_key`."""
        await self._refuse_old_schema()
        return await create_key(self.tools, wanted, secrets.token_bytes, who)

    async def keys(self) -> Sequence[ApiKey]:
        """Return all keys, revoked ones too, oldest first."""
        await self._refuse_old_schema()
        async with self.database.reading() as conn:
            return await keys.every(conn)

    async def revoke_key(self, prefix: str, who: Who = COMMAND_LINE) -> bool:
        """Revoke a key; within a second it opens nothing. False if there is none or it was revoked before."""
        await self._refuse_old_schema()
        return await take_back(self.tools, prefix, who)

    async def trust_key(self, prefix: str, written: str, overlap: timedelta, who: Who = COMMAND_LINE) -> bool:
        """Let the holder of a key sign events with a private key; see `notifier.keyring.trust_public_key`."""
        await self._refuse_old_schema()
        return await trust_public_key(self.tools, prefix, written, overlap, who)

    async def create_calendar(self, wanted: WantedCalendar, who: Who = COMMAND_LINE) -> str:
        """Give out the secret address of a calendar and return it; see `notifier.almanac.open_calendar`."""
        await self._refuse_old_schema()
        token = await open_calendar(self.tools, wanted, secrets.token_bytes, who)
        return f"{self.settings.base_url}/calendar/{token}.ics"

    async def revoke_calendar(self, name: str, who: Who = COMMAND_LINE) -> bool:
        """Revoke an address; it answers 410 from then on. False if there is none or it was revoked before."""
        await self._refuse_old_schema()
        return await recall(self.tools, NATION, name, who)

    async def switchboard(self, who: Who = COMMAND_LINE, authority: str | None = None) -> Switchboard:
        """Return what deals with endpoints as `who`: those of one `authority`, or all of them."""
        await self._refuse_old_schema()
        return Switchboard(self.tools, self.exchange, secrets.token_bytes, who, authority)

    async def _refuse_old_schema(self) -> None:
        waiting = await pending(self.database)
        if waiting:
            raise NotifierError(
                f"{self.database.place}: the schema is not up to date ({len(waiting)} to go); run `notifier migrate` first"
            )

    async def run(
        self,
        *,
        web: bool,
        work: bool,
        mailbox: MailboxStore | None = None,
        turn_clock: TurnClock | None = None,
        stand_ins: tuple[User, ...] = (),
        ready: Callable[[str], None] | None = None,
    ) -> None:
        """Run until SIGTERM or SIGINT: the web door, and the schedule with a worker.

        `mailbox`, `turn_clock` and `stand_ins` belong to the demonstration. `ready` is called with the address once the
        pages answer. A ticker that dies ends the program, so that whoever watches it starts it anew.
        """
        await self._refuse_old_schema()
        stopping = asyncio.Event()
        async with AsyncExitStack() as stack:
            _on_signal(stopping)
            worker = self.worker()
            stack.enter_context(self.monitor.feeling())
            await stack.enter_async_context(self._watched())
            if web:
                address = await stack.enter_async_context(
                    self.door(mailbox, turn_clock, worker.wake, stand_ins)
                )
                await stack.enter_async_context(self._mail_taken(worker.wake))
                if ready is not None:
                    ready(address)
            if work:
                await stack.enter_async_context(self._working(worker, stopping))
            stack.enter_context(settled())
            await stopping.wait()

    async def _of_proof(
        self, asking: Callable[[Tools, str], Awaitable[Contact | None]], token: str
    ) -> Contact | None:
        proof = self._passes.read(Purpose.CONFIRM, token)
        return None if proof is None else await asking(self.tools, proof)

    def worker(self) -> Worker:
        """Return a worker that runs the steps with this service's tools."""

        async def run(message: Message) -> None:
            async with self.working:
                with self.monitor.step(message.step):
                    await run_step(self.tools, message.step)
            if message.step == "herald":
                self.postman.wake()

        return Worker(self.database, self.tools.clock, run, self.tools.worker)

    @asynccontextmanager
    async def _working(self, worker: Worker, stopping: asyncio.Event) -> AsyncIterator[None]:
        died: list[str] = []

        def on_dead() -> None:
            died.append("the ticker")
            stopping.set()

        async def leave(step: str) -> None:
            async with self.database.transaction() as conn:
                await outbox.enqueue(conn, step, self.tools.now())
            worker.wake()

        schedule = self._schedule = Schedule(leave, on_dead)
        schedule.start()
        working = asyncio.create_task(worker.work())
        working.add_done_callback(lambda _: stopping.set())
        rounds = asyncio.gather(self.postman.work(), self.lookout.watchman.work())
        try:
            yield
        finally:
            await schedule.stop()
            for each in (worker, self.postman, self.lookout.watchman):
                each.stop()
            await working
            await rounds
        if died:
            raise NotifierError("the ticker died; the service stopped so that it can be started anew")

    @asynccontextmanager
    async def door(
        self,
        mailbox: MailboxStore | None = None,
        turn_clock: TurnClock | None = None,
        wake: Callable[[], None] = lambda: None,
        stand_ins: tuple[User, ...] = (),
    ) -> AsyncIterator[str]:
        """Open the pages on the address that the settings name, and yield it; see `run` for the first arguments.

        `wake` is called when an event came in, for a worker in this process.
        """
        supplies = Supplies(
            self.database,
            self.tools.clock,
            self.law,
            self._passes.secret,
            {name: kind.label for name, kind in self.tools.catalogue.facts.items()},
            {code: kind.name for code, kind in self.tools.catalogue.services.items()},
            mailbox=mailbox,
            letterbox=Letterbox(self.tools, wake) if mailbox is not None and self.tools.returns else None,
            turn_clock=turn_clock,
            is_alive=self._is_alive,
            monitor=self.monitor,
            recipient_of=partial(self._passes.read, Purpose.UNSUBSCRIBE),
            mute=partial(mute, self.tools),
            contact_of=partial(self._of_proof, contact_of),
            confirm=partial(self._of_proof, confirm),
            overrides=self.settings.templates_dir,
            entrance=Entrance(
                Reception(self.tools, wake, self.monitor.count_event),
                Keyring(self.tools),
                self.tools.now,
                exchange=self.exchange,
            ),
            almanac=Almanac(self.tools),
            gatehouse=Gatehouse(self.tools, self._passes.secret, secrets.token_bytes)
            if self.settings.asks_who_is_there(is_shown_off=turn_clock is not None)
            else None,
            oidc=self._oidc(),
            is_secure=self.settings.base_url.startswith("https://"),
            proxies=read_networks(self.settings.trusted_proxies),
            tools=self.tools,
            stand_ins=stand_ins,
            counter=Counter(self.tools, self._passes, secrets.token_bytes),
            assemble=Frames(Sender(self.settings.sender_name, self.settings.mail_from)).assemble,
            exchange=self.exchange,
        )
        async with listening(
            make_application(supplies), self.settings.http_host, self.settings.http_port, "HTTP"
        ) as address:
            yield address

    def _oidc(self) -> Oidc | None:
        settings = self.settings
        issuer, name, secret = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
        if issuer is None or name is None or secret is None:
            return None
        return Oidc(
            Provider(issuer, Client(name, secret.get_secret_value())),
            f"{settings.base_url}/login/oidc/callback",
            scopes=settings.oidc_scopes,
            secret=self._passes.secret,
            chance=secrets.token_bytes,
            now=self.tools.now,
        )

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[str | None]:
        """Open the door for those who watch, if the settings give it a port, and yield its address."""
        host, port = self.settings.metrics_host, self.settings.metrics_port
        if not port:
            yield None
            return
        watch = make_watch(Watched(self._is_alive, self.monitor))
        async with listening(watch, host, port, "METRICS") as address:
            yield address

    @asynccontextmanager
    async def _mail_taken(self, wake: Callable[[], None]) -> AsyncIterator[None]:
        """Take mail for us, if the settings give it a port."""
        host, port = self.settings.intake_host, self.settings.intake_port
        if not port:
            yield
            return
        async with Letterbox(self.tools, wake).listening(host, port):
            yield

    def _is_alive(self) -> bool:
        return self._schedule is None or self._schedule.is_alive

    def _silence(self) -> float | None:
        return None if self._schedule is None else self._schedule.silence

    async def law(self) -> Law:
        """Return the approved law as it is known today."""
        async with self.database.reading() as conn:
            return await law_on(conn, self.tools, self.tools.today())


def _on_signal(stopping: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
