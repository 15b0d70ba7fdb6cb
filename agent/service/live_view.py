"""A running call as a console shows it: one row of facts, made from what its timeline adds."""

from collections.abc import Mapping
from typing import Any

from agent.call.state import CallState
from agent.call.timeline import Entry
from agent.service.live_tap import LevelTap
from agent.service.running import RunningCall

MOST_WORDS = 160
"""Characters of the latest words that a row shows."""

type Row = dict[str, Any]


class CallView:
    """What is known of one call.

    It holds on to the call's timeline, not to the call, which may be over.

    Attributes:
        timeline: of the call.
        tap: what its sound goes through.
    """

    def __init__(self, running: RunningCall) -> None:
        self.timeline = running.call.timeline
        self.tap = LevelTap()
        running.call.tap = self.tap
        self._running: RunningCall | None = running
        self._began = running.began_at.timestamp()
        self._read = 0
        self._row: Row = {
            "id": running.id,
            "tenant": running.tenant,
            "caller": running.caller.number,
            "direction": running.direction,
            "began": round(self._began, 3),
            "state": CallState.NEW.value,
            "levels": (0, 0),
            "who": None,
            "words": "",
            "latency_s": None,
            "tool": None,
            "barge_ins": 0,
            "connection": 0,
            "connected": None,
            "moves": 0,
            "drops": 0,
            "recorded": running.recording is not None,
            "transfers": list(running.ready.tenant.transfers),
            "listen": running.ready.tenant.record.listen,
        }

    def ended(self) -> None:
        """The call is over; its last words are in the timeline."""
        self._running = None

    def row(self) -> Row:
        """The facts as they are now."""
        for entry in self.timeline.since(self._read):
            self._read += 1
            self._take(entry)
        if self._running is not None:
            self._row["state"] = self._running.call.state.value
            self._row["levels"] = self.tap.levels()
        return self._row.copy()

    def _take(self, entry: Entry) -> None:
        row, values = self._row, entry.values
        match entry.name:
            case "caller.said" | "agent.said":
                row["who"] = entry.name.partition(".")[0]
                row["words"] = str(values.get("pii.text", ""))[-MOST_WORDS:]
            case "agent.audio_started":
                if values.get("latency_s") is not None:
                    row["latency_s"] = values["latency_s"]
            case "barge_in":
                row["barge_ins"] += 1
            case "tool.requested":
                row["tool"] = values.get("tool")
            case "tool.finished" | "tool.cancelled" | "tool.lost":
                row["tool"] = None
            case _:
                self._take_connection(entry.name, entry.t, values)

    def _take_connection(self, name: str, t: float, values: Mapping[str, object]) -> None:
        row = self._row
        match name:
            case "model.ready":
                row["connection"], row["connected"] = 1, round(self._began + t, 3)
            case "model.moved":
                row["connection"] = values.get("connection")
                row["connected"] = round(self._began + t, 3)
                row["moves" if values.get("planned") else "drops"] += 1
            case "model.leaving":
                row["connected"] = None


def changed(before: Row, after: Row) -> Row:
    """What of a row is new, by field."""
    return {name: value for name, value in after.items() if before[name] != value}
