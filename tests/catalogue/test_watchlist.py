from datetime import timedelta
from typing import Any

import pytest

from notifier.catalogue.watchlist import load_watchlist, read_watched
from notifier.domain.watching import Form

PLACE = {
    "id": "office",
    "title": "例の局",
    "issuer": "例の局",
    "url": "https://office.example/feed",
    "form": "feed",
    "terms": "出典を書く",
}


def test_every_shipped_place_has_terms_an_interval_and_an_address_of_a_public_office() -> None:
    shipped = load_watchlist()
    assert len(shipped) >= 15
    assert {"wam-net", "mhlw-news", "e-gov-comment", "kouseikyoku-kinki", "pref-osaka"} <= set(shipped)
    assert all(each.terms and each.url.startswith("https://") for each in shipped.values())
    assert all(each.url.split("/")[2].endswith(".go.jp") or "pref." in each.url for each in shipped.values())


def test_a_place_is_read_with_its_interval() -> None:
    found = read_watched(PLACE)
    assert (found.form, found.every, found.words) == (Form.FEED, timedelta(hours=1), ())


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "Office!"},
        {"url": "ftp://office.example/"},
        {"url": "https://user:word@office.example/"},
        {"form": "page"},
        {"selector": "a"},
        {"minutes": 5},
        {"terms": ""},
        {"form": "letter"},
        {"colour": "red"},
    ],
)
def test_a_place_that_cannot_be_watched_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_watched({**PLACE, **wrong})
