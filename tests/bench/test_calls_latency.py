"""Latencies of whole calls, worked out from what both ends noted."""

import pytest

from agent.sim.carrier_texts import CallIds
from agent.sim.phone_report import BankReport, PhoneReport
from agent.sim.recording import ReceivedFrame, Recording
from bench.calls_latency import downlink_ms, first_message_samples, uplink_ms

IDS = CallIds("AC1", "CA1", "MZ1")


def test_up_is_counted_from_the_message_that_completes_a_packet() -> None:
    calls = [
        PhoneReport(IDS, started_at=2.0, sent_at=[5.00, 5.02, 5.04, 5.06]),
        PhoneReport(IDS, started_at=1.0, sent_at=[7.00, 7.02]),
    ]
    recording = Recording()
    recording.opened("first")
    recording.opened("second")
    recording.frames += [
        ReceivedFrame(7.021, "first", 1, "audio", 640),
        ReceivedFrame(5.023, "second", 1, "audio", 640),
        ReceivedFrame(5.024, "second", 2, "text"),
        ReceivedFrame(5.065, "second", 3, "audio", 640),
        ReceivedFrame(5.099, "second", 4, "audio", 640),  # completed by nothing we know of
    ]
    assert uplink_ms(BankReport(calls), recording) == pytest.approx([1, 3, 5])


def test_the_length_of_a_first_message_follows_from_the_second() -> None:
    call = PhoneReport(IDS, received_at=[1.0, 1.05], leads_s=[0.0, 0.01])
    assert first_message_samples(call, 0) == 480  # 50 ms played and 10 ms queued
    assert first_message_samples(call, 1) == 160


def test_down_is_counted_from_the_chunk_that_completes_the_first_message_of_each_reply() -> None:
    call = PhoneReport(
        IDS,
        received_at=[1.012, 1.062, 3.011],
        leads_s=[0.0, 0.01, 0.0],
    )
    sent = [1.000, 1.005, 1.010, 1.015, 3.010, 9.0]
    beyond, from_first = downlink_ms(BankReport([call]), [sent], 20)
    assert beyond == pytest.approx([2, 1])
    assert from_first == pytest.approx([12, 1])
