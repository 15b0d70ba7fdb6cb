"""Business functions of a simulated call: they take time and have effects; without I/O.

A function's effect takes place when it is done, unless it was cancelled before. Before one is
started its key is looked up, as the real runner does with its journal: what has been done is not
done again, what is being done is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from agent.call.effects import RunTool
from agent.sim.simulation.agenda import Agenda
from agent.sim.simulation.record import ToolFacts
from agent.sim.simulation.script import DONE, Script


@dataclass(slots=True)
class _Execution:
    request: str
    waiting: set[str] = field(default_factory=set)
    result: dict[str, object] | None = None
    cancelled: bool = False


class ToolWorld:
    """The functions of one call.

    Args:
        finished: to be told (id, response).
    """

    def __init__(
        self,
        script: Script,
        agenda: Agenda,
        facts: ToolFacts,
        finished: Callable[[str, dict[str, object]], None],
    ) -> None:
        self._seconds = {str(u.number): u.tool_s for u in script.utterances}
        self._agenda, self._facts, self._finished = agenda, facts, finished
        self._journal: dict[str, _Execution] = {}

    def run(self, effect: RunTool) -> None:
        """Start a function, unless its key says that it was started."""
        self._facts.runs += 1
        known = self._journal.get(effect.key)
        if known is not None and not known.cancelled:
            if known.result is not None:
                answer = partial(self._finished, effect.id, known.result)
                self._agenda.at(self._agenda.now, answer)
            else:
                known.waiting.add(effect.id)
            return
        request = str(effect.args.get("request", ""))
        execution = _Execution(request, {effect.id})
        self._journal[effect.key] = execution
        due = self._agenda.now + self._seconds.get(request, 0.5)
        self._agenda.at(due, partial(self._done, execution))

    def cancel(self, ids: tuple[str, ...]) -> None:
        """Nobody waits for these any more."""
        for execution in self._journal.values():
            if execution.result is None and execution.waiting & set(ids):
                execution.waiting -= set(ids)
                self._facts.cancelled += 1
                execution.cancelled = not execution.waiting

    def _done(self, execution: _Execution) -> None:
        if execution.cancelled:
            return
        self._facts.effects[execution.request] += 1
        word = f"{DONE}{execution.request}"
        self._facts.results[execution.request] = (word, self._agenda.now)
        execution.result = {"output": word}
        for id in sorted(execution.waiting):
            self._finished(id, execution.result)
