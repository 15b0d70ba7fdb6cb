"""Running calls of which only the timeline and the names are real."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from agent.call.state import CallState
from agent.call.timeline import Timeline
from agent.service.running import RunningCall

BEGAN = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


class Talk:
    """A call under way.

    Attributes:
        running: as the service would have it.
        timeline: which the test writes.
    """

    def __init__(self, id: str, caller: str | None = "+15550123456") -> None:
        self.timeline = Timeline(0.0)
        self.call = SimpleNamespace(timeline=self.timeline, state=CallState.TALKING, tap=None)
        made = SimpleNamespace(
            id=id,
            tenant="shop",
            caller=SimpleNamespace(number=caller),
            direction="inbound",
            began_at=BEGAN,
            recording=None,
            ready=SimpleNamespace(
                tenant=SimpleNamespace(transfers={}, record=SimpleNamespace(listen=False))
            ),
            call=self.call,
        )
        self.running = cast(RunningCall, made)

    def add(self, t: float, name: str, **values: Any) -> None:
        self.timeline.add(t, name, **{key.replace("pii_", "pii."): v for key, v in values.items()})
