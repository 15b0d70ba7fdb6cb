"""Text messages that an agent sends: to whom, how many, and what the model is told when not."""

from __future__ import annotations

import re
from collections import Counter

import structlog

from agent.errors import ToolError
from agent.service.twilio_http import CarrierError
from agent.service.twilio_rest import TwilioRest
from agent.telephony.numbers import NumberPolicy, refusal
from agent.tenants.sms import Sms
from agent.tools.results import OUTCOME_UNKNOWN

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_CANNOT_RECEIVE = frozenset({21211, 21408, 21610, 21612, 21614})
"""The carrier's codes: no such number, not reachable from here, or it does not want messages."""

_log = structlog.stdlib.get_logger()


class Messages:
    """The text messages of one call.

    Args:
        rest: the carrier's account; None: there is none.
        sms: what the tenant allows.
        caller: the caller's number, as far as it is known.
        line: the number of ours that the call is on.
        counters: `sms_sent` and `sms_failed` are counted there.
    """

    def __init__(
        self,
        rest: TwilioRest | None,
        sms: Sms,
        caller: str | None,
        line: str | None,
        counters: Counter[str],
    ) -> None:
        self._rest = rest
        self._sms = sms
        self._caller = caller
        self._from = sms.sender or line or ""
        self._counters = counters
        self._sent = 0

    async def send(self, to: str | None, text: str) -> None:
        """Send one; never a second time for what may have been sent already.

        Args:
            to: in international form; None: to the caller.

        Raises:
            ToolError: it was not sent, or nobody knows.
        """
        number = self._recipient(to)
        if self._rest is None or not _E164.fullmatch(self._from):
            raise ToolError("No messages can be sent from here: it was not sent.")
        if self._sent >= self._sms.most:
            raise ToolError(f"Not sent: no more than {self._sms.most} messages in one call.")
        self._sent += 1
        try:
            await self._rest.send_message(number, self._from, text)
        except CarrierError as error:
            self._counters["sms_failed"] += 1
            _log.warning("sms.failed", status=error.status, code=error.code, unclear=error.unclear)
            if not error.unclear:
                self._sent -= 1
            raise _told(error) from None
        self._counters["sms_sent"] += 1
        _log.info("sms.sent", characters=len(text))

    def _recipient(self, to: str | None) -> str:
        caller = self._caller if self._caller and _E164.fullmatch(self._caller) else None
        number = to or caller
        if number is None:
            more = ": ask for a number." if self._sms.to else ", so no message can be sent."
            raise ToolError(f"The caller's number is not known{more}", retryable=bool(self._sms.to))
        if number != caller and not number.startswith(self._sms.to or ("no",)):
            raise ToolError("Not sent: messages may not go to that number.")
        policy = NumberPolicy(() if number == caller else self._sms.to)
        if (why := refusal(number, policy)) is not None:
            raise ToolError(f"Not sent: that {why}.")
        return number


def _told(error: CarrierError) -> ToolError:
    if error.unclear:
        return ToolError(f"The carrier did not answer. {OUTCOME_UNKNOWN}")
    if error.code in _CANNOT_RECEIVE:
        return ToolError("Not sent: that number cannot get messages from us.")
    return ToolError("The carrier did not take the message: it was not sent.", retryable=True)
