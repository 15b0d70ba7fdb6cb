"""What the errors carry besides their message."""

import pytest

from agent.errors import (
    AgentError,
    ConfigError,
    DialError,
    LocalProtocolError,
    PeerProtocolError,
    StoreError,
    ToolError,
)


@pytest.mark.parametrize(
    ("error", "text", "facts"),
    [
        (PeerProtocolError("phone", "no start"), "phone: no start", {"peer": "phone"}),
        (LocalProtocolError("twice"), "twice", {}),
        (DialError("away"), "away", {"status": None, "retryable": True}),
        (
            DialError("no", status=401, retryable=False),
            "no",
            {"status": 401, "retryable": False},
        ),
        (ToolError("no table"), "no table", {"retryable": False}),
        (ToolError("later", retryable=True), "later", {"retryable": True}),
        (StoreError("full"), "full", {"of_record": False}),
        (StoreError("too long", of_record=True), "too long", {"of_record": True}),
        (ConfigError("a: 1", "b: 2"), "a: 1\nb: 2", {"problems": ("a: 1", "b: 2")}),
    ],
)
def test_an_error_tells_what_happened_and_carries_the_facts(
    error: AgentError, text: str, facts: dict[str, object]
) -> None:
    assert str(error) == text
    assert {name: getattr(error, name) for name in facts} == facts
    assert vars(error) == facts
