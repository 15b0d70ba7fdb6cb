from agent.call.connections import note_failed, note_leaving, note_moved
from agent.call.timeline import Timeline
from agent.gemini.session_events import Leaving, Moved, MoveFailed, Why


def test_the_timeline_says_when_connections_go_and_come_and_why() -> None:
    timeline = Timeline(10.0)
    note_leaving(timeline, Leaving(1, False, Why.LOST, True, "live", 1011, "gone"), 12.0)
    note_failed(timeline, MoveFailed("dial", None, "refused", 1, 0.5), 12.5)
    note_moved(timeline, Moved(3, False, True, 1.23456, 800, True), 13.25)
    assert [(entry.t, entry.name, entry.values) for entry in timeline] == [
        (
            2.0,
            "model.leaving",
            {
                "connection": 1,
                "planned": False,
                "why": "lost",
                "turn_cut": True,
                "phase": "live",
                "code": 1011,
                "reason": "gone",
            },
        ),
        (
            2.5,
            "model.move_failed",
            {"phase": "dial", "code": None, "reason": "refused", "attempt": 1, "retry_in_s": 0.5},
        ),
        (
            3.25,
            "model.moved",
            {
                "connection": 3,
                "planned": False,
                "resumed": True,
                "took_s": 1.235,
                "replayed_ms": 800,
                "prompted": True,
            },
        ),
    ]
