"""A call as a text that says what happened and when, for whoever reads why a test failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent.call.timeline import Entry
from agent.testing.functions import ToolCall
from agent.testing.listening import Line

_EVENTS: Mapping[str, str] = {
    "barge_in": "the caller interrupts",
    "model.going_away": "the model's service says that the connection will end",
    "model.leaving": "the connection to the model is gone",
    "model.moved": "another connection to the model is there",
    "model.lost": "the model does not come back",
    "call.ended": "the call is over: {outcome}",
}


def story(
    transcript: Iterable[Line], tool_calls: Iterable[ToolCall], timeline: Iterable[Entry]
) -> str:
    """Who said what, which functions ran, and what befell the connection, by the second."""
    lines = [
        *((line.at_s, f"{line.who:<7} {line.text}") for line in transcript),
        *_functions(tool_calls),
        *_events(timeline),
    ]
    lines.sort(key=lambda line: line[0])
    return "\n".join(["the call, in seconds:", *(f"{at_s:7.2f}  {text}" for at_s, text in lines)])


def _functions(tool_calls: Iterable[ToolCall]) -> Iterator[tuple[float, str]]:
    for call in tool_calls:
        arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
        yield call.began_s, f"runs    {call.name}({arguments})"
        if call.took_s is not None:
            came = f"returns {call.result!r}" if call.error is None else f"raises  {call.error!r}"
            yield call.began_s + call.took_s, f"{came} ({call.name})"


def _events(timeline: Iterable[Entry]) -> Iterator[tuple[float, str]]:
    for entry in timeline:
        if entry.name in _EVENTS:
            yield entry.t, f"-- {_EVENTS[entry.name].format(**entry.values)}"
