"""The letterbox: mail for us is taken at the door or from a pipe, and kept before anybody is told that it was."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from notifier.channels.receiver import LARGEST, Receiver
from notifier.errors import NotifierError
from notifier.reading.mails import envelope_of
from notifier.steps.collect import collect
from notifier.store.database import retrying
from notifier.tools import Tools


class NotOursError(NotifierError):
    """Mail for somebody else; it cannot be kept here."""


class Letterbox:
    """Takes mail with `tools`; `wake` lets a worker in this process look at once."""

    def __init__(self, tools: Tools, wake: Callable[[], None] = lambda: None) -> None:
        """Raise NotifierError if no address is set at which mail is taken."""
        if tools.returns is None:
            raise NotifierError(
                "no mail is taken: set NOTIFIER_REPLY_ADDRESS to the address that answers go to"
            )
        self._tools = tools
        self._returns = tools.returns
        self._wake = wake

    @property
    def address(self) -> str:
        """Return the plain address that answers go to."""
        return self._returns.address

    async def keep(self, content: bytes, envelope_sender: str, recipient: str, way: str) -> bool:
        """Keep a mail; False if it was kept before. Raises StoreError if it cannot be kept now."""
        kept = await retrying(partial(collect, self._tools, content, envelope_sender, recipient, way))
        self._wake()
        return kept

    async def take(self, content: bytes, envelope_sender: str | None, recipient: str | None) -> bool:
        """Keep a mail that came through a pipe; where the envelope is not given, it is read from the mail.

        Raises NotOursError for a recipient that is not ours, or a mail that is larger than LARGEST.
        """
        sender, recipients = envelope_of(content)
        ours = [each for each in ([recipient] if recipient else recipients) if self._returns.takes(each)]
        if recipient and not ours:
            raise NotOursError(f"{recipient}: no address of ours; mail for {self._returns.address} is taken")
        if len(content) > LARGEST:
            raise NotOursError(f"a mail of {len(content)} bytes is too large; up to {LARGEST} are taken")
        whom = ours[0] if ours else self._returns.address
        return await self.keep(content, sender if envelope_sender is None else envelope_sender, whom, "pipe")

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Take mail over LMTP and SMTP on `host` and `port` (0: any that is free), and yield the port.

        Raises ChannelError if the address cannot be listened on.
        """
        receiver = Receiver(self._returns.takes, self.keep)
        taken = await receiver.start(host, port)
        try:
            yield taken
        finally:
            await receiver.stop()
