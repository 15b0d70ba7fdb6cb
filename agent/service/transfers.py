"""Passing callers on: the call steps aside, and what the carrier then asks is answered here.

A cold transfer is one document: the carrier connects the caller, and asks us only when nobody was
reached; then the same call comes back to the same agent, who is told why. When somebody answers,
the agent's part is over. A warm one is in `agent.service.warm`. What becomes of callers whom the
agent has lost is in `agent.service.transfer_fallback`.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast, get_args

import structlog

from agent.call import prompts
from agent.call.effects import Outcome
from agent.call.report import CallReport
from agent.call.state import CallState
from agent.errors import ToolError
from agent.observe.record_schema import Transfer as Attempt
from agent.observe.record_schema import TransferEnd
from agent.service.callers import own_number
from agent.service.running import Caller, RunningCall
from agent.service.voicemail import voicemail_document
from agent.service.warm import WarmCalls
from agent.telephony.numbers import NumberPolicy, refusal
from agent.telephony.twilio import conference, dial
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
DIALLED_PATH = "/twilio/transfer/dialled"
CONNECT_S = 60.0
"""For the carrier to report how it went, beyond the time that it rings."""
DIALLED_S = 60.0
"""For the carrier to dial on the line and come back."""

MOST_PER_CALL = 5
"""A caller who keeps asking, or a model that does not give up, costs a call each time."""
LEAVE_S = 3.0
"""Nobody comes back from a recording: so long after the last words the agent's part is over."""

ENDS: Final = {
    conference.MACHINE: "machine",
    conference.REFUSED: "refused",
    conference.NO_KEY: "not_taken",
    **{words: status for status, words in dial.FAILURES.items()},
}
"""What the record says of why nobody was reached, by the words that the agent is told."""

_log = structlog.stdlib.get_logger()


