"""An audit too long for one request is checked in parts: by a button, or by the page itself, without a script."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from notifier.domain.accounts import User
from notifier.domain.actors import Actor
from notifier.domain.roles import Role
from notifier.store import audit
from notifier.store.audit import Entry
from notifier.web.pages.audit_check import ADDRESS, PART
from tests.web.town import CITY, Town, town

AUDITOR = User("kansa", Role.AUDITOR, CITY, "監査 太郎（監査委員事務局）")
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Town]:
    """A town in which so much has been done that it takes two requests to check it."""
    async with town(tmp_path, offices=(), stand_ins=(AUDITOR,)) as place:
        now = place.tools.now()
        deeds = [Entry(now, Actor("city"), "office.seen", f"office/{n}", {}) for n in range(PART)]
        async with place.tools.database.transaction() as conn:
            await audit.append_all(conn, deeds)
        yield place


async def test_a_long_audit_is_checked_part_by_part_without_a_script(
    archive: Town, visitor: ClientSession
) -> None:
    async def post(**fields: str) -> str:
        async with visitor.post(archive.address + ADDRESS, data=fields or {"x": ""}, headers=HERE) as answer:
            assert answer.status == 200
            return await answer.text()

    async def get(address: str) -> tuple[str, str]:
        async with visitor.get(archive.address + address) as answer:
            return await answer.text(), answer.headers.get("Refresh", "")

    first = await post()
    assert f"のうち{PART:,}件まで、正しくつながっています" in first
    course = re.findall(r'name="course" value="([^"]+)"', first)[0]
    assert "すべて正しくつながっています" in await post(course=course)
    assert f"のうち{PART:,}件まで" in await post(course=course + "x")  # not ours: it begins anew

    async with archive.tools.database.transaction() as conn:
        deeds = [Entry(archive.tools.now(), Actor("city"), "a", str(n), {}) for n in range(PART)]
        await audit.append_all(conn, deeds)
    course = re.findall(r'name="course" value="([^"]+)"', await post())[0]
    async with visitor.post(
        archive.address + ADDRESS, data={"course": course, "by_itself": "yes"}, headers=HERE
    ) as answer:
        leads_on = answer.headers["Refresh"].partition("url=")[2]
        assert "続きを確かめています" in await answer.text()
    page, again = await get(leads_on)
    assert ("すべて正しくつながっています" in page, again) == (True, "")
    async with archive.tools.database.transaction() as conn:
        await conn.execute(text(f"UPDATE audit SET who = 'somebody' WHERE id = {2 * PART + 3}"))
    assert f"番号{2 * PART + 3}の記録が" in (await get(leads_on))[0]
    assert "改ざんがないかを確かめる" in (await get(f"{ADDRESS}?course=x"))[0]
