"""Calls that agents make, with an account at the carrier and a disk that do as a test says."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from agent.observe.missed import MissedCall
from agent.service.missed import Why
from agent.service.outbound import OutboundCalls
from agent.service.outbound_file import HeldElsewhere, OutboundFile
from agent.service.outbound_order import Order
from agent.service.service import Service
from agent.service.tenant_files import ReadyTenant
from agent.service.twilio_http import CarrierError
from agent.tenants.parse import parse_tenant
from tests.support.virtual_loop import run_virtually

SID, OTHER = "CA" + "1" * 32, "CA" + "2" * 32
EPOCH = 1_795_000_000.0
LINE = "number: +15550100100, to: +1555, hours: {mon-sun: '0:00-24:00'}"
UNCLEAR = CarrierError("no answer", status=502, unclear=True)


class Rest:
    """Notes what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str, dict[str, Any]]] = []
        self.answers: list[str | Exception | float] = []
        self.hung_up: list[str] = []
        self.fails = False

    async def create_call(self, to: str, from_: str, **fields: Any) -> SimpleNamespace:
        self.asked.append((asyncio.get_running_loop().time(), to, fields))
        answer = self.answers.pop(0) if self.answers else SID
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = SID
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(sid=answer)

    async def hang_up(self, sid: str) -> None:
        self.hung_up.append(sid)
        if self.fails:
            raise UNCLEAR


class File:
    """What would be on the disk."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.broken = self.held_elsewhere = False

    async def open(self) -> list[Order]:
        if self.held_elsewhere:
            raise HeldElsewhere("by another process")
        return [replace(order) for order in self.orders.values()]

    async def save(self, order: Order) -> None:
        if self.broken:
            raise sqlite3.OperationalError("disk is full")
        self.orders[order.id] = replace(order)

    async def forget(self, ids: list[str]) -> None:
        if self.broken:
            raise sqlite3.OperationalError("disk is full")
        for id in ids:
            del self.orders[id]

    async def close(self) -> None:
        pass


class Supervisor:
    """Notes what a call under way is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def leave_message(self, text: str, *, to_machine: bool) -> None:
        self.told.append(f"{text} (to a machine)" if to_machine else text)

    def finish(self, outcome: str) -> None:
        self.told.append(outcome)


class Office:
    """A service with one tenant, and its orders.

    Attributes:
        passed_s: how much later it is than the loop's time says.
        missed: calls of which it was told that they never came to the agent.
    """

    def __init__(self, keys: str = "", more: str = "") -> None:
        self.passed_s = 0.0
        text = (
            "tenant: shop\nnumbers: [default]\nagent: {greeting: Hello., instructions: x}\n"
            f"outbound: {{{LINE}{keys}}}\n{more}"
        )
        tenant = parse_tenant(text, "shop.yaml")
        self.ready = cast(ReadyTenant, SimpleNamespace(tenant=tenant))
        self.rest, self.file = Rest(), File()
        self.refusal: str | None = None
        self.announced: list[Any] = []
        self.running: dict[str, Any] = {}
        self.missed: list[tuple[MissedCall, Why, datetime]] = []
        self.service = SimpleNamespace(
            rest=self.rest,
            placed={},
            counters=Counter(),
            settings=SimpleNamespace(tenants=Path("/nowhere")),
            tenants=SimpleNamespace(by_name={"shop": self.ready}),
            refusal=lambda ready: self.refusal,
            call_of=self.running.get,
            running=self.running,
            announced=self._announce,
            missed=SimpleNamespace(missed=self._miss),
        )
        self.again()

    def again(self) -> None:
        """Another process, with the same disk."""
        file = cast(OutboundFile, self.file)
        self.calls = OutboundCalls(cast(Service, self.service), file, self.clock)

    def clock(self) -> float:
        return EPOCH + self.passed_s + asyncio.get_running_loop().time()

    def _miss(
        self, call: MissedCall, ready: ReadyTenant | None, why: Why, ended_at: datetime
    ) -> None:
        assert ready is None or ready.tenant.tenant == call.tenant
        self.missed.append((call, why, ended_at))

    async def _announce(self, ready: object, call_id: str, number: str, about: object) -> None:
        self.announced.append((call_id, number, about))

    async def ask(self, n: int = 1, key: str = "") -> Order:
        order = Order(
            f"o{n}", "shop", f"+1555010{n:04}", "America/New_York", "https://x.example",
            self.clock(), {"name": "Ada"}, key,
        )  # fmt: skip
        return await self.calls.ask(order, self.ready)

    def runs(self, call_id: str = SID) -> Supervisor:
        """This call is under way."""
        supervisor = Supervisor()
        self.running[call_id] = SimpleNamespace(
            supervisor=supervisor, tenant="shop", direction="outbound"
        )
        return supervisor


def at_work(office: Office, work: Callable[[], Awaitable[None]]) -> Office:
    """Do something while calls are made, in virtual time."""

    async def main() -> None:
        async with office.calls.opened():
            await work()

    run_virtually(main())
    return office
