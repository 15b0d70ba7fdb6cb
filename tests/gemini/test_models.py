"""Which profile a model gets."""

import pytest

from agent.gemini.models import MODELS, Surface, model_id, profile_for


@pytest.mark.parametrize(
    ("model", "surface", "name"),
    [
        ("gemini-3.8-live", "developer", "dev-3.8"),
        ("models/gemini-3.8-live", "developer", "dev-3.8"),
        ("gemini-3.8-live-001", "developer", "dev-3.8"),
        ("gemini-3.8-live", "vertex", "vertex-3.8"),
        ("gemini-3.8-live-extended-thinking", "developer", "dev-3.8-xt"),
        ("gemini-3.1-flash-live-preview", "developer", "dev-3.1"),
        ("gemini-2.5-flash-native-audio-preview-12-2025", "developer", "dev-2.5"),
        ("gemini-2.5-flash-native-audio-latest", "developer", "dev-2.5"),
        ("gemini-live-2.5-flash-native-audio", "vertex", "vertex-2.5"),
        ("gemini-live-2.5-flash", "vertex", "vertex-2.5-half-cascade"),
        ("gemini-live-2.5-flash-preview", "vertex", "vertex-2.5-half-cascade"),
        ("gemini-3.5-live-translate-preview", "developer", "dev-translate"),
        ("gemini-3.5-transcribe-live", "developer", "dev-transcribe"),
        ("gemini-robotics-er-2-streaming-preview", "developer", "dev-robotics"),
        ("gemini-9-live", "developer", "dev-unknown"),
        ("gemini-3.8-live-turbo", "developer", "dev-unknown"),
        ("gemini-9-live", "vertex", "vertex-unknown"),
    ],
)
def test_a_model_has_its_profile(model: str, surface: Surface, name: str) -> None:
    profile = profile_for(model, surface)
    assert (profile.name, profile.surface, profile.unusable) == (name, surface, "")


@pytest.mark.parametrize(
    ("model", "surface", "why"),
    [
        ("gemini-2.0-flash-live-001", "developer", "was shut down on 2025-12-09"),
        ("gemini-live-2.5-flash-preview", "developer", "was shut down on 2025-12-09"),
        ("gemini-live-2.5-flash", "developer", "is served on the vertex surface only"),
        ("gemini-3.1-flash-live-preview", "vertex", "is served on the developer surface only"),
    ],
)
def test_a_model_that_cannot_be_used_says_why(model: str, surface: Surface, why: str) -> None:
    assert profile_for(model, surface).unusable == f"{model} {why}"


def test_a_resource_name_ends_with_the_id() -> None:
    assert model_id("projects/p/locations/l/publishers/google/models/m") == "m"
    assert model_id("m") == "m"


@pytest.mark.parametrize("model", MODELS)
def test_what_a_profile_declares_by_default_it_allows(model: str) -> None:
    surfaces: tuple[Surface, Surface] = ("developer", "vertex")
    for surface in surfaces:
        profile = profile_for(model, surface)
        assert profile.default_behavior in {None, *profile.behaviors}


@pytest.mark.parametrize(
    ("model", "surface", "known"),
    [
        ("gemini-3.8-live", "developer", True),
        ("gemini-3.8-live", "vertex", True),
        ("gemini-3.8-live-extended-thinking", "developer", True),
        ("gemini-3.1-flash-live-preview", "developer", False),
        ("gemini-2.5-flash-native-audio-latest", "developer", False),
        ("gemini-live-2.5-flash-native-audio", "vertex", False),
        ("gemini-9-live", "developer", False),
        ("gemini-9-live", "vertex", False),
    ],
)
def test_only_of_the_newest_is_it_known_that_handles_hold_open_speech_and_open_calls(
    model: str, surface: Surface, known: bool
) -> None:
    profile = profile_for(model, surface)
    assert (profile.handle_covers_input, profile.lost_call_waits) == (known, known)
