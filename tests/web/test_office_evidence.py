"""Everything kept about an office leaves the pages as one sealed file; who took it away is written down."""

from pathlib import Path

from aiohttp import ClientSession, DummyCookieJar

from notifier.domain.callers import Tenant
from notifier.evidence import check
from notifier.sealing import unpack
from notifier.store import audit_records
from notifier.store.audit_records import Wanted
from tests.receivers import exchange
from tests.web.town import CARE_PLANS, CITY, STAFF, town

HERE = {"Sec-Fetch-Site": "same-origin"}
ADDRESS = f"/offices/{CARE_PLANS}/evidence"


async def test_a_clerk_takes_away_a_sealed_pack_and_the_audit_says_so(tmp_path: Path) -> None:
    async with (
        exchange() as way,
        town(tmp_path, stand_ins=STAFF, exchange=way) as place,
        ClientSession(place.address, cookie_jar=DummyCookieJar()) as session,
    ):
        async with session.get(f"/offices/{CARE_PLANS}", cookies={"stand-in": "sato"}) as page:
            assert f'action="{ADDRESS}"' in await page.text()
        async with session.post(ADDRESS, headers=HERE, cookies={"stand-in": "sato"}) as answer:
            assert (answer.status, answer.content_type) == (200, "application/zip")
            assert CARE_PLANS in answer.headers["Content-Disposition"]
            pack = unpack(await answer.read())
        check(pack)
        assert pack.about["office"] == CARE_PLANS
        async with place.tools.database.reading() as conn:
            wanted = Wanted(subject=f"office/{CARE_PLANS}", action="evidence.made")
            rows = await audit_records.rows(conn, Tenant(CITY), wanted, None, 5)
        assert [each.who for each in rows] == ["sato"]


async def test_no_pack_for_another_citys_clerk_nor_over_a_link(tmp_path: Path) -> None:
    async with (
        exchange() as way,
        town(tmp_path, stand_ins=STAFF, exchange=way) as place,
        ClientSession(place.address, cookie_jar=DummyCookieJar()) as session,
    ):
        async with session.post(ADDRESS, headers=HERE, cookies={"stand-in": STAFF[3].name}) as answer:
            assert answer.status == 404
        async with session.get(ADDRESS, cookies={"stand-in": "sato"}) as answer:
            assert answer.status == 405
