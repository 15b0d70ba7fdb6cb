"""What holds for a session whatever happens, in whatever order."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import LocalProtocolError
from agent.gemini.session import LiveSession, Loss, SessionState
from agent.gemini.session_events import CloseConnection, SendFrame
from agent.gemini.setup import VadOptions
from agent.gemini.tools import FunctionResponse
from tests.gemini.parties import (
    D25,
    content,
    frame,
    new_session,
    pcm_of,
    ready_session,
    speech,
    tool_call,
    user,
)
from tests.gemini.test_codec import JSON

FRAMES = [
    frame(setupComplete={}),
    speech(pcm_of(10)),
    content(generationComplete=True),
    content(interrupted=True),
    content(turnComplete=True),
    tool_call("a", "b"),
    tool_call("c"),
    frame(toolCallCancellation={"ids": ["a", "c"]}),
    frame(sessionResumptionUpdate={"newHandle": "h", "resumable": True}),
    frame(goAway={"timeLeft": "5s"}),
    b"garbage",
]
RESPONSES = [FunctionResponse("a", "look_up", {}), FunctionResponse("b", "look_up", {})]

# Method and arguments before the time.
STEPS: list[tuple[str, tuple[Any, ...]]] = [
    ("start", ()),
    ("connected", ()),
    ("lost", (Loss(1006, ""),)),
    ("close", ()),
    ("handle_timer", ()),
    ("send_audio", (pcm_of(640),)),
    ("end_audio", ()),
    ("send_activity", (True,)),
    ("send_activity", (False,)),
    ("send_text", ("hello",)),
    ("send_tool_responses", (RESPONSES,)),
    ("send_tool_responses", (RESPONSES[:1],)),
    *(("receive", (text,)) for text in FRAMES for _ in range(2)),
]
type Walk = list[tuple[tuple[str, tuple[Any, ...]], float]]
PAUSES = st.sampled_from([0.0, 0.1, 3.0, 11.0])
WALKS: st.SearchStrategy[Walk] = st.lists(st.tuples(st.sampled_from(STEPS), PAUSES), max_size=40)


class Watcher:
    """Follows a session's effects and complains of what must not be."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.was_ready = False
        self.closed = False

    def look(self, now: float) -> None:
        session = self.session
        self.was_ready |= session.state is SessionState.READY
        session.handle_timer(now)
        due = session.next_timer()
        assert due is None or due > now
        for effect in session.effects():
            if isinstance(effect, SendFrame):
                assert not self.closed, "nothing is sent after the close"
                is_setup = effect.frame.startswith(b'{"setup":')
                assert is_setup is not self.was_ready, "setup goes out first, once, alone"
            elif isinstance(effect, CloseConnection):
                self.closed = True
        session.events()
        assert due is None or session.state is not SessionState.CLOSED


@settings(max_examples=150)
@given(WALKS)
def test_any_walk_keeps_the_rules(walk: Walk) -> None:
    session = new_session(D25, vad=VadOptions(manual=True))
    watcher = Watcher(session)
    now = 0.0
    for (name, arguments), step in walk:
        now += step
        before = session.state
        try:
            getattr(session, name)(*arguments, now)
        except LocalProtocolError:
            # Only steps out of order: the first three, and they change nothing.
            assert name in {"start", "connected", "lost"}
            assert session.state is before
        watcher.look(now)
        assert before is not SessionState.CLOSED or session.state is SessionState.CLOSED


@settings(max_examples=100)
@given(st.lists(st.one_of(st.binary(max_size=30), st.text(max_size=30), JSON), max_size=8))
def test_no_frame_raises(frames: list[Any]) -> None:
    session = ready_session()
    for value in frames:
        text = value if isinstance(value, bytes | str) else json.dumps(value)
        session.receive(text, 1.0)
        session.events()


@given(st.lists(st.integers(0, 4000), max_size=40), st.integers(0, 39))
def test_the_backlog_keeps_the_newest_audio_and_every_command_in_order(
    sizes: list[int], text_at: int
) -> None:
    session = new_session()
    session.start(0.0)
    for index, size in enumerate(sizes):
        if index == text_at:
            session.send_content([user("x")], 0.0, turn_complete=False)
        session.send_audio(pcm_of(size, index), 0.0)
    session.connected(0.0)
    session.effects()
    session.receive(frame(setupComplete={}), 0.0)
    effects = session.effects()
    frames = [effect.frame for effect in effects if isinstance(effect, SendFrame)]
    kept = [f for f in frames if b"audio" in f]
    sent_size = sum(size for size in sizes) - session.counters["audio_samples_dropped"]
    newest = [size for size in sizes if size][-len(kept) :] if kept else []
    assert sent_size == sum(newest) <= 80_000
    assert sum(b"clientContent" in f for f in frames) == (text_at < len(sizes))
