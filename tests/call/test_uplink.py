import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.audio.resample import Resampler
from agent.audio.speech import SpeechEnded, SpeechStarted
from agent.call.uplink import LONGEST_FILL_MS, Uplink
from tests.call.line import voice

FRAME = 160


def frames(coded: bytes) -> list[bytes]:
    return [coded[i : i + FRAME] for i in range(0, len(coded), FRAME)]


@pytest.mark.parametrize("packet_ms", [20, 40, 60, 100])
def test_frames_become_packets_of_the_chosen_length(packet_ms: int) -> None:
    uplink = Uplink(packet_ms)
    packets = [p for n in range(30) for p in uplink.push(b"\xff" * FRAME, 20 * n)]
    assert len(packets) == 600 // packet_ms
    assert {p.size for p in packets} == {16 * packet_ms}
    assert uplink.position == 30 * FRAME


@given(st.lists(st.integers(1, 500), max_size=30))
@settings(max_examples=50, deadline=None)
def test_the_samples_do_not_depend_on_how_the_stream_was_cut(cuts: list[int]) -> None:
    coded = mulaw.encode(voice(0.5))
    uplink = Uplink(40)
    got, at = [], 0
    for n in [*cuts, len(coded)]:
        if at < len(coded):
            got += uplink.push(coded[at : at + n], at // 8)
        at += n
    got += uplink.flush()
    whole = Resampler(8000, 16000).process(mulaw.decode(coded))
    np.testing.assert_array_equal(np.concatenate(got), whole)


def test_the_wander_of_timestamps_is_no_gap() -> None:
    uplink = Uplink(20)
    for at_ms in (155, 178, 190, 225, 228, 300):
        assert len(uplink.push(b"\xff" * FRAME, at_ms)) == 1
    assert uplink.gaps == 0


def test_a_gap_in_the_carrier_s_time_becomes_as_much_silence() -> None:
    uplink = Uplink(20)
    uplink.push(b"\x00" * FRAME, 100)
    packets = uplink.push(b"\x00" * FRAME, 220)
    assert len(packets) == 1 + 5  # 100 ms were missing
    assert uplink.position == 7 * FRAME
    assert uplink.filled == 5 * FRAME
    assert uplink.gaps == 1
    assert np.abs(packets[2]).max() < 100


def test_a_jump_of_the_carrier_s_clock_is_filled_up_to_a_bound_and_back_not_at_all() -> None:
    uplink = Uplink(20)
    uplink.push(b"\xff" * FRAME, 0)
    uplink.push(b"\xff" * FRAME, 3_600_000)
    assert uplink.filled == 8 * LONGEST_FILL_MS
    uplink.push(b"\xff" * FRAME, 0)
    uplink.push(b"\xff" * FRAME, 20)
    assert uplink.gaps == 1


def test_speech_is_placed_by_samples_and_timed_back_from_now() -> None:
    uplink = Uplink(40)
    coded = b"\xff" * 4000 + mulaw.encode(voice(1.0)) + b"\xff" * 8000
    found = []
    for n, frame in enumerate(frames(coded)):
        now = 50.0 + 0.02 * (n + 1)
        uplink.push(frame, 20 * n)
        found += [(event, uplink.time_of(event.at_sample, now)) for event in uplink.speech()]
    (started, began), (ended, over) = found
    assert isinstance(started, SpeechStarted)
    assert isinstance(ended, SpeechEnded)
    assert began == pytest.approx(50.5, abs=0.03)
    assert over == pytest.approx(51.5, abs=0.03)
    assert uplink.speech() == []


@pytest.mark.parametrize("packet_ms", [20, 100])
def test_speech_counts_as_spoken_from_its_first_sound_and_pauses_do_not(packet_ms: int) -> None:
    uplink = Uplink(packet_ms)
    coded = b"\xff" * 4000 + mulaw.encode(voice(0.3)) + b"\xff" * 2400
    for n, frame in enumerate(frames(coded)):
        uplink.push(frame, 20 * n)
        found = uplink.speech()
        if found:
            assert uplink.spoken == uplink.position - 4000
    assert uplink.detector.speaking  # the hangover
    assert uplink.spoken / 8000 == pytest.approx(0.3, abs=0.001)


def test_who_is_in_a_hurry_gets_a_packet_for_each_frame_and_the_same_samples() -> None:
    coded = mulaw.encode(voice(0.4))
    uplink, sizes, got = Uplink(100), [], []
    for n, frame in enumerate(frames(coded)):
        uplink.hasten(5 <= n < 10)
        packets = uplink.push(frame, 20 * n)
        sizes.append(len(packets))
        got += packets
    assert sizes == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    whole = Resampler(8000, 16000).process(mulaw.decode(coded))
    np.testing.assert_array_equal(np.concatenate(got), whole)


def test_a_flush_returns_what_waits_and_only_that() -> None:
    uplink = Uplink(100)
    assert uplink.flush() == []
    uplink.push(b"\xff" * FRAME, 0)
    assert [p.size for p in uplink.flush()] == [320]
    assert uplink.flush() == []


def test_what_is_handed_on_is_kept_once_where_that_is_wanted() -> None:
    uplink = Uplink(40)
    uplink.keeps = True
    uplink.push(bytes([1]) * 160, 0)
    assert uplink.take_kept() == b""
    uplink.push(bytes([2]) * 160, 20)
    assert uplink.take_kept() == bytes([1]) * 160 + bytes([2]) * 160
    assert uplink.take_kept() == b""


def test_a_stream_that_is_over_ends_what_was_being_said_and_times_begin_anew() -> None:
    uplink = Uplink(40)
    uplink.keeps = True
    for n, frame in enumerate(frames(mulaw.encode(voice(1.0)))):
        uplink.push(frame, 20 * n)
    assert any(isinstance(event, SpeechStarted) for event in uplink.speech())
    uplink.flush()
    uplink.take_kept()
    uplink.break_off()
    [ended] = [event for event in uplink.speech() if isinstance(event, SpeechEnded)]
    assert 99.0 < uplink.time_of(ended.at_sample, 100.0) <= 100.0  # no time has passed for it
    assert uplink.take_kept() == b""
    for start in (50_000, 10):
        uplink.push(b"\xff" * FRAME, start)
        uplink.break_off()
    assert (uplink.gaps, uplink.filled) == (0, 0)
