"""The demonstration city: invented offices with the size and the service mix of a real designated city.

How many designations there are of each service is taken from 千葉市's explanation of CPDL (document 002,
table 3-1: 1,988 designations of 14 services on 2025-04-01, 141 of them using CPDL on 2026-03-17). Names,
numbers, addresses and everything that happens are invented; numbers carry a district that no prefecture
uses, telephone numbers an exchange that cannot be dialled, and mail addresses end in `.example`. Nothing
is left to chance: the same city comes out every time.
"""

from dataclasses import dataclass
from functools import cache
from zlib import crc32

from notifier.store.enrolment import Enrolled

PREFECTURE = "120006"
MUNICIPALITY = "121002"

DESIGNATIONS = {
    "43": 274,
    "46": 28,
    "11": 291,
    "12": 14,
    "13": 520,
    "14": 390,
    "15": 120,
    "16": 47,
    "21": 78,
    "22": 23,
    "17": 55,
    "76": 11,
    "72": 5,
    "78": 132,
}
"""Designations by service on 2025-04-01 (document 002, table 3-1)."""

COMBINATIONS = (
    (("43", "11"), 70),
    (("43", "13"), 24),
    (("43", "11", "13"), 6),
    (("43", "15"), 14),
    (("43", "15", "21"), 18),
    (("43", "11", "15"), 6),
    (("43", "11", "15", "21"), 4),
    (("43", "17"), 9),
    (("43", "11", "17"), 5),
    (("43", "78"), 12),
    (("11", "78"), 8),
    (("11", "76"), 6),
    (("11", "15"), 10),
    (("11", "12"), 5),
    (("11", "13"), 10),
    (("13", "76"), 3),
    (("13", "14"), 210),
    (("14", "16", "22"), 17),
    (("14", "16"), 18),
    (("16", "22"), 4),
    (("15", "21"), 32),
    (("15", "72"), 1),
    (("78", "72"), 2),
)
"""Invented: how many numbers carry several services at once. What remains of each service stands alone."""

TITLES = {
    "43": ("ケアプランセンター", "居宅介護支援事業所"),
    "46": ("あんしんケアセンター", "地域包括支援センター"),
    "11": ("訪問介護ステーション", "ヘルパーステーション", "ホームヘルプ"),
    "12": ("訪問入浴サービス",),
    "13": ("訪問看護ステーション", "ナースステーション"),
    "14": ("訪問リハビリテーション", "リハビリクリニック"),
    "15": ("デイサービスセンター", "通所介護"),
    "16": ("デイケアセンター", "通所リハビリテーション"),
    "21": ("ショートステイ", "特別養護老人ホーム"),
    "22": ("介護老人保健施設",),
    "17": ("福祉用具レンタル", "福祉用具センター"),
    "76": ("定期巡回ステーション",),
    "72": ("認知症デイサービス",),
    "78": ("デイサービス", "リハビリデイ", "小さなデイサービス"),
}
PLACES = (
    "さくら台", "みどりの丘", "あおぞら", "ひだまり", "なのはな", "こもれび", "すみれ野", "はまかぜ",
    "つばさ", "ゆうなぎ", "ほほえみ", "わかば", "たんぽぽ", "あさひ野", "しおさい", "かえで", "のぞみ",
    "やすらぎ", "けやき通り", "ふれあい", "いちょう坂", "みなも", "せせらぎ", "はなみずき", "まごころ",
    "うみかぜ", "ゆりの木", "ことり", "あじさい", "つむぎ", "ひばり野", "もみの木", "ささゆり", "おおぞら",
)  # fmt: skip
CORPORATIONS = (
    ("ひだまり", "hidamari"), ("あおば", "aoba"), ("なぎさ", "nagisa"), ("みらい", "mirai"),
    ("つくし", "tsukushi"), ("しらかば", "shirakaba"), ("ことぶき", "kotobuki"), ("はるかぜ", "harukaze"),
    ("わかくさ", "wakakusa"), ("ゆめみ", "yumemi"), ("こはる", "koharu"), ("いずみ", "izumi"),
    ("あかね", "akane"), ("ひかり", "hikari"), ("やまびこ", "yamabiko"), ("まつかぜ", "matsukaze"),
    ("そよかぜ", "soyokaze"), ("ともしび", "tomoshibi"), ("きぼう", "kibou"), ("なごみ", "nagomi"),
    ("たいよう", "taiyou"), ("くるみ", "kurumi"), ("はまなす", "hamanasu"), ("えがお", "egao"),
)  # fmt: skip
KINDS = (
    ("社会福祉法人{}会", "fukushi"),
    ("株式会社{}ケア", "care"),
    ("医療法人社団{}会", "med"),
    ("合同会社{}", "llc"),
    ("NPO法人{}の家", "npo"),
)
DISTRICT = "00"
EXCHANGE = "043-000"
CORPORATION_SIZES = (1, 1, 2, 1, 1, 3, 1, 1, 1, 2, 1, 6, 1, 1, 2, 1, 4, 1, 1, 12)
SHARING = 6
"""Every second corporation of this size keeps one mailbox for all of its offices."""


