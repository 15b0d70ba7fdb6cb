"""A tape without anything personal, that a test can be made of; docs/replay.md says what is masked.

What the call is made of, and all it is told, is masked; what comes out of it is not: it is made
anew, by a call that is told the masked facts. So nothing of the caller can slip through that way.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAliasType, assert_never

import msgspec

from agent.audio import mulaw
from agent.call.policy import CallPlan
from agent.call.report import CallReport
from agent.call.tape import (
    Advised,
    Began,
    Broken,
    CallerWrote,
    Dialled,
    Drained,
    Fact,
    Finished,
    LeftMessage,
    ModelConnected,
    ModelLost,
    ModelSaid,
    Paused,
    PhoneBack,
    PhoneLost,
    PhoneSaid,
    Rang,
    Resumed,
    SteppedAside,
    ToolFinished,
    WrappedUp,
)
from agent.gemini.content import Content, Part
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import FunctionDeclaration, Tool
from agent.observe.masking import Masker, masked_reason, masked_text, masked_value
from agent.observe.replay import Rerun, seen
from agent.observe.wires import ReadTape

_NUMBER = re.compile(r"[0-9A-D]")
BEGINS_AT = 1000.0
"""The time of a masked call's first fact; when it was is nobody's business."""


@dataclasses.dataclass(frozen=True, slots=True)
class Masked:
    """A masked tape, and how like the call it still is.

    Attributes:
        tape: with the effects that the masked facts lead to now.
        report: of the masked call.
        alike: of the times that effects were taken out, how many brought the same kinds of effects
            in the same order as when the call was lived;
        drains: of how many.
        differs_s: when the first did not; None: all did.
    """

    tape: ReadTape
    report: CallReport
    alike: int
    drains: int
    differs_s: float | None


def masked(tape: ReadTape) -> Masked:
    """Mask a tape, as far as it saw all of the call, and run the call on it."""
    began, kept = tape.began, seen(tape)[0]
    masker = Masker(_functions(began.setup), began.plan.keys.acts)
    made_of = _began(began, masker)
    told = [fact for fact in (_fact(each, masker, began) for each in kept) if fact is not None]
    facts: list[Fact] = []
    alike = drains = 0
    differs_s = None
    rerun = Rerun(made_of)
    for fact, out in rerun.run(told):
        if not isinstance(fact, Drained):
            facts.append(fact)
            continue
        facts.append(Drained(fact.at, out))
        drains += 1
        if [each.kind for each in out] == [each.kind for each in fact.out]:
            alike += 1
        elif differs_s is None:
            differs_s = fact.at - BEGINS_AT
    made = ReadTape(made_of, facts, None)
    return Masked(made, rerun.call.report(rerun.at), alike, drains, differs_s)


def _fact(fact: Fact, masker: Masker, began: Began) -> Fact | None:
    at = round(fact.at - began.at + BEGINS_AT, 6)
    match fact:
        case PhoneSaid(_, text):
            return PhoneSaid(at, masker.phone(text))
        case ModelSaid(_, connection, frame):
            return ModelSaid(at, connection, masker.model(frame))
        case ModelLost(_, connection, loss):
            reason = masked_reason(loss.reason)
            return ModelLost(at, connection, dataclasses.replace(loss, reason=reason))
        case ToolFinished(_, id, response):
            answer = masked_value(msgspec.json.decode(response))
            return ToolFinished(at, masker.name(id), msgspec.json.encode(answer))
        case CallerWrote(_, text) | Advised(_, text) | LeftMessage(_, text):
            return msgspec.structs.replace(fact, at=at, text=masked_text(text))
        case PhoneBack(_, tell):
            return PhoneBack(at, None if tell is None else masked_text(tell))
        case Dialled(_, keys):
            return Dialled(at, _NUMBER.sub("0", keys))
        case Began() | Paused() | Resumed() | Broken():
            return None
        case _:
            return _without_words(fact, at)


type _Wordless = PhoneLost | ModelConnected | Finished | SteppedAside | WrappedUp | Rang | Drained


def _without_words(fact: _Wordless, at: float) -> Fact:
    """Facts that hold nothing but times, numbers and words of our own, each named here."""
    match fact:
        case PhoneLost() | ModelConnected() | Finished() | Rang() | Drained():
            return msgspec.structs.replace(fact, at=at)
        case SteppedAside() | WrappedUp():
            return msgspec.structs.replace(fact, at=at)
        case _:
            assert_never(fact)


# What the call is made of


def _began(began: Began, masker: Masker) -> Began:
    return msgspec.structs.replace(
        began,
        at=BEGINS_AT,
        at_utc="",
        call_id=masker.name(began.call_id),
        plan=typing.cast(CallPlan, _plan(began.plan)),
        setup=_setup(began.setup),
    )


def _plan(value: Any) -> Any:
    """A plan with every text masked and every sound silent, however deep they lie in it."""
    hints = typing.get_type_hints(type(value))
    changed: dict[str, object] = {}
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if not _is_choice(hints[field.name]):
            changed[field.name] = _plain(content)
    return dataclasses.replace(value, **changed)


def _plain(value: object) -> object:
    match value:
        case str():
            return masked_text(value)
        case bytes():
            return bytes([mulaw.SILENCE]) * len(value)
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case tuple() | list():
            return tuple(map(_plain, value))
        case bool() | int() | float() | Decimal() | None:
            return value
        case _ if dataclasses.is_dataclass(value):
            return _plan(value)
        case _:  # it may hold anything
            raise TypeError(f"a plan with a {type(value).__name__}: it is not said how to mask it")


def _is_choice(hint: object) -> bool:
    """Whether a field holds one of a few words of our own, or one for each of several names."""
    if isinstance(hint, TypeAliasType):
        hint = hint.__value__
    if typing.get_origin(hint) is Mapping:
        return _is_choice(typing.get_args(hint)[1])
    return typing.get_origin(hint) is Literal


def _setup(setup: Setup) -> Setup:
    """The setup with its functions' names, and nothing that the tenant wrote in words."""
    instruction = setup.system_instruction
    if instruction is not None:
        parts = tuple(Part(text=masked_text(part.text or "")) for part in instruction.parts)
        instruction = Content(parts=parts, role=instruction.role)
    return msgspec.structs.replace(
        setup, system_instruction=instruction, tools=tuple(map(_tool, setup.tools)), labels={}
    )


def _tool(tool: Tool) -> Tool:
    if tool.function_declarations is None:
        return Tool(google_search=tool.google_search)
    named = (
        FunctionDeclaration(each.name, behavior=each.behavior)
        for each in tool.function_declarations
    )
    return Tool(function_declarations=tuple(named))


def _functions(setup: Setup) -> frozenset[str]:
    return frozenset(_names(setup))


def _names(setup: Setup) -> Iterator[str]:
    for tool in setup.tools:
        for declaration in tool.function_declarations or ():
            yield declaration.name
