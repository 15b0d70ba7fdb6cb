import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.telephony.twilio.conference import (
    ASKING_S,
    MACHINE,
    NO_KEY,
    NO_PERSON,
    REFUSED,
    BringBack,
    CallerGone,
    Connected,
    HangUpPerson,
    WarmAction,
    WarmState,
    WarmTransfer,
)

PERSON = "CA" + "2" * 32
GONE = HangUpPerson(PERSON)


def ringing() -> WarmTransfer:
    warm = WarmTransfer(0.0, 20.0)
    assert warm.called(PERSON) == []
    return warm


def asking() -> WarmTransfer:
    warm = ringing()
    assert warm.answered(10.0)
    return warm


def test_a_person_who_takes_the_call_is_connected() -> None:
    warm = asking()
    assert warm.pressed("1") == [Connected()]
    assert warm.caller_left(hung_up=True) == []
    assert warm.person_ended("completed") == []
    assert warm.state is WarmState.OVER
    assert warm.deadline is None
    assert warm.why == ""


def test_a_person_who_was_not_understood_gets_the_time_anew_while_the_caller_waits() -> None:
    warm = asking()
    assert warm.not_understood(65.0)
    assert warm.deadline == 65.0 + ASKING_S
    assert warm.pressed("2") == [BringBack(REFUSED), GONE]
    assert not warm.not_understood(70.0)
    assert warm.deadline is None
    assert warm.counters == {"out_of_place": 1}


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("busy", "the line is busy"),
        ("no-answer", "nobody answered"),
        ("failed", "the call could not be put through"),
        ("completed", NO_KEY),
        ("nonsense", NO_KEY),
    ],
)
def test_whoever_is_not_reached_sends_the_caller_back(status: str, why: str) -> None:
    warm = ringing()
    assert warm.person_ended(status) == [BringBack(why)]
    assert warm.state is WarmState.RETURNING
    assert warm.why == why


@pytest.mark.parametrize(("key", "why"), [("2", REFUSED), ("9", REFUSED), ("", NO_KEY)])
def test_only_one_key_takes_the_call(key: str, why: str) -> None:
    assert asking().pressed(key) == [BringBack(why), GONE]


def test_a_machine_is_hung_up_on() -> None:
    assert asking().machine_heard() == [BringBack(MACHINE), GONE]


def test_a_key_proves_that_it_was_no_machine() -> None:
    warm = asking()
    warm.pressed("1")
    assert warm.machine_heard() == []
    assert warm.state is WarmState.CONNECTED


def test_an_order_that_is_not_taken_sends_the_caller_back() -> None:
    warm = WarmTransfer(0.0, 20.0)
    assert warm.not_called() == [BringBack(NO_PERSON)]
    assert warm.not_called() == []


def test_an_order_that_is_taken_too_late_is_undone() -> None:
    warm = WarmTransfer(0.0, 20.0)
    warm.caller_left(hung_up=True)
    assert warm.called(PERSON) == [GONE]
    assert warm.called(PERSON) == []


def test_a_key_may_come_before_we_know_that_the_order_was_taken() -> None:
    warm = WarmTransfer(0.0, 20.0)
    assert warm.pressed("1") == [Connected()]
    assert warm.called(PERSON) == []


def test_a_caller_who_hangs_up_while_waiting_ends_it() -> None:
    warm = asking()
    assert warm.caller_left(hung_up=True) == [CallerGone(), GONE]
    assert warm.caller_left(hung_up=True) == []
    assert not warm.answered(11.0)
    assert warm.pressed("1") == []


def test_a_caller_who_falls_out_of_the_conference_is_brought_back_once() -> None:
    warm = ringing()
    assert warm.caller_left(hung_up=False) == [BringBack(NO_PERSON), GONE]
    assert warm.caller_left(hung_up=False) == []
    assert warm.counters["out_of_place"] == 1


def test_a_caller_who_hangs_up_on_the_way_back_is_gone() -> None:
    warm = asking()
    warm.pressed("2")
    assert warm.caller_left(hung_up=True) == [CallerGone()]


def test_nobody_waits_for_ever() -> None:
    warm = ringing()
    assert warm.deadline == 20.0 + ASKING_S
    assert warm.handle_timer(79.9) == []
    assert warm.handle_timer(80.0) == [BringBack("nobody answered"), GONE]
    assert warm.handle_timer(90.0) == []

    warm = asking()
    assert warm.handle_timer(10.0 + ASKING_S) == [BringBack(NO_KEY), GONE]


def test_a_person_who_answers_twice_is_asked_once_more() -> None:
    warm = asking()
    assert warm.answered(12.0)
    assert warm.deadline == 10.0 + ASKING_S


REPORTS = st.sampled_from(
    ["called", "answered", "1", "2", "", "machine", "busy", "completed", "left", "gone", "no", "t"]
)


def report(warm: WarmTransfer, what: str, now: float) -> list[WarmAction]:
    match what:
        case "called":
            return warm.called(PERSON)
        case "answered":
            warm.answered(now)
            return []
        case "1" | "2" | "":
            return warm.pressed(what)
        case "machine":
            return warm.machine_heard()
        case "left" | "gone":
            return warm.caller_left(hung_up=what == "gone")
        case "no":
            return warm.not_called()
        case "t":
            return warm.handle_timer(now)
        case _:
            return warm.person_ended(what)


@given(st.lists(REPORTS, max_size=30))
def test_whatever_comes_in_whatever_order_the_caller_ends_up_in_one_place(
    reports: list[str],
) -> None:
    warm = WarmTransfer(0.0, 20.0)
    done: list[WarmAction] = []
    for second, what in enumerate(reports):
        done += report(warm, what, 5.0 * second)
    ends = [action for action in done if isinstance(action, BringBack | Connected)]
    assert len(ends) <= 1
    assert done.count(GONE) <= 1
    assert done.count(CallerGone()) <= 1
    if warm.waiting:
        assert warm.deadline is not None
        assert warm.handle_timer(1e9)[0] == BringBack(warm.why)
