"""Calls that never come to the agent: what is known of them goes where the records of others do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.call.effects import Outcome
from agent.call.report import CallReport
from agent.observe.missed import Missed, MissedCall, missed_record
from agent.observe.record import log_call_ended
from agent.observe.record_schema import CallRecord
from agent.service.continuation import MOST_CALLS
from agent.service.latest import Latest
from agent.service.running import Caller, RunningCall
from agent.service.tenant_files import ReadyTenant

if TYPE_CHECKING:
    from agent.service.service import Service

type Why = Outcome | Missed


def turned_away(reason: str | None) -> Why:
    """Why a call was missed that was not taken, from the reason of `Service.refusal`."""
    return Outcome.SPENT if reason == "spent" else Missed.TURNED_AWAY


class MissedCalls:
    """Those of a service; an observer of its calls, none of which is missed.

    Attributes:
        takers: are given each record.
    """

    def __init__(self, service: Service) -> None:
        self.takers: list[Callable[[CallRecord], None]] = []
        self._service = service
        self._begun: Latest[str, None] = Latest(MOST_CALLS)
        self._rang: Latest[str, tuple[MissedCall, ReadyTenant, Why]] = Latest(MOST_CALLS)

    def began(self, running: RunningCall) -> None:
        """See `CallObserver`: it leaves a record of its own."""
        self._begun[running.id] = None
        self._rang.pop(running.id, None)

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """See `CallObserver`."""

    def rang(
        self, ready: ReadyTenant, call_id: str, caller: Caller, why: Why = Outcome.CALLER_HUNG_UP
    ) -> None:
        """A call came in; it is missed if the carrier says that it is over before it has begun.

        Args:
            why: it will have been missed then.
        """
        if not call_id or call_id in self._begun:
            return
        known = self._rang.get(call_id)
        began_at = datetime.now(UTC) if known is None else known[0].began_at
        call = MissedCall(
            call_id, ready.tenant.tenant, "inbound", caller.number, caller.line, began_at
        )
        self._rang[call_id] = call, ready, why

    def over(self, call_id: str) -> None:
        """The carrier says that a call is over; of one that nobody here knows, nothing is kept."""
        if (known := self._rang.pop(call_id, None)) is not None:
            call, ready, why = known
            self.missed(call, ready, why, datetime.now(UTC))

    def missed(
        self, call: MissedCall, ready: ReadyTenant | None, why: Why, ended_at: datetime
    ) -> None:
        """A call is over; unless it has come to the agent in this process, it is told of here.

        Args:
            ready: the tenant; None: it is no longer there.
        """
        service = self._service
        if call.call_id in self._begun or service.call_of(call.call_id) is not None:
            return
        prices = None
        if ready is not None:
            model = ready.prepared.setup.model
            prices = service.spending.prices_of(ready.tenant, model, call.direction, call.caller)
        record = missed_record(
            call,
            why,
            ended_at,
            generation=service.tenant_store.generation,
            news=service.facts.of(call.call_id),
            prices=prices,
        )
        service.facts.recorded(call.call_id, call.tenant)
        log_call_ended(record)
        for taker in self.takers:
            taker(record)
