"""The connections that a session has at one time."""

from agent.gemini.berths import Berths
from agent.gemini.connection import Stage
from agent.gemini.session_events import CloseConnection, OpenConnection, SessionEffect
from agent.gemini.session_state import DEFAULT_LIMITS


def new_berths() -> tuple[Berths, list[SessionEffect]]:
    effects: list[SessionEffect] = []
    return Berths(DEFAULT_LIMITS, effects), effects


def close(number: int) -> CloseConnection:
    return CloseConnection(number, 1000, "")


def test_a_connection_goes_from_berth_to_berth_and_is_closed_once() -> None:
    berths, effects = new_berths()
    first = berths.dial(0.0)
    assert berths.find(1) is first
    assert not berths.next_is_open
    first.connected()
    assert berths.next_is_open
    berths.arrive()
    assert (berths.carrier, berths.next) == (first, None)
    second = berths.dial(1.0)
    berths.leave()
    assert list(berths) == [second, first]
    berths.arrive()
    berths.close_former()
    berths.close(first)
    assert effects == [OpenConnection(1), OpenConnection(2), close(1)]
    assert berths.find(1) is first, "until it is known to be closed"
    assert berths.find(3) is None


def test_only_one_whose_setup_is_sent_awaits_an_answer() -> None:
    berths, _ = new_berths()
    assert berths.setting_up(1) is None
    connection = berths.dial(0.0)
    connection.connected()
    assert berths.setting_up(1) is None
    connection.set_up(resumes=False, now=0.0)
    assert berths.setting_up(1) is connection
    assert berths.setting_up(2) is None


def test_one_that_is_of_no_use_is_closed_and_still_tells_how_far_it_came() -> None:
    berths, effects = new_berths()
    connection = berths.dial(0.0)
    berths.give_up(connection, 1002, "unreadable frames")
    berths.refuse(7)
    assert effects[1:] == [CloseConnection(1, 1002, "unreadable frames"), close(7)]
    assert connection.stage is Stage.DIALLING


def test_at_the_end_all_are_closed_and_forgotten() -> None:
    berths, effects = new_berths()
    berths.dial(0.0)
    berths.arrive()
    berths.dial(0.0)
    berths.close_all()
    berths.forget()
    assert effects[2:] == [close(1), close(2)]
    assert list(berths) == []
