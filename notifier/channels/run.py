"""One batch on its way: who may leave, what is on the wire, what came back.

Permission (`before_dot`) is asked for groups, a little ahead of the wire, because each asking is a commit.
How far ahead follows the relay's own speed: as many letters as it takes in a quarter of a second, at most
500. A fast relay is never kept waiting for a commit; with a slow one the group is a handful and the gate is
read just before each letter. A permission older than `FRESH` when the content is to start is asked for
again, so that no letter starts more than a second after it was withdrawn.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from notifier.channels.envelope import envelope_address
from notifier.channels.mime import Frames
from notifier.channels.parcel import BeforeDot, Parcel, UnsendableError
from notifier.channels.supply import Carrier, Load
from notifier.domain.receipts import Phase, Receipt, Verdict

FRESH = 0.8
"""Seconds for which a permission holds."""

AHEAD = 0.25
"""Seconds of sending for which permission is asked at a time."""

LARGEST_GROUP = 500


class Run:
    """The supply of the dialogues for one batch; see `notifier.channels.supply.Supply`."""

    def __init__(self, parcels: Sequence[Parcel], before_dot: BeforeDot, frames: Frames, lanes: int) -> None:
        """Line the parcels up; nothing moves before `admit` runs."""
        self.results: list[tuple[str, Receipt]] = []
        self.progress = asyncio.Event()
        self.fault: BaseException | None = None
        self.outstanding = len(parcels)
        self._loop = asyncio.get_running_loop()
        self._frames = frames
        self._sender = frames.sender
        self._before_dot = before_dot
        self._waiting = deque(parcels)
        self._ready: deque[tuple[Parcel, float]] = deque()
        self._renewals: list[tuple[Load, Carrier]] = []
        self._resting: list[Carrier] = []
        self._demand = asyncio.Event()
        self._asking = False
        self._abandoned: Receipt | None = None
        self._lanes = lanes
        self._group = 4 * lanes
        self._handed_out = 0
        self._asked = self._loop.time()

    @property
    def has_work(self) -> bool:
        """Whether parcels wait that no session has taken yet."""
        return bool(self._waiting or self._ready or self._asking)

    # --- what the dialogues ask --------------------------------------------------------------------------

    def take(self, *, size: bool) -> Load | None:
        """Return the next permitted parcel, put together; one that cannot be sent is settled at once."""
        while self._ready:
            parcel, permitted = self._ready.popleft()
            if self._loop.time() - permitted > FRESH:
                self._waiting.appendleft(parcel)
                continue
            self._handed_out += 1
            if len(self._ready) * 2 <= self._group:
                self._demand.set()
            load = self._load(parcel, permitted, size=size)
            if load is not None:
                return load
        self._demand.set()
        return None

    def rest(self, dialogue: Carrier) -> None:
        """Keep the dialogue until there is something for it, or let it go."""
        if self.has_work:
            self._resting.append(dialogue)
            self._demand.set()
        else:
            dialogue.release()

    def is_fresh(self, load: Load) -> bool:
        """Tell whether the load was permitted within the last `FRESH` seconds."""
        return self._loop.time() - load.permitted <= FRESH

    def renew(self, load: Load, dialogue: Carrier) -> None:
        """Ask again, together with whoever else asks now; after a fault the answer is no."""
        if self.fault:
            self.outstanding -= dialogue.withdraw(load)
            self.progress.set()
            return
        self._renewals.append((load, dialogue))
        self._demand.set()

    def settle(self, load: Load, receipt: Receipt) -> None:
        """Note a receipt."""
        self._settle(load.parcel.key, receipt)

    def give_back(self, load: Load) -> None:
        """Put a parcel back to the front; it asks for permission anew, if there is anybody to ask."""
        self._waiting.appendleft(load.parcel)
        if self.fault:
            self.fail(self.fault)

    # --- what the channel asks ---------------------------------------------------------------------------

    def give_up(self, receipt: Receipt) -> None:
        """Settle everything that no session has taken or ever will: the relay cannot be used."""
        self._abandoned = receipt
        for parcel in [*(parcel for parcel, _ in self._ready), *self._waiting]:
            self._settle(parcel.key, receipt)
        self._ready.clear()
        self._waiting.clear()

    def fail(self, fault: BaseException) -> None:
        """Stop handing out; what is on the wire may still come to its end."""
        self.fault = self.fault or fault
        self.outstanding -= len(self._ready) + len(self._waiting)
        self._ready.clear()
        self._waiting.clear()
        self._wake()
        self.progress.set()

    async def admit(self) -> None:
        """Ask `before_dot` for groups, whenever the dialogues are about to run out, until cancelled."""
        while True:
            await self._demand.wait()
            self._demand.clear()
            renewals, self._renewals = self._renewals, []
            group = self._next_group()
            keys = [*(load.parcel.key for load, _ in renewals), *(parcel.key for parcel in group)]
            if not keys:
                self._wake()
                continue
            self._asking = True
            try:
                permitted = await self._before_dot(keys)
            except Exception as fault:  # noqa: BLE001 - handed to whoever called `send`
                self.outstanding -= len(group)
                self._asking = False
                self.outstanding -= sum(dialogue.withdraw(load) for load, dialogue in renewals)
                self.fail(fault)
                return
            self._asking = False
            self._admit(group, renewals, permitted)

    def _next_group(self) -> list[Parcel]:
        """Return as many waiting parcels as the relay takes in `AHEAD` seconds, judged by the last group."""
        if len(self._ready) * 2 > self._group or not self._waiting:
            return []
        now = self._loop.time()
        if self._handed_out:
            fitting = int(self._handed_out / max(now - self._asked, 1e-6) * AHEAD)
            self._group = min(max(fitting, self._lanes), 4 * self._group, LARGEST_GROUP)
        self._handed_out, self._asked = 0, now
        return [self._waiting.popleft() for _ in range(min(self._group, len(self._waiting)))]

    def _admit(
        self,
        group: list[Parcel],
        renewals: list[tuple[Load, Carrier]],
        permitted: set[str],
    ) -> None:
        now = self._loop.time()
        self._ready.extend((parcel, now) for parcel in group if parcel.key in permitted)
        self.outstanding -= sum(parcel.key not in permitted for parcel in group)
        for load, dialogue in renewals:
            load.permitted = now
            if load.parcel.key in permitted:
                dialogue.pour(load)
            else:
                self.outstanding -= dialogue.withdraw(load)
        if self.fault:
            self.fail(self.fault)
        elif self._abandoned:
            self.give_up(self._abandoned)
        self._wake()
        if not self.outstanding:
            self.progress.set()

    def _wake(self) -> None:
        """Let the resting dialogues begin, or go when nothing is left for them."""
        resting, self._resting = self._resting, []
        for dialogue in resting:
            if self._ready:
                dialogue.begin()
            else:
                self.rest(dialogue)

    def _load(self, parcel: Parcel, permitted: float, *, size: bool) -> Load | None:
        """Return a parcel as it goes on the wire; no line of a frame begins with a dot."""
        try:
            content = self._frames.assemble(parcel)
        except UnsendableError as fault:
            self._settle(parcel.key, Receipt(Verdict.REFUSED, None, str(fault), Phase.CONNECT))
            return None
        sender = parcel.return_path or self._sender
        mail = f"MAIL FROM:<{sender}> SIZE={len(content)}\r\n" if size else f"MAIL FROM:<{sender}>\r\n"
        recipient = f"RCPT TO:<{envelope_address(parcel.recipient)}>\r\n"
        return Load(parcel, mail.encode("ascii"), recipient.encode("ascii"), content + b".\r\n", permitted)

    def _settle(self, key: str, receipt: Receipt) -> None:
        self.results.append((key, receipt))
        self.outstanding -= 1
        self.progress.set()
