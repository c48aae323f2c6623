"""Personnel: the accounts of one authority, as its administrators keep them over the pages.

Nobody locks themselves out, and somebody always remains who can administer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from notifier.domain.accounts import User
from notifier.domain.actors import Who
from notifier.domain.callers import Tenant
from notifier.domain.roles import Deed, Role, may
from notifier.errors import AccountRefusedError, UnknownError
from notifier.gatehouse import Gatehouse
from notifier.store import users
from notifier.store.users import Account


@dataclass(frozen=True)
class Personnel:
    """Keeps the accounts of `tenant`, on behalf of the user `name`, who stands in the audit as `who`."""

    gatehouse: Gatehouse
    tenant: Tenant
    name: str
    who: Who

    async def every(self) -> Sequence[Account]:
        """Return the accounts of the tenant by name, disabled ones too; the nation sees all."""
        async with self.gatehouse.tools.database.reading() as conn:
            return await users.every(conn, None if self.tenant.is_nation else self.tenant.code)

    async def find(self, name: str) -> Account:
        """Return an account of the tenant. Raises UnknownError if it has none of this name."""
        async with self.gatehouse.tools.database.reading() as conn:
            found = await users.find(conn, name)
        if found is None or not (self.tenant.is_nation or found.user.authority == self.tenant.code):
            raise UnknownError(f"{name}: no such user of {self.tenant.code or 'the nation'}")
        return found

    async def create(self, user: User, password: str) -> None:
        """Make an account for the tenant; the nation says for which authority. Raises AccountRefusedError."""
        own = user if self.tenant.is_nation else replace(user, authority=self.tenant.code)
        await self.gatehouse.create(own, password, self.who)

    async def set_role(self, name: str, role: Role) -> None:
        """Give an account another role. Raises AccountRefusedError if nobody could administer any more."""
        account = await self.find(name)
        if role is account.user.role:
            return
        if not may(role, Deed.ADMINISTER):
            await self._refuse_last(account)
        await self.gatehouse.set_role(name, role, self.who)

    async def disable(self, name: str) -> None:
        """Disable an account for good. Raises AccountRefusedError for one's own and for the last administrator's."""
        account = await self.find(name)
        if name == self.name:
            raise AccountRefusedError(f"{name}: nobody disables their own account", "own")
        await self._refuse_last(account)
        await self.gatehouse.disable(name, self.who)

    async def set_password(self, name: str, password: str) -> None:
        """Give an account another password; its sessions end. Raises AccountRefusedError for a weak one."""
        await self.find(name)
        await self.gatehouse.set_password(name, password, self.who)

    async def demand_factor(self, name: str) -> str:
        """Ask for a second factor from now on; returns the address that sets an authenticator up, told this once."""
        await self.find(name)
        return await self.gatehouse.demand_factor(name, self.who)

    async def drop_factor(self, name: str) -> None:
        """Ask for no second factor any more."""
        await self.find(name)
        await self.gatehouse.drop_factor(name, self.who)

    async def link(self, name: str, email: str) -> None:
        """Let an account's user sign in by the provider of identities under this address; "" for no more."""
        await self.find(name)
        await self.gatehouse.link(name, self.who, email=email)

    async def _refuse_last(self, account: Account) -> None:
        """Refuse to take away the last one who may administer the accounts of this authority."""
        if account.disabled_at is not None or not may(account.user.role, Deed.ADMINISTER):
            return
        others = [
            each
            for each in await self.every()
            if each.disabled_at is None
            and each.user.authority == account.user.authority
            and each.user.name != account.user.name
            and may(each.user.role, Deed.ADMINISTER)
        ]
        if not others:
            raise AccountRefusedError(
                f"{account.user.name} is the last who may administer; make another administrator first",
                "last",
            )
