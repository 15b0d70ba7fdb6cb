"""The calls that run now, and who watches them from inside the process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import structlog

from agent.call.core import Call
from agent.call.report import CallReport
from agent.observe.carrier_news import CarrierNews
from agent.service.supervisor import CallSupervisor
from agent.service.tenant_files import ReadyTenant
from agent.telephony.twilio.sip import SipCall

type Direction = Literal["inbound", "outbound"]

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        number: as the carrier says it; None: nobody knows.
        facts: what was looked up, or came with the call, by field.
        line: the number or address of ours that the carrier has the call on; None: it is no call
            of the carrier's.
        sip: how it came by SIP, if it did.
    """

    number: str | None
    facts: Mapping[str, str] = field(default_factory=dict)
    line: str | None = None
    sip: SipCall | None = None

    @property
    def sip_headers(self) -> Mapping[str, str]:
        """The headers that the call brought by SIP; none, if it came otherwise."""
        return {} if self.sip is None else self.sip.headers


@dataclass(frozen=True, slots=True)
class Placed:
    """A call that we placed.

    Attributes:
        shield_s: what the called says so long does not cut the greeting.
        message: what the agent says, and no more.
        to_machine: a machine has answered, and its beep has sounded.
        greeting: what it says first; None: what it says to callers.
        instructions: what it is, knows and does; None: as for callers.
    """

    shield_s: float
    message: str | None = None
    to_machine: bool = False
    greeting: str | None = None
    instructions: str | None = None


def _no_news() -> None:
    """Nobody tells of this call."""


@dataclass(frozen=True, slots=True)
class RunningCall:
    """A call that runs now.

    Attributes:
        id: the carrier's, the same for the whole call.
        stream_id: the carrier's, of the media stream that the call began on.
        ready: the tenant as it was when the call began.
        recording: where its recording goes, if there is one.
        began_at: UTC.
        parameters: that the stream brought.
        wire: where what went over its wires is kept, if it is.
        generation: of the tenants' files, when the call began.
        news: what the carrier has told of it so far.
    """

    id: str
    stream_id: str
    ready: ReadyTenant
    call: Call
    supervisor: CallSupervisor
    recording: Path | None
    caller: Caller
    began_at: datetime
    direction: Direction = "inbound"
    parameters: Mapping[str, str] = field(default_factory=dict)
    wire: Path | None = None
    generation: int | None = None
    news: Callable[[], CarrierNews | None] = _no_news

    @property
    def tenant(self) -> str:
        """The tenant's name."""
        return self.ready.tenant.tenant


class CallObserver(Protocol):
    """Watches calls from inside the process, on the loop; it must not block."""

    def began(self, running: RunningCall) -> None:
        """A call is about to run; its `call.timeline` grows from now on."""
        ...

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """A call is over."""
        ...


class Observers:
    """Several of them as one; what one of them does wrong harms no call and no other observer."""

    def __init__(self, observers: Sequence[CallObserver]) -> None:
        self._observers = observers

    def began(self, running: RunningCall) -> None:
        """Tell all of them."""
        self._tell(lambda observer: observer.began(running))

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """Tell all of them."""
        self._tell(lambda observer: observer.ended(running, report))

    def _tell(self, tell: Callable[[CallObserver], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception:  # it may be anybody's, of whom nothing is known
                _log.exception("observer.failed", observer=type(observer).__name__)
