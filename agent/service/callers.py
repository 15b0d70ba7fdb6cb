"""Who is on the line, as the carrier's signed webhook says."""

from collections.abc import Mapping

from agent.service.running import Caller
from agent.telephony.twilio.sip import number_of, sip_call
from agent.tenants.placeholders import facts_of


def caller_of(fields: Mapping[str, str]) -> Caller:
    """The caller of a call that came in.

    Args:
        fields: of the webhook. A number is taken out of a SIP address; an address without one, and
            what carriers write for a number that is withheld, stays as it is.
    """
    given = fields.get("From") or None
    called = fields.get("To", "")
    sip = sip_call(fields)
    return Caller(
        given and (number_of(given) or given),
        {} if sip is None else facts_of(sip.facts()),
        number_of(called) or called or None,
        sip,
    )
