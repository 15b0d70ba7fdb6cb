"""A person is asked before the caller is connected: whole calls, and all the carrier tells."""

from pathlib import Path
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import pytest
from aiohttp import web

from tests.service.model_side import ModelSide, text_in
from tests.service.passing_line import CALL, NUMBER, PERSON, Line, passes_on, told
from tests.support.leaks import until

pytestmark = pytest.mark.socket


def test_a_person_takes_the_call_after_a_summary(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            enter = await line.next(phone)
        hold = await line.ask(enter.findtext("Redirect", ""))
        conference = hold.find("Dial/Conference")
        assert conference is not None
        assert conference.get("startConferenceOnEnter") == "false"
        assert await until(lambda: bool(line.carrier.asked))
        [(_, path, form)] = line.carrier.asked
        fields = dict(form)
        assert path == "Calls.json"
        assert (fields["To"], fields["From"]) == ("+15550100199", NUMBER)
        asked = await line.ask(fields["Url"], CallSid=PERSON)
        assert "Ann wants a party." in (asked.findtext("Gather/Say") or "")
        gather = asked.find("Gather")
        assert gather is not None
        joined = await line.ask(gather.get("action", ""), CallSid=PERSON, Digits="1")
        other = joined.find("Dial/Conference")
        assert other is not None
        assert (other.text, other.get("startConferenceOnEnter")) == (conference.text, "true")
        await line.home.quiet(5)
        dial = hold.find("Dial")
        assert dial is not None
        over = await line.ask(urljoin(line.home.origin, dial.get("action", "")))
        assert [verb.tag for verb in over] == ["Hangup"]

    home = told(
        tmp_path, story, passes_on("transfer", target="owner", summary="Ann wants a party.")
    )
    assert home.ended()["outcome"] == "transferred"


def test_a_person_who_refuses_sends_the_caller_back(tmp_path: Path) -> None:
    sides: list[ModelSide] = []

    async def model(side: ModelSide) -> None:
        sides.append(side)
        await passes_on("transfer", target="owner", summary="Ann.")(side)

    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            enter = await line.next(phone)
        await line.ask(enter.findtext("Redirect", ""))
        assert await until(lambda: bool(line.carrier.asked))
        fields = dict(line.carrier.asked[0][2])
        asked = await line.ask(fields["Url"], CallSid=PERSON)
        gather = asked.find("Gather")
        assert gather is not None
        await line.ask(gather.get("action", ""), CallSid=PERSON, Digits="2")
        assert await until(lambda: any(CALL in path for _, path, _ in line.carrier.asked))
        [moved] = [dict(form) for _, path, form in line.carrier.asked if CALL in path]
        async with line.stream(await line.ask(moved["Url"])) as phone:
            await phone.until("mark")
            await phone.hang_up()

    home = told(tmp_path, story, model)
    last = [t for f in sides[0].frames if (t := text_in(f)) is not None][-1]
    assert "owner: the person cannot take the call now" in last
    assert home.ended()["outcome"] == "caller_hung_up"


async def asked_person(line: Line) -> tuple[dict[str, str], Element]:
    """The caller waits in the conference; what the person's call is made with, and the hold."""
    async with line.stream(await line.call()) as phone:
        enter = await line.next(phone)
    hold = await line.ask(enter.findtext("Redirect", ""))
    assert await until(lambda: bool(line.carrier.asked))
    return dict(line.carrier.asked[0][2]), hold


async def brought_back(line: Line) -> None:
    """The carrier is asked to take the caller out of the conference; he hangs up then."""
    assert await until(lambda: any(CALL in path for _, path, _ in line.carrier.asked))
    [moved] = [dict(form) for _, path, form in line.carrier.asked if CALL in path]
    async with line.stream(await line.ask(moved["Url"])) as phone:
        await phone.until("mark")
        await phone.hang_up()


WARM = passes_on("transfer", target="owner", summary="Ann.")


@pytest.mark.parametrize("told_by", ["the document", "the callback"])
def test_a_machine_does_not_take_the_call(told_by: str, tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        fields, _ = await asked_person(line)
        heard = {"CallSid": PERSON, "AnsweredBy": "machine_start"}
        if told_by == "the document":
            gone = await line.ask(fields["Url"], **heard)
            assert [verb.tag for verb in gone] == ["Say", "Hangup"]
        else:
            await line.ask(fields["AsyncAmdStatusCallback"], **heard)
            await line.ask(fields["AsyncAmdStatusCallback"], **heard)
        await brought_back(line)

    assert told(tmp_path, story, WARM).service.counters["transfers_failed"] == 1


def test_a_busy_person_sends_the_caller_back_whatever_is_told_after(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        fields, hold = await asked_person(line)
        for status in ("ringing", "busy", "busy", "completed"):
            await line.ask(fields["StatusCallback"], CallSid=PERSON, CallStatus=status)
        await brought_back(line)
        dial = hold.find("Dial")
        assert dial is not None

    assert told(tmp_path, story, WARM).service.counters["transfers_failed"] == 1


def test_a_caller_who_hangs_up_while_waiting_ends_the_person_s_call(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        fields, hold = await asked_person(line)
        dial, conference = hold.find("Dial"), hold.find("Dial/Conference")
        assert dial is not None
        assert conference is not None
        left = {"StatusCallbackEvent": "participant-leave"}
        line.carrier.answers = [web.json_response({"sid": CALL, "status": "in-progress"})]
        await line.ask(conference.get("statusCallback", ""), **left)
        gone = await line.ask(dial.get("action", ""), CallStatus="completed")
        assert [*gone] == []
        assert await until(lambda: any(PERSON in path for _, path, _ in line.carrier.asked))
        late = await line.ask(fields["Url"], CallSid=PERSON)
        assert late[-1].tag == "Hangup"
        await line.home.quiet(5)

    home = told(tmp_path, story, WARM)
    assert home.ended()["outcome"] == "caller_hung_up"


def test_a_caller_who_falls_out_of_the_conference_is_back_with_the_agent(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        _, hold = await asked_person(line)
        dial = hold.find("Dial")
        assert dial is not None
        async with line.stream(await line.ask(dial.get("action", ""))) as phone:
            await phone.until("mark")
            await phone.hang_up()

    assert told(tmp_path, story, WARM).ended()["outcome"] == "caller_hung_up"


def test_a_caller_who_is_gone_before_the_conference_is_nobody_to_wait_for(tmp_path: Path) -> None:
    async def story(line: Line) -> None:
        async with line.stream(await line.call()) as phone:
            enter = await line.next(phone)
        where = enter.findtext("Redirect", "")
        stranger = await line.ask(where, CallSid="CA" + "9" * 32)
        assert stranger[-1].tag == "Hangup"
        assert [*await line.ask(where, CallStatus="completed")] == []
        await line.home.quiet(5)
        assert not line.carrier.asked

    assert told(tmp_path, story, WARM).ended()["outcome"] == "caller_hung_up"
