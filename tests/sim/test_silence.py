"""A server that stops sending."""

from agent.sim.server_io import Close, Drop, Send
from agent.sim.silence import MOST_HELD, Silence

FRAMES = [Send(b"1"), Send(b"2")]


def test_nothing_is_held_without_silence() -> None:
    silence = Silence()
    assert silence.kept(FRAMES) == FRAMES
    silence.end(100.0)
    assert silence.kept([]) == []


def test_frames_wait_for_its_end_in_order() -> None:
    silence = Silence()
    silence.begin(5.0, 10.0)
    assert silence.until == 15.0
    assert silence.kept(FRAMES) == []
    silence.end(14.0)
    assert silence.kept([]) == []
    silence.end(15.0)
    assert silence.until is None
    assert silence.kept([Send(b"3")]) == [*FRAMES, Send(b"3")]


def test_an_end_passes_at_once_and_nothing_comes_after_it() -> None:
    for end in (Close(1011, ""), Drop()):
        silence = Silence()
        silence.begin(None, 10.0)
        assert silence.kept([*FRAMES, end]) == [end]
        silence.begin(1.0, 10.0)
        silence.end(11.0)
        assert silence.kept([]) == []


def test_only_so_much_is_held() -> None:
    silence = Silence()
    silence.begin(1.0, 10.0)
    silence.kept([Send(b"%d" % i) for i in range(MOST_HELD + 10)])
    silence.end(11.0)
    assert silence.kept([])[0] == Send(b"10")
