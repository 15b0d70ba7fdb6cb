"""Who is on the line, as the carrier's signed webhook says."""

from collections.abc import Mapping

from agent.service.running import Caller
from agent.telephony.numbers import WITHHELD
from agent.telephony.twilio.sip import number_of, sip_call
from agent.tenants.placeholders import facts_of
from agent.tenants.sip_address import is_sip
from agent.tenants.tenant import Tenant


def caller_of(fields: Mapping[str, str]) -> Caller:
    """The caller of a call that came in.

    Args:
        fields: of the webhook. A number is taken out of a SIP address; an address without one, and
            the word that carriers write for a number that is withheld, stays as it is. Where they
            write it as a number, it is the word again.
    """
    given = fields.get("From") or None
    number = given and (number_of(given) or given)
    called = fields.get("To", "")
    sip = sip_call(fields)
    return Caller(
        number and WITHHELD.get(number, number),
        {} if sip is None else facts_of(sip.facts()),
        number_of(called) or called or None,
        sip,
    )


def own_number(tenant: Tenant, line: str | None) -> str | None:
    """The number of ours that others see when they are called; None: the tenant has none.

    Args:
        line: that was called. One without a number, a user of a SIP domain, cannot be shown to a
            telephone: then it is `outbound.number`, or the first of the tenant's numbers.
    """
    outbound = () if tenant.outbound is None else (tenant.outbound.number,)
    own = (entry for entry in tenant.numbers if not is_sip(entry))
    return next(filter(None, map(number_of, (line or "", *outbound, *own))), None)
