"""The console with a full house: `python -m bench.console [--live N] [--past N] [--seconds S]`.

The service holds N calls of the past in SQLite and N running ones, whose timelines and sound are
written at the pace of real talk by a task beside it. Measured are the answers to questions for
past calls, as a browser gets them over HTTP; what a further viewer of the live feed costs the
service's process, which is the difference that viewers in another process make to its processor
time; and how soon the page can be used in Debian's Chromium, where there is one.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent.audio import mulaw
from agent.call.timeline import Timeline
from agent.cli.runtime import loop_factory
from agent.observe.record_schema import CallRecord, Cost, Turn
from agent.store.store import Store
from bench.store import fill
from tests.service.console_house import Desk, desk
from tests.service.live_calls import Talk

BEGAN = datetime(2026, 11, 21, tzinfo=UTC)
QUESTIONS = (
    ("newest", ""),
    ("a tenant's", "tenant=tenant-7"),
    ("a number's", "number=%2B15550000077"),
    ("by outcome", "outcome=model_lost"),
    ("by a word of every call", "words=thursday"),
    ("by two, one of them of every call", "words=lobster%20thursday"),
    ("by a beginning of five letters", "words=thurs*"),
    ("of one day", "since=2026-11-10T00:00:00Z&until=2026-11-11T00:00:00Z"),
)
TIMES = 30
VIEWERS = 10
FRAME_S = 0.02
SPOKEN = mulaw.encode(mulaw.decode(bytes(range(160))))

VIEWER = """
import asyncio, sys, aiohttp
async def view(url):
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        await ws.send_str('{"list": true}')
        async for _ in ws:
            pass
async def main(url, n):
    await asyncio.gather(*(view(url) for _ in range(n)))
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def record(n: int) -> CallRecord:
    """One call of the past; what is asked for is rare, as it is in life."""
    began = BEGAN - timedelta(seconds=20 * n)
    said = "A table for two on Thursday." if n % 500 else "Have you lobster on Thursday?"
    return CallRecord(
        call_id=f"CA{n:032x}",
        tenant=f"tenant-{n % 50}",
        caller=f"+1555{n % 10_000:07}",
        began_at=began,
        ended_at=began + timedelta(minutes=2),
        outcome="caller_hung_up" if n % 200 else "model_lost",
        duration_s=120.0,
        turns=4,
        cost=Cost(total=Decimal("0.0312"), prices_dated="2026-11-21"),
        conversation=(
            Turn(number=1, began_s=1.0, answers_caller=True, caller_text=said, agent_text="Yes."),
        ),
    )


class Talks:
    """Calls that go on: sound all the time, words now and then."""

    def __init__(self, n: int) -> None:
        self.talks = [Talk(f"CA{k}", f"+1555{k:07}") for k in range(n)]

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        began, beat = loop.time(), 0
        while True:
            beat += 1
            for k, talk in enumerate(self.talks):
                if (tap := talk.call.tap) is not None:
                    tap.caller(SPOKEN)
                    if beat % 5 == 0:
                        tap.agent(SPOKEN * 5, 0.0)
                if (beat + k) % 150 == 0:  # a sentence every three seconds
                    self._words(talk, loop.time() - began, beat)
            await asyncio.sleep(began + beat * FRAME_S - loop.time())

    def _words(self, talk: Talk, t: float, beat: int) -> None:
        timeline = talk.call.timeline
        if len(timeline) > 4000:
            talk.call.timeline = Timeline(0.0)
        talk.add(t, "agent.audio_started", id=str(beat), turn=beat, latency_s=0.7)
        talk.add(t, "agent.said", turn=beat, pii_text="We are open from Tuesday to Sunday.")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        answers_ms: the median and the 95th percentile by question.
        first_share: of a core, for the first viewer; further_share: for each one more.
        page_s: until the page can be used; None without a browser.
    """

    answers_ms: dict[str, tuple[float, float]]
    first_share: float
    further_share: float
    page_s: float | None


async def answers(home: Desk) -> dict[str, tuple[float, float]]:
    """How long questions take, over HTTP."""
    found = {}
    for name, query in QUESTIONS:
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            response = await home.ask("GET", f"/api/calls?{query}")
            took.append(1000 * (time.perf_counter() - began))
            assert response.status == 200
        found[name] = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    return found


@asynccontextmanager
async def viewers(url: str, n: int) -> AsyncIterator[None]:
    """So many viewers, in a process of their own."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", VIEWER, url, str(n))
    try:
        await asyncio.sleep(1.5)
        yield
    finally:
        process.terminate()
        await process.wait()


async def share(url: str, n: int, seconds: float) -> float:
    """How much of a core this process uses with so many viewers."""
    if not n:
        return await _share(seconds)
    async with viewers(url, n):
        return await _share(seconds)


async def _share(seconds: float) -> float:
    began, used = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - used) / (time.perf_counter() - began)


async def page_s(origin: str, rows: int) -> float | None:
    """How soon the page can be used: signed in, connected, all rows there; the second visit."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return None
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        flags = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = await driver.chromium.launch(executable_path=chromium, args=flags)
        page = await browser.new_page()
        took = []
        for _ in range(5):
            await page.goto("about:blank")
            began = time.perf_counter()
            await page.goto(f"{origin}/console/")
            await page.wait_for_selector(f"#live-rows tr:nth-child({rows})")
            took.append(time.perf_counter() - began)
        await browser.close()
    return statistics.median(took)


async def measured(folder: Path, live: int, past: int, seconds: float) -> Figures:
    store = Store(f"sqlite:///{folder}/calls.sqlite3")
    await fill(store, past, record)
    talks = Talks(live)
    async with desk(folder, store=store) as home:
        found = await answers(home)
        for talk in talks.talks:
            home.service.running[talk.running.id] = talk.running
        task = asyncio.create_task(talks.run())
        url = f"{home.origin.replace('http', 'ws')}/api/live"
        without = await share(url, 0, seconds)
        one = await share(url, 1, seconds)
        many = await share(url, VIEWERS, seconds)
        page = await page_s(home.origin, live)
        task.cancel()
        home.service.running.clear()
    return Figures(found, one - without, (many - one) / (VIEWERS - 1), page)


def show(figures: Figures, live: int, past: int) -> None:
    table = Table(title=f"console: {live} live calls, {past:,} past ones", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, (median, worst) in figures.answers_ms.items():
        table.add_row(f"past calls, {name}", f"{median:.1f} ms (p95 {worst:.1f})")
    table.add_row("feed, first viewer", f"{100 * figures.first_share:.2f} % of a core")
    table.add_row("feed, each further viewer", f"{100 * figures.further_share:.2f} % of a core")
    page = "no chromium" if figures.page_s is None else f"{1000 * figures.page_s:.0f} ms"
    table.add_row("page with its rows", page)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", type=int, default=200)
    parser.add_argument("--past", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, asyncio.Runner(loop_factory=loop_factory()) as run:
        figures = run.run(measured(Path(name), given.live, given.past, given.seconds))
    show(figures, given.live, given.past)


if __name__ == "__main__":
    main()
