"""The report of a call that never was."""

from agent.call.continuity import Continuity
from agent.call.report import CallReport, ToolReport, TurnReport, UsageReport

TURN = TurnReport(1, 1.0, True, 0.51234, 3.0, 3.0, False, None, "I am Anna", "Hello Anna", 0.412)
REPORT = CallReport(
    tenant="bella-vista",
    outcome="agent_ended",
    state="over",
    stream_id="MZ1",
    call_id="CA1",
    duration_s=61.23456,
    ready_s=0.4,
    first_audio_s=None,
    model_loss="ready 1011",
    turn_count=1,
    turns=(TURN,),
    latency_median_s=0.51234,
    latency_worst_s=0.9,
    barge_ins=2,
    tools=(
        ToolReport("book_table", 1, 10.0, 0.2, "answered", False),
        ToolReport("book_table", 1, 11.0, 0.2, "answered", True),
        ToolReport("book_table", 1, 12.0, None, "cancelled", False),
    ),
    continuity=Continuity(0, 0, 10, 30, 20, 0, 900, 4, 1, 1, 0),
    mark_round_trip_s=0.05,
    usage=UsageReport(2, 100, 50, 0, 150),
    not_done=("cancel_table",),
    counters={"phone.malformed": 1, "call.late": 0, "model.unknown": 3, "talk.caller_gaps": 2},
)
