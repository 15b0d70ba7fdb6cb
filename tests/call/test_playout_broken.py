"""A line that breaks: what the caller has not heard goes out on the next one, once."""

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.call.playout import FRAME, Mark, Play, Playout
from tests.call.sounds import voice


class Thirds:
    """Takes every third sample: what comes out can be told from what went in."""

    def process(self, pcm: Pcm16) -> Pcm16:
        return pcm[::3]

    def reset(self) -> None:
        pass


def counted(n: int) -> Pcm16:
    """A sound in which no two neighbouring frames are the same; n samples at 8 kHz."""
    codes = np.arange(n) // 4 * 7 % 120
    return np.repeat(mulaw.decode(bytes(codes.astype(np.uint8))), 3)


def line(lead_ms: int = 240) -> Playout:
    return Playout(lead_ms=lead_ms, message_ms=100, start_ms=0, resampler=Thirds())


def play(playout: Playout, now: float, until: float) -> list[Play]:
    """Let it go out, and marks come back in time; returns what was sent by then."""
    sent: list[Play] = []
    marks: list[tuple[float, str]] = []
    while now <= until:
        for item in playout.take(now):
            if isinstance(item, Play):
                sent.append(item)
            else:
                marks.append((sent[-1].at + len(sent[-1].mulaw) / 8000, item.name))
        now = min(max(now, playout.next_due), *(at for at, _ in marks), inf)
        while marks and marks[0][0] <= min(now, until):
            playout.marked(marks.pop(0)[1], now)
    return sent


def heard(sent: list[Play], until: float) -> bytes:
    """What the caller has heard by then of what was sent, in whole frames."""
    out = b""
    for item in sent:
        n = max(0, round((until - item.at) * 8000))
        out += item.mulaw[: n // FRAME * FRAME]
    return out


@given(
    st.lists(st.floats(0.01, 2.0), max_size=4),
    st.floats(0.0, 3.0),
    st.sampled_from([100, 240, 300]),
    st.floats(0.001, 0.3),
)
@settings(max_examples=60, deadline=None)
def test_every_frame_is_heard_once_however_often_the_line_breaks(
    breaks: list[float], away_s: float, lead_ms: int, cut_s: float
) -> None:
    playout = line(lead_ms)
    playout.push(1, counted(20 * FRAME), -cut_s)
    play(playout, -cut_s, 0.0)
    playout.clear(0.0)  # what follows begins anywhere
    pcm = counted(40 * FRAME)
    playout.push(2, pcm[: pcm.size // 2], 0.0)
    playout.finish()
    playout.push(3, pcm[pcm.size // 2 :], 0.0)
    playout.finish()
    now, got = 0.0, b""
    for lasts in breaks:
        sent = play(playout, now, now + lasts)
        got += heard(sent, now + lasts)
        playout.line_broke(now + lasts)
        now += lasts + away_s
        assert playout.take(now) == []
        assert playout.next_due == inf
        playout.away = False
    got += b"".join(item.mulaw for item in play(playout, now, now + 10))
    silence = bytes([mulaw.SILENCE])
    said = mulaw.encode(pcm[::3])
    assert got.replace(silence, b"") == said.replace(silence, b"")
    assert playout.all_heard()


def test_what_comes_while_there_is_no_line_waits() -> None:
    playout = line()
    playout.line_broke(5.0)
    playout.push(1, counted(FRAME * 50), 6.0)
    playout.finish()
    assert not playout.audible(6.0)
    assert playout.left_s(6.0) == pytest.approx(1.0, abs=0.03)
    assert playout.take(6.0) == []
    playout.away = False
    assert playout.audible(9.0)
    items = playout.take(9.0)
    assert isinstance(items[0], Play)
    assert (items[0].part, items[0].at) == ("e1:t1:1", 9.0)


def test_the_rest_of_an_utterance_has_a_new_name_and_a_gap_before_it() -> None:
    playout = line()
    playout.push(1, counted(FRAME * 50), 0.0)
    playout.finish()
    play(playout, 0.0, 0.5)
    assert playout.line_broke(0.5) == {"e0:t1:1"}
    playout.away = False
    [first, *_] = playout.take(2.0)
    assert isinstance(first, Play)
    assert first.part == "e1:t1:2"
    assert playout.gap_s == pytest.approx(1.5, abs=0.03)
    assert playout.underruns == 0


def test_an_utterance_that_was_never_heard_leaves_no_gap() -> None:
    playout = line()
    playout.push(1, counted(FRAME * 50), 0.0)
    playout.take(0.0)
    playout.line_broke(0.0)
    playout.away = False
    playout.take(2.0)
    assert playout.gap_s == 0


def test_the_mark_of_what_is_said_again_proves_it() -> None:
    playout = line()
    playout.push(1, counted(FRAME * 20), 0.0)
    playout.finish()
    play(playout, 0.0, 0.3)
    playout.line_broke(0.3)  # all of it was sent
    assert not playout.marked("e0:t1:1", 1.0)
    playout.away = False
    items = playout.take(1.0)
    assert items[-1] == Mark("e1:t1:2")
    assert playout.marked("e1:t1:2", 1.2)
    assert playout.all_heard()


def test_a_barge_in_on_the_next_line_counts_what_was_not_heard() -> None:
    playout = line()
    playout.push(1, counted(FRAME * 50), 0.0)
    playout.finish()
    play(playout, 0.0, 0.4)
    playout.line_broke(0.4)
    playout.away = False
    play(playout, 1.0, 1.2)
    unheard = playout.clear(1.2)
    assert unheard[1] == pytest.approx(1.0 - 0.4 - 0.2, abs=0.03)


def test_a_voice_that_was_converted_for_the_old_line_is_gone_on_with() -> None:
    playout = Playout(lead_ms=240, message_ms=100, start_ms=60)
    playout.push(1, voice(1.0, 24000), 0.0)
    play(playout, 0.0, 0.5)
    playout.line_broke(0.5)
    playout.push(1, voice(1.0, 24000), 0.6)
    playout.finish()
    playout.away = False
    total = sum(len(item.mulaw) for item in play(playout, 1.0, 9.0))
    assert total / 8000 == pytest.approx(1.5, abs=0.05)
