import pytest

from agent.call.bargein import SHORTLY_S, BargeIn, BargeInMode


def test_a_cough_does_not_interrupt_and_speech_does_once() -> None:
    rule = BargeIn("both", 0.24, 0.0)
    assert rule.listens
    assert not rule.by_speech(0.1, 5.0)
    assert rule.by_speech(0.24, 5.0)
    assert not rule.by_speech(0.5, 5.0)
    rule.caller_started()
    assert rule.by_speech(0.5, 5.0)


def test_speech_counts_only_while_the_agent_is_heard_and_not_in_its_first_words() -> None:
    rule = BargeIn("local", 0.24, 1.0)
    assert not rule.by_speech(3.0, 0.1)
    assert not rule.by_speech(3.0, 0.9)
    assert rule.by_speech(3.0, 1.0)


@pytest.mark.parametrize("mode", ["model", "both"])
def test_an_interruption_by_a_caller_not_heard_since_the_reply_began_is_a_phantom(
    mode: BargeInMode,
) -> None:
    rule = BargeIn(mode, 0.2, 0.0)
    assert rule.by_model(heard_at=20.0, reply_from=10.0, now=20.0)
    assert rule.by_model(heard_at=10.0, reply_from=10.0, now=20.0)
    assert rule.by_model(heard_at=10.0 - SHORTLY_S, reply_from=10.0, now=10.1)
    assert not rule.by_model(heard_at=9.9 - SHORTLY_S, reply_from=10.0, now=10.1)


def test_only_a_tenant_who_trusts_the_model_alone_does_not_listen() -> None:
    assert [m for m in ("model", "local", "both") if not BargeIn(m, 0.2, 0.0).listens] == ["model"]


def test_a_tenant_who_trusts_his_own_ears_alone_wants_the_caller_to_be_speaking() -> None:
    assert BargeIn("local", 0.2, 0.0).by_model(heard_at=20.0, reply_from=10.0, now=20.0)
    assert not BargeIn("local", 0.2, 0.0).by_model(heard_at=19.9, reply_from=10.0, now=20.0)
