"""What is heard by somebody who listens to a call."""

import numpy as np

from agent.audio import mulaw
from agent.service.live_ear import MOST_AHEAD, RATE_HZ, Ear

SILENCE = mulaw.encode(np.zeros(160, np.int16))


def sound(level: int, n: int = 160) -> bytes:
    return mulaw.encode(np.full(n, level, np.int16))


class Listener:
    """An ear, the time, and what was heard."""

    def __init__(self) -> None:
        self.now = 10.0
        self.heard: list[list[int]] = []
        self.ear = Ear(lambda: self.now, self._hear)

    def _hear(self, frame: bytes) -> None:
        self.heard.append(mulaw.decode(frame).tolist())

    def caller(self, frame: bytes = SILENCE) -> list[int]:
        """20 ms pass, and the caller's frame of them comes."""
        self.now += 0.02
        self.ear.caller(frame)
        return self.heard[-1]


def test_the_caller_alone_is_heard_as_he_is() -> None:
    frame = sound(8000)
    assert Listener().caller(frame) == mulaw.decode(frame).tolist()


def test_the_agent_is_heard_when_the_caller_hears_it() -> None:
    listener = Listener()
    listener.ear.agent(sound(8000, 320), 10.03)
    quiet, half, whole, rest, over = (listener.caller() for _ in range(5))
    assert not any(quiet)
    assert [bool(each) for each in half] == [False] * 80 + [True] * 80
    assert all(whole)
    assert [bool(each) for each in rest] == [True] * 80 + [False] * 80
    assert not any(over)


def test_both_together_are_added_and_never_too_loud() -> None:
    listener = Listener()
    listener.ear.agent(sound(30_000, 320), 10.0)
    assert max(listener.caller(sound(30_000))) > 32_000
    assert abs(max(listener.caller(sound(-8000))) - 22_000) < 1000


def test_pieces_follow_one_another_with_the_silence_between_them() -> None:
    listener = Listener()
    listener.ear.agent(sound(8000), 10.0)
    listener.ear.agent(sound(8000), 10.02)
    listener.ear.agent(sound(8000), 10.06)
    assert [any(listener.caller()) for _ in range(5)] == [True, True, False, True, False]


def test_what_was_cleared_is_not_heard() -> None:
    listener = Listener()
    listener.ear.agent(sound(8000, 1600), 10.0)
    assert any(listener.caller())
    listener.ear.cleared(listener.now)
    assert not any(listener.caller())
    listener.ear.cleared(listener.now)
    listener.ear.agent(sound(8000), listener.now)
    assert any(listener.caller())


def test_a_caller_whose_frames_stay_away_does_not_bring_the_sides_apart() -> None:
    listener = Listener()
    listener.ear.agent(sound(8000, 8000), 10.0)
    listener.now += 0.98
    assert all(listener.caller())
    assert not any(listener.caller())


def test_what_waits_is_bounded() -> None:
    listener = Listener()
    for k in range(20):
        listener.ear.agent(sound(8000, RATE_HZ), 10.0 + k)
    assert len(listener.ear._agent) <= MOST_AHEAD
    listener.ear.agent(sound(8000), 1e9)
    assert len(listener.ear._agent) <= MOST_AHEAD
