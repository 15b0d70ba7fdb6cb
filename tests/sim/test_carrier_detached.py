"""The carrier's line without a stream, and one stream after another."""

import json

import numpy as np
import pytest

from agent.sim.carrier import CarrierState, CarrierStream, CloseSocket, HangUp, SendText
from agent.sim.carrier_texts import CallIds
from tests.sim.lines import media, tone

CALL = CallIds("AC1", "CA1", "")


def line() -> CarrierStream:
    return CarrierStream(CALL, 10.0, np.random.default_rng(1), attached=False)


def until(carrier: CarrierStream, end: float) -> list[str]:
    """Let time pass; the names of the messages that went out."""
    names = []
    while (due := carrier.next_timer()) is not None and due <= end:
        carrier.handle_timer(due)
        names += sent(carrier, due)
    return names


def sent(carrier: CarrierStream, now: float) -> list[str]:
    return [
        json.loads(output.text)["event"] if isinstance(output, SendText) else "(close)"
        for output in carrier.outputs(now)
    ]


def test_a_detached_line_hears_and_speaks_and_sends_nothing() -> None:
    carrier = line()
    carrier.say(tone(0.1))
    carrier.tapped = True
    assert carrier.play(b"\x80" * 800, 10.0) == pytest.approx(10.1)
    assert until(carrier, 10.2) == []
    assert carrier.mouth.n_frames == 10
    overheard = carrier.overheard()
    assert [frame.start for frame in overheard] == [160 * number for number in range(10)]
    assert [frame.heard for frame in overheard] == [b"\x80" * 160] * 5 + [None] * 5
    assert [frame.said for frame in overheard[:5]] == list(tone(0.1).payloads)
    assert carrier.overheard() == []
    assert carrier.line.pcm(1600)[:800].any()
    carrier.press("5")
    assert carrier.keys == ["5"]
    carrier.receive(media(b"\xff"), 10.2)
    assert carrier.counters["after_stop"] == 1


def test_what_the_carrier_plays_can_be_ended() -> None:
    carrier = line()
    carrier.play(b"\x80" * 8000, 10.0)
    carrier.hush(10.25)
    assert carrier.line.n_cut == 6000


def test_one_stream_follows_another_on_the_same_clock() -> None:
    carrier = line()
    until(carrier, 11.0)
    carrier.attach(CallIds("AC1", "CA1", "MZ1"), 11.0)
    assert until(carrier, 11.1)[:4] == ["connected", "start", "media", "media"]
    carrier.detach(11.1, stop=True)
    assert sent(carrier, 11.1) == ["stop", "(close)"]
    assert carrier.state is CarrierState.DETACHED
    carrier.attach(CallIds("AC1", "CA1", "MZ2"), 11.5, start_after_s=0.1)
    assert until(carrier, 11.59) == ["connected"]
    assert until(carrier, 11.7)[0] == "start"
    carrier.detach(11.7, stop=False)
    assert sent(carrier, 11.7) == []
    assert carrier.mouth.n_frames == 85


def test_a_stream_that_has_not_begun_is_closed_without_stop() -> None:
    carrier = line()
    carrier.attach(CallIds("AC1", "CA1", "MZ1"), 10.0, start_after_s=1.0)
    assert sent(carrier, 10.0) == ["connected"]
    carrier.detach(10.5, stop=True)
    assert carrier.outputs(10.5) == [CloseSocket()]
    carrier.detach(10.6, stop=True)
    assert carrier.outputs(10.6) == []


@pytest.mark.parametrize("how", HangUp)
def test_hanging_up_a_detached_line_closes_it(how: HangUp) -> None:
    carrier = line()
    carrier.hang_up(10.5, how)
    assert carrier.state is CarrierState.CLOSED
    assert carrier.outputs(10.5) == []
    assert carrier.next_timer() is None


def test_no_frame_of_a_later_stream_lies_before_its_beginning() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        carrier = CarrierStream(CALL, 10.0, rng, attached=False)
        until(carrier, 11.0)
        carrier.attach(CALL, 11.0)
        carrier.handle_timer(11.1)
        texts = [json.loads(o.text) for o in carrier.outputs(11.1) if isinstance(o, SendText)]
        times = [int(t["media"]["timestamp"]) for t in texts if t["event"] == "media"]
        assert times[0] >= 0
        assert times == sorted(times)
