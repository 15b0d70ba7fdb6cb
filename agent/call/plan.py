"""A tenant's file made into what a call runs on: the plan, the setup, the profile; without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import msgspec

from agent.call import phrases, prompts
from agent.call.cover import CoverPlan
from agent.call.idle import IdlePolicy
from agent.call.policy import CallPlan
from agent.errors import ConfigError
from agent.gemini.catalogue import LANGUAGES, nearest
from agent.gemini.content import Content, Part
from agent.gemini.profiles import Profile, Surface, check, profile_for
from agent.gemini.setup import SetupOptions, VadOptions, build_setup
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.parse import Place, plain_place
from agent.tenants.tenant import BuiltinTool, Tenant, Vad

END_CALL = FunctionDeclaration(
    name=prompts.END_CALL,
    description=(
        "End the telephone call. Use it once the caller has said goodbye, or wants nothing more "
        "and you have said goodbye yourself."
    ),
)

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# What the wire calls it, and what the owner of the file calls it; the first that fits.
_FIELDS = (
    ("setup.generationConfig.speechConfig.voiceConfig", "agent.voice"),
    ("setup.generationConfig.speechConfig.languageCode", "agent.language"),
    ("setup.generationConfig.thinkingConfig", "agent.thinking"),
    ("setup.realtimeInputConfig", "agent.vad"),
    ("setup.tools", "tools"),
    ("setup", "agent.model"),
)


READER = (
    "You are a voice that reads out. When you are told to say something exactly, say those words "
    "once, calmly and kindly, and nothing before or after them."
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What every call of a tenant starts from.

    Attributes:
        plan: how the call behaves; its cover has the sound that comes with the package.
        setup: the first message to the model's service, but for the date; see `setup_at`.
        profile: what the model allows on its surface.
        instructions: what the agent is, knows and does.
        timezone: of the business.
        moment: what the cover says while the caller waits,
        apology: and when nobody comes back to him.
    """

    plan: CallPlan
    setup: Setup
    profile: Profile
    instructions: str
    timezone: tzinfo
    moment: str
    apology: str

    def reading_setup(self) -> Setup:
        """The setup of a session in which the tenant's voice says given words, and no more."""
        content = Content(parts=(Part(text=READER),), role="user")
        return msgspec.structs.replace(
            self.setup, system_instruction=content, tools=(), realtime_input_config=None
        )

    def setup_at(self, at_utc: datetime) -> Setup:
        """The setup of one call: a model that takes bookings has to know what day it is.

        Args:
            at_utc: the beginning of the call, with its time zone.
        """
        local = at_utc.astimezone(self.timezone)
        today = f"It is now {_WEEKDAYS[local.weekday()]}, {local:%Y-%m-%d, %H:%M}."
        text = f"{self.instructions}\n\n{today}"
        content = Content(parts=(Part(text=text),), role="user")
        return msgspec.structs.replace(self.setup, system_instruction=content)


def prepare(
    tenant: Tenant,
    declarations: Sequence[FunctionDeclaration],
    *,
    surface: Surface = "developer",
    project: str | None = None,
    location: str | None = None,
    place: Place = plain_place,
) -> Prepared:
    """Build what the calls of a tenant need.

    Args:
        tenant: as read from its file.
        declarations: of its business functions; built-in tools are added here.
        surface: which of the two services is dialled.
        project: for Vertex, with `location`.
        place: makes a line of a field and a message; `TenantFile.problem` adds the position.

    Raises:
        ConfigError: the model would refuse what the tenant chose; a problem names the file's key.
    """
    agent = tenant.agent
    builtins = [tool.builtin for tool in tenant.tools if isinstance(tool, BuiltinTool)]
    ends_calls = "end_call" in builtins
    options = SetupOptions(
        model=agent.model,
        surface=surface,
        project=project,
        location=location,
        voice=agent.voice,
        language=agent.language,
        system_instruction=agent.instructions,
        declarations=(*declarations, *([END_CALL] if ends_calls else [])),
        vad=_vad(agent.vad),
        thinking_level=agent.thinking and agent.thinking.upper(),
    )
    setup, profile = build_setup(options), profile_for(agent.model, surface)
    problems = [*_language_problems(agent.language), *map(_field, check(setup, profile))]
    if len(builtins) > len(set(builtins)):
        problems.append(("tools", '"end_call" is listed twice'))
    if problems:
        raise ConfigError(*(place(field, message) for field, message in problems))
    words = phrases.WORDS[phrases.language_of(agent.language)]
    return Prepared(
        plan=_plan(tenant, ends_calls),
        setup=setup,
        profile=profile,
        instructions=agent.instructions,
        timezone=tenant.hours.timezone,
        moment=agent.moment or words.moment,
        apology=tenant.fallback.say or words.apology,
    )


def _plan(tenant: Tenant, ends_calls: bool) -> CallPlan:
    idle = tenant.idle
    sound = phrases.shipped(phrases.language_of(tenant.agent.language))
    return CallPlan(
        tenant=tenant.tenant,
        greeting=tenant.agent.greeting,
        barge_in=tenant.agent.barge_in,
        uplink_ms=round(tenant.audio.uplink_packet * 1000),
        idle=IdlePolicy(idle.prompt_after, idle.say, idle.end_after),
        max_call_s=tenant.limits.call,
        end_call_tool=ends_calls,
        record=tenant.record.audio,
        cover=CoverPlan(phrase=sound.moment, apology=sound.apology),
    )


def _vad(vad: Vad) -> VadOptions:
    return VadOptions(
        start_sensitivity=vad.start,
        end_sensitivity=vad.end,
        prefix_padding_ms=None if vad.prefix is None else round(vad.prefix * 1000),
        silence_ms=None if vad.silence is None else round(vad.silence * 1000),
    )


def _field(problem: str) -> tuple[str, str]:
    """A problem of the wire's setup in terms of the tenant's file."""
    path, _, message = problem.partition(": ")
    return next((field, message) for wire, field in _FIELDS if path.startswith(wire))


def _language_problems(language: str | None) -> Iterator[tuple[str, str]]:
    """A code the service does not know may close the connection; without one, models follow."""
    if language is None or language in LANGUAGES:
        return
    close = nearest(language, LANGUAGES)
    hint = f'did you mean "{close}"?' if close else "leave it out: models follow the caller"
    yield "agent.language", f'"{language}" is not a language known to work; {hint}'
