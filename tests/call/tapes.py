"""Calls that keep a tape in memory."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from agent.call.core import CallPlan
from agent.call.tape import Began, Fact
from agent.call.taped import TapedCall
from agent.gemini.session import LiveSession
from agent.gemini.session_state import DEFAULT_MOVES
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import Line


class Memory:
    """A tape that is a list.

    Attributes:
        allowed: how many facts there were when they might be kept; None: they may not.
        size: as told.
    """

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.allowed: int | None = None
        self.size = 0

    def note(self, fact: Fact, size: int) -> None:
        self.facts.append(fact)
        self.size += size

    def allow(self) -> None:
        if self.allowed is None:
            self.allowed = len(self.facts)


def taped_line(plan: CallPlan, **options: Any) -> tuple[Line, Memory]:
    """A line whose call keeps a tape; it has not begun."""
    line, memory = Line(plan, **options), Memory()
    setup, profile = line.setup, line.session.profile
    began = Began(
        at=line.now,
        at_utc="2026-11-21T12:00:00.000+00:00",
        version="0",
        call_id="CA-of-this-call",
        seed=7,
        plan=plan,
        setup=setup,
        profile=profile,
        moves=DEFAULT_MOVES,
    )
    line.session = LiveSession(setup, profile, random=Random(began.seed).random)
    line.call = TapedCall(plan, MediaStream(), line.session, began, memory)
    return line, memory


PLAN = CallPlan("bella", greeting="Good day.", barge_in="both", record=True, keeps=True)


def lived(act: Callable[[Line], None], plan: CallPlan = PLAN) -> Memory:
    """The tape of a call that was lived like this, from half a second after its start."""
    line, memory = taped_line(plan)
    line.run(0.5)
    act(line)
    return memory


def busy(line: Line) -> None:
    """Talk on both sides, a barge-in, a function, a lost connection, a hang-up."""
    line.speak(2.0, "Good day. My name is Wilhelmina.")
    line.run(3.0)
    line.talk(1.5)
    line.run(2.0)
    line.speak(4.0, "Certainly I can look that up for you right now.")
    line.run(1.5)
    line.talk(1.2)
    line.run(2.0)
    line.model({"toolCall": {"functionCalls": [{"id": "f1", "name": "book", "args": ARGS}]}})
    line.run(0.5)
    line.finish_tool("f1", output={"booked": "Sunday for Mrs Lovelace", "seats": 4})
    line.model({"serverContent": {"inputTranscription": {"text": "It is Lovelace, 4929 1234."}}})
    line.lose_model()
    line.run(3.0)
    line.speak(1.0, "Goodbye Mrs Lovelace.")
    line.run(2.0)
    line.hang_up()
    line.run(0.1)


ARGS = {"name": "Lovelace", "phone": "+15550123456", "seats": 4}
PERSONAL = ("Lovelace", "15550123456", "4929", "Sunday", "Wilhelmina", "Certainly", "Good day")
