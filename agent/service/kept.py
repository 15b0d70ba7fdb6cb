"""What is kept of one call besides its record: recording, wires, the carrier's recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import structlog

from agent.call.core import Call
from agent.call.tape import Began
from agent.call.taped import TapedCall
from agent.gemini.session import LiveSession
from agent.observe.wire_key import WireKey
from agent.service.background import in_background
from agent.service.carrier_recording import CarrierRecording
from agent.service.recording_file import RecordingFile, recorded, recording_path
from agent.service.twilio_rest import TwilioRest
from agent.service.wire_file import WireFile, wire_path, written
from agent.telephony.twilio.stream import MediaStream
from agent.tenants.tenant import Tenant

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Keeper:
    """What the service keeps things of calls with.

    Attributes:
        data: the folder of what is kept.
        keys: that lock wires.
        rest: the carrier's account; None: there is none.
        counters: `wires_broken`, `recordings_broken`, and those of `CarrierRecording`.
    """

    data: Path
    keys: tuple[WireKey, ...]
    rest: TwilioRest | None
    counters: Counter[str]


class Kept:
    """One call's.

    Args:
        tenant: says what is kept.
        began: what the call is made of.

    Attributes:
        call: the call itself, made so that it can be kept.
        recording: where its recording goes; None: nowhere.
        wire: where its wires go; None: nowhere.
    """

    def __init__(self, keeper: Keeper, tenant: Tenant, began: Began) -> None:
        self.recording: Path | None = None
        self.wire: Path | None = None
        self._keeper = keeper
        self._carrier: CarrierRecording | None = None
        self._wire: WireFile | None = None
        name, record = tenant.tenant, tenant.record
        if record.audio:
            self.recording = recording_path(keeper.data, name, began.call_id)
        if record.wire:
            self.wire = wire_path(keeper.data, name, began.call_id)
            self._wire = WireFile(self.wire, keeper.keys[0], self._wire_broke)
        if record.carrier and keeper.rest is not None:
            self._carrier = CarrierRecording(keeper.rest, began.call_id, keeper.counters)
        self.call = self._made(began)

    def _made(self, began: Began) -> Call:
        random = Random(began.seed).random
        session = LiveSession(began.setup, began.profile, moves=began.moves, random=random)
        if self._wire is None:
            return Call(began.plan, MediaStream(), session, began.at)
        return TapedCall(began.plan, MediaStream(), session, began, self._wire)

    def keep(self, on: bool) -> None:
        """What is said may be kept from now on, or may not; of the wires the call takes care."""
        if self._carrier is not None:
            self._carrier.keep(on)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[RecordingFile | None]:
        """Keep what is kept while the block runs; at its end it is complete."""
        async with AsyncExitStack() as work:
            recording = await work.enter_async_context(recorded(self.recording))
            await work.enter_async_context(written(self._wire))
            if self._carrier is not None:
                running = in_background(self._carrier.run(), "carrier_recording.failed")
                await work.enter_async_context(running)
            yield recording
        if recording is not None and recording.dropped:
            self._keeper.counters["recordings_broken"] += 1
            _log.warning("recording.incomplete", pieces=recording.dropped)

    def _wire_broke(self, reason: str) -> None:
        self._keeper.counters["wires_broken"] += 1
