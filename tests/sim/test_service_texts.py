from __future__ import annotations

import pytest

from agent.call import prompts
from agent.sim.service_texts import (
    AnswerNow,
    GoOn,
    KeysPressed,
    LateResult,
    SayAgain,
    SayExactly,
    SayGoodbye,
    ServiceText,
    read_service_text,
    rest_of,
)

LATE = prompts.LATE_RESULT


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (prompts.say(prompts.GREETING, "Hello.\nWho calls?"), SayExactly("Hello.\nWho calls?")),
        (prompts.say(prompts.IDLE, 'Are "you" there?'), SayExactly("Are 'you' there?")),
        (prompts.say(prompts.CONTINUE, "One moment"), GoOn("One moment")),
        (prompts.GO_ON, GoOn("")),
        (prompts.ANSWER, AnswerNow()),
        (prompts.IDLE_GOODBYE, SayGoodbye()),
        (prompts.KEY_GOODBYE, SayGoodbye()),
        (prompts.KEY_REPEAT, SayAgain()),
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


@pytest.mark.parametrize(
    ("heard", "rest"),
    [
        ("We are open", "from noon, and we are glad."),
        ("we are open,", "from noon, and we are glad."),
        ("We", "are glad."),  # the last of several places
        ("and we", "are glad."),
        ("something else and", "we are glad."),
        ("We are open from noon, and we are glad.", ""),
        ("", "We are open from noon, and we are glad."),
        ("nothing of it", "We are open from noon, and we are glad."),
    ],
)
def test_a_reply_goes_on_after_the_words_that_were_heard(heard: str, rest: str) -> None:
    assert rest_of("We are open from noon, and we are glad.", heard) == rest
