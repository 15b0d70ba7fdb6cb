"""What a call does, verb by verb, and what is asked for on the way."""

import pytest

from agent.sim.exchange.fetching import Answer, NoAnswer, Outcome
from agent.sim.exchange.plan import CallbackManners, CallOptions, World
from agent.sim.exchange.signals import Request
from agent.sim.script import Leave, Pause, Press, WaitForEnd
from agent.telephony.twilio.signature import sign
from tests.exchange.street import ACCOUNT, CALLER, HOST, NUMBER, Service, Street, xml

STAYS = [WaitForEnd(timeout_s=600)]

FIELDS = {
    *("AccountSid", "ApiVersion", "CallSid", "CallStatus", "CallToken", "Direction"),
    *("StirVerstat", "Called", "Caller", "From", "To"),
    *(
        f"{who}{place}"
        for who in ("Called", "Caller", "From", "To")
        for place in ("City", "Country", "State", "Zip")
    ),
}


def test_the_first_webhook_says_what_a_real_one_said_and_a_field_more() -> None:
    street = Street({"voice": "<Hangup/>"})
    leg = street.call(STAYS, CallOptions(fields={"SipHeader_X-Case": "4"}))
    [request] = street.asked
    fields = dict(request.attempt.fields)
    assert sorted({*FIELDS, "SipHeader_X-Case", "StandInField"}) == sorted(fields)
    assert fields["FromCity"] == fields["ToZip"] == ""
    assert (fields["From"], fields["To"], fields["Caller"]) == (CALLER, NUMBER, CALLER)
    assert (fields["CallStatus"], fields["Direction"]) == ("ringing", "inbound")
    assert fields["CallSid"] == leg.sid
    assert request.headers["User-Agent"] == "TwilioProxy/1.1"
    assert request.headers["X-Twilio-Signature"] == sign(
        ACCOUNT.token, f"{HOST}/voice", fields.items()
    )
    assert len(request.headers["I-Twilio-Idempotency-Token"]) == 32


def test_a_webhook_can_be_delivered_twice_as_one_and_the_same() -> None:
    street = Street({"voice": "<Redirect>/next</Redirect>", "next": "<Hangup/>"})
    leg = street.call(STAYS, CallOptions(webhook_twice=True))
    street.over(leg)
    assert street.pages() == ["voice", "voice", "next"]
    first, second, _ = street.asked
    assert first.headers == second.headers
    assert first.attempt == second.attempt


def failing(outcome: Outcome) -> Service:
    """The first page fails; the fallback does not."""

    def answer(request: Request) -> Outcome:
        return xml("<Hangup/>") if request.attempt.url == f"{HOST}/fallback" else outcome

    return answer


@pytest.mark.parametrize(
    ("outcome", "code", "attempts"),
    [
        (Answer(500), 11200, 1),
        (Answer(404), 11200, 1),
        (Answer(200, "<Response><Sing/></Response>", "text/xml"), 12200, 1),
        (Answer(200, "no", "text/xml"), 12100, 1),
        (Answer(200, "{}", "application/json"), 12300, 1),
        (NoAnswer("ct", "nobody"), 11205, 2),
        (NoAnswer("rt", "late"), 11200, 1),
    ],
)
def test_whatever_fails_the_fallback_is_asked_and_told_why(
    outcome: Outcome, code: int, attempts: int
) -> None:
    street = Street(failing(outcome), fallback_url=f"{HOST}/fallback")
    leg = street.call(STAYS)
    assert street.pages() == ["voice"] * attempts + ["fallback"]
    [told] = street.told("fallback")
    assert told["ErrorCode"] == str(code)
    assert told["ErrorUrl"] == f"{HOST}/voice"
    assert leg.status == "completed"
    tokens = {request.headers["I-Twilio-Idempotency-Token"] for request in street.asked}
    assert len(tokens) == 2


