"""What a business function may know about the call it serves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path


def _utc_now() -> datetime:
    return datetime.now(UTC)


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
        clock: what `now` reads: the real time, or the one that a test has set.
    """

    tenant: str
    call_id: str
    caller: str | None
    data_dir: Path
    idempotency_key: str = ""
    clock: Callable[[], datetime] = field(default=_utc_now, repr=False, compare=False)

    def now(self, zone: tzinfo = UTC) -> datetime:
        """The time in a zone. Take it from here, and a test can decide what day it is."""
        return self.clock().astimezone(zone)
