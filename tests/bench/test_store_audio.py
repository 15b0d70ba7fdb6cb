"""How late audio was, by whether records were written meanwhile."""

import pytest

from agent.sim.carrier_texts import CallIds
from agent.sim.phone_report import BankReport, PhoneReport
from agent.sim.recording import ReceivedFrame, Recording
from bench.store_audio import AGAIN, QUIET, WRITING, by_round, downlink_late, uplink_late
from bench.store_subject import ROUND_S, round_of, writes

IDS = CallIds("AC1", "CA1", "MZ1")


def test_a_message_to_the_model_is_late_by_what_it_came_after_its_last_frame() -> None:
    recording = Recording()
    recording.opened("one")
    recording.frames += [
        ReceivedFrame(5.023, "one", 1, "audio", 640),
        ReceivedFrame(5.030, "one", 2, "text"),
        ReceivedFrame(5.065, "one", 3, "audio", 640),
        ReceivedFrame(5.099, "one", 4, "audio", 640),  # completed by nothing we know of
    ]
    report = BankReport([PhoneReport(IDS, sent_at=[5.00, 5.02, 5.04, 5.06])])
    found = list(uplink_late(report, recording))
    assert [at for at, _ in found] == [5.023, 5.065]
    assert [late for _, late in found] == pytest.approx([3, 5])


def test_a_message_to_the_caller_is_late_by_what_it_lacks_of_the_best_lead() -> None:
    leads = [0.0, 0.06, 0.14, 0.14, 0.11, 0.0, 0.05, 0.049]
    at = [1.0, 1.02, 1.1, 1.2, 1.33, 4.0, 4.1, 4.2]
    found = list(downlink_late(at, leads))
    assert [when for when, _ in found] == [1.1, 1.2, 1.33, 4.1, 4.2]
    assert [late for _, late in found] == pytest.approx([0, 0, 30, 0, 1])


def test_rounds_with_and_without_writing_take_turns() -> None:
    middles = [(n + 0.5) * ROUND_S for n in range(8)]
    assert [writes(round_of(at)) for at in middles] == [False, True] * 4
    found = by_round((at, float(n)) for n, at in enumerate(middles))
    assert found == {QUIET: [0, 4], AGAIN: [2, 6], WRITING: [1, 3, 5, 7]}


def test_the_beginning_of_a_round_counts_for_none() -> None:
    assert by_round([(4.1, 9.0), (8.49, 9.0)]) == {QUIET: [], AGAIN: [], WRITING: []}
