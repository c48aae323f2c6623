"""The way out that goes nowhere: keeps what would have been sent, for the simulation and for tests."""

from collections.abc import AsyncIterator, Sequence

from notifier.channels.parcel import BeforeDot, Parcel
from notifier.domain.receipts import Phase, Receipt, judge_smtp

GROUP = 500
"""So many letters ask for permission together, as they do on their way to a relay."""


class RecorderChannel:
    """Accepts every parcel that may leave and keeps it, in order, in `parcels`.

    With `keeping` false it keeps none: a city's letters of two years fill gigabytes.
    """

    def __init__(self, *, keeping: bool = True) -> None:
        """Start with nothing recorded."""
        self.parcels: list[Parcel] = []
        self._keeping = keeping

    async def send(
        self, parcels: Sequence[Parcel], before_dot: BeforeDot
    ) -> AsyncIterator[tuple[str, Receipt]]:
        """Record every parcel that `before_dot` lets pass and yield each key as accepted."""
        for start in range(0, len(parcels), GROUP):
            group = parcels[start : start + GROUP]
            permitted = await before_dot([parcel.key for parcel in group])
            for parcel in group:
                if parcel.key in permitted:
                    if self._keeping:
                        self.parcels.append(parcel)
                    yield parcel.key, judge_smtp(Phase.DOT, 250, "recorded")
