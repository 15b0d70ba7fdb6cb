"""`seamline explain`: who answers a number at a moment and why, and what the model will be told."""

import json
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import msgspec
import typer

from agent.call.plan import Prepared
from agent.errors import ConfigError
from agent.gemini.tools import FunctionDeclaration
from agent.service.app import read_tenants
from agent.service.settings import load_settings
from agent.service.tenant_files import ReadyTenant
from agent.tenants.hours import Closed, Hours
from agent.tenants.overrides import override_at
from agent.tenants.prompt import SAFE_TOKENS, estimate_tokens
from agent.tenants.record import Record
from agent.tenants.routing import RoutedTenant, route
from agent.tenants.scalars import duration_text
from agent.tenants.tenant import Tenant
from agent.tenants.tools import McpTool

YEARS = range(1900, 3000)
"""In which a call may be thought of: a calendar has ends, and hours are looked for beyond."""
ESTIMATE = "Tokens are estimated, at four plain characters each; only the service counts them."


def run_explain(number: str, at: str | None, config: Path | None, tenants: Path | None) -> int:
    """Print all of it.

    Args:
        number: as it is called.
        at: a date and a time, by the tenant's clock unless it has an offset; None is now.

    Returns:
        1 when nobody answers the number, else 0.

    Raises:
        ConfigError: the tenants cannot be used as they are, or `at` is no time.
    """
    ready = read_tenants(load_settings(config, tenants=tenants), to_serve=False).current
    routed = route(number, ready.directory)
    if routed is None:
        typer.echo(f"nobody answers {number}: no tenant lists it, or a beginning of it, or default")
        return 1
    tenant = ready.by_name[routed.file.model.tenant]
    at_utc = moment(at, tenant.tenant.hours.timezone)
    typer.echo("\n".join(explanation(number, routed, tenant, at_utc)))
    return 0


