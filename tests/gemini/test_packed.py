"""Messages that are packed come out as they were put in, and take little room."""

import tracemalloc
from collections import deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gemini.entries import Entry, Kind
from agent.gemini.packed import OVERHEAD_BYTES, RUN_PACKETS, Packed


def audio(start: int, n: int, index: int = 0) -> Entry:
    return Entry(Kind.AUDIO, (start % 256).to_bytes(1, "big") * 2 * n, start, n, index)


def text(start: int, size: int = 3) -> Entry:
    return Entry(Kind.ASKS, bytes(size), start, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("audio"), st.integers(1, 9_000)),
        st.tuples(st.just("hole"), st.integers(1, 50)),
        st.tuples(st.just("text"), st.integers(0, 50)),
        st.tuples(st.just("pop"), st.integers(1, 5)),
        st.tuples(st.just("drop"), st.integers(1, 5)),
        st.tuples(st.just("drop_other"), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.sampled_from([0, 1, -(1 << 32)]))
def test_a_queue_of_packed_messages_is_a_queue_of_messages(
    steps: list[tuple[str, Any]], index: int
) -> None:
    packed, plain = Packed(), deque[Entry]()
    position = 0
    for action, value in steps:
        if action == "audio":
            entry = audio(position, value, index)
            packed.add(entry)
            plain.append(entry)
            position += value
            index += 1 if index else 0
        elif action == "hole":
            position += value
        elif action == "text":
            packed.add(text(position, value))
            plain.append(text(position, value))
        elif action == "drop_other":
            other = next((e for e in plain if not e.n), None)
            assert packed.drop_other() == other
            if other is not None:
                plain.remove(other)
        else:
            for _ in range(min(value, len(plain))):
                oldest = plain.popleft()
                if action == "pop":
                    assert packed.pop() == oldest
                else:
                    packed.drop()
        front = packed.front
        assert bool(packed) is bool(plain)
        if front is None:
            assert not plain
        else:
            assert (front.start, front.n, front.index) == (
                plain[0].start,
                plain[0].n,
                plain[0].index,
            )
        assert packed.samples == sum(e.n for e in plain)
        others = [e for e in plain if not e.n]
        assert list(packed.others()) == others
        assert packed.other_size == sum(len(e.payload) + OVERHEAD_BYTES for e in others)
    assert list(packed) == list(plain)
    assert list(packed.drain()) == list(plain)
    assert (packed.samples, packed.size, packed.other_size) == (0, 0, 0)


def test_what_was_numbered_later_is_counted() -> None:
    packed = Packed()
    for index in range(1, 5):
        packed.add_audio(bytes(200), 100 * index, index)
    packed.add(text(500))
    packed.add_audio(bytes(20), 500, 6)
    assert [packed.samples_after(i) for i in (-9, 0, 2, 4, 5, 6)] == [410, 410, 210, 10, 10, 0]


@pytest.mark.parametrize("n", [1, 160, 640, 1_600, 40_000])
def test_what_it_says_it_takes_is_nearly_what_it_takes(n: int) -> None:
    tracemalloc.start()
    try:
        packed = Packed()
        for place in range(max(10 * 16_000 // n, 3 * RUN_PACKETS) if n < 40_000 else 4):
            packed.add_audio(bytes(2 * n), place * n, 10**6 + place)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < packed.size + 20_000
    assert taken < 1.02 * 2 * packed.samples or n < 640
