"""The checks behind `notifier check`: whether everything is there that the service needs.

Each check looks and changes nothing: no file is made, no letter is sent. What a machine without a network
cannot see is a warning, not a failure.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.resolver

from notifier.assets import PACKAGE
from notifier.catalogue import Catalogue, lint, load
from notifier.catalogue.holidays import national_calendar
from notifier.channels.provider import Client, Provider, ProviderError
from notifier.channels.relay import Relay, Timeouts, open_session
from notifier.clock import JAPAN, Clock, civil_date
from notifier.errors import NotifierError
from notifier.rendering import check_templates
from notifier.settings import DEMO_SENDER, Settings
from notifier.store.database import Database
from notifier.store.migration import pending

LOOKUP_SECONDS: Final = 3.0
PATIENCE: Final = Timeouts(connect=5, command=10, attempt=10)
LAST_PLAUSIBLE_YEAR: Final = 2099


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; `mend` says what to do about it, and is empty if all is well."""

    name: str
    level: Level
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What the checks look at. `resolver` answers questions about names; None: the machine's own."""

    settings: Settings
    clock: Clock
    resolver: dns.asyncresolver.Resolver | None = None

    @property
    def today(self) -> date:
        """The present civil date in Japan."""
        return civil_date(self.clock.now())


Check = Callable[[Surroundings], Awaitable[Sequence[Verdict]]]


async def check(surroundings: Surroundings) -> AsyncIterator[Verdict]:
    """Yield the verdicts one by one, in a fixed order. A check that breaks is a verdict, too."""
    for name, look in CHECKS.items():
        try:
            verdicts = await look(surroundings)
        except NotifierError as fault:
            verdicts = [Verdict(name, Level.FAILED, str(fault))]
        except Exception as fault:  # noqa: BLE001 - one broken check must not hide what the others see
            found = f"unexpected {type(fault).__name__}: {fault}"
            verdicts = [Verdict(name, Level.FAILED, found, "Report this fault of the program.")]
        for verdict in verdicts:
            yield verdict


async def _settings(surroundings: Surroundings) -> list[Verdict]:
    settings = surroundings.settings
    if settings.smtp_host is not None and settings.mail_from == DEMO_SENDER:
        mend = "Set NOTIFIER_MAIL_FROM to an address of your own."
        return [Verdict("settings", Level.FAILED, f"letters would come from {DEMO_SENDER}.", mend)]
    if settings.secret_key is None and settings.database_file is None:
        mend = "Set NOTIFIER_SECRET_KEY to one key on all hosts that share the database."
        return [Verdict("settings", Level.WARNING, "each host would sign links with a key of its own.", mend)]
    away = _elsewhere(settings.mail_from, settings.reply_address)
    if away:
        mend = f"Set NOTIFIER_REPLY_ADDRESS to an address of {settings.mail_from.rpartition('@')[2]}, or of a name in it."
        found = (
            f"letters would leave from {away}, and receivers who compare it with the sender may refuse them."
        )
        return [Verdict("settings", Level.WARNING, found, mend)]
    return [Verdict("settings", Level.OK, "can be used.")]


def _elsewhere(sender: str, reply: str | None) -> str:
    """Return the domain of answers where it is neither that of the sender nor inside it; "" otherwise.

    Letters leave from a return path there, and au compares its organisation with that of the From header (SPF alignment).
    """
    home, other = sender.lower().rpartition("@")[2], (reply or "").lower().rpartition("@")[2]
    related = not other or other == home or other.endswith(f".{home}") or home.endswith(f".{other}")
    return "" if related else other


async def _database(surroundings: Surroundings) -> list[Verdict]:
    settings = surroundings.settings
    place = settings.database_place
    file = settings.database_file
    if file is not None and not file.exists():
        mend = "`notifier up` or `notifier migrate` makes it."
        return [Verdict("database", Level.WARNING, f"{file} does not exist yet.", mend)]
    async with await Database.open(settings.database_url.get_secret_value()) as database:
        missing = await pending(database)
    if missing:
        found = f"{place} lacks {', '.join(missing)}."
        return [Verdict("database", Level.FAILED, found, "Run `notifier migrate`.")]
    return [Verdict("database", Level.OK, f"{place} answers and is up to date.")]


async def _clock(surroundings: Surroundings) -> list[Verdict]:
    now = surroundings.clock.now()
    newest = max(path.stat().st_mtime for path in PACKAGE.rglob("*.py"))
    installed = datetime.fromtimestamp(newest, JAPAN)
    shown = now.astimezone(JAPAN).isoformat(timespec="seconds")
    mend = "Set the machine's clock, by NTP if possible."
    if now < installed - timedelta(days=1):
        found = f"it shows {shown}, but the program was written on {installed.date()}."
        return [Verdict("clock", Level.FAILED, found, mend)]
    if now.year > LAST_PLAUSIBLE_YEAR:
        return [Verdict("clock", Level.FAILED, f"it shows {shown}.", mend)]
    return [Verdict("clock", Level.OK, f"it shows {shown} in Japan.")]


async def _catalogue(surroundings: Surroundings) -> list[Verdict]:
    catalogue = load()
    findings = lint(catalogue, national_calendar(*years_of(catalogue, surroundings.today)))
    errors = sum(each.level == "error" for each in findings)
    size = f"{len(catalogue.deadlines)} deadlines, {len(catalogue.statements)} statements"
    found = f"{size}, {errors} errors, {len(findings) - errors} warnings."
    if not findings:
        return [Verdict("catalogue", Level.OK, found)]
    level = Level.FAILED if errors else Level.WARNING
    return [Verdict("catalogue", level, found, "`notifier catalogue lint` lists them.")]


