"""What the carrier says of calls that our agents make, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog

from agent.call.effects import Outcome
from agent.observe.missed import Missed, MissedCall
from agent.service.continuation import MOST_CALLS
from agent.service.latest import Latest
from agent.service.missed import Why, turned_away
from agent.service.outbound_book import OutboundBook
from agent.service.outbound_order import Order, OrderState, answered_by_of
from agent.service.outbound_rules import longest_s
from agent.service.running import Caller, Placed
from agent.service.service import Service
from agent.service.tenant_files import ReadyTenant
from agent.service.twilio_http import CarrierError
from agent.tenants.outbound import Doing

UNANSWERED: Final = {
    "busy": Missed.BUSY,
    "no-answer": Missed.NO_ANSWER,
    "failed": Missed.UNREACHABLE,
    "canceled": Missed.CANCELED,
}
"""Why a call was missed, by the carrier's last word on it."""

_log = structlog.stdlib.get_logger()


class OutboundNews:
    """Takes the carrier's questions and callbacks, in whatever order they come.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, service: Service, book: OutboundBook, clock: Callable[[], float]) -> None:
        self._service = service
        self._book = book
        self._clock = clock
        self._answers: Latest[str, Why] = Latest(MOST_CALLS)  # and why it will have been missed

    async def answered(
        self, order: Order, ready: ReadyTenant, call_id: str, n: int, who: str
    ) -> bool:
        """A call was answered; returns whether it is to be joined to a media socket."""
        if not order.fetched(call_id, n, longest_s(ready.tenant), self._clock()):
            _log.warning("outbound.foreign", order=order.id, call=call_id)
            return False
        if who:
            order.heard(answered_by_of(who), call_id, n)
        await self._book.note(order)
        outbound = ready.tenant.outbound
        doing = self._doing(order, ready)
        reason = self._service.refusal(ready)
        if outbound is None or doing == "hang_up" or reason is not None:
            _log.info("outbound.hung_up", order=order.id, call=call_id, reason=reason)
            self._answers[call_id] = turned_away(reason)
            return False
        self._answers[call_id] = Outcome.CALLER_HUNG_UP
        message = outbound.message if doing == "message" else None
        self._service.placed[call_id] = Placed(
            outbound.protect,
            message,
            order.machine_answered,
            outbound.greeting,
            outbound.instructions,
        )
        about = Caller(order.to, order.facts, outbound.number)
        await self._service.announced(ready, call_id, order.to, about)
        return True

    async def detected(
        self, order: Order, ready: ReadyTenant, call_id: str, n: int, who: str
    ) -> None:
        """The carrier found out who answered, while the agent talks already."""
        if not order.heard(answered_by_of(who), call_id, n):
            return
        _log.info("outbound.detected", order=order.id, call=call_id, who=order.answered_by)
        await self._book.note(order)
        outbound, doing = ready.tenant.outbound, self._doing(order, ready)
        by_machine = order.machine_answered
        running = self._service.call_of(call_id)
        if doing == "message" and outbound is not None and outbound.message is not None:
            if running is not None:
                running.supervisor.leave_message(outbound.message, to_machine=by_machine)
            elif (placed := self._service.placed.get(call_id)) is not None:
                self._service.placed[call_id] = replace(
                    placed, message=outbound.message, to_machine=by_machine
                )
        elif doing == "hang_up" and running is not None:
            running.supervisor.finish(Outcome.MACHINE if by_machine else Outcome.AGENT_ENDED)
        elif doing == "hang_up":
            await self._hang_up(call_id)

    async def ended(
        self, order: Order, ready: ReadyTenant, call_id: str, n: int, status: str
    ) -> None:
        """The carrier says how a call stands."""
        outbound, was = ready.tenant.outbound, order.state
        if outbound is None or not order.ended(status, call_id, n, outbound.retries, self._clock()):
            return
        why = UNANSWERED.get(status) or self._why(order, call_id)
        self._missed(order, ready, call_id, why, was)
        self._service.placed.pop(call_id, None)
        running = self._service.call_of(call_id)
        if running is not None:
            running.supervisor.finish(Outcome.CALLER_HUNG_UP)
        self._service.counters[f"outbound_{status.replace('-', '_')}"] += 1
        _log.info("outbound.ended", order=order.id, call=call_id, result=order.result)
        await self._book.note(order)

    def never_told(self, order: Order, was: OrderState) -> None:
        """Nothing more is waited for of a call.

        Args:
            was: how the order stood until now.
        """
        if order.call_sid is not None:
            ready = self._service.tenants.by_name.get(order.tenant)
            self._missed(order, ready, order.call_sid, Missed.UNCLEAR, was)

    def _why(self, order: Order, call_id: str) -> Why:
        """Why a call was missed of which the carrier says that it was completed."""
        if order.machine_answered:
            return Outcome.MACHINE
        return self._answers.get(call_id, Outcome.CALLER_HUNG_UP)

    def _missed(
        self, order: Order, ready: ReadyTenant | None, call_id: str, why: Why, was: OrderState
    ) -> None:
        """A try is over: it is noted, unless the call came to the agent."""
        if was is OrderState.ANSWERED and call_id not in self._answers:
            return  # answered by a process that is gone: what it had of the call, it has told
        now = self._clock()
        outbound = None if ready is None else ready.tenant.outbound
        call = MissedCall(
            call_id,
            order.tenant,
            "outbound",
            order.to,
            None if outbound is None else outbound.number,
            datetime.fromtimestamp(order.tried_at or now, UTC),
        )
        self._service.missed.missed(call, ready, why, datetime.fromtimestamp(now, UTC))

    def _doing(self, order: Order, ready: ReadyTenant) -> Doing:
        if ready.tenant.outbound is None or order.answered_by is None:
            return "talk"
        return ready.tenant.outbound.doing(order.answered_by)

    async def _hang_up(self, call_id: str) -> None:
        if self._service.rest is None:
            return
        try:
            await self._service.rest.hang_up(call_id)
        except (CarrierError, ValueError) as error:
            _log.warning("outbound.not_hung_up", call=call_id, error=str(error))
