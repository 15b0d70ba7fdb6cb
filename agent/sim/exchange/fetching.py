"""How the carrier asks for a document: limits, retries, redirects and the fallback; without I/O.

A `Fetch` is one logical request. It gives attempts, is told what came of each, and ends with an
`Answer` or a `Failure`. Limits come from the URL's fragment, which is neither sent nor signed:
`#ct=1500&rt=4000&rc=2&rp=ct,rt,5xx&e=dublin`.

Source: docs/protocols/twilio.md 1.2, 1.6 and 9 (E2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from agent.sim.exchange.verbs import Method

RETRIEVAL: Final = 11200
CONNECTION: Final = 11205
VIOLATION: Final = 11206
TOO_MANY_REDIRECTS: Final = 11215
BAD_URL: Final = 11100
CONTENT_TYPE: Final = 12300

MOST_REDIRECTS: Final = 10
MOST_EDGES: Final = 10
"""In a URL. The carrier's own limit is not known."""
XML_TYPES: Final = frozenset({"text/xml", "application/xml", "text/html", "text/plain"})

_EDGE: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")

type Reason = Literal["ct", "rt", "4xx", "5xx"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, in seconds, and what to try again.

    Attributes:
        connect, read, total: for the connection, between two bytes, and for all of it.
        retries: further attempts; reasons: what for.
        edges: of the carrier's network, from which it is to be asked. There is one network here:
            they are taken and told in the record.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    reasons: frozenset[str] = frozenset({"ct"})
    edges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP request to be made."""

    method: Method
    url: str
    fields: Mapping[str, str]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: str = ""
    content_type: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """There was none.

    Attributes:
        reason: `ct` when there was no connection, `rt` when it took too long or broke.
    """

    reason: Literal["ct", "rt"]
    detail: str


type Outcome = Answer | NoAnswer


@dataclass(frozen=True, slots=True)
class Failure:
    """Nothing of use came.

    Attributes:
        code: the carrier's own number for it.
        url: of the last attempt.
    """

    code: int
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Got:
    """A document's text.

    Attributes:
        url: where it came from in the end.
    """

    text: str
    url: str


def limits_of(url: str) -> Limits:
    """What the fragment of a URL says; what it says wrongly does not count."""
    given = dict(parse_qsl(url.partition("#")[2]))
    reasons = {reason for reason in given.get("rp", "ct").split(",") if reason}
    if "all" in reasons:
        reasons = {"4xx", "5xx", "ct", "rt"}
    return Limits(
        _between(given.get("ct"), 5_000, 100, 10_000) / 1000,
        _between(given.get("rt"), 15_000, 100, 15_000) / 1000,
        _between(given.get("tt"), 15_000, 100, 15_000) / 1000,
        _between(given.get("rc"), 1, 0, 5),
        frozenset(reasons & {"4xx", "5xx", "ct", "rt"}),
        _edges(given.get("e", "")),
    )


def joined(base: str, url: str) -> str:
    """A URL that may be relative; what is none stays as it is."""
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def _between(text: str | None, default: int, least: int, most: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        return default
    return int(text)


def _edges(text: str) -> tuple[str, ...]:
    """A list of names; one that is too long, or holds what is no name, does not count at all."""
    names = tuple(text.split(","))
    good = len(names) <= MOST_EDGES and all(_EDGE.fullmatch(name) for name in names)
    return names if good else ()


class Fetch:
    """One URL, asked until it answers or the attempts are used up.

    Args:
        callback: any 2xx will do, and what it says is not read.
    """

    def __init__(
        self, url: str, method: Method, fields: Mapping[str, str], *, callback: bool = False
    ) -> None:
        self._callback = callback
        self._limits = limits_of(url)
        self._first = self._attempt_at(url.partition("#")[0], method, fields)
        self._attempt = self._first
        self._retries = 0
        self._redirects = 0

    @property
    def attempt(self) -> Attempt:
        """What to do next."""
        return self._attempt

    def failed_at_once(self) -> Failure | None:
        """Why there is nothing to try at all."""
        url = self._attempt.url
        try:
            parts = urlsplit(url)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            good = False
        return None if good else Failure(BAD_URL, f"URL {url!r}", url)

    def took(self, outcome: Outcome) -> Attempt | Got | Failure:
        """Take what came of the last attempt; gives the next one, or the end of it."""
        url = self._attempt.url
        if isinstance(outcome, NoAnswer):
            code = CONNECTION if outcome.reason == "ct" else RETRIEVAL
            return self._again(outcome.reason, Failure(code, outcome.detail, url))
        status = outcome.status
        if status in {301, 302, 303, 307, 308} and outcome.location:
            return self._follow(outcome.location)
        if 200 <= status < 300:
            return self._read(outcome)
        reason = f"{status // 100}xx"
        return self._again(reason, Failure(RETRIEVAL, f"HTTP {status}", url))

    def _again(self, reason: str, failure: Failure) -> Attempt | Failure:
        if reason not in self._limits.reasons or self._retries >= self._limits.retries:
            return failure
        self._retries += 1
        self._attempt = self._first
        return self._attempt

    def _follow(self, location: str) -> Attempt | Failure:
        """Go where it points, as a GET without the fields: that is what is documented."""
        self._redirects += 1
        url = joined(self._attempt.url, location)
        if self._redirects > MOST_REDIRECTS:
            return Failure(TOO_MANY_REDIRECTS, f"{MOST_REDIRECTS} redirections", url)
        self._attempt = self._attempt_at(url.partition("#")[0], "GET", {})
        return self.failed_at_once() or self._attempt

    def _read(self, answer: Answer) -> Got | Failure:
        url = self._attempt.url
        if not self._callback and answer.body and answer.content_type not in XML_TYPES:
            return Failure(CONTENT_TYPE, f"content type {answer.content_type!r}", url)
        return Got(answer.body, url)

    def _attempt_at(self, url: str, method: Method, fields: Mapping[str, str]) -> Attempt:
        if method == "GET" and fields:
            joint = "&" if "?" in url else "?"
            return Attempt("GET", f"{url}{joint}{urlencode(fields)}", {}, self._limits)
        return Attempt(method, url, fields, self._limits)
