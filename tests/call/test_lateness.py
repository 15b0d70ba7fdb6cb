"""How late the caller's audio comes."""

import pytest

from agent.call.lateness import DRIFT_S, Lateness


def test_packets_that_come_as_they_were_spoken_are_not_late() -> None:
    lateness = Lateness()
    for packet in range(100):
        lateness.came(40 * packet, 1000.0 + 0.04 * packet)
    assert lateness.worst_s == pytest.approx(0.0, abs=1e-3)
    assert lateness.late == 0


def test_the_quickest_packet_is_the_measure() -> None:
    lateness = Lateness()
    lateness.came(0, 1000.05)
    lateness.came(40, 1000.04)  # the first one was late, as it turns out
    lateness.came(80, 1000.18)
    assert lateness.worst_s == pytest.approx(0.1)
    assert lateness.late == 1
    lateness.came(120, 1000.13)
    assert lateness.late == 1


def test_a_clock_that_drifts_does_not_make_the_end_of_a_long_call_late() -> None:
    lateness = Lateness()
    for packet in range(30 * 60 * 25):  # half an hour, and 50 millionths too slow: 90 ms
        lateness.came(40 * packet, 0.04 * packet * (1 + 50e-6))
    assert lateness.late == 0
    assert lateness.worst_s < 0.01
    assert DRIFT_S < 0.001


def test_another_stream_has_times_of_its_own() -> None:
    lateness = Lateness()
    lateness.came(60_000, 1000.0)
    lateness.anew()
    lateness.came(0, 1030.0)
    assert lateness.late == 0
