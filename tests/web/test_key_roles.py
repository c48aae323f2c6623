"""Keys that carry a role of users: whatever scopes they have, they do no more than that role may."""

from hashlib import sha256
from pathlib import Path
from shutil import copyfile

from notifier.domain.roles import Role, may_use
from notifier.keyring import SCOPES
from notifier.steps.entrust import entrust
from notifier.store.keys import ApiKey
from notifier.web.api.application import ROUTES
from tests.web.country import CHIBA_CITY, Country, country

SECRET = "s" * 43


async def key_of(land: Country, number: int, role: Role | None) -> str:
    """Entrust a key with every scope, past the check that refuses scopes its role may not use."""
    prefix = f"ntf_{number:012x}"
    digest = sha256(SECRET.encode()).hexdigest()
    now = land.tools.now()
    key = ApiKey(prefix, digest, CHIBA_CITY, "municipality", SCOPES, "鍵", now, "test", user_role=role)
    await entrust(land.tools, key, "test")
    return f"{prefix}.{SECRET}"


async def test_no_call_lets_a_key_do_more_than_its_role_may(sqlite_template: Path, tmp_path: Path) -> None:
    file = copyfile(sqlite_template, tmp_path / "notifier.sqlite3")
    routes = {route.scope: route for route in ROUTES if route.scope and route.path != "/feed"}
    async with country(f"sqlite+aiosqlite:///{file}") as land:
        for number, role in enumerate([None, *Role]):
            token = await key_of(land, number, role)
            sent = {"Authorization": f"Bearer {token}"}
            assert (await land.call("GET", "/me", Authorization=sent["Authorization"])).body[
                "user_role"
            ] == role
            for scope, route in routes.items():
                path = route.path.replace("{", "").replace("}", "")
                body: object = {} if route.takes else None
                said = await land.call(route.method, path, body, **sent, If_Match="*")
                is_beyond = said.status == 403 and said.body["code"] == "scope-beyond-role"
                assert is_beyond == (role is not None and not may_use(role, scope)), (role, scope, said.text)
