"""What all models of a file share, and how one of them says that its values do not fit together.

Without I/O.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

type Part = str | int
type Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
type Argument = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
"""Of a command: a path may be as long as the system allows."""


def _with_letters(value: str) -> str:
    if not any(character.isalnum() for character in value):
        raise ValueError("has no word in it")
    return value


type ClaimWords = Annotated[
    tuple[Annotated[Word, AfterValidator(_with_letters)], ...], Field(max_length=50)
]
"""Words of the agent, each as it may stand within a sentence."""


class Strict(BaseModel):
    """What all models share: frozen, and no key that means nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Misfit(ValueError):
    """Values that are well-formed one by one, and do not fit together.

    A model raises it from a validator; `agent.tenants.parse` finds the place of each problem.

    Attributes:
        problems: for each, the path of the key below the value that is validated, and what is
            wrong with it.
    """

    def __init__(self, *problems: tuple[tuple[Part, ...], str]) -> None:
        super().__init__("; ".join(message for _, message in problems))
        self.problems = problems
