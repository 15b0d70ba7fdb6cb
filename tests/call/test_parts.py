import pytest

from agent.call.parts import (
    CUSHION_STEP_S,
    KEPT_S,
    LARGEST_CUSHION_S,
    REMEMBERED_PARTS,
    Cushion,
    Part,
    Parts,
)


def begun(cushion: Cushion, turn: int = 1) -> Part:
    part = Part(turn, "p")
    cushion.begins(part, 5.0)
    return part


def test_a_beginning_is_held_until_there_is_enough_or_for_so_long() -> None:
    part = begun(Cushion(0.06))
    part.queue += b"x" * 479
    assert part.held(5.0)
    assert not part.held(5.06)
    part = begun(Cushion(0.06))
    part.queue += b"x" * 480
    assert not part.held(5.0)
    part.queue.clear()
    assert not part.held(5.0)  # never again


def test_what_is_closed_is_not_held() -> None:
    part = begun(Cushion(0.06))
    part.closed = True
    assert not part.held(5.0)


def test_the_cushion_grows_with_holes_and_shrinks_without() -> None:
    cushion = Cushion(0.0)
    part = begun(cushion)
    for n in range(1, 6):
        cushion.ran_dry(part, 5.0)
        assert part.hold == round(min(n * CUSHION_STEP_S, LARGEST_CUSHION_S) * 8000)
    cushion.finished(part)
    assert begun(cushion).hold == LARGEST_CUSHION_S * 8000
    cushion.finished(begun(cushion))
    assert begun(cushion).hold == pytest.approx((LARGEST_CUSHION_S - CUSHION_STEP_S) * 8000)


def test_more_can_be_asked_for_one_turn() -> None:
    cushion = Cushion(0.06)
    waiting, other, playing = begun(cushion, 1), begun(cushion, 2), begun(cushion, 1)
    playing.hold = 0
    for part in (waiting, other, playing, None):
        cushion.ask(1, 0.5, part, 6.0)
    assert (waiting.hold, waiting.hold_until) == (4000, 6.5)
    assert (other.hold, playing.hold) == (480, 0)
    cushion.ran_dry(playing, 7.0)
    assert (playing.hold, playing.hold_until) == (4000, 7.5)
    assert begun(cushion, 2).hold == 800


def test_the_parts_of_a_turn_are_numbered() -> None:
    parts = Parts()
    assert parts.latest is None
    names = [parts.open(turn, epoch).name for turn, epoch in ((1, 0), (1, 0), (2, 0), (1, 3))]
    assert names == ["e0:t1:1", "e0:t1:2", "e0:t2:1", "e3:t1:1"]
    assert parts.latest is parts.waiting[-1]


def sent(parts: Parts, turn: int, end: int, audio: bytes = bytes(160)) -> Part:
    """A part that was sent up to this position, and may go on."""
    part = parts.open(turn, 0)
    part.queue += audio
    assert parts.send(part, len(audio), end) == audio
    parts.waiting.remove(part)
    return part


def test_what_was_not_heard_is_told_by_turn() -> None:
    parts = Parts()
    for turn, end in ((1, 160), (1, 480), (2, 800)):
        sent(parts, turn, end)
    parts.open(2, 0).queue += bytes(320)
    parts.open(3, 0)

    assert parts.clear(heard=400) == {1: 80, 2: 160 + 320}
    assert not parts.waiting
    assert parts.clear(heard=0) == {}


def test_of_what_was_sent_long_ago_nothing_is_known() -> None:
    parts = Parts()
    for turn in range(REMEMBERED_PARTS + 1):
        sent(parts, turn, 160)

    assert list(parts.clear(heard=0)) == list(range(1, REMEMBERED_PARTS + 1))


def test_what_is_sent_leaves_the_queue_and_is_counted() -> None:
    parts = Parts()
    part = parts.open(1, 0)
    part.queue += b"a" * 160 + b"b" * 160
    assert parts.send(part, 160, 160) == b"a" * 160
    assert (part.sent, part.end, bytes(part.queue)) == (160, 160, b"b" * 160)


def test_a_line_that_broke_gives_back_what_was_not_heard_in_order_and_under_new_names() -> None:
    parts = Parts()
    whole = sent(parts, 1, 320, b"a" * 160 + b"b" * 160)
    open_ = parts.open(2, 0)
    open_.queue += b"c" * 160 + b"d" * 160
    parts.send(open_, 160, 480)
    last = parts.open(3, 0)

    assert parts.break_off(heard=165, epoch=1) == ({"e0:t1:1", "e0:t2:1"}, 320)
    assert list(parts.waiting) == [whole, open_, last]
    assert [part.queue for part in parts.waiting] == [b"b" * 160, b"c" * 160 + b"d" * 160, b""]
    assert [part.name for part in parts.waiting] == ["e1:t1:1", "e1:t2:1", "e1:t3:1"]
    assert [part.torn for part in parts.waiting] == [True, False, False]
    assert [part.sent for part in parts.waiting] == [0, 0, 0]
    assert parts.clear(heard=0) == {1: 160, 2: 320}


def test_what_was_heard_is_not_given_back_but_its_part_goes_on() -> None:
    parts = Parts()
    sent(parts, 1, 160)
    part = parts.open(2, 0)
    part.queue += bytes(160)
    parts.send(part, 160, 320)

    assert parts.break_off(heard=320, epoch=1) == ({"e0:t2:1"}, 0)
    assert list(parts.waiting) == [part]
    assert part.torn


def test_what_was_sent_long_ago_is_not_kept() -> None:
    parts = Parts()
    n = int(KEPT_S * 8000)
    sent(parts, 1, 160)
    sent(parts, 2, n, bytes(n))
    sent(parts, 3, 160 + n + 160)
    assert parts.break_off(heard=0, epoch=1) == ({"e0:t2:1", "e0:t3:1"}, n + 160)


def test_what_was_cleared_is_not_given_back() -> None:
    parts = Parts()
    sent(parts, 1, 160)
    parts.clear(heard=0)
    assert parts.break_off(heard=0, epoch=1) == (set(), 0)
