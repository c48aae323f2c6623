"""Service types by 介護サービス種類コード, and the groups of them that rules speak of.

Source: the table of the project's domain register, section 5.1; what the notices leave open is `undecided`
or marked as assumed. 居宅サービス is read strictly: community-based types do not belong to it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from notifier.catalogue.tables import Table, Written

KINDS = ("home", "preventive", "care-manager", "facility", "community", "general")
WAGE_ROUTES = ("A", "B", "base-only", "undecided")
SUBSIDY_GROUPS = ("visit", "residential", "other", "undecided")
SOFTWARE_CONDITIONS = ("cpdl", "life", "")


@dataclass(frozen=True, slots=True)
class ServiceType:
    """One service type.

    `kind` is home (居宅サービス), preventive (介護予防サービス), care-manager, facility, general (総合事業)
    or community (地域密着型). `wage_route` is that of the wage support, `subsidy_group` of the platform
    subsidy; `committee` and `cpdl_start` are the lists ④ and ⑤ of the tech grant, `software_condition` what
    care software must support. `assumed` names the columns that the notices do not settle.
    """

    code: str
    name: str
    short: str
    kind: str
    wage_route: str
    subsidy_group: str
    committee: bool
    cpdl_start: bool
    software_condition: str
    assumed: tuple[str, ...] = ()

    @property
    def community_based(self) -> bool:
        """Tell whether it is a 地域密着型サービス."""
        return self.kind == "community"


@dataclass(frozen=True, slots=True)
class RegisteredType:
    """A type of the national register (介護サービス情報公表システム): three digits, and the names it is written by.

    `service` is the 介護サービス種類コード it means, "" for a type that no duty concerns.
    """

    code: str
    service: str
    names: tuple[str, ...]


def read_registered_type(written: Written) -> RegisteredType:
    """Read one `[[register]]`. Raises ValueError with the key and the mend."""
    table = Table(written, "the type of the register")
    found = RegisteredType(table.text("code"), table.text("service", ""), table.texts("names"))
    table.finish()
    return found


def read_service(written: Written) -> ServiceType:
    """Read one `[[service]]`. Raises ValueError with the key and the mend."""
    table = Table(written, "the service")
    found = ServiceType(
        code=table.text("code"),
        name=table.text("name"),
        short=table.text("short"),
        kind=_one_of(table.text("kind"), KINDS, "kind"),
        wage_route=_one_of(table.text("wage_route"), WAGE_ROUTES, "wage_route"),
        subsidy_group=_one_of(table.text("subsidy_group"), SUBSIDY_GROUPS, "subsidy_group"),
        committee=table.flag("committee"),
        cpdl_start=table.flag("cpdl_start"),
        software_condition=_one_of(
            table.text("software_condition", ""), SOFTWARE_CONDITIONS, "software_condition"
        ),
        assumed=table.texts("assumed"),
    )
    table.finish()
    return found


def _one_of(value: str, known: tuple[str, ...], key: str) -> str:
    if value not in known:
        raise ValueError(f"`{key}` must be one of {list(known)}; found {value!r}")
    return value


_HOME = ("home", "preventive")
_GROUPS: Mapping[str, Callable[[ServiceType], bool]] = MappingProxyType(
    {
        "all": lambda _: True,
        "wage-base": lambda _: True,
        "wage-route-a": lambda each: each.wage_route == "A",
        "wage-route-b": lambda each: each.wage_route == "B",
        "subsidy-visit": lambda each: each.subsidy_group == "visit",
        "subsidy-residential": lambda each: each.subsidy_group == "residential",
        "subsidy-other": lambda each: each.subsidy_group == "other",
        "committee": lambda each: each.committee,
        "cpdl-start": lambda each: each.cpdl_start,
        "software-cpdl": lambda each: each.software_condition == "cpdl",
        "software-life": lambda each: each.software_condition == "life",
        "care-manager": lambda each: each.code == "43",
        "home-services": lambda each: each.kind in _HOME,
        "community-based": lambda each: each.community_based,
        "five-links-r8": lambda each: each.kind in {*_HOME, "care-manager"},
    }
)


def groups_of(services: Iterable[ServiceType]) -> dict[str, frozenset[str]]:
    """Return the codes of each group that a condition may name with `@`."""
    known = list(services)
    return {
        name: frozenset(each.code for each in known if belongs(each)) for name, belongs in _GROUPS.items()
    }
