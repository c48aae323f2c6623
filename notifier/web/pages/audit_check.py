"""Checking the audit: row by row, in parts of a second or so, until the end or the first row that is not as it was.

How far a check has come travels with the browser, signed, so that nothing has to be kept. The next part is asked for by a
button; or, if somebody wants that, by the page itself, which then leads on to the next without a script.
"""

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final

from aiohttp import web
from itsdangerous import BadSignature, URLSafeTimedSerializer

from notifier.domain.roles import Deed
from notifier.store import audit
from notifier.store.audit import Checked
from notifier.web import forms, staff
from notifier.web.pages import answer
from notifier.web.staff import Staff

HERE: Final = "settings/audit"
ROOT: Final = "/settings/audit"
ADDRESS: Final = f"{ROOT}/check"
PART: Final = 20_000
"""Rows that are checked in one request at most."""
LONGEST: Final = timedelta(days=1)
"""For so long a check may be gone on with."""


@dataclass(frozen=True, slots=True)
class Course:
    """A check under way: the last row and how many there were when it began, how far it is, the value to be looked for."""

    end: int
    total: int
    head: str = ""
    is_by_itself: bool = False
    rows: int = 0
    last: int = 0
    heads: dict[str, str] = field(default_factory=dict)


async def begin(request: web.Request) -> web.Response:
    """Begin a check, or go on with one. Nothing is changed, so it may be asked again."""
    looking = staff.requiring(request, Deed.READ_HISTORY)
    form = await forms.read(request)
    course = _read(looking, form.text("course", "続き", longest=2000))
    if course is None:
        head = form.text("head", "以前に控えた値", longest=64).lower()
        async with looking.overview() as conn:  # the chain binds the rows of all
            course = Course(*await audit.extent(conn), head)
    elif form.is_ticked("by_itself"):
        course = Course(**asdict(course) | {"is_by_itself": True})
    return await _part(request, looking, course)


async def go_on(request: web.Request) -> web.Response:
    """Check the next part of a check that leads on by itself."""
    looking = staff.requiring(request, Deed.READ_HISTORY)
    course = _read(looking, request.query.get("course", ""))
    if course is None:
        raise web.HTTPSeeOther(f"{ROOT}#check")
    return await _part(request, looking, course)


async def _part(request: web.Request, looking: Staff, course: Course) -> web.Response:
    before = Checked(course.rows, course.heads, last=course.last, is_end=False)
    async with looking.overview() as conn:
        checked = await audit.check_part(conn, before, course.end, PART)
        is_known = not course.head or await audit.has_head(conn, course.head)
    if checked.is_end or checked.broken is not None:
        return answer.page(
            request,
            "audit_checked.html",
            HERE,
            checked=checked,
            head=course.head,
            is_known=is_known,
            at=looking.now(),
        )
    so_far = {"rows": checked.rows, "last": checked.last, "heads": dict(checked.heads)}
    following = _signer(looking).dumps(asdict(course) | so_far)
    page = answer.page(
        request,
        "audit_checking.html",
        HERE,
        course=course,
        rows=checked.rows,
        part=PART,
        percent=100 * checked.rows // max(course.total, 1),
        following=following,
    )
    if course.is_by_itself:
        page.headers["Refresh"] = f"0; url={ADDRESS}?course={following}"
    return page


def _read(looking: Staff, written: str) -> Course | None:
    """Return the check that the browser brings along; None if it brings none, or one that is not of ours or too old."""
    if not written:
        return None
    try:
        return Course(**_signer(looking).loads(written, max_age=int(LONGEST.total_seconds())))
    except BadSignature:
        return None


def _signer(looking: Staff) -> URLSafeTimedSerializer:
    salt = f"audit check of {looking.user.name}"
    return URLSafeTimedSerializer(looking.supplies.secret, salt=salt, signer_kwargs={"digest_method": sha256})


ROUTES: Final = (web.post(ADDRESS, begin), web.get(ADDRESS, go_on))
