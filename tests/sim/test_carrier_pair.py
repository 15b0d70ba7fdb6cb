"""`MediaStream` and `CarrierStream` joined without a wire: what one says the other takes."""

from collections import deque

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.sim.carrier import SendText
from agent.telephony.leg import Digit, Heard, LegEvent, Marked, Started, Stopped
from agent.telephony.twilio.stream import MediaStream
from tests.sim.lines import CALL, T0, opened, tone


class Pair:
    """Both ends, with a fixed delay on the way back to the service."""

    def __init__(self, echo_delay_s: float = 0.0) -> None:
        self.now = T0
        self.carrier = opened()
        self.leg = MediaStream()
        self.events: list[LegEvent] = []
        self._delay = echo_delay_s
        self._wire: deque[tuple[float, bytes]] = deque()
        self.carrier.handle_timer(self.now)
        self.advance(0.0)

    def advance(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        until = self.now + seconds
        while True:
            self._pump()
            due = min(
                self.carrier.next_timer() or until,
                self._wire[0][0] if self._wire else until,
            )
            if due >= until:
                break
            self.now = max(due, self.now)
            self.carrier.handle_timer(self.now)
        self.now = until
        self.carrier.handle_timer(self.now)
        self._pump()

    def _pump(self) -> None:
        for output in self.carrier.outputs(self.now):
            if isinstance(output, SendText):
                self._wire.append((self.now + self._delay, output.text))
        while self._wire and self._wire[0][0] <= self.now:
            self.events += self.leg.receive(self._wire.popleft()[1])

    def marked(self) -> list[tuple[str, bool]]:
        return [(e.name, e.cleared) for e in self.events if isinstance(e, Marked)]


def test_a_call_in_full() -> None:
    pair = Pair()
    clip = tone(0.1)
    pair.carrier.say(clip)
    pair.advance(0.05)
    pair.carrier.press("7")
    pair.advance(0.1)
    pair.carrier.hang_up(pair.now)
    pair.advance(0.0)
    pair.events += pair.leg.closed()

    kinds = [type(event) for event in pair.events]
    assert kinds == [Started, Heard, Heard, Digit, *[Heard] * 5, Stopped]
    heard = b"".join(event.mulaw for event in pair.events if isinstance(event, Heard))
    assert heard[:800] == clip.mulaw
    started = pair.events[0]
    assert isinstance(started, Started)
    assert (started.stream_id, started.call_id, started.account_id) == (
        CALL.stream_sid,
        CALL.call_sid,
        CALL.account_sid,
    )
    assert started.parameters == CALL.parameters
    assert not pair.leg.counters


orders = st.one_of(
    st.tuples(st.just("media"), st.integers(1, 1_000)),
    st.tuples(st.just("mark"), st.just(0)),
    st.tuples(st.just("clear"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 120)),
)


@settings(max_examples=60)
@given(st.lists(orders, max_size=25), st.sampled_from([0.0, 0.013, 0.1]))
def test_any_interleaving_gives_true_marks_and_an_exact_record(
    sequence: list[tuple[str, int]], echo_delay_s: float
) -> None:
    pair = Pair(echo_delay_s)
    pair.advance(0.2)
    expected = bytearray()  # the caller's ear, by the queue's formula
    due: dict[str, int] = {}  # mark -> the sample before which it must have played
    cleared: set[str] = set()
    returned = 0

    def at() -> int:
        return round((pair.now - T0) * 8_000)

    for number, (order, size) in enumerate(sequence):
        if order == "media":
            audio = bytes((number * 7 + n) % 256 for n in range(size))
            expected += b"\xff" * (at() - len(expected)) + audio
            pair.carrier.receive(pair.leg.media(audio), pair.now)
        elif order == "mark":
            name = f"m{number}"
            due[name] = len(expected)
            pair.carrier.receive(pair.leg.mark(name), pair.now)
        elif order == "clear":
            returned = len(pair.marked())
            cleared |= set(due) - {name for name, _ in pair.marked()}
            del expected[at() :]
            pair.carrier.receive(pair.leg.clear(), pair.now)
        else:
            pair.advance(size / 1_000)
    pair.advance(4.0)

    assert returned <= len(pair.marked())
    assert pair.marked() == [(name, name in cleared) for name in due]
    heard = pair.carrier.line.pcm(at())
    expected += b"\xff" * (at() - len(expected))
    np.testing.assert_array_equal(heard, mulaw.decode(bytes(expected)))
    for name, was_cleared in pair.marked():
        assert was_cleared or due[name] <= at()
    assert not pair.carrier.violations
    assert not pair.leg.counters
