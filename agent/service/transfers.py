"""Passing callers on: the call steps aside, and what the carrier then asks is answered here.

A cold transfer is one document: the carrier connects the caller, and asks us only when nobody was
reached; then the same call comes back to the same agent, who is told why. When somebody answers,
the agent's part is over. A warm one is in `agent.service.warm`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from agent.call import prompts
from agent.call.effects import Outcome
from agent.call.report import CallReport
from agent.call.state import CallState
from agent.errors import ToolError
from agent.service.running import RunningCall
from agent.service.voicemail import voicemail_document
from agent.service.warm import WarmCalls
from agent.telephony.numbers import NumberPolicy, refusal
from agent.telephony.twilio import dial
from agent.telephony.twilio.dial import Leg
from agent.telephony.twilio.sip import number_of
from agent.tenants.sip_address import is_sip
from agent.tenants.tenant import Tenant
from agent.tenants.transfers import Transfer

if TYPE_CHECKING:
    from agent.service.service import Service

DONE_PATH = "/twilio/transfer/done"
PROGRESS_PATH = "/twilio/transfer/answered"
REFERRED_PATH = "/twilio/transfer/referred"
LOST = frozenset({Outcome.MODEL_LOST, Outcome.MODEL_SILENT, Outcome.FAILED})
"""How calls end whose caller is still there and has nobody to talk to."""
CONNECT_S = 60.0
"""For the carrier to report how it went, beyond the time that it rings."""

MOST_PER_CALL = 5
"""A caller who keeps asking, or a model that does not give up, costs a call each time."""
LEAVE_S = 3.0
"""Nobody comes back from a recording: so long after the last words the agent's part is over."""

_log = structlog.stdlib.get_logger()


