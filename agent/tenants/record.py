"""What is kept of a call, without I/O."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from agent.tenants.scalars import Spoken, Switch, duration
from agent.tenants.strict import Misfit, Strict

_DAY_S = 86_400


class Record(Strict):
    """What is kept of a call.

    Attributes:
        audio: write a stereo recording, the caller left and the agent right.
        consent: what the agent says before its greeting because the call is recorded; the
            recording begins once the caller has heard both to their end.
        keep: recordings older than this are deleted; without it, none is.
    """

    audio: Switch = False
    consent: Spoken | None = None
    keep: Annotated[float, duration(3600, 3650 * _DAY_S)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.consent is not None and not self.audio:
            raise Misfit((("consent",), "has no effect while audio is false"))
        return self
