from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.tools.context import CallContext

CONTEXT = CallContext("t", "CA1", None, Path("data"))


def test_a_functions_time_is_the_worlds_unless_a_test_sets_it() -> None:
    before = datetime.now(UTC)
    assert before <= CONTEXT.now() <= datetime.now(UTC)


def test_a_functions_time_is_told_in_its_zone() -> None:
    at = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    context = CallContext("t", "CA1", None, Path("data"), clock=lambda: at)
    assert context.now() == at
    assert context.now(ZoneInfo("America/New_York")).hour == 12
    assert context.now(ZoneInfo("America/New_York")) == at


def test_a_clock_makes_no_other_context() -> None:
    other = CallContext("t", "CA1", None, Path("data"), clock=lambda: datetime.now(UTC))
    assert other == CONTEXT


def test_a_context_can_stand_in_a_set_headers_and_all() -> None:
    by_sip = CallContext("t", "CA1", None, Path("data"), sip_headers={"X-Case": "42"})
    assert by_sip.sip_headers["X-Case"] == "42"
    assert len({by_sip, CONTEXT}) == 2
