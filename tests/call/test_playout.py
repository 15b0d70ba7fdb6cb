from math import inf

import numpy as np
import pytest

from agent.audio import mulaw
from agent.call.lead import MARK_PATIENCE_S
from agent.call.playout import LONGEST_QUEUE_S, REMEMBERED_PARTS, Mark, Play, Playout
from tests.call.sounds import voice

NONE = np.zeros(0, np.int16)


def speech(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return voice(seconds, 24000)


def playout(lead_ms: int = 240, message_ms: int = 100, start_ms: int = 60) -> Playout:
    return Playout(lead_ms=lead_ms, message_ms=message_ms, start_ms=start_ms)


def ms(items: list[Play | Mark]) -> list[float | str]:
    return [len(i.mulaw) / 8 if isinstance(i, Play) else i.name for i in items]


def drain(line: Playout, now: float, until: float) -> list[tuple[float, float | str]]:
    sent: list[tuple[float, float | str]] = []
    while now <= until:
        sent += [(round(now, 6), item) for item in ms(line.take(now))]
        due = line.next_due
        assert due > now
        now = due
    return sent


def test_the_first_message_goes_at_once_and_the_rest_by_the_clock() -> None:
    line = playout()
    line.push(1, speech(0.8), 10.0)
    line.finish()
    assert drain(line, 10.0, 20.0) == [
        (10.0, 240.0),
        (10.1, 100.0),
        (10.2, 100.0),
        (10.3, 100.0),
        (10.4, 100.0),
        (10.5, 100.0),
        (10.6, 80.0),  # the filter's tail and the padding to a frame
        (10.6, "e0:t1:1"),
    ]
    assert line.end == pytest.approx(10.82)


def test_a_late_wake_up_is_made_good_and_does_not_add_up() -> None:
    line = playout()
    line.push(1, speech(20.0), 0.0)
    now = 0.0
    while line.queued:
        line.take(now)
        assert line.end - now <= 0.24 + 1e-6
        now = max(now, line.next_due) + 0.013
    assert line.end == pytest.approx(20.0, abs=0.02)
    assert line.underruns == 0


def test_the_tail_is_whole_frames_padded_with_silence() -> None:
    line = playout()
    line.push(1, speech(0.011), 0.0)
    line.finish()
    (play, mark) = line.take(0.0)
    assert isinstance(play, Play)
    assert len(play.mulaw) == 160
    assert play.mulaw.endswith(b"\xff" * 40)
    assert isinstance(mark, Mark)
    assert np.abs(mulaw.decode(play.mulaw)).max() > 1000


def test_a_short_beginning_waits_for_more_but_not_for_long() -> None:
    line = playout(start_ms=60)
    line.push(1, speech(0.03), 5.0)
    assert line.take(5.0) == []
    assert line.next_due == pytest.approx(5.06)
    assert ms(line.take(5.06)) == [20.0]
    line = playout(start_ms=60)
    line.push(1, speech(0.03), 5.0)
    line.push(1, speech(0.04), 5.01)
    assert ms(line.take(5.01)) == [60.0]


def test_an_end_that_comes_early_releases_a_held_beginning() -> None:
    line = playout(start_ms=200)
    line.push(1, speech(0.05), 5.0)
    line.finish()
    assert line.next_due == -inf
    assert ms(line.take(5.0)) == [60.0, "e0:t1:1"]
    assert line.next_due == inf


def test_turns_and_pauses_are_parts_with_marks_of_their_own() -> None:
    line = playout()
    line.push(1, speech(0.1), 0.0)
    line.finish()
    line.finish()
    line.push(1, speech(0.1), 0.0)
    line.push(2, speech(0.1), 0.0)
    line.finish()
    items = line.take(0.0)
    now = 0.0
    while line.next_due < inf:
        now = line.next_due
        items += line.take(now)
    assert [i.name for i in items if isinstance(i, Mark)] == ["e0:t1:1", "e0:t1:2", "e0:t2:1"]
    assert [(i.part, i.turn) for i in items if isinstance(i, Play)] == [
        ("e0:t1:1", 1),
        ("e0:t1:2", 1),
        ("e0:t2:1", 2),
        (None, 2),
    ]


def test_a_model_slower_than_real_time_is_heard_with_holes_that_are_counted() -> None:
    line = playout()
    line.push(1, speech(0.2), 0.0)
    line.take(0.0)
    assert line.audible(0.1)
    line.push(1, speech(0.2), 0.5)  # 300 ms late
    assert line.take(0.5) != []  # 200 ms are more than the cushion
    assert line.underruns == 1
    assert line.gap_s == pytest.approx(0.3)
    line.push(1, speech(0.1), 2.0)
    assert line.take(2.0) == []  # the cushion has grown
    assert line.next_due == pytest.approx(2.2)
    assert ms(line.take(2.2)) == [100.0]
    line.finish()
    line.take(2.3)
    line.push(2, speech(0.1), 5.0)
    assert line.take(5.0) == []  # and stands at the beginning of the next part
    line.finish()
    line.push(3, speech(0.1), 8.0)
    assert line.next_due == pytest.approx(5.0, abs=4.0)
    line.take(5.1)
    assert line.underruns == 2


def test_silence_between_turns_is_no_hole() -> None:
    line = playout()
    line.push(1, speech(0.2), 0.0)
    line.finish()
    line.take(0.0)
    line.push(2, speech(0.2), 9.0)
    line.take(9.0)
    assert line.underruns == 0
    assert line.gap_s == 0.0


def test_a_full_queue_drops_what_is_newest_and_counts_it() -> None:
    line = playout()
    for _ in range(13):
        line.push(1, speech(10.0), 0.0)
    assert line.queued == LONGEST_QUEUE_S * 8000
    assert line.dropped == 10 * 8000
    line.finish()
    assert line.queued == LONGEST_QUEUE_S * 8000


def test_nothing_pushed_is_nothing_queued() -> None:
    line = playout()
    assert line.push(1, NONE, 0.0) == 0
    assert line.next_due == inf
    assert line.take(0.0) == []
    assert line.all_heard()
    assert not line.audible(0.0)


def test_a_clear_says_what_was_not_heard_and_starts_afresh() -> None:
    line = playout()
    line.push(1, speech(0.5), 0.0)
    line.finish()
    line.push(2, speech(1.0), 0.0)
    line.take(0.0)
    line.take(0.1)
    assert line.left_s(0.1) == pytest.approx(1.43, abs=0.02)
    unheard = line.clear(0.2)
    assert unheard == {1: pytest.approx(0.32, abs=0.021), 2: pytest.approx(1.0, abs=0.021)}
    assert line.epoch == 1
    assert not line.audible(0.2)
    assert line.next_due == inf
    line.push(3, speech(0.1), 0.3)
    line.finish()
    assert ms(line.take(0.3)) == [120.0, "e1:t3:1"]
    assert line.clear(9.0) == {}


@pytest.mark.parametrize(("after_s", "unheard"), [(0.5, {2: 0.12}), (MARK_PATIENCE_S, {})])
def test_what_stands_behind_a_mark_that_is_not_back_was_not_heard_unless_the_mark_is_lost(
    after_s: float, unheard: dict[int, float]
) -> None:
    line = playout()
    for turn in (1, 2):
        line.push(turn, speech(0.1), 0.0)
        line.finish()
    line.take(0.0)
    line.take(0.1)
    assert line.clear(0.24 + after_s) == pytest.approx(unheard)


def test_a_clear_in_the_middle_of_a_part_forgets_the_part() -> None:
    line = playout()
    line.push(1, speech(0.2), 0.0)
    line.take(0.0)
    assert line.queued == 0
    assert line.clear(0.1) == {1: pytest.approx(0.1)}
    line.push(1, speech(0.2), 0.1)
    line.finish()
    assert ms(line.take(0.1))[-1] == "e1:t1:2"


def test_a_mark_proves_what_was_heard() -> None:
    line = playout()
    line.push(1, speech(0.2), 0.0)
    line.finish()
    line.take(0.0)
    assert not line.all_heard()
    assert line.marked("e0:t1:1", 0.28)
    assert line.all_heard()
    assert line.round_trip_s == pytest.approx(0.06, abs=0.001)
    assert not line.marked("e0:t1:1", 0.3)
    assert not line.marked("from another world", 0.3)
    assert line.clear(0.28) == {}


def test_a_mark_that_comes_early_moves_the_estimate_and_takes_the_earlier_ones_along() -> None:
    line = playout()
    line.push(1, speech(0.1), 0.0)
    line.finish()
    line.push(2, speech(0.1), 0.0)
    line.finish()
    line.take(0.0)
    line.take(0.5)
    assert line.marked("e0:t2:1", 0.0)
    assert line.round_trip_s == 0.0
    assert line.all_heard()
    assert line.clear(0.0) == {}


def test_marks_that_never_come_back_fill_no_memory() -> None:
    line = playout()
    for turn in range(REMEMBERED_PARTS + 3):
        line.push(turn, speech(0.02), float(turn))
        line.finish()
        line.take(float(turn))
    assert not line.marked("e0:t0:1", 99.0)
    assert line.marked("e0:t5:1", 99.0)


def test_after_a_clear_nothing_of_the_old_sound_comes_out_of_the_filter() -> None:
    line = playout()
    line.push(1, speech(0.1), 0.0)
    line.clear(0.0)
    line.push(2, np.zeros(2400, np.int16), 0.1)
    (play,) = line.take(0.1)
    assert isinstance(play, Play)
    assert set(play.mulaw) == {0xFF}


def test_a_turn_that_was_held_back_begins_and_resumes_with_more_and_other_turns_do_not() -> None:
    line = playout()
    line.hold_back(1, 500, 0.0)
    line.push(1, speech(0.3), 0.0)
    assert line.next_due == pytest.approx(0.5)
    assert line.take(0.0) == []
    line.push(1, speech(0.3), 0.2)
    assert ms(line.take(0.2)) == [240.0]
    drain(line, 0.2, 0.9)
    line.push(1, speech(0.3), 1.0)  # it ran dry
    assert line.next_due == pytest.approx(1.5)
    line.finish()
    line.push(2, speech(0.3), 2.0)
    line.take(2.0)
    assert line.queued / 8000 < 0.7


def test_a_part_that_waits_is_held_back_at_once() -> None:
    line = playout(start_ms=60)
    line.push(1, speech(0.03), 0.0)
    line.hold_back(1, 300, 0.01)
    assert line.next_due == pytest.approx(0.31)
