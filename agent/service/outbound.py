"""Calls that our agents make: asked for by the API, made in their time, told of by the carrier."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from secrets import token_urlsafe

import structlog
from aiohttp import web

from agent.errors import ConfigError
from agent.service.background import in_background
from agent.service.do_not_call import DoNotCallFiles
from agent.service.outbound_book import OutboundBook
from agent.service.outbound_file import HeldElsewhere, OutboundFile
from agent.service.outbound_news import OutboundNews
from agent.service.outbound_order import Order, OrderState
from agent.service.outbound_rules import (
    NotCalled,
    answered_url,
    longest_s,
    not_called,
    rest_fields,
)
from agent.service.rates import Buckets
from agent.service.service import Service
from agent.service.tenant_files import ReadyTenant
from agent.service.twilio_http import CarrierError

KEEP_S = 24 * 3600.0
"""A key is known for so long after it was used; a call that could not be made by then is not."""
LOOK_S = 5.0
"""So often it is looked whether lines are free again, and whether something was forgotten."""
SHORTEST_S = 0.01
SWEEP_S = 60.0

_log = structlog.stdlib.get_logger()


class OutboundCalls:
    """The orders of a service.

    Args:
        clock: seconds since the epoch.

    Attributes:
        news: what the carrier says of calls is told here.
    """

    def __init__(
        self, service: Service, file: OutboundFile, clock: Callable[[], float] = time.time
    ) -> None:
        self._service = service
        self._book = OutboundBook(file)
        self.news = OutboundNews(service, self._book, clock)
        self._clock = clock
        self._lists = DoNotCallFiles()
        self._rates = Buckets()
        self._held: bool | None = None  # whether the orders are ours; None: not known yet
        service.ringing = lambda: self._book.ringing(clock())

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Make calls while the block runs; what was asked for before goes on.

        Raises:
            ConfigError: the file cannot be used.
        """
        try:
            await self._begin_book()
            async with in_background(self._run(), "outbound.stopped"):
                yield
        finally:
            await self._book.close()

    async def _begin_book(self) -> None:
        """Have the orders, unless another process has them."""
        try:
            await self._book.open()
        except HeldElsewhere:
            if self._held is None:
                _log.warning("outbound.held_elsewhere")
            self._held = False
        else:
            self._held = True
            _log.info("outbound.held")

    # What the API asks.

    def of(self, id: str) -> Order | None:
        """The order of this id, as long as it is remembered."""
        return self._book.of(id)

    def known(self, tenant: str, key: str) -> Order | None:
        """What was asked for under a client's key."""
        return self._book.known(tenant, key)

    async def ask(self, order: Order, ready: ReadyTenant) -> Order:
        """Take an order; returns it, or what was asked for under its key meanwhile.

        Raises:
            NotCalled: it is not taken, and why.
        """
        if not self._held:
            text = "another process with this data folder makes the calls: ask it"
            raise NotCalled(503, "held_elsewhere", text)
        if self._book.full:
            raise NotCalled(429, "too_many", "too many calls have been asked for today")
        await self._check(order, ready)
        if (known := self.known(order.tenant, order.key)) is not None:
            return known
        order.due = order.asked_at
        if not await self._book.add(order):
            raise NotCalled(503, "not_kept", "the order cannot be written down")
        _log.info("outbound.asked", order=order.id, tenant=order.tenant, **{"pii.to": order.to})
        self._book.queue(order)
        return order

    # The work.

    async def _run(self) -> None:
        while not self._held:
            await asyncio.sleep(LOOK_S)
            await self._begin_book()
        swept = self._clock()
        async with asyncio.TaskGroup() as work:
            while True:
                self._book.changed.clear()
                now = self._clock()
                waits_s = [self._begin(name, work, now) for name in self._book.tenants]
                for order in self._book.active():
                    was = order.state
                    if order.give_up(now):
                        _log.warning("outbound.unclear", order=order.id)
                        self.news.never_told(order, was)
                        await self._book.note(order)
                if now >= swept + SWEEP_S:
                    swept = now
                    await self._book.forget_done(now - KEEP_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(SHORTEST_S, min([*waits_s, LOOK_S]))):
                        await self._book.changed.wait()

    def _begin(self, name: str, work: asyncio.TaskGroup, now: float) -> float:
        """Begin what is due of one tenant, as far as its limits allow.

        Returns:
            When to look again, in seconds.
        """
        ready = self._service.tenants.by_name.get(name)
        while self._book.due_in(name, now) <= 0:
            wait_s = self._blocked_s(name, ready, now)
            if wait_s > 0:
                return wait_s
            order = self._book.pop(name)
            if order is None:
                continue
            if ready is None or ready.tenant.outbound is None:
                order.refused("unknown_tenant")
                work.create_task(self._book.note(order))
            else:
                self._book.takes_line(order)
                work.create_task(self._placed(order, ready))
        return self._book.due_in(name, now)

    def _blocked_s(self, name: str, ready: ReadyTenant | None, now: float) -> float:
        """How long this tenant can make no further call, as far as is known; 0: it can."""
        if ready is None or ready.tenant.outbound is None:
            return 0.0
        if self._service.refusal(ready) is not None:
            return LOOK_S
        outbound = ready.tenant.outbound
        lines, calls = self._book.lines(name), self._service.running.values()
        others = sum(call.tenant == name and call.direction == "inbound" for call in calls)
        if lines >= outbound.concurrent or lines + others >= ready.tenant.limits.concurrent:
            return LOOK_S
        bucket = self._rates.of(name, 1, outbound.per_second, now)
        return 0.0 if bucket.take(now) else bucket.wait_s(now)

    async def _placed(self, order: Order, ready: ReadyTenant) -> None:
        """Have the carrier make a call; an error of ours ends this order and no other."""
        try:
            await self._place(order, ready)
        except Exception:
            _log.exception("outbound.crashed", order=order.id)
            if order.state is OrderState.PLACING:
                order.unclear()
            else:
                order.refused("failed")
            await self._book.note(order)

    async def _place(self, order: Order, ready: ReadyTenant) -> None:
        """Have the carrier make a call, once."""
        outbound, rest = ready.tenant.outbound, self._service.rest
        if outbound is None or rest is None:
            order.refused("no_account")
            await self._book.note(order)
            return
        try:
            if self._clock() > order.asked_at + KEEP_S:
                raise NotCalled(422, "too_late", "it was asked for a day ago")
            await self._check(order, ready)
        except NotCalled as reason:
            if reason.until is not None:
                order.due = reason.until
            else:
                order.refused(reason.code)
            await self._book.note(order)
            return
        order.place(outbound.ring, self._clock())
        if not await self._book.note(order):
            order.held_back(self._clock())
            self._book.released(order)
            return
        longest = longest_s(ready.tenant)
        try:
            call = await rest.create_call(
                order.to,
                outbound.number,
                url=answered_url(order),
                time_limit_s=round(longest),
                **rest_fields(outbound, order),
            )
        except CarrierError as error:
            self._not_placed(order, error)
        else:
            order.placed(call.sid, longest, self._clock())
            self._service.counters["outbound_placed"] += 1
            _log.info("outbound.placed", order=order.id, call=call.sid)
        await self._book.note(order)

    def _not_placed(self, order: Order, error: CarrierError) -> None:
        self._service.counters["outbound_not_placed"] += 1
        _log.warning("outbound.not_placed", order=order.id, status=error.status, code=error.code,
                     unclear=error.unclear)  # fmt: skip
        if error.unclear:
            order.unclear()
        elif error.status in {None, 429}:
            order.held_back(self._clock())
        elif order.state is OrderState.PLACING:
            order.refused("refused_by_carrier", error.code)

    async def _check(self, order: Order, ready: ReadyTenant) -> None:
        """See whether the called may be called now.

        Raises:
            NotCalled: see there.
        """
        outbound = ready.tenant.outbound
        listed = None
        if outbound is not None and outbound.do_not_call is not None:
            path = self._service.settings.tenants / outbound.do_not_call
            try:
                listed = await self._lists.read(path)
            except ConfigError as error:
                _log.error("outbound.no_list", tenant=order.tenant, problem=str(error))
                raise NotCalled(503, "no_list", "the do-not-call list cannot be read") from None
        reason = not_called(
            outbound, order.to, order.zone, listed, datetime.fromtimestamp(self._clock(), UTC)
        )
        if reason is not None:
            raise reason


outbound_key = web.AppKey("outbound", OutboundCalls)


def new_order_id() -> str:
    """One that nobody can guess."""
    return token_urlsafe(16)
