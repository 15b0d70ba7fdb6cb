"""The carrier's own recording of a call: begun, paused and gone on with as the call says.

Requests go out one after the other, in a task of the call; what the call wants meanwhile waits,
and only the last of it counts. A recording that does not do as it is told is ended, whether it
surely runs or only may: better none than one with a card number in it.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import structlog

from agent.service.twilio_http import CarrierError
from agent.service.twilio_rest import CURRENT, TwilioRest

END_PAUSE_S = 2.0
"""Between requests to end a recording, each of which has its own time and repetitions."""

_log = structlog.stdlib.get_logger()


class CarrierRecording:
    """One call's.

    Args:
        counters: `carrier_recordings` begun, `carrier_recordings_failed`.
    """

    def __init__(self, rest: TwilioRest, call_id: str, counters: Counter[str]) -> None:
        self._rest = rest
        self._call_id = call_id
        self._counters = counters
        self._wanted = False
        self._changed = asyncio.Event()
        self._sid: str | None = None

    def keep(self, on: bool) -> None:
        """The call may be recorded from now on, or may not."""
        self._wanted = on
        self._changed.set()

    async def run(self) -> None:
        """Do what is wanted, until cancelled, or until the carrier no longer does it."""
        going = False
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._wanted is going:
                continue
            going = self._wanted
            try:
                await self._begin_or_go_on() if going else await self._pause()
            except (CarrierError, ValueError) as error:
                self._counters["carrier_recordings_failed"] += 1
                _log.error("carrier_recording.failed", reason=str(error), wanted=going)
                if self._sid is not None or (isinstance(error, CarrierError) and error.unclear):
                    await self._end()
                return

    async def _begin_or_go_on(self) -> None:
        if self._sid is not None:
            await self._rest.set_recording(self._call_id, self._sid, "in-progress")
            return
        resource = await self._rest.record(self._call_id)
        if resource.sid is None:
            raise CarrierError("the carrier named no recording", unclear=True)
        self._sid = resource.sid
        self._counters["carrier_recordings"] += 1

    async def _pause(self) -> None:
        assert self._sid is not None  # what has not begun is not paused
        await self._rest.set_recording(self._call_id, self._sid, "paused")

    async def _end(self) -> None:
        """Have the carrier end what it may be recording of the call, for as long as that takes."""
        while True:
            try:
                await self._rest.set_recording(self._call_id, self._sid or CURRENT, "stopped")
            except CarrierError as error:
                if error.unclear or error.status in {None, 429}:
                    await asyncio.sleep(END_PAUSE_S)
                    continue
            return
