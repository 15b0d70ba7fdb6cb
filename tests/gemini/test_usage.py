"""Token counts of both surfaces."""

from agent.gemini.session_events import (
    UsageReported,
)
from agent.gemini.usage import Usage
from tests.gemini.parties import (
    frame,
    ready_session,
    told,
)


def test_usage_has_one_form_on_both_surfaces() -> None:
    session = ready_session()
    developer = {
        "promptTokenCount": 482,
        "cachedContentTokenCount": 2,
        "responseTokenCount": 30,
        "toolUsePromptTokenCount": 5,
        "thoughtsTokenCount": 7,
        "totalTokenCount": 512,
        "promptTokensDetails": [{"modality": "AUDIO"}, {"modality": "TEXT", "tokenCount": 360}],
        "responseTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 20},
            {"modality": "AUDIO", "tokenCount": 10},
        ],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 2}],
        "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}],
        "serviceTier": "standard",
    }
    vertex = {
        {
            "responseTokenCount": "candidatesTokenCount",
            "responseTokensDetails": "candidatesTokensDetails",
            "serviceTier": "trafficType",
        }.get(key, key): value
        for key, value in developer.items()
    }
    usage = Usage(
        prompt_tokens=482,
        cached_tokens=2,
        response_tokens=30,
        tool_use_tokens=5,
        thoughts_tokens=7,
        total_tokens=524,
        prompt_by_modality={"AUDIO": 0, "TEXT": 360},
        response_by_modality={"AUDIO": 30},
        cached_by_modality={"TEXT": 2},
        tool_use_by_modality={"TEXT": 5},
        tier="standard",
    )
    for metadata in (developer, vertex):
        assert told(session, frame(usageMetadata=metadata)) == [UsageReported(usage)]
