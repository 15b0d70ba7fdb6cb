"""What a carrier and a caller see of the service: `python -m bench.exchange [--calls N]`.

The service runs in a process of its own with signatures on, the exchange, the callers and the
model's stand-in in this one; all of them on this machine, so the network takes nothing.

- webhook: from the request to the whole document, 50 requests a second on connections that stay.
- barge-in: from the first sample the caller says into a reply to the last of the agent's that he
  hears, by the record of what was heard; the service's own ear alone (`barge_in: local`), and the
  little speech that a tenant may let interrupt (`barge_in_after: 80ms`; by default 240 ms, which
  is so much later).
- re-attach: from the reset of a call's media socket in the middle of a reply to the agent's next
  loud sample.
- refusals: upgrades with a wrong signature as fast as a few connections carry them, while an agent
  talks; how much of its audio lay queued at the carrier whenever more came, with and without them.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
from rich.console import Console
from rich.table import Table

from agent.cli.call import PHONE_RATE_HZ, caller_voice
from agent.sim.clips import RATE_HZ, Clip, first_loud
from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.exchange.fields import CallStatus, Identity, webhook_fields
from agent.sim.exchange.plan import Account, Break, CallOptions, StreamBreak
from agent.sim.exchange.switchboard import Switchboard, switchboard
from agent.sim.script import BargeIn, Leave, Pause, Say, Script, WaitForAgent
from agent.sim.scripted import Script as Replies
from agent.sim.scripted import Scripted, Tones, marker
from agent.telephony.twilio.signature import sign
from bench.calls import free_port, subject_process

NUMBER = "+15550100999"
REPLY_S = 8.0
CONNECTIONS = 4
TENANT = f"""
tenant: bench
numbers: [{NUMBER}]
agent:
  greeting: Hello, how can I help you?
  instructions: You answer the telephone.
  barge_in: local
  barge_in_after: 80ms
