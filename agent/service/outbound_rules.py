"""Whether a number may be called now, and what the carrier is told; without I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.errors import AgentError
from agent.service.do_not_call import DoNotCall
from agent.service.outbound_order import Order
from agent.telephony.numbers import NumberPolicy, refusal, zone_of
from agent.tenants.hours import Closed, state_of
from agent.tenants.outbound import Outbound
from agent.tenants.tenant import Tenant

MARGIN_S = 60.0
"""Past the longest call: its end by our own clock comes first, and is politer."""


class NotCalled(AgentError):
    """A call is not made.

    Attributes:
        status: of the answer to who asked for it.
        code: why, in a word.
        until: it may be made from then on, in seconds since the epoch; None: nobody knows.
    """

    def __init__(self, status: int, code: str, message: str, until: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.until = until


def zone_for(to: str, given: str | None) -> str:
    """The time zone of who is called: as given, or the only one of the number's country.

    Raises:
        NotCalled: it is not known.
    """
    zone = given or zone_of(to)
    if zone is None:
        text = "the number's country has several time zones: give zone, as America/New_York"
        raise NotCalled(422, "zone_needed", text)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise NotCalled(422, "unknown_zone", "zone is not a time zone, as Europe/Rome") from None
    return zone


def not_called(
    outbound: Outbound | None, to: str, zone: str, listed: DoNotCall | None, at_utc: datetime
) -> NotCalled | None:
    """Why a number is not called now; None: it may be.

    Args:
        listed: the numbers that are never called.
        at_utc: now, with its time zone.
    """
    if outbound is None:
        return NotCalled(422, "no_outbound", "this tenant's file has no outbound: it calls nobody")
    policy = NumberPolicy(outbound.to, special=outbound.special)
    if (why := refusal(to, policy)) is not None:
        return NotCalled(422, "number_refused", f"the number {why}")
    if listed is not None and listed.holds(to):
        return NotCalled(422, "do_not_call", "the number is on the do-not-call list")
    state = state_of(outbound.calling_hours, ZoneInfo(zone), at_utc)
    if isinstance(state, Closed):
        until = None if state.until is None else state.until.timestamp()
        return NotCalled(422, "outside_hours", "it is outside outbound.hours there", until)
    return None


def longest_s(tenant: Tenant) -> float:
    """How long a call can last, talk with somebody else included; the carrier ends it then."""
    transferred = tenant.limits.transferred if tenant.transfers else 0.0
    return tenant.limits.call + transferred + MARGIN_S


def answered_url(order: Order) -> str:
    """What the carrier asks when somebody has answered."""
    return f"{order.origin}/twilio/outbound?order={order.id}&try={order.tries}"


def rest_fields(outbound: Outbound, order: Order) -> dict[str, Any]:
    """What the carrier is told besides the number: whom to ask and tell, and what to listen for."""
    which = f"?order={order.id}&try={order.tries}"
    fields: dict[str, Any] = {
        "Method": "POST",
        "FallbackUrl": answered_url(order),  # the same again: it is answered alike
        "StatusCallback": f"{order.origin}/twilio/outbound-status{which}",
        "StatusCallbackEvent": ("answered", "completed"),
        "Timeout": round(outbound.ring),
    }
    if outbound.detect == "off":
        return fields
    fields["MachineDetection"] = "DetectMessageEnd" if outbound.leaves_messages else "Enable"
    if outbound.detect == "async":
        fields["AsyncAmd"] = True
        fields["AsyncAmdStatusCallback"] = f"{order.origin}/twilio/amd{which}"
    return fields
