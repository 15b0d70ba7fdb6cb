"""One request to the carrier: its time, what is repeated, and what it says when it fails."""

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web

from agent.errors import ConfigError
from agent.service.twilio_http import MOST_BYTES, TRIES, Account, CarrierError, TwilioHttp
from agent.service.twilio_rest import TwilioRest
from tests.service.rest_side import (
    ACCOUNT,
    CALL,
    LIVE,
    Answer,
    Carrier,
    account_of,
    ask,
    create,
    refused,
)
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_what_was_not_processed_is_asked_again_even_a_new_call() -> None:
    carrier = Carrier(refused(429, 20429), refused(429, 20429), web.json_response(LIVE))
    assert ask(carrier, create).sid == CALL
    first, second = (b - a for a, b in zip(carrier.at, carrier.at[1:], strict=False))
    assert first == pytest.approx(0.1, abs=0.02)
    assert second == pytest.approx(0.2, abs=0.02)


def test_those_who_were_turned_away_together_do_not_come_back_together() -> None:
    async def waited_s(random: float) -> float:
        carrier = Carrier(refused(429, 20429), web.json_response(LIVE))
        async with account_of(carrier) as rest:
            rest._http._random = lambda: random
            await create(rest)
        return carrier.at[1] - carrier.at[0]

    async def main() -> list[float]:
        return [await waited_s(random) for random in (0.0, 1.0)]

    first, second = run_on_loopback(main())
    assert first == pytest.approx(0.09, abs=0.009)
    assert second == pytest.approx(0.11, abs=0.009)


def test_the_carrier_s_own_wait_is_kept() -> None:
    carrier = Carrier(refused(429, 20429, Retry_After="3"), web.json_response(LIVE))
    ask(carrier, create)
    assert carrier.at[1] - carrier.at[0] == pytest.approx(3.0, abs=0.05)


def test_a_carrier_that_stays_busy_is_told() -> None:
    carrier = Carrier(refused(429, 20429))
    with pytest.raises(CarrierError) as caught:
        ask(carrier, create)
    assert (caught.value.status, caught.value.code, caught.value.unclear) == (429, 20429, False)
    assert len(carrier.asked) == TRIES


UNCLEAR: list[Answer] = [
    refused(503),
    ConnectionResetError(),
    60.0,
    web.Response(body=b"not json"),
    web.Response(body=b"x" * (MOST_BYTES + 1)),
]


@pytest.mark.parametrize("answer", UNCLEAR, ids=["503", "reset", "silence", "no json", "endless"])
def test_a_call_that_may_have_been_made_is_not_made_again(answer: Answer) -> None:
    carrier = Carrier(answer)
    with pytest.raises(CarrierError) as caught:
        ask(carrier, create)
    assert caught.value.unclear
    assert len(carrier.asked) == 1


@pytest.mark.parametrize("answer", [refused(503), ConnectionResetError()], ids=["503", "reset"])
def test_a_hang_up_is_repeated_until_it_is_done(answer: Answer) -> None:
    carrier = Carrier(answer, web.json_response(LIVE))
    assert ask(carrier, lambda rest: rest.hang_up(CALL)) is not None
    assert len(carrier.asked) == 2


def test_every_request_has_its_time_in_all() -> None:
    async def main() -> float:
        async with account_of(Carrier(refused(503), 60.0)) as rest:
            began = asyncio.get_running_loop().time()
            with pytest.raises(CarrierError, match="no answer within 10 s"):
                await rest.hang_up(CALL)
            return asyncio.get_running_loop().time() - began

    assert run_on_loopback(main()) == pytest.approx(10.0, abs=0.1)


def test_a_refusal_says_why_and_is_not_repeated() -> None:
    carrier = Carrier(refused(400, 21211))
    with pytest.raises(CarrierError, match="POST Calls: HTTP 400, no") as caught:
        ask(carrier, create)
    assert (caught.value.code, caught.value.unclear) == (21211, False)
    assert len(carrier.asked) == 1
    with pytest.raises(CarrierError, match="HTTP 400"):
        ask(Carrier(web.Response(status=400, body=b"\xff")), lambda rest: rest.hang_up(CALL))


def test_a_carrier_that_is_not_there_has_surely_done_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def main() -> CarrierError:
        account = Account(ACCOUNT, ACCOUNT, "secret", f"http://127.0.0.1:{port}")
        async with aiohttp.ClientSession() as session:
            with pytest.raises(CarrierError) as caught:
                await create(TwilioRest(TwilioHttp(account, session, random=lambda: 0.5)))
        return caught.value

    assert not run_on_loopback(main()).unclear


def test_a_redirect_does_not_take_the_secret_along() -> None:
    carrier = Carrier(web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"}))
    with pytest.raises(CarrierError, match="HTTP 307"):
        ask(carrier, create)
    assert len(carrier.asked) == 1


@pytest.mark.parametrize("sid", ["", "CA1", f"{CALL}/../x", "CA" + "g" * 32])
def test_what_is_no_sid_is_no_part_of_a_path(sid: str) -> None:
    carrier = Carrier(web.json_response(LIVE))
    with pytest.raises(ValueError, match="no sid"):
        ask(carrier, lambda rest: rest.hang_up(sid))
    assert carrier.asked == []


@pytest.mark.parametrize(
    ("sid", "url"),
    [
        ("AC1", "https://api.twilio.com"),
        (CALL, "https://api.twilio.com"),
        (ACCOUNT, "http://api.twilio.com"),
        (ACCOUNT, "https://api.twilio.com/2010"),
        (ACCOUNT, "https://user@api.twilio.com"),
    ],
)
def test_an_account_that_cannot_be_right_is_refused(sid: str, url: str) -> None:
    with pytest.raises(ConfigError):
        Account(sid, sid, "secret", url)


def test_the_secret_is_in_no_repr() -> None:
    assert "s3cret" not in repr(Account(ACCOUNT, ACCOUNT, "s3cret"))
