"""Text messages: to whom, how many, and what the model is told when one was not sent."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from agent.errors import ToolError
from agent.service.sms import Messages
from agent.tenants.sms import Sms
from tests.service.rest_side import Answer, Carrier, account_of, refused
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

CALLER, OTHER, LINE = "+15550199999", "+15550100177", "+15550100100"
SENT = web.json_response({"sid": "SM" + "1" * 32, "status": "queued"}, status=201)

type Work = Callable[[Messages], Awaitable[None]]


def sent(
    work: Work,
    *answers: Answer,
    sms: Sms | None = None,
    caller: str | None = CALLER,
    line: str | None = LINE,
) -> list[dict[str, str]]:
    """The messages that the carrier was asked to send."""
    carrier = Carrier(*(answers or (SENT,)))

    async def main() -> None:
        async with account_of(carrier) as rest:
            await work(Messages(rest, sms or Sms(), caller, line, Counter()))

    run_on_loopback(main())
    return [dict(form) for _, path, form in carrier.asked if path == "Messages.json"]


def refusal(work: Work, *answers: Answer, **options: object) -> ToolError:
    found: list[ToolError] = []

    async def tried(messages: Messages) -> None:
        with pytest.raises(ToolError) as caught:
            await work(messages)
        found.append(caught.value)

    sent(tried, *answers, **options)  # type: ignore[arg-type]
    return found[0]


def test_a_message_goes_to_the_caller_from_the_number_that_was_called() -> None:
    assert sent(lambda m: m.send(None, "Thursday, 19:00")) == [
        {"To": CALLER, "From": LINE, "Body": "Thursday, 19:00"}
    ]


def test_the_caller_s_own_number_may_be_named() -> None:
    assert sent(lambda m: m.send(CALLER, "Hi"))[0]["To"] == CALLER


def test_another_number_needs_a_beginning_that_is_allowed() -> None:
    allowed = Sms(to=("+1555",), sender="+15550100111")
    assert sent(lambda m: m.send(OTHER, "Hi"), sms=allowed) == [
        {"To": OTHER, "From": "+15550100111", "Body": "Hi"}
    ]
    assert "may not go to that number" in str(refusal(lambda m: m.send(OTHER, "Hi")))
    far = refusal(lambda m: m.send("+442071234567", "Hi"), sms=allowed)
    assert "may not go to that number" in str(far)


def test_a_costly_number_gets_none() -> None:
    told = refusal(lambda m: m.send("+19005550100", "Hi"), sms=Sms(to=("+1",)))
    assert "premium-rate" in str(told)


@pytest.mark.parametrize("caller", [None, "anonymous", "sip:ann@pbx.example.com"])
def test_a_caller_who_withholds_the_number_gets_none(caller: str | None) -> None:
    told = refusal(lambda m: m.send(None, "Hi"), caller=caller)
    assert str(told) == "The caller's number is not known, so no message can be sent."
    told = refusal(lambda m: m.send(None, "Hi"), caller=caller, sms=Sms(to=("+1555",)))
    assert told.retryable


def test_no_more_than_a_few_are_sent() -> None:
    async def three(messages: Messages) -> None:
        await messages.send(None, "1")
        await messages.send(None, "2")
        with pytest.raises(ToolError, match="no more than 2"):
            await messages.send(None, "3")

    assert len(sent(three, sms=Sms(most=2))) == 2


@pytest.mark.parametrize(
    ("answer", "words", "retryable"),
    [
        (refused(401, 20003), "did not take the message", True),
        (refused(404, 20404), "did not take the message", True),
        (refused(400, 21211), "cannot get messages", False),
        (refused(400, 21610), "cannot get messages", False),
        (refused(503), "not known whether it took effect", False),
        (web.Response(text="<html>", status=201), "not known whether it took effect", False),
        (ConnectionResetError(), "not known whether it took effect", False),
    ],
)
def test_what_the_carrier_does_instead_is_told_in_words(
    answer: Answer, words: str, retryable: bool
) -> None:
    told = refusal(lambda m: m.send(None, "Hi"), answer)
    assert words in str(told)
    assert told.retryable is retryable


def test_what_may_have_been_sent_counts_and_what_was_not_does_not() -> None:
    async def twice(messages: Messages) -> None:
        with pytest.raises(ToolError):
            await messages.send(None, "1")
        await messages.send(None, "2")

    assert len(sent(twice, refused(400, 21211), SENT, sms=Sms(most=1))) == 2

    async def unclear(messages: Messages) -> None:
        with pytest.raises(ToolError, match="not known"):
            await messages.send(None, "1")
        with pytest.raises(ToolError, match="no more than 1"):
            await messages.send(None, "2")

    assert len(sent(unclear, refused(500), SENT, sms=Sms(most=1))) == 1


def test_a_busy_carrier_is_asked_again() -> None:
    assert len(sent(lambda m: m.send(None, "Hi"), refused(429, 20429), SENT)) == 2


def test_a_silent_carrier_is_not_waited_for_and_not_asked_again() -> None:
    carrier = Carrier(30.0)
    counters: Counter[str] = Counter()

    async def main() -> None:
        async with account_of(carrier) as rest:
            rest._http._timeout_s = 0.2
            with pytest.raises(ToolError, match="not known whether it took effect"):
                async with asyncio.timeout(5):
                    await Messages(rest, Sms(), CALLER, LINE, counters).send(None, "Hi")

    run_on_loopback(main())
    assert len(carrier.asked) == 1
    assert counters == {"sms_failed": 1}


@pytest.mark.parametrize("line", [None, "sip:sales@acme.sip.example.com"])
def test_without_an_account_or_a_number_nothing_is_sent(line: str | None) -> None:
    assert "No messages can be sent" in str(refusal(lambda m: m.send(None, "Hi"), line=line))

    async def main() -> None:
        with pytest.raises(ToolError, match="No messages can be sent"):
            await Messages(None, Sms(), CALLER, LINE, Counter()).send(None, "Hi")

    run_on_loopback(main())
