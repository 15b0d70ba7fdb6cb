import json
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.message import SessionMessage

from agent.tools.mcp_bounds import NOISE, Bounds
from agent.tools.mcp_lines import TOO_LONG, Lines, Noise

ANSWER = {"jsonrpc": "2.0", "id": 7, "result": {"content": []}}


def line(message: object = ANSWER) -> bytes:
    return json.dumps(message).encode() + b"\n"


def plain(messages: list[SessionMessage]) -> list[dict[str, Any]]:
    return [m.message.model_dump(by_alias=True, exclude_unset=True) for m in messages]


def test_lines_are_messages() -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/progress"}
    assert plain(Lines(Bounds()).received(line() + line(note))) == [ANSWER, note]


@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_it_does_not_matter_how_the_bytes_are_cut(size: int) -> None:
    whole, lines = line() * 3, Lines(Bounds())
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert plain([message for piece in pieces for message in lines.received(piece)]) == [ANSWER] * 3


def test_empty_lines_are_nothing() -> None:
    lines = Lines(Bounds())
    assert plain(lines.received(b"\n\r\n" + line())) == [ANSWER]
    assert lines.noise == 0


def test_what_is_no_message_is_passed_over_until_there_is_too_much_of_it() -> None:
    lines = Lines(Bounds())
    assert plain(lines.received(b"Listening...\n" + line() + b"\xff{}\n[]\n")) == [ANSWER]
    assert lines.noise == 3
    with pytest.raises(Noise):
        lines.received(b"x\n" * NOISE)


@pytest.mark.parametrize("spaces", [(",", ":"), None])
@pytest.mark.parametrize("size", [10, 100_000])
def test_an_answer_too_long_is_answered_in_its_place(
    size: int, spaces: tuple[str, str] | None
) -> None:
    lines = Lines(Bounds(message_bytes=1_000))
    long = {**ANSWER, "result": {"content": "x" * 50_000}}
    whole = json.dumps(long, separators=spaces).encode() + b"\n" + line()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    first, second = [message.message for piece in pieces for message in lines.received(piece)]
    error = types.ErrorData(code=TOO_LONG, message="the answer is too long")
    assert first == types.JSONRPCError(jsonrpc="2.0", id=7, error=error)
    assert isinstance(second, types.JSONRPCResponse)


def test_anything_else_too_long_is_noise() -> None:
    lines = Lines(Bounds(message_bytes=1_000))
    assert plain(lines.received(b"x" * 5_000 + b"\n" + line())) == [ANSWER]
    assert lines.noise == 1
