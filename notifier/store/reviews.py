"""Reviews: what was read in a notice of the inbox, candidate by candidate, and what its reviewer makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.reviews import Verdict
from notifier.store.database import table
from notifier.store.tables import Table, kept_json


class ReviewRow(Table, table=True):
    """The review of a notice. `identity` is what the reviewer says of it, `suggested` what the machine read.

    `content` and `audience` are digests of what was reviewed and of who would have been told; "" until that is done.
    `offices` is how many those were. `takes_back` names the notice that this one retracts.
    """

    __tablename__ = "review"

    notice: str = Field(primary_key=True, foreign_key="notice.id")
    identity: dict[str, Any] = Field(sa_column=kept_json())
    suggested: dict[str, Any] = Field(sa_column=kept_json())
    anomalies: dict[str, Any] = Field(sa_column=kept_json())
    takes_back: str = Field(default="", index=True)
    content: str = ""
    audience: str = ""
    offices: int = 0
    reviewed_at: datetime | None = None
    reviewed_by: str = ""


class CandidateRow(Table, table=True):
    """A candidate under its number, which it keeps. `found` is what the machine read, empty for one that was added.

    `said` is the statement in the catalogue's own form, with its deadline, and the definition of that if it is new.
    """

    __tablename__ = "candidate"

    notice: str = Field(primary_key=True, foreign_key="review.notice")
    number: int = Field(primary_key=True)
    found: dict[str, Any] = Field(sa_column=kept_json())
    said: dict[str, Any] = Field(sa_column=kept_json())
    verdict: str
    changed_at: datetime
    changed_by: str = Field(default="", sa_type=Text)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a reviewer vouches for: digests of the content and of the audience, and how many offices that is."""

    content: str
    audience: str
    offices: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate of a notice."""

    number: int
    found: Mapping[str, Any]
    said: Mapping[str, Any]
    verdict: Verdict
    changed_at: datetime
    changed_by: str

    @property
    def proposed(self) -> Mapping[str, Any] | None:
        """Return what the machine had proposed to say, None if a person added the candidate."""
        return self.found.get("said")


@dataclass(frozen=True, slots=True)
class Review:
    """The review of a notice with its candidates, by number."""

    notice: str
    identity: Mapping[str, Any]
    suggested: Mapping[str, Any]
    anomalies: Sequence[Mapping[str, Any]]
    takes_back: str
    content: str
    audience: str
    offices: int
    reviewed_at: datetime | None
    reviewed_by: str
    candidates: tuple[Candidate, ...]

    def candidate(self, number: int) -> Candidate | None:
        """Return the candidate with this number, or None."""
        return next((each for each in self.candidates if each.number == number), None)


async def begin(
    conn: AsyncConnection,
    notice: str,
    identity: Mapping[str, Any],
    suggested: Mapping[str, Any],
    anomalies: Sequence[Mapping[str, Any]],
    takes_back: str = "",
) -> None:
    """Begin the review of a notice, without candidates."""
    row = {"notice": notice, "identity": dict(identity), "suggested": dict(suggested)}
    row |= {"anomalies": {"anomalies": [dict(each) for each in anomalies]}, "takes_back": takes_back}
    empty = {"content": "", "audience": "", "offices": 0, "reviewed_by": ""}
    await conn.execute(insert(table(ReviewRow)).values(**row, **empty))


async def find(conn: AsyncConnection, notice: str, *, lock: bool = False) -> Review | None:
    """Return the review of a notice, kept for this transaction if `lock`; None if it was not read yet."""
    review, candidate = table(ReviewRow), table(CandidateRow)
    chosen = select(review).where(review.c.notice == notice)
    row = (await conn.execute(chosen.with_for_update() if lock else chosen)).mappings().one_or_none()
    if row is None:
        return None
    rows = select(candidate).where(candidate.c.notice == notice).order_by(candidate.c.number)
    candidates = tuple(
        Candidate(
            each["number"],
            each["found"],
            each["said"],
            Verdict(each["verdict"]),
            each["changed_at"],
            each["changed_by"],
        )
        for each in (await conn.execute(rows)).mappings()
    )
    return Review(**{**row, "anomalies": row["anomalies"]["anomalies"]}, candidates=candidates)


async def titles(conn: AsyncConnection, notices: Sequence[str]) -> dict[str, str]:
    """Return what the reviewers of `notices` say their titles are, by notice; those not read yet are left out."""
    review = table(ReviewRow).c
    rows = await conn.execute(select(review.notice, review.identity).where(review.notice.in_(notices)))
    return {row.notice: str(row.identity.get("title") or "") for row in rows}


async def keep_identity(conn: AsyncConnection, notice: str, identity: Mapping[str, Any]) -> None:
    """Keep what the reviewer says of the notice itself."""
    review = table(ReviewRow)
    await conn.execute(update(review).where(review.c.notice == notice).values(identity=dict(identity)))


async def add_candidates(
    conn: AsyncConnection,
    notice: str,
    candidates: Sequence[tuple[Mapping[str, Any], Mapping[str, Any], Verdict]],
    who: str,
    now: datetime,
) -> int:
    """Keep further candidates (found, said, verdict) under the next numbers; returns the first of these."""
    candidate = table(CandidateRow)
    last = select(func.coalesce(func.max(candidate.c.number), 0)).where(candidate.c.notice == notice)
    first = int((await conn.execute(last)).scalar_one()) + 1
    rows = [
        {"notice": notice, "number": number, "found": dict(found), "said": dict(said)}
        | {"verdict": verdict.value, "changed_at": now, "changed_by": who}
        for number, (found, said, verdict) in enumerate(candidates, first)
    ]
    if rows:
        await conn.execute(insert(candidate), rows)
    return first


async def keep_candidate(conn: AsyncConnection, notice: str, kept: Candidate) -> None:
    """Keep a candidate as it is now under its number."""
    candidate = table(CandidateRow)
    values: dict[str, Any] = {"said": dict(kept.said), "verdict": kept.verdict.value}
    values |= {"changed_at": kept.changed_at, "changed_by": kept.changed_by}
    mine = candidate.c.notice == notice, candidate.c.number == kept.number
    await conn.execute(update(candidate).where(*mine).values(**values))


async def sign(conn: AsyncConnection, notice: str, signed: Signed, who: str, now: datetime) -> None:
    """Note what was reviewed and for whom, by whom."""
    values = {"content": signed.content, "audience": signed.audience, "offices": signed.offices}
    await _sign(conn, notice, {**values, "reviewed_by": who, "reviewed_at": now})


async def unsign(conn: AsyncConnection, notice: str) -> None:
    """Let nothing count as reviewed any more."""
    empty = {"content": "", "audience": "", "offices": 0}
    await _sign(conn, notice, {**empty, "reviewed_by": "", "reviewed_at": None})


async def _sign(conn: AsyncConnection, notice: str, values: Mapping[str, Any]) -> None:
    review = table(ReviewRow)
    await conn.execute(update(review).where(review.c.notice == notice).values(**values))


async def taking_back(conn: AsyncConnection, notice: str) -> list[str]:
    """Return the notices that retract this one, whether they are approved yet or not."""
    review = table(ReviewRow).c
    found = select(review.notice).where(review.takes_back == notice).order_by(review.notice)
    return list((await conn.execute(found)).scalars())
