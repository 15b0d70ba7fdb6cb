"""Sees to it that a call spends no more than it may; without I/O."""

from agent.call.allowance import Allowance, SpendingPlan, SpendingStep
from agent.call.cost import Meter
from agent.call.effects import Outcome
from agent.call.life import Life
from agent.call.timeline import Timeline
from agent.gemini.session import LiveSession
from agent.gemini.usage import Usage

LEAST_COMPRESSION = 5_000
"""Tokens below which the service does not begin to compress (docs/protocols/gemini-live.md
2.1.4)."""


class Spending:
    """One call's: takes the model's bills, and acts when they grow too high."""

    def __init__(
        self, plan: SpendingPlan, meter: Meter, life: Life, session: LiveSession, timeline: Timeline
    ) -> None:
        self._allowance = Allowance(plan)
        self._meter = meter
        self._life = life
        self._session = session
        self._timeline = timeline

    def used(self, usage: Usage, now: float) -> None:
        """The service reports what a turn has used."""
        self._meter.used(usage)
        self._meter.carrier(self._life.lasted_s(now))
        for step in self._allowance.due(self._meter):
            if step is SpendingStep.COMPRESS:
                self._compress(now)
            elif step is SpendingStep.WRAP_UP:
                self._life.wrap_up(Outcome.SPENT, now)
            else:
                self._timeline.add(now, "spending.warned", usd=str(self._meter.cost().total))

    def _compress(self, now: float) -> None:
        """Half of what the model keeps in mind now, and again half of that when it is full."""
        compress_from = max(LEAST_COMPRESSION, self._meter.context_tokens // 2)
        self._session.compress(compress_from, compress_from // 2, now)
        self._timeline.add(now, "spending.compressed", tokens=compress_from)
