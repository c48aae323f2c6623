"""The exchange: how messages look on their way to endpoints, and the secrets that sign them.

Secrets are derived, not kept: from the installation's key and a salt, by HMAC-SHA256. Whoever copies the database can
sign nothing; whoever changes the key must give every endpoint a new secret, which the fingerprint brings to light.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from notifier.channels.signing import PREFIX
from notifier.channels.webhook import Endpoint, Event, WebhookChannel, event_body
from notifier.store import endpoints
from notifier.store.feed import Told


@dataclass(frozen=True)
class Exchange:
    """The way to the endpoints. `key` is the installation's secret, `source` its address as events name it."""

    way: WebhookChannel
    key: str = field(repr=False)
    source: str

    def secret_of(self, salt: str) -> bytes:
        """Return the secret that follows from a salt: 32 bytes."""
        return hmac.digest(self.key.encode(), f"notifier webhook {salt}".encode(), sha256)

    def written(self, salt: str) -> str:
        """Return the secret as it is shown once: `whsec_` and base64."""
        return PREFIX + b64encode(self.secret_of(salt)).decode("ascii")

    def fingerprint(self, salt: str) -> str:
        """Return what tells whether the secret is still the one that was shown."""
        return sha256(self.secret_of(salt)).hexdigest()[:16]

    def knows(self, endpoint: endpoints.Endpoint) -> bool:
        """Tell whether the endpoint's secret is still the one that was shown to its owner."""
        return hmac.compare_digest(self.fingerprint(endpoint.salt), endpoint.fingerprint)

    def endpoint(self, kept: endpoints.Endpoint, now: datetime) -> Endpoint:
        """Return where to post, signed by the new secret and, while both hold, by the old one."""
        return Endpoint(kept.url, tuple(self.secret_of(salt) for salt in kept.salts(now)))

    @property
    def origin(self) -> str:
        """Return our name as OPTIONS asks with it (`WebHook-Request-Origin`)."""
        return urlsplit(self.source).hostname or self.source

    def event(self, told: Told) -> Event:
        """Return a message as CloudEvents names it; the same for the feed and for every endpoint and try."""
        place, trace = str(told.place), told.traceparent or None
        return Event(told.id, self.source, told.type, told.subject, told.happened, told.data, place, trace)

    def body(self, told: Told, data: str = "") -> bytes:
        """Return what is posted; `data` is what `written` makes of the data, where that is at hand."""
        return event_body(self.event(told), data)


Chance = Callable[[int], bytes]
"""Gives that many unpredictable bytes."""
