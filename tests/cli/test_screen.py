"""A call on the terminal."""

import asyncio
import io
from datetime import UTC, datetime
from typing import cast

import pytest
from rich.console import Console

from agent.call.core import Call
from agent.call.timeline import Entry
from agent.cli.screen import Screen, line_of
from agent.service.running import Caller, RunningCall
from agent.service.supervisor import CallSupervisor
from agent.service.tenant_files import ReadyTenant
from tests.call.line import opened
from tests.support.virtual_loop import run_virtually


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("caller.said", {"pii.text": "a table"}, "a table"),
        ("agent.said", {"pii.text": "Certainly."}, "Certainly."),
        ("tool.requested", {"tool": "book_table"}, "book_table"),
        ("tool.finished", {"failed": True}, "failed"),
        ("barge_in", {"by": "model"}, "interrupts (model)"),
        ("call.ended", {"outcome": "idle"}, "idle"),
        ("call.started", {}, "answers"),
        ("model.going_away", {"time_left_s": 10.0}, "will end within 10 s"),
        ("model.going_away", {"time_left_s": None}, "will end"),
        ("model.leaving", {"planned": True}, "leaves"),
        ("model.leaving", {"planned": False}, "lost"),
        ("model.move_failed", {"reason": "HTTP 503"}, "HTTP 503"),
        ("model.moved", {"resumed": True, "connection": 2, "took_s": 0.4}, "connection 2, 0.4 s"),
        ("model.moved", {"resumed": False, "connection": 3}, "anew"),
    ],
)
def test_what_a_person_wants_to_see_is_a_line(
    name: str, values: dict[str, object], expected: str
) -> None:
    line = line_of(Entry(1.0, name, values))

    assert line is not None
    assert expected in line


def test_the_small_things_are_not_shown() -> None:
    assert line_of(Entry(1.0, "caller.speech_started", {})) is None


def test_markup_in_what_is_said_stays_text() -> None:
    line = line_of(Entry(1.0, "caller.said", {"pii.text": "[red]fire[/]"}))
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        console.print(line)

    assert "[red]fire[/]" in capture.get()


def as_running(call: Call, number: str | None = None) -> RunningCall:
    """The screen looks at the call and its caller only."""
    ready, supervisor = cast(ReadyTenant, None), cast(CallSupervisor, None)
    now = datetime.now(UTC)
    return RunningCall("CA1", "MZ1", ready, call, supervisor, None, Caller(number), now)


def test_lines_are_printed_while_the_call_goes_on_and_the_rest_at_its_end() -> None:
    out = io.StringIO()
    line = opened()

    async def main() -> None:
        screen = Screen(Console(file=out, width=100))
        running = as_running(line.call)
        screen.began(running)
        await asyncio.sleep(0.1)
        early = out.getvalue()
        assert "answers" in early
        line.hang_up()
        line.run(0.1)
        screen.ended(running, line.call.report(line.now))
        await screen.ended_one.wait()
        await asyncio.sleep(0.1)
        assert screen.last is not None
        assert screen.last[1].outcome == "caller_hung_up"

    run_virtually(main())

    assert out.getvalue().count("answers") == 1
    assert "caller_hung_up" in out.getvalue()


def test_others_may_call_while_one_is_looked_at() -> None:
    out = io.StringIO()
    ours, other = opened(), opened()

    async def main() -> None:
        screen = Screen(Console(file=out, width=100), only="+15550123456")
        somebody = as_running(other.call)
        screen.began(somebody)
        screen.began(as_running(ours.call, "+15550123456"))
        await asyncio.sleep(0.1)
        other.hang_up()
        other.run(0.1)
        screen.ended(somebody, other.call.report(other.now))
        assert not screen.ended_one.is_set()
        screen.ended(as_running(ours.call, "+15550123456"), ours.call.report(ours.now))
        assert screen.last is not None
        assert screen.last[0] is ours.call
        await asyncio.sleep(0.1)

    run_virtually(main())
    assert out.getvalue().count("answers") == 1
