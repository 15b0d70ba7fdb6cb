from itertools import pairwise

import pytest

from agent.sim.caller import Caller, CallerState
from agent.sim.carrier import CarrierState, HangUp
from agent.sim.script import (
    BargeIn,
    Leave,
    Pause,
    Press,
    Say,
    Script,
    Step,
    WaitForAgent,
    WaitForEnd,
)
from tests.sim.lines import LOUD, T0, clear, media, messages, opened, tone


class Agent:
    """A service that speaks at given times: seconds of start and length, from T0."""

    def __init__(self, script: Script, *speeches: tuple[float, float]) -> None:
        self.caller = Caller(script, opened())
        self.speeches = sorted(speeches)
        self.sent: list[dict[str, object]] = []
        self.now = T0

    def run(self, until_s: float) -> None:
        """Let both work until the line is over, at most so long."""
        caller = self.caller
        while True:
            self.sent += messages([(0.0, o) for o in caller.line.outputs(self.now)])
            due = caller.next_timer()
            if due is None or due > T0 + until_s:
                return
            self.now = due
            caller.handle_timer(due)
            while self.speeches and T0 + self.speeches[0][0] <= due:
                _, length_s = self.speeches.pop(0)
                caller.line.receive(media(LOUD * round(length_s * 50)), due)

    def ended_at(self) -> float:
        return self.caller.ears.position / 8_000


def test_a_caller_who_has_nothing_to_say_hangs_up() -> None:
    agent = Agent([])
    agent.run(1.0)

    assert agent.caller.state is CallerState.DONE
    assert [m["event"] for m in agent.sent] == ["connected", "start", "media", "stop"]


def test_a_conversation_goes_step_by_step() -> None:
    question = tone(0.5, "question")
    agent = Agent(
        [WaitForAgent(quiet_s=0.4), Say(question), WaitForAgent(quiet_s=0.4)],
        (0.2, 1.0),
        (2.5, 0.6),
    )
    agent.run(10.0)

    caller = agent.caller
    (said,) = caller.ears.utterances
    assert caller.failure is None
    assert caller.state is CallerState.DONE
    assert said.label == "question"
    assert said.start == pytest.approx(1.6 * 8_000)  # greeting to 1.2 s, then 0.4 s of quiet
    assert said.answered_after_s == pytest.approx(2.5 - 2.1)
    assert caller.ears.first_at == pytest.approx(0.2 * 8_000)
    assert agent.ended_at() == pytest.approx(2.5 + 0.6 + 0.4)
    assert caller.line.state is CarrierState.CLOSED


def test_waiting_begins_with_the_callers_last_word_and_ignores_what_came_before() -> None:
    agent = Agent(
        [Say(tone(0.5)), WaitForAgent(quiet_s=0.2, timeout_s=1.0)],
        (0.0, 0.4),
    )
    agent.run(10.0)

    assert agent.caller.failure == "step 2 of 3, WaitForAgent: nothing of the kind within 1 s"


def test_trailing_silence_of_a_clip_does_not_hold_up_the_script() -> None:
    clip = tone(0.2)
    padded = type(clip)(clip.mulaw + b"\xff" * 8_000, clip.payloads, 1_600, "padded")
    agent = Agent([Say(padded)])
    agent.run(5.0)

    assert agent.ended_at() == pytest.approx(0.22)


def test_barging_in_speaks_into_the_agents_words() -> None:
    agent = Agent([BargeIn(tone(0.5, "stop"), after_s=0.6), Pause(0.3)], (0.4, 3.0))
    agent.run(1.3)
    agent.caller.line.receive(clear(), agent.now)
    agent.run(10.0)

    (said,) = agent.caller.ears.utterances
    assert agent.caller.state is CallerState.DONE
    assert said.barge_in
    assert said.start == pytest.approx(1.0 * 8_000)
    assert said.silenced_after_s == pytest.approx(0.3)


def test_keys_are_pressed_one_after_another() -> None:
    agent = Agent([Press("12#", every_s=0.1)])
    agent.run(5.0)

    keys = [n for n, m in enumerate(agent.sent) if m["event"] == "dtmf"]
    digits = [agent.sent[n]["dtmf"] for n in keys]
    assert digits == [{"track": "inbound_track", "digit": digit} for digit in "12#"]
    assert [b - a for a, b in pairwise(keys)] == [6, 6]


def test_pressing_nothing_is_done_at_once() -> None:
    agent = Agent([Press("")])
    agent.run(1.0)

    assert agent.ended_at() == pytest.approx(0.02)


@pytest.mark.parametrize(
    "step",
    [
        WaitForAgent(timeout_s=2.0),
        BargeIn(tone(0.1), timeout_s=2.0),
        WaitForEnd(timeout_s=2.0),
    ],
)
def test_whoever_waits_in_vain_gives_up_and_says_why(step: Step) -> None:
    agent = Agent([step])
    agent.run(60.0)

    assert agent.caller.state is CallerState.FAILED
    assert agent.caller.failure is not None
    assert type(step).__name__ in agent.caller.failure
    assert agent.sent[-1]["event"] == "stop"
    assert agent.ended_at() == pytest.approx(2.02)


def test_a_barge_in_under_way_is_not_given_up() -> None:
    agent = Agent([BargeIn(tone(3.0), after_s=0.1, timeout_s=1.0)], (0.0, 1.0))
    agent.run(10.0)

    assert agent.caller.failure is None
    assert agent.ended_at() == pytest.approx(3.12)


def test_what_is_heard_after_hanging_up_changes_nothing() -> None:
    caller = Caller([], opened())
    caller.handle_timer(T0)
    caller.handle_timer(T0 + 0.1)  # five frames late: the first of them ends the call

    assert caller.state is CallerState.DONE
    assert len(caller.line.outputs(T0 + 0.1)) == 2 + 5 + 2


def test_an_agent_that_hangs_up_is_expected_or_a_failure() -> None:
    expected, surprised = Agent([WaitForEnd()]), Agent([Pause(5.0), Leave()])
    for agent in (expected, surprised):
        agent.run(1.0)
        agent.caller.peer_closed(agent.now)
        agent.caller.peer_closed(agent.now)
        agent.run(2.0)

    assert expected.caller.state is CallerState.DONE
    assert expected.caller.failure is None
    assert surprised.caller.state is CallerState.FAILED
    assert surprised.caller.failure == "step 1 of 2, Pause: the service closed the connection"


def test_leaving_takes_the_way_it_is_told() -> None:
    agent = Agent([Pause(0.1), Leave(HangUp.CLOSE_ONLY)])
    agent.run(1.0)

    assert agent.sent[-1]["event"] == "media"
    assert agent.caller.state is CallerState.DONE
    assert agent.caller.next_timer() is None
