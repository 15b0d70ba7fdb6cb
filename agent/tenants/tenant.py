"""A tenant: one business and the agent that answers its numbers, without I/O.

The models mirror the file key for key; each key is described where it stands. Everything is
frozen: a call keeps the tenant it began with. Durations are seconds once read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from agent.tenants.scalars import (
    PhoneNumber,
    Spoken,
    SpokenBriefly,
    Switch,
    TimeZone,
    duration,
    quoted,
    whole,
)

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not a name; use small letters, digits and hyphens")
    return value


def _function(value: str) -> str:
    if not _FUNCTION.fullmatch(value):
        raise ValueError(f"{quoted(value)} does not name a function; write module.function")
    return value


type Name = Annotated[str, AfterValidator(_name)]
type Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Strict(BaseModel):
    """What all models share: frozen, and no key that means nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Vad(Strict):
    """How the model's service decides that the caller begins and stops speaking.

    Attributes:
        start: how readily sound counts as the beginning of speech; `low` resists line echo.
        end: how readily a pause counts as the end of speech.
        prefix: how long speech must last before it counts.
        silence: how long a pause must last before it ends the caller's turn.
    """

    start: Literal["high", "low"] | None = None
    end: Literal["high", "low"] | None = None
    prefix: Annotated[float, duration(0, 2)] | None = None
    silence: Annotated[float, duration(0.1, 5)] | None = None


class Agent(Strict):
    """Who answers, and how.

    Attributes:
        model: the model's id at the service.
        voice: one of the service's voices; the service chooses when left out.
        language: as `en-US`; most models follow the caller's language by themselves.
        greeting: what the agent says first; without it, the agent waits for the caller.
        instructions: what the agent is, knows and does: the system prompt.
        barge_in: who notices that the caller interrupts: the model, this service (faster), both.
        thinking: how much the model reasons first, for models that take a level.
        vad: how speech is told from silence.
        moment: what the caller hears while the model cannot be reached, in the agent's voice; by
            default "One moment, please." in the agent's language.
    """

    model: Word = "gemini-3.8-live"
    voice: Word | None = None
    language: Word | None = None
    greeting: Spoken | None = None
    instructions: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    barge_in: Literal["model", "local", "both"] = "model"
    thinking: Literal["minimal", "low", "medium", "high"] | None = None
    vad: Vad = Vad()
    moment: SpokenBriefly | None = None


class PythonTool(Strict):
    """A business function written in Python.

    Attributes:
        python: `module.function` in the folder of functions.
        timeout: how long it may take. Past 8s the model is told that it is still running, and the
            result follows when it comes; so the default ends before that.
    """

    python: Annotated[str, AfterValidator(_function)]
    timeout: Annotated[float, duration(0.1, 60)] = 7.0


class BuiltinTool(Strict):
    """A tool that this service provides.

    Attributes:
        builtin: `end_call` lets the agent hang up once its last words are heard.
    """

    builtin: Literal["end_call"]


# Tags stand in the places of pydantic's errors; no key of a file can be written like them.
PYTHON_TOOL = "<python tool>"
BUILTIN_TOOL = "<built-in tool>"


def _kind(value: object) -> str | None:
    """The kind of a tool is the key that names it."""
    keys = value if isinstance(value, Mapping) else ()
    if "python" in keys or isinstance(value, PythonTool):
        return PYTHON_TOOL
    if "builtin" in keys or isinstance(value, BuiltinTool):
        return BUILTIN_TOOL
    return None


type Tool = Annotated[
    Annotated[PythonTool, Tag(PYTHON_TOOL)] | Annotated[BuiltinTool, Tag(BUILTIN_TOOL)],
    Discriminator(_kind),
]


class Limits(Strict):
    """What a call may use.

    Attributes:
        call: longest call; the agent says good-bye shortly before.
        concurrent: most calls of this tenant at one time.
    """

    call: Annotated[float, duration(30, 4 * 3600)] = 20 * 60.0
    concurrent: Annotated[int, whole(1, 10_000)] = 10


class Hours(Strict):
    """The clock of the business.

    Attributes:
        timezone: where the business is; the agent is told the date and time there.
    """

    timezone: TimeZone = ZoneInfo("UTC")


class Idle(Strict):
    """What happens when the caller says nothing.

    Attributes:
        prompt_after: silence before the agent asks whether the caller is still there.
        say: what it asks.
        end_after: further silence before the agent says good-bye and ends the call.
    """

    prompt_after: Annotated[float, duration(3, 600)] = 12.0
    say: Spoken = "Are you still there?"
    end_after: Annotated[float, duration(3, 600)] = 15.0


def _whole_frames(value: float) -> float:
    if round(value * 1000) % 20:
        raise ValueError(f"{quoted(f'{value * 1000:g}ms')} is not a multiple of 20ms")
    return value


class Audio(Strict):
    """How audio travels.

    Attributes:
        uplink_packet: caller audio per message to the model; longer is cheaper, shorter is faster.
    """

    uplink_packet: Annotated[float, duration(0.02, 0.1), AfterValidator(_whole_frames)] = 0.04


class Record(Strict):
    """What is kept of a call.

    Attributes:
        audio: write a stereo recording, the caller left and the agent right.
    """

    audio: Switch = False


class Fallback(Strict):
    """What becomes of a caller when the model cannot be reached any more.

    Attributes:
        say: an apology, before the call ends; by default one in the agent's language.
    """

    say: SpokenBriefly | None = None


def _distinct(numbers: tuple[str, ...]) -> tuple[str, ...]:
    for number in numbers:
        if numbers.count(number) > 1:
            raise ValueError(f"{quoted(number)} is listed twice")
    return numbers


class Tenant(Strict):
    """One tenant, as its file describes it.

    Attributes:
        tenant: its name: small letters, digits and hyphens.
        numbers: the telephone numbers it answers.
        agent: who answers.
        hours: the clock of the business.
        tools: what the agent may do.
        limits: what a call may use.
        idle: what happens when the caller says nothing.
        audio: how audio travels.
        record: what is kept of a call.
        fallback: what becomes of a caller when the model cannot be reached any more.
    """

    tenant: Name
    numbers: Annotated[
        tuple[PhoneNumber, ...],
        Field(min_length=1, max_length=1000),
        AfterValidator(_distinct),
    ]
    agent: Agent
    hours: Hours = Hours()
    tools: Annotated[tuple[Tool, ...], Field(max_length=128)] = ()
    limits: Limits = Limits()
    idle: Idle = Idle()
    audio: Audio = Audio()
    record: Record = Record()
    fallback: Fallback = Fallback()
