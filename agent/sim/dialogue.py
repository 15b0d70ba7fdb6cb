"""What the model's stand-in answers in a scenario, without I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, assert_never

from agent.call import prompts
from agent.sim.kinds import Digits, Value
from agent.sim.scenario import CONFIRM, GOODBYE, MORE, NO, REPEAT, STOP, YES, Scenario, Understood
from agent.sim.service_texts import (
    AnswerNow,
    GoOn,
    KeysPressed,
    LateResult,
    SayAgain,
    SayExactly,
    SayGoodbye,
    ServiceText,
    read_service_text,
    rest_of,
)
from agent.sim.spoken import aloud


@dataclass(frozen=True, slots=True)
class Say:
    """Speak these words."""

    text: str


@dataclass(frozen=True, slots=True)
class CallTools:
    """Call functions, perhaps after a few words.

    Attributes:
        calls: name and arguments of each.
        filler: what is said before them; None for nothing.
    """

    calls: tuple[tuple[str, Mapping[str, Any]], ...]
    filler: str | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """No answer is due."""


type Move = Say | CallTools | Nothing


class Stage(Enum):
    """Where a dialogue stands."""

    OPEN = "open"
    """Anything can be asked for."""
    ASKING = "asking"
    """The next answer of a task is wanted."""
    CHANGING = "changing"
    """Another value is wanted of something known."""
    CONFIRMING = "confirming"
    """The caller has been asked whether all is right."""
    CALLING = "calling"
    """A function is at work."""
    MORE = "more"
    """The caller has been asked for further wishes."""
    OVER = "over"
    """Goodbye has been said."""


_FIELD = re.compile(r"\{(\w+)\}")


class Dialogue:
    """One conversation in a scenario; nothing in it is changed in place, so `copy` forks it.

    Args:
        today: the caller's date.
        tools: the functions that can be called; None for all that the scenario knows.

    Attributes:
        stage: where it stands.
        slots: what the caller has told of the task at hand.
        n_missed: how often in a row the caller was not understood.
    """

    def __init__(
        self, scenario: Scenario, today: date, tools: Collection[str] | None = None
    ) -> None:
        self.stage = Stage.OPEN
        self.slots: dict[str, Value] = {}
        self._scenario, self._today, self._tools = scenario, today, tools
        self._file = scenario.file
        self._task: str | None = None
        self._wanted: tuple[str, ...] = ()
        self._question = ""
        self._last = ""
        self.n_missed = 0

    @property
    def expected(self) -> str | None:
        """What was just asked: for `Scenario.grammar`, which narrows what the ear can hear."""
        match self.stage:
            case Stage.ASKING | Stage.CHANGING:
                return "+".join(self._wanted)
            case Stage.CONFIRMING | Stage.CALLING:
                return CONFIRM
            case Stage.MORE:
                return MORE
            case _:
                return None

    def greeting(self, text: str) -> Move:
        """The session was opened with a typed text."""
        return self.heard(text)

    def heard(self, text: str) -> Move:
        """The caller said, or somebody typed, this; "" when it could not be made out."""
        n_missed = self.n_missed
        typed = read_service_text(text)
        if typed is not None:
            move = self._typed(typed)
        else:
            move = self._answer(self._scenario.understand(text, self._today, self.expected))
        if self.n_missed == n_missed:
            self.n_missed = 0
        return self._remembered(move)

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """A function answered."""
        return self._remembered(self._result(name, response))

    # Texts of the service

    def _typed(self, text: ServiceText) -> Move:
        match text:
            case SayExactly():
                return Say(text.words)
            case GoOn():
                return Say(rest_of(self._last, text.heard))
            case AnswerNow() | SayAgain():
                return Say(self._last)
            case SayGoodbye():
                self.stage = Stage.OVER
                return Say(self._file.goodbye.say)
            case KeysPressed():
                return self._pressed(text.digits)
            case LateResult():
                return self._result(text.name, text.response)
            case _:
                assert_never(text)

    def _pressed(self, keys: str) -> Move:
        """Keys can answer a question for digits."""
        for slot in self._wanted:
            kind = self._scenario.kind(slot)
            if isinstance(kind, Digits) and len(keys) == kind.length:
                return self._answer(Understood((), {slot: keys}))
        return self._missed()

    # The caller

    def _answer(self, said: Understood) -> Move:
        if self.stage is Stage.OVER:
            return Nothing()
        task = next((intent for intent in said.intents if intent in self._file.tasks), None)
        if task or said.slots:
            return self._told(task, said)
        if self.stage is Stage.CALLING:
            return self._aside(said, "") or Nothing()
        for intent in (YES, GOODBYE, NO, STOP, REPEAT):
            if intent in said.intents and (move := self._said(intent)):
                return move
        return self._aside(said, self._question) or self._missed()

    def _said(self, intent: str) -> Move | None:
        """The answer to what means something at any time; None: not at this stage."""
        match intent, self.stage:
            case ("yes", Stage.CONFIRMING):
                return self._call()
            case ("yes", Stage.MORE):
                return self._ask(Stage.OPEN, self._file.words.welcome)
            case ("no", Stage.CONFIRMING) if self._task is not None:
                slots = self._file.tasks[self._task].slots
                return self._ask(Stage.CHANGING, self._file.words.change, slots)
            case ("goodbye", _) | ("no", Stage.MORE):
                return self._goodbye()
            case ("stop", _) | ("no", Stage.ASKING | Stage.CHANGING):
                return self._done(self._file.stop.say)
            case ("repeat", _) if self._last:
                return Say(self._last)
            case _:
                return None

    def _aside(self, said: Understood, question: str) -> Move | None:
        """The answer to what has a fixed one, and then the open question again."""
        talk = self._file.talk
        answers = [talk[intent].say for intent in said.intents if intent in talk]
        if not answers:
            return None
        if self.stage is Stage.CALLING:
            self.stage = Stage.CONFIRMING  # the call may have been withdrawn unmade
        return Say(_joined(answers[-1], question))

    def _missed(self) -> Move:
        reprompts = self._file.words.reprompts
        reprompt = reprompts[min(self.n_missed, len(reprompts) - 1)]
        self.n_missed += 1
        return Say(_joined(reprompt, self._question))

    def _goodbye(self) -> Move:
        self.stage = Stage.OVER
        if self._tools is not None and prompts.END_CALL not in self._tools:
            return Say(self._file.goodbye.say)
        return CallTools(((prompts.END_CALL, {}),), self._file.goodbye.say)

    # Tasks

    def _told(self, task: str | None, said: Understood) -> Move:
        """Take what the caller told, and ask for what is missing."""
        if task is not None or self._task is None:
            self._task = task or self._task_for(said.slots)
        known = self._file.tasks[self._task].slots
        before = self.slots
        self.slots = before | {s: value for s, value in said.slots.items() if s in known}
        confirmed = self.stage is Stage.CONFIRMING and YES in said.intents
        return self._call() if confirmed and before == self.slots else self._go_on()

    def _task_for(self, slots: Collection[str]) -> str:
        tasks = self._file.tasks
        fitting = (name for name, task in tasks.items() if set(slots) <= set(task.slots))
        return next(fitting, next(iter(tasks)))

    def _go_on(self) -> Move:
        """Ask for what is missing, read it back, or do it."""
        assert self._task is not None
        task = self._file.tasks[self._task]
        for slot in task.slots:
            if slot not in self.slots:
                return self._ask(Stage.ASKING, self._file.slots[slot].ask, (slot,))
        if task.confirm is None:
            return self._call()
        return self._ask(Stage.CONFIRMING, _filled(task.confirm, self.slots))

    def _ask(self, stage: Stage, question: str, wanted: tuple[str, ...] = ()) -> Move:
        self.stage, self._question, self._wanted = stage, question, wanted
        return Say(question)

    def _call(self) -> Move:
        assert self._task is not None
        task = self._file.tasks[self._task]
        if self._tools is not None and task.call not in self._tools:
            return self._done(self._file.words.failed)
        self.stage = Stage.CALLING
        arguments = {slot: self.slots[slot] for slot in task.slots}
        filler = None if task.filler is None else _filled(task.filler, self.slots)
        return CallTools(((task.call, arguments),), filler)

    def _done(self, words: str) -> Move:
        """The task is over, one way or the other."""
        self._task = None
        self.slots = {}
        more = self._file.words.more
        self._ask(Stage.MORE, more)
        return Say(_joined(words, more))

    # Functions

    def _result(self, name: str, response: Mapping[str, Any]) -> Move:
        if name == prompts.END_CALL:
            return Say(self._file.goodbye.say) if "error" in response else Nothing()
        if response.get("error") in (prompts.STILL_WORKING, prompts.SAME_CALL):
            return Say(self._file.words.wait)
        task = self._task_calling(name)
        output = response.get("output")
        if "error" in response and response.get("retryable") and task == self._task:
            return self._ask(Stage.CONFIRMING, self._file.words.retry)
        status = output.get("status") if isinstance(output, Mapping) else None
        results = {} if task is None else self._file.tasks[task].results
        result = results.get(str(status))
        if result is None or not isinstance(output, Mapping):
            return self._done(self._file.words.failed)
        fields = {**self.slots, **output}
        fitting = (text for text in result.say if all(fields.get(f) for f in _FIELD.findall(text)))
        words = _filled(next(fitting, result.say[-1]), fields)
        if result.then is not None:
            self._task = result.then
            following = self._go_on()
            if isinstance(following, CallTools):
                return CallTools(following.calls, words)
            return Say(_joined(words, self._question))
        if result.change:
            self._task = task
            return self._ask(Stage.CHANGING, words, result.change)
        return self._done(words)

    def _task_calling(self, function: str) -> str | None:
        """The task at hand, if it calls this; else the first that does."""
        tasks = self._file.tasks
        if self._task is not None and tasks[self._task].call == function:
            return self._task
        return next((name for name, task in tasks.items() if task.call == function), None)

    def _remembered(self, move: Move) -> Move:
        if isinstance(move, Say):
            self._last = move.text
        return move


def _filled(template: str, fields: Mapping[str, object]) -> str:
    return _FIELD.sub(lambda found: aloud(fields.get(found[1])), template)


def _joined(words: str, question: str) -> str:
    return f"{words} {question}" if question else words