class Transfers:
    """The transfers of a service; an observer of its calls.

    Counts `transfers_begun`, `transfers_connected` and `transfers_failed` among the counters of the
    service.

    Attributes:
        warm: those of which a person is asked first.
    """

    def __init__(self, service: Service) -> None:
        self.warm = WarmCalls(service)
        self._service = service
        self._pending: dict[str, tuple[str, int]] = {}
        self._tells: dict[str, str] = {}
        self._made: Counter[str] = Counter()

    def began(self, running: RunningCall) -> None:
        """Nothing to do; see `CallObserver`."""

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """The agent's part of a call is over."""
        pending = self._pending.pop(running.id, None)
        if pending is not None and report.outcome is Outcome.CALLER_HUNG_UP:
            self._service.facts.transfer_over(running.id, pending[1], "caller_left")
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
        self._check_free(running)
        if why := refused(target, tenant):
            raise ToolError(f"{name} cannot be called: the number {why}.")
        if self._made[running.id] == MOST_PER_CALL:
            raise ToolError("Nobody is called any more in this call: offer to take a message.")
        if target.how == "warm":
            document = self.warm.prepare(running, name, summary)
            longest_s, then = self.warm.longest_s(target), Outcome.PHONE_LOST
            n = self.noted(running, name)
        else:
            n = self.noted(running, name)
            inbound = running.direction == "inbound"
            document = self.document(target, tenant, running.caller, f"n={n}", inbound=inbound)
            longest_s, then = target.ring + CONNECT_S, Outcome.TRANSFERRED
        self._leave(running, document, longest_s, then)
        self._pending[running.id] = (name, n)
        self._made[running.id] += 1
        self._service.counters["transfers_begun"] += 1
        _log.info("transfer.begun", target=name, how=target.how)

    def to_voicemail(self, running: RunningCall) -> None:
        """Let the caller speak on a recording once the agent's next words have been heard.

        Raises:
            ToolError: it cannot be.
        """
        self._check_free(running)
        tenant = running.ready.tenant
        document = self.voicemail(tenant, running.id, running.caller.number)
        self._leave(running, document, LEAVE_S, Outcome.VOICEMAIL)

    def send_digits(self, running: RunningCall, digits: str) -> None:
        """Have the carrier dial on the line, once what the agent is saying has been heard.

        The call steps aside for it and comes back by itself; the agent is told nothing then.

        Raises:
            ToolError: it cannot be.
        """
        self._check_free(running)
        document = dial.play_digits(digits, then=self.url(DIALLED_PATH))
        self._tells[running.id] = ""
        self._leave(running, document, DIALLED_S, Outcome.PHONE_LOST, after_words=False)
        self._service.counters["digits_sent"] += 1

    def failed(self, call_id: str, why: str, attempt: int | None = None) -> None:
        """Nobody was reached: the agent is told when the call is back.

        Args:
            attempt: that this is told of; another one is not meant by it. None: the latest.
        """
        pending = self._pending.get(call_id)
        if pending is not None and attempt in {None, pending[1]}:
            del self._pending[call_id]
            name, n = pending
            self._service.counters["transfers_failed"] += 1
            self._tells[call_id] = prompts.NOT_TRANSFERRED.format(name=name, why=why)
            self._service.facts.transfer_over(call_id, n, end_of(why))
            _log.info("transfer.failed", target=name, why=why)

    def tell(self, call_id: str) -> str | None:
        """What the agent is told now that the call is back, once.

        Returns:
            None: nothing, but that the line was gone, if it was long; empty: not even that.
        """
        return self._tells.pop(call_id, None)

    def finish(self, call_id: str, outcome: Outcome) -> None:
        """The agent's part of a call that has stepped aside is over."""
        pending = self._pending.pop(call_id, None)
        if pending is not None and outcome is Outcome.TRANSFERRED:
            self._service.counters["transfers_connected"] += 1
            self._service.facts.transfer_over(call_id, pending[1], "answered")
        elif pending is not None and outcome is Outcome.CALLER_HUNG_UP:
            self._service.facts.transfer_over(call_id, pending[1], "caller_left")
        running = self._service.detached.get(call_id)
        if running is not None:
            running.supervisor.finish(outcome)

    def url(self, path: str) -> str:
        """The address of a path of ours; where there is no public one, the carrier completes it."""
        return (self._service.settings.public_url or "") + path

    def voicemail(self, tenant: Tenant, call_id: str, caller: str | None, say: str = "") -> str:
        """The document that takes a message.

        Args:
            caller: the number, if it is known.
            say: what is heard before the tenant's own words.
        """
        self._service.voicemails.expected(call_id, caller)
        words = f"{say} {tenant.voicemail.say}".strip()
        return voicemail_document(tenant, self.url(""), say=words)

    def noted(self, running: RunningCall, name: str, *, fallback: bool = False) -> int:
        """Note for the record that a caller is passed on; returns the number of this attempt."""
        target = running.ready.tenant.transfers[name]
        since_s = (datetime.now(UTC) - running.began_at).total_seconds()
        attempt = Attempt(
            target=name,
            address=target.to,
            how=target.how,
            fallback=fallback,
            requested_s=round(since_s, 1),
        )
        return self._service.facts.passed_on(running.id, attempt)

    def document(
        self,
        target: Transfer,
        tenant: Tenant,
        caller: Caller,
        query: str,
        *,
        inbound: bool,
        say: str = "",
    ) -> str:
        """The document that connects a caller.

        Args:
            query: of the addresses that the carrier asks about it.
            inbound: the caller called us.
            say: is heard before.
        """
        leg = Leg(target.to, target.headers)
        if target.how == "refer" and caller.sip is not None and not say:
            return dial.refer(leg, action=self.url(f"{REFERRED_PATH}?{query}"))
        theirs = inbound and number_of(caller.number or "") is not None
        return dial.dial(
            leg,
            action=self.url(f"{DONE_PATH}?{query}"),
            ring_s=target.ring,
            time_limit_s=tenant.limits.transferred,
            caller_id=None if theirs or leg.is_sip else own_number(tenant, caller.line),
            progress=self.url(f"{PROGRESS_PATH}?{query}"),
            say=say,
            language=tenant.agent.language or "en-US",
        )

    def _check_free(self, running: RunningCall) -> None:
        """See that the call can step aside now.

        Raises:
            ToolError: it cannot.
        """
        check_line(running)
        if running.id in self._service.after_stream:
            raise ToolError("The caller is being connected already.")
        if running.call.state is not CallState.TALKING:
            raise ToolError("The call is over: it was not done.")
        if running.call.away:
            raise ToolError("The line is broken for a moment: try again.", retryable=True)

    def _leave(
        self,
        running: RunningCall,
        document: str,
        longest_s: float,
        then: Outcome,
        *,
        after_words: bool = True,
    ) -> None:
        self._service.after_stream[running.id] = document
        running.supervisor.step_aside(longest_s, then=then, after_words=after_words)


def check_line(running: RunningCall) -> None:
    """Refuse what only the carrier can do with a call that it does not have.

    Raises:
        ToolError: it does not.
    """
    if running.caller.line is None:
        raise ToolError("This call is on no telephone line: it cannot be passed on.")


def refused(target: Transfer, tenant: Tenant) -> str | None:
    """Why a target is not called; its file was checked, its ranges may have changed since."""
    if is_sip(target.to):
        return None
    return refusal(target.to, NumberPolicy(tenant.limits.transfer_prefixes))


def end_of(why: str) -> TransferEnd:
    """How an attempt has ended, by the words that the agent is told, or by the carrier's."""
    end = ENDS.get(why, why)
    return cast(TransferEnd, end if end in get_args(TransferEnd.__value__) else "failed")
