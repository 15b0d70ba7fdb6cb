"""A ticket is good once, soon, for one call and one tenant."""

from itertools import count

import pytest

from agent.telephony.twilio.ticket import LIFETIME_S, Tickets, Verdict


def tickets(most: int = 100) -> Tickets:
    numbers = count(1)
    return Tickets(lambda: f"t{next(numbers)}", most=most)


def test_a_ticket_is_good_once() -> None:
    made = tickets()
    ticket = made.issue("CA1", "bella", 0.0)
    assert made.redeem(ticket, "CA1", "bella", 1.0) is Verdict.VALID
    assert made.redeem(ticket, "CA1", "bella", 1.0) is Verdict.USED


def test_a_ticket_is_good_for_a_minute() -> None:
    made = tickets()
    ticket = made.issue("CA1", "bella", 0.0)
    assert made.redeem(ticket, "CA1", "bella", LIFETIME_S) is Verdict.EXPIRED


@pytest.mark.parametrize(
    ("given", "call_id", "tenant", "verdict"),
    [
        ("", "CA1", "bella", Verdict.MISSING),
        ("t2", "CA1", "bella", Verdict.WRONG),
        ("t1", "CA2", "bella", Verdict.WRONG),
        ("t1", "CA1", "shop", Verdict.WRONG),
        ("tü\udc80", "CA1", "bella", Verdict.WRONG),
    ],
)
def test_a_ticket_is_of_one_call_and_one_tenant(
    given: str, call_id: str, tenant: str, verdict: Verdict
) -> None:
    made = tickets()
    made.issue("CA1", "bella", 0.0)
    assert made.redeem(given, call_id, tenant, 1.0) is verdict
    assert made.redeem("t1", "CA1", "bella", 1.0) is Verdict.VALID


def test_a_webhook_that_is_delivered_twice_gets_the_same_ticket() -> None:
    made = tickets()
    assert made.issue("CA1", "bella", 0.0) == made.issue("CA1", "bella", 1.0)


@pytest.mark.parametrize("now", [1.0, LIFETIME_S])
def test_a_call_that_comes_back_gets_another_one(now: float) -> None:
    made = tickets()
    first = made.issue("CA1", "bella", 0.0)
    made.redeem(first, "CA1", "bella", now)
    second = made.issue("CA1", "bella", now)
    assert second != first
    assert made.redeem(first, "CA1", "bella", now) is Verdict.WRONG
    assert made.redeem(second, "CA1", "bella", now) is Verdict.VALID


def test_another_tenant_s_answer_replaces_the_ticket() -> None:
    made = tickets()
    assert made.issue("CA1", "bella", 0.0) != made.issue("CA1", "shop", 0.0)


def test_so_many_are_remembered_and_the_oldest_go_first() -> None:
    made = tickets(most=2)
    given = [made.issue(f"CA{n}", "bella", 0.0) for n in range(3)]
    assert made.redeem(given[0], "CA0", "bella", 1.0) is Verdict.WRONG
    assert made.redeem(given[2], "CA2", "bella", 1.0) is Verdict.VALID


def test_each_attempt_has_its_ticket_and_the_older_ones_are_worth_nothing() -> None:
    made = tickets()
    first = made.issue("CA1", "shop", 0.0)
    second = made.issue("CA1", "shop", 1.0, attempt=1)
    assert made.issue("CA1", "shop", 2.0, attempt=1) == second
    assert made.redeem(first, "CA1", "shop", 3.0) is Verdict.WRONG
    assert made.redeem(second, "CA1", "shop", 3.0) is Verdict.VALID
