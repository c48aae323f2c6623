"""Care offices (介護事業所) as the rules see them."""

from dataclasses import dataclass

from notifier.domain.facts import Fact


@dataclass(frozen=True, slots=True)
class Office:
    """One office number with the services it is designated for.

    `number` is the ten-character 介護保険事業所番号 (text: position 3 may be a letter), `services` the
    two-character 介護サービス種類コード, `municipality` and `prefecture` six-digit 団体コード, `staff` a head
    count or None.
    """

    number: str
    name: str
    services: frozenset[str]
    municipality: str
    prefecture: str
    staff: int | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def authorities(self) -> tuple[str, str]:
        """Return the authorities that may set dates for this office, the nearest first."""
        return (self.municipality, self.prefecture)
