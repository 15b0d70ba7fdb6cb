"""An exchange in a `for` loop: its service is a function, its time jumps, its sockets are lists."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from agent.sim.carrier import CarrierOutput, CarrierState, CloseSocket, SendText
from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fetching import Answer, Outcome
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import Account, CallOptions, World
from agent.sim.exchange.rest import RestRequest, answer
from agent.sim.exchange.rest_answers import RestAnswer
from agent.sim.exchange.signals import (
    BreakSocket,
    DropSocket,
    HoldSocket,
    OpenSocket,
    Request,
)
from agent.sim.script import Script

ACCOUNT = Account("AC" + "a" * 32, "t0ken", {"SK" + "b" * 32: "secret"})
NUMBER, CALLER, DESK, OTHER = "+15550100100", "+15550123456", "+15550100199", "+15550100198"
HOST = "https://voice.example.com"
MEDIA = '<Connect><Stream url="wss://voice.example.com/media"/></Connect>'

type Service = Callable[[Request], Outcome | None]


def xml(*verbs: str) -> Answer:
    """An answer that is a document."""
    return Answer(200, f"<Response>{''.join(verbs)}</Response>", "text/xml")


def pages(**documents: str | Answer) -> Service:
    """A service that answers `/name` with a document; what it does not have is 404."""

    def answer(request: Request) -> Outcome:
        name = request.attempt.url.removeprefix(f"{HOST}/").partition("?")[0]
        page = documents.get(name)
        if page is None:
            return Answer(404)
        return page if isinstance(page, Answer) else xml(page)

    return answer


class Street:
    """An exchange with one number, whose calls ask `/voice`.

    Args:
        service: answers requests; None: it does not, for ever.
        takes: whether upgrades are taken; else a code of the carrier's.

    Attributes:
        asked: every request, in order. told: the forms of them by the name of the page.
        sockets: of each stream, in order: its ids and the messages it was sent.
        done: other effects.
    """

    def __init__(
        self,
        service: Service | Mapping[str, str],
        world: World | None = None,
        *,
        takes: bool | int = True,
        **settings: str,
    ) -> None:
        self.exchange = Exchange(ACCOUNT, world, epoch=1_790_000_000.0, seed=1)
        self.exchange.add_number(NUMBER, f"{HOST}/voice", **settings)
        self.now = 100.0
        self.service: Service = service if callable(service) else pages(**service)
        self.takes = takes
        self.asked: list[Request] = []
        self.sockets: list[tuple[CallIds, list[dict[str, Any]]]] = []
        self.upgrades: list[OpenSocket] = []
        self.done: list[object] = []

    def call(self, script: Script, options: CallOptions | None = None, to: str = NUMBER) -> Leg:
        leg = self.exchange.call_in(CALLER, to, script, self.now, options)
        self.work()
        return leg

    def told(self, page: str) -> list[dict[str, str]]:
        """What a page was told, each time."""
        return [
            dict(request.attempt.fields)
            for request in self.asked
            if request.attempt.url.partition("?")[0] == f"{HOST}/{page}"
        ]

    def pages(self) -> list[str]:
        """What was asked for, in order."""
        return [request.attempt.url.removeprefix(f"{HOST}/") for request in self.asked]

    def rest(self, method: str, path: str, *fields: tuple[str, str]) -> RestAnswer:
        """Ask the REST API, with the account's key."""
        key = b64encode(f"{ACCOUNT.sid}:{ACCOUNT.token}".encode()).decode()
        whole = f"/2010-04-01/Accounts/{ACCOUNT.sid}/{path}"
        given = answer(self.exchange, RestRequest(method, whole, fields, f"Basic {key}"), self.now)
        self.work()
        return given

    def work(self) -> None:
        """Perform what the exchange wants, at this moment."""
        exchange = self.exchange
        while effects := exchange.effects():
            for effect in effects:
                match effect:
                    case Request():
                        self.asked.append(effect)
                        outcome = self.service(effect)
                        if outcome is not None:
                            exchange.answered(effect.token, outcome, self.now)
                    case OpenSocket():
                        self.upgrades.append(effect)
                        self._drain(exchange.legs[effect.ids.call_sid])
                        self._open(effect)
                    case BreakSocket() | HoldSocket() | DropSocket():
                        self.done.append(effect)
        for leg in exchange.legs.values():
            self._drain(leg)

    def until(self, seconds: float) -> None:
        """Let time pass, to so long after the beginning."""
        end = 100.0 + seconds
        while (due := self.exchange.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.exchange.handle_timer(self.now)
            self.work()
        self.now = end

    def over(self, leg: Leg, within_s: float = 60.0) -> None:
        """Let time pass until a call is over, and a little longer."""
        while not leg.over and self.now < 100.0 + within_s:
            self.until(self.now - 100.0 + 0.1)
        assert leg.over
        self.until(self.now - 100.0 + 1.0)

    def lose(self, code: int | None = 1000, number: int = -1) -> None:
        """The service closes a stream's socket, or it breaks."""
        self.exchange.socket_lost(self.sockets[number][0], code, self.now)
        self.work()

    def say(self, leg: Leg, message: Mapping[str, Any]) -> None:
        """The service says something on the present stream."""
        assert leg.line is not None
        sid = leg.line.call.stream_sid
        leg.line.receive(msgspec.json.encode({**message, "streamSid": sid}), self.now)
        self.work()

    def events(self, number: int = -1) -> list[str]:
        """The messages of a stream, media left out."""
        names = [message["event"] for message in self.sockets[number][1]]
        return [name for name in names if name != "media"]

    def noted(self, leg: Leg, *names: str) -> list[str]:
        """What happened to a call, by name, of these names only if any are given."""
        return [
            note.name
            for note in self.exchange.notes
            if note.call == leg.sid and (not names or note.name in names)
        ]

    def codes(self) -> list[int]:
        """The carrier's numbers for what went wrong."""
        return [code for code, _, _ in self.exchange.errors]

    def _open(self, wanted: OpenSocket) -> None:
        if wanted.second or self.takes is False:
            return
        if self.takes is not True:
            self.exchange.socket_refused(wanted.ids, self.takes, "no", self.now)
            return
        self.sockets.append((wanted.ids, []))
        self.exchange.socket_opened(wanted.ids, self.now)

    def _drain(self, leg: Leg) -> None:
        for fork in leg.forks.values():
            self._deliver(fork.ids, fork.outputs())
        if leg.line is not None:
            self._deliver(leg.line.call, leg.outputs(self.now))

    def _deliver(self, to: CallIds, outputs: list[CarrierOutput]) -> None:
        messages = [held for ids, held in self.sockets if ids is to]
        for output in outputs:
            match output:
                case SendText(text):
                    messages[0].append(msgspec.json.decode(text))
                case CloseSocket():
                    messages[0].append({"event": "(close)"})


def streaming(leg: Leg) -> bool:
    """Whether a call has a stream now."""
    return leg.line is not None and leg.line.state is CarrierState.STREAMING
