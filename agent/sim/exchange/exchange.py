"""The carrier's exchange: its calls, its requests to the service, its sockets; without I/O.

Use: begin calls with `call_in` or through the REST API, perform `effects` after whatever was done,
tell what came of them, and call `handle_timer` when `next_timer` says. What a call's line has for
its socket comes out of `Leg.outputs`; what the socket brings goes to `Leg.line.receive`.

Source: docs/protocols/twilio.md, the whole of it; section 9 above all.
"""

from collections import deque

import numpy as np

from agent.sim.carrier import CarrierState
from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.desk import Desk, Note
from agent.sim.exchange.documents import document_from, perform
from agent.sim.exchange.fetching import Outcome
from agent.sim.exchange.fields import CallStatus, Identity
from agent.sim.exchange.leg import Leg, Life
from agent.sim.exchange.outgoing import make_call
from agent.sim.exchange.plan import Account, CallOptions, IncomingNumber, Message, World
from agent.sim.exchange.recordings import end_recordings
from agent.sim.exchange.signals import Effect, SocketLost, SocketOpened, SocketRefused
from agent.sim.exchange.verbs import Callback
from agent.sim.script import Script


class Exchange:
    """One account's side of the carrier.

    Args:
        epoch: seconds since 1970 at monotonic time 0.
        seed: sids, tokens and the order of callbacks are drawn from it.

    Attributes:
        numbers: by their sids. world: may be changed at any time.
        legs: every call so far, by sid. messages: every SMS that was taken.
    """

    def __init__(
        self, account: Account, world: World | None = None, *, epoch: float = 0.0, seed: int = 0
    ) -> None:
        self.account, self.world = account, world or World()
        self.numbers: dict[str, IncomingNumber] = {}
        self.desk = Desk(account, self.world, np.random.default_rng(seed), epoch)
        self.desk.make_call = lambda outgoing, parent: make_call(self.desk, outgoing, parent)
        self.legs = self.desk.legs
        self.messages: dict[str, Message] = {}
        self._live: dict[str, Leg] = {}
        self._next_call_at = 0.0

    @property
    def notes(self) -> deque[Note]:
        """What happened, in order; of very much, the latest."""
        return self.desk.notes

    @property
    def errors(self) -> list[tuple[int, str, str]]:
        """What the carrier would show its customer: code, detail, the call's sid."""
        return self.desk.errors

    def add_number(self, number: str, voice_url: str = "", **settings: str) -> IncomingNumber:
        """Own a number; `settings` are those of `IncomingNumber`."""
        made = IncomingNumber(self.desk.sid("PN"), number, voice_url)
        for name, value in settings.items():
            setattr(made, name, value)
        self.numbers[made.sid] = made
        return made

    def number(self, number: str) -> IncomingNumber | None:
        """The account's number that is this one."""
        return next((one for one in self.numbers.values() if one.number == number), None)

    def call_in(
        self,
        from_: str,
        to: str,
        script: Script,
        now: float,
        options: CallOptions | None = None,
    ) -> Leg:
        """Let somebody call one of the account's numbers; the script runs from the first ring.

        Args:
            options: how it goes; None: as calls go in this world.
        """
        desk = self.desk
        desk.now = now
        if options is None:
            options = self.world.options_of(len(self.legs))
        number = self.number(to)
        call = Identity(desk.account.sid, desk.sid("CA"), from_, to, extra=options.fields)
        status = fallback = None
        if number is not None and number.status_callback:
            status = Callback(number.status_callback, number.status_callback_method)
        if number is not None and number.fallback_url:
            fallback = Callback(number.fallback_url, number.fallback_method)
        leg = Leg(desk, call, options, status_callback=status, fallback=fallback)
        leg.connect_line(script)
        leg.begin(_inbound(leg, number))
        self._settle()
        return leg

    def next_turn_s(self) -> float:
        """How long a call that is made now stays queued: so many begin in a second, no more."""
        if self.world.calls_per_s is None:
            return 0.0
        begins = max(self.desk.now, self._next_call_at)
        self._next_call_at = begins + 1 / self.world.calls_per_s
        return begins - self.desk.now

    def answered(self, token: str, outcome: Outcome, now: float) -> None:
        """What came of a `Request`."""
        self.desk.now = now
        self.desk.answered(token, outcome)
        self._settle()

    def socket_opened(self, ids: CallIds, now: float) -> None:
        """The service took an upgrade."""
        self._tell(ids, SocketOpened(ids.stream_sid), now)

    def socket_refused(self, ids: CallIds, code: int, detail: str, now: float) -> None:
        """It did not, or nobody was there: a code of the carrier's, and why."""
        self._tell(ids, SocketRefused(ids.stream_sid, code, detail), now)

    def socket_lost(self, ids: CallIds, code: int | None, now: float) -> None:
        """A socket is gone."""
        self._tell(ids, SocketLost(ids.stream_sid, code), now)

    def next_timer(self) -> float | None:
        """When `handle_timer` must be called; None when there is nothing to wait for."""
        candidates = [leg.next_timer() for leg in self._live.values()]
        candidates.append(self.desk.next_callback())
        return min((at for at in candidates if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do everything that is due."""
        desk = self.desk
        desk.now = now
        for leg in list(self._live.values()):
            leg.handle_timer()
            if leg.line is not None and (frames := leg.line.overheard()):
                for room in list(desk.rooms.values()):
                    room.hear(leg, [frame.said for frame in frames if frame.said], now)
                for fork in leg.forks.values():
                    fork.hear(frames)
        self._settle()

    def settle(self, now: float) -> None:
        """Something was changed from outside: the REST API, or a text of the service."""
        self.desk.now = now
        self._settle()

    def effects(self) -> list[Effect]:
        """Drain what must be done, in order."""
        effects, self.desk.effects = self.desk.effects, []
        return effects

    def _tell(
        self, ids: CallIds, event: SocketOpened | SocketRefused | SocketLost, now: float
    ) -> None:
        desk = self.desk
        desk.now = now
        leg = self.legs[ids.call_sid]
        if (fork := leg.forks.get(event.stream)) is not None:
            fork.take(event)
        else:
            desk.post(leg, event)
        self._settle()

    def _settle(self) -> None:
        """Deliver what legs have to be told, send callbacks, and let go of calls that are over."""
        desk = self.desk
        while desk.events:
            leg, event = desk.events.popleft()
            leg.take(event)
        desk.send_callbacks()
        while desk.events:  # a callback that cannot be sent at all
            leg, event = desk.events.popleft()
            leg.take(event)
        self._live |= {leg.sid: leg for leg in desk.begun}
        desk.begun.clear()
        for leg in list(self._live.values()):
            if not leg.over:
                continue
            end_recordings(leg)
            if leg.line is None or leg.line.state is CarrierState.CLOSED:
                del self._live[leg.sid]
        desk.send_callbacks()


def _inbound(leg: Leg, number: IncomingNumber | None) -> Life[None]:
    leg.become(CallStatus.RINGING)
    if number is None or not number.voice_url:
        leg.desk.note(leg.sid, "unassigned")
        leg.finally_ = CallStatus.FAILED
        return
    document = yield from document_from(leg, Callback(number.voice_url, number.voice_method))
    yield from perform(leg, document)
