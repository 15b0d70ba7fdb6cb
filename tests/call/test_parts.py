import pytest

from agent.call.parts import (
    CUSHION_STEP_S,
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


def test_what_was_not_heard_is_told_by_turn() -> None:
    parts = Parts()
    for turn, end in ((1, 160), (1, 480), (2, 800)):
        part = parts.open(turn, 0)
        part.sent, part.end = 160, end
        parts.begins(part)
    parts.open(2, 0).queue += bytes(320)
    parts.open(3, 0)

    assert parts.clear(heard=400) == {1: 80, 2: 160 + 320}
    assert not parts.waiting
    assert parts.clear(heard=0) == {}


def test_of_what_was_sent_long_ago_nothing_is_known() -> None:
    parts = Parts()
    for turn in range(REMEMBERED_PARTS + 1):
        part = parts.open(turn, 0)
        part.sent = part.end = 160
        parts.begins(part)

    assert list(parts.clear(heard=0)) == list(range(1, REMEMBERED_PARTS + 1))
