"""What a tenant's file asks of its model, checked in the words of the file, without I/O.

The check of the wire (`agent.gemini.rules`) speaks of the message that would be sent; here the
owner is told which key of his file to change, and to what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from agent.gemini.catalogue import LANGUAGES, VOICES, nearest
from agent.gemini.models import MODELS, Profile, model_id
from agent.gemini.tools import FunctionDeclaration
from agent.telephony.numbers import NumberPolicy, refusal
from agent.tenants.prompt import SAFE_TOKENS, estimate_tokens
from agent.tenants.scalars import duration_text, quoted
from agent.tenants.sip_address import is_sip
from agent.tenants.tenant import Tenant
from agent.tenants.tools import BuiltinTool, HttpTool, McpTool, PythonTool

_UNKNOWN = "-unknown"


def tenant_problems(
    tenant: Tenant, profile: Profile, declarations: Sequence[FunctionDeclaration]
) -> Iterator[tuple[str, str]]:
    """What does not go together, as fields of the file and messages.

    Args:
        tenant: as read from its file.
        profile: of its model.
        declarations: of all its tools, as the model will be told.
    """
    yield from _model_problems(tenant.agent.model, profile)
    yield from _voice_problems(tenant.agent.voice, tenant.agent.model)
    yield from _language_problems(tenant.agent.language)
    yield from _behavior_problems(tenant, profile)
    yield from _prompt_problems(
        tenant, "agent.instructions", tenant.agent.instructions, declarations
    )
    if tenant.outbound is not None and tenant.outbound.instructions is not None:
        text = tenant.outbound.instructions
        yield from _prompt_problems(tenant, "outbound.instructions", text, declarations)
    yield from _lookup_problems(tenant, declarations)
    yield from _transfer_problems(tenant)
    silence = tenant.agent.vad.silence or 0.0
    if tenant.idle.prompt_after <= silence:
        asks, waits = duration_text(tenant.idle.prompt_after), duration_text(silence)
        yield (
            "idle.prompt_after",
            f"{asks} is not above agent.vad.silence, {waits}: the agent would ask a caller who "
            "is still speaking",
        )


def _model_problems(model: str, profile: Profile) -> Iterator[tuple[str, str]]:
    """A bare name is one we know; what is newer than we are is written in full, and taken."""
    if profile.name.endswith(_UNKNOWN) and not profile.unusable and "/" not in model:
        close = nearest(model, MODELS)
        hint = f"did you mean {quoted(close)}?" if close else f"write one as {quoted(MODELS[0])}."
        yield (
            "agent.model",
            f"{quoted(model)} is not a model known here; {hint} "
            "A newer one is written in full, as models/NAME",
        )


def _voice_problems(voice: str | None, model: str) -> Iterator[tuple[str, str]]:
    if voice is None or voice in VOICES:
        return
    close = nearest(voice, VOICES)
    hint = f"did you mean {quoted(close)}?" if close else f"one of {', '.join(VOICES)}"
    yield "agent.voice", f"{quoted(voice)} is not a voice of {model_id(model)}; {hint}"


def _language_problems(language: str | None) -> Iterator[tuple[str, str]]:
    """A code the service does not know may close the connection; without one, models follow."""
    if language is None or language in LANGUAGES:
        return
    close = nearest(language, LANGUAGES)
    hint = f"did you mean {quoted(close)}?" if close else "leave it out: models follow the caller"
    yield "agent.language", f"{quoted(language)} is not a language known to work; {hint}"


def _behavior_problems(tenant: Tenant, profile: Profile) -> Iterator[tuple[str, str]]:
    for index, tool in enumerate(tenant.tools):
        if isinstance(tool, BuiltinTool):
            continue
        below = {PythonTool: "", HttpTool: "http.", McpTool: "mcp."}[type(tool)]
        model = model_id(tenant.agent.model)
        if tool.behavior is not None and tool.behavior.upper() not in profile.behaviors:
            known = " or ".join(sorted(behavior.lower() for behavior in profile.behaviors))
            taken = f"only {known}" if known else "none"
            yield f"tools[{index}].{below}behavior", f"{model} takes {taken}; remove it"
        elif tool.scheduling is not None and not profile.scheduling:
            yield f"tools[{index}].{below}scheduling", f"{model} takes none; remove it"
        elif tool.scheduling is not None and tool.behavior != "non_blocking":
            message = "has no effect while the model waits; write behavior: non_blocking"
            yield f"tools[{index}].{below}scheduling", message


def _prompt_problems(
    tenant: Tenant, key: str, text: str, declarations: Sequence[FunctionDeclaration]
) -> Iterator[tuple[str, str]]:
    tokens = estimate_tokens(text)
    tools = sum(
        estimate_tokens(msgspec.json.encode(declaration).decode()) for declaration in declarations
    )
    safe = SAFE_TOKENS
    if tenant.context.compress_to is not None:
        safe = min(safe, tenant.context.compress_to // 2)
    if tokens + tools > safe:
        beside = f" and {tools} of tools" if tools else ""
        yield (
            key,
            f"about {tokens} tokens{beside} leave too little room to talk; at most {safe} are safe",
        )


def _lookup_problems(
    tenant: Tenant, declarations: Sequence[FunctionDeclaration]
) -> Iterator[tuple[str, str]]:
    """The arguments of the look-up against those of its tool, where the tool is known."""
    if (lookup := tenant.lookup) is None:
        return
    for declaration in declarations:
        if declaration.name != lookup.tool:
            continue
        shape = declaration.parameters or declaration.parameters_json_schema or {}
        known = tuple(shape.get("properties", ()))
        for name in lookup.arguments:
            if name not in known:
                close = nearest(name, known)
                hint = f"; did you mean {quoted(close)}?" if close else ""
                yield f"lookup.arguments.{name}", f"{lookup.tool} has no such argument{hint}"
        for name in shape.get("required", ()):
            if name not in lookup.arguments:
                yield "lookup.arguments", f"{lookup.tool} needs {quoted(name)}"


def _transfer_problems(tenant: Tenant) -> Iterator[tuple[str, str]]:
    """Numbers that cost more than a call, unless the file names their beginning."""
    policy = NumberPolicy(tenant.limits.transfer_prefixes)
    for name, target in tenant.transfers.items():
        if not is_sip(target.to) and (why := refusal(target.to, policy)) is not None:
            yield (
                f"transfers.{name}.to",
                f"{quoted(target.to)} {why}; if it is meant, write how it begins in "
                "limits.transfer_prefixes",
            )