async def _oidc(surroundings: Surroundings) -> list[Verdict]:
    settings = surroundings.settings
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return [Verdict("oidc", Level.OK, "no provider of identities is set; users sign in with passwords.")]
    provider = Provider(settings.oidc_issuer, Client(settings.oidc_client_id, ""))
    try:
        keys = await provider.keys(surroundings.clock.now())
    except ProviderError as fault:
        mend = "Compare NOTIFIER_OIDC_ISSUER with what the provider says; passwords open meanwhile."
        return [Verdict("oidc", Level.WARNING, f"{settings.oidc_issuer} cannot be used: {fault}.", mend)]
    return [Verdict("oidc", Level.OK, f"{settings.oidc_issuer} answers and shows {len(keys)} keys.")]


def years_of(catalogue: Catalogue, today: date) -> tuple[int, int]:
    """Return the first and the last year that the law and its reminders speak of, generously."""
    return min(notice.dated.year for notice in catalogue.notices.values()) - 1, today.year + 6


async def _holidays(surroundings: Surroundings) -> list[Verdict]:
    today = surroundings.today
    known = national_calendar(today.year, today.year + 1).known
    through = known.end or date.max
    if through >= date(today.year + 1, 12, 31):
        return [Verdict("holidays", Level.OK, f"proclaimed ones are known through {through}.")]
    if through >= date(today.year, 12, 31) and today.month < 3:
        found = f"known through {through}; those of {today.year + 1} are proclaimed in February."
        return [Verdict("holidays", Level.OK, found)]
    found = f"proclaimed ones are known through {through} only; later working days are estimates."
    return [Verdict("holidays", Level.WARNING, found, "Install a newer version of the program.")]


async def _templates(surroundings: Surroundings) -> list[Verdict]:
    count = check_templates(surroundings.settings.templates_dir)
    return [Verdict("templates", Level.OK, f"{count} templates compile.")]


async def _smtp(surroundings: Surroundings) -> list[Verdict]:
    settings = surroundings.settings
    if settings.smtp_host is None:
        mend = "Set NOTIFIER_SMTP_HOST; until then letters wait."
        return [Verdict("smtp", Level.WARNING, "no mail relay is set.", mend)]
    relay = Relay(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_username,
        settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        timeouts=PATIENCE,
    )
    session = await open_session(relay)
    with contextlib.suppress(Exception):  # a relay that hangs up first has answered all the same
        await session.client.quit()
    how = {"none": "in the clear", "starttls": "secured by STARTTLS", "tls": "secured by TLS"}
    logged_in = ", logged in" if settings.smtp_username else ""
    found = f"{relay.host}:{relay.port} answers, {how[settings.smtp_tls]}{logged_in}."
    return [Verdict("smtp", Level.OK, found)]


async def _sender(surroundings: Surroundings) -> list[Verdict]:
    settings = surroundings.settings
    if settings.mail_from == DEMO_SENDER:
        mend = "Set NOTIFIER_MAIL_FROM."
        return [Verdict("sender", Level.WARNING, "no sender of your own is set.", mend)]
    domain = settings.mail_from.rpartition("@")[2]
    try:
        resolver = surroundings.resolver or dns.asyncresolver.Resolver()
        verdicts = [
            _record("SPF", domain, await _texts(resolver, domain), "v=spf1"),
            _record("DMARC", domain, await _dmarc(resolver, domain), "v=DMARC1"),
        ]
        if settings.dkim_selector is None:
            mend = "Set NOTIFIER_DKIM_SELECTOR to the one your relay signs with."
            dkim = Verdict("sender DKIM", Level.WARNING, "not looked at: no selector is set.", mend)
        else:
            name = f"{settings.dkim_selector}._domainkey.{domain}"
            dkim = _record("DKIM", name, await _texts(resolver, name), "p=")
    except (dns.exception.DNSException, OSError) as fault:
        found = f"could not look at the records of {domain} ({str(fault) or type(fault).__name__})."
        return [Verdict("sender", Level.WARNING, found, "Check on a machine that reaches a name server.")]
    return [*verdicts, dkim]


def _record(kind: str, name: str, texts: Sequence[str], mark: str) -> Verdict:
    count = sum(mark in text for text in texts)
    if count == 1:
        return Verdict(f"sender {kind}", Level.OK, f"{name} has its record.")
    found = f"{name} has no record." if not count else f"{name} has {count} records, so none counts."
    mend = f"Add a TXT record with {mark}…" if not count else "Keep one."
    return Verdict(f"sender {kind}", Level.WARNING, found, f"{mend} Without it letters may be refused.")


async def _texts(resolver: dns.asyncresolver.Resolver, name: str) -> list[str]:
    """Return the TXT records of `name`; none if there is no such name."""
    try:
        answer = await resolver.resolve(name, "TXT", lifetime=LOOKUP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


async def _dmarc(resolver: dns.asyncresolver.Resolver, domain: str) -> list[str]:
    """Return the DMARC records of `domain` or of the nearest domain above it that has any."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        if texts := await _texts(resolver, "_dmarc." + ".".join(labels[start:])):
            return texts
    return []


CHECKS: Final[dict[str, Check]] = {
    "settings": _settings,
    "database": _database,
    "clock": _clock,
    "catalogue": _catalogue,
    "holidays": _holidays,
    "templates": _templates,
    "smtp": _smtp,
    "sender": _sender,
    "oidc": _oidc,
}
