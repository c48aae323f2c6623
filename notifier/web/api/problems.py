"""Problem details (RFC 9457): what is answered when something is wrong. Nothing that was sent is repeated."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field

from notifier.errors import OutdatedError, StoreError, UnknownError
from notifier.reception import CrowdedError

SECONDS: Final = 25.0
"""In which a call must be done; less than the limit of the pages around it."""
MEDIA_TYPE: Final = "application/problem+json"

TITLES: Final[Mapping[str, tuple[int, str]]] = {
    "no-http": (400, "HTTPの要求として読めません。"),
    "no-json": (400, "本文がUTF-8のJSONとして読めません。"),
    "too-deep": (400, "本文の入れ子が64段より深くなっています。"),
    "unauthorized": (
        401,
        "有効な鍵を示してください（Authorization: Bearer 名前.秘密）。",
    ),
    "scope-missing": (403, "この鍵には、この呼び出しに要る権限（scope）がありません。"),
    "scope-beyond-role": (
        403,
        "この鍵の役割（閲覧、編集、承認、管理、監査）では、この権限（scope）を使えません。",
    ),
    "role-may-not-assert": (403, "この鍵の立場では、この種類の出来事を知らせられません。"),
    "not-for-the-nation": (403, "全国についての出来事は、運営・省庁・編集者の全国の鍵だけが知らせられます。"),
    "another-authority": (403, "この鍵の自治体ではない自治体、または事業所についての内容です。"),
    "role-may-not": (403, "この鍵の立場では、この操作はできません。"),
    "not-found": (404, "該当するものがないか、この鍵からは見えません。"),
    "no-such-page": (404, "cursorの指す場所が、この一覧にありません。最初から読み直してください。"),
    "method-not-allowed": (405, "このアドレスでは使えない方法です。使える方法はAllowにあります。"),
    "not-acceptable": (406, "Acceptが、この呼び出しの返す形式を受け付けていません。"),
    "too-slow": (408, "本文が時間内に届きませんでした。"),
    "conflicting": (
        409,
        "同じsourceとidで、別の内容の出来事をすでに受け取っています。出来事は書き換えられません。",
    ),
    "source-taken": (
        409,
        "urn:notifier:で始まるsourceは、このプログラムのものです。送る仕組みを表す、別のsourceにしてください。",
    ),
    "not-possible": (409, "いまの状態では、この操作はできません。"),
    "key-reused": (
        409,
        "同じIdempotency-Keyで、別の内容をすでに受け取っています。新しい値を使ってください。",
    ),
    "unknown-name": (409, "名指された期限、または知らせる日の並びがありません。"),
    "second-person": (409, "受け入れた人、または確認した人とは別の人の承認が要ります。"),
    "drifted": (409, "確認の後に、内容か知らせる相手が変わりました。もう一度の確認が要ります。"),
    "contact-unfit": (
        409,
        "宛先にできません。アドレスの形、役割、分野、時間帯のどれかが使えないか、すでに登録されています。",
    ),
    "decision-unfit": (409, "決められません。止めるときは理由が必要で、過ぎた日からは変えられません。"),
    "endpoint-unproved": (
        409,
        "送信先が所有確認に答えていません。data.challengeをそのまま返すか、OPTIONSにWebHook-Allowed-Originで答えてください。",
    ),
    "forgotten": (
        410,
        "afterの指す場所より後に、保管の期間を過ぎたものがあります。afterを付けずに読み直してください。",
    ),
    "changed-meanwhile": (
        412,
        "読み出した後に内容が変わっています。読み直して、新しいETagで送り直してください。",
    ),
    "too-large": (
        413,
        "本文が1 MiB（一覧の取込みは64 MiB）を超えているか、まとめて送る出来事が1,000件を超えています。",
    ),
    "unsupported-media-type": (
        415,
        "この呼び出しが受け取る形式ではありません。UTF-8で、圧縮せずに送ってください。",
    ),
    "expectation-failed": (417, "Expectで求められた動作はできません。"),
    "no-event": (422, "CloudEvents 1.0の、ここで受け取る形になっていません。"),
    "unknown-type": (422, "その種類の出来事はありません。"),
    "wrong-subject": (422, "subjectが、この種類の出来事の対象と合いません。"),
    "data-does-not-fit": (422, "dataが、この種類の出来事の形と合いません。"),
    "time-out-of-range": (422, "timeが、ありうる年の範囲にありません。"),
    "in-the-future": (422, "timeが400日より先の日時です。書き誤りではないか確かめてください。"),
    "unknown-office": (422, "登録のない事業所です。先にoffice.registeredを送ってください。"),
    "set-aside": (
        422,
        "出来事は保管しましたが、処理できませんでした。直して送るか、もう一度送ってください。",
    ),
    "wrong-parameters": (422, "アドレスのパラメーターまたはヘッダーの値が、決められた形と合いません。"),
    "review-unfit": (422, "文書の確認に、直す点があります（objectionsに場所と直し方）。"),
    "no-text": (
        422,
        "文字を読み取れません。文字の情報があるPDF・HTML・Word（.docx）・テキストを送ってください。",
    ),
    "designation-unfit": (
        422,
        "指定に直す点があります。サービスは一度ずつ、最初の日は今日まで、最後の日は今日からにしてください（先の日からは、その日をtimeとするoffice.changedで）。",
    ),
    "calendar-unfit": (422, "カレンダーの名札は、前後に空白のない1行にしてください。"),
    "endpoint-unfit": (
        422,
        "送信先のアドレス、種類、期限、宛先のどれかが使えません（httpsで、利用者名やパスワードを含まないもの）。",
    ),
    "body-does-not-fit": (422, "本文が、決められた形と合いません。"),
    "condition-missing": (428, "If-Matchに、読み出したときのETagを付けてください。"),
    "too-many": (429, "短い時間に呼び出しが多すぎます。Retry-Afterの秒数を待ってください。"),
    "failed": (500, "プログラムに問題が起きました。理由は運用担当者の記録にあります。"),
    "unavailable": (503, "ただいま処理できません。Retry-Afterの秒数を待って、同じ内容を送り直してください。"),
}
BY_STATUS: Final = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    417: "expectation-failed",
}

_log = structlog.get_logger("notifier.web")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong: a JSON pointer into the body, or a name elsewhere, and what is wrong with it.

    `inside` is body, query or header.
    """

    place: str
    code: str
    inside: str = "body"


