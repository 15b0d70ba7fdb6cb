"""What a model takes inside turns and audio blobs, and what it refuses, without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from agent.audio.resample import PAIRS, Resampler
from agent.sim.server_profiles import ServerProfile
from agent.sim.session_config import text_of
from agent.sim.token_ledger import TokenLedger
from agent.sim.vad import RATE_HZ
from agent.sim.wire import INVALID_PAYLOAD, POLICY, Refused, invalid_argument

FUNCTION_PARTS = frozenset({"functionCall", "functionResponse"})
_MIME = re.compile(r"audio/pcm(?:\s*;\s*rate=(\d{4,6}))?", re.ASCII)


def check_content(
    content: Mapping[str, Any], profile: ServerProfile, *, initial: bool = False
) -> None:
    """What a turn may hold differs by model (section 2.2).

    Args:
        initial: it belongs to the initial history.
    Raises:
        Refused: this model does not take it.
    """
    role = content.get("role")
    roles = {"user", "model"} | ({"system"} if profile.system_role else set())
    if role not in roles and (role is not None or profile.role_required):
        raise invalid_argument()
    functions = profile.function_parts == "kept" or (
        initial and profile.function_parts == "forgotten"
    )
    for part in content.get("parts", []):
        if part.keys() & FUNCTION_PARTS and not functions:
            raise invalid_argument()
        mime_type = part.get("inlineData", {}).get("mimeType", "")
        if mime_type.startswith("audio/") and not profile.audio_parts:
            raise Refused(INVALID_PAYLOAD, "Precondition check failed.")
        if "rate=24000" in mime_type:
            reason = "Operation is not implemented, or supported, or enabled."
            raise Refused(POLICY, reason)


def enter(content: Mapping[str, Any], ledger: TokenLedger) -> None:
    """A turn that has been checked becomes part of the context."""
    role = content.get("role", "user")
    if role == "system":
        ledger.instruct(text_of(content))
        return
    ledger.add_text(text_of(content), role)
    for part in content.get("parts", []):
        for name in sorted(part.keys() & FUNCTION_PARTS):
            ledger.add_function(msgspec.json.encode(part[name]).decode(), role)


def resampler_for(mime_type: str) -> Resampler | None:
    """What brings audio of this type to 16 kHz; None when it is there already (E-10)."""
    match = _MIME.fullmatch(mime_type)
    if match is None:
        raise invalid_argument()
    rate_hz = int(match[1] or RATE_HZ)
    if rate_hz == RATE_HZ:
        return None
    if (rate_hz, RATE_HZ) not in PAIRS:
        raise invalid_argument()
    return Resampler(rate_hz, RATE_HZ)
