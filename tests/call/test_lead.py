import pytest

from agent.call.lead import MARK_PATIENCE_S, REMEMBERED_MARKS, Lead

MOST, LEAST = 1920, 800


def test_what_was_sent_is_heard_by_the_clock() -> None:
    lead = Lead()
    assert lead.add(1600, 5.0) == 5.0
    assert lead.add(800, 5.1) == pytest.approx(5.2)
    assert lead.end == pytest.approx(5.3)
    assert lead.heard(5.15) == 1200
    assert lead.heard(9.0) == lead.sent == 2400


def test_after_silence_the_clock_starts_afresh() -> None:
    lead = Lead()
    lead.add(1600, 5.0)
    assert lead.add(160, 7.0) == 7.0
    assert lead.end == pytest.approx(7.02)


def test_what_was_heard_earlier_is_known_although_the_line_has_run_dry_since() -> None:
    lead = Lead()
    for at in (5.0, 6.0, 7.0):
        lead.add(800, at)  # 0.1 s
    times = (4.0, 5.05, 5.1, 5.5, 6.05, 6.9, 7.05, 8.0)
    assert [lead.heard(at) for at in times] == [0, 400, 800, 800, 1200, 1600, 2000, 2400]
    lead.restart(7.05)
    lead.add(800, 9.0)
    assert [lead.heard(at) for at in (7.5, 9.05)] == [0, 400]


def test_a_message_goes_when_the_whole_of_it_fits() -> None:
    lead = Lead()
    assert lead.room(MOST, LEAST, 5.0) == MOST
    lead.add(MOST, 5.0)
    due = lead.due(MOST, LEAST)
    assert due == pytest.approx(5.1)
    assert lead.room(MOST, LEAST, due - 0.001) == 0
    assert lead.room(MOST, LEAST, due) == LEAST


def test_a_mark_proves_what_was_heard_and_takes_earlier_ones_along() -> None:
    lead = Lead()
    for name in ("a", "b"):
        lead.add(800, 5.0)
        lead.mark(name)
    assert lead.marked("b", 5.25)
    assert lead.round_trip_s == pytest.approx(0.05)
    assert lead.marks == {}
    assert lead.heard(5.0) == 1600
    assert not lead.marked("a", 5.3)


@pytest.mark.parametrize(("late_s", "heard"), [(0.5, 800), (MARK_PATIENCE_S, 1600)])
def test_what_follows_a_missing_mark_is_not_believed_until_the_mark_is_lost(
    late_s: float, heard: int
) -> None:
    lead = Lead()
    lead.add(800, 5.0)
    lead.mark("a")
    lead.add(800, 5.0)
    assert lead.heard(5.1 + late_s) == heard


def test_a_clear_takes_back_what_was_not_heard() -> None:
    lead = Lead()
    lead.add(1600, 5.0)
    lead.mark("a")
    lead.clear(lead.heard(5.1), 5.1)
    assert (lead.sent, lead.end, lead.marks) == (800, 5.1, {})
    assert lead.heard(5.0) == 800
    assert lead.add(160, 5.1) == 5.1


def test_marks_that_never_come_back_fill_no_memory() -> None:
    lead = Lead()
    for n in range(REMEMBERED_MARKS + 1):
        lead.mark(str(n))
    assert "0" not in lead.marks
    assert len(lead.marks) == REMEMBERED_MARKS


def test_what_was_heard_at_an_earlier_time_is_known_as_well() -> None:
    lead = Lead()
    lead.add(1600, 5.0)
    lead.add(1600, 5.1)
    assert lead.heard(5.05) == 400


def test_a_new_line_is_empty_and_counts_from_nothing() -> None:
    lead = Lead()
    lead.add(3200, 5.0)
    lead.mark("m")
    lead.restart(5.1)
    assert (lead.sent, lead.marks, lead.end) == (0, {}, 5.1)
    assert lead.heard(9.0) == 0
    assert lead.room(MOST, LEAST, 5.1) == MOST
    assert lead.add(160, 7.0) == 7.0
