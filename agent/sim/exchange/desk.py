"""What all parts of the exchange share: names, what must go out, and the record; without I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, assert_never

import numpy as np

from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.fetching import Attempt, Failure, Fetch, Got, Outcome, joined
from agent.sim.exchange.plan import Account, Outgoing, Signing, World
from agent.sim.exchange.signals import Effect, Event, Fetched, OpenSocket, Request
from agent.sim.exchange.verbs import Callback
from agent.telephony.twilio.signature import sign

if TYPE_CHECKING:
    from agent.sim.exchange.leg import Leg
    from agent.sim.exchange.recordings import Recording
    from agent.sim.exchange.rooms import Room

MOST_NOTES: Final = 100_000
USER_AGENT: Final = "TwilioProxy/1.1"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened.

    Attributes:
        at: monotonic seconds.
        call: the sid of the call; empty for none.
    """

    at: float
    call: str
    name: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Later:
    due: float
    order: int
    fetch: Fetch
    still: Callable[[], bool]


class Desk:
    """The state that legs, rooms and the REST API work on.

    Args:
        epoch: seconds since 1970 at monotonic time 0.

    Attributes:
        now: set before anything else is done.
        effects: to be performed, in order.
        events: for legs, not delivered yet.
        notes: what happened, the latest of it.
        errors: those that the carrier would list, as (code, detail, call).
        legs, rooms, recordings: by sid; rooms that are over stay.
        begun: legs that the exchange has not taken up yet.
        api_url: the origin of the REST API.
        make_call: begins a call, for a leg that dials it or for the REST API.
    """

    def __init__(
        self, account: Account, world: World, rng: np.random.Generator, epoch: float
    ) -> None:
        self.account, self.world, self.epoch = account, world, epoch
        self.rng = rng
        self.now = 0.0
        self.effects: list[Effect] = []
        self.events: deque[tuple[Leg, Event]] = deque()
        self.notes: deque[Note] = deque(maxlen=MOST_NOTES)
        self.errors: list[tuple[int, str, str]] = []
        self.legs: dict[str, Leg] = {}
        self.begun: list[Leg] = []
        self.rooms: dict[str, Room] = {}
        self.recordings: dict[str, Recording] = {}
        self.api_url = "https://api.twilio.com"
        self.make_call: Callable[[Outgoing, Leg | None], Leg] = _nobody
        self._fetches: dict[str, tuple[Fetch, Leg | None]] = {}
        self._later: list[_Later] = []
        self._n_later = 0

    @property
    def at_utc(self) -> float:
        """Seconds since 1970."""
        return self.epoch + self.now

    def sid(self, kind: str) -> str:
        """A new name: two letters and 32 hexadecimal digits."""
        return kind + self.rng.bytes(16).hex()

    def note(self, call: str, name: str, **values: Any) -> None:
        """Write down what happened."""
        self.notes.append(Note(self.now, call, name, values))

    def error(self, call: str, code: int, detail: str) -> None:
        """Write down what the carrier would show its customer."""
        self.errors.append((code, detail, call))
        self.note(call, "error", code=code, detail=detail)

    def post(self, leg: Leg, event: Event) -> None:
        """Tell a leg something, once what is being done is done."""
        self.events.append((leg, event))

    # HTTP

    def fetch(self, fetch: Fetch, leg: Leg | None, *, twice: bool = False) -> str:
        """Begin a request; the leg gets `Fetched` with this token.

        Args:
            twice: deliver the first attempt twice; what the second one brings is not read.
        """
        token = self.sid("")
        failure = fetch.failed_at_once()
        if failure is not None:
            self._finish(token, fetch, leg, failure)
            return token
        self._fetches[token] = (fetch, leg)
        self._send(token, fetch.attempt)
        if twice:
            self._send(token, fetch.attempt)
        return token

    def answered(self, token: str, outcome: Outcome) -> None:
        """What came of a request; answers nobody waits for any more are left alone."""
        held = self._fetches.pop(token, None)
        if held is None:
            return
        fetch, leg = held
        url = fetch.attempt.url
        result = fetch.took(outcome)
        if isinstance(result, Attempt):
            self._fetches[token] = held
            self._send(token, result)
            return
        self.note(leg.sid if leg else "", "answered", url=url, outcome=_short(outcome))
        self._finish(token, fetch, leg, result)

    def callback(
        self,
        wanted: Callback | None,
        fields: Mapping[str, str],
        base: str = "",
        *,
        after_s: float = 0.0,
        still: Callable[[], bool] = lambda: True,
    ) -> None:
        """Tell a URL something, in the manner the world has for it.

        Args:
            base: what a relative URL is relative to.
            after_s: not before that; and then only if `still` says so.
        """
        if wanted is None or not wanted.url:
            return
        manners = self.world.callbacks
        for _ in range(2 if manners.doubled else 1):
            fetch = Fetch(joined(base, wanted.url), wanted.method, fields, callback=True)
            due = self.now + after_s + manners.delay_s + manners.spread_s * float(self.rng.random())
            self._n_later += 1
            self._later.append(_Later(due, self._n_later, fetch, still))

    def next_callback(self) -> float | None:
        """When the next callback is due."""
        return min((later.due for later in self._later), default=None)

    def send_callbacks(self) -> None:
        """Send those that are due."""
        due = [later for later in self._later if later.due <= self.now]
        self._later = [later for later in self._later if later.due > self.now]
        for later in sorted(due, key=lambda later: (later.due, later.order)):
            if later.still():
                self.fetch(later.fetch, None)

    def _send(self, token: str, attempt: Attempt) -> None:
        fields = attempt.fields.items() if attempt.method == "POST" else ()
        headers = {
            "User-Agent": USER_AGENT,
            "X-Twilio-Signature": sign(self.account.token, attempt.url, fields),
            "I-Twilio-Idempotency-Token": token,
        }
        told: dict[str, Any] = {"fields": dict(attempt.fields)}
        if attempt.limits.edges:
            told["edges"] = attempt.limits.edges
        sid = attempt.fields.get("CallSid", "")
        self.note(sid, "request", method=attempt.method, url=attempt.url, **told)
        self.effects.append(Request(token, attempt, headers))

    def _finish(self, token: str, fetch: Fetch, leg: Leg | None, result: Got | Failure) -> None:
        if leg is not None:
            self.post(leg, Fetched(token, result))
        elif isinstance(result, Failure):
            self.error(fetch.attempt.fields.get("CallSid", ""), result.code, result.detail)

    # Sockets

    def open_socket(
        self, ids: CallIds, url: str, signing: Signing, *, second: bool = False
    ) -> None:
        """Connect a stream."""
        signature = _signature(self.account.token, url, signing)
        self.note(ids.call_sid, "upgrade", url=url, stream=ids.stream_sid, signing=signing.name)
        timeout_s = self.world.handshake_s
        self.effects.append(OpenSocket(ids, url, signature, timeout_s, second))


def _nobody(outgoing: Outgoing, parent: Leg | None) -> Leg:
    raise AssertionError("the exchange sets this")


def _signature(token: str, url: str, signing: Signing) -> str | None:
    match signing:
        case Signing.RIGHT:
            return sign(token, url)
        case Signing.SLASH:
            return sign(token, f"{url}/")
        case Signing.PORT:
            return sign(token, _with_port(url))
        case Signing.WRONG:
            return sign(f"not {token}", url)
        case Signing.MISSING:
            return None
        case _:
            assert_never(signing)


def _with_port(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}:443/{path}"


def _short(outcome: Outcome) -> str:
    return str(getattr(outcome, "status", "")) or str(getattr(outcome, "detail", ""))
