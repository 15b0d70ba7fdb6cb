"""The stand-in phone: carrier and caller against a media socket, one call or many.

It dials like the carrier does: no origin, no extensions, no cookies, its user agent, and the
signature if one is given. Time is kept by one wheel for all calls; each call has a task that reads
and one that writes, so that a service which stalls holds up nobody else.

Source: docs/protocols/twilio.md 3.1 and 9 (E7, E10, E20-E22).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import numpy as np

from agent.sim.caller import Caller
from agent.sim.carrier import CarrierStream, Stall
from agent.sim.carrier_texts import CallIds
from agent.sim.mouth import NO_LOSS, Loss
from agent.sim.phone_line import PhoneLine
from agent.sim.phone_pings import Pings
from agent.sim.phone_report import BankReport, PhoneReport
from agent.sim.script import Script
from agent.sim.wheel import TimerWheel, on_grid

USER_AGENT: Final = "Twilio.TmeWs/1.0"
DIAL_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class PhoneOptions:
    """How one call is placed.

    Attributes:
        parameters: the custom parameters that TwiML would have given.
        seed: all that is random about the call.
        signature: for `X-Twilio-Signature`, or none.
        answer_pings: off: play dead to pings. ping_every_s: send some; None: send none.
        start_after_s, loss, stalls, keep_audio: see `CarrierStream`.
        stamps: note when each media message was sent and received.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    signature: str | None = None
    answer_pings: bool = True
    start_after_s: float = 0.0
    loss: Loss = NO_LOSS
    stalls: tuple[Stall, ...] = ()
    keep_audio: bool = True
    stamps: bool = False
    ping_every_s: float | None = None


_PLAIN: Final = PhoneOptions()


class PhoneBank:
    """Telephones that share a wheel and a connector; made by `phone_bank`."""

    def __init__(self, session: aiohttp.ClientSession, wheel: TimerWheel) -> None:
        self._session = session
        self._wheel = wheel

    async def call(self, url: str, script: Script, options: PhoneOptions = _PLAIN) -> PhoneReport:
        """Place one call and go through the script.

        Returns:
            The report, of a refused or broken call too: `failure` says what happened.
        """
        rng = np.random.default_rng(options.seed)
        ids = CallIds.drawn(rng, options.parameters)
        try:
            socket = await self._dial(url, options)
        except aiohttp.WSServerHandshakeError as error:
            return PhoneReport(ids, failure=f"31920: the upgrade was answered with {error.status}")
        except TimeoutError:
            return PhoneReport(ids, failure=f"31901: no answer within {DIAL_TIMEOUT_S:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return PhoneReport(ids, failure=f"31902: no connection: {error}")
        try:
            now = asyncio.get_running_loop().time()
            line = CarrierStream(
                ids,
                now,
                rng,
                start_after_s=on_grid(now + options.start_after_s) - now,
                loss=options.loss,
                stalls=options.stalls,
                keep_audio=options.keep_audio,
            )
            started_at_utc = time.time() + line.origin - now
            caller = Caller(script, line)
            pings = Pings(options.ping_every_s, options.answer_pings)
            held = PhoneLine(socket, caller, self._wheel, stamps=options.stamps, pings=pings)
            await held.run()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await socket.close()
        report = PhoneReport.of(caller)
        report.close_code = socket.close_code
        report.started_at_utc = started_at_utc
        report.lateness_s = held.spoke.lateness_s
        report.n_pings, report.ping_waits_s = pings.n_sent, pings.waits_s
        report.sent_at, report.received_at = held.sent_at, held.received_at
        return report

    async def load(
        self,
        url: str,
        script: Callable[[int], Script],
        *,
        calls: int,
        ramp_s: float = 0.0,
        options: Callable[[int], PhoneOptions] = lambda number: PhoneOptions(seed=number),
    ) -> BankReport:
        """Place many calls, their starts spread evenly over `ramp_s`, and wait for all.

        Args:
            url: of the media socket.
            script, options: of each call, by its number from 0.
        """

        async def later(number: int) -> PhoneReport:
            await asyncio.sleep(ramp_s * number / calls)
            return await self.call(url, script(number), options(number))

        async with asyncio.TaskGroup() as tasks:
            placed = [tasks.create_task(later(number)) for number in range(calls)]
        return BankReport([task.result() for task in placed])

    async def _dial(self, url: str, options: PhoneOptions) -> aiohttp.ClientWebSocketResponse:
        headers = {"User-Agent": USER_AGENT}
        if options.signature is not None:
            headers["X-Twilio-Signature"] = options.signature
        async with asyncio.timeout(DIAL_TIMEOUT_S):
            return await self._session.ws_connect(
                url,
                headers=headers,
                autoping=False,
                compress=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            )


@asynccontextmanager
async def phone_bank() -> AsyncIterator[PhoneBank]:
    """Open a bank of phones; when the block ends, no task or socket of it is left."""
    async with (
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session,
        asyncio.TaskGroup() as tasks,
    ):
        wheel = TimerWheel()
        turning = tasks.create_task(wheel.turn())
        try:
            yield PhoneBank(session, wheel)
        finally:
            turning.cancel()


async def phone_call(url: str, script: Script, options: PhoneOptions = _PLAIN) -> PhoneReport:
    """Place one call with a phone of its own; see `PhoneBank.call`."""
    async with phone_bank() as bank:
        return await bank.call(url, script, options)