@dataclass(frozen=True, slots=True)
class CityOffice:
    """An invented office; `email` is empty where it is reached by telephone and fax only."""

    number: str
    name: str
    services: tuple[str, ...]
    corporation: str
    telephone: str
    fax: str
    email: str
    staff: int
    municipality: str = MUNICIPALITY
    prefecture: str = PREFECTURE

    def enrolled(self) -> Enrolled:
        """Return the office as the step that enrols offices takes it."""
        return Enrolled(
            self.number,
            self.name,
            self.services,
            self.municipality,
            self.prefecture,
            (self.email,) if self.email else (),
            self.staff,
            corporation=self.corporation,
            telephone=self.telephone,
            fax=self.fax,
        )


def lot(*words: object) -> int:
    """Return a number that looks drawn and is always the same for the same words: 0 to 2**32 - 1."""
    return crc32("|".join(str(word) for word in words).encode())


def check_digit(first_nine: str) -> str:
    """Return the tenth character of an office number: modulus 10, weights 2, 1, 2, 1 … from the left.

    Products count by the sum of their digits, letters from A = 10 on (MHLW's rule for 介護保険事業所番号).
    """
    total = 0
    for place, sign in enumerate(first_nine):
        product = int(sign, 36) * (2 if place % 2 == 0 else 1)
        total += product // 10 + product % 10
    return str(-total % 10)


@cache
def city() -> tuple[CityOffice, ...]:
    """Return every office of the city, by number."""
    bundles = sorted(_bundles(), key=lambda bundle: lot("order", bundle))
    corporations = _corporations(len(bundles))
    offices = []
    for place, (services, serial) in enumerate(bundles):
        corporation, domain, shares = corporations[place]
        first_nine = f"12{_kind(services, serial)}{DISTRICT}{place + 101:04d}"
        number = first_nine + check_digit(first_nine)
        line = place + 1
        offices.append(
            CityOffice(
                number,
                _name(services, place),
                services,
                corporation,
                f"{EXCHANGE}-{line:04d}",
                f"{EXCHANGE}-{line + 5000:04d}",
                _address(number, domain, shares=shares),
                2 + lot("staff", number) % 9 + lot("more", number) % 7 * (len(services) - 1),
            )
        )
    return tuple(sorted(offices, key=lambda office: office.number))


def _bundles() -> list[tuple[tuple[str, ...], int]]:
    remaining = dict(DESIGNATIONS)
    found: list[tuple[tuple[str, ...], int]] = []
    for services, count in COMBINATIONS:
        found.extend((services, serial) for serial in range(count))
        for service in services:
            remaining[service] -= count
    for service, count in remaining.items():
        found.extend(((service,), serial) for serial in range(count))
    return found


def _kind(services: tuple[str, ...], serial: int) -> str:
    """Return the third sign of the number: what kind of body was designated."""
    if "46" in services:
        return "0"
    if "22" in services:
        return "5"
    if "16" in services or services in {("13", "14"), ("14",)}:
        return "1"
    if services == ("13",):
        return "6" if serial % 2 else "1"
    return "9" if set(services) <= {"72", "76", "78"} else "7"


def _name(services: tuple[str, ...], place: int) -> str:
    titles = TITLES[services[lot("service", place) % len(services)]]
    title = titles[lot("title", place) % len(titles)]
    written = PLACES[lot("place", place) % len(PLACES)]
    branch = ("", "", "", "", "第二", "東", "西", "南", "北")[lot("branch", place) % 9]
    return f"{title} {written}{branch}"


def _corporations(offices: int) -> list[tuple[str, str, bool]]:
    """Return for each office its corporation, the domain of its mail, and whether it shares one mailbox."""
    found: list[tuple[str, str, bool]] = []
    turn = 0
    while len(found) < offices:
        size = CORPORATION_SIZES[turn % len(CORPORATION_SIZES)]
        (word, latin), (form, suffix) = CORPORATIONS[turn % len(CORPORATIONS)], KINDS[turn % len(KINDS)]
        round_, seat = divmod(turn, len(CORPORATIONS) * len(KINDS))
        extra = ("", "中央", "みなと", "北部", "南部", "ひまわり", "はるか")[round_ % 7]
        domain = f"{latin}-{suffix}{round_ or ''}.example"
        shares = size == SHARING and (turn // len(CORPORATION_SIZES)) % 2 == 0
        found.extend([(form.format(extra + word), domain, shares)] * size)
        turn = round_ * len(CORPORATIONS) * len(KINDS) + seat + 1
    return found[:offices]


def _address(number: str, domain: str, *, shares: bool) -> str:
    if shares:
        return f"honbu@{domain}"
    return "" if lot("no mail", number) % 100 < 10 else f"jigyosho{number[5:9]}@{domain}"
