"""Values of facts come back as they went in, and compare in SQL as in Python."""

from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Date, insert, literal, select, type_coerce

from notifier.domain import dates
from notifier.domain.facts import Value
from notifier.store import values
from notifier.store.database import Database, table
from notifier.store.tables import FactRow

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
FACTS = table(FactRow)
SOME: list[Value] = [
    *(None, True, False, 0, 1, 2, -1, 20260420),
    *("", "a", '"a"', "0", "1", "true", "null", "介護", "\\", "2026-02-30", "0000-01-01", " 2026-04-20"),
    *(date(2026, 4, 20), date(2024, 2, 29)),
]
searching = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def row(kept: dict[str, Value]) -> dict[str, object]:
    told = {"type": "a", "on": NOON.date(), "recorded_at": NOON, "source": "test"}
    return {**told, "values": values.as_kept(kept)}


@given(st.dictionaries(st.text(max_size=3), st.sampled_from(SOME)))
def test_values_come_back_as_they_went_in(given_values: dict[str, Value]) -> None:
    assert values.from_kept(values.as_kept(given_values)) == given_values


async def test_values_compare_as_they_do_in_python(database: Database) -> None:
    rows = [row({"様式": each}) for each in SOME] + [row({})]
    async with database.transaction() as conn:
        await conn.execute(insert(FACTS), rows)
        wanted, found = {}, {}
        for value in SOME:
            wanted[value, type(value)] = [each == value for each in [*SOME, None]]
            equal = values.equals(FACTS.c["values"], "様式", value)
            answers = await conn.execute(select(equal).order_by(FACTS.c.id))
            found[value, type(value)] = [bool(each) for each in answers.scalars()]
    assert found == wanted


async def test_only_a_civil_date_is_read_as_a_day(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute(insert(FACTS), [row({"licence_until": each}) for each in SOME])
        found = await conn.execute(
            select(values.day_of(FACTS.c["values"], "licence_until")).order_by(FACTS.c.id)
        )
    assert list(found.scalars()) == [each if isinstance(each, date) else None for each in SOME]


@searching
@given(
    start=st.dates(date(2023, 1, 1), date(2029, 1, 1)),
    period=st.tuples(st.integers(0, 3), st.integers(0, 14), st.integers(0, 400)).filter(any),
)
async def test_a_period_ends_on_the_same_day_in_sql(
    database: Database, start: date, period: tuple[int, int, int]
) -> None:
    lasting = dates.Period(*period)
    day = type_coerce(literal(start, Date()), Date())
    async with database.reading() as conn:
        columns = select(values.last_day(day, lasting), values.fiscal_year(day))
        end, year = (await conn.execute(columns)).one()
    assert (end, year) == (dates.last_day_of(start, lasting)[0], dates.fiscal_year_of(start))
