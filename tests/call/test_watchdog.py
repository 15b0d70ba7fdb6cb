from dataclasses import replace
from math import inf

import pytest

from agent.call.watchdog import DRY_S, RECOVERY_S, Remedy, Watchdog, WatchdogPolicy
from agent.errors import ConfigError

POLICY = WatchdogPolicy()


def there(*, resumed: bool = False) -> Watchdog:
    watchdog = Watchdog(POLICY)
    watchdog.arrived(0.0, resumed=resumed)
    return watchdog


def remedies(watchdog: Watchdog, now: float, *, stalled_from: float = inf) -> list[Remedy]:
    """All that it wants done from `now` on, if nothing helps."""
    found = []
    while (at := watchdog.deadline(stalled_from, 0.0)) != inf:
        remedy = watchdog.due(stalled_from, 0.0, max(now, at))
        assert remedy is not None
        stalled_from = inf  # the turn that stood still is closed by what is done about it
        found.append(remedy)
    return found


def test_nothing_is_due_while_nothing_is_owed() -> None:
    watchdog = there()
    assert not watchdog.owed
    assert watchdog.deadline(inf, 0.0) == inf
    assert watchdog.due(inf, 0.0, 99.0) is None


def test_an_answer_is_waited_for_from_the_caller_s_last_sound() -> None:
    watchdog = there()
    watchdog.owes(2.0)
    assert watchdog.owed
    assert watchdog.deadline(inf, 0.0) == 2.0 + POLICY.answer_s
    assert watchdog.due(inf, 0.0, 9.9) is None
    assert watchdog.due(inf, 0.0, 10.0) is Remedy.NUDGE
    assert watchdog.deadline(inf, 0.0) == 10.0 + POLICY.step_s
    watchdog.spoke()
    assert watchdog.deadline(inf, 0.0) == inf


def test_nothing_is_done_before_the_caller_has_heard_what_came() -> None:
    watchdog = there()
    watchdog.owes(2.0)
    assert watchdog.deadline(inf, 50.0) == 50.0 + DRY_S


@pytest.mark.parametrize("stalled", [True, False])
def test_remedies_come_in_order_and_then_no_more(stalled: bool) -> None:
    watchdog = there()
    if not stalled:
        watchdog.owes(1.0)
    found = remedies(watchdog, 0.0, stalled_from=1.0 if stalled else inf)
    assert found == [Remedy.NUDGE, Remedy.MOVE, Remedy.FRESH, Remedy.GIVE_UP]
    assert watchdog.counters == {"nudge": 1, "move": 1, "fresh": 1, "give_up": 1}
    watchdog.owes(40.0)
    assert remedies(watchdog, 40.0) == [Remedy.GIVE_UP]  # it did not help a moment ago


def test_after_a_while_the_first_remedy_comes_first_again_but_no_second_fresh_session() -> None:
    watchdog = there()
    watchdog.owes(1.0)
    remedies(watchdog, 0.0)
    later = 30.0 + RECOVERY_S
    watchdog.owes(later)
    assert remedies(watchdog, later) == [Remedy.NUDGE, Remedy.MOVE, Remedy.GIVE_UP]
    later += POLICY.fresh_every_s
    watchdog.owes(later)
    assert remedies(watchdog, later)[-2:] == [Remedy.FRESH, Remedy.GIVE_UP]


def test_a_whole_turn_shows_that_the_model_is_well() -> None:
    watchdog = there()
    watchdog.owes(1.0)
    watchdog.due(inf, 0.0, 9.0)
    watchdog.spoke()
    watchdog.well()
    watchdog.owes(10.0)
    assert watchdog.due(inf, 0.0, 18.0) is Remedy.NUDGE


def test_a_few_words_do_not() -> None:
    watchdog = there()
    watchdog.owes(1.0)
    watchdog.due(inf, 0.0, 9.0)
    watchdog.spoke()
    watchdog.owes(10.0)
    assert watchdog.due(inf, 0.0, 18.0) is Remedy.MOVE


def test_no_time_runs_while_there_is_no_model() -> None:
    watchdog = there()
    watchdog.owes(1.0)
    watchdog.left()
    assert watchdog.deadline(inf, 0.0) == inf
    watchdog.arrived(20.0, resumed=False)
    assert watchdog.deadline(inf, 0.0) == 20.0 + POLICY.answer_s


def test_a_session_that_never_spoke_after_it_was_resumed_is_poisoned() -> None:
    watchdog = there(resumed=True)
    watchdog.owes(1.0)
    assert remedies(watchdog, 0.0) == [Remedy.FRESH, Remedy.GIVE_UP]


def test_one_that_spoke_is_not() -> None:
    watchdog = there(resumed=True)
    watchdog.spoke()
    watchdog.owes(1.0)
    assert watchdog.due(inf, 0.0, 9.0) is Remedy.NUDGE


def test_what_is_settled_is_not_owed() -> None:
    watchdog = there()
    watchdog.owes(1.0)
    watchdog.settled()
    assert not watchdog.owed


@pytest.mark.parametrize("name", ["answer_s", "stall_s", "step_s", "end_s"])
def test_patience_is_positive(name: str) -> None:
    with pytest.raises(ConfigError, match=f"watchdog {name} 0.0: must be positive"):
        replace(POLICY, **{name: 0.0})  # type: ignore[arg-type]


def test_what_is_owed_once_more_is_no_new_wait_but_gets_its_moment() -> None:
    watchdog = there()
    watchdog.owes(1.0, again=True)
    assert watchdog.deadline(inf, 0.0) == 1.0 + POLICY.answer_s
    watchdog.owes(3.0, again=True)
    assert watchdog.deadline(inf, 0.0) == 1.0 + POLICY.answer_s
    watchdog.owes(8.0, again=True)
    assert watchdog.deadline(inf, 0.0) == 8.0 + POLICY.step_s
    watchdog.owes(8.5)
    assert watchdog.deadline(inf, 0.0) == 8.5 + POLICY.answer_s
