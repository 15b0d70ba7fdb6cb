"""Whatever happens in a call, its tape leads to the same call again, masked or not."""

from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from agent.call.core import CallPlan
from agent.call.tape import Began
from agent.observe.masked_tape import masked
from agent.observe.replay import replay
from agent.observe.wires import ReadTape
from tests.call.line import Line, content, tool_call
from tests.call.tapes import taped_line

PLANS = (
    CallPlan("a", greeting="Hello.", barge_in="both", record=True, keeps=True),
    CallPlan("a", barge_in="local", uplink_ms=20, max_call_s=60.0, wrap_up_s=10.0),
    CallPlan("a", greeting="Hello.", message_ms=60, lead_ms=120, keeps=True, consent="We record."),
)


def key(line: Line, digit: str) -> None:
    sid = line.call.report(line.now).stream_id
    text = f'{{"event":"dtmf","streamSid":"{sid}","dtmf":{{"digit":"{digit}"}}}}'
    if line.call.phone_received(text.encode(), line.now):
        line._perform()


def told(line: Line, tell: Callable[[], object]) -> None:
    tell()
    line._perform()


def acts(line: Line, random: Random) -> list[Callable[[], object]]:
    """What may happen next."""
    call, n = line.call, random.randrange(100)
    return [
        partial(line.talk, random.uniform(0.1, 3.0)),
        partial(line.speak, random.uniform(0.2, 5.0), "some words " * 4),
        partial(line.speak, 2.0, "cut short", complete=False),
        partial(line.model, content(interrupted=True), content(turnComplete=True)),
        partial(line.model, content(inputTranscription={"text": f" word {n}"})),
        partial(line.model, {"goAway": {"timeLeft": f"{random.randrange(1, 20)}s"}}),
        partial(line.model, tool_call((f"f{n}", "book"))),
        partial(line.model, {"sessionResumptionUpdate": {"newHandle": f"h{n}", "resumable": True}}),
        partial(line.finish_tool, f"f{n}", output=n),
        partial(line.lose_model, random.choice([1000, 1006, 1008, 1011, None])),
        partial(line.raw, b"nonsense"),
        partial(setattr, line, "refusals", random.randrange(3)),
        partial(key, line, random.choice("0123456789*#")),
        partial(told, line, partial(call.caller_wrote, "written", line.now)),
        partial(told, line, partial(call.dial, "12", line.now)),
        partial(told, line, partial(call.wrap_up, line.now)) if n < 5 else partial(line.run, 1.0),
    ]


def lived(seed: int) -> ReadTape:
    random = Random(seed)
    line, memory = taped_line(random.choice(PLANS))
    line.run(random.uniform(0.1, 1.0))
    for _ in range(25):
        if line.call.outcome is None:
            random.choice(acts(line, random))()
            line.run(random.uniform(0.0, 1.5))
    line.hang_up()
    line.run(0.1)
    began, *facts = memory.facts
    assert isinstance(began, Began)
    return ReadTape(began, facts, None)


@pytest.mark.parametrize("seed", range(5))
def test_the_tape_of_any_call_leads_to_the_same_call(seed: int) -> None:
    tape = lived(seed)

    again = replay(tape)
    made = masked(tape)

    assert again.difference is None
    assert again.effects > 20
    assert replay(made.tape).difference is None
