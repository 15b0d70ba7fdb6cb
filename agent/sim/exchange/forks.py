"""A copy of a call's sound that goes to a service: <Start><Stream>; without I/O.

It stands beside whatever the call does: documents, other streams, people it is connected with. It
ends with <Stop>, with its socket, or with the call. What the service says on it is not taken.

Source: docs/protocols/twilio.md 1.4, 1.5, 1.6 and 9 (E3, E4, E6).
"""

from base64 import b64encode
from collections.abc import Iterable
from enum import Enum
from typing import Final, assert_never

from agent.sim.carrier import CarrierOutput, CloseSocket, Overheard, SendText
from agent.sim.carrier_texts import CallIds, CarrierTexts
from agent.sim.clips import RATE_HZ, SILENT_PAYLOADS
from agent.sim.exchange.elements import INVALID, BadDocument
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import Signing
from agent.sim.exchange.signals import DropSocket, SocketLost, SocketOpened, SocketRefused
from agent.sim.exchange.stream_elements import BAD_TRACK, stream_url
from agent.sim.exchange.streams import ABNORMAL, BROKEN, CLOSED_BY_SERVICE, tell_stream
from agent.sim.exchange.verbs import Stream

TALKED_BACK: Final = 31924
TRACKS: Final = {
    "inbound_track": ("inbound",),
    "outbound_track": ("outbound",),
    "both_tracks": ("inbound", "outbound"),
}
MOST_TRACKS: Final = 4
"""Of one call. By which number more are refused is not documented."""


class ForkState(Enum):
    """How far a copy is."""

    OPENING = "opening"
    OPEN = "open"
    OVER = "over"


class Fork:
    """One copy, from its upgrade on.

    Args:
        base: what relative URLs are relative to.

    Attributes:
        ids: its names, as `start` says them.
        tracks: `inbound` is what the party says, `outbound` what it hears.
    """

    def __init__(self, leg: Leg, wanted: Stream, base: str, ids: CallIds) -> None:
        self.ids, self.state = ids, ForkState.OPENING
        self.tracks = TRACKS[wanted.track]
        self._leg, self._wanted, self._base = leg, wanted, base
        self._texts = CarrierTexts(ids, self.tracks)
        self._began = 0
        self._talked = False
        self._outputs: list[CarrierOutput] = []

    @property
    def name(self) -> str:
        """By which it is stopped; empty for none."""
        return self._wanted.name

    def take(self, event: SocketOpened | SocketRefused | SocketLost) -> None:
        """Something happened to its socket."""
        if self.state is ForkState.OVER:
            return
        desk, sid = self._leg.desk, self._leg.sid
        match event:
            case SocketOpened():
                line = self._leg.line
                assert line is not None
                self.state, self._began = ForkState.OPEN, line.position(desk.now)
                self._outputs += map(SendText, (self._texts.connected(), self._texts.start()))
                desk.note(sid, "fork.started", stream=self.ids.stream_sid, tracks=self.tracks)
                self._tell("stream-started")
            case SocketRefused(_, code, detail):
                self.state = ForkState.OVER
                desk.error(sid, code, detail)
                self._tell("stream-error", detail)
            case SocketLost(_, code):
                self._over(code=code)
                if code in {None, ABNORMAL}:
                    desk.error(sid, BROKEN, "the connection was lost")
                    self._tell("stream-error", "the connection was lost")
                else:
                    desk.error(sid, CLOSED_BY_SERVICE, f"the service closed the socket, {code}")
                    self._tell("stream-stopped")
            case _:
                assert_never(event)

    def stop(self) -> None:
        """End it."""
        if self.state is ForkState.OPENING:
            self.state = ForkState.OVER
            self._leg.desk.effects.append(DropSocket(self.ids.stream_sid))
        elif self.state is ForkState.OPEN:
            self._outputs += [SendText(self._texts.stop()), CloseSocket()]
            self._over(code=None)
            self._tell("stream-stopped")

    def hear(self, frames: Iterable[Overheard]) -> None:
        """Pass on what was said and heard, as far as it began after the stream did."""
        if self.state is not ForkState.OPEN:
            return
        for number, frame in enumerate(frames):
            since_ms = (frame.start - self._began) * 1000 // RATE_HZ
            if since_ms < 0:
                continue
            if "inbound" in self.tracks and frame.said is not None:
                self._send(self._texts.media(since_ms, frame.said))
            if "outbound" in self.tracks:
                silent = SILENT_PAYLOADS[number % len(SILENT_PAYLOADS)]
                heard = silent if frame.heard is None else b64encode(frame.heard)
                self._send(self._texts.outbound(since_ms, heard))

    def receive(self) -> None:
        """The service says something, whatever it is: that is not for it to do here."""
        if self.state is ForkState.OPEN and not self._talked:
            self._talked = True
            self._leg.desk.error(self._leg.sid, TALKED_BACK, "a message on a stream of one way")

    def outputs(self) -> list[CarrierOutput]:
        """Drain what goes to its socket."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def _send(self, text: bytes) -> None:
        self._outputs.append(SendText(text))

    def _over(self, code: int | None) -> None:
        self.state = ForkState.OVER
        desk, sid = self._leg.desk, self.ids.stream_sid
        desk.note(self._leg.sid, "fork.ended", stream=sid, code=code)

    def _tell(self, event: str, error: str = "") -> None:
        tell_stream(self._leg, self._wanted, self.ids.stream_sid, self._base, event, error)


def start_fork(leg: Leg, wanted: Stream, base: str) -> None:
    """Begin a copy of a call's sound; one that cannot be had is an error, and the call goes on."""
    desk, sid = leg.desk, leg.desk.sid("MZ")
    going = [fork for fork in leg.forks.values() if fork.state is not ForkState.OVER]
    try:
        url = stream_url(wanted, base, tracks=TRACKS)
        if wanted.name and wanted.name in {fork.name for fork in going}:
            raise BadDocument(INVALID, f"there is a stream by the name {wanted.name!r}")
        if sum(len(fork.tracks) for fork in going) + len(TRACKS[wanted.track]) > MOST_TRACKS:
            raise BadDocument(BAD_TRACK, f"more than {MOST_TRACKS} tracks")
    except BadDocument as bad:
        desk.error(leg.sid, bad.code, str(bad))
        tell_stream(leg, wanted, sid, base, "stream-error", str(bad))
        return
    ids = CallIds(leg.call.account, leg.sid, sid, dict(wanted.parameters))
    leg.forks[sid] = Fork(leg, wanted, base, ids)
    desk.open_socket(ids, url, Signing.RIGHT)


def stop_fork(leg: Leg, name: str) -> None:
    """End the copy of this name; where there is none, that is written down and no more."""
    for fork in leg.forks.values():
        if fork.name == name and fork.state is not ForkState.OVER:
            fork.stop()
            return
    leg.desk.note(leg.sid, "warning", detail=f"there is no stream by the name {name!r}")
