"""What a tenant's file says of calls that its agent makes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agent.errors import ConfigError
from agent.tenants.hours import Closed, Open, state_of
from agent.tenants.outbound import Answered, Outbound, Retries
from agent.tenants.parse import parse_tenant

FILE = "tenant: a\nnumbers: [default]\nagent: {greeting: Hello., instructions: x}\n"
LINE = "number: +15550100100, to: +1555"


def read(keys: str = "") -> Outbound:
    outbound = parse_tenant(f"{FILE}outbound: {{{LINE}{keys}}}", "a.yaml").outbound
    assert outbound is not None
    return outbound


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_tenant(text, "a.yaml")
    return list(caught.value.problems)


def test_an_agent_calls_nobody_unless_its_file_says_so() -> None:
    assert parse_tenant(FILE, "a.yaml").outbound is None


def test_a_line_and_whom_it_may_call_are_enough() -> None:
    outbound = read()
    assert (outbound.number, outbound.to, outbound.detect) == ("+15550100100", ("+1555",), "async")
    assert outbound.retries == Retries(most=0)


def test_by_default_people_are_called_in_the_daytime_and_not_on_sundays() -> None:
    zone = ZoneInfo("America/New_York")
    states = [
        state_of(read().calling_hours, zone, datetime(2026, 11, day, hour, tzinfo=UTC))
        for day, hour in ((20, 15), (21, 3), (22, 15))
    ]
    assert [type(state) for state in states] == [Open, Closed, Closed]


@pytest.mark.parametrize(
    ("keys", "machine"),
    [
        ("", "hang_up"),
        (", message: Please call back.", "message"),
        (", answered: {machine: talk}", "talk"),
        (", message: Call back., answered: {machine: hang_up, unknown: message}", "hang_up"),
    ],
)
def test_a_machine_gets_the_message_where_there_is_one(keys: str, machine: str) -> None:
    assert read(keys).doing("machine") == machine
    assert read(keys).leaves_messages is (machine == "message")
    assert read(keys).doing("person") == "talk"


def test_who_answers_is_dealt_with_as_the_file_says() -> None:
    outbound = read(", answered: {person: hang_up, fax: talk, unknown: hang_up}")
    assert [outbound.doing(kind) for kind in ("person", "fax", "unknown")] == [
        "hang_up",
        "talk",
        "hang_up",
    ]
    assert Answered().unknown == "talk"


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (", answered: {fax: message}", "outbound.answered.fax: leaves no message; give"),
        (", message: Hi., answered: {machine: talk}", "outbound.message: is never left; write"),
        (", detect: no, message: Hi.", "outbound.detect:"),
        (", detect: off, message: Hi.", "outbound.message: has no effect while detect is off"),
        (", detect: off, answered: {fax: talk}", "outbound.answered: has no effect while detect"),
        (", retries: {most: 2}", "outbound.retries.most: has no effect; give busy"),
        (", retries: {busy: 5m}", "outbound.retries.busy: has no effect while most is 0"),
        (", ring: 1s", "is not between 5s and 2m"),
        (", per_second: 0", "0 is not between 1 and 50"),
        (", hours: {someday: 9-17}", "outbound.hours"),
    ],
)
def test_what_does_not_fit_is_told(keys: str, why: str) -> None:
    told = problems(f"{FILE}outbound: {{{LINE}{keys}}}")
    assert any(why in problem for problem in told), told


def test_the_numbers_that_may_be_called_are_named() -> None:
    [told] = problems(f"{FILE}outbound: {{number: +15550100100}}")
    assert "outbound.to" in told


def test_whoever_is_called_is_greeted() -> None:
    text = f"tenant: a\nnumbers: [default]\nagent: {{instructions: x}}\noutbound: {{{LINE}}}"
    [told] = problems(text)
    assert told.endswith(
        "outbound: needs a greeting, here or in agent: whoever is called waits for it"
    )
    read = parse_tenant(text.replace("to: +1555", "to: +1555, greeting: Hi."), "a.yaml")
    assert read.outbound is not None


def test_retries_are_as_the_file_says() -> None:
    retries = read(", retries: {most: 2, busy: 5m, no_answer: 1h}").retries
    assert (retries.most, retries.busy, retries.no_answer, retries.failed) == (2, 300, 3600, None)


def test_what_the_prompt_is_filled_with_may_come_with_the_call() -> None:
    text = FILE.replace("Hello.", "'Hello {caller.name|there}.'")
    assert problems(text)[0].startswith("a.yaml:3:")
    assert parse_tenant(f"{text}outbound: {{{LINE}}}", "a.yaml").outbound is not None


def test_the_hours_are_as_the_file_says() -> None:
    assert list(read(", hours: {mon-fri: '10:00-11:00'}").calling_hours) == ["mon-fri"]