def test_without_a_fallback_a_call_that_rings_fails_and_one_that_was_answered_hears_a_tone() -> (
    None
):
    street = Street({})
    assert street.call(STAYS).status == "failed"
    street = Street({"voice": "<Say>Wait.</Say><Redirect>/gone</Redirect>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert leg.status == "completed"
    assert street.codes() == [11200]
    assert abs(leg.report().heard[-2400:]).max() > 1000


def test_a_fallback_that_fails_too_is_the_end() -> None:
    street = Street({}, fallback_url=f"{HOST}/fallback")
    leg = street.call(STAYS)
    assert street.pages() == ["voice", "fallback"]
    assert leg.status == "failed"


def test_a_number_without_a_webhook_and_one_that_nobody_has_fail() -> None:
    street = Street({"voice": "<Hangup/>"})
    assert street.call(STAYS, to="+15550100999").status == "failed"
    street.exchange.add_number("+15550100101")
    assert street.call(STAYS, to="+15550100101").status == "failed"
    assert street.pages() == []


@pytest.mark.parametrize(
    ("document", "status", "answered"),
    [
        ("<Hangup/>", "completed", True),
        ("", "completed", True),
        ("<Reject/>", "no-answer", False),
        ('<Reject reason="busy"/>', "busy", False),
        ("<Pause/><Reject/>", "no-answer", False),
        ("<Say>a</Say><Reject/>", "completed", True),
    ],
)
def test_what_answers_a_call_and_how_it_ends(document: str, status: str, answered: bool) -> None:
    street = Street({"voice": document})
    leg = street.call(STAYS)
    street.over(leg)
    assert leg.status == status
    assert (leg.answered_at is not None) is answered


def test_a_redirect_keeps_the_call_ringing_and_a_relative_one_is_on_the_same_host() -> None:
    street = Street({"voice": "<Pause length='2'/><Redirect>next</Redirect>", "next": "<Hangup/>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert street.told("next")[0]["CallStatus"] == "ringing"
    assert street.asked[1].attempt.url == f"{HOST}/next"


def test_redirects_in_a_circle_come_to_an_end() -> None:
    street = Street({"voice": "<Pause length='1'/><Redirect>/voice</Redirect>"})
    leg = street.call([WaitForEnd(timeout_s=5_000)])
    street.over(leg, within_s=2_000)
    assert street.codes() == [11215]


def test_what_the_carrier_says_and_plays_is_heard_and_written_down() -> None:
    street = Street(
        {"voice": "<Say>Good day to you.</Say><Play digits='5'/><Play>music.mp3</Play>"}
    )
    leg = street.call(STAYS)
    street.over(leg)
    said = [n.values for n in street.exchange.notes if n.name in {"said", "played"}]
    assert said == [
        {"text": "Good day to you.", "language": "en-US"},
        {"url": "", "digits": "5"},
        {"url": "music.mp3", "digits": ""},
    ]
    assert leg.report().first_audio_s is not None


def test_keys_are_gathered_until_there_are_enough_of_them() -> None:
    gather = (
        "<Gather numDigits='3' action='/got'><Say>Press three keys, please, now.</Say></Gather>"
    )
    street = Street({"voice": gather, "got": "<Hangup/>"})
    leg = street.call([Pause(0.5), Press("123", every_s=0.5), *STAYS])
    street.over(leg)
    [told] = street.told("got")
    assert told["Digits"] == "123"
    assert leg.ended_at is not None
    assert leg.ended_at < 102.0  # the prompt is cut short by the first key


def test_a_key_that_finishes_is_not_among_the_digits() -> None:
    street = Street({"voice": "<Gather action='/got'/>", "got": "<Hangup/>"})
    leg = street.call([Pause(0.5), Press("42#"), *STAYS])
    street.over(leg)
    assert street.told("got")[0]["Digits"] == "42"


def test_without_a_key_a_gather_goes_on_with_the_next_verb_unless_told_otherwise() -> None:
    street = Street(
        {
            "voice": "<Gather timeout='1' action='/got'/><Gather timeout='1' "
            "actionOnEmptyResult='true' action='/none'/>",
            "none": "<Hangup/>",
        }
    )
    leg = street.call(STAYS)
    street.over(leg)
    assert street.pages() == ["voice", "none"]
    assert street.told("none")[0]["Digits"] == ""


def test_a_gather_without_an_action_asks_its_own_page() -> None:
    def answer(request: Request) -> Outcome:
        digits = "Digits" in request.attempt.fields
        return xml("<Hangup/>" if digits else "<Gather numDigits='1'/>")

    street = Street(answer)
    leg = street.call([Pause(0.5), Press("7"), *STAYS])
    street.over(leg)
    assert [fields.get("Digits") for fields in street.told("voice")] == [None, "7"]


def test_the_end_is_told_once_with_its_duration() -> None:
    street = Street({"voice": "<Pause/><Say>Good day.</Say><Pause length='4'/>", "status": ""},
        status_callback=f"{HOST}/status",
    )  # fmt: skip
    leg = street.call(STAYS)
    street.over(leg)
    [told] = street.told("status")
    assert told["CallStatus"] == "completed"
    assert told["CallDuration"] == "5"
    assert told["SequenceNumber"] == "2"
    assert told["Timestamp"].endswith("+0000")


def test_callbacks_can_come_late_and_twice() -> None:
    world = World(callbacks=CallbackManners(delay_s=1.0, spread_s=2.0, doubled=True))
    street = Street({"voice": "<Hangup/>", "status": ""}, world, status_callback=f"{HOST}/status")
    street.call(STAYS)
    street.until(0.9)
    assert street.told("status") == []
    street.until(4.0)
    first, second = street.told("status")
    assert first == second


def test_a_callback_that_nobody_takes_is_an_error_and_no_more() -> None:
    street = Street({"voice": "<Hangup/>"}, status_callback=f"{HOST}/status")
    leg = street.call(STAYS)
    street.over(leg)
    assert street.codes() == [11200]


def test_a_caller_may_hang_up_while_the_webhook_is_under_way() -> None:
    street = Street(lambda _: None)
    leg = street.call([Pause(1.0), Leave()])
    street.over(leg)
    assert leg.status == "no-answer"
    street.exchange.answered(street.asked[0].token, xml("<Say>Hello</Say>"), street.now)
    street.until(5.0)
    assert street.pages() == ["voice"]


@pytest.mark.parametrize(
    "document",
    [
        "<Say>A long text that goes on and on, for as long as it takes.</Say>",
        "<Pause length='60'/>",
        "<Gather timeout='60'/>",
        "<Dial>+15550100199</Dial>",
        "<Dial><Conference>room</Conference></Dial>",
        "<Record maxLength='60' timeout='60'/>",
    ],
)
def test_a_caller_may_hang_up_at_any_point(document: str) -> None:
    street = Street({"voice": f"{document}<Redirect>/next</Redirect>", "status": ""},
        status_callback=f"{HOST}/status",
    )  # fmt: skip
    leg = street.call([Pause(2.5), Leave()])
    street.over(leg)
    assert leg.hung_up
    assert street.pages() == ["voice", "status"]
    assert all(one.over for one in street.exchange.legs.values())
    assert street.exchange.next_timer() is None


def test_a_call_is_ended_at_its_time_limit() -> None:
    street = Street({"voice": "<Say>Good day.</Say><Pause length='100'/>"})
    leg = street.call(STAYS)
    street.rest("POST", f"Calls/{leg.sid}.json", ("TimeLimit", "7"))
    street.over(leg)
    assert leg.ended_at == pytest.approx(107.0, abs=0.1)


def test_a_prompt_may_pause() -> None:
    gather = "<Gather timeout='1' action='/got'><Pause length='2'/></Gather>"
    street = Street({"voice": gather, "got": "<Hangup/>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert leg.ended_at == pytest.approx(103.0, abs=0.1)


@pytest.mark.parametrize("url", ["nonsense", "https://["])
def test_a_callback_that_can_be_sent_nowhere_is_an_error(url: str) -> None:
    street = Street({"voice": "<Hangup/>"}, status_callback=url)
    street.call(STAYS)
    street.until(1.0)
    assert street.codes() == [11100]
    assert street.pages() == ["voice"]


def test_a_redirect_to_nowhere_ends_the_call() -> None:
    street = Street({"voice": "<Redirect>https://[</Redirect>"})
    leg = street.call(STAYS)
    street.over(leg)
    assert street.codes() == [11100]
    assert leg.status == "failed"


def test_edge_locations_of_a_url_stand_in_the_record() -> None:
    street = Street({"voice": "<Redirect>/next</Redirect>", "next": "<Hangup/>"})
    street.exchange.numbers[next(iter(street.exchange.numbers))].voice_url += "#e=dublin,tokyo"
    street.over(street.call(STAYS))
    asked = [note.values for note in street.exchange.notes if note.name == "request"]
    assert [values.get("edges") for values in asked] == [("dublin", "tokyo"), None]
    assert street.pages() == ["voice", "next"]