class Transfers:
    """The transfers of a service; an observer of its calls.

    Counts `transfers_begun`, `transfers_connected`, `transfers_failed` and, of callers whom the
    agent has lost, `transfers_fallback`, among the counters of the service.

    Attributes:
        warm: those of which a person is asked first.
    """

    def __init__(self, service: Service) -> None:
        self.warm = WarmCalls(service)
        self._service = service
        self._pending: dict[str, str] = {}
        self._tells: dict[str, str] = {}
        self._made: Counter[str] = Counter()

    def began(self, running: RunningCall) -> None:
        """Nothing to do; see `CallObserver`."""

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """The agent's part of a call is over."""
        self._pending.pop(running.id, None)
        self._tells.pop(running.id, None)
        self._made.pop(running.id, None)
        self.warm.ended(running.id, hung_up=report.outcome is Outcome.CALLER_HUNG_UP)

    def begin(self, running: RunningCall, name: str, summary: str) -> None:
        """Pass the caller on once the agent's next words have been heard.

        Args:
            name: of the target, among those of the tenant.
            summary: what a person hears who is asked first.

        Raises:
            ToolError: it cannot be, and why.
        """
        tenant = running.ready.tenant
        target = tenant.transfers[name]
        check_line(running)
        if why := _refused(target, tenant):
            raise ToolError(f"{name} cannot be called: the number {why}.")
        if self._made[running.id] == MOST_PER_CALL:
            raise ToolError("Nobody is called any more in this call: offer to take a message.")
        if target.how == "warm":
            document = self.warm.prepare(running, name, summary)
            longest_s, then = self.warm.longest_s(target), Outcome.PHONE_LOST
        else:
            document = self._document(running, target)
            longest_s, then = target.ring + CONNECT_S, Outcome.TRANSFERRED
        self._leave(running, document, longest_s, then)
        self._pending[running.id] = name
        self._made[running.id] += 1
        self._service.counters["transfers_begun"] += 1
        _log.info("transfer.begun", target=name, how=target.how)

    def to_voicemail(self, running: RunningCall) -> None:
        """Let the caller speak on a recording once the agent's next words have been heard.

        Raises:
            ToolError: it cannot be.
        """
        check_line(running)
        tenant = running.ready.tenant
        document = self.voicemail(tenant, running.id, running.caller.number)
        self._leave(running, document, LEAVE_S, Outcome.VOICEMAIL)

    def failed(self, call_id: str, why: str) -> None:
        """Nobody was reached: the agent is told when the call is back."""
        name = self._pending.pop(call_id, None)
        if name is not None:
            self._service.counters["transfers_failed"] += 1
            self._tells[call_id] = prompts.NOT_TRANSFERRED.format(name=name, why=why)
            _log.info("transfer.failed", target=name, why=why)

    def tell(self, call_id: str) -> str | None:
        """What the agent is told now that the call is back, once; None: nothing."""
        return self._tells.pop(call_id, None)

    def finish(self, call_id: str, outcome: Outcome) -> None:
        """The agent's part of a call that has stepped aside is over."""
        if self._pending.pop(call_id, None) is not None and outcome is Outcome.TRANSFERRED:
            self._service.counters["transfers_connected"] += 1
        running = self._service.detached.get(call_id)
        if running is not None:
            running.supervisor.finish(outcome)

    def url(self, path: str) -> str:
        """The address of a path of ours; where there is no public one, the carrier completes it."""
        return (self._service.settings.public_url or "") + path

    def after_end(self, running: RunningCall, outcome: Outcome) -> None:
        """A call ends: say what the carrier is to do with a caller whom the agent has lost.

        What was wanted of the carrier before is wanted no longer.
        """
        service, tenant = self._service, running.ready.tenant
        if outcome is Outcome.VOICEMAIL:
            return  # the carrier may not have asked yet
        service.after_stream.pop(running.id, None)
        if outcome not in LOST or running.caller.line is None:
            return
        if (name := tenant.fallback.transfer) is not None:
            document = self._document(running, tenant.transfers[name])
            service.after_stream[running.id] = document
            self._service.counters["transfers_fallback"] += 1
        elif tenant.fallback.then == "voicemail":
            service.after_stream[running.id] = self.voicemail(
                tenant, running.id, running.caller.number
            )

    def voicemail(self, tenant: Tenant, call_id: str, caller: str | None, say: str = "") -> str:
        """The document that takes a message.

        Args:
            caller: the number, if it is known.
            say: what is heard before the tenant's own words.
        """
        self._service.voicemails.expected(call_id, caller)
        words = f"{say} {tenant.voicemail.say}".strip()
        return voicemail_document(tenant, self.url(""), say=words)

    def _document(self, running: RunningCall, target: Transfer) -> str:
        leg, tenant, caller = Leg(target.to, target.headers), running.ready.tenant, running.caller
        if target.how == "refer" and caller.sip is not None:
            return dial.refer(leg, action=self.url(REFERRED_PATH))
        theirs = running.direction == "inbound" and number_of(caller.number or "") is not None
        return dial.dial(
            leg,
            action=self.url(DONE_PATH),
            ring_s=target.ring,
            time_limit_s=tenant.limits.transferred,
            caller_id=None if theirs or leg.is_sip else number_of(caller.line or ""),
            progress=self.url(PROGRESS_PATH),
        )

    def _leave(self, running: RunningCall, document: str, longest_s: float, then: Outcome) -> None:
        service = self._service
        if running.id in service.after_stream:
            raise ToolError("The caller is being connected already.")
        if running.call.state is not CallState.TALKING:
            raise ToolError("The call is over: it was not done.")
        if running.call.away:
            raise ToolError("The line is broken for a moment: try again.", retryable=True)
        service.after_stream[running.id] = document
        running.supervisor.step_aside(longest_s, then=then, after_words=True)


def check_line(running: RunningCall) -> None:
    """Refuse what only the carrier can do with a call that it does not have.

    Raises:
        ToolError: it does not.
    """
    if running.caller.line is None:
        raise ToolError("This call is on no telephone line: it cannot be passed on.")


def _refused(target: Transfer, tenant: Tenant) -> str | None:
    """Why a target is not called; its file was checked, its ranges may have changed since."""
    if is_sip(target.to):
        return None
    return refusal(target.to, NumberPolicy(tenant.limits.transfer_prefixes))
