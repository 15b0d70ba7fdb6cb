"""Turns that may be handed to a model."""

import pytest

from agent.errors import LocalProtocolError
from agent.gemini.content import Content, Part
from agent.gemini.tools import FunctionCall, FunctionResponse
from tests.gemini.parties import (
    D25,
    D38,
    ready_session,
    sent,
    user,
)


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ([Content((Part(text="a"),))], "role: None is not one of model, user"),
        ([Content((Part(text="a"),), "system")], "role: 'system' is not one of"),
        ([Content((Part(function_call=FunctionCall()),), "model"), user("a")], "no function parts"),
        ([user("a"), Content((Part(text="b"),), "model")], "wants the user's turn last"),
    ],
)
def test_turns_the_model_would_refuse_are_our_bug(turns: list[Content], text: str) -> None:
    session = ready_session(D25)
    with pytest.raises(LocalProtocolError, match=text):
        session.send_content(turns, 1.0, turn_complete=False)


def test_turns_that_only_some_models_take_are_sent_to_those() -> None:
    response = Part(function_response=FunctionResponse("1", "f", {}))
    turns = [user("a"), Content((response,), "model")]
    session = ready_session(D38)
    session.send_content(turns, 1.0, turn_complete=False)
    vertex = ready_session(D38, "vertex")
    vertex.send_content([Content((Part(text="a"),), "system")], 1.0, turn_complete=False)
    assert len(sent(session)) == len(sent(vertex)) == 1
