"""What reading must know of the law to propose changes of it: handed in as values by whoever knows the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifier.domain.expressions import Expression


@dataclass(frozen=True, slots=True)
class KnownDuty:
    """A deadline as it is known the day before the notice.

    `names` are those of its programme, every way to write them; `words` those of the duty itself; `texts` what was
    said of it. `services` are the codes it concerns (empty: all). `parties` are office, municipality, prefecture.
    `due` is what prevails, None if no date was ever spoken of; `said` are all dues that were ever said.
    """

    id: str
    title: str
    parties: tuple[str, ...]
    names: tuple[str, ...]
    words: tuple[str, ...]
    texts: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()
    due: Expression | None = None
    tentative: bool = False
    said: tuple[Expression, ...] = ()

    @property
    def family(self) -> str:
        """Return the part of the id before the stroke."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """A type of fact: `subject` is office, authority or nation; `label` is its name in Japanese."""

    type: str
    label: str
    subject: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything handed in: duties, events, services by code with their names."""

    duties: tuple[KnownDuty, ...] = ()
    events: tuple[KnownEvent, ...] = ()
    services: Mapping[str, str] = field(default_factory=dict)
    programmes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the programmes of each family, also of those of which nothing is known to be owed yet."""
