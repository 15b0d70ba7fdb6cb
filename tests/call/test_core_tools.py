"""A function that runs while the call's connection to the model comes and goes."""

import pytest

from agent.call import prompts
from agent.call.effects import RunTool
from agent.gemini.session_events import Loss
from tests.call.line import Line, audio, content, opened, tool_call

GONE = Loss(1011, "Internal error")
SAVED = {"sessionResumptionUpdate": {"newHandle": "h1", "resumable": True}}


def asked(line: Line, id: str = "c1") -> None:
    line.talk(1.0)
    line.run(2.0)
    line.model(tool_call((id, "book")))


def lost_while_booking(*, handle: bool) -> Line:
    """The caller asked for a booking; the connection went while it was made, and is back."""
    line = opened()
    if handle:
        line.model(SAVED)
    asked(line)
    line.run(0.2)
    line.lost(1, GONE)
    line.run(1.5)
    assert line.connection > 1
    assert line.call.report(line.now).tools[0].state == "lost"
    return line


@pytest.mark.parametrize("handle", [True, False])
def test_a_booking_asked_for_again_after_a_loss_is_made_once(handle: bool) -> None:
    line = lost_while_booking(handle=handle)
    line.model(tool_call(("c2", "book")))
    line.finish_tool("c1", output="booked")
    line.speak(0.5, "It is booked.")
    line.run(6.0)
    assert len(line.performed(RunTool)) == 1
    booked = [r for r in line.responses if r["response"] == {"output": "booked"}]
    assert [response["id"] for response in booked] == ["c2"]
    assert not any("book" in text for text in line.typed)


@pytest.mark.parametrize("handle", [True, False])
def test_a_booking_not_asked_for_again_is_told(handle: bool) -> None:
    line = lost_while_booking(handle=handle)
    line.finish_tool("c1", output="booked")
    line.run(5.0)
    told = prompts.LATE_RESULT.format(name="book", result='{"output":"booked"}')
    assert line.typed.count(told) == 1
    line.speak(0.5, "It is booked.")
    line.run(10.0)
    assert line.typed.count(told) == 1
    assert not any(response["response"] == {"output": "booked"} for response in line.responses)


def test_a_booking_that_the_model_forgot_with_its_connection_is_not_made_again() -> None:
    line = opened()
    line.model(SAVED)
    asked(line)
    line.finish_tool("c1", output="booked")
    line.model(audio(0.5, "It is booked."), content(generationComplete=True))
    line.model(content(turnComplete=True))
    line.run(2.0)
    line.lost(1, GONE)
    line.run(1.5)
    asked(line, "c2")
    assert len(line.performed(RunTool)) == 1
    assert line.responses[-1]["response"] == {"output": "booked", "note": prompts.DONE_BEFORE}


def test_a_second_booking_on_purpose_is_made() -> None:
    line = opened()
    for id in ("c1", "c2"):
        asked(line, id)
        line.finish_tool(id, output="booked")
        line.model(audio(0.5, "It is booked."), content(generationComplete=True))
        line.model(content(turnComplete=True))
        line.run(2.0)
    first, second = line.performed(RunTool)
    assert first.key != second.key
    assert all(response["response"] == {"output": "booked"} for response in line.responses)
