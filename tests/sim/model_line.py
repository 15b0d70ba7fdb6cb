"""A client on a wire to the model's stand-in, in virtual time: ear and voice are tones."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, groupby
from typing import Any

import numpy as np

from agent.audio.pcm import Pcm16, silence, to_bytes
from agent.sim.faults import Faults, TurnFault
from agent.sim.included import Account, Included, Placed, account
from agent.sim.live_server import LiveServer, Terms
from agent.sim.mind import Mind, Timing
from agent.sim.recording import Recording
from agent.sim.scripted import Script, Scripted, Tones, marker
from agent.sim.server_io import Close, Drop, Hear, Send, Speak
from agent.sim.server_profiles import PROFILES
from agent.sim.session_config import SessionConfig
from agent.sim.sessions import SessionStore

FRAME = 640
"""40 ms at 16 kHz."""

START = 100.0


@dataclass(frozen=True)
class Got:
    """One frame from the server and when it came, in seconds from the start."""

    at: float
    message: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = self.message.get("serverContent", {})
        return found

    @property
    def labels(self) -> list[str]:
        """What is in it, a word each, in the order of the rule C-2."""
        words = [key for key in self.message if key not in ("serverContent", "usageMetadata")]
        if "serverContent" in self.message and not self.content:
            words.append("empty")
        for part in self.content.get("modelTurn", {}).get("parts", []):
            kind = "thought" if part.get("thought") else next(iter(part))
            words.append("audio" if kind == "inlineData" else kind)
        words.extend(key for key in self.content if key != "modelTurn")
        if "usageMetadata" in self.message:
            words.append("usage")
        return words

    @property
    def pcm(self) -> Pcm16:
        parts = self.content.get("modelTurn", {}).get("parts", [])
        data = [
            base64.b64decode(part["inlineData"]["data"]) for part in parts if "inlineData" in part
        ]
        return np.frombuffer(b"".join(data), "<i2")


@dataclass
class Line:
    """Client and wire in one; time moves only when told to."""

    profile: str = "dev-3.8"
    setup: Mapping[str, Any] = field(default_factory=dict)
    script: Script = field(default_factory=Script)
    mind: Mind | None = None
    faults: Faults = field(default_factory=Faults)
    timing: Timing = field(default_factory=Timing)
    reply_s: float = 2.0
    api_version: str = "v1beta"
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.now = START
        self.got: list[Got] = []
        self.garbage: list[bytes] = []
        self.call_ids: list[str] = []
        self.close: Close | None = None
        self.handle = ""
        self.tones = Tones(reply_s=self.reply_s)
        self.recording = Recording()
        self.store = SessionStore(self.faults)
        self.minds: list[Mind] = []
        self.dropped = False
        self.placed: list[Placed] = []
        self.n_said = 0
        self.server = self._serve()

    def _serve(self) -> LiveServer:
        """One more connection: "a", then "b", and so on."""
        self.connection = "abcdefghijklmnop"[len(self.recording.connections)]
        self.n_here = 0
        terms = Terms((PROFILES[self.profile],), self.api_version, self.timing, self.faults)
        return LiveServer(
            terms, self._mind, self.numbers, self.recording, self.connection, self.store
        )

    def _mind(self, _: SessionConfig) -> Mind:
        self.minds.append(self.mind or Scripted(self.script))
        return self.minds[-1]

    def redial(self, handle: str | None = None, *, hang_up: bool = True, **resumption: Any) -> Line:
        """A new connection, resumed with this handle or else the newest; "" resumes nothing."""
        if hang_up:
            self.server.closed()
        handle = self.handle if handle is None else handle
        self.server = self._serve()
        self.close, self.dropped = None, False
        resumption = resumption | ({"handle": handle} if handle else {})
        self.setup = {**self.setup, "sessionResumption": resumption}
        return self.set_up()

    @property
    def updates(self) -> list[dict[str, Any]]:
        """Every resumption update that came."""
        found = (got.message.get("sessionResumptionUpdate") for got in self.got)
        return [update for update in found if update is not None]

    def kept(self, session: int = 1) -> Included:
        """What the session's present state includes."""
        return self.recording.sessions[f"session-{session}"]

    def account(self, *within: tuple[int, int], session: int = 1) -> Account:
        """What became of these of the caller's samples; of all without any."""
        return account(self.kept(session), self.placed, within or [(0, self.n_said)])

    def audio_from(self, pcm16k: Pcm16, at: int) -> Line:
        """Send audio at once that the caller said before: his samples from `at`."""
        for start in range(0, pcm16k.size, FRAME):
            self._put(pcm16k[start : start + FRAME], at + start)
        return self

    def _put(self, pcm16k: Pcm16, at: int) -> None:
        self.placed.append(Placed(self.connection, self.n_here, pcm16k.size, at))
        self.n_here += pcm16k.size
        self.send(audio_frame(pcm16k))

    def set_up(self) -> Line:
        """Send `setup` and wait for the answer."""
        self.send({"setup": {"model": self.model, **BOTH_TRANSCRIPTS, **self.setup}})
        return self.run(0.1)

    @property
    def model(self) -> str:
        profile = PROFILES[self.profile]
        prefix = "publishers/google/models/" if profile.vertex else "models/"
        return prefix + profile.models[0]

    def send(self, message: Mapping[str, Any] | bytes | str) -> Line:
        frame = message if isinstance(message, bytes | str) else json.dumps(message)
        self.server.received(frame, self.now)
        return self._drain()

    def run(self, seconds: float) -> Line:
        """Let time pass, without audio."""
        until = self.now + seconds
        while (at := self.server.next_timer()) is not None and at <= until:
            assert at > self.now or self.server.next_timer() is not None
            self.now = max(at, self.now)
            self.server.handle_timer(self.now)
            self._drain()
        self.now = until
        return self

    def audio(self, pcm16k: Pcm16) -> Line:
        """Send audio in real time."""
        for start in range(0, pcm16k.size, FRAME):
            self.run(0.04)
            frame = pcm16k[start : start + FRAME]
            self._put(frame, self.n_said)
            self.n_said += frame.size
        return self

    def say(self, index: int = 0, seconds: float = 1.0, then: float = 0.0) -> Line:
        """Send an utterance, and silence behind it."""
        return self.audio(marker(index, seconds, 16_000)).hush(then)

    def hush(self, seconds: float) -> Line:
        return self.audio(silence(int(seconds * 16_000)))

    def text(self, text: str) -> Line:
        return self.send({"realtimeInput": {"text": text}})

    def turn(self, text: str, *, complete: bool = True) -> Line:
        turns = [{"role": "user", "parts": [{"text": text}]}]
        return self.send({"clientContent": {"turns": turns, "turnComplete": complete}})

    def answer(self, *ids: str, **fields: Any) -> Line:
        responses = [
            {"id": id_, "name": "look_up", "response": {"output": "found"}, **fields} for id_ in ids
        ]
        return self.send({"toolResponse": {"functionResponses": responses}})

    def _drain(self) -> Line:
        while outputs := self.server.outputs():
            for output in outputs:
                match output:
                    case Send():
                        self._take(output.frame)
                    case Close():
                        assert self.close is None, "closed twice"
                        self.close = output
                    case Drop():
                        self.dropped = True
                    case Hear():
                        text = self.tones.hear(output.pcm16k, output.grammar)
                        self.server.heard(output.utterance_id, text, self.now)
                    case Speak():
                        speech = self.tones.speak(output.text)
                        self.server.spoken(output.speech_id, speech, self.now)
        return self

    def _take(self, frame: bytes) -> None:
        assert self.close is None, "a frame after the close"
        try:
            message = json.loads(frame)
        except json.JSONDecodeError:
            self.garbage.append(frame)
            return
        self.got.append(Got(round(self.now - START, 6), message))
        update = message.get("sessionResumptionUpdate", {})
        self.handle = update.get("newHandle", self.handle)
        calls = message.get("toolCall", {}).get("functionCalls", [])
        self.call_ids.extend(call["id"] for call in calls)

    # What came

    @property
    def labels(self) -> list[str]:
        """Everything that came, with repeated words written once."""
        words = [word for got in self.got for word in got.labels]
        return [word for word, _ in groupby(words)]

    def forget(self) -> Line:
        """Start a new list of frames; call ids stay known."""
        self.got.clear()
        return self

    def first(self, label: str) -> Got:
        return next(got for got in self.got if label in got.labels)

    def all(self, label: str) -> list[Got]:
        return [got for got in self.got if label in got.labels]

    @property
    def audio_s(self) -> float:
        return sum(got.pcm.size for got in self.got) / 24_000


BOTH_TRANSCRIPTS: dict[str, Any] = {"inputAudioTranscription": {}, "outputAudioTranscription": {}}


def audio_frame(pcm16k: Pcm16) -> bytes:
    data = base64.b64encode(to_bytes(pcm16k)).decode()
    blob = {"mimeType": "audio/pcm;rate=16000", "data": data}
    return json.dumps({"realtimeInput": {"audio": blob}}).encode()


def tools(behavior: str | None = None, *names: str) -> dict[str, Any]:
    """Declarations for `setup`: one function, `look_up`, unless others are named."""
    extra = {} if behavior is None else {"behavior": behavior}
    declarations = [{"name": name, **extra} for name in names or ("look_up",)]
    return {"tools": [{"functionDeclarations": declarations}]}


def calling(filler: str | None = None) -> Script:
    """A script that answers every utterance with a call."""
    return Script(tool=("look_up", {"order": 7}), tool_every=1, filler=filler)


def fault(*faults: TurnFault, turn: int = 1) -> Faults:
    return Faults(turns={turn: frozenset(faults)})
