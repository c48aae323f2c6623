"""The demonstration: the city's history is replayed with the real steps, then the service runs on.

Every letter goes out over SMTP to a mailbox on this host, which shows what it got. The database is made anew each
time: in memory while the clock is turned, then as a file.
"""

import shutil
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from pydantic import SecretStr

from notifier.channels.mailbox import Deliver, Mailbox, Received
from notifier.clock import Clock, ShiftedClock, civil_date, japan_time
from notifier.demonstration.city import MUNICIPALITY, city
from notifier.demonstration.history import SOURCE, happenings, to_come
from notifier.demonstration.history import Happening as CityEvent
from notifier.demonstration.paper import NAME, paper
from notifier.desk import Desk
from notifier.domain.accounts import User
from notifier.domain.actors import Actor
from notifier.domain.notices import Notice
from notifier.domain.roles import Role
from notifier.intake import receive_facts
from notifier.publishing import notices_of
from notifier.service import Service
from notifier.settings import Settings
from notifier.simulation import Act, Happening, Progress, Run, publishing
from notifier.steps.enrol import enrol
from notifier.steps.take_in import Handed
from notifier.store.authorities import keep_authorities
from notifier.store.mailbox import MailboxStore
from notifier.tools import Tools

BEGIN = date(2025, 2, 1)
FOLDER = Path("var") / "demonstration"
NEWS_HOUR, REST_HOUR = 8, 10
"""Events come in at 08:00; a turned clock stops at 10:00, when the day's letters have left at 09:00."""
MONDAY = 0
WRITER = {
    "sender_name": "市 介護保険担当課（デモ）",
    "sender_contact": "電話 043-000-0000（平日 8:30〜17:15、架空の番号）",
}

REPLIES = "henshin@notifier.example"
"""Where answers go; the local mailbox has a form to try them, and NOTIFIER_INTAKE_PORT a door for mail programs."""

STAND_INS = (
    User("sato", Role.EDITOR, MUNICIPALITY, "佐藤 花子（市 介護保険課）"),
    User("suzuki", Role.APPROVER, MUNICIPALITY, "鈴木 一郎（市 介護保険課 係長）"),
    User("tanaka", Role.ADMINISTRATOR, MUNICIPALITY, "田中 次郎（市 情報政策課）"),
    User("takahashi", Role.EDITOR, "", "高橋 実（全国の規則 担当）"),
    User("watanabe", Role.APPROVER, "", "渡辺 京子（全国の規則 承認）"),
)
"""Invented persons as whom a visitor looks: first the city's clerk, who needs another one to approve."""


async def run_demonstration(
    settings: Settings, real: Clock, progress: Progress, ready: Callable[[str], None], folder: Path = FOLDER
) -> None:
    """Replay the city's history up to today, then run the service with the city until it is stopped.

    `progress` follows the replay, `ready` is told the address of the pages. Raises NotifierError.
    """
    _make_anew(folder)
    clock = ShiftedClock(real, japan_time(BEGIN, 0))
    mails = MailboxStore(folder / "mailbox.sqlite3")
    mailbox = Mailbox(_keep_in(mails), clock.now)
    port = await mailbox.start()
    kept = folder / "notifier.sqlite3"
    ours = WRITER | {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "smtp_username": None}
    ours["reply_address"] = settings.reply_address or REPLIES
    try:
        in_memory = settings.model_copy(update=ours | {"database_url": SecretStr("sqlite+aiosqlite://")})
        async with Service.open(in_memory, clock=clock) as service:
            await replay(service, clock, real, progress)
            await service.database.save_to(kept)
        on_disk = settings.model_copy(
            update=ours | {"database_url": SecretStr(f"sqlite+aiosqlite:///{kept}")}
        )
        async with Service.open(on_disk, clock=clock) as service:
            await service.run(
                web=True,
                work=True,
                mailbox=mails,
                turn_clock=turning(service, clock),
                stand_ins=STAND_INS,
                ready=ready,
            )
    finally:
        await mailbox.stop()
        await mails.close()


def _make_anew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _keep_in(mails: MailboxStore) -> Deliver:
    async def keep(received: Sequence[Received]) -> None:
        await mails.add_many([(each.recipient, each.content, each.received_at) for each in received])

    return keep


async def replay(service: Service, clock: ShiftedClock, real: Clock, progress: Progress) -> None:
    """Enrol the city, let everything happen that happened until now, and leave a notice to be reviewed."""
    now = real.now()
    await service.migrate()
    async with service.database.transaction() as conn:
        shipped = service.tools.catalogue.authorities.values()
        await keep_authorities(conn, [(each, f"kaigo-{each.code}@notifier.example") for each in shipped])
    await enrol(service.tools, [office.enrolled() for office in city()], SOURCE)
    past = list(_happenings(service.tools, BEGIN, civil_date(now)))
    await Run(service.tools, clock, BEGIN, now, progress).through(past)
    clock.turn_to(
        max(real.now(), clock.now())
    )  # the replay has taken its time, and webhooks are signed with a time
    clock.let_go()
    handed = Handed(NAME, paper(civil_date(clock.now())), "")
    await Desk(service.tools, Actor(SOURCE)).add(handed)


def turning(service: Service, clock: ShiftedClock) -> Callable[[date], Awaitable[None]]:
    """Return what turns the clock to 10:00 on a civil date and lets happen what lies between."""

    async def turn(to: date) -> None:
        async with service.working:
            today = civil_date(clock.now())
            coming = list(_happenings(service.tools, today + timedelta(days=1), to))
            until = japan_time(to, REST_HOUR)
            await Run(service.tools, clock, today, until).through(coming)
            clock.let_go()

    return turn


def _happenings(tools: Tools, first: date, last: date) -> Iterator[Happening]:
    """Yield what comes in from `first` to `last`: notices on the day they become known, facts every Monday.

    What authorities set comes in on its own day; offices' facts come with the file of the week, dated as they were.
    """
    notices: dict[date, list[Notice]] = defaultdict(list)
    for notice in notices_of(tools.catalogue):
        notices[max(notice.known_from, BEGIN)].append(notice)
    for day, known in sorted(notices.items()):
        if first <= day <= last:
            yield Happening(japan_time(day, 0 if day == BEGIN else NEWS_HOUR), publishing(known))
    arriving: dict[date, list[CityEvent]] = defaultdict(list)
    for event in (*happenings(), *to_come()):
        arriving[_arrival(event)].append(event)
    for day, events in sorted(arriving.items()):
        if first <= day <= last:
            yield Happening(japan_time(day, NEWS_HOUR), _receiving(events))


def _arrival(event: CityEvent) -> date:
    if not event.subject.startswith("office/"):
        return event.on
    return event.on + timedelta(days=(MONDAY - event.on.weekday()) % 7)


def _receiving(events: list[CityEvent]) -> Act:
    inbound = [event.inbound() for event in events]

    async def act(tools: Tools) -> None:
        await receive_facts(tools, inbound)

    return act
