"""The way out that is not there: no relay is set, so letters wait and nothing is lost."""

from collections.abc import AsyncIterator, Sequence

from notifier.channels.parcel import BeforeDot, Parcel
from notifier.domain.receipts import Phase, Receipt, Verdict


class UnsetChannel:
    """Answers that the fault is ours, so that the queue rests as it is until a relay is set."""

    async def send(
        self,
        parcels: Sequence[Parcel],
        before_dot: BeforeDot,  # noqa: ARG002  # nothing leaves, so nobody needs to permit it
    ) -> AsyncIterator[tuple[str, Receipt]]:
        """Yield each key with a fault of the sender; `before_dot` is not called, as nothing leaves."""
        for parcel in parcels:
            text = "no mail relay is set; set NOTIFIER_SMTP_HOST"
            yield parcel.key, Receipt(Verdict.SENDER_FAULT, None, text, Phase.CONNECT)
