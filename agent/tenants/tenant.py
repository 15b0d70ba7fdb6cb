"""A tenant: one business and the agent that answers its numbers, without I/O.

The models mirror the file key for key; each key is described where it stands. Everything is
frozen: a call keeps the tenant it began with. Durations are seconds once read.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from agent.tenants.hours import Hours
from agent.tenants.keys import Keys
from agent.tenants.lookup import Lookup, lookup_problems
from agent.tenants.outbound import Outbound, outbound_problems
from agent.tenants.overrides import Override
from agent.tenants.placeholders import with_places
from agent.tenants.record import Record, record_problems
from agent.tenants.scalars import (
    Greeting,
    NumberPattern,
    Spoken,
    SpokenBriefly,
    Switch,
    decimal,
    duration,
    duration_text,
    quoted,
    whole,
)
from agent.tenants.sms import Prefixes, Sms, one_or_more, sms_problems
from agent.tenants.spending import Spending
from agent.tenants.strict import Misfit, Strict, Word
from agent.tenants.tools import (
    BuiltinTool,
    HttpTool,
    McpTool,
    PythonTool,
    Tool,
    distinct_tools,
)
from agent.tenants.transfers import Transfers, transfer_problems
from agent.tenants.voicemail import Voicemail, voicemail_problems

COMPRESS_FROM_TOKENS = 104_857
"""Where the service drops the oldest turns unasked: 80 % of 128k (docs/protocols/gemini-live.md
2.1.4)."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

__all__ = [
    "Agent", "Audio", "BuiltinTool", "Context", "Fallback", "Hours", "HttpTool", "Idle", "Keys",
    "Limits", "Lookup", "McpTool", "Name", "Overflow", "Override", "PythonTool", "Record", "Strict",
    "Tenant", "Tool", "Vad", "Word",
]  # fmt: skip


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not a name; use small letters, digits and hyphens")
    return value


