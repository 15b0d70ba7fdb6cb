"""The media sockets that the carrier opens: whose call each one is, and whether it is taken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from agent.observe.logs import call_bound
from agent.service.continuation import attempt_in
from agent.service.opening import Opening, read_opening
from agent.service.phone_link import PhoneLink
from agent.service.running import RunningCall
from agent.service.sockets import NORMAL_CLOSURE, PhoneSocket, close
from agent.telephony.leg import Started
from agent.telephony.twilio.ticket import Verdict

if TYPE_CHECKING:
    from agent.service.lives import Lives
    from agent.service.service import Service

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013

_log = structlog.stdlib.get_logger()


class MediaSockets:
    """Those of one service."""

    def __init__(self, service: Service, lives: Lives) -> None:
        self._service = service
        self._lives = lives

    async def answer(self, phone: PhoneSocket, *, ticketed: bool) -> None:
        """Take a media socket from its upgrade to its close; never raises for what a peer does.

        Args:
            ticketed: its `start` must bring the ticket that the webhook gave out for this call.
        """
        opening = await read_opening(phone)
        if isinstance(opening, str):
            await self._refuse(phone, opening, POLICY_VIOLATION)
            return
        if not opening.started.call_id:  # calls are known by it
            await self._refuse(phone, "no_call_id", POLICY_VIOLATION)
            return
        if ticketed and not self._service.is_our_account(opening.started.account_id):
            await self._refuse(phone, "account", POLICY_VIOLATION)
            return
        if ticketed and (worth := self._worth_of(opening.started)) is not Verdict.VALID:
            await self._refuse(phone, worth.value, POLICY_VIOLATION)
            return
        name = opening.started.parameters.get("tenant", "")
        ready = self._service.tenants.by_name.get(name)
        if ready is not None and ready.tenant.lookup and self._service.settings.insecure_local:
            await self._service.announced_by_itself(ready, opening.started)
        if (running := self._service.call_of(opening.started.call_id)) is not None:
            with call_bound(running.tenant, running.id):
                await self._reattach(running, phone, opening, name)
            return
        if ready is None:
            await self._refuse(phone, "unknown_tenant", POLICY_VIOLATION)
            return
        if (reason := self._service.refusal(ready)) is not None:
            await self._refuse(phone, reason, TRY_AGAIN_LATER)
            return
        with call_bound(ready.tenant.tenant, opening.started.call_id):
            running = self._lives.begin(phone, ready, opening, ticketed=ticketed)
            await self._until_over(running, running.supervisor.link, opening.started)

    async def _reattach(
        self, running: RunningCall, phone: PhoneSocket, opening: Opening, tenant: str
    ) -> None:
        """The same call on another socket; the newest one counts (docs/protocols/twilio.md R22)."""
        if tenant != running.tenant:
            await self._refuse(phone, "unknown_tenant", POLICY_VIOLATION)
            return
        tell = self._service.transfers.tell(running.id)
        link = running.supervisor.reattach(phone, opening.texts, tell)
        if link is None:
            await self._refuse(phone, "call_over", NORMAL_CLOSURE)
            return
        self._service.counters["reattached"] += 1
        _log.info("call.reattached", stream_id=opening.started.stream_id)
        await self._until_over(running, link, opening.started)

    async def _until_over(self, running: RunningCall, link: PhoneLink, started: Started) -> None:
        """Keep the socket for as long as the call wants it."""
        clock = asyncio.get_running_loop().time
        began = clock()
        await link.over.wait()
        attempt = attempt_in(started.parameters.get("attempt", ""))
        self._service.attempts.stream_over(running.id, attempt, clock() - began)

    def _worth_of(self, started: Started) -> Verdict:
        """What the ticket of a stream is worth; it is spent by this."""
        given = started.parameters
        now = asyncio.get_running_loop().time()
        ticket, tenant = given.get("ticket", ""), given.get("tenant", "")
        return self._service.tickets.redeem(ticket, started.call_id, tenant, now)

    async def _refuse(self, phone: PhoneSocket, reason: str, code: int) -> None:
        self._service.counters[f"refused_{reason}"] += 1
        _log.warning("call.refused", reason=reason)
        await close(phone, code)
