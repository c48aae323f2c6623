"""Hours in forms: on which weekdays, and between which hours, letters are to come, as people choose it."""

from typing import Final

from notifier.domain.hours import MIDNIGHT, WEEKDAYS, Hours
from notifier.errors import SubscriptionRefusedError
from notifier.web.forms import Form

_DAYS = frozenset(str(day) for day, _ in enumerate(WEEKDAYS, start=1))
_FROM = frozenset(map(str, range(MIDNIGHT)))
_UNTIL = frozenset(map(str, range(1, MIDNIGHT + 1)))
ANY: Final = Hours()
PROMISE: Final = "選んだ曜日・時間帯まで待つと期限に間に合わなくなるお知らせは、待たずに送ります。"
"""What everybody who chooses is told."""


def typed(hours: Hours) -> dict[str, tuple[str, ...]]:
    """Return what stands in the fields `weekdays` and `hours` (from, until) while `hours` hold."""
    ends = (str(hours.first), str(hours.last)) if hours.kept_hours else ()
    return {"weekdays": tuple(map(str, hours.weekdays)), "hours": ends}


def chosen(form: Form) -> Hours:
    """Return what was chosen; what makes no sense is noted in the form, and any time returned."""
    days = [each for each in form.many("weekdays") if each in _DAYS]
    first, last = [*form.typed.get("hours", ()), "", ""][:2]
    if first not in {"", *_FROM} or last not in {"", *_UNTIL}:
        form.wrong("hours", "時間帯を一覧から選んでください。")
    elif bool(first) != bool(last):
        form.wrong("hours", "時間帯は、何時からと何時までの両方を選んでください。")
    else:
        try:
            return Hours.of(map(int, days), f"{first}-{last}" if first else "")
        except SubscriptionRefusedError as fault:
            form.wrong(fault.about, str(fault))
    return ANY


def in_words(hours: Hours) -> str:
    """Return when letters come, as one phrase."""
    return hours.wording or "いつでも"
