"""What holds for a session whatever happens, in whatever order."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import LocalProtocolError
from agent.gemini.session import LiveSession, Loss, MovePolicy, SessionState
from agent.gemini.session_events import OpenConnection, SendFrame, SessionFailed
from agent.gemini.setup import VadOptions
from agent.gemini.tools import FunctionResponse
from tests.gemini.parties import (
    D25,
    content,
    frame,
    live_audio,
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

# Method and arguments before the time; `None` stands for the number of some connection.
STEPS: list[tuple[str, tuple[Any, ...]]] = [
    ("start", ()),
    ("connected", (None,)),
    ("connected", (None,)),
    ("lost", (None, Loss(1006, ""))),
    ("lost", (None, Loss(1007, "Request contains an invalid argument."))),
    ("close", ()),
    ("handle_timer", ()),
    ("move", ()),
    ("resume", ("h-other",)),
    ("caller_speech", (True,)),
    ("caller_speech", (False,)),
    ("send_audio", (pcm_of(640),)),
    ("end_audio", ()),
    ("send_activity", (True,)),
    ("send_activity", (False,)),
    ("send_text", ("hello",)),
    ("send_tool_responses", (RESPONSES,)),
    ("send_tool_responses", (RESPONSES[:1],)),
    *(("receive", (None, text)) for text in FRAMES for _ in range(2)),
]
type Walk = list[tuple[tuple[str, tuple[Any, ...]], float, int]]
PAUSES = st.sampled_from([0.0, 0.1, 3.0, 11.0])
WALKS: st.SearchStrategy[Walk] = st.lists(
    st.tuples(st.sampled_from(STEPS), PAUSES, st.integers(0, 2)), max_size=60
)


class Watcher:
    """Follows a session's effects and complains of what must not be.

    Attributes:
        asked: connections that were asked for and not closed from this side, oldest first.
    """

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.asked: list[int] = []
        self.n_asked = 0
        self.set_up: set[int] = set()
        self.failed = False

    def number(self, choice: int) -> int:
        """Some connection: the newest, an older one, or one that never was."""
        return self.asked[-1 - choice] if choice < len(self.asked) else self.n_asked + choice

    def look(self, now: float) -> None:
        session = self.session
        session.handle_timer(now)
        due = session.next_timer()
        assert due is None or due > now
        for effect in session.effects():
            if isinstance(effect, OpenConnection):
                self.n_asked += 1
                assert effect.connection == self.n_asked
                self.asked.append(effect.connection)
                assert len(self.asked) <= 2, "one in use, one on its way"
            elif isinstance(effect, SendFrame):
                assert effect.connection in self.asked, "nothing goes out after the close"
                is_setup = effect.frame.startswith(b'{"setup":')
                assert is_setup is (effect.connection not in self.set_up), "setup first, once"
                self.set_up.add(effect.connection)
            elif effect.connection in self.asked:
                self.asked.remove(effect.connection)
        for event in session.events():
            assert not self.failed, "nothing follows the end"
            self.failed = isinstance(event, SessionFailed)
        if session.state in {SessionState.CLOSED, SessionState.NEW}:
            assert due is None
            assert not self.asked
        else:
            assert due is not None, "alive, and waiting for nothing"


@settings(max_examples=300)
@given(WALKS, st.booleans(), st.booleans())
def test_any_walk_keeps_the_rules(walk: Walk, overlap: bool, predial: bool) -> None:
    policy = MovePolicy(overlap=overlap, predial=predial)
    session = new_session(D25, vad=VadOptions(manual=True), moves=policy)
    watcher = Watcher(session)
    now = 0.0
    for (name, arguments), step, choice in walk:
        now += step
        before = session.state
        given_number = watcher.number(choice)
        arguments = tuple(given_number if a is None else a for a in arguments)
        if name == "lost" and given_number in watcher.asked:
            watcher.asked.remove(given_number)
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
        session.receive(1, text, 1.0)
        session.events()


@given(st.lists(st.integers(0, 4000), max_size=40), st.integers(0, 39))
def test_what_waits_for_the_service_goes_out_whole_and_in_order(
    sizes: list[int], text_at: int
) -> None:
    session = new_session()
    session.start(0.0)
    for index, size in enumerate(sizes):
        if index == text_at:
            session.send_content([user("x")], 0.0, turn_complete=False)
        session.send_audio(pcm_of(size, index), 0.0)
    session.connected(1, 0.0)
    session.effects()
    session.receive(1, frame(setupComplete={}), 0.0)
    frames = []
    now = 0.0
    while now <= sum(sizes) / 16_000 / 4:
        frames += [e.frame for e in session.effects() if isinstance(e, SendFrame)]
        now = session.next_timer() or now + 1
        session.handle_timer(now)
    sent = [json.loads(text) for text in frames]
    wanted: list[Any] = [live_audio(pcm_of(n, i)) for i, n in enumerate(sizes) if n]
    if text_at < len(sizes):
        turn = {"parts": [{"text": "x"}], "role": "user"}
        place = sum(1 for n in sizes[:text_at] if n)
        wanted.insert(place, {"clientContent": {"turns": [turn]}})
    assert sent == wanted
