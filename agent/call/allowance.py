"""What one call may cost, and what is done before it costs more; without I/O.

Money is spent in steps: the service bills a turn when it is over. So the agent is asked to say
good-bye while there is still enough for one more turn like the dearest so far, and not when the
limit has been passed.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from agent.call.cost import Meter


class SpendingStep(Enum):
    """What a call's spending has come to."""

    WARN = "warn"
    COMPRESS = "compress"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class SpendingPlan:
    """What one call may cost.

    Attributes:
        per_call: in US dollars; None: as much as it takes.
        warn_at: the share of it at which it is noted.
        compresses: from then on, the model keeps less of the conversation in mind.
    """

    per_call: Decimal | None = None
    warn_at: Decimal = Decimal("0.8")
    compresses: bool = False


class Allowance:
    """One call's."""

    def __init__(self, plan: SpendingPlan) -> None:
        self._plan = plan
        self._warned = self._over = False

    def due(self, meter: Meter) -> list[SpendingStep]:
        """Say what to do now, each thing once."""
        limit = self._plan.per_call
        if limit is None:
            return []
        steps = []
        if not self._warned and meter.total >= limit * self._plan.warn_at:
            self._warned = True
            steps.append(SpendingStep.WARN)
            if self._plan.compresses:
                steps.append(SpendingStep.COMPRESS)
        if not self._over and meter.total + meter.largest_step >= limit:
            self._over = True
            steps.append(SpendingStep.WRAP_UP)
        return steps
