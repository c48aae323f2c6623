from collections import Counter
from datetime import date

from notifier.catalogue import load
from notifier.demonstration import city, happenings
from notifier.demonstration.city import DESIGNATIONS, check_digit
from notifier.demonstration.history import COUNTED, FIRST, LAST, USERS, careers


def test_the_city_has_the_designations_of_the_real_one() -> None:
    designated = Counter(service for office in city() for service in office.services)
    assert (designated, designated.total()) == (DESIGNATIONS, 1988)


def test_an_office_number_carries_one_to_four_services() -> None:
    sizes = {len(office.services) for office in city()}
    assert sizes == {1, 2, 3, 4}


def test_a_check_digit_completes_the_weighted_sum_to_a_multiple_of_ten() -> None:
    # 1×2, 2×1, 7×2 = 14 counted as 1 + 4: together 9, so 1 completes it.
    assert check_digit("127000000") == "1"


def test_every_office_number_is_ten_characters_with_a_valid_check_digit() -> None:
    numbers = [office.number for office in city()]
    assert len(set(numbers)) == len(numbers)
    assert [number for number in numbers if len(number) != 10 or check_digit(number[:9]) != number[9]] == []


def test_no_invented_office_can_be_reached_in_reality() -> None:
    assert {office.email.rpartition(".")[2] for office in city() if office.email} == {"example"}
    assert {office.telephone[:8] for office in city()} == {"043-000-"}
    assert {office.number[3:5] for office in city()} == {"00"}


def test_most_offices_have_a_mailbox_some_share_one_and_some_have_none() -> None:
    offices = city()
    addresses = Counter(office.email for office in offices if office.email)
    without = sum(not office.email for office in offices) / len(offices)
    sharing = sum(count for count in addresses.values() if count > 1) / len(offices)
    assert 0.07 < without < 0.12
    assert 0.05 < sharing < 0.08
    shared = {address for address, count in addresses.items() if count > 1}
    owners = {address: {each.corporation for each in offices if each.email == address} for address in shared}
    assert {len(corporations) for corporations in owners.values()} == {1}


def test_as_many_use_cpdl_on_the_day_of_the_count_as_the_city_reported() -> None:
    users = Counter(
        service
        for career in careers()
        if career.joined is not None and career.joined <= COUNTED
        for service in career.office.services
    )
    assert {code: users[code] for code in USERS} == USERS
    assert users.total() == 141


def test_everything_that_happens_fits_the_vocabulary() -> None:
    vocabulary = load().facts
    problems = [
        problem for each in happenings() for problem in vocabulary[each.type].problems(dict(each.data))
    ]
    assert problems == []


def test_everything_happens_inside_the_told_time_in_order_and_once() -> None:
    told = happenings()
    assert [each.on for each in told] == sorted(each.on for each in told)
    assert (told[0].on >= FIRST, told[-1].on <= LAST) == (True, True)
    assert len({each.id for each in told}) == len(told)


def test_what_happens_concerns_offices_of_the_city_or_its_authorities() -> None:
    known = {f"office/{office.number}" for office in city()} | {"authority/120006", "authority/121002", ""}
    assert {each.subject for each in happenings()} <= known


def test_a_window_is_set_before_anybody_applies_in_it() -> None:
    opened = next(each for each in happenings() if each.type == "tech-grant-r8.application-window.set")
    applied = [each.on for each in happenings() if each.type == "tech-grant-r8.applied"]
    opens, closes = (date.fromisoformat(str(opened.data[name])) for name in ("opens", "closes"))
    assert opened.on < opens <= min(applied)
    assert max(applied) <= closes


def test_nobody_gets_a_grant_without_having_applied() -> None:
    applied = {each.subject for each in happenings() if each.type == "tech-grant-r8.applied"}
    granted = {each.subject for each in happenings() if each.type == "tech-grant-r8.granted"}
    assert granted
    assert granted <= applied


def test_some_links_are_repeated_with_the_same_partner() -> None:
    links = Counter(
        (each.subject, each.data["partner"]) for each in happenings() if each.type == "cpdl.linked"
    )
    assert max(links.values()) == 2
