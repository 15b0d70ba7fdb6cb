"""A tenant's file made into what a call runs on: the plan, the setup, the profile; without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

import msgspec

from agent.call import phrases, prompts
from agent.call.allowance import SpendingPlan
from agent.call.cover import CoverPlan
from agent.call.idle import IdlePolicy
from agent.call.keypad import KeyAct, KeyPlan
from agent.call.policy import CallPlan, Scheduling
from agent.call.tenant_rules import tenant_problems
from agent.errors import ConfigError
from agent.gemini.content import Content, Part
from agent.gemini.profiles import Profile, Surface, check, profile_for
from agent.gemini.setup import SetupOptions, VadOptions, build_setup
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import FunctionDeclaration
from agent.tenants.keys import KeyAction, Keys
from agent.tenants.overrides import overridden, place_of_override
from agent.tenants.parse import Place, plain_place
from agent.tenants.placeholders import filled
from agent.tenants.tenant import BuiltinTool, Tenant, Vad
from agent.tenants.tool_names import claims_of, declared_names

END_CALL = FunctionDeclaration(
    name=prompts.END_CALL,
    description=(
        "End the telephone call. Use it once the caller has said goodbye, or wants nothing more "
        "and you have said goodbye yourself."
    ),
)

PAUSE_RECORDING = FunctionDeclaration(
    name=prompts.PAUSE_RECORDING,
    description=(
        "Stop everything that is recorded or written down of this call, for a short time. Call it "
        "before you ask for the number of a card or an account, or for a password, never after."
    ),
)
RESUME_RECORDING = FunctionDeclaration(
    name=prompts.RESUME_RECORDING,
    description=(
        "Go on recording. Call it as soon as you have used, or no longer need, what was to be "
        "kept out of the recording."
    ),
)

_SCHEDULING: Mapping[str, Scheduling] = {
    "when_idle": "WHEN_IDLE",
    "interrupt": "INTERRUPT",
    "silent": "SILENT",
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# What the wire calls it, and what the owner of the file calls it; the first that fits.
_FIELDS = (
    ("setup.generationConfig.thinkingConfig", "agent.thinking"),
    ("setup.generationConfig.temperature", "agent.temperature"),
    ("setup.realtimeInputConfig", "agent.vad"),
    ("setup.contextWindowCompression", "context"),
    ("setup.tools", "tools"),
    ("setup", "agent.model"),
)


# What the check of the tenant's file tells in its own words.
_CHECKED = (
    "setup.generationConfig.speechConfig.voiceConfig",
    "setup.generationConfig.speechConfig.languageCode",
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
        instructions: what the agent is, knows and does; with places, until `told` fills them.
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

    def saying(self, greeting: str | None, instructions: str | None) -> Prepared:
        """The same for a call of another kind, as one that we place; None leaves a text as it is.

        Args:
            greeting, instructions: with places, until `told` fills them.
        """
        plan = self.plan if greeting is None else replace(self.plan, greeting=greeting)
        return replace(self, plan=plan, instructions=instructions or self.instructions)

    def told(self, facts: Mapping[str, str]) -> Prepared:
        """The same for one call, with what is known of its caller.

        Args:
            facts: by field; see `agent.tenants.placeholders`.
        """
        greeting = self.plan.greeting
        return replace(
            self,
            instructions=filled(self.instructions, facts),
            plan=replace(self.plan, greeting=greeting and filled(greeting, facts)),
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
        tenant: as read from its file; its overrides are tenants of their own (`overridden`).
        declarations: of its business functions; built-in tools are added here.
        surface: which of the two services is dialled.
        project: for Vertex, with `location`.
        place: makes a line of a field and a message; `TenantFile.problem` adds the position.

    Raises:
        ConfigError: the model would refuse what the tenant chose; a problem names the file's key.
    """
    agent = tenant.agent
    builtins = [tool.builtin for tool in _builtins(tenant)]
    ends_calls = "end_call" in builtins
    pauses = "pause_recording" in builtins
    declared = [
        *_behaving(tenant, declarations),
        *([END_CALL] if ends_calls else []),
        *([PAUSE_RECORDING, RESUME_RECORDING] if pauses else []),
    ]
    options = SetupOptions(
        model=agent.model,
        surface=surface,
        project=project,
        location=location,
        voice=agent.voice,
        language=agent.language,
        system_instruction=agent.instructions,
        declarations=tuple(declared),
        vad=_vad(agent.vad),
        thinking_level=agent.thinking and agent.thinking.upper(),
        temperature=agent.temperature,
        google_search=agent.search,
        resumption=tenant.context.resume,
        compress_from=tenant.context.compress_from,
        compress_to=tenant.context.compress_to,
    )
    setup, profile = build_setup(options), profile_for(agent.model, surface)
    problems = [*tenant_problems(tenant, profile, declared), *_wire_problems(setup, profile)]
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


