"""A whole call in virtual time: the real leg, session and carrier stand-in; the model by hand."""

import base64
import heapq
import itertools
import json
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, to_bytes
from agent.call.core import Call, CallPlan
from agent.call.effects import (
    CloseModel,
    Effect,
    HangUp,
    OpenModel,
    RunTool,
    StepAside,
    ToModel,
    ToPhone,
)
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession, MovePolicy
from agent.gemini.session_events import Loss
from agent.gemini.session_state import DEFAULT_MOVES
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.tools import FunctionDeclaration
from agent.sim.carrier import CarrierStream, CloseSocket, SendText
from agent.sim.carrier_texts import CallIds
from agent.sim.clips import Clip
from agent.telephony.twilio.stream import MediaStream

MODEL = "gemini-3.8-live"
BEGAN = 1000.0
GREETING = CallPlan("bella", greeting="Bella Vista, hello.")
TOOLS = (FunctionDeclaration("book"), FunctionDeclaration("end_call"))


def voice(seconds: float, rate_hz: int = 8000) -> Pcm16:
    """A vowel, loud enough for every detector."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 14))
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)
    return np.asarray(tone * syllables * 5000).astype(np.int16)


def content(**keys: Any) -> dict[str, Any]:
    """A `serverContent` message."""
    return {"serverContent": keys}


def audio(seconds: float, text: str = "") -> dict[str, Any]:
    """A `serverContent` with speech, and what it says."""
    data = base64.b64encode(to_bytes(voice(seconds, 24000))).decode()
    blob = {"mimeType": "audio/pcm;rate=24000", "data": data}
    keys: dict[str, Any] = {"modelTurn": {"parts": [{"inlineData": blob}]}}
    if text:
        keys["outputTranscription"] = {"text": text}
    return content(**keys)


def tool_call(*calls: tuple[str, str]) -> dict[str, Any]:
    """A `toolCall` message of (id, name)."""
    return {"toolCall": {"functionCalls": [{"id": i, "name": n, "args": {}} for i, n in calls]}}


def loud_s(frame: bytes) -> float:
    """How much of a frame for the carrier is sound that nobody overhears."""
    payload = json.loads(frame).get("media", {}).get("payload", "")
    pcm = mulaw.decode(base64.b64decode(payload))
    whole = pcm[: pcm.size // 160 * 160].reshape(-1, 160).astype(float)
    return 0.02 * int((np.sqrt((whole**2).mean(axis=1)) > 300).sum()) if whole.size else 0.0


class Line:
    """Runs a call; everything that happens happens at `now`.

    Attributes:
        to_model: (time, message) of all that went to the model, audio apart.
        audio_to_model: (time, samples at 16 kHz).
        effects: (time, effect) of all but the frames to the phone and the model.
        connection: the model's latest to be set up; open: those that are connected.
        refusals: so many of the next dials come to nothing.
        voice_s: seconds of sound sent to the caller, cover noise apart.
    """

    def __init__(
        self,
        plan: CallPlan | None = None,
        *,
        model: str = MODEL,
        answers: bool = True,
        moves: MovePolicy = DEFAULT_MOVES,
        seed: int = 1,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.now = BEGAN
        self.carrier = CarrierStream(CallIds.drawn(rng, {}), self.now, rng)
        self.setup = build_setup(SetupOptions(model=model, declarations=TOOLS))
        self.session = LiveSession(self.setup, profile_for(model, "developer"), moves=moves)
        self.call = Call(plan or CallPlan("bella"), MediaStream(), self.session, self.now)
        self.answers = answers
        self.connection = 1
        self.open: set[int] = set()
        self.refusals = 0
        self.voice_s = 0.0
        self.to_model: list[tuple[float, dict[str, Any]]] = []
        self.audio_to_model: list[tuple[float, int]] = []
        self.effects: list[tuple[float, Effect]] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + delay_s, next(self._order), action))

    def model(self, *messages: dict[str, Any]) -> None:
        """The model's service sends these now."""
        for message in messages:
            self.raw(json.dumps(message).encode())

    def raw(self, frame: bytes, connection: int | None = None) -> None:
        """The model's service sends this frame, on its present connection unless one is named."""
        if self.call.model_received(connection or self.connection, frame, self.now):
            self._perform()

    def speak(
        self, seconds: float, text: str = "", *, speed: float = 4.0, complete: bool = True
    ) -> None:
        """The model says something: chunks of 200 ms, faster than real time by `speed`."""
        n = max(1, round(seconds / 0.2))
        words = [f" {word}" for word in text.split()]
        for k in range(n):
            piece = "".join(words[k * len(words) // n : (k + 1) * len(words) // n])
            self._send_later(0.2 * k / speed, audio(seconds / n, piece))
        if complete:
            self._send_later(0.2 * n / speed, content(generationComplete=True))
            self._send_later(0.2 * n / speed, content(turnComplete=True))

    def talk(self, seconds: float) -> None:
        """The caller says something."""
        self.carrier.say(Clip.of(voice(seconds)))

    def lose_model(self, code: int | None = 1011) -> None:
        self.lost(self.connection, Loss(code, "gone"))

    def lost(self, connection: int, loss: Loss) -> None:
        """That connection is over."""
        self.open.discard(connection)
        self.call.model_lost(connection, loss, self.now)
        self._perform()

    def finish_tool(self, id: str, **response: object) -> None:
        self.call.tool_finished(id, response, self.now)
        self._perform()

    def hang_up(self) -> None:
        self.carrier.hang_up(self.now)
        self._carry()

    def break_phone(self, *, noticed: bool = True) -> None:
        """The phone's socket breaks; unnoticed: nothing comes and goes any more."""
        self.carrier.detach(self.now, stop=False)
        if noticed:
            self.call.phone_lost(self.now)
            self._perform()

    def come_back(self, tell: str | None = None) -> None:
        """The carrier brings the same call on another stream."""
        self.carrier.detach(self.now, stop=False)
        ids = replace(self.carrier.call, stream_sid=self.carrier.call.stream_sid[:-1] + "x")
        self.carrier.attach(ids, self.now)
        self.call.phone_back(MediaStream(), self.now, tell=tell)
        self._perform()
        self._carry()

    def step_aside(self, longest_s: float, **options: Any) -> bool:
        stepped = self.call.step_aside(longest_s, self.now, **options)
        self._perform()
        return stepped

    def finish(self, outcome: str) -> None:
        self.call.finish(outcome, self.now)
        self._perform()

    def heard_s(self) -> float:
        """How much of the agent the caller has heard."""
        pcm = self.carrier.line.pcm(self.carrier.position(self.now)).astype(float)
        frames = pcm[: pcm.size // 160 * 160].reshape(-1, 160)
        return 0.02 * int((np.sqrt((frames**2).mean(axis=1)) > 300).sum())

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while True:
            due = min(
                (t for t in (self._next(), self.carrier.next_timer(), self.call.next_timer()) if t),
                default=math.inf,
            )
            if due > until:
                break
            self.now = max(self.now, due)
            self._step()
        self.now = until

    @property
    def texts(self) -> list[str]:
        """What we said to the model in words."""
        found = []
        for _, message in self.to_model:
            if "text" in message.get("realtimeInput", {}):
                found.append(message["realtimeInput"]["text"])
            turns = message.get("clientContent", {}).get("turns", [])
            found += [turn["parts"][0]["text"] for turn in turns]
        return found

    @property
    def typed(self) -> list[str]:
        """What we said to the model in words that it shall answer at once."""
        inputs = [message.get("realtimeInput", {}) for _, message in self.to_model]
        return [value["text"] for value in inputs if "text" in value]

    @property
    def responses(self) -> list[dict[str, Any]]:
        """Our answers to tool calls."""
        return [
            response
            for _, message in self.to_model
            for response in message.get("toolResponse", {}).get("functionResponses", [])
        ]

    def names(self) -> list[str]:
        return [entry.name for entry in self.call.timeline]

    def entry(self, name: str) -> Any:
        """The values of the latest entry of that name."""
        return [entry.values for entry in self.call.timeline if entry.name == name][-1]

    def performed[E](self, kind: type[E]) -> list[E]:
        return [effect for _, effect in self.effects if isinstance(effect, kind)]

    def _next(self) -> float | None:
        return self._agenda[0][0] if self._agenda else None

    def _send_later(self, delay_s: float, message: dict[str, Any]) -> None:
        connection = self.connection
        frame = json.dumps(message).encode()
        self.after(delay_s, lambda: self._deliver(frame, connection))

    def _deliver(self, frame: bytes, connection: int) -> None:
        if connection in self.open:
            self.raw(frame, connection)

    def _step(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now:
            heapq.heappop(self._agenda)[2]()
        due = self.call.next_timer()
        if due is not None and due <= self.now:
            self.call.handle_timer(self.now)
            self._perform()
            left = self.call.next_timer()
            assert left is None or left > self.now, "a timer that fires must move"
        self.carrier.handle_timer(self.now)
        self._carry()

    def _carry(self) -> None:
        for output in self.carrier.outputs(self.now):
            match output:
                case SendText(text):
                    if not self.call.phone_received(text, self.now):
                        continue
                case CloseSocket():
                    self.call.phone_lost(self.now)
            self._perform()

    def _perform(self) -> None:
        for effect in self.call.effects(self.now):
            match effect:
                case ToPhone(frame):
                    self.voice_s += loud_s(frame)
                    self.carrier.receive(frame, self.now)
                case ToModel(connection, frame):
                    self._note(connection, json.loads(frame))
                case OpenModel(connection):
                    self.effects.append((self.now, effect))
                    if self.answers:
                        self.after(0.1, partial(self._connect, connection))
                case CloseModel(connection, code, _) if connection in self.open:
                    self.effects.append((self.now, effect))
                    closed = partial(self.lost, connection, Loss(code, "closed by this side"))
                    self.after(0.02, closed)
                case HangUp() | CloseModel() | RunTool() | _:
                    self.effects.append((self.now, effect))
            if isinstance(effect, HangUp):
                self.carrier.peer_closed(self.now)
            elif isinstance(effect, StepAside):
                self.carrier.detach(self.now, stop=False)

    def _connect(self, connection: int) -> None:
        if self.refusals:
            self.refusals -= 1
            self.lost(connection, Loss(None, "refused", http_status=503))
            return
        self.open.add(connection)
        self.call.model_connected(connection, self.now)
        self._perform()

    def _set_up(self, connection: int) -> None:
        self.connection = connection
        self._deliver(b'{"setupComplete": {}}', connection)

    def _note(self, connection: int, message: dict[str, Any]) -> None:
        if "setup" in message:
            self.after(0.2, partial(self._set_up, connection))
        data = message.get("realtimeInput", {}).get("audio", {}).get("data")
        if data is None:
            self.to_model.append((self.now, message))
        else:
            self.audio_to_model.append((self.now, len(base64.b64decode(data)) // 2))


def opened(plan: CallPlan | None = None, **options: Any) -> Line:
    """A call whose model is ready; half a second after the start."""
    line = Line(plan, **options)
    line.run(0.5)
    return line
