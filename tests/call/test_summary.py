import dataclasses

import msgspec
import pytest

from agent.call.core import CallPlan
from agent.call.report import CallReport
from agent.gemini.session import MovePolicy
from tests.call.line import Line, content, opened, tool_call


@pytest.mark.parametrize(("code", "text"), [(1011, "live 1011: gone"), (None, "live: gone")])
def test_a_lost_model_is_described_with_the_close_code_if_there_was_one(
    code: int | None, text: str
) -> None:
    line = opened(moves=MovePolicy(moves=False))
    line.lose_model(code)
    assert line.call.report(line.now).model_loss == text


def test_a_report_of_a_call_that_has_not_begun_is_empty() -> None:
    line = Line()
    report = line.call.report(line.now + 3)
    assert (report.duration_s, report.first_audio_s, report.outcome) == (0.0, None, None)
    assert not report.turns
    assert not report.tools
    assert report.counters == {}
    assert report.usage.reports == 0


def test_a_report_is_plain_data_counted_from_the_start_of_the_stream() -> None:
    line = opened(CallPlan("bella", greeting="Hi."))
    line.speak(1.0, "Hi.")
    line.run(1.5)
    line.talk(1.0)
    line.run(1.5)
    line.model(content(inputTranscription={"text": "A table."}), tool_call(("c", "book")))
    line.run(0.5)
    line.finish_tool("c", error="full", retryable=False)
    line.speak(1.0, "Sorry.")
    line.run(2.0)
    line.hang_up()
    report = line.call.report(line.now + 100)
    assert report.duration_s == pytest.approx(6.0, abs=0.05)
    assert report.ready_s == pytest.approx(0.3, abs=0.02)
    assert report.first_audio_s == pytest.approx(0.5, abs=0.02)
    assert report.call_id.startswith("CA")
    assert [(t.caller_text, t.agent_text) for t in report.turns] == [
        ("", "Hi."),
        ("A table.", "Sorry."),
    ]
    (tool,) = report.tools
    assert (tool.failed, tool.turn) == (True, 2)
    assert tool.took_s == pytest.approx(0.5)
    assert report.mark_round_trip_s == pytest.approx(0.0, abs=0.001)
    assert report.latency_worst_s is not None
    restored = msgspec.json.decode(msgspec.json.encode(report), type=CallReport)
    assert dataclasses.asdict(restored) == dataclasses.asdict(report)