def file_problems(tenant: Tenant, surface: Surface = "developer") -> list[tuple[str, str]]:
    """What the model would refuse of a tenant at any hour, whatever its tools may be.

    For `agent.tenants.parse.read_model`, which has no more than a part of a broken file.
    """
    found: list[tuple[str, str]] = []

    def place(field: str, message: str) -> str:
        if (field, message) not in found:
            found.append((field, message))
        return message

    variants: list[tuple[Tenant, Place]] = [(tenant, place)]
    variants.extend(
        (overridden(tenant, index), place_of_override(tenant, index, place))
        for index in range(len(tenant.overrides))
    )
    for variant, where in variants:
        with suppress(ConfigError):
            prepare(variant, (), surface=surface, place=where)
    return found


def _plan(tenant: Tenant, ends_calls: bool) -> CallPlan:
    idle = tenant.idle
    sound = phrases.shipped(phrases.language_of(tenant.agent.language))
    return CallPlan(
        tenant=tenant.tenant,
        greeting=tenant.agent.greeting,
        consent=tenant.record.consent,
        barge_in=tenant.agent.barge_in,
        barge_in_after_ms=round(tenant.agent.barge_in_after * 1000),
        protect_ms=round(tenant.agent.protect * 1000),
        uplink_ms=round(tenant.audio.uplink_packet * 1000),
        idle=IdlePolicy(idle.prompt_after, idle.say, idle.end_after),
        keys=_keys(tenant.keys),
        max_call_s=tenant.limits.call,
        wrap_up_s=tenant.limits.wrap_up,
        end_call_tool=ends_calls,
        record=tenant.record.audio,
        keeps=tenant.record.wire or tenant.record.carrier,
        pause_tool=any(tool.builtin == "pause_recording" for tool in _builtins(tenant)),
        longest_pause_s=tenant.record.pause,
        cover=CoverPlan(
            phrase=sound.moment, apology=sound.apology, slow_s=tenant.agent.moment_after
        ),
        claims={name: words for tool in tenant.tools for name, words in claims_of(tool).items()},
        scheduling={
            name: _SCHEDULING[tool.scheduling]
            for tool in tenant.tools
            if not isinstance(tool, BuiltinTool) and tool.scheduling is not None
            for name in declared_names(tool)
        },
        spending=SpendingPlan(
            per_call=tenant.spending.per_call,
            warn_at=tenant.spending.warn_at,
            compresses=tenant.spending.on_call_limit == "compress",
        ),
    )


def _builtins(tenant: Tenant) -> Iterator[BuiltinTool]:
    return (tool for tool in tenant.tools if isinstance(tool, BuiltinTool))


def _keys(keys: Keys) -> KeyPlan:
    return KeyPlan(
        pass_on=keys.pass_on,
        end=keys.end,
        pause_s=keys.pause,
        most=keys.most,
        acts={key: _act(action) for key, action in keys.map.items()},
    )


def _act(action: KeyAction) -> KeyAct:
    if action.say is not None:
        return KeyAct("say", action.say)
    if action.do == "repeat":
        return KeyAct("repeat", prompts.KEY_REPEAT)
    return KeyAct("end_call", prompts.KEY_GOODBYE, ends_call=True)


def _vad(vad: Vad) -> VadOptions:
    return VadOptions(
        start_sensitivity=vad.start,
        end_sensitivity=vad.end,
        prefix_padding_ms=None if vad.prefix is None else round(vad.prefix * 1000),
        silence_ms=None if vad.silence is None else round(vad.silence * 1000),
    )


def _behaving(
    tenant: Tenant, declarations: Sequence[FunctionDeclaration]
) -> Iterator[FunctionDeclaration]:
    """The declarations, each with the behavior that the file gives its tool."""
    chosen = {
        name: tool.behavior.upper()
        for tool in tenant.tools
        if not isinstance(tool, BuiltinTool) and tool.behavior is not None
        for name in declared_names(tool)
    }
    for declaration in declarations:
        behavior = chosen.get(declaration.name, declaration.behavior)
        yield msgspec.structs.replace(declaration, behavior=behavior)


def _wire_problems(setup: Setup, profile: Profile) -> Iterator[tuple[str, str]]:
    """What the service would refuse and the file's own check has not found."""
    for problem in check(setup, profile):
        path, _, message = problem.partition(": ")
        if path.startswith(_CHECKED) or path.endswith(".behavior"):
            continue
        field = next(field for wire, field in _FIELDS if path.startswith(wire))
        # The wire writes LOW where the file has low.
        yield field, message.lower() if field == "agent.thinking" else message
