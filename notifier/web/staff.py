"""Staff: who looks at a page, for which authority, and what they may do.

Every page and every deed of the staff begins with `staff.of(request)`. Who does something on a page stands in the audit
under the name of their account.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from aiohttp import web

from notifier.domain.accounts import User
from notifier.domain.actors import Actor
from notifier.domain.callers import Tenant
from notifier.domain.law import Law
from notifier.domain.roles import Deed, Role, may
from notifier.errors import NotifierError
from notifier.store import users
from notifier.store.database import Connection
from notifier.tools import Tools
from notifier.web import wording
from notifier.web.origins import origin_of
from notifier.web.supplies import SUPPLIES, Supplies
from notifier.web.tracing import traceparent

ANYBODY: Final = User("anybody", Role.VIEWER, "", "ログインなしの閲覧")
"""Who looks where nobody is asked to sign in: may read, and change nothing."""
USER: Final = web.RequestKey("user", User)
"""Under this key a request carries who is signed in, once the gate has let them in."""
MOST_NAMED: Final = 5


class LackingRightError(web.HTTPForbidden):
    """Somebody asked for what their role may not do; the page says whom to ask."""

    def __init__(self, deed: Deed) -> None:
        """Name the `deed` that is not theirs."""
        super().__init__()
        self.deed = deed


@dataclass(frozen=True, slots=True)
class Staff:
    """Who looks: the `user`, the `origin` (a network address), what the pages are handed, and the call's traceparent."""

    user: User
    origin: str
    supplies: Supplies
    trace: str = ""

    @property
    def tenant(self) -> Tenant:
        """Return whose eyes the store looks through: the user's authority, or the nation."""
        return Tenant(self.user.authority)

    @property
    def actor(self) -> Actor:
        """Return who the audit shall say has done something, from where, on whose behalf."""
        return Actor(self.user.name, self.origin, self.user.authority, self.trace)

    @property
    def tools(self) -> Tools:
        """Return what steps use. Raises NotifierError where the pages were opened for reading only."""
        if self.supplies.tools is None:
            raise NotifierError("these pages were opened without tools, for reading only")
        return self.supplies.tools

    def may(self, deed: str) -> bool:
        """Tell whether the user may do `deed` (a value of Deed: read, edit, approve, administer …)."""
        return may(self.user.role, Deed(deed))

    def require(self, deed: Deed) -> None:
        """Refuse, with a page that says whom to ask, what the user may not do. Ask before anything is changed."""
        if not self.may(deed):
            raise LackingRightError(deed)

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """Return a connection that sees one state of what the tenant may see; queries take the tenant all the same.

        Not for tables that are the program's own (`walls.CLOSED`: tasks, inbox, documents, replies …).
        """
        return self.supplies.database.reading(tenant=self.tenant)

    def overview(self) -> AbstractAsyncContextManager[Connection]:
        """Return a connection that sees everybody's rows: for sums, and for the program's own tables."""
        return self.supplies.database.reading()

    def today(self) -> date:
        """Return the present civil date in Japan."""
        return self.supplies.today()

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self.supplies.clock.now()

    async def law(self) -> Law:
        """Return the approved law as known today."""
        return await self.supplies.law()


def of(request: web.Request) -> Staff:
    """Return who looks at the page."""
    return Staff(request.get(USER, ANYBODY), origin_of(request), request.app[SUPPLIES], traceparent(request))


def requiring(request: web.Request, deed: Deed) -> Staff:
    """Return who looks at the page; refuse those who may not do `deed`."""
    found = of(request)
    found.require(deed)
    return found


async def whom_to_ask(staff: Staff, deed: Deed) -> str:
    """Return in Japanese why the user may not do `deed`, and who may."""
    wanted, user = wording.DEEDS[deed], staff.user
    if user == ANYBODY:
        return (
            f"この画面はログインなしで開いているため、見ることだけができます。「{wanted}」をするには、ログインを求める設定"
            "（NOTIFIER_SIGN_IN=required）にして、利用者を登録してください。"
        )
    told = f"この操作には「{wanted}」の権限が要ります。あなたの役割は「{wording.ROLES[user.role]}」です。"
    async with staff.overview() as conn:
        accounts = [each.user for each in await users.every(conn) if each.disabled_at is None]
    known = [*staff.supplies.stand_ins, *accounts]
    labels = [each.label for each in known if each.authority == user.authority and may(each.role, deed)]
    if labels:
        rest = "ほか" if len(labels) > MOST_NAMED else ""
        return f"{told}操作できるのは、{'、'.join(labels[:MOST_NAMED])}{rest}です。"
    return f"{told}この権限を持つ人はまだ登録されていません。運用担当者にお問い合わせください。"


async def people(looking: Staff) -> dict[str, str]:
    """Return by user name how people are called who have worked here."""
    async with looking.overview() as conn:
        accounts = [each.user for each in await users.every(conn)]
    return {each.name: each.label for each in (*looking.supplies.stand_ins, *accounts)}
