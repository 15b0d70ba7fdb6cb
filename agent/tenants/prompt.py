"""How large a prompt is, without I/O."""

from __future__ import annotations

from math import ceil

CHARACTERS_PER_TOKEN = 4
"""Of plain Latin text, as the vendor's guide to tokens has it (read 2026-11-21)."""

SAFE_TOKENS = 25_600
"""A prompt up to here leaves room to talk. By default the service cuts the context at 80 % of its
128k down to half of that, 51,200 tokens, and keeps the prompt whole (docs/protocols/gemini-live.md
2.1.4); half of what is kept may be prompt."""


def estimate_tokens(text: str) -> int:
    """About how many tokens a text takes, rather too many than too few.

    Four plain characters make a token; of other scripts each character is counted as one.
    """
    plain = len(text.encode("ascii", "ignore"))
    return ceil(plain / CHARACTERS_PER_TOKEN) + len(text) - plain
