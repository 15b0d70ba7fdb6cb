"""Callers passed on and brought back, whole: the carrier's requests, sockets, model and tools."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.tools.messages import path_of, read
from tests.service.house import CALLER
from tests.service.model_side import END_OF_TURN, ModelSide, audio, polite, text_in, tool_call
from tests.service.passing_line import BELLA, CALL, NUMBER, PERSON, Line, passes_on, told

pytestmark = pytest.mark.socket


@pytest.mark.parametrize(
    ("status", "why"), [("busy", "the line is busy"), ("no-answer", "nobody answered")]
)
def test_a_caller_nobody_answers_is_back_with_the_same_agent_who_knows_why(
    status: str, why: str, tmp_path: Path
) -> None:
    sides: list[ModelSide] = []

    async def model(side: ModelSide) -> None:
        sides.append(side)
        await passes_on("transfer", target="kitchen")(side)

    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            dial = (await line.next(phone)).find("Dial")
            assert phone.heard_s() == pytest.approx(1.0, abs=0.05)  # last words and all
        assert dial is not None
        assert [number.text for number in dial] == ["+15550100198"]
        back = await line.ask(dial.get("action", ""), DialCallStatus=status)
        async with line.stream(back) as phone:
            await phone.until("mark")
            await phone.hang_up()

    home = told(tmp_path, story, model)
    assert len(sides) == 1
    [_, text] = [t for f in sides[0].frames if (t := text_in(f)) is not None]
    assert text.startswith(f"The caller could not be connected with kitchen: {why}.")
    assert home.ended()["outcome"] == "caller_hung_up"
    assert home.service.counters["transfers_failed"] == 1


def test_when_somebody_answers_the_agent_is_done(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            dial = (await line.next(phone)).find("Dial")
        assert dial is not None
        progress = dial[0].get("statusCallback", "")
        await line.ask(progress, CallSid=PERSON, ParentCallSid=CALL, CallStatus="in-progress")
        await line.home.quiet(5)
        assert line.ended()["outcome"] == "transferred"
        over = await line.ask(dial.get("action", ""), DialCallStatus="completed")
        assert [verb.tag for verb in over] == ["Hangup"]
        over = await line.ask(dial.get("action", ""), DialCallStatus="completed")
        assert [verb.tag for verb in over] == ["Hangup"]

    home = told(tmp_path, story, passes_on("transfer", target="kitchen"))
    assert home.service.counters["transfers_connected"] == 1


def test_a_caller_who_hangs_up_while_it_rings_is_gone(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            dial = (await line.next(phone)).find("Dial")
        assert dial is not None
        gone = await line.ask(
            dial.get("action", ""), DialCallStatus="canceled", CallStatus="completed"
        )
        assert [*gone] == []
        await line.home.quiet(5)

    home = told(tmp_path, story, passes_on("transfer", target="kitchen"))
    assert home.ended()["outcome"] == "caller_hung_up"


def test_a_caller_leaves_a_message_on_the_carrier_s_recording(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            record = (await line.next(phone)).find("Record")
        assert record is not None
        over = await line.ask(record.get("action", ""), RecordingDuration="12", Digits="#")
        assert [verb.tag for verb in over] == ["Hangup"]
        told_at = record.get("recordingStatusCallback", "")
        recording = {"RecordingSid": "RE" + "1" * 32, "RecordingDuration": "12"}
        await line.ask(told_at, **recording)
        await line.ask(told_at, **recording)
        await line.home.quiet(5)

    home = told(tmp_path, story, passes_on("voicemail"))
    assert home.ended()["outcome"] == "voicemail"
    [message] = read(path_of(tmp_path, "bella"))
    assert message.text == f"Voicemail, 12 s: recording RE{'1' * 32}"
    assert (message.call_id, message.caller) == (CALL, CALLER)


def test_a_message_is_sent_and_digits_are_dialled(tmp_path: Path) -> None:
    async def model(side: ModelSide) -> None:
        await side.greet()
        await side.send(tool_call("send_sms", text="Thursday, 19:00"))
        await side.until(lambda message: "toolResponse" in message)
        await side.send(*END_OF_TURN, tool_call("send_digits", digits="12"))
        await side.until(lambda message: "toolResponse" in message)
        await side.send(audio(0.2), *END_OF_TURN)
        await side.until_closed()

    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            await phone.until("mark", lambda mark: ":d1" in mark["mark"]["name"])
            await phone.hang_up()
        [(_, path, form)] = line.carrier.asked
        assert path == "Messages.json"
        assert dict(form) == {"To": CALLER, "From": NUMBER, "Body": "Thursday, 19:00"}

    assert told(tmp_path, story, model).ended()["tools"]["failed"] == 0


def closed_now() -> str:
    """Hours that do not hold today, nor yesterday or tomorrow."""
    day = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower()
    return (
        f"hours:\n  open: {{{day}: 9:00-9:01}}\n"
        "  closed: {say: We are closed., then: voicemail}\n"
    )


def test_who_calls_a_closed_business_may_leave_a_message(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        document = await line.call()
        assert [verb.tag for verb in document] == ["Say", "Record", "Hangup"]
        assert (document.findtext("Say") or "").startswith("We are closed. Please leave")
        record = document.find("Record")
        assert record is not None
        recording = {"RecordingSid": "RE" + "3" * 32, "RecordingDuration": "4"}
        await line.ask(record.get("recordingStatusCallback", ""), **recording)
        over = await line.ask(record.get("action", ""))
        assert [verb.tag for verb in over] == ["Hangup"]

    told(tmp_path, story, polite, more=closed_now())
    [message] = read(path_of(tmp_path, "bella"))
    assert message.caller == CALLER


@pytest.mark.parametrize(
    ("fallback", "verb"), [("then: voicemail", "Record"), ("transfer: kitchen", "Dial")]
)
def test_a_caller_who_loses_the_agent_is_not_just_hung_up_on(
    fallback: str, verb: str, tmp_path: Path
) -> None:
    async def refuses(side: ModelSide) -> None:
        await side.set_up()
        await side.ws.close(code=1008, message=b"API key not valid")

    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            document = await line.next(phone)
        found = document.find(verb)
        assert found is not None
        over = await line.ask(found.get("action", ""), DialCallStatus="busy")
        assert over[-1].tag == "Hangup"

    home = told(tmp_path, story, refuses, more=f"fallback: {{{fallback}}}\n")
    assert home.ended()["outcome"] == "model_lost"


def test_a_call_by_sip_finds_its_tenant_and_tells_the_agent_of_its_headers(
    tmp_path: Path,
) -> None:
    heard: list[str] = []

    async def model(side: ModelSide) -> None:
        heard.append(str(await side.until(lambda message: "setup" in message)))
        await side.send({"setupComplete": {}})
        await side.until(lambda message: text_in(message) is not None)
        await side.say(0.4)
        await side.send(tool_call("account"))
        heard.append(str(await side.until(lambda message: "toolResponse" in message)))
        await side.send(*END_OF_TURN, tool_call("transfer", target="desk"))
        await side.until(lambda message: "toolResponse" in message)
        await side.send(audio(0.4), *END_OF_TURN)
        await side.until_closed()

    async def story(line: Line) -> None:
        document = await line.ask(
            "/twilio/voice",
            To="sip:Sales@acme.sip.example.com;region=us1",
            From="sip:ann@pbx.example.com",
            SipCallId="abc",
            **{"SipHeader_X-Account-Ref": "77\n{caller.name|x}"},
        )
        async with line.stream(document) as phone:
            refer = (await line.next(phone)).find("Refer")
        assert refer is not None
        assert refer.findtext("Sip") == "sip:desk@pbx.example.com?X-Case=a"
        over = await line.ask(refer.get("action", ""), ReferCallStatus="completed")
        assert [verb.tag for verb in over] == ["Hangup"]
        await line.home.quiet(5)

    sip = BELLA.replace(f"[{NUMBER}]", "[sip:sales]").replace(
        "Be kind.", '"Account {caller.sip_x_account_ref|unknown}."'
    )
    sip = sip.replace("tools:\n", "tools:\n  - python: phone_errands.account\n")
    sip += "  desk: {to: 'sip:desk@pbx.example.com', how: refer, headers: {X-Case: a}}\n"
    home = told(tmp_path, story, model, file=sip)
    assert home.ended()["outcome"] == "transferred"
    assert "Account 77{caller.name|x}." in heard[0]
    assert "77{caller.name|x}" in heard[1]
