"""What the carrier asks when a number is called: as it is, as it should be; without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agent.service.twilio_rest import NumberResource

FIELDS: Final = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "VoiceApplicationSid": "voice_application_sid",
}
"""What we set: as the carrier's requests name it, and its answers."""


def wanted(public_url: str, fallback_url: str | None) -> dict[str, str]:
    """What should be asked.

    Args:
        fallback_url: asked when we fail; None: we are asked a second time.
    """
    voice = f"{public_url}/twilio/voice"
    return {
        "VoiceUrl": voice,
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": fallback_url or voice,
        "VoiceFallbackMethod": "POST",
        "StatusCallback": f"{public_url}/twilio/status",
        "StatusCallbackMethod": "POST",
        "VoiceApplicationSid": "",
    }


def present(number: NumberResource) -> dict[str, str]:
    """What is asked now."""
    return {name: getattr(number, attribute) or "" for name, attribute in FIELDS.items()}


def changes(now: Mapping[str, str], then: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What would change: before and after, by the carrier's names.

    A method without an address means nothing, and is no change.
    """
    return {
        name: (now[name], value)
        for name, value in then.items()
        if now[name] != value and not _idle_method(name, then)
    }


def _idle_method(name: str, then: Mapping[str, str]) -> bool:
    address = {
        "VoiceMethod": "VoiceUrl",
        "VoiceFallbackMethod": "VoiceFallbackUrl",
        "StatusCallbackMethod": "StatusCallback",
    }.get(name)
    return address is not None and not then[address]


def undoing(number: NumberResource, done: Mapping[str, str], before: Mapping[str, str]) -> (
    dict[str, str]
):  # fmt: skip
    """What puts a number back as it was, but for what somebody else has changed meanwhile.

    Args:
        number: as it is now.
        done: what we had set.
        before: what was there.
    """
    now = present(number)
    put_back = {name: before[name] for name, value in done.items() if now[name] == value}
    return {name: value for name, value in put_back.items() if not _no_method(name, value)}


def _no_method(name: str, value: str) -> bool:
    """The carrier takes no empty method."""
    return name.endswith("Method") and not value
