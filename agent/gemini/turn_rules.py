"""The check of turns that are about to be handed to a model, without I/O.

Source: docs/protocols/gemini-live.md 2.2, 3.9, 3.10.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.errors import LocalProtocolError
from agent.gemini.content import MODEL, Content
from agent.gemini.models import Profile


def refuse_turns(turns: Sequence[Content], profile: Profile) -> None:
    """Raise LocalProtocolError for turns that would make the service close the connection."""
    for i, turn in enumerate(turns):
        path = f"clientContent.turns[{i}]"
        if turn.role not in profile.roles:
            known = ", ".join(sorted(profile.roles))
            raise LocalProtocolError(f"{path}.role: {turn.role!r} is not one of {known}")
        has_functions = any(
            part.function_call is not None or part.function_response is not None
            for part in turn.parts
        )
        if has_functions and not profile.function_parts_in_history:
            raise LocalProtocolError(f"{path}: {profile.name} takes no function parts")
    if turns and turns[-1].role == MODEL and profile.history_ends_with_user:
        raise LocalProtocolError(f"clientContent.turns: {profile.name} wants the user's turn last")
