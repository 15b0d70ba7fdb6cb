"""One party's call: its state, its line, and whatever it is doing at the moment; without I/O.

What a call does one thing after the other is written as a generator, a `Life`: it yields a `Wait`,
and is sent the event that ended it, or None when the time came. Whatever becomes of the call,
closing the generator runs its `finally` clauses: streams are stopped, rooms are left.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from agent.audio.tones import DtmfDetector
from agent.sim.caller import Caller
from agent.sim.carrier import CarrierOutput, CarrierState, CarrierStream
from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.desk import Desk
from agent.sim.exchange.fields import CallStatus, Identity, status_fields
from agent.sim.exchange.plan import CallOptions
from agent.sim.exchange.signals import Event, KeyPressed, LegEnded, Spoke
from agent.sim.exchange.verbs import Callback
from agent.sim.phone_pings import Pings
from agent.sim.phone_report import PhoneReport
from agent.sim.script import Script

if TYPE_CHECKING:
    from agent.sim.exchange.forks import Fork

_EVENTS: Final = {CallStatus.RINGING: "ringing", CallStatus.IN_PROGRESS: "answered"}


@dataclass(frozen=True, slots=True)
class Wait:
    """What a life waits for: events of these kinds, or the time."""

    kinds: tuple[type[Event], ...] = ()
    until: float | None = None


type Life[T] = Generator[Wait, Event | None, T]


class Leg:
    """One call of the exchange.

    Args:
        status_callback: told how the call goes; its events are of the carrier's four.
        fallback: asked for a document when the first one cannot be had.

    Attributes:
        call: what the carrier tells of it.
        status: where it stands.
        line: what its party hears and says; None before there is anybody.
        caller: who plays the party.
        answered_at, ended_at: monotonic seconds, or None.
        answered_by: as detection found.
        hung_up: the party ended it.
        n_streams: begun so far; those of one way are not among them.
        forks: streams of one way, by their sids; those that are over stay.
        pings: on its media sockets.
        finally_: the status with which it ends when its documents are through.
    """

    def __init__(
        self,
        desk: Desk,
        call: Identity,
        options: CallOptions,
        *,
        status_callback: Callback | None = None,
        fallback: Callback | None = None,
        parent: Leg | None = None,
    ) -> None:
        self.desk, self.call, self.options, self.parent = desk, call, options, parent
        self.status_callback, self.fallback = status_callback, fallback
        self.status = CallStatus.QUEUED
        self.line: CarrierStream | None = None
        self.caller: Caller | None = None
        self.created_at = desk.now
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.answered_by = ""
        self.hung_up = False
        self.time_limit_s = 14_400.0
        self.n_streams = 0
        self.forks: dict[str, Fork] = {}
        self.pings = Pings(options.ping_every_s, options.answer_pings)
        self.finally_ = CallStatus.COMPLETED
        self.sip_code: int | None = None
        self.call_token = desk.sid("")
        self.parting: list[CarrierOutput] = []
        self._life: Life[None] | None = None
        self._wait = Wait()
        self._n_told = 0
        self._n_said = 0
        desk.legs[call.sid] = self
        desk.begun.append(self)

    @property
    def sid(self) -> str:
        """The call's sid."""
        return self.call.sid

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.ended_at is not None

    def connect_line(self, script: Script) -> CarrierStream:
        """Let the party be there, from now on."""
        desk = self.desk
        ids = CallIds(self.call.account, self.sid, "")
        rng = np.random.default_rng(self.options.seed)
        self.line = CarrierStream(
            *(ids, desk.now, rng),
            loss=self.options.loss,
            keep_audio=self.options.keep_audio,
            attached=False,
            tones=self.options.tones,
        )
        self.line.tapped = True
        self.caller = Caller(script, self.line)
        return self.line

    def begin(self, life: Life[None]) -> None:
        """Do this, in place of what is being done."""
        if self._life is not None:
            self._life.close()
        self._life = life
        self._go_on(None)

    def take(self, event: Event) -> None:
        """Something happened; it counts if it is waited for."""
        if self._life is not None and isinstance(event, self._wait.kinds):
            self._go_on(event)

    def next_timer(self) -> float | None:
        """When `handle_timer` must be called."""
        limit = None if self.answered_at is None else self.answered_at + self.time_limit_s
        candidates = [
            self.line.next_timer() if self.line is not None else None,
            self._wait.until if self._life is not None else None,
            None if self.over else limit,
        ]
        return min((at for at in candidates if at is not None), default=None)

    def handle_timer(self) -> None:
        """Let the party hear, speak and act, and do what is due."""
        desk = self.desk
        if self.caller is not None and self.line is not None:
            self.caller.handle_timer(desk.now)
            if self.over:
                return
            if self.line.state in {CarrierState.LINGERING, CarrierState.CLOSED}:
                self.hung_up = True
                answered = self.answered_at is not None
                self.end(CallStatus.COMPLETED if answered else CallStatus.NO_ANSWER)
                return
            keys, self.line.keys = self.line.keys, []
            for key in keys:
                desk.note(self.sid, "key", digit=key)
                desk.post(self, KeyPressed(key))
            for text in self._said():
                desk.post(self, Spoke(text))
        if self.answered_at is not None and desk.now >= self.answered_at + self.time_limit_s:
            desk.note(self.sid, "time_limit")
            self.end(CallStatus.COMPLETED)
        elif self._life is not None and self._due():
            self._go_on(None)

    def outputs(self, now: float) -> list[CarrierOutput]:
        """Drain what goes to the service's socket."""
        parting, self.parting = self.parting, []
        return parting + (self.line.outputs(now) if self.line is not None else [])

    # Status

    def become(self, status: CallStatus) -> None:
        """Take a status and tell of it; nothing follows a final one."""
        if self.status.final or self.status is status:
            return
        self.status = status
        self.desk.note(self.sid, "status", status=str(status))
        if status is CallStatus.IN_PROGRESS:
            self.answered_at = self.desk.now
        self.tell_status("completed" if status.final else _EVENTS.get(status, ""), status)

    def tell_status(self, event: str, status: CallStatus | str) -> None:
        """Tell the status callback, if it asked for this event."""
        if not event:
            return
        number, self._n_told = self._n_told, self._n_told + 1
        wanted = self.status_callback
        if wanted is None or event not in (wanted.events or ("completed",)):
            return
        seconds = None
        if self.status.final:
            began = self.answered_at
            seconds = 0.0 if began is None else self.desk.now - began
        fields = status_fields(
            self.call,
            self.status,
            number=number,
            at_utc=self.desk.at_utc,
            seconds=seconds,
            sip=self.sip_code if self.status.final else None,
        )
        self.desk.callback(wanted, fields | {"CallStatus": str(status)})

    def answer(self) -> None:
        """The carrier takes the call, unless it has already."""
        if not self.status.final:
            self.become(CallStatus.IN_PROGRESS)

    def end(self, status: CallStatus) -> None:
        """End the call; what it was doing is broken off."""
        if self.over:
            return
        self.ended_at = self.desk.now
        if self._life is not None:
            life, self._life = self._life, None
            life.close()
        for fork in self.forks.values():
            fork.stop()
        if self.line is not None and self.caller is not None and not self.hung_up:
            self.parting += self.line.outputs(self.desk.now)
            self.caller.peer_closed(self.desk.now)
        self.become(status)
        if self.parent is not None:
            self.desk.post(self.parent, LegEnded(self.sid))

    def report(self) -> PhoneReport:
        """What the party said and heard, from its first moment on the line."""
        assert self.caller is not None
        report = PhoneReport.of(self.caller)
        report.n_pings, report.ping_waits_s = self.pings.n_sent, self.pings.waits_s
        return report

    def keys_heard(self) -> str:
        """The keys that the party has heard, as sound, whoever made it."""
        return "".join(DtmfDetector().process(self.report().heard))

    def fields(self) -> dict[str, str]:
        """The extra fields of every webhook of this call."""
        return {"AnsweredBy": self.answered_by} if self.answered_by else {}

    def _said(self) -> list[str]:
        """What the party has said to its end since the last time; clips say what they say."""
        assert self.caller is not None
        ears = self.caller.ears
        said = ears.utterances[self._n_said :]
        over = [each for each in said if each.end <= ears.position]
        self._n_said += len(over)
        return [each.label for each in over if each.label]

    def _due(self) -> bool:
        return self._wait.until is not None and self.desk.now >= self._wait.until

    def _go_on(self, event: Event | None) -> None:
        life = self._life
        assert life is not None
        try:
            self._wait = life.send(event)
        except StopIteration:
            if self._life is life:
                self._life = None
                self.end(self.finally_)
