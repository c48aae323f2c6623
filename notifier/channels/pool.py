"""The few sessions with the relay that all sending shares, kept open for a while between batches."""

import asyncio

from notifier.channels.relay import Relay, open_session
from notifier.channels.smtp import Dialogue


class Pool:
    """At most `connections` sessions at a time, whoever borrows them."""

    def __init__(self, relay: Relay, connections: int) -> None:
        """Open nothing yet; the first borrower does."""
        self.relay = relay
        self._places = asyncio.Semaphore(connections)
        self._idle: list[tuple[Dialogue, asyncio.TimerHandle]] = []

    async def borrow(self) -> Dialogue:
        """Return a session that is ready for MAIL, waiting for a place. Raises RelayUnreachableError."""
        await self._places.acquire()
        try:
            while self._idle:
                dialogue, expiry = self._idle.pop()
                expiry.cancel()
                if not dialogue.has_ended:
                    return dialogue
            return Dialogue(await open_session(self.relay), self.relay.timeouts)
        except BaseException:
            self._places.release()
            raise

    def give_back(self, dialogue: Dialogue) -> None:
        """Take a session back, to lend it again if it is still open."""
        if not dialogue.has_ended:
            expiry = asyncio.get_running_loop().call_later(self.relay.timeouts.idle, self._expire, dialogue)
            self._idle.append((dialogue, expiry))
        self._places.release()

    def close(self) -> None:
        """Take leave on every idle session."""
        for dialogue, expiry in self._idle:
            expiry.cancel()
            dialogue.quit()
        self._idle.clear()

    def _expire(self, dialogue: Dialogue) -> None:
        self._idle = [(kept, expiry) for kept, expiry in self._idle if kept is not dialogue]
        dialogue.quit()
