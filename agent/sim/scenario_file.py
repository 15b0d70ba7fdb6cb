"""A scenario as its file describes it: what callers say, what they are asked and told; pure."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from agent.tenants.scalars import Spoken, whole
from agent.tenants.tenant import Name, Strict


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _clock(value: object) -> object:
    if isinstance(value, str):
        try:
            return time.fromisoformat(value.zfill(5))
        except ValueError:
            raise ValueError(f'"{value[:20]}" is not a time; write it as 19:30') from None
    return value


type Label = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
type Patterns = Annotated[tuple[str, ...], BeforeValidator(_list), Field(min_length=1)]
type Texts = Annotated[tuple[Spoken, ...], BeforeValidator(_list), Field(min_length=1)]
type Clock = Annotated[time, BeforeValidator(_clock)]
type Names = Annotated[tuple[str, ...], Field(min_length=1)]


class SlotFile(Strict):
    """Something the caller is asked for; its name is the function's argument.

    Attributes:
        type: what kind of answer it takes.
        ask: the question.
        phrases: how the answer may be said, with the slot's own name in braces.
        least, most: bounds of a number.
        earliest, latest: of a time; what `seven` means is the one that lies here.
        length: how many digits.
        first, last: the names that are known.
        values: of a choice: each thing, and the ways to call it.
    """

    type: Literal["number", "day", "time", "name", "digits", "choice"]
    ask: Spoken
    phrases: Patterns
    least: Annotated[int, whole(0, 99)] = 1
    most: Annotated[int, whole(0, 99)] = 99
    earliest: Clock = time(8)
    latest: Clock = time(20)
    length: Annotated[int, whole(1, 16)] = 4
    first: Names | None = None
    last: Names | None = None
    values: dict[Label, Patterns] | None = None


class TalkFile(Strict):
    """Something callers say that has a fixed answer."""

    phrases: Patterns
    say: Spoken


class ResultFile(Strict):
    """What is said to a function's result of one status.

    Attributes:
        say: the answer; of several, the first whose {fields} all have something in them.
        change: the caller is asked for another value of one of these.
        then: the task to go on with, keeping what is known.
    """

    say: Texts
    change: tuple[Label, ...] = ()
    then: Label | None = None


class TaskFile(Strict):
    """Something the agent does for a caller, by calling a function.

    Attributes:
        phrases: how callers ask for it.
        slots: what must be known first, in the order in which it is asked for.
        confirm: read back before the function is called; without it, the call is made at once.
        call: the function.
        filler: said while it runs.
        results: what to say, by the result's `status`.
    """

    phrases: Patterns
    slots: tuple[Label, ...]
    confirm: Spoken | None = None
    call: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")]
    filler: Spoken | None = None
    results: Annotated[dict[str, ResultFile], Field(min_length=1)]


class PhrasesFile(Strict):
    """What may be said at any time.

    Attributes:
        yes, no: answers to a question that has two.
        repeat: asks for the last words once more.
        details: several answers at once, or one that nobody asked for.
    """

    yes: Patterns
    no: Patterns
    repeat: Patterns
    details: Patterns


class WordsFile(Strict):
    """What the agent says, whatever the task.

    Attributes:
        greeting: when it opens the call in its own words.
        reprompts: when it did not understand; the open question follows.
        more: when a task is done.
        welcome: when there is more to do.
        change: when the caller does not confirm.
        wait: when a function takes long.
        retry: when it failed and may be tried again.
        failed: when it failed.
    """

    greeting: Spoken
    reprompts: Texts
    more: Spoken
    welcome: Spoken
    change: Spoken
    wait: Spoken
    retry: Spoken
    failed: Spoken


class ScenarioFile(Strict):
    """One scenario.

    Attributes:
        scenario: its name.
        slots: what callers are asked for.
        tasks: what the agent does; the first that fits is meant where callers do not say.
        talk: what it only answers.
        phrases: what callers may say at any time.
        stop: how callers give up a task.
        goodbye: how they end the call, and the agent's last words.
        words: what the agent says, whatever the task.
    """

    scenario: Name
    slots: dict[Label, SlotFile]
    tasks: Annotated[dict[Label, TaskFile], Field(min_length=1)]
    talk: dict[Label, TalkFile]
    phrases: PhrasesFile
    stop: TalkFile
    goodbye: TalkFile
    words: WordsFile
