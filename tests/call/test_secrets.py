"""A resumption handle opens the conversation to whoever has it: nothing kept of a call says it.

The whole call is asked, since any part of it could repeat what a connection brought.
"""

from datetime import UTC, datetime

from agent.gemini.session_events import Loss
from agent.observe.call_record import record_of
from tests.call.line import audio, content, opened

HANDLE = "h-4711-secret"


def test_a_handle_stands_in_nothing_that_is_told_or_kept_of_a_call() -> None:
    line = opened()
    line.model(audio(0.5, "Hello."), content(generationComplete=True), content(turnComplete=True))
    line.model({"sessionResumptionUpdate": {"newHandle": HANDLE, "resumable": True}})
    line.run(2.0)
    line.lost(line.connection, Loss(1011, f"session {HANDLE} was lost"))
    line.run(2.0)
    sent = [message for _, message in line.to_model if "setup" in message]
    assert sent[-1]["setup"]["sessionResumption"]["handle"] == HANDLE
    line.hang_up()
    report = line.call.report(line.now)
    told = [repr(entry) for entry in line.call.timeline]
    now = datetime.now(UTC)
    told += [repr(record_of(report, line.call.timeline, now, now)), repr(report)]
    told += [repr(line.session), repr(line.effects)]
    assert [text for text in told if HANDLE in text] == []
