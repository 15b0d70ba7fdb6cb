"""Whatever the model and the wake-ups do, the carrier's queue stays within the lead."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.call.playout import Play, Playout

STEP = st.tuples(
    st.floats(0.0, 0.5),
    st.sampled_from(["push", "take", "finish", "clear"]),
    st.integers(1, 9000),
)


@given(
    st.lists(STEP, max_size=60),
    st.sampled_from([(240, 100), (300, 20), (200, 60), (60, 60), (300, 300)]),
    st.floats(0.0, 1e6),
)
@settings(max_examples=150, deadline=None)
def test_playout_never_runs_ahead_of_its_lead_and_never_stops(
    steps: list[tuple[float, str, int]], plan: tuple[int, int], began: float
) -> None:
    lead_ms, message_ms = plan
    line = Playout(lead_ms=lead_ms, message_ms=message_ms, start_ms=40)
    now, end = began, began
    pushed = sent = turn = cleared = 0
    for wait_s, what, n in steps:
        now += wait_s
        if what == "push":
            turn += n % 7 == 0
            pushed += line.push(turn, np.full(n, 900, np.int16), now)
        elif what == "finish":
            line.finish()
        elif what == "clear":
            cleared += line.queued
            line.clear(now)
            end = min(end, now)
        for item in line.take(now):
            if isinstance(item, Play):
                assert len(item.mulaw) % 160 == 0
                end = max(now, end) + len(item.mulaw) / 8000
                sent += len(item.mulaw)
        assert end - now <= lead_ms / 1000 + 1e-4
        assert line.next_due > now
    line.finish()
    while line.next_due < float("inf"):
        now = max(now, line.next_due)
        sent += sum(len(i.mulaw) for i in line.take(now) if isinstance(i, Play))
    assert sent + cleared >= pushed  # no sample is lost; padding comes on top
    assert line.queued == 0
