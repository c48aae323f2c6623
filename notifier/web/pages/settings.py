"""Settings: what can be set, each with a line that says what for, as far as the user may see it."""

from typing import Final

from aiohttp import web

from notifier.web import navigation, staff
from notifier.web.pages import answer

TOLD: Final = {
    "settings/authority": "閉庁日、休日に当たるときの繰り上げ、自治体が決める日、連絡先。",
    "settings/templates": "お知らせの文面。自治体ごとに言い回しを変えられます。",
    "settings/webhooks": "介護ソフトなどへ、出来事を自動で知らせる送信先。",
    "settings/keys": "ほかのシステムがこのサービスを使うための鍵。",
    "settings/events": "ほかのシステムから届いた出来事と、保留の理由。保留したものは、ここでもう一度試せます。",
    "settings/calendars": "予定表のソフトで期限を見るためのアドレス。",
    "settings/users": "この画面を使う人と役割、パスワード、2段階認証。",
    "settings/audit": "だれが、いつ、何をしたか。改ざんがないかの確認。",
}


async def show(request: web.Request) -> web.Response:
    """Show what can be set."""
    looking = staff.of(request)
    served = request.app[navigation.SERVED]
    [settings] = [each for each in navigation.ENTRIES if each.id == "settings"]
    shown = [
        (each.label, each.address, TOLD.get(each.id, ""))
        for each in settings.under
        if each.address in served and looking.may(each.deed)
    ]
    return answer.page(request, "settings.html", "settings", entries=shown)


ROUTES: Final = (web.get("/settings", show),)
