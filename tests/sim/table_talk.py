"""The talk about a table, as far as it has come."""

from agent.sim.dialogue import CallTools, Dialogue, Move, Say
from tests.sim.talking import TODAY, scenario

BOOKING = {"people": 4, "day": "2026-11-27", "time": "19:00", "name": "Anna Miller"}
BOOKED = {"output": {**BOOKING, "status": "booked", "reference": "BV-1042"}}
REQUEST = "I would like to book a table for four people on Friday"
MORE_WORDS = scenario().file.words.more
GOODBYE = CallTools((("end_call", {}),), "Thank you for calling Bella Vista. Goodbye!")


def dialogue(*heard: str, name: str = "restaurant") -> Dialogue:
    talk = Dialogue(scenario(name), TODAY)
    for text in heard:
        talk.heard(text)
    return talk


def said(move: Move) -> str:
    assert isinstance(move, Say), move
    return move.text


def asked_to_confirm() -> Dialogue:
    return dialogue(REQUEST, "at seven", "Anna Miller")


def booking() -> Dialogue:
    talk = asked_to_confirm()
    assert isinstance(talk.heard("yes please"), CallTools)
    return talk


def booked() -> Dialogue:
    talk = booking()
    talk.tool_result("book_table", BOOKED)
    return talk