limits: {{concurrent: 1000, per_minute: 100000, per_caller: 10000}}
"""


@dataclass(slots=True)
class Figure:
    """One line of the table.

    Attributes:
        limit_ms: what is promised of its 99th percentile.
    """

    what: str
    limit_ms: float | None
    values_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scene:
    """A service and a carrier."""

    board: Switchboard
    origin: str
    account: Account


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    (folder / "bench.yaml").write_text(TENANT)
    account = Account("AC" + "0" * 32, "a token of the bench")
    os.environ |= {"TWILIO_AUTH_TOKEN": account.token, "SEAMLINE_DATA": str(folder)}
    tones = Tones(reply_s=REPLY_S)
    senses = Senses(tones.hear, tones.speak)

    def command(port: int) -> list[str]:
        public = f"http://127.0.0.1:{port}"
        return [
            *(sys.executable, "-m", "agent", "serve", "--port", str(port), "--public-url", public),
            *("--gemini-url", model.url, "--tenants", str(folder), "--no-reload"),
        ]

    async with (
        Emulator(lambda _: Scripted(Replies()), senses, EmulatorOptions()) as model,
        subject_process(command, core=0) as (_, port),
        switchboard(account, seed=free_port()) as board,
    ):
        origin = f"http://127.0.0.1:{port}"
        status = f"{origin}/twilio/status"
        board.exchange.add_number(NUMBER, f"{origin}/twilio/voice", status_callback=status)
        yield Scene(board, origin, account)


def caller(number: int) -> str:
    """Everybody calls from a number of his own: one who calls too often is refused."""
    return f"+1555{1_000_000 + number:07}"


async def webhooks(here: Scene, n: int) -> Figure:
    figure = Figure("webhook", 20.0)
    url = f"{here.origin}/twilio/voice"
    rng = np.random.default_rng(1)

    async def ask(session: aiohttp.ClientSession, caller: str) -> None:
        call = Identity(here.account.sid, "CA" + rng.bytes(16).hex(), caller, NUMBER)
        form = webhook_fields(call, CallStatus.RINGING, "t")
        headers = {"X-Twilio-Signature": sign(here.account.token, url, form.items())}
        began = time.perf_counter()
        async with session.post(url, data=form, headers=headers) as response:
            text = await response.text()
        assert "<Stream" in text, text
        figure.values_ms.append(1000 * (time.perf_counter() - began))

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        began = asyncio.get_running_loop().time()
        for number in range(n):
            await asyncio.sleep(began + number / 50 - asyncio.get_running_loop().time())
            tasks.create_task(ask(session, caller(number)))
    return figure


async def barge_ins(here: Scene, n: int) -> Figure:
    figure = Figure("barge-in", 120.0)
    words = caller_voice().speak("Wait, I have another question.", PHONE_RATE_HZ)
    onset = int(np.argmax(np.abs(words) > 512))
    interruption = Clip.of(words[onset:], "interrupts")
    ask = Clip.of(marker(3, 1.0), "asks")
    script: Script = [
        *(WaitForAgent(), Say(ask), BargeIn(interruption, after_s=1.5)),
        *(WaitForAgent(), Leave()),
    ]
    reports = await asyncio.gather(
        *(
            here.board.call(caller(seed), NUMBER, script, CallOptions(seed=seed))
            for seed in range(n)
        )
    )
    figure.values_ms = [1000 * s for report in reports for s in report.silenced_s]
    return figure


async def reattachments(here: Scene, n: int) -> Figure:
    figure = Figure("re-attach", 1000.0)
    script: Script = [Pause(9.0), Leave()]
    options = CallOptions(breaks=(StreamBreak(Break.RST, 4.0),))
    legs = [here.board.begin(caller(k), NUMBER, script, options) for k in range(n)]
    for leg in legs:
        await here.board.over(leg)
        [broken] = [
            note.at
            for note in here.board.exchange.notes
            if note.call == leg.sid and note.name == "stream.broken"
        ]
        assert leg.line is not None
        lost = leg.line.position(broken)
        end = leg.line.mouth.n_frames * 160
        pieces = [(start, audio) for start, audio in leg.line.line.pieces if start >= lost]
        again = [start for start, audio in pieces if start < end and first_loud(audio) is not None]
        figure.values_ms.append(1000 * (again[0] - lost) / RATE_HZ if again else np.inf)
    return figure


async def refusals(here: Scene, seconds: float) -> tuple[Figure, Figure, float]:
    """How much audio lay queued before and during them, and how many there were in a second."""
    before, during = Figure("queued before", None), Figure("queued during", None)
    leg = here.board.begin(caller(0), NUMBER, [Pause(30.0), Leave()])
    await asyncio.sleep(1.5)
    assert leg.line is not None
    leads_s = leg.line.leads_s
    first = len(leads_s)
    await asyncio.sleep(seconds)
    second, n = len(leads_s), 0

    async def flood(until: float) -> None:
        nonlocal n
        port = int(here.origin.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = (
            f"GET /twilio/media/1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nX-Twilio-Signature: d3Jvbmc=\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
        while asyncio.get_running_loop().time() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 403 " in head.split(b"\r\n")[0], head
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            n += 1
        writer.close()

    began = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONNECTIONS):
            tasks.create_task(flood(began + seconds))
    took_s = asyncio.get_running_loop().time() - began
    before.values_ms = [1000 * lead for lead in leads_s[first:second]]
    during.values_ms = [1000 * lead for lead in leads_s[second:]]
    leg.end(CallStatus.COMPLETED)
    here.board.perform()
    return before, during, n / took_s


async def run(calls: int, requests: int) -> None:
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as folder:
        async with scene(Path(folder)) as here:
            figures = [
                await webhooks(here, requests),
                await barge_ins(here, calls),
                await reattachments(here, calls),
            ]
            before, during, per_s = await refusals(here, 3.0)
    table = Table(title="through the exchange, ms", title_justify="left")
    for heading in ("what", "n", "p50", "p99", "largest", "promised"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for figure in figures:
        p50, p99, largest = np.percentile(figure.values_ms, [50, 99, 100])
        limit = "" if figure.limit_ms is None else f"{figure.limit_ms:.0f}"
        n = str(len(figure.values_ms))
        table.add_row(figure.what, n, f"{p50:.1f}", f"{p99:.1f}", f"{largest:.1f}", limit)
    console = Console(width=100)
    console.print(table)
    console.print(
        f"{per_s:.0f} upgrades refused a second; audio queued at the carrier, least and median: "
        f"{_queued(before)} before, {_queued(during)} meanwhile"
    )


def _queued(figure: Figure) -> str:
    values = figure.values_ms
    return f"{min(values):.0f} and {np.median(values):.0f} ms" if values else "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--requests", type=int, default=500)
    options = parser.parse_args()
    asyncio.run(run(options.calls, options.requests))


if __name__ == "__main__":
    main()
