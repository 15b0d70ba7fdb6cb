from math import inf

from agent.call.limits import MEDIA_S, START_S, Limit, Limits


def test_a_stream_that_does_not_start_is_noticed_once() -> None:
    limits = Limits(60.0, 20.0, now=10.0)
    assert limits.deadline == 10.0 + START_S
    assert limits.due(14.0) is None
    assert limits.due(15.0) is Limit.NO_START
    assert limits.due(15.0) is None


def test_missing_media_is_noticed_and_media_puts_it_off() -> None:
    limits = Limits(60.0, 20.0, now=0.0)
    limits.started(1.0)
    limits.media_at = 2.0
    assert limits.deadline == 2.0 + MEDIA_S
    assert limits.due(6.9) is None
    assert limits.due(7.0) is Limit.NO_MEDIA


def test_the_wrap_up_comes_before_the_end() -> None:
    limits = Limits(60.0, 20.0, now=0.0)
    limits.started(0.0)
    limits.media_at = inf
    assert limits.deadline == 40.0
    assert limits.due(40.0) is Limit.WRAP_UP
    assert limits.wrap_up_by == 52.0
    assert limits.deadline == 60.0
    assert limits.due(60.0) is Limit.END
    assert limits.deadline == inf


def test_a_call_too_short_for_a_wrap_up_has_none() -> None:
    limits = Limits(10.0, 20.0, now=0.0)
    limits.started(0.0)
    limits.media_at = inf
    assert limits.deadline == 10.0


def test_in_a_call_that_ends_only_dead_media_matters() -> None:
    limits = Limits(60.0, 20.0, now=0.0)
    limits.started(0.0)
    limits.ending()
    assert limits.deadline == MEDIA_S


def test_the_end_may_be_brought_forward_once() -> None:
    limits = Limits(60.0, 20.0, now=0.0)
    assert not limits.hurry(0.0)  # there is no stream yet
    limits.started(0.0)
    limits.media_at = inf
    assert limits.hurry(10.0)
    assert limits.due(10.0) is Limit.WRAP_UP
    assert limits.wrap_up_by == 22.0
    assert limits.deadline == 30.0
    assert not limits.hurry(12.0)
    assert limits.due(30.0) is Limit.END


def test_the_end_is_never_put_off() -> None:
    limits = Limits(60.0, 0.0, now=0.0)
    limits.started(0.0)
    limits.media_at = inf
    assert limits.hurry(50.0)
    assert limits.end_at == 60.0


def test_who_was_asked_to_say_good_bye_is_not_asked_again() -> None:
    limits = Limits(60.0, 20.0, now=0.0)
    limits.started(0.0)
    limits.media_at = inf
    assert limits.due(40.0) is Limit.WRAP_UP
    assert not limits.hurry(45.0)
    assert limits.end_at == 60.0
