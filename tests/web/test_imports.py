"""Lists of offices over the network: sent, compared, confirmed, taken over."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from notifier.domain.law import Authority, AuthorityKind
from notifier.keyring import SCOPES, WantedKey
from notifier.running import run_due
from notifier.steps.enlist import enlist_waiting
from notifier.store import authorities
from notifier.store.enrolment import enrolled
from tests.web.country import CHIBA, CHIBA_CITY, ICHIKAWA, NEIGHBOUR, PLANS, SILENT, Country, Said, country

NEW, UNION = "1270000019", "128007"
LIST = f"""事業所番号,事業所名,サービス種類
{PLANS},ケアプラン さくら台,43
{SILENT},訪問介護 つくし,11
{NEW},デイ ひなた,15
"""


@pytest.fixture
async def own(migrated_url: str) -> AsyncIterator[Country]:
    """A country to change, on both databases."""
    async with country(migrated_url) as found:
        yield found


async def send(own: Country, content: str, query: str = "", who: str = "municipality", **more: str) -> Said:
    headers = {"Authorization": f"Bearer {own.keys[who]}", "Content-Type": "text/csv"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    address = f"{own.address}/v1/offices:import{query}"
    async with own.visitor.post(address, data=content.encode(), headers=headers) as answer:
        return Said(answer.status, await answer.json(), answer.headers, await answer.text())


async def looked_at(own: Country, said: Said, who: str = "municipality") -> Said:
    await enlist_waiting(own.tools)
    return await own.get(f"/imports/{said.body['key']}", who)


async def test_a_list_is_compared_and_then_taken_over(own: Country) -> None:
    sent = await send(own, LIST, "?name=list.csv")
    assert (sent.status, sent.body["state"], sent.headers["Location"]) == (
        202,
        "waiting",
        f"/v1/imports/{sent.body['key']}",
    )
    compared = (await looked_at(own, sent)).body
    assert (compared["state"], compared["name"], compared["can_be_taken_over"]) == (
        "compared",
        "list.csv",
        True,
    )
    assert (compared["counts"]["added"], compared["counts"]["changed"]) == (1, 1)
    outcomes = await own.pages(f"/imports/{sent.body['key']}/outcomes")
    assert [(each["outcome"], each["office"]) for each in outcomes] == [
        ("warned", None),
        ("changed", SILENT),
        ("added", NEW),
    ]
    confirmed = await own.call("POST", f"/imports/{sent.body['key']}/take-over", {})
    assert (confirmed.status, confirmed.body["state"]) == (202, "waiting")
    done = (await looked_at(own, sent)).body
    assert (done["state"], done["can_be_taken_over"]) == ("taken_over", False)
    again = await own.call("POST", f"/imports/{sent.body['key']}/take-over", {})
    assert (again.status, again.body["code"]) == (409, "not-possible")
    async with own.tools.database.reading() as conn:
        assert await enrolled(conn, NEW) is not None
    assert [each["key"] for each in await own.pages("/imports")] == [sent.body["key"]]


async def test_refused_rows_come_back_as_a_file(own: Country) -> None:
    sent = await send(own, LIST + "127,C,99\n", "?take_over=true")
    refused = (await looked_at(own, sent)).body
    assert (refused["state"], refused["counts"]["refused"]) == ("refused", 1)
    file = await own.get(f"/imports/{sent.body['key']}/refused.csv")
    assert (file.status, file.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "取り込めない理由" in file.text
    assert file.text.splitlines()[1].startswith("127,C,99,")
    rest = await own.call("POST", f"/imports/{sent.body['key']}/take-over", {"without_refused": True})
    assert rest.status == 202
    assert (await looked_at(own, sent)).body["state"] == "taken_over"
    clean = await send(own, LIST, "?take_over=true")
    assert (await looked_at(own, clean)).body["counts"]["unchanged"] == 3
    assert (await own.get(f"/imports/{clean.body['key']}/refused.csv")).status == 404
    garbled = (await looked_at(own, await send(own, "何かの\t表\n"))).body
    assert (garbled["counts"]["refused"], garbled["can_be_taken_over"]) == (1, False)


async def test_a_list_sent_twice_under_one_key_is_one_import(own: Country) -> None:
    first = await send(own, LIST, Idempotency_Key="one")
    second = await send(own, LIST, Idempotency_Key="one")
    assert first.body["key"] == second.body["key"]
    assert len(await own.pages("/imports")) == 1


async def test_a_tenant_lists_its_own_offices_and_takes_none_from_others(own: Country) -> None:
    theirs = await send(own, f"事業所番号,事業所名,サービス種類\n{NEIGHBOUR},となり町,15\n")
    refused = (await looked_at(own, theirs)).body
    assert (refused["counts"]["refused"], refused["counts"]["gone"]) == (1, 2)
    for query, who, code in (
        (f"?municipality={ICHIKAWA}", "municipality", "another-authority"),
        ("?municipality=271004", "prefecture", "another-authority"),
        ("", "prefecture", "wrong-parameters"),
        ("?municipality=120006", "editor", "not-found"),
    ):
        said = await send(own, LIST, query, who)
        assert said.body["code"] == code, query
    assert (await send(own, LIST, f"?municipality={CHIBA_CITY}", "prefecture")).status == 202
    assert (await send(own, LIST, f"?municipality={CHIBA_CITY}", "editor")).status == 202
    assert [each["authority"] for each in await own.pages("/imports", "ichikawa")] == []
    assert len(await own.pages("/imports", "editor")) == 3


async def test_gone_offices_are_closed_with_their_number(own: Country) -> None:
    short = "\n".join(LIST.splitlines()[:2])
    sent = await send(own, short, "?take_over=true&close_gone=true&gone_count=1&closed_on=2026-01-31")
    assert (await looked_at(own, sent)).body["counts"]["closed"] == 1
    assert (await own.get(f"/offices/{SILENT}")).body["closed_on"] == "2026-01-31"
    wrong = await send(
        own,
        "\n".join([LIST.splitlines()[0], LIST.splitlines()[3]]),
        "?take_over=true&close_gone=true&gone_count=9",
    )
    refused = (await looked_at(own, wrong)).body
    assert (refused["state"], "指定された9件と違います" in refused["reason"]) == ("refused", True)


async def test_the_template_is_there_to_download_and_other_types_are_not_taken(own: Country) -> None:
    file = await own.get("/offices:template")
    assert file.headers["Content-Disposition"] == 'attachment; filename="offices.csv"'
    assert "（例）1270000001" in file.text
    said = await own.call("POST", "/offices:import", {})
    assert (said.status, said.body["code"]) == (415, "unsupported-media-type")
    assert (await own.get("/imports/imp_000000000000000000000000")).status == 404


async def test_a_union_lists_offices_of_its_members_speaks_and_hears_of_them(own: Country) -> None:
    async with own.tools.database.transaction() as conn:
        union = Authority(UNION, "例広域連合", AuthorityKind.UNION, CHIBA)
        await authorities.keep_authorities(conn, [(union, "")])
        await authorities.keep_members(conn, UNION, [CHIBA_CITY])
    key = await own.service.create_key(WantedKey(UNION, "municipality", tuple(SCOPES), "union"))
    own = replace(own, keys={**own.keys, "union": key})
    assert (await send(own, LIST, who="union")).body["errors"][0]["name"] == "municipality"
    assert (await send(own, LIST, f"?municipality={ICHIKAWA}", "union")).body["code"] == "another-authority"
    sent = await send(own, LIST, f"?municipality={CHIBA_CITY}&take_over=true", "union")
    assert (await looked_at(own, sent, "union")).body["state"] == "taken_over"
    held = {
        "specversion": "1.0",
        "id": "1",
        "source": "urn:example:union",
        "type": "treatment-addition.held",
        "subject": f"office/{PLANS}",
        "data": {"tier": "1"},
    }
    for office, status in ((PLANS, 202), (NEIGHBOUR, 403)):
        event = held | {"id": office, "subject": f"office/{office}"}
        said = await own.call("POST", "/events", event, "union", Content_Type="application/cloudevents+json")
        assert said.status == status, said.text
    await run_due(own.tools)
    fed = (await own.get("/feed", "union")).items
    assert {each.get("subject") for each in fed} >= {f"office/{NEW}"}
    assert f"office/{NEIGHBOUR}" not in {each.get("subject") for each in fed}
