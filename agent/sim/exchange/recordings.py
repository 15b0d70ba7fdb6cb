"""Recordings of calls, by verb or by order; without I/O.

Source: docs/protocols/twilio.md 5.4.
"""

import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from agent.sim.clips import FRAME, RATE_HZ
from agent.sim.exchange.fields import API_VERSION
from agent.sim.exchange.leg import Leg, Life, Wait
from agent.sim.exchange.signals import KeyPressed
from agent.sim.exchange.sounds import beep
from agent.sim.exchange.verbs import Callback, Record

_LOOK_S: Final = 0.1


@dataclass(slots=True)
class Recording:
    """A piece of what a call's party said, and heard if there are two channels.

    Attributes:
        status: in-progress, paused, stopped or completed.
        start, end: samples on the party's line; end is 0 while it goes on.
        pauses: begun and ended, in samples.
    """

    sid: str
    leg: Leg
    start: int
    callback: Callback | None = None
    channels: int = 1
    status: str = "in-progress"
    end: int = 0
    pauses: list[list[int]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the sound is, below the API's host."""
        account = self.leg.call.account
        return f"/{API_VERSION}/Accounts/{account}/Recordings/{self.sid}"

    @property
    def seconds(self) -> float:
        """How long it is."""
        end = self.end or self._position()
        return max(end - self.start, 0) / RATE_HZ

    def change(self, status: str) -> None:
        """Pause, go on or end; what was paused is silent."""
        if self.status in {"stopped", "completed"}:
            return
        if status == "paused" and self.status != "paused":
            self.pauses.append([self._position(), 0])
        elif status != "paused" and self.pauses and not self.pauses[-1][1]:
            self.pauses[-1][1] = self._position()
        self.status = status
        if status in {"stopped", "completed"}:
            self.end = self._position()
            desk = self.leg.desk
            desk.note(self.leg.sid, "recorded", recording=self.sid, seconds=self.seconds)
            desk.callback(self.callback, self.fields())

    def fields(self) -> dict[str, str]:
        """What its status callback says."""
        call = self.leg.call
        return {
            "AccountSid": call.account,
            "CallSid": call.sid,
            "RecordingSid": self.sid,
            "RecordingUrl": self.leg.desk.api_url + self.url,
            "RecordingStatus": "completed",
            "RecordingDuration": str(round(self.seconds)),
            "RecordingChannels": str(self.channels),
            "RecordingSource": "RecordVerb" if self.channels == 1 else "StartCallRecordingAPI",
        }

    def wav(self) -> bytes:
        """The sound as a file: the party, and beside it what it heard."""
        line = self.leg.line
        assert line is not None
        end = self.end or self._position()
        sides = [line.mouth.pcm(end)[self.start :]]
        if self.channels == 2:
            sides.append(line.line.pcm(end)[self.start :])
        for begin, until in self.pauses:
            for side in sides:
                side[begin - self.start : (until or end) - self.start] = 0
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setnchannels(self.channels)
            written.setsampwidth(2)
            written.setframerate(RATE_HZ)
            written.writeframes(np.column_stack(sides).astype("<i2").tobytes())
        return file.getvalue()

    def _position(self) -> int:
        line = self.leg.line
        assert line is not None
        return line.mouth.n_frames * FRAME


def begin_recording(leg: Leg, callback: Callback | None, *, channels: int) -> Recording:
    """Record a call from now on."""
    assert leg.line is not None
    start = leg.line.mouth.n_frames * FRAME
    recording = Recording(leg.desk.sid("RE"), leg, start, callback, channels)
    leg.desk.recordings[recording.sid] = recording
    leg.desk.note(leg.sid, "recording", recording=recording.sid)
    return recording


def end_recordings(leg: Leg) -> None:
    """A call is over: so is what was recorded of it."""
    for recording in leg.desk.recordings.values():
        if recording.leg is leg:
            recording.change("completed")


def record(leg: Leg, verb: Record) -> Life[Mapping[str, str] | None]:
    """Take a message; gives the fields for the action, None when nothing was said."""
    desk, line = leg.desk, leg.line
    assert line is not None
    if verb.play_beep:
        yield Wait(until=line.play(beep(), desk.now))
    recording = begin_recording(leg, verb.callback, channels=1)
    began, quiet_since, spoke, key = desk.now, desk.now, False, ""
    try:
        while desk.now < began + verb.max_length and desk.now < quiet_since + verb.timeout:
            event = yield Wait((KeyPressed,), desk.now + _LOOK_S)
            if isinstance(event, KeyPressed) and event.digit in verb.finish_on_key:
                key = event.digit
                break
            if line.mouth.speaking:
                quiet_since, spoke = desk.now, True
    finally:
        if spoke:
            recording.change("completed")
        else:
            desk.recordings.pop(recording.sid)
    if not spoke:
        return None
    given = recording.fields()
    wanted = ("RecordingSid", "RecordingUrl", "RecordingDuration")
    return {name: given[name] for name in wanted} | {"Digits": key}
