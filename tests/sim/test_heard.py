from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.sim.heard import Gap, HeardLine


def test_audio_plays_at_once_or_behind_what_is_queued() -> None:
    line = HeardLine()
    line.play(b"\x01" * 100, at=50)
    line.play(b"\x02" * 100, at=60)

    assert line.end == 250
    assert line.listen(0, 160) == b"\xff" * 50 + b"\x01" * 100 + b"\x02" * 10
    assert line.listen(160, 320) == b"\x02" * 90 + b"\xff" * 70
    assert line.gaps == []


def test_a_dry_queue_leaves_a_gap_that_knows_whether_a_mark_stood_there() -> None:
    line = HeardLine()
    line.play(b"\x01" * 100, at=0)
    line.play(b"\x01" * 100, at=150)
    line.mark("end of turn", at=160)
    line.play(b"\x01" * 100, at=400)

    assert line.gaps == [Gap(100, 50, marked=False), Gap(250, 150, marked=True)]


def test_silence_after_a_clear_is_no_gap() -> None:
    line = HeardLine()
    line.play(b"\x01" * 100, at=0)
    line.cut(at=40)
    line.play(b"\x02" * 100, at=200)

    assert line.gaps == []
    assert line.n_cut == 60
    assert line.n_received == 200
    assert line.listen(0, 300) == b"\x01" * 40 + b"\xff" * 160 + b"\x02" * 100


def test_marks_are_due_when_what_came_before_has_played() -> None:
    line = HeardLine()
    line.mark("empty", at=10)
    line.play(b"\x01" * 100, at=20)
    line.mark("played", at=30)
    line.play(b"\x01" * 100, at=30)
    line.mark("later", at=40)

    assert [mark.name for mark in line.reached(10)] == ["empty"]
    assert line.reached(119) == []
    assert [mark.name for mark in line.reached(120)] == ["played"]
    assert [mark.name for mark in line.cut(at=130)] == ["later"]
    assert line.reached(10_000) == []


def test_what_was_listened_to_is_let_go_unless_kept() -> None:
    line = HeardLine(keep=False)
    line.play(b"\x01" * 100, at=0)
    line.listen(0, 160)

    assert not line.pcm(160).any()


class SampleBySample:
    """The same queue in the plainest way: one sample at a time."""

    def __init__(self) -> None:
        self.queue: deque[int | str] = deque()
        self.heard = bytearray()
        self.echoed: list[tuple[str, int]] = []

    def advance(self, to: int) -> None:
        self._echo()
        while len(self.heard) < to:
            code = self.queue.popleft() if self.queue else 0xFF
            assert isinstance(code, int)
            self.heard.append(code)
            self._echo()

    def _echo(self) -> None:
        while self.queue and isinstance(self.queue[0], str):
            self.echoed.append((str(self.queue.popleft()), len(self.heard)))

    def clear(self) -> None:
        self.echoed += [(m, len(self.heard)) for m in self.queue if isinstance(m, str)]
        self.queue.clear()


def test_what_is_played_after_a_clear_is_heard_before_what_the_clear_took_back() -> None:
    line = HeardLine()
    line.play(b"\x01", 0)
    line.play(b"\x02", 0)
    line.cut(0)
    line.play(b"\x03", 0)

    assert line.listen(0, 1) == b"\x03"


orders = st.one_of(
    st.tuples(st.just("play"), st.integers(1, 200)),
    st.tuples(st.just("mark"), st.just(0)),
    st.tuples(st.just("clear"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 500)),
    st.tuples(st.just("listen"), st.just(0)),
)


@given(st.lists(orders, max_size=30))
def test_any_sequence_is_heard_as_sample_by_sample(sequence: list[tuple[str, int]]) -> None:
    line, plain = HeardLine(), SampleBySample()
    echoed: list[tuple[str, int]] = []
    at, listened, heard = 0, 0, b""
    for number, (order, size) in enumerate(sequence):
        if order == "play":
            audio = bytes((number + n) % 256 for n in range(size))
            line.play(audio, at)
            plain.queue.extend(audio)
        elif order == "mark":
            line.mark(str(number), at)
            plain.queue.append(str(number))
        elif order == "clear":
            echoed += [(mark.name, mark.due) for mark in line.reached(at)]
            echoed += [(mark.name, at) for mark in line.cut(at)]
            plain.advance(at)
            plain.clear()
        elif order == "wait":
            at += size
        else:
            heard += line.listen(listened, at)
            listened = at
        plain.advance(at)
        echoed += [(mark.name, mark.due) for mark in line.reached(at)]
    heard += line.listen(listened, at + 6_200)
    plain.advance(at + 6_200)
    echoed += [(mark.name, mark.due) for mark in line.reached(at + 6_200)]

    assert heard == bytes(plain.heard)
    assert echoed == plain.echoed
    np.testing.assert_array_equal(line.pcm(len(heard)), mulaw.decode(heard))
