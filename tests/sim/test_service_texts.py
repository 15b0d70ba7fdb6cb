from __future__ import annotations

import pytest

from agent.call import prompts
from agent.sim.service_texts import (
    KeysPressed,
    LateResult,
    SayExactly,
    SayGoodbye,
    ServiceText,
    read_service_text,
)

LATE = prompts.LATE_RESULT


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (prompts.say(prompts.GREETING, "Hello.\nWho calls?"), SayExactly("Hello.\nWho calls?")),
        (prompts.say(prompts.IDLE, 'Are "you" there?'), SayExactly("Are 'you' there?")),
        (prompts.IDLE_GOODBYE, SayGoodbye()),
        (prompts.WRAP_UP, SayGoodbye()),
        (prompts.KEYS.format(keys="10*42#"), KeysPressed("1042")),
        (LATE.format(name="look_up", result='{"output": 1}'), LateResult("look_up", {"output": 1})),
        (LATE.format(name="look_up", result="not JSON"), LateResult("look_up", {})),
        (LATE.format(name="look_up", result="[]"), LateResult("look_up", {})),
        ("I would like to book a table", None),
        ("", None),
    ],
)  # fmt: skip
def test_texts_of_the_service_are_told_from_the_callers(
    text: str, meaning: ServiceText | None
) -> None:
    assert read_service_text(text) == meaning
