from copy import copy
from datetime import date
from pathlib import Path

import pytest

from agent.sim.dialogue import CallTools, Say
from agent.sim.scenario import Scenario, read_scenario
from agent.sim.scenario_mind import ScenarioMind, calls_of, scenario_for
from tests.sim.model_line import Line, tools

TODAY = date(2026, 11, 23)


def scenario(name: str) -> Scenario:
    file = Path("config/scenarios") / f"{name}.yaml"
    return read_scenario(file.read_bytes(), str(file))


@pytest.mark.parametrize("name", ["restaurant", "shop"])
def test_the_functions_of_a_session_choose_its_scenario(name: str) -> None:
    both = [scenario("restaurant"), scenario("shop")]
    chosen = scenario_for(both, calls_of(scenario(name)) | {"end_call"})
    assert chosen.file.scenario == both[["restaurant", "shop"].index(name)].file.scenario
    assert scenario_for(both, []) is both[0]


def test_the_ear_is_told_what_was_asked() -> None:
    mind = ScenarioMind(scenario("restaurant"), TODAY, {"book_table"})
    before = mind.grammar
    assert before.startswith("#JSGF")
    assert isinstance(mind.greeting("I would like to book a table for four"), Say)
    assert mind.grammar != before


def book(line: Line) -> Line:
    """Type a booking, up to the call."""
    line.text('Greet the caller now. Say exactly: "Good day."').run(4.0)
    for text in (
        "I would like to book a table for four people",
        "tomorrow",
        "at seven",
        "my name is Susan Miller",
        "yes please",
    ):
        line.text(text).run(4.0)
    return line


def line_with(*names: str) -> Line:
    mind = ScenarioMind(scenario("restaurant"), TODAY, names)
    return Line(setup=tools("BLOCKING", *names), mind=mind).set_up()


def said(line: Line) -> str:
    pieces = (got.content.get("outputTranscription", {}) for got in line.got)
    return "".join(piece.get("text", "") for piece in pieces)


def test_a_table_is_booked_over_the_wire() -> None:
    line = book(line_with("book_table", "check_availability"))
    [call] = line.first("toolCall").message["toolCall"]["functionCalls"]
    assert call["name"] == "book_table"
    assert call["args"] == {
        "people": 4, "day": "2026-11-24", "time": "19:00", "name": "Susan Miller",
    }  # fmt: skip
    assert said(line).startswith("Good day.")
    response = {"output": {"status": "booked", "reference": "K12", **call["args"]}}
    answer = {"id": call["id"], "name": call["name"], "response": response}
    line.forget().send({"toolResponse": {"functionResponses": [answer]}}).run(4.0)
    assert "is booked for" in said(line)


def test_a_booking_interrupted_in_its_call_can_be_made_again() -> None:
    line = book(line_with("book_table")).say(0, 0.3, then=6.0)
    assert line.all("toolCallCancellation")
    line.text("yes please").run(1.0)
    assert len(line.call_ids) == 2


def test_a_function_nobody_declared_is_not_called() -> None:
    line = book(line_with("check_availability"))
    assert line.call_ids == []
    mind = ScenarioMind(scenario("restaurant"), TODAY, {"book_table"})
    assert not isinstance(mind.heard("goodbye"), CallTools)


def test_a_copy_goes_its_own_way() -> None:
    mind = ScenarioMind(scenario("restaurant"), TODAY, {"book_table"})
    mind.heard("I would like to book a table for four people")
    before, twin = mind.grammar, copy(mind)
    answer = twin.heard("tomorrow at seven")
    assert mind.grammar == before
    assert mind.heard("tomorrow at seven") == answer


HISTORY = (
    ("user", 'Greet the caller now. Say exactly: "Good day."'),
    ("model", "Good day."),
    ("user", "I would like to book a table for four people"),
    ("model", "On which day?"),
    ("user", "what a strange thing to say"),
    ("user", "tomorrow at seven"),
    ("user", "my name is Susan Miller"),
)


def reader(*history: tuple[str, str]) -> ScenarioMind:
    mind = ScenarioMind(scenario("restaurant"), TODAY, {"book_table"})
    for role, text in history:
        mind.read(role, text)
    return mind


def test_a_history_is_read_like_a_conversation_and_what_means_nothing_is_passed_over() -> None:
    move = reader(*HISTORY).heard("yes please")
    assert isinstance(move, CallTools)
    [(name, arguments)] = move.calls
    assert (name, arguments["people"]) == ("book_table", 4)


def test_a_call_that_is_in_the_history_with_its_answer_is_not_made_again() -> None:
    answer = '(book_table answered: {"output":{"status":"booked","reference":"BV 1"}})'
    calls = (("user", "yes please"), ("model", "(I called book_table with {}.)"))
    assert reader(*HISTORY, *calls, ("model", answer)).heard("yes please") == Say(
        "What can I do for you?"
    )
    lost = reader(*HISTORY, *calls)
    assert isinstance(lost.heard("yes please"), CallTools)
