"""The resources of the API: each tenant reads and changes what is its own."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import select, update

from notifier.publishing import notices_of
from notifier.running import run_due
from notifier.steps.accept import accept
from notifier.store import audit
from notifier.store.database import table
from notifier.store.tables import AuditRow, ContactRow, DeliveryRow, LetterRow
from tests.web.country import (
    CHIBA,
    CHIBA_CITY,
    ICHIKAWA,
    NEIGHBOUR,
    OSAKA_CITY,
    PLANS,
    SILENT,
    STRANGER,
    Country,
    country,
)


@pytest.fixture(scope="module")
async def land(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Country]:
    """A country to look at."""
    file = copyfile(sqlite_template, tmp_path_factory.mktemp("land") / "notifier.sqlite3")
    async with country(f"sqlite+aiosqlite:///{file}") as found:
        yield found


@pytest.fixture
async def own(migrated_url: str) -> AsyncIterator[Country]:
    """A country to change, on both databases."""
    async with country(migrated_url) as found:
        yield found


async def test_a_key_learns_who_it_is(land: Country) -> None:
    said = await land.get("/me")
    assert (said.body["role"], said.body["authority"]) == ("municipality", CHIBA_CITY)
    assert "offices:read" in said.body["scopes"]


# ---- offices ----


async def test_each_tenant_sees_the_offices_that_answer_to_it(land: Country) -> None:
    seen = {
        who: [each["number"] for each in await land.pages("/offices", who)]
        for who in ("editor", "municipality", "prefecture", "ichikawa", "osaka")
    }
    assert seen == {
        "editor": [PLANS, SILENT, NEIGHBOUR, STRANGER],
        "municipality": [PLANS, SILENT],
        "prefecture": [PLANS],
        "ichikawa": [NEIGHBOUR],
        "osaka": [STRANGER],
    }


@pytest.mark.parametrize(
    "asked, numbers",
    [
        ("q=さくら", [PLANS]),
        ("q=ひだまり 127", [PLANS]),
        ("q=%25", []),
        ("service=11", [SILENT]),
        ("reachable=false", [SILENT]),
        ("reachable=true", [PLANS]),
        ("open=false", []),
        (f"municipality={CHIBA_CITY}&open=true", [PLANS, SILENT]),
        (f"municipality={OSAKA_CITY}", []),
    ],
)
async def test_offices_are_found_by_what_is_asked(land: Country, asked: str, numbers: list[str]) -> None:
    assert [each["number"] for each in (await land.get(f"/offices?{asked}")).items] == numbers


async def test_one_office_and_what_is_written_about_it(land: Country) -> None:
    office = (await land.get(f"/offices/{PLANS}")).body
    assert (office["name"], office["services"], office["reachable"]) == ("ケアプラン さくら台", ["43"], True)
    facts = await land.pages(f"/offices/{PLANS}/facts", limit=1)
    assert [(each["type"], each["on"]) for each in facts] == [("cpdl.applied", "2026-01-21")]
    assert facts[0]["values"]["licence_until"] == "2027-01-12"
    assert (await land.get(f"/offices/{STRANGER}")).status == 404
    assert (await land.get("/offices/abc")).status == 404


async def test_an_office_of_two_authorities_shows_each_its_own_designations_and_contacts(
    land: Country,
) -> None:
    for who, authority, address in (
        ("municipality", CHIBA_CITY, "city@one.example"),
        ("prefecture", CHIBA, "pref@one.example"),
    ):
        designations = (await land.get(f"/offices/{PLANS}/designations", who)).items
        assert [(each["authority"], each["service"]) for each in designations] == [(authority, "43")]
        contacts = (await land.get(f"/offices/{PLANS}/contacts", who)).items
        assert [each["address"] for each in contacts] == [address]
    assert len((await land.get(f"/offices/{PLANS}/contacts", "editor")).items) == 2


async def test_the_nation_enters_who_designates_an_office_that_lies_elsewhere(own: Country) -> None:
    path = f"/offices/{PLANS}/designations"
    wanted = {"items": [{"service": "43", "until": "2026-03-31"}], "reason": "区域外指定"}
    assert (await own.get(f"/offices/{PLANS}", "ichikawa")).status == 404
    assert (await own.call("PUT", path, wanted, "ichikawa", If_Match="*")).status == 404
    tag = (await own.get(f"{path}?authority={ICHIKAWA}", "editor")).headers["ETag"]
    put = await own.call("PUT", f"{path}?authority={ICHIKAWA}", wanted, "editor", If_Match=tag)
    assert (put.status, [each["authority"] for each in put.body["items"]]) == (200, [ICHIKAWA])
    assert (await own.get(f"/offices/{PLANS}", "ichikawa")).body["municipality"] == CHIBA_CITY
    for who, authority in (("ichikawa", ICHIKAWA), ("municipality", CHIBA_CITY)):
        assert [each["authority"] for each in (await own.get(path, who)).items] == [authority]
    assert (await own.get(f"/offices/{PLANS}/contacts", "ichikawa")).items == []
    assert (await own.get(f"{path}?authority={CHIBA_CITY}", "ichikawa")).status == 403
    assert (await own.get(f"{path}?authority=999016", "editor")).status == 404
    [deed] = (await own.get("/audit?action=office.designated", "ichikawa")).items
    assert (deed["authority"], deed["subject"]) == (ICHIKAWA, f"office/{PLANS}")


async def test_an_office_is_corrected_by_who_has_seen_it_and_the_audit_tells(own: Country) -> None:
    path = f"/offices/{PLANS}"
    tag = (await own.get(path)).headers["ETag"]
    change = {"name": "ケアプラン 新しい名", "telephone": "043-000-0001"}
    said = await own.call("PATCH", path, change, If_Match=tag)
    assert (said.status, said.body["name"], said.body["staff"]) == (200, "ケアプラン 新しい名", 4)
    assert (await own.get(path)).headers["ETag"] == said.headers["ETag"]
    assert (await own.call("PATCH", path, change, If_Match=tag)).status == 412
    assert (await own.call("PATCH", path, {"services": []}, If_Match="*")).status == 422
    assert (await own.call("PATCH", f"/offices/{STRANGER}", change, If_Match="*")).status == 404
    assert [each["number"] for each in (await own.get("/offices?q=新しい名")).items] == [PLANS]
    assert (await own.call("PATCH", path, {}, If_Match="*")).status == 200
    async with own.tools.database.reading() as conn:
        row = (
            await conn.execute(select(table(AuditRow)).where(table(AuditRow).c.action == "office.amended"))
        ).one()
    assert (row.subject, row.who) == (f"office/{PLANS}", f"key/{own.keys['municipality'].partition('.')[0]}")
    assert row.detail["before"] == {"name": "ケアプラン さくら台", "telephone": ""}
    assert row.detail["after"] == change


async def test_the_timeline_of_an_office_tells_everything_from_new_to_old(land: Country) -> None:
    found = await land.pages(f"/offices/{PLANS}/timeline", limit=3)
    assert {each["kind"] for each in found} >= {"fact", "said"}
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    assert len({(each["kind"], each["id"]) for each in found}) == len(found)
    for cursor in ("WyJ4IiwiZmFjdCIsMV0", "WyIyMDI2LTAxLTAxIiwiZmFjdCIsMV0"):
        assert (await land.get(f"/offices/{PLANS}/timeline?cursor={cursor}")).body["code"] == "no-such-page"


# ---- what is owed ----


async def test_obligations_are_listed_by_what_is_asked(land: Country) -> None:
    everything = await land.pages("/obligations", limit=7)
    assert {each["office"] for each in everything} == {PLANS, SILENT}
    places = [(each["office"], each["deadline"], each["occurrence"]) for each in everything]
    assert len(set(places)) == len(places)
    for name, value in (("state", "open"), ("deadline", "platform-subsidy/apply"), ("office", SILENT)):
        found = await land.pages(f"/obligations?{name}={value}", limit=100)
        assert found
        assert [each for each in everything if each[name] == value] == found
    due = await land.pages("/obligations?due_from=2026-03-01&due_until=2026-03-31", limit=100)
    assert due
    assert all("2026-03-01" <= each["latest"] <= "2026-03-31" for each in due)
    assert await land.pages("/obligations?family=no-such") == []
    assert {each["office"] for each in await land.pages("/obligations", "editor", 200)} >= {STRANGER}
    states = {each["state"] for each in everything}
    for state in ("settled", "lapsed", "waiting-for-date", "waiting-for-fact"):
        found = await land.pages(f"/obligations?state={state}", limit=100)
        assert {each["state"] for each in found} == ({state} & states)


async def test_what_an_office_owes_is_explained_on_any_day_and_as_known_on_any_day(land: Country) -> None:
    said = await land.get(f"/offices/{PLANS}/obligations")
    by_name = {each["deadline"]["id"]: each for each in said.items}
    apply = by_name["platform-subsidy/apply"]
    assert (apply["state"], apply["decision"]["due"]["latest"]) == ("open", "2026-03-13")
    assert apply["decision"]["prevailing"] == apply["statements"][0]["id"]
    assert apply["statements"][0]["source"]["notice"]
    before = await land.get(f"/offices/{PLANS}/obligations?on=2025-04-01&known_on=2025-04-01")
    assert before.body["known_on"] == "2025-04-01"
    known = {statement["known_from"] for each in before.items for statement in each["statements"]}
    assert max(known) <= "2025-04-01"
    assert (await land.get(f"/offices/{STRANGER}/obligations")).status == 404


async def test_a_deadline_with_everything_said_about_it(land: Country) -> None:
    lines = await land.pages("/deadlines", limit=10)
    assert [each["id"] for each in lines] == sorted(each["id"] for each in lines)
    assert {each["family"] for each in (await land.get("/deadlines?family=platform-subsidy")).items} == {
        "platform-subsidy"
    }
    assert (await land.get("/deadlines?q=名称にない語")).items == []
    found = (await land.get("/deadlines/platform-subsidy/apply")).body
    assert (found["decision"]["due"]["latest"], found["on"]) == ("2026-03-13", "2026-01-21")
    assert {each["state"] for each in found["tallies"]} <= {"open", "waiting-for-fact", "settled"}
    everybody = (await land.get("/deadlines/platform-subsidy/apply", "editor")).body["tallies"]
    inside = (await land.get("/deadlines/platform-subsidy/apply", "prefecture")).body["tallies"]
    counts = [sum(each["count"] for each in of) for of in (everybody, inside, found["tallies"])]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 3
    assert (await land.get("/deadlines/no-such/thing")).status == 404
    assert (await land.get("/deadlines/platform-subsidy/apply?known_on=2001-01-01")).status == 404


async def test_the_history_of_a_deadline_goes_from_old_to_new(land: Country) -> None:
    turns = (await land.get("/deadlines/platform-subsidy/apply/history")).items
    assert [each["on"] for each in turns] == sorted(each["on"] for each in turns)
    assert turns[0]["before"] is None
    for old, new in pairwise(turns):
        assert new["before"] == old["after"]
    assert any(each["changed"] for each in turns[1:])
    window = (await land.get("/deadlines/wage-support/apply/history", "prefecture")).items
    assert [CHIBA] in [each["set"] for each in window]


# ---- authorities ----


async def test_authorities_are_listed_for_everybody_and_shown_to_themselves(land: Country) -> None:
    inside = [each["code"] for each in await land.pages(f"/authorities?prefecture={CHIBA}")]
    assert inside == [CHIBA, CHIBA_CITY, ICHIKAWA]
    assert [
        each["code"] for each in await land.pages(f"/authorities?kind=prefecture&prefecture={CHIBA}")
    ] == [CHIBA]
    own_ = (await land.get(f"/authorities/{CHIBA_CITY}")).body
    assert (own_["name"], own_["address"]) == ("千葉市", "city@chiba.example")
    assert (await land.get(f"/authorities/{CHIBA_CITY}", "prefecture")).body["address"] is None
    for who, code in (("municipality", ICHIKAWA), ("municipality", CHIBA), ("prefecture", OSAKA_CITY)):
        assert (await land.get(f"/authorities/{code}", who)).status == 404
        assert (await land.get(f"/authorities/{code}/sums", who)).status == 404


async def test_a_prefecture_sees_its_municipalities_in_sum(land: Country) -> None:
    said = (await land.get(f"/authorities/{ICHIKAWA}/sums", "prefecture")).body
    assert (said["offices"], said["unreachable"]) == (1, 0)
    assert said["obligations"]["open"] > 0
    assert (await land.get(f"/authorities/{CHIBA}/sums", "prefecture")).body["offices"] == 3
    assert (await land.get(f"/authorities/{CHIBA_CITY}/sums")).body["unreachable"] == 1


async def test_an_authority_changes_its_own_settings_and_everything_is_worked_out_anew(own: Country) -> None:
    path = f"/authorities/{CHIBA_CITY}"
    tag = (await own.get(path)).headers["ETag"]
    change = {
        "closed": ["2026-03-12", "2026-03-13", "2026-03-12"],
        "rolls": {"platform-subsidy/apply": "previous"},
        "address": "",
    }
    said = await own.call("PATCH", path, change, If_Match=tag)
    assert (said.status, said.body["closed"]) == (200, ["2026-03-12", "2026-03-13"])
    assert (await own.get(path)).headers["ETag"] == said.headers["ETag"]
    await run_due(own.tools)
    found = (await own.get("/deadlines/platform-subsidy/apply")).body
    assert found["decision"]["due"]["latest"] == "2026-03-11"
    kept = await own.pages("/obligations?deadline=platform-subsidy/apply")
    assert {each["latest"] for each in kept} == {"2026-03-11"}
    assert {
        each["latest"] for each in await own.pages("/obligations?deadline=platform-subsidy/apply", "osaka")
    } == {"2026-03-13"}
    for same in ({"name": "千葉市役所"}, {"name": "千葉市役所"}):
        assert (await own.call("PATCH", path, same, If_Match="*")).body["name"] == "千葉市役所"
    for who, code in (("prefecture", CHIBA_CITY), ("municipality", ICHIKAWA)):
        assert (await own.call("PATCH", f"/authorities/{code}", {}, who, If_Match="*")).status == 404
    assert (await own.call("PATCH", path, {}, "office", If_Match="*")).body["code"] == "role-may-not"


@pytest.mark.parametrize(
    "change, told",
    [
        ({"ladders": {"no/such": "fixed"}}, (409, "/ladders", "unknown_deadline")),
        ({"ladders": {"platform-subsidy/apply": "x"}}, (409, "/ladders", "unknown_ladder")),
        ({"rolls": {"no/such@2026": "next"}}, (409, "/rolls", "unknown_deadline")),
        ({"address": "no address"}, (422, "/address", "string_pattern_mismatch")),
        ({"address": f"a@{'b' * 64}.example"}, (422, "/address", "format")),
        ({"closed": ["2026-13-01"]}, (422, "/closed/0", "value_error")),
    ],
)
async def test_settings_that_mean_nothing_are_refused(
    land: Country, change: dict[str, object], told: tuple[int, str, str]
) -> None:
    said = await land.call("PATCH", f"/authorities/{CHIBA_CITY}", change, If_Match="*")
    (wrong,) = said.body["errors"]
    assert (said.status, wrong["pointer"], wrong["code"]) == told


# ---- what was told ----


async def test_deliveries_are_shown_to_whom_they_belong(land: Country) -> None:
    mine = await land.pages("/deliveries", limit=5)
    assert {each["recipient"] for each in mine} <= {"city@one.example", "", "city@chiba.example"}
    assert {each["office"] for each in mine} >= {PLANS, SILENT}
    assert {each["recipient"] for each in await land.pages("/deliveries", "prefecture", 100)} <= {
        "pref@one.example",
        "pref@chiba.example",
    }
    accepted = await land.pages(f"/deliveries?state=accepted&office={PLANS}", limit=100)
    assert accepted
    assert {each["state"] for each in accepted} == {"accepted"}
    one = (await land.get(f"/deliveries/{accepted[0]['id']}")).body
    assert (one["content"]["deadline"], one["code"]) == (accepted[0]["deadline"], 250)
    assert one["message"].startswith("01")
    some = await land.pages("/deliveries?occasion=announcement&since=2026-01-21&until=2026-01-21", limit=100)
    assert {each["occasion"] for each in some} <= {"announcement"}
    assert await land.pages("/deliveries?until=2026-01-20") == []
    theirs = (await land.pages("/deliveries", "osaka"))[0]["id"]
    assert (await land.get(f"/deliveries/{theirs}")).status == 404


async def test_a_delivery_is_sent_again_once_with_the_same_content_and_leaves_a_trace(own: Country) -> None:
    first = (await own.pages(f"/deliveries?state=accepted&office={PLANS}", limit=100))[0]
    path = f"/deliveries/{first['id']}/resend"
    told = [await own.call("POST", path, Idempotency_Key="again") for _ in range(2)]
    assert [each.status for each in told] == [201, 201]
    assert told[0].text == told[1].text
    anew = told[0].body
    assert (anew["repeat"], anew["state"]) == (1, "planned")
    assert told[0].headers["Location"] == f"/v1/deliveries/{anew['id']}"
    await run_due(own.tools)
    sent = (await own.get(f"/deliveries/{anew['id']}")).body
    old = (await own.get(f"/deliveries/{first['id']}")).body
    assert (sent["state"], old["state"]) == ("accepted", "accepted")
    assert sent["content"] == old["content"]
    assert sent["message"] != old["message"]
    assert (await own.call("POST", path)).body["repeat"] == 2
    theirs = (await own.pages("/deliveries", "osaka"))[0]["id"]
    assert (await own.call("POST", f"/deliveries/{theirs}/resend")).status == 404
    assert (await own.call("POST", path, who="office")).body["code"] == "role-may-not"
    async with own.tools.database.reading() as conn:
        audit = table(AuditRow)
        resent = select(audit).where(audit.c.action == "delivery.resent").order_by(audit.c.id)
        deeds = (await conn.execute(resent)).all()
    assert deeds[0].detail["anew"] == anew["id"]
    assert deeds[0].subject == f"office/{PLANS}"


async def test_what_must_not_be_sent_again_is_not(own: Country) -> None:
    first = (await own.pages(f"/deliveries?state=accepted&office={PLANS}", limit=100))[0]
    silent = (await own.pages(f"/deliveries?office={SILENT}", limit=100))[0]
    assert (await own.call("POST", f"/deliveries/{silent['id']}/resend")).body["code"] == "not-possible"
    async with own.tools.database.transaction() as conn:
        given_up = update(table(ContactRow)).where(table(ContactRow).c.address == "city@one.example")
        await conn.execute(given_up.values(active=False))
    assert (await own.call("POST", f"/deliveries/{first['id']}/resend")).status == 409
    async with own.tools.database.transaction() as conn:
        await conn.execute(update(table(ContactRow)).values(active=True))
        await conn.execute(update(table(DeliveryRow)).values(state="planned"))
    assert (await own.call("POST", f"/deliveries/{first['id']}/resend")).status == 409
    async with own.tools.database.reading() as conn:
        assert (await conn.execute(select(table(LetterRow).c.id))).first() is not None


# ---- events, notices, approvals, audit ----


async def test_events_are_shown_to_their_sender_with_what_became_of_them(land: Country) -> None:
    mine = await land.pages("/events")
    assert [(each["type"], each["state"]) for each in mine] == [("cpdl.applied", "applied")]
    one = (await land.get(f"/events/{mine[0]['id']}")).body
    assert one["data"]["licence_until"] == "2027-01-12"
    assert one["request"] is None  # it came without a call
    assert await land.pages("/events?state=failed") == []
    assert await land.pages(f"/events?type=cpdl.applied&subject=office/{PLANS}") == mine
    theirs = (await land.pages("/events", "osaka"))[0]["id"]
    assert (await land.get(f"/events/{theirs}")).status == 404


async def test_notices_belong_to_everybody_and_names_of_persons_to_the_nation(land: Country) -> None:
    found = await land.pages("/notices", limit=20)
    assert len(found) > 10
    about = (await land.get("/notices?deadline=platform-subsidy/apply&approved=true")).items
    assert all("platform-subsidy/apply" in each["deadlines"] for each in about)
    parts = [each["id"] for each in found if "/" in each["id"]]
    one = await land.get(f"/notices/{parts[0].replace('/', '%2F')}")
    assert (one.status, one.body["id"], one.body["accepted_by"]) == (200, parts[0], None)
    assert (await land.get(f"/notices/{parts[0].replace('/', '%2F')}", "editor")).body["accepted_by"]
    assert (await land.get("/notices/no-such")).status == 404


async def test_a_second_person_approves_and_nobody_else(own: Country) -> None:
    later = next(each for each in notices_of(own.tools.catalogue) if each.known_from > own.tools.today())
    editor = f"key/{own.keys['editor'].partition('.')[0]}"
    await accept(own.tools, [later], [], [], editor)
    waiting = await own.pages("/approvals", "editor")
    assert [each["id"] for each in waiting] == [later.id]
    body = {"notice": later.id}
    assert (await own.call("POST", "/approvals", body, "editor")).body["code"] == "second-person"
    assert (await own.call("POST", "/approvals", body, "local editor")).body["code"] == "not-for-the-nation"
    assert (await own.call("POST", "/approvals", body, "municipality")).body["code"] == "role-may-not"
    assert (await own.call("POST", "/approvals", {"notice": "no-such"}, "ministry")).status == 404
    said = [await own.call("POST", "/approvals", body, "ministry", Idempotency_Key="a") for _ in range(2)]
    assert [each.status for each in said] == [201, 201]
    assert said[0].body["approved_by"].startswith("key/")
    assert (await own.call("POST", "/approvals", body, "ministry")).body["code"] == "not-possible"
    assert await own.pages("/approvals", "editor") == []
    assert (await own.get(said[0].headers["Location"].removeprefix("/v1"))).status == 200


async def test_the_audit_is_read_from_new_to_old(own: Country) -> None:
    await own.call("PATCH", f"/offices/{PLANS}", {"fax": "043-1"}, If_Match="*")
    rows = await own.pages("/audit", "editor", 100)
    assert [each["id"] for each in rows] == sorted((each["id"] for each in rows), reverse=True)
    (row,) = await own.pages(
        f"/audit?action=office.amended&subject=office/{PLANS}&since=2026-01-21", "editor"
    )
    assert row["detail"] == {"before": {"fax": ""}, "after": {"fax": "043-1"}}
    assert await own.pages("/audit?since=2026-01-22", "editor") == []
    who = row["who"]
    assert {each["who"] for each in await own.pages(f"/audit?who={who}", "editor")} == {who}
    assert json.dumps(await own.pages("/audit", "osaka", 100)).count(PLANS) == 0
    async with own.tools.database.reading() as conn:
        assert await audit.first_broken(conn) is None
