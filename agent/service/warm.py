"""The warm transfers of a service, found by the keys in their addresses."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from agent.errors import ToolError
from agent.service.callers import own_number
from agent.service.running import RunningCall
from agent.service.warm_transfer import PATH, Warm
from agent.telephony.twilio import dial
from agent.telephony.twilio.conference import ASKING_S
from agent.tenants.transfers import Transfer

if TYPE_CHECKING:
    from agent.service.service import Service

MARGIN_S = 60.0
"""For the caller to come and go, beyond what the person is given."""
CLOSE_S = 3.0
MOST = 500


class WarmCalls:
    """The warm transfers of a service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._by_key: OrderedDict[str, Warm] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def prepare(self, running: RunningCall, name: str, summary: str) -> str:
        """Make ready; returns the document that leads the caller into the conference.

        Raises:
            ToolError: nobody can be called.
        """
        rest = self.service.rest
        line = own_number(running.ready.tenant, running.caller.line)
        if rest is None or line is None:
            raise ToolError(f"{name} cannot be called from here.")
        warm = Warm(self, rest, running, name, summary, line)
        self._by_key[warm.key] = warm
        while len(self._by_key) > MOST:
            self._by_key.popitem(last=False)
        return dial.redirect(self.service.transfers.url(f"{PATH}/enter/{warm.key}"))

    def longest_s(self, target: Transfer) -> float:
        """How long the caller may be away from the agent."""
        return target.ring + 2 * ASKING_S + MARGIN_S

    def find(self, key: str) -> Warm | None:
        """The one that an address of ours belongs to."""
        return self._by_key.get(key)

    def ended(self, call_id: str, *, hung_up: bool) -> None:
        """The agent's part of a call is over, whatever its caller waits for."""
        for warm in [warm for warm in self._by_key.values() if warm.running.id == call_id]:
            warm.agent_gone(hung_up=hung_up)

    def forget(self, key: str) -> None:
        """One is over."""
        self._by_key.pop(key, None)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Ask the carrier for something meanwhile."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let the carrier take what it was asked, within limits: the service stops."""
        for warm in self._by_key.values():
            warm.close()
        if tasks := list(self._tasks):
            await asyncio.wait(tasks, timeout=CLOSE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
