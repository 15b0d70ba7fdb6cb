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


@pytest.mark.parametrize(
    ("consent", "greeting", "opening"),
    [
        (None, None, None),
        (None, "Hello.", "Hello."),
        ("We record.", None, "We record."),
        ("We record.", "Hello.", "We record. Hello."),
    ],
)
def test_consent_comes_before_the_greeting(
    consent: str | None, greeting: str | None, opening: str | None
) -> None:
    assert CallPlan("b", greeting=greeting, consent=consent).opening == opening
