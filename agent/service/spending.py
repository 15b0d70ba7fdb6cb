"""The money of all calls by tenant and day: what is spent, what will be, what is done about it.

A call's money belongs to the day on which it began, by the clock of its tenant. Every few seconds
the running calls are looked at: what they cost so far is written down, so that a crash forgets no
more than that, and tenants whose day is spent have their agents say good-bye.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import structlog

from agent.call.cost import MICRO, CallPrices
from agent.call.report import CallReport
from agent.gemini.models import Surface
from agent.observe.prices import Direction, PriceTable
from agent.service.background import in_background
from agent.service.running import RunningCall
from agent.service.spending_file import SpendingFile, SpentCall, Totals
from agent.service.tenant_files import ReadyTenant
from agent.tenants.tenant import Tenant

LOOK_S = 5.0
"""So often running calls are looked at."""
SAMPLE_S = 60.0
SAMPLES = 60
"""The present rate is that of the last hour, or of the day while it is younger."""

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """One tenant's money on one day, in US dollars.

    Attributes:
        day: as 2026-11-21, by the tenant's clock.
        spent: by calls that began on it, those that run included.
        forecast: what will be spent by the end of the day at the rate of the last hour.
        limit: None: there is none.
    """

    day: str
    spent: Decimal
    forecast: Decimal
    limit: Decimal | None

    @property
    def reached(self) -> bool:
        """Whether the day's money is spent."""
        return self.limit is not None and self.spent >= self.limit


@dataclass(slots=True)
class _Entry:
    """One call: running, or over and not yet written down."""

    running: RunningCall | None
    micro: int = 0
    saved: int = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left to be written down of it."""
        return self.running is None and self.saved == self.micro

    def look(self, now: float) -> int:
        """What it costs now, in millionths of a dollar."""
        if self.running is not None:
            self.micro = _micro(self.running.call.spent(now))
        return self.micro


@dataclass(slots=True)
class _Day:
    """What was seen of one tenant's day."""

    warned: bool = False
    reached: bool = False
    samples: deque[tuple[datetime, int]] = field(default_factory=lambda: deque(maxlen=SAMPLES))


