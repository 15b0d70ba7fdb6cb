"""What the carrier tells in its requests, field for field; without I/O.

Source: docs/protocols/twilio.md 1.1, 1.5, 5.1, 5.2 and 9 (E1, E6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Final, Literal

API_VERSION: Final = "2010-04-01"
_PLACES: Final = ("City", "State", "Zip", "Country")
_KNOWN_PLACES: Final = {"State": "NY", "Country": "US"}
"""The others come empty, as they often do."""


class CallStatus(StrEnum):
    """Where a call stands, in the carrier's words."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self not in {CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS}


@dataclass(frozen=True, slots=True)
class Identity:
    """Which call it is.

    Attributes:
        parent: the sid of the call that dialled this one; empty for none.
        extra: further fields of every request: SIP headers, a caller's name.
    """

    account: str
    sid: str
    from_: str
    to: str
    direction: Literal["inbound", "outbound-api", "outbound-dial"] = "inbound"
    parent: str = ""
    extra: Mapping[str, str] | None = None


def call_fields(call: Identity, status: CallStatus) -> dict[str, str]:
    """What every request about a call says."""
    fields = {
        "AccountSid": call.account,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": str(status),
        "Direction": call.direction,
        "From": call.from_,
        "To": call.to,
    }
    if call.parent:
        fields["ParentCallSid"] = call.parent
    return fields


def webhook_fields(call: Identity, status: CallStatus, token: str) -> dict[str, str]:
    """What is said when a document is asked for: blanks, doublets and a field nobody expects.

    Args:
        token: the `CallToken`, opaque.
    """
    fields = call_fields(call, status)
    fields |= {"Called": call.to, "Caller": call.from_, "CallToken": token}
    fields["StirVerstat"] = "TN-Validation-Passed-A"
    for who in ("Called", "Caller", "From", "To"):
        for place in _PLACES:
            fields[f"{who}{place}"] = _KNOWN_PLACES.get(place, "")
    fields["StandInField"] = "fields are added without notice"
    return fields | dict(call.extra or {})


def status_fields(
    call: Identity,
    status: CallStatus,
    *,
    number: int,
    at_utc: float,
    seconds: float | None = None,
    sip: int | None = None,
) -> dict[str, str]:
    """A status callback.

    Args:
        number: of this callback, from 0.
        seconds: how long the call lasted, once it is over.
        sip: the response of the other side, where it failed.
    """
    fields = call_fields(call, status)
    fields |= {
        "Timestamp": format_datetime(datetime.fromtimestamp(at_utc, UTC)),
        "SequenceNumber": str(number),
        "CallbackSource": "call-progress-events",
    }
    if seconds is not None:
        fields |= {"CallDuration": str(round(seconds)), "Duration": str(-(-round(seconds) // 60))}
    if sip is not None:
        fields["SipResponseCode"] = str(sip)
    return fields


def stream_fields(
    call: Identity, stream_sid: str, name: str, event: str, *, at_utc: float, error: str = ""
) -> dict[str, str]:
    """A stream's status callback.

    Args:
        event: `stream-started`, `stream-stopped` or `stream-error`.
        error: what went wrong, for the last of them.
    """
    fields = {
        "AccountSid": call.account,
        "CallSid": call.sid,
        "StreamSid": stream_sid,
        "StreamName": name or stream_sid,
        "StreamEvent": event,
        "Timestamp": iso(at_utc),
    }
    return fields | ({"StreamError": error} if error else {})


def iso(at_utc: float) -> str:
    """ISO 8601, UTC, in milliseconds."""
    moment = datetime.fromtimestamp(at_utc, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
