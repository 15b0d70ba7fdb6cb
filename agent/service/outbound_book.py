"""The orders of a service in memory, and on the disk behind it."""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
from collections import Counter, defaultdict
from math import inf

import structlog

from agent.service.outbound_file import OutboundFile
from agent.service.outbound_order import Order, OrderState

MOST_ORDERS = 20_000

_log = structlog.stdlib.get_logger()


class OutboundBook:
    """Finds orders by what is asked of them.

    Attributes:
        changed: an order may be due, or a line free, that was not before.
        failures: times that the file could not be used.
    """

    def __init__(self, file: OutboundFile) -> None:
        self.changed = asyncio.Event()
        self.failures = 0
        self._file = file
        self._orders: dict[str, Order] = {}
        self._by_key: dict[tuple[str, str], Order] = {}
        self._lines: dict[str, set[str]] = defaultdict(set)  # ids of orders, by tenant
        self._waiting: dict[str, list[tuple[float, str]]] = {}  # heaps, by tenant

    async def open(self) -> None:
        """Read what was asked for before.

        Raises:
            HeldElsewhere: another process has the orders.
            ConfigError: the file cannot be used.
        """
        for order in await self._file.open():
            order.found_after_restart()
            self._remember(order)
            if order.active:
                self.takes_line(order)
            self.queue(order)

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    @property
    def full(self) -> bool:
        """Whether no further order can be remembered."""
        return len(self._orders) >= MOST_ORDERS

    @property
    def tenants(self) -> list[str]:
        """Whose orders may wait."""
        return list(self._waiting)

    def of(self, id: str) -> Order | None:
        """The order of this id."""
        return self._orders.get(id)

    def known(self, tenant: str, key: str) -> Order | None:
        """What was asked for under a client's key."""
        return self._by_key.get((tenant, key)) if key else None

    async def add(self, order: Order) -> bool:
        """Take a new order; returns whether it is on the disk: else it is not taken."""
        self._remember(order)  # at once: the same key may come again
        if await self._save(order):
            return True
        self._forget(order)
        return False

    async def note(self, order: Order) -> bool:
        """Write down how an order stands; returns whether that could be done."""
        if not order.active:
            self.released(order)
        return await self._save(order)

    # Lines and time.

    def takes_line(self, order: Order) -> None:
        """One of its tenant's lines is this order's."""
        self._lines[order.tenant].add(order.id)

    def released(self, order: Order) -> None:
        """The line is free again; an order that waits is in the queue."""
        self._lines[order.tenant].discard(order.id)
        self.queue(order)
        self.changed.set()

    def lines(self, tenant: str) -> int:
        """How many a tenant uses."""
        return len(self._lines[tenant])

    def ringing(self, now: float) -> Counter[str]:
        """How many calls of each tenant may be answered any moment."""
        return Counter(order.tenant for order in self.active() if order.rings(now))

    def active(self) -> list[Order]:
        """The orders that have a line."""
        return [self._orders[id] for ids in self._lines.values() for id in ids]

    def queue(self, order: Order) -> None:
        """An order that waits is to be looked at when it is due."""
        if order.state is OrderState.WAITING:
            heapq.heappush(self._waiting.setdefault(order.tenant, []), (order.due, order.id))
            self.changed.set()

    def due_in(self, tenant: str, now: float) -> float:
        """In how many seconds the first of a tenant's orders is due; `inf`: there is none."""
        heap = self._waiting[tenant]
        return heap[0][0] - now if heap else inf

    def pop(self, tenant: str) -> Order | None:
        """The first of them, which leaves the queue; None: it is under way, or gone, already."""
        order = self._orders.get(heapq.heappop(self._waiting[tenant])[1])
        if order is None or order.state is not OrderState.WAITING:
            return None
        return None if order.id in self._lines[tenant] else order

    # Memory and disk.

    async def forget_done(self, asked_before: float) -> None:
        """Forget what is done and was asked for before that."""
        old = [
            order
            for order in self._orders.values()
            if order.state is OrderState.DONE and order.asked_at < asked_before
        ]
        for order in old:
            self._forget(order)
        if not old:
            return
        try:
            await self._file.forget([order.id for order in old])
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def _remember(self, order: Order) -> None:
        self._orders[order.id] = order
        if order.key:
            self._by_key[order.tenant, order.key] = order

    def _forget(self, order: Order) -> None:
        del self._orders[order.id]
        self._by_key.pop((order.tenant, order.key), None)

    async def _save(self, order: Order) -> bool:
        try:
            await self._file.save(order)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            return False
        return True

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        _log.error("outbound.not_kept", failures=self.failures, exc_info=error)