type Name = Annotated[str, AfterValidator(_name)]


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
        barge_in_after: how long the caller must speak before this service takes it for an
            interruption; for barge_in local or both. The shorter, the more coughs interrupt.
        protect: the beginning of what the agent says that this service lets nobody interrupt, as
            a greeting; for barge_in local or both.
        thinking: how much the model reasons first, for models that take a level.
        temperature: how freely the model chooses its words, above 0 and at most 2; the service
            chooses when left out.
        search: whether the model may look things up on the web by itself; the service bills it.
        vad: how speech is told from silence.
        moment: what the caller hears while the model cannot be reached, or takes long, in the
            agent's voice; by default "One moment, please." in the agent's language.
        moment_after: how long the model, or a function, may keep the caller waiting in silence
            before that is said; 1.2s while the model cannot be reached.
    """

    model: Word = "gemini-3.8-live"
    voice: Word | None = None
    language: Word | None = None
    greeting: Greeting | None = None
    instructions: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(with_places)
    ]
    barge_in: Literal["model", "local", "both"] = "model"
    barge_in_after: Annotated[float, duration(0.06, 2)] = 0.24
    protect: Annotated[float, duration(0, 10)] = 0.0
    thinking: Literal["minimal", "low", "medium", "high"] | None = None
    temperature: Annotated[float, decimal(0, 2)] | None = None
    search: Switch = False
    vad: Vad = Vad()
    moment: SpokenBriefly | None = None
    moment_after: Annotated[float, duration(1, 30)] = 4.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.barge_in == "model":
            ours = [key for key in ("barge_in_after", "protect") if key in self.model_fields_set]
            if ours:
                message = "has no effect while barge_in is model; write barge_in: both"
                raise Misfit(*(((key,), message) for key in ours))
        return self


class Context(Strict):
    """How much of a conversation the model keeps in mind.

    Attributes:
        compress_from: tokens at which the oldest turns are dropped; the instructions stay. A
            minute of talk is about 1,500 tokens of each side. The service chooses when left out.
        compress_to: down to how many.
        resume: whether the service keeps the conversation, for hours, so that a new connection goes
            on with it. Without that, each one begins with what was said, as we wrote it down: less
            exact, and what the model thought is lost.
    """

    compress_from: Annotated[int, whole(5_000, 128_000)] | None = None
    compress_to: Annotated[int, whole(0, 128_000)] | None = None
    resume: Switch = True

    @model_validator(mode="after")
    def _fits(self) -> Self:
        upper = COMPRESS_FROM_TOKENS if self.compress_from is None else self.compress_from
        if self.compress_to is not None and self.compress_to >= upper:
            raise Misfit((("compress_to",), f"{self.compress_to} is not below {upper}"))
        return self


class Overflow(Strict):
    """What becomes of a call for which there is no room.

    Attributes:
        say: what the caller hears before the call ends.
    """

    say: Spoken


class Limits(Strict):
    """What a call may use.

    Attributes:
        call: longest call; the agent says good-bye shortly before.
        wrap_up: how long before the end of the longest call the agent is asked to say good-bye.
        concurrent: most calls of this tenant at one time.
        overflow: what becomes of one more call; by default it hears that all lines are busy.
        per_minute: most calls of this tenant that begin within a minute.
        per_caller: most calls of one number within ten minutes; a number can be forged, so this
            stops a telephone that calls again and again, not somebody who means harm.
        transfer_prefixes: what numbers of transfers must begin with, as +1555; any, when left out,
            but for those that cost more than a call.
        transferred: how long a caller may talk to whom the agent passed the call on.
    """

    call: Annotated[float, duration(30, 4 * 3600)] = 20 * 60.0
    wrap_up: Annotated[float, duration(5, 300)] = 20.0
    concurrent: Annotated[int, whole(1, 10_000)] = 10
    overflow: Overflow | None = None
    per_minute: Annotated[int, whole(1, 100_000)] = 600
    per_caller: Annotated[int, whole(1, 10_000)] = 30
    transfer_prefixes: Prefixes = ()
    transferred: Annotated[float, duration(60, 4 * 3600)] = 3600.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.wrap_up >= self.call:
            call = duration_text(self.call)
            raise Misfit((("wrap_up",), f"{duration_text(self.wrap_up)} is not below call, {call}"))
        return self


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


class Fallback(Strict):
    """What becomes of a caller when the model cannot be reached any more.

    Attributes:
        say: an apology, before the call ends; by default one in the agent's language.
        then: voicemail: the caller may leave a message after it.
        transfer: one of transfers, to whom the caller is connected after it.
    """

    say: SpokenBriefly | None = None
    then: Literal["voicemail"] | None = None
    transfer: Word | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.then is not None and self.transfer is not None:
            raise Misfit((("then",), "has no effect beside transfer; remove one of them"))
        return self


def _distinct(numbers: tuple[str, ...]) -> tuple[str, ...]:
    for number in numbers:
        if numbers.count(number) > 1:
            raise ValueError(f"{quoted(number)} is listed twice")
    return numbers


class Tenant(Strict):
    """One tenant, as its file describes it.

    Attributes:
        include: files with keys that many tenants share, in this file's folder or below; what
            this file says wins.
        tenant: its name: small letters, digits and hyphens.
        numbers: the telephone numbers it answers; +1555* stands for all that begin so, sip:sales
            for that user of every SIP domain (sip:sales@voice.example.com: of that one), and
            default for all that nobody else answers.
        agent: who answers.
        hours: the clock of the business.
        lookup: what is looked up of the caller before the agent answers.
        tools: what the agent may do.
        transfers: whom the agent may pass a caller on to, each with a name of your own.
        voicemail: what a caller leaves when nobody answers.
        sms: what text messages the agent may send.
        outbound: calls that the agent makes; none, when left out.
        limits: what a call may use.
        spending: what calls may cost.
        idle: what happens when the caller says nothing.
        keys: what happens when the caller presses keys.
        context: how much of a conversation the model keeps in mind.
        audio: how audio travels.
        record: what is kept of a call.
        fallback: what becomes of a caller when the model cannot be reached any more.
        overrides: times at which the agent is another; the first that fits holds for a call.
    """

    include: Annotated[
        tuple[Word, ...],
        BeforeValidator(one_or_more, json_schema_input_type=str | list[str]),
    ] = ()
    tenant: Name
    numbers: Annotated[
        tuple[NumberPattern, ...],
        Field(min_length=1, max_length=1000),
        AfterValidator(_distinct),
    ]
    agent: Agent
    hours: Hours = Hours()
    lookup: Lookup | None = None
    tools: Annotated[tuple[Tool, ...], Field(max_length=128), AfterValidator(distinct_tools)] = ()
    transfers: Transfers = Field(default_factory=dict)
    voicemail: Voicemail = Voicemail()
    sms: Sms = Sms()
    outbound: Outbound | None = None
    limits: Limits = Limits()
    spending: Spending = Spending()
    idle: Idle = Idle()
    keys: Keys = Keys()
    context: Context = Context()
    audio: Audio = Audio()
    record: Record = Record()
    fallback: Fallback = Fallback()
    overrides: Annotated[tuple[Override, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        checks = (
            lookup_problems,
            transfer_problems,
            voicemail_problems,
            sms_problems,
            outbound_problems,
            record_problems,
        )
        if problems := [problem for check in checks for problem in check(self)]:
            raise Misfit(*problems)
        return self
