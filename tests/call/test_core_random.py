"""Whatever happens in whatever order, a call has a live timer or has ended, and nothing raises."""

import base64
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.call.core import Call, CallPlan, CallState
from agent.call.effects import CancelTools, CloseModel, Effect, HangUp, OpenModel, RunTool, ToPhone
from agent.call.idle import IdlePolicy
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.session_events import Loss
from agent.gemini.setup import SetupOptions, build_setup
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import MODEL, TOOLS, audio, content, tool_call, voice

START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
}
LOUD = base64.b64encode(mulaw.encode(voice(0.02))).decode()


def media(at_ms: int) -> dict[str, Any]:
    return {"event": "media", "media": {"timestamp": str(at_ms), "payload": LOUD}}


PHONE: list[Any] = [
    START,
    media(0),
    media(20),
    media(5000),
    *(media(6000 + 20 * n) for n in range(20)),
    {"event": "dtmf", "dtmf": {"digit": "5"}},
    {"event": "dtmf", "dtmf": {"digit": "#"}},
    {"event": "mark", "mark": {"name": "e0:t1:1"}},
    {"event": "mark", "mark": {"name": "e1:t2:1"}},
    {"event": "media"},
    {"event": "stop"},
]
SERVER: list[Any] = [
    {"setupComplete": {}},
    audio(0.2, "Hello"),
    audio(3.0, "a long story"),
    content(interrupted=True),
    content(generationComplete=True),
    content(turnComplete=True),
    content(turnComplete=True, interactionStatus="IN_PROGRESS"),
    content(inputTranscription={"text": "words"}),
    tool_call(("a", "book")),
    tool_call(("b", "book"), ("c", "end_call")),
    {"toolCallCancellation": {"ids": ["a", "b"]}},
    {"voiceActivity": {"type": "ACTIVITY_START"}},
    {"goAway": {"timeLeft": "1s"}},
    {"sessionResumptionUpdate": {"newHandle": "handle", "resumable": True}},
    {"usageMetadata": {"totalTokenCount": 3}},
    {"nonsense": 1},
]
FACT = st.one_of(
    st.tuples(st.just("phone"), st.sampled_from(PHONE)),
    st.tuples(st.just("server"), st.sampled_from(SERVER)),
    st.tuples(st.just("timer"), st.floats(0.0, 12.0)),
    st.tuples(
        st.just("other"),
        st.sampled_from(
            ["connected", "lost", "hang up", "tool", "finish", "garbage", "aside", "say", "back"]
        ),
    ),
)
PLANS = st.builds(
    CallPlan,
    tenant=st.just("t"),
    greeting=st.sampled_from([None, "Hi."]),
    barge_in=st.sampled_from(["model", "local", "both"]),
    uplink_ms=st.sampled_from([20, 100]),
    idle=st.sampled_from([IdlePolicy(), IdlePolicy(None, "", None), IdlePolicy(0.5, "?", 0.5)]),
    max_call_s=st.sampled_from([5.0, 1200.0]),
    reattach_s=st.sampled_from([0.0, 20.0]),
)


class World:
    """Hands facts to a call that could happen, and checks what comes of each."""

    def __init__(self, plan: CallPlan) -> None:
        setup = build_setup(SetupOptions(model=MODEL, declarations=TOOLS))
        session = LiveSession(setup, profile_for(MODEL, "developer"))
        self.now = 50.0
        self.call = Call(plan, MediaStream(), session, self.now)
        self.dialling: set[int] = set()
        self.connected: set[int] = set()
        self.connection = 0
        self.tools: list[str] = []
        self.hang_ups = 0
        self.flush()

    def happen(self, kind: str, what: Any) -> None:
        if kind == "timer":
            self.pass_time(what)
        elif kind == "phone":
            self.call.phone_received(json.dumps(what), self.now)
        elif kind == "server" and self.connection in self.connected:
            self.call.model_received(self.connection, json.dumps(what).encode(), self.now)
        elif kind == "other":
            self.other(what)
        self.flush()

    def other(self, what: str) -> None:
        if what == "connected" and self.dialling:
            self.connection = min(self.dialling)
            self.dialling.discard(self.connection)
            self.connected.add(self.connection)
            self.call.model_connected(self.connection, self.now)
        elif what == "lost" and self.dialling | self.connected:
            connection = min(self.dialling | self.connected)
            self.dialling.discard(connection)
            self.connected.discard(connection)
            self.call.model_lost(connection, Loss(1011, "gone"), self.now)
        elif what == "hang up":
            self.call.phone_lost(self.now)
        elif what == "tool" and self.tools:
            self.call.tool_finished(self.tools.pop(), {"output": 1}, self.now)
        elif what == "finish":
            self.call.finish("operator", self.now)
        elif what in {"aside", "say"}:
            self.call.step_aside(30.0, self.now, after_words=what == "say")
        elif what == "back":
            self.call.phone_back(MediaStream(), self.now, tell="The transfer failed.")
        elif what == "garbage":
            self.call.phone_received(b"\x00{", self.now)

    def pass_time(self, seconds: float) -> None:
        """Let every timer until then fire, each of which must move."""
        until = self.now + seconds
        while (due := self.call.next_timer()) is not None and due <= until:
            self.now = max(self.now, due)
            self.call.handle_timer(self.now)
            self.flush()
            left = self.call.next_timer()
            assert left is None or left > self.now
        self.now = until

    def flush(self) -> None:
        effects = self.call.effects(self.now)
        for effect in effects:
            self.check(effect)
        asked = self.call.next_timer()
        alive = asked is not None
        if asked is not None:
            exact = self.call._deadline()
            assert exact is not None
            assert asked <= exact  # it may be early, and never late
        assert alive != (self.call.state is CallState.ENDED)
        assert self.hang_ups == (self.call.state is CallState.ENDED)
        assert self.call.report(self.now).continuity.gap_ms >= 0

    def check(self, effect: Effect) -> None:
        match effect:
            case OpenModel(connection):
                self.dialling.add(connection)
            case CloseModel(connection):
                assert connection in self.dialling | self.connected
            case RunTool(id):
                self.tools.append(id)
            case CancelTools(ids):
                self.tools = [id for id in self.tools if id not in ids]
            case HangUp():
                self.hang_ups += 1
                assert not self.tools
            case ToPhone():
                assert not self.hang_ups
                assert not self.call.away


@given(PLANS, st.lists(FACT, max_size=40), st.booleans())
@settings(max_examples=120, deadline=None)
def test_any_interleaving_leaves_a_live_timer_or_an_ended_call(
    plan: CallPlan, facts: list[tuple[str, Any]], talking: bool
) -> None:
    world = World(plan)
    if talking:
        for kind, what in (("phone", START), ("other", "connected"), ("server", SERVER[0])):
            world.happen(kind, what)
    for kind, what in facts:
        world.happen(kind, what)
    world.pass_time(2000.0)
    assert world.call.state is CallState.ENDED  # without media nothing lives for ever
