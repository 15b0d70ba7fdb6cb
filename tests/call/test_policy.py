import pytest

from agent.call.policy import CallPlan
from agent.errors import ConfigError


def test_the_defaults_stand() -> None:
    plan = CallPlan("bella")
    assert plan.message_ms <= plan.lead_ms <= 300


def test_every_figure_out_of_range_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        CallPlan("b", uplink_ms=50, message_ms=30, lead_ms=400, max_call_s=0)
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "uplink_ms",
        "message_ms",
        "lead_ms",
        "max_call_s",
    ]
