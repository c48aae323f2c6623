"""GET /v1/me: who the key speaks for, and what it is good for."""

from typing import Annotated

from pydantic import Field

from notifier.domain.roles import Role
from notifier.web.api.calls import Call, Route
from notifier.web.api.fields import Shown


class Me(Shown, title="呼び出している鍵"):
    """The key that was shown."""

    key: Annotated[str, Field(description="鍵の名前（点より前）")]
    role: Annotated[str, Field(description="立場")]
    user_role: Annotated[Role | None, Field(description="役割。nullなら、権限（scopes）のほかに制限なし。")]
    authority: Annotated[str, Field(description="自治体の団体コード。空は全国。")]
    scopes: Annotated[list[str], Field(description="鍵の権限")]


async def show(call: Call) -> Me:
    """Tell who calls."""
    who = call.who
    return Me(
        key=who.key,
        role=who.role,
        user_role=who.user_role,
        authority=who.authority,
        scopes=sorted(who.scopes),
    )


ROUTES = (Route("GET", "/me", "この鍵の立場と権限", show, "", answers={200: Me}, group="鍵"),)
