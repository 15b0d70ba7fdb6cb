"""What a business function may know about the call it serves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from agent.tools.control import CallControl


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _public() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class CallContext:
    """Handed to every function that has a parameter of this type; the model never sees it.

    Attributes:
        tenant: whose call it is.
        call_id: the carrier's id of the call.
        caller: the caller's number in international form; None when it is withheld.
        data_dir: folder for the data of functions; shared, so name files after the tenant.
        idempotency_key: of this request, the same however often the function runs for it: 32
            hexadecimal digits. Hand it on to whatever can tell a repetition by it. Empty where a
            function is called without a request of the model.
        sip_headers: `X-...` headers that a call by SIP brought along: whoever sent it wrote them.
        clock: what `now` reads: the real time, or the one that a test has set.
        control: of the line, for built-in tools; None where there is no line.
        private: whether nothing may be kept of what is said now: the agent has paused the
            recording. A function that writes something down should ask.
    """

    tenant: str
    call_id: str
    caller: str | None
    data_dir: Path
    idempotency_key: str = ""
    sip_headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    clock: Callable[[], datetime] = field(default=_utc_now, repr=False, compare=False)
    control: CallControl | None = field(default=None, repr=False, compare=False)
    private: Callable[[], bool] = field(default=_public, repr=False, compare=False)

    def now(self, zone: tzinfo = UTC) -> datetime:
        """The time in a zone. Take it from here, and a test can decide what day it is."""
        return self.clock().astimezone(zone)
