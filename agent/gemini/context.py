"""What the model is told before the talk: the setup of the next connection; without I/O.

Source: docs/protocols/gemini-live.md 2.5, 3.7 to 3.10, B5, B33, B41.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from agent.gemini.client_messages import (
    ClientContent,
    ClientContentMessage,
    ContextUpdate,
    ContextUpdateMessage,
    ContextUpdateTools,
)
from agent.gemini.codec import encode_client
from agent.gemini.content import SYSTEM, USER, text_content
from agent.gemini.history import GOES_ON, History
from agent.gemini.models import Profile
from agent.gemini.setup_messages import (
    ContextWindowCompression,
    HistoryConfig,
    SessionResumptionConfig,
    Setup,
    SlidingWindow,
)
from agent.gemini.tools import FunctionDeclaration, Tool

COMPRESS_FROM = 102_400
"""The service's own value: 0.8 of the context of all Live models (2.1.4)."""


class Opening(NamedTuple):
    """How a connection begins.

    Attributes:
        tells: the history is handed over in turns, once the setup is answered.
    """

    setup: Setup
    tells: bool


class Context:
    """The setup of one session, as it stands.

    Attributes:
        setup: without a handle.
        in_instruction: the history is told in the instruction, since turns were refused.
    """

    def __init__(self, setup: Setup, profile: Profile) -> None:
        self._profile = profile
        resumption = setup.session_resumption
        if resumption is not None and resumption.transparent and profile.surface != "vertex":
            resumption = msgspec.structs.replace(resumption, transparent=None)  # B5
        self._resumption = resumption
        self.setup = msgspec.structs.replace(setup, session_resumption=None)
        self.in_instruction = False

    @property
    def acknowledges(self) -> bool:
        """Whether the service is asked to say what it has taken in."""
        return self._resumption is not None and bool(self._resumption.transparent)

    @property
    def compress_from(self) -> int:
        """At how many tokens of context the service cuts the oldest turns."""
        compression = self.setup.context_window_compression
        return (compression and compression.trigger_tokens) or COMPRESS_FROM

    @property
    def manual(self) -> bool:
        """Whether the service is told when the caller speaks."""
        config = self.setup.realtime_input_config
        detection = config.automatic_activity_detection if config else None
        return bool(detection and detection.disabled)

    def opening(self, handle: str | None, history: History) -> Opening:
        """How the next connection begins.

        Args:
            handle: to resume with; None: afresh, and told of the history, if there is any.
        """
        setup = self.setup
        if handle is not None:
            resumption = self._resumption or SessionResumptionConfig()
            resumption = msgspec.structs.replace(resumption, handle=handle)
            return Opening(msgspec.structs.replace(setup, session_resumption=resumption), False)
        fresh = self._resumption and msgspec.structs.replace(self._resumption, handle=None)
        setup = msgspec.structs.replace(setup, session_resumption=fresh)
        if not history:
            return Opening(setup, False)
        text = f"{GOES_ON}\n\n{history.transcript()}" if self.in_instruction else GOES_ON
        before = setup.system_instruction.parts if setup.system_instruction else ()
        instruction = msgspec.structs.replace(
            text_content(text), parts=(*before, *text_content(text).parts)
        )
        setup = msgspec.structs.replace(setup, system_instruction=instruction)
        if self.in_instruction:
            return Opening(setup, False)
        if self._profile.history == "initial_history":
            setup = msgspec.structs.replace(setup, history_config=HistoryConfig(True))
        return Opening(setup, True)

    def reminding(
        self, history: History, known_to: int, *, without_last_words: bool
    ) -> bytes | None:
        """The frame that tells a resumed session what its handle did not know of.

        Args:
            known_to: the number of that handle.
            without_last_words: the caller's last words are sent as audio; not twice.
        """
        turns = history.turns(
            self._profile, without_last_words=without_last_words, known_to=known_to
        )
        return encode_client(ClientContentMessage(ClientContent(turns))) if turns else None

    def telling(self, history: History, *, without_last_words: bool) -> bytes | None:
        """The frame that hands the history over.

        Args:
            without_last_words: the caller's last words are sent as audio; not twice.
        """
        turns = history.turns(self._profile, without_last_words=without_last_words)
        # What is announced as initial history must come, and be closed: else the next turn is
        # taken for it. Anything else that is closed would be answered.
        closed = self._profile.history == "initial_history"
        if not turns and not closed:
            return None
        turns = turns or (text_content(f"({GOES_ON})"),)
        return encode_client(ClientContentMessage(ClientContent(turns, closed)))

    def compress(self, from_tokens: int, to_tokens: int) -> None:
        """Ask for less of the conversation to be kept, in the next setup (2.1.4)."""
        compression = ContextWindowCompression(from_tokens, SlidingWindow(to_tokens))
        self.setup = msgspec.structs.replace(self.setup, context_window_compression=compression)

    def change(
        self, instruction: str | None, declarations: Sequence[FunctionDeclaration] | None
    ) -> bytes | None:
        """Change what the model is told; returned is the frame that says so (2.5, 3.10).

        Returns:
            None where the model takes such a change in a setup only.
        """
        update = ContextUpdate()
        if instruction is not None:
            content = text_content(instruction, USER)
            update = msgspec.structs.replace(update, system_instruction=content)
            self.setup = msgspec.structs.replace(self.setup, system_instruction=content)
        if declarations is not None:
            tools = self._tools(declarations)
            update = msgspec.structs.replace(update, tools=ContextUpdateTools(tools))
            self.setup = msgspec.structs.replace(self.setup, tools=tools)
        if self._profile.context_update:
            return encode_client(ContextUpdateMessage(update))
        if declarations is None and instruction is not None and SYSTEM in self._profile.roles:
            turns = (text_content(instruction, SYSTEM),)
            return encode_client(ClientContentMessage(ClientContent(turns, turn_complete=False)))
        return None

    def _tools(self, declarations: Sequence[FunctionDeclaration]) -> tuple[Tool, ...]:
        others = tuple(tool for tool in self.setup.tools if not tool.function_declarations)
        if not declarations:
            return others
        declared = tuple(
            declaration
            if declaration.behavior is not None
            else msgspec.structs.replace(declaration, behavior=self._profile.default_behavior)
            for declaration in declarations
        )
        return (Tool(function_declarations=declared), *others)
