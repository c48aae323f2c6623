"""The reference of the API: every call on one page, without anything from outside, within the pages' policy."""

import re

from notifier.web.api.application import ROUTES
from notifier.web.api.problems import TITLES
from notifier.web.headers import POLICY
from tests.web.country import Country
from tests.web.test_isolation import land

__all__ = ["land"]


async def test_every_call_every_shape_and_every_problem_is_told(land: Country) -> None:
    async with land.visitor.get(f"{land.address}/v1/reference") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert answer.headers["Content-Security-Policy"] == POLICY
        text = await answer.text()
    for route in ROUTES:
        assert f"{route.method} /v1{route.path}" in text
        assert route.summary in text
    assert all(f'id="problem-{code}"' in text for code in TITLES)
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= anchors
    assert len(anchors) == len(re.findall(r'id="([^"]+)"', text))


async def test_nothing_on_it_comes_from_elsewhere_or_needs_a_script(land: Country) -> None:
    async with land.visitor.get(f"{land.address}/v1/reference") as answer:
        text = await answer.text()
    assert "<script" not in text
    assert "style=" not in text
    assert all(link.startswith(("/", "#")) for link in re.findall(r'(?:href|src)="([^"]+)"', text))
