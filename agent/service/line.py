"""The telephone line of one call, for the built-in tools that do something with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ToolError
from agent.service.running import Caller, RunningCall
from agent.service.sms import Messages
from agent.service.tenant_files import ReadyTenant
from agent.tenants.tools import BuiltinTool

if TYPE_CHECKING:
    from agent.service.service import Service

OVER = "The call is over: it was not done."


class Line:
    """One call's; a `agent.tools.control.CallControl`."""

    def __init__(self, service: Service, ready: ReadyTenant, call_id: str, caller: Caller) -> None:
        self._service = service
        self._tenant = ready.tenant
        self._call_id = call_id
        self._messages = Messages(
            service.rest, ready.tenant.sms, caller.number, caller.line, service.counters
        )

    async def transfer(self, target: str, summary: str) -> None:
        """See `CallControl`."""
        self._service.transfers.begin(self._running(), target, summary)

    async def voicemail(self) -> None:
        """See `CallControl`."""
        self._service.transfers.to_voicemail(self._running())

    async def send_sms(self, to: str | None, text: str) -> None:
        """See `CallControl`."""
        await self._messages.send(to, text)

    async def send_digits(self, digits: str) -> None:
        """See `CallControl`."""
        running = self._running()
        tools = [tool for tool in self._tenant.tools if isinstance(tool, BuiltinTool)]
        by_carrier = any(tool.builtin == "send_digits" and tool.by == "carrier" for tool in tools)
        if by_carrier and running.caller.line is not None:
            self._service.transfers.send_digits(running, digits)
        else:
            running.supervisor.dial(digits)

    def _running(self) -> RunningCall:
        running = self._service.call_of(self._call_id)
        if running is None:
            raise ToolError(OVER)
        return running
