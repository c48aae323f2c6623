"""Bringing: a document that others publish, fetched, and held against what can be read; nothing is kept here."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import unquote, urlsplit

from notifier.channels.fetcher import Fetched, Fetcher, FetchError
from notifier.reading.extraction import ExtractionError, Kind, extract
from notifier.store.papers import Paper

MOST_DOCUMENT: Final = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a question for a document: the paper, or why there is none. Neither: it is unchanged."""

    paper: Paper | None = None
    problem: str = ""
    answer: Fetched | None = None
    retry_after: timedelta | None = None


async def bring(fetcher: Fetcher, url: str, name: str, *, etag: str = "", modified: str = "") -> Carried:
    """Fetch the document at `url`, unless it is unchanged; `name` is its name where the address has none."""
    try:
        answer = await fetcher.get(url, MOST_DOCUMENT, etag, modified)
    except FetchError as fault:
        return Carried(problem=str(fault), retry_after=fault.retry_after)
    if answer.content is None:
        return Carried(answer=answer)
    called = unquote(urlsplit(answer.url).path.rpartition("/")[2]) or name
    digest, problem = sha256(answer.content).hexdigest(), ""
    try:
        document = await extract(answer.content, called)
    except ExtractionError as fault:
        problem = str(fault)
    else:
        if document.kind is Kind.HTML:  # counters and adverts around it change on every visit
            digest = sha256(document.text.encode()).hexdigest()
    paper = Paper(digest, answer.url, called[:200], answer.type, answer.content, problem, "")
    return Carried(paper, answer=answer)