def moment(text: str | None, zone: tzinfo) -> datetime:
    """The moment that a person means.

    Raises:
        ConfigError: the text is no date and time.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
        at_utc = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        at_utc = None
    if at_utc is None or at_utc.year not in YEARS:
        raise ConfigError(f"--at {text}: write it as 2026-12-24T19:00")
    return at_utc


def explanation(
    number: str, routed: RoutedTenant, ready: ReadyTenant, at_utc: datetime
) -> Iterator[str]:
    """All of it, line by line."""
    tenant, prepared = ready.tenant, ready.prepared_at(at_utc)
    zone = tenant.hours.timezone
    yield f"{number} is answered by {tenant.tenant}: {routed.reason}"
    yield f"file        {routed.file.path}"
    yield from (f"includes    {path}" for path in routed.file.included)
    yield f"at          {_clock(at_utc, zone)} ({zone})"
    yield f"hours       {_hours(tenant.hours, at_utc)}"
    if tenant.overrides:
        yield f"override    {_override(tenant, at_utc)}"
    yield from _agent(tenant, prepared, at_utc)
    yield from _limits(tenant)
    yield from _passing_on(tenant)
    yield ""
    yield from _prompt(prepared, at_utc)
    yield ""
    yield from _tools(tenant, prepared)
    yield ""
    yield ESTIMATE


def _clock(at_utc: datetime, zone: tzinfo) -> str:
    return f"{at_utc.astimezone(zone):%A, %Y-%m-%d %H:%M}"


def _hours(hours: Hours, at_utc: datetime) -> str:
    state = hours.state(at_utc)
    if hours.closed is None:
        return "always open"
    until = "" if state.until is None else f" until {_clock(state.until, hours.timezone)}"
    if isinstance(state, Closed):
        then = "may leave a message" if hours.closed.then else "the call ends"
        return f'closed{until}; callers hear "{hours.closed.say}" and {then}'
    return f"open{until}"


def _override(tenant: Tenant, at_utc: datetime) -> str:
    index = override_at(tenant, at_utc)
    if index is None:
        return f"none of {len(tenant.overrides)} holds at this hour"
    changed = ", ".join(sorted(tenant.overrides[index].agent.model_fields_set))
    return f"overrides[{index}] holds: another {changed}"


def _agent(tenant: Tenant, prepared: Prepared, at_utc: datetime) -> Iterator[str]:
    speech = prepared.setup_at(at_utc).generation_config
    found = speech.speech_config if speech else None
    voice = found.voice_config if found else None
    prebuilt = voice.prebuilt_voice_config if voice else None
    yield f"model       {prepared.setup.model}"
    yield f"voice       {prebuilt.voice_name if prebuilt else 'the service chooses'}"
    language = found.language_code if found else None
    yield f"language    {language or 'the model follows the caller'}"
    opening = prepared.plan.opening
    yield f'greeting    "{opening}"' if opening else "greeting    none: the caller speaks first"
    if tenant.lookup is not None:
        waits = duration_text(tenant.lookup.timeout)
        yield f"lookup      {tenant.lookup.tool} fills in {{caller...}}, within {waits}"


def _limits(tenant: Tenant) -> Iterator[str]:
    limits = tenant.limits
    say = f'"{limits.overflow.say}"' if limits.overflow else "that all lines are busy"
    wrap_up = duration_text(limits.wrap_up)
    yield (
        f"limits      a call lasts at most {duration_text(limits.call)}; {wrap_up} before, the "
        "agent is asked to say good-bye"
    )
    yield f"            {limits.concurrent} calls at one time; one more caller hears {say}"
    yield (
        f"            {limits.per_minute} calls begin within a minute, {limits.per_caller} of one "
        "number within ten"
    )
    prompt, end = duration_text(tenant.idle.prompt_after), duration_text(tenant.idle.end_after)
    yield f"            who says nothing is asked after {prompt}; {end} later the call ends"
    spending = tenant.spending
    if spending.per_call is not None:
        yield f"            a call costs at most {spending.per_call} USD, about"
    if spending.per_day is not None:
        most = f"{spending.per_day} USD"
        yield f"            a day costs at most {most}, about; then callers hear {say}"
    yield f"recording   {_recording(tenant.record)}"


def _passing_on(tenant: Tenant) -> Iterator[str]:
    if tenant.limits.transfer_prefixes:
        allowed = ", ".join(tenant.limits.transfer_prefixes)
        yield f"transfers   only to numbers that begin with {allowed}"
    for name, target in tenant.transfers.items():
        ring = "" if target.how == "refer" else f", rings {duration_text(target.ring)}"
        yield f"transfer    {name}: {target.to}, {target.how}{ring}"
    if (target_name := tenant.fallback.transfer) is not None:
        yield f"fallback    a caller whom the model has left is connected with {target_name}"
    elif tenant.fallback.then is not None:
        yield "fallback    a caller whom the model has left may leave a message"


def _recording(record: Record) -> str:
    began = ", once the greeting has been heard" if record.consent is not None else ""
    kept = f"; deleted after {duration_text(record.keep)}" if record.keep is not None else ""
    others = (("with its wires", record.wire), ("by the carrier", record.carrier))
    what = [
        "yes" if record.audio else "no",
        *(words for words, wanted in others if wanted),
    ]
    return f"{', '.join(what)}{began}{kept}"


def _prompt(prepared: Prepared, at_utc: datetime) -> Iterator[str]:
    content = prepared.setup_at(at_utc).system_instruction
    text = "\n".join(part.text or "" for part in content.parts) if content else ""
    tokens = estimate_tokens(text)
    yield f"the prompt, as the model gets it: {len(text)} characters, about {tokens} tokens"
    yield f"(up to {SAFE_TOKENS} leave room to talk)"
    yield textwrap.indent(text, "  | ", lambda _: True)


def _tools(tenant: Tenant, prepared: Prepared) -> Iterator[str]:
    groups = [tool.function_declarations or () for tool in prepared.setup.tools]
    declared = [function for group in groups for function in group]
    sizes = [estimate_tokens(_json(function, None)) for function in declared]
    yield f"{len(declared)} tools, as declared: about {sum(sizes)} tokens"
    for function, tokens in zip(declared, sizes, strict=True):
        yield f"  {function.name}, about {tokens} tokens"
        yield textwrap.indent(_json(function, 2), "  | ")
    for tool in tenant.tools:
        if isinstance(tool, McpTool):
            names = ", ".join(tool.allow)
            yield f"  from the server {tool.name}, asked when the service starts: {names}"


def _json(function: FunctionDeclaration, indent: int | None) -> str:
    return json.dumps(msgspec.to_builtins(function), ensure_ascii=False, indent=indent)
