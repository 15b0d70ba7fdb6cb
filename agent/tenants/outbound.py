"""Whom a tenant's agent may call, when, and what becomes of the call; without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from agent.tenants.placeholders import with_places
from agent.tenants.scalars import Greeting, PhoneNumber, SpokenBriefly, Switch, duration, whole
from agent.tenants.schedule import Span, Week
from agent.tenants.sms import Prefixes
from agent.tenants.strict import Misfit, Part, Strict, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.tenants.tenant import Tenant

type Doing = Literal["talk", "message", "hang_up"]
type AnsweredBy = Literal["person", "machine", "fax", "unknown"]

DAYTIME: Final[Mapping[str, tuple[Span, ...]]] = MappingProxyType(
    {"mon-sat": (Span(9 * 60, 20 * 60),)}
)
"""The hours in which nobody minds a call, unless the file says otherwise."""


class Answered(Strict):
    """What is done by who answers: talk; message: leave the message after the beep; hang_up.

    Attributes:
        person: somebody speaks.
        machine: a voicemail or another machine; by default message where there is one to leave,
            else hang_up.
        fax: a fax tone.
        unknown: the carrier cannot tell; it is wrong in one call of ten, so hang up at your own
            risk.
    """

    person: Doing = "talk"
    machine: Doing | None = None
    fax: Doing = "hang_up"
    unknown: Doing = "talk"


class Retries(Strict):
    """When a call that nobody answered is made again, within the hours.

    Attributes:
        most: further tries.
        busy: after how long, when the line was busy; never, when left out.
        no_answer: when nobody answered.
        failed: when the carrier could not connect it.
    """

    most: Annotated[int, whole(0, 10)] = 0
    busy: Annotated[float, duration(60, 86_400)] | None = None
    no_answer: Annotated[float, duration(60, 86_400)] | None = None
    failed: Annotated[float, duration(60, 86_400)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        causes = [cause for cause in ("busy", "no_answer", "failed") if getattr(self, cause)]
        if causes and not self.most:
            raise Misfit(((causes[0],), "has no effect while most is 0; give most"))
        if self.most and not causes:
            raise Misfit((("most",), "has no effect; give busy, no_answer or failed as well"))
        return self


class Outbound(Strict):
    """Calls that the agent makes, when the API asks for them.

    Attributes:
        number: which they come from; one that the carrier lets you show.
        greeting: what the agent says first, in place of agent.greeting.
        instructions: what the agent is, knows and does on these calls, in place of
            agent.instructions.
        to: beginnings of numbers that may be called, as +1555. +1 does not mean the islands that
            share it; premium-rate, shared-cost, personal and satellite numbers are called only
            where their own beginning stands here.
        special: whether these may be called without that.
        hours: days and times at which people may be called, by their own clock; by default mon-sat
            9:00-20:00.
        do_not_call: a file of numbers that are never called, one a line, in the folder of the
            tenants' files; +1555* stands for all that begin so.
        detect: how the carrier finds out who answers: async: while the agent talks already; sync:
            before, in some seconds of silence; off: not at all.
        answered: what is done by who answers.
        message: what is left after the beep.
        ring: how long it rings.
        protect: what the called says so long after the agent has begun does not cut its greeting.
        per_second: most calls begun in a second; a carrier's account has a limit of its own.
        concurrent: most at one time, ringing ones included.
        retries: when a call that nobody answered is made again.
    """

    number: PhoneNumber
    greeting: Greeting | None = None
    instructions: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=1),
            AfterValidator(with_places),
        ]
        | None
    ) = None
    to: Annotated[Prefixes, Field(min_length=1)]
    special: Switch = False
    hours: Week | None = None
    do_not_call: Word | None = None
    detect: Literal["async", "sync", "off"] = "async"
    answered: Answered = Answered()
    message: SpokenBriefly | None = None
    ring: Annotated[float, duration(5, 120)] = 30.0
    protect: Annotated[float, duration(0, 20)] = 8.0
    per_second: Annotated[int, whole(1, 50)] = 1
    concurrent: Annotated[int, whole(1, 1000)] = 5
    retries: Retries = Retries()

    @property
    def calling_hours(self) -> Mapping[str, tuple[Span, ...]]:
        """When people may be called, by their own clock."""
        return DAYTIME if self.hours is None else self.hours

    def doing(self, answered_by: AnsweredBy) -> Doing:
        """What is done by who answers."""
        if answered_by == "machine" and self.answered.machine is None:
            return "hang_up" if self.message is None else "message"
        return getattr(self.answered, answered_by)  # type: ignore[no-any-return]

    @property
    def leaves_messages(self) -> bool:
        """Whether the end of a machine's greeting is worth waiting for."""
        return self.message is not None and self.doing("machine") == "message"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems: list[tuple[tuple[Part, ...], str]] = []
        named = [
            kind for kind in Answered.model_fields if getattr(self.answered, kind) == "message"
        ]
        if named and self.message is None:
            problems.append((("answered", named[0]), "leaves no message; give outbound.message"))
        if self.message is not None and self.doing("machine") != "message" and not named:
            problems.append((("message",), "is never left; write answered: {machine: message}"))
        if self.detect == "off":
            unheeded = [key for key in ("answered", "message") if key in self.model_fields_set]
            problems += [((key,), "has no effect while detect is off") for key in unheeded]
        if problems:
            raise Misfit(*problems)
        return self


def outbound_problems(tenant: Tenant) -> Iterator[tuple[tuple[Part, ...], str]]:
    """What does not go together with the rest of the file."""
    if tenant.outbound is not None and not (tenant.outbound.greeting or tenant.agent.greeting):
        yield (("outbound",), "needs a greeting, here or in agent: whoever is called waits for it")
