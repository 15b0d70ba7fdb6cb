import pytest

from agent.call.effects import HangUp, Outcome, ToPhone


def test_an_outcome_reads_as_its_text() -> None:
    assert Outcome("idle") is Outcome.IDLE
    assert f"{HangUp(Outcome.CALLER_HUNG_UP).outcome}" == "caller_hung_up"


def test_effects_are_values() -> None:
    assert ToPhone(b"x") == ToPhone(b"x")
    with pytest.raises(AttributeError):
        ToPhone(b"x").frame = b"y"  # type: ignore[misc]
