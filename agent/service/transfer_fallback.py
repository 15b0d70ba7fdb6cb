"""Callers whom the agent has lost: what the tenant's `fallback` makes of them.

Of a call that we had until now, the document is laid ready before its socket closes. Of one that
nobody here knows, since the process that had it is gone, and of one for which this service has no
room, it answers the carrier's question.
Whoever is not reached this way hears an apology: nobody is passed on twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from agent.call.effects import Outcome
from agent.call.phrases import WORDS, language_of
from agent.service.callers import caller_of
from agent.service.running import Caller, RunningCall
from agent.service.tenant_files import ReadyTenant
from agent.service.transfers import refused
from agent.telephony.twilio import twiml
from agent.tenants.tenant import Tenant

if TYPE_CHECKING:
    from agent.service.service import Service

LOST = frozenset({Outcome.MODEL_LOST, Outcome.MODEL_SILENT, Outcome.FAILED})
"""How calls end whose caller is still there and has nobody to talk to."""
LAST = "last"
"""In the query of addresses that are asked about a caller who is not passed on any further."""

_log = structlog.stdlib.get_logger()


def lay_ready(service: Service, running: RunningCall, outcome: Outcome) -> None:
    """A call ends: say what the carrier is to do with a caller whom the agent has lost.

    What was wanted of the carrier before is wanted no longer.
    """
    if outcome is Outcome.VOICEMAIL:
        return  # the carrier may not have asked yet
    service.after_stream.pop(running.id, None)
    if outcome not in LOST or running.caller.line is None:
        return
    tenant = running.ready.tenant
    if (name := _reachable(tenant)) is not None:
        n = service.transfers.noted(running, name, fallback=True)
        service.after_stream[running.id] = _passed_on(
            service, tenant, name, running.caller, f"n={n}&{LAST}", running.direction == "inbound"
        )
    elif tenant.fallback.then == "voicemail":
        service.after_stream[running.id] = service.transfers.voicemail(
            tenant, running.id, running.caller.number
        )


def for_stranger(service: Service, fields: Mapping[str, str], *, last: bool = False) -> str:
    """The document for a call that should be one of ours, and that nobody here knows.

    Args:
        fields: that the carrier asks with; of a call that we placed, the number called is the
            other's.
        last: the caller is not passed on any further.
    """
    outbound = fields.get("Direction", "").startswith("outbound")
    caller = caller_of(fields)
    if outbound:
        caller = Caller(caller.line, line=caller.number)
    ready = service.tenants.for_number(fields.get("From" if outbound else "To", ""))
    call_id = fields.get("CallSid", "")
    if last or ready is None or not call_id:
        return apology(ready)
    document = without_agent(service, ready.tenant, call_id, caller, inbound=not outbound)
    return document or apology(ready)


def without_agent(
    service: Service, tenant: Tenant, call_id: str, caller: Caller, *, inbound: bool = True
) -> str | None:
    """The document for a call that no agent can take; None: the tenant has nobody for it.

    Args:
        inbound: the caller called us.
    """
    words = apology_words(tenant)
    if (name := _reachable(tenant)) is not None:
        return _passed_on(service, tenant, name, caller, LAST, inbound, words)
    if tenant.fallback.then == "voicemail":
        return service.transfers.voicemail(tenant, call_id, caller.number, words)
    return None


def apology(ready: ReadyTenant | None) -> str:
    """What a caller hears whom the agent has lost for good, where nothing better is laid ready."""
    if ready is None:
        return twiml.say_and_hang_up(WORDS["en"].apology, "en-US")
    return twiml.say_and_hang_up(
        apology_words(ready.tenant), ready.tenant.agent.language or "en-US"
    )


def apology_words(tenant: Tenant) -> str:
    """The tenant's own, or those of the language."""
    return tenant.fallback.say or WORDS[language_of(tenant.agent.language)].apology


def _reachable(tenant: Tenant) -> str | None:
    """To whom the tenant passes such callers on; None: to nobody, or one that may not be called."""
    name = tenant.fallback.transfer
    if name is not None and (why := refused(tenant.transfers[name], tenant)):
        _log.error("fallback.refused", tenant=tenant.tenant, target=name, why=why)
        return None
    return name


def _passed_on(
    service: Service,
    tenant: Tenant,
    name: str,
    caller: Caller,
    query: str,
    inbound: bool,
    say: str = "",
) -> str:
    service.counters["transfers_fallback"] += 1
    return service.transfers.document(
        tenant.transfers[name], tenant, caller, query, inbound=inbound, say=say
    )