class RefusedError(Exception):
    """A call that is answered with a problem."""

    def __init__(
        self,
        code: str,
        wrongs: Sequence[Wrong] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Refuse with one of the codes in TITLES; `more` is answered beside it."""
        super().__init__(code)
        self.code = code
        self.wrongs = tuple(wrongs)
        self.headers = dict(headers or {})
        self.more = dict(more or {})


class Place(BaseModel):
    """Where something is wrong: a JSON pointer (RFC 6901) into the body, else a name; "" is the whole."""

    model_config = ConfigDict(serialize_by_alias=True, title="違っている場所")

    inside: Literal["body", "query", "header"] = Field(alias="in")
    pointer: str | None = None
    name: str | None = None
    code: str


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="問題の内容（RFC 9457）")

    type: str
    title: str
    status: int
    code: str
    errors: list[Place] | None = None


def pointer(steps: Iterable[object]) -> str:
    """Return the JSON pointer (RFC 6901) that goes these steps; "" is the whole body."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def problem(code: str, wrongs: Sequence[Wrong] = ()) -> dict[str, Any]:
    """Return a problem as JSON."""
    status, title = TITLES[code]
    found: dict[str, Any] = {
        "type": f"urn:notifier:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    if wrongs:
        found["errors"] = [
            {"in": each.inside, "pointer" if each.inside == "body" else "name": each.place, "code": each.code}
            for each in wrongs
        ]
    return found


def answer(
    code: str,
    wrongs: Sequence[Wrong] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> web.Response:
    """Return a problem as an answer."""
    body = json.dumps({**problem(code, wrongs), **(more or {})}, ensure_ascii=False).encode()
    return web.Response(body=body, status=TITLES[code][0], content_type=MEDIA_TYPE, headers=headers)


@web.middleware
async def mend(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever goes wrong with a problem; details go to the log, never to the caller."""
    try:
        async with asyncio.timeout(SECONDS):
            return await handler(request)
    except RefusedError as refused:
        found = answer(refused.code, refused.wrongs, refused.headers, refused.more)
        if found.status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
            found.force_close()  # the rest of the body will not be read
        return found
    except web.HTTPException as fault:
        if fault.status < HTTPStatus.BAD_REQUEST:
            raise
        allowed = {"Allow": fault.headers["Allow"]} if "Allow" in fault.headers else {}
        return answer(BY_STATUS.get(fault.status, "failed"), (), allowed)
    except (OutdatedError, UnknownError) as fault:
        return answer("changed-meanwhile" if isinstance(fault, OutdatedError) else "not-found")
    except (StoreError, CrowdedError, TimeoutError) as fault:
        _log.error("call failed", path=request.path, problem=str(fault) or "took too long")
        return answer("unavailable", (), {"Retry-After": "2"})
    except Exception:  # noqa: BLE001 -- the last one to answer: whatever went wrong is logged, the caller gets a problem
        _log.exception("call failed", path=request.path)
        return answer("failed")
