"""subscribe: an authority decides what its offices are told, from when; what they owe stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from notifier.domain.actors import Who, actor_of
from notifier.errors import SubscriptionRefusedError, UnknownError, UnknownFieldError
from notifier.store import audit, subscriptions
from notifier.store.database import Connection
from notifier.store.differences import EVERYTHING
from notifier.store.subscriptions import Decided, Selection
from notifier.tools import Tools

CHANNELS = ("email", "webhook")
MOST_NAMED = 200
"""Offices that the audit names one by one; of more it keeps the number, and each row of a decision names its office."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is decided: from the civil date `since` (today if None) offices are `told` of `topics`, or are not.

    A topic is a deadline, a family or * for all; `channel` "" means all of CHANNELS. To tell no more needs a `reason`.
    """

    told: bool
    topics: tuple[str, ...] = (EVERYTHING,)
    since: date | None = None
    reason: str = ""
    channel: str = ""


async def subscribe(tools: Tools, selection: Selection, wanted: Subscription, who: Who) -> int:
    """Decide for the offices in `selection`; returns for how many.

    Raises SubscriptionRefusedError for a missing reason, a day that is over or an unknown channel, and UnknownError for a
    topic or an office that does not exist or is not the authority's.
    """
    today = tools.today()
    since = wanted.since or today
    _check(wanted, since, today)
    now = tools.now()
    async with tools.database.transaction() as conn:
        await _check_topics(conn, wanted.topics)
        offices = await subscriptions.chosen_offices(conn, selection)
        _check_offices(selection, offices)
        for topic in wanted.topics:
            decided = Decided(
                selection.authority,
                topic,
                since,
                wanted.told,
                str(actor_of(who)),
                now,
                wanted.reason.strip(),
                wanted.channel,
            )
            await subscriptions.decide(conn, list(offices.values()), decided)
        action = "offices.subscribed" if wanted.told else "offices.unsubscribed"
        detail = {
            "topics": list(wanted.topics),
            "since": since.isoformat(),
            "channel": wanted.channel,
            "reason": wanted.reason.strip(),
            "count": len(offices),
            "offices": list(offices)[:MOST_NAMED],
        }
        await audit.append(conn, now, who, action, f"authority/{selection.authority}", detail)
    return len(offices)


def _check(wanted: Subscription, since: date, today: date) -> None:
    if not wanted.told and not wanted.reason.strip():
        message = "配信を止めるには理由が必要です。止めた後も、期限の一覧に「未通知」と理由が示されます。"
        raise SubscriptionRefusedError(message, "reason")
    if since < today:
        message = f"{since}は過ぎています。きょう（{today}）以後の日を指定してください。過去の通知は変えられません。"
        raise SubscriptionRefusedError(message, "since")
    if wanted.channel and wanted.channel not in CHANNELS:
        message = f"「{wanted.channel}」という送り方はありません。{'、'.join(CHANNELS)}のどれかです。"
        raise SubscriptionRefusedError(message, "channel")


async def _check_topics(conn: Connection, topics: Sequence[str]) -> None:
    known = await subscriptions.topics(conn)
    for place, topic in enumerate(topics):
        if topic not in known:
            message = (
                f"「{topic}」という分野や期限はありません（名前: `notifier catalogue list --database`）。"
            )
            raise UnknownFieldError(message, f"topics/{place}")


def _check_offices(selection: Selection, offices: dict[str, int]) -> None:
    unknown = [number for number in selection.numbers if number not in offices]
    if unknown:
        message = (
            f"{selection.authority}の事業所ではないか、廃止された番号です: {'、'.join(unknown[:10])}。"
            "番号を確かめてください。"
        )
        raise UnknownFieldError(message, f"offices/{selection.numbers.index(unknown[0])}")
    if not offices:
        message = f"{selection.authority}に当てはまる事業所がありません。"
        raise UnknownError(message)
