"""Token counts, under the names of both surfaces, and one form for the rest of us, without I/O.

Source: docs/protocols/gemini-live.md 3.2. Vertex calls the response "candidates". Details need not
add up to the counts, zeroes are left out, and the reported total may leave out thoughts: the total
here is our own sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

MODALITIES = frozenset({"TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT"})


class ModalityTokenCount(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """How many tokens of one modality; 0 is left out on the wire."""

    modality: str = ""
    token_count: int = 0


type Details = tuple[ModalityTokenCount, ...]


class UsageMetadata(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The message as it stands on the wire; `response_*` or `candidates_*`, never both."""

    prompt_token_count: int = 0
    cached_content_token_count: int = 0
    response_token_count: int = 0
    candidates_token_count: int = 0
    tool_use_prompt_token_count: int = 0
    thoughts_token_count: int = 0
    total_token_count: int = 0
    prompt_tokens_details: Details = ()
    cache_tokens_details: Details = ()
    response_tokens_details: Details = ()
    candidates_tokens_details: Details = ()
    tool_use_prompt_tokens_details: Details = ()
    service_tier: str = ""
    traffic_type: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one report, whichever surface sent it.

    Attributes:
        prompt_tokens: the whole context so far: every turn is billed for all of it.
        total_tokens: prompt, tool use, response and thoughts, summed here.
        prompt_by_modality: `AUDIO`, `TEXT` ... to tokens; need not add up to the count.
        cached_by_modality: of the prompt, what the service had in its cache.
        tier: service tier or traffic type, as sent.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    response_tokens: int = 0
    tool_use_tokens: int = 0
    thoughts_tokens: int = 0
    total_tokens: int = 0
    prompt_by_modality: Mapping[str, int] = field(default_factory=dict)
    response_by_modality: Mapping[str, int] = field(default_factory=dict)
    cached_by_modality: Mapping[str, int] = field(default_factory=dict)
    tool_use_by_modality: Mapping[str, int] = field(default_factory=dict)
    tier: str = ""


def usage_of(metadata: UsageMetadata) -> Usage:
    """The one form of a usage report."""
    response = metadata.response_token_count or metadata.candidates_token_count
    details = metadata.response_tokens_details or metadata.candidates_tokens_details
    return Usage(
        prompt_tokens=metadata.prompt_token_count,
        cached_tokens=metadata.cached_content_token_count,
        response_tokens=response,
        tool_use_tokens=metadata.tool_use_prompt_token_count,
        thoughts_tokens=metadata.thoughts_token_count,
        total_tokens=metadata.prompt_token_count
        + metadata.tool_use_prompt_token_count
        + response
        + metadata.thoughts_token_count,
        prompt_by_modality=_by_modality(metadata.prompt_tokens_details),
        response_by_modality=_by_modality(details),
        cached_by_modality=_by_modality(metadata.cache_tokens_details),
        tool_use_by_modality=_by_modality(metadata.tool_use_prompt_tokens_details),
        tier=metadata.service_tier or metadata.traffic_type,
    )


def _by_modality(details: Details) -> dict[str, int]:
    sums: dict[str, int] = {}
    for entry in details:
        sums[entry.modality] = sums.get(entry.modality, 0) + entry.token_count
    return sums
