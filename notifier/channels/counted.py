"""A way out that counts: whatever leaves by another one, and how it was answered."""

from collections.abc import AsyncIterator, Callable, Sequence

from notifier.channels.parcel import BeforeDot, MailChannel, Parcel
from notifier.domain.receipts import Receipt


class CountedChannel:
    """Sends by `inner` and tells each verdict to `count`."""

    def __init__(self, inner: MailChannel, count: Callable[[str], None]) -> None:
        """Count what leaves by `inner`."""
        self._inner = inner
        self._count = count

    async def send(
        self, parcels: Sequence[Parcel], before_dot: BeforeDot
    ) -> AsyncIterator[tuple[str, Receipt]]:
        """Send as the inner channel does, and yield what it yields."""
        async for key, receipt in self._inner.send(parcels, before_dot):
            self._count(receipt.verdict.value)
            yield key, receipt
