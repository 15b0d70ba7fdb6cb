"""What turns and audio may hold, and how turns enter the context."""

from typing import Any

import pytest

from agent.sim.content_check import check_content, enter, resampler_for
from agent.sim.server_profiles import PROFILES
from agent.sim.token_ledger import TokenLedger
from agent.sim.wire import Refused

CALL: dict[str, Any] = {"functionCall": {"name": "f"}}
ANSWER: dict[str, Any] = {"functionResponse": {"name": "f", "response": {}}}


def audio(mime_type: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": mime_type, "data": b""}}


def refusal_of(
    profile: str, *parts: dict[str, Any], role: str | None = "user", initial: bool = False
) -> int | None:
    content = {"parts": list(parts)} | ({} if role is None else {"role": role})
    try:
        check_content(content, PROFILES[profile], initial=initial)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("profile", "role", "code"),
    [
        ("dev-2.5", None, None),
        ("dev-3.1", None, 1007),
        ("dev-3.8", "user", None),
        ("dev-3.8", "model", None),
        ("dev-3.8", "robot", 1007),
        ("dev-2.5", "robot", 1007),
        ("dev-3.8", "system", 1007),
        ("vertex-3.8", "system", None),
    ],
)
def test_roles(profile: str, role: str | None, code: int | None) -> None:
    assert refusal_of(profile, {"text": "a"}, role=role) == code


@pytest.mark.parametrize("part", [CALL, ANSWER])
@pytest.mark.parametrize(
    ("profile", "initial", "code"),
    [
        ("dev-2.5", False, 1007),
        ("dev-2.5", True, 1007),
        ("dev-3.1", False, 1007),
        ("dev-3.1", True, None),
        ("dev-3.8", False, None),
        ("dev-3.8", True, None),
    ],
)
def test_function_parts(
    part: dict[str, Any], profile: str, initial: bool, code: int | None
) -> None:
    assert refusal_of(profile, {"text": "a"}, part, initial=initial) == code


def test_audio_in_turns() -> None:
    assert refusal_of("dev-2.5", audio("audio/pcm;rate=16000")) == 1007
    assert refusal_of("dev-3.8", audio("audio/pcm;rate=16000")) is None
    assert refusal_of("dev-3.8", audio("audio/pcm;rate=24000")) == 1008
    assert refusal_of("dev-2.5", audio("image/png")) is None


def test_turns_enter_the_context_part_by_part() -> None:
    ledger = TokenLedger("be kind")
    enter({"parts": [{"text": "a"}, {"text": "b"}]}, ledger)
    enter({"role": "model", "parts": [CALL]}, ledger)
    assert ledger.history == [("user", "a\nb"), ("model", '{"name":"f"}')]


def test_a_system_turn_takes_the_place_of_the_instruction() -> None:
    ledger = TokenLedger("be kind")
    before = ledger.context_tokens
    enter({"role": "system", "parts": [{"text": "be " + "very " * 20 + "kind"}]}, ledger)
    assert ledger.context_tokens > before
    assert ledger.history == []


def test_audio_is_brought_to_16_khz() -> None:
    assert resampler_for("audio/pcm;rate=16000") is None
    assert resampler_for("audio/pcm") is None
    assert resampler_for("audio/pcm; rate=8000") is not None


@pytest.mark.parametrize("mime_type", ["", "audio/wav", "audio/pcm;rate=12345", "audio/pcm;rate=1"])
def test_audio_of_another_kind_is_refused(mime_type: str) -> None:
    with pytest.raises(Refused):
        resampler_for(mime_type)
