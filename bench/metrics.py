"""What watching costs: `python -m bench.metrics [--calls N] [--tenants N]`.

So many calls run, each with twenty turns billed, and as many have ended. Timed are a scrape of all
series, the part of it that runs on the event loop, the longest piece of that part between two
breaks, a look at the day's money with its file, and what a call costs when it is over. While
scrapes are written in their thread the loop wakes every millisecond and notes how late it is: that
is what a running call would feel. The same is noted while nobody asks, since a shared machine is
late by itself.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from rich.console import Console
from rich.table import Table

from agent.call.core import Call, CallPlan
from agent.call.report import CallReport
from agent.cli.runtime import loop_factory
from agent.cli.serve import GC_THRESHOLD, SWITCH_S
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.usage import Usage
from agent.observe.metrics import Metrics
from agent.observe.prices import read_prices
from agent.service.metrics import now_series
from agent.service.reload import breathe
from agent.service.running import RunningCall
from agent.service.service import Service
from agent.service.spending import Spending
from agent.service.spending_file import FILE_NAME, SpendingFile
from agent.service.tenant_files import ReadyTenant
from agent.telephony.twilio.stream import MediaStream
from agent.tenants.tenant import Tenant
from bench.reload import beside

MODEL, NUMBER, TURNS, TIMES = "gemini-3.8-live", "+15550100100", 20, 50


class Watched:
    """A service of which only that is real which is watched."""

    def __init__(self, folder: Path, calls: int, tenants: int) -> None:
        prices = read_prices(None)
        self.spending = Spending(prices, "developer", SpendingFile(folder / FILE_NAME))
        self.metrics = Metrics()
        self._plan = CallPlan("t", prices=prices.of(MODEL, "developer", "inbound", NUMBER))
        self._setup = build_setup(SetupOptions(model=MODEL))
        owners = [_owner(n) for n in range(tenants)]
        self.running = {f"MZ{n}": self._call(n, owners[n % tenants]) for n in range(calls)}
        store = SimpleNamespace(
            tool_counters={"http": Counter(requests=4), "mcp": Counter()},
            current=SimpleNamespace(by_name={owner.tenant.tenant: owner for owner in owners}),
            refused=(),
            generation=1,
        )
        self._service = cast(
            Service,
            SimpleNamespace(
                running=self.running,
                counters=Counter(answered=calls, refused_spent=2, crashed=1),
                settings=SimpleNamespace(calls=calls),
                draining=False,
                tenant_store=store,
                tenants=store.current,
                spending=self.spending,
            ),
        )

    def _call(self, number: int, owner: ReadyTenant) -> RunningCall:
        session = LiveSession(self._setup, profile_for(MODEL, "developer"))
        plan = replace(self._plan, tenant=owner.tenant.tenant)
        call = Call(plan, MediaStream(), session, time.monotonic())
        for turn in range(TURNS):
            call._facts.meter.used(
                Usage(
                    prompt_tokens=1000 + 375 * turn,
                    response_tokens=150,
                    thoughts_tokens=9,
                    prompt_by_modality={"TEXT": 800, "AUDIO": 190 + 375 * turn},
                    response_by_modality={"AUDIO": 150},
                )
            )
            call._facts.meter.turn_over()
        made = SimpleNamespace(
            ready=owner,
            tenant=owner.tenant.tenant,
            stream_id=f"MZ{number}",
            began_at=datetime.now(UTC),
            call=call,
        )
        return cast(RunningCall, made)

    def report(self, running: RunningCall) -> CallReport:
        return running.call.report(time.monotonic())

    def on_the_loop(self) -> list[float]:
        """How long each piece of what a scrape does on the loop takes."""
        series = now_series(self._service, [], self.metrics)
        took: list[float] = []
        while True:
            began = time.perf_counter()
            try:
                series.send(None)  # to its next break
            except StopIteration:
                return took
            finally:
                took.append(time.perf_counter() - began)

    async def scrape(self) -> bytes:
        now = await now_series(self._service, [], self.metrics)
        return await asyncio.to_thread(self.metrics.text, now, breathe)


def _owner(number: int) -> ReadyTenant:
    tenant = Tenant.model_validate(
        {"tenant": f"t{number}", "numbers": [NUMBER], "agent": {"instructions": "Be kind."}}
    )
    return cast(ReadyTenant, SimpleNamespace(tenant=tenant))


def timed(work: Callable[[], object], times: int = TIMES) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return took


async def timed_async(work: Callable[[], Awaitable[object]], times: int = TIMES) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        took.append(time.perf_counter() - began)
    return took


async def idle() -> list[float]:
    await asyncio.sleep(2.0)
    return []


async def measure(folder: Path, calls: int, tenants: int) -> None:
    watched = Watched(folder, calls, tenants)
    spending, metrics = watched.spending, watched.metrics
    async with spending.kept():
        for running in watched.running.values():
            spending.began(running)
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 50)  # as the service has it
        reports = [watched.report(running) for running in watched.running.values()]
        ended = [timed(partial(metrics.call_ended, report, ()), 1)[0] for report in reports]
        rows = [("a call that is over", ended)]
        text = await watched.scrape()
        pieces = [watched.on_the_loop() for _ in range(TIMES)]
        rows.append(("a scrape, on the loop", [sum(took) for took in pieces]))
        rows.append(("its longest piece", [max(took) for took in pieces]))
        _, alone = await beside(idle)
        took, late = await beside(partial(timed_async, watched.scrape))
        rows.append(("a scrape, all of it", took))
        rows.append(("a look at the money, with its file", await timed_async(spending.look)))
        show(rows, f"{calls} calls of {tenants} tenants, {len(text) / 1024:.0f} KiB of text")
        for name, values in (("nobody asks", alone), ("scrapes without a pause", late)):
            values.sort()
            most, worst = values[len(values) * 99 // 100] * 1000, values[-1] * 1000
            print(
                f"the loop, while {name}: 99 of 100 at most {most:.1f} ms late, worst {worst:.1f}"
            )
        for running, report in zip(watched.running.values(), reports, strict=True):
            spending.ended(running, report)


def show(rows: list[tuple[str, list[float]]], title: str) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("", "median", "worst"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, took in rows:
        table.add_row(
            name, f"{statistics.median(took) * 1000:.2f} ms", f"{max(took) * 1000:.2f} ms"
        )
    Console(width=100, highlight=False).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--tenants", type=int, default=20)
    arguments, _ = parser.parse_known_args()
    sys.setswitchinterval(SWITCH_S)
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=loop_factory()) as runner,
    ):
        runner.run(measure(Path(folder), arguments.calls, arguments.tenants))


if __name__ == "__main__":
    main()
