"""The calls that run now, and who watches them from inside the process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import structlog

from agent.call.core import Call
from agent.call.report import CallReport
from agent.service.supervisor import CallSupervisor
from agent.service.tenant_files import ReadyTenant

type Direction = Literal["inbound", "outbound"]

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        number: as the carrier says it; None: nobody knows.
        facts: what was looked up, by field.
    """

    number: str | None
    facts: Mapping[str, str] = field(default_factory=dict)


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
        for observer in self._observers:
            try:
                observer.began(running)
            except Exception:
                _log.exception("observer.failed", observer=type(observer).__name__)

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """Tell all of them."""
        for observer in self._observers:
            try:
                observer.ended(running, report)
            except Exception:
                _log.exception("observer.failed", observer=type(observer).__name__)
