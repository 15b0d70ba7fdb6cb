"""What the keys of the caller's telephone do, without I/O."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from agent.tenants.scalars import Spoken, Switch, duration, quoted, whole
from agent.tenants.strict import Misfit, Part, Strict

_KEY = re.compile(r"[0-9*#A-D]")


# For the schema of the file; see agent.tenants.scalars.
type _KeyText = Annotated[str, Field(pattern=r"^[0-9*#A-D]$")]
type _KeyUnquoted = Annotated[int, Field(ge=0, le=9)]


def _telephone_key(value: object) -> object:
    if isinstance(value, str) and not _KEY.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not one key of a telephone: 0 to 9, *, # or A to D")
    return value


type TelephoneKey = Annotated[
    str,
    BeforeValidator(_telephone_key, json_schema_input_type=_KeyText | _KeyUnquoted),
]


class KeyAction(Strict):
    """What a key does by itself; one of these.

    Attributes:
        say: what the model is told in place of the key, to act upon; the caller does not hear it.
        do: end_call: the agent says good-bye, and the call ends; repeat: the agent says its last
            words again.
    """

    say: Spoken | None = None
    do: Literal["end_call", "repeat"] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.say is None and self.do is None:
            raise Misfit(((), "does nothing; give it say or do"))
        if self.say is not None and self.do is not None:
            raise Misfit(((), "has both say and do; give it one of them"))
        return self


class Keys(Strict):
    """What happens when the caller presses keys.

    Attributes:
        pass_on: the model is told what was pressed; false: keys that are not in map are ignored.
        end: the key that ends an entry at once.
        pause: an entry is over after so long without a key.
        most: keys of the longest entry, which is over with the last of them.
        map: keys that do something by themselves, each pressed alone: nothing before or after it
            within pause, but for end.
    """

    pass_on: Switch = True
    end: TelephoneKey = "#"
    pause: Annotated[float, duration(0.3, 10)] = 1.5
    most: Annotated[int, whole(1, 100)] = 32
    map: dict[TelephoneKey, KeyAction] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems: list[tuple[tuple[Part, ...], str]] = []
        if self.end in self.map:
            where = ("end",) if "end" in self.model_fields_set else ("map", self.end)
            message = f"{quoted(self.end)} ends an entry, and cannot do something else by itself"
            problems.append((where, f"{message}; give end another key, or map another"))
        if not self.pass_on and "most" in self.model_fields_set:
            problems.append((("most",), "has no effect while pass_on is false; remove it"))
        if problems:
            raise Misfit(*problems)
        return self
