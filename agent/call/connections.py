"""What the timeline says of the connections to the model; without I/O."""

from agent.call.timeline import Timeline
from agent.gemini.session_events import Leaving, Moved, MoveFailed


def note_leaving(timeline: Timeline, event: Leaving, now: float) -> None:
    """The session has no connection."""
    timeline.add(
        now,
        "model.leaving",
        connection=event.connection,
        planned=event.planned,
        why=event.why.value,
        turn_cut=event.turn_cut,
        phase=event.phase,
        code=event.code,
        reason=event.text,
    )


def note_moved(timeline: Timeline, event: Moved, now: float) -> None:
    """Another connection carries the session."""
    timeline.add(
        now,
        "model.moved",
        connection=event.connection,
        planned=event.planned,
        resumed=event.resumed,
        took_s=round(event.took_s, 3),
        replayed_ms=event.replayed_ms,
        prompted=event.prompted,
    )


def note_failed(timeline: Timeline, event: MoveFailed, now: float) -> None:
    """An attempt to get a connection came to nothing."""
    timeline.add(
        now,
        "model.move_failed",
        phase=event.phase,
        code=event.code,
        reason=event.reason,
        attempt=event.attempt,
        retry_in_s=event.retry_in_s,
    )