class Spending:
    """Watches the calls of a service, as an observer of them.

    Args:
        prices: of model and carrier.
        surface: where the model is bought.
        file: where it is kept.
        clock: the wall's, in UTC.

    Attributes:
        failures: times that the file could not be used; until it can, memory has to do.
    """

    def __init__(
        self,
        prices: PriceTable,
        surface: Surface,
        file: SpendingFile,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.failures = 0
        self._prices = prices
        self._surface = surface
        self._file = file
        self._clock = clock
        self._totals: Totals = {}
        self._entries: dict[tuple[str, str], dict[str, _Entry]] = {}  # by tenant and day
        self._days: dict[tuple[str, str], _Day] = {}

    # The calls.

    def prices_of(
        self, tenant: Tenant, model: str, direction: Direction, other_side: str | None
    ) -> CallPrices:
        """What one call is billed by.

        Args:
            model: its id on the wire.
            other_side: the number at the other end.
        """
        number = _own_number(tenant) if direction == "inbound" else other_side
        return self._prices.of(model, self._surface, direction, number)

    def began(self, running: RunningCall) -> None:
        """See `CallObserver`."""
        tenant = running.ready.tenant
        entries = self._entries.setdefault((tenant.tenant, _day(tenant, running.began_at)), {})
        entries[running.stream_id] = _Entry(running)

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """See `CallObserver`."""
        tenant = running.ready.tenant
        entry = self._entries[tenant.tenant, _day(tenant, running.began_at)][running.stream_id]
        entry.running, entry.micro = None, _micro(report.cost.total)

    # The money.

    def refuses(self, ready: ReadyTenant) -> bool:
        """Whether this tenant's day is spent, so that no further call is taken."""
        limit = ready.tenant.spending.per_day
        return limit is not None and self.standing(ready.tenant).reached

    @property
    def tenants(self) -> set[str]:
        """Those whose calls have cost anything of late."""
        return {tenant for tenant, _ in (*self._totals, *self._entries)}

    def standing(self, tenant: Tenant) -> Standing:
        """One tenant's money today."""
        now = self._clock()
        day = _day(tenant, now)
        micro = self._spent(tenant.tenant, day)
        ahead = _rate(self._days.get((tenant.tenant, day)), now, micro) * _left_s(tenant, now)
        return Standing(
            day, _dollars(micro), _dollars(micro + round(ahead)), tenant.spending.per_day
        )

    def check_prices(self, tenants: Iterable[ReadyTenant]) -> None:
        """Warn of tenants whose limits rest on prices that nobody has confirmed."""
        guessed = [
            ready.tenant.tenant
            for ready in tenants
            if (ready.tenant.spending.per_call or ready.tenant.spending.per_day)
            and not self.prices_of(ready.tenant, ready.tenant.agent.model, "inbound", None).exact
        ]
        if guessed:
            _log.warning("prices.not_exact", tenants=guessed)

    # In the background.

    @asynccontextmanager
    async def kept(self, tenants: Iterable[ReadyTenant] = ()) -> AsyncIterator[None]:
        """Watch the calls while the block runs; at its end all is written down.

        Raises:
            ConfigError: what was spent before cannot be read.
        """
        await self._file.open()
        try:
            await self.look()
            self.check_prices(tenants)
            async with in_background(self._watch(), "spending.stopped"):
                yield
            await self.look()
        finally:
            await self._file.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Write down what running calls cost, and act where a day is spent."""
        await self._save()
        for (name, day), entries in self._entries.items():
            running = [entry.running for entry in entries.values() if entry.running is not None]
            if running:
                self._act(name, day, running)

    async def _save(self) -> None:
        now = asyncio.get_running_loop().time()
        calls = [
            SpentCall(stream, tenant, day, micro)
            for (tenant, day), entries in self._entries.items()
            for stream, entry in entries.items()
            if (micro := entry.look(now)) != entry.saved
        ]
        since = (self._clock().date() - timedelta(days=2)).isoformat()
        try:
            self._totals = await self._file.exchange(calls, since)
        except (sqlite3.Error, OSError) as error:
            self.failures += 1
            _log.error("spending.failed", failures=self.failures, exc_info=error)
            return
        for call in calls:
            self._entries[call.tenant, call.day][call.call].saved = call.micro_usd
        self._entries = {
            key: kept
            for key, entries in self._entries.items()
            if (kept := {stream: entry for stream, entry in entries.items() if not entry.done})
        }
        self._days = {key: seen for key, seen in self._days.items() if key[1] >= since}

    def _act(self, name: str, day: str, running: Sequence[RunningCall]) -> None:
        tenant = running[-1].ready.tenant
        micro, now = self._spent(name, day), self._clock()
        seen = self._days.setdefault((name, day), _Day())
        if not seen.samples or (now - seen.samples[-1][0]).total_seconds() >= SAMPLE_S:
            seen.samples.append((now, micro))
        limit = tenant.spending.per_day
        if limit is None:
            return
        said = {"tenant": name, "day": day, "usd": str(_dollars(micro)), "limit_usd": str(limit)}
        if not seen.warned and _dollars(micro) >= limit * tenant.spending.warn_at:
            seen.warned = True
            _log.warning("spending.warned", **said)
        if _dollars(micro) >= limit:
            if not seen.reached:
                seen.reached = True
                _log.warning("spending.reached", **said)
            if tenant.spending.on_day_limit == "wrap_up":
                for call in running:
                    call.supervisor.wrap_up()

    def _spent(self, tenant: str, day: str) -> int:
        now = asyncio.get_running_loop().time()
        entries = self._entries.get((tenant, day), {}).values()
        unsaved = sum(entry.look(now) - entry.saved for entry in entries)
        return self._totals.get((tenant, day), 0) + unsaved


def _micro(money: Decimal) -> int:
    return int(money / MICRO)


def _dollars(micro: int) -> Decimal:
    return micro * MICRO


def _day(tenant: Tenant, at_utc: datetime) -> str:
    return at_utc.astimezone(tenant.hours.timezone).date().isoformat()


def _left_s(tenant: Tenant, now: datetime) -> float:
    """Seconds until the tenant's day is over; a day in which clocks change is not 24 hours long."""
    zone = tenant.hours.timezone
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, datetime.min.time(), zone)
    return (midnight.astimezone(UTC) - now).total_seconds()


def _rate(seen: _Day | None, now: datetime, micro: int) -> float:
    """Millionths of a dollar a second, of late."""
    if seen is None:
        return 0.0
    hour = SAMPLES * SAMPLE_S
    for at, before in seen.samples:
        ago_s = (now - at).total_seconds()
        if ago_s <= hour:
            return (micro - before) / max(SAMPLE_S, ago_s)
    return 0.0


def _own_number(tenant: Tenant) -> str | None:
    """A number of the tenant's, to know its country; of a beginning of numbers, one that fits."""
    numbers = sorted(tenant.numbers, key=lambda number: number.endswith("*"))
    number = next((number for number in numbers if number.startswith("+")), None)
    return None if number is None else number.rstrip("*").ljust(12, "0")
