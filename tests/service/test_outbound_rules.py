"""Whether a number may be called now."""

from datetime import UTC, datetime

import pytest

from agent.service.do_not_call import parse
from agent.service.outbound_rules import NotCalled, not_called, zone_for
from agent.tenants.outbound import Outbound
from agent.tenants.parse import parse_tenant

MONDAY_NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # in New York
NOBODY = parse("", "list")


def line(keys: str = "") -> Outbound:
    text = (
        "tenant: a\nnumbers: [default]\nagent: {greeting: Hi., instructions: x}\n"
        f"outbound: {{number: +15550100100, to: [+1555, +44]{keys}}}"
    )
    outbound = parse_tenant(text, "a.yaml").outbound
    assert outbound is not None
    return outbound


def code_of(
    to: str = "+15550100199",
    zone: str = "America/New_York",
    outbound: Outbound | None = None,
    never: str = "",
    at: datetime = MONDAY_NOON,
) -> str | None:
    reason = not_called(outbound or line(), to, zone, parse(never, "list"), at)
    return None if reason is None else reason.code


def test_who_is_allowed_is_called_in_the_daytime() -> None:
    assert code_of() is None


@pytest.mark.parametrize("to", ["+4930123456", "+447012345678", "+449012345678"])
def test_who_is_not_allowed_is_not_called(to: str) -> None:
    assert code_of(to, "Europe/London") == "number_refused"


def test_special_numbers_are_called_where_the_file_says_so() -> None:
    assert code_of("+447012345678", "Europe/London", line(", special: yes")) is None


def test_who_asked_not_to_be_called_is_not() -> None:
    assert code_of(never="+15550100199") == "do_not_call"
    assert code_of(never="+1555*") == "do_not_call"
    assert not_called(line(), "+15550100199", "America/New_York", None, MONDAY_NOON) is None


@pytest.mark.parametrize(
    ("zone", "hour", "called"),
    [
        ("America/New_York", 14, True),
        ("America/New_York", 13, False),
        ("America/Los_Angeles", 16, False),
        ("America/Los_Angeles", 17, True),
        ("Asia/Tokyo", 17, False),
    ],
)
def test_the_clock_that_counts_is_that_of_the_called(zone: str, hour: int, called: bool) -> None:
    at = MONDAY_NOON.replace(hour=hour)
    assert code_of(zone=zone, at=at) == (None if called else "outside_hours")


def test_it_is_said_from_when_on_one_may_call() -> None:
    night = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # Saturday evening; Sunday is no day for it
    reason = not_called(line(), "+15550100199", "America/New_York", None, night)
    assert reason is not None
    assert reason.until == datetime(2026, 11, 23, 14, 0, tzinfo=UTC).timestamp()


def test_a_tenant_without_outbound_calls_nobody() -> None:
    reason = not_called(None, "+15550100199", "America/New_York", NOBODY, MONDAY_NOON)
    assert reason is not None
    assert (reason.status, reason.code) == (422, "no_outbound")


def test_the_zone_is_that_of_the_country_or_the_one_given() -> None:
    assert zone_for("+442079460958", None) == "Europe/London"
    assert zone_for("+15550100199", "America/Denver") == "America/Denver"
    assert zone_for("+442079460958", "Asia/Tokyo") == "Asia/Tokyo", "mobiles travel"


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        (None, "zone_needed"),
        ("Mars/Olympus", "unknown_zone"),
        ("../../etc/passwd", "unknown_zone"),
        ("/etc/localtime", "unknown_zone"),
        ("a\x00b", "unknown_zone"),
    ],
)
def test_a_zone_that_nobody_knows_is_told(zone: str | None, code: str) -> None:
    with pytest.raises(NotCalled) as caught:
        zone_for("+15550100199", zone)
    assert (caught.value.status, caught.value.code) == (422, code)
