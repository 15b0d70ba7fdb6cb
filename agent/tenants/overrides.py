"""What changes by the hour, as another greeting in the evening, without I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from agent.tenants.hours import is_within
from agent.tenants.placeholders import with_places
from agent.tenants.scalars import Greeting, SpokenBriefly
from agent.tenants.schedule import Week
from agent.tenants.strict import Misfit, Strict, Word

if TYPE_CHECKING:
    from agent.tenants.tenant import Tenant


class AgentChanges(Strict):
    """What of the agent is different for a time; what is left out stays.

    Attributes:
        model: the model's id at the service.
        voice: one of the service's voices.
        language: as `en-US`.
        greeting: what the agent says first.
        instructions: what the agent is, knows and does; in place of those of the file.
        moment: what the caller hears while the model cannot be reached.
    """

    model: Word | None = None
    voice: Word | None = None
    language: Word | None = None
    greeting: Greeting | None = None
    instructions: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=1),
            AfterValidator(with_places),
        ]
        | None
    ) = None
    moment: SpokenBriefly | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.model_fields_set:
            raise Misfit(((), "changes nothing; give it a key of agent, as greeting"))
        return self


class Override(Strict):
    """Times at which the agent is another.

    Attributes:
        when: days, as mon-fri, and times, as 18:00-1:00, by the clock of hours.timezone.
        agent: what is different then.
    """

    when: Week
    agent: AgentChanges


def override_at(tenant: Tenant, at_utc: datetime) -> int | None:
    """Which of the tenant's overrides holds at a moment, the first that fits; None: none of them.

    Args:
        tenant: as its file describes it.
        at_utc: the beginning of the call, with its time zone.
    """
    for index, override in enumerate(tenant.overrides):
        if is_within(override.when, tenant.hours.timezone, at_utc):
            return index
    return None


def overridden(tenant: Tenant, index: int) -> Tenant:
    """The tenant while one of its overrides holds."""
    changes = tenant.overrides[index].agent
    given = {name: getattr(changes, name) for name in changes.model_fields_set}
    agent = tenant.agent.model_copy(update=given)
    return tenant.model_copy(update={"agent": agent, "overrides": ()})


def place_of_override(
    tenant: Tenant, index: int, place: Callable[[str, str], str]
) -> Callable[[str, str], str]:
    """Where a problem of an overridden tenant stands: a key that was changed, in its override."""
    changed = tenant.overrides[index].agent.model_fields_set

    def placed(field: str, message: str) -> str:
        group, _, key = field.partition(".")
        if group == "agent" and key in changed:
            field = f"overrides[{index}].{field}"
        return place(field, message)

    return placed
