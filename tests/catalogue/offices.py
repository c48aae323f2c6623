"""Offices and facts for the tests of the shipped law; the calendar covers the years its days lie in."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from notifier.catalogue import Catalogue, load
from notifier.catalogue.holidays import national_calendar
from notifier.domain.deadlines import Due
from notifier.domain.facts import Fact, Value
from notifier.domain.law import Law, Setting
from notifier.domain.obligations import Decision, Obligation, obligations_of
from notifier.domain.offices import Office

CITY, PREFECTURE = "121002", "120006"


@cache
def shipped() -> Catalogue:
    """The catalogue as shipped, read once."""
    return load()


@cache
def shipped_law() -> Law:
    """The law as shipped, with all that is said in it, known or not yet."""
    return shipped().law(national_calendar(2025, 2031))


def law_on(day: date, settings: Iterable[Setting] = ()) -> Law:
    """The law as known on `day`, with what has been set."""
    law = shipped_law()
    known = Law(
        law.deadlines, law.statements, law.ladders, law.calendar, law.authorities, settings=tuple(settings)
    )
    return known.as_known(day)


def fact(type_: str, on: date, **values: Value) -> Fact:
    """A fact with its values as the vocabulary completes them."""
    return Fact(type_, on, shipped().facts[type_].check(values, on))


def setting(type_: str, on: date, authority: str = PREFECTURE, **values: Value) -> Setting:
    """What an authority, or with "" the nation, has set."""
    return Setting(authority, fact(type_, on, **values))


def office(*services: str, facts: Iterable[Fact] = ()) -> Office:
    """An office in 千葉市 that provides `services`."""
    return Office("1270000001", "ケアA", frozenset(services), CITY, PREFECTURE, facts=tuple(facts))


def obligations(deadline: str, day: date, who: Office, settings: Iterable[Setting] = ()) -> list[Obligation]:
    """All occurrences of `deadline` for one office on `day`."""
    found = obligations_of(law_on(day, settings), who, day)
    return [each for each in found if each.deadline == deadline]


def obligation(deadline: str, day: date, who: Office, settings: Iterable[Setting] = ()) -> Obligation:
    """The only occurrence of `deadline` for one office on `day`."""
    (found,) = obligations(deadline, day, who, settings)
    return found


def decision(deadline: str, day: date, who: Office, settings: Iterable[Setting] = ()) -> Decision:
    """What holds for the office's cohort on `day`."""
    found = obligation(deadline, day, who, settings).decision
    assert found is not None
    return found


def due(deadline: str, day: date, who: Office, settings: Iterable[Setting] = ()) -> Due:
    """When `deadline` is due for the office, as known on `day`."""
    return decision(deadline, day, who, settings).due
