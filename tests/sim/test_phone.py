"""The phone on real sockets, in time that jumps over every wait."""

import asyncio
import json

import numpy as np
import pytest
from aiohttp import WSMsgType, web

from agent.audio import mulaw
from agent.sim import phone
from agent.sim.carrier import HangUp
from agent.sim.phone import PhoneOptions, phone_bank, phone_call
from agent.sim.phone_report import PhoneReport
from agent.sim.script import BargeIn, Leave, Pause, Press, Say, Script, WaitForAgent, WaitForEnd
from tests.sim.answering import Handler, parrot, serving
from tests.sim.lines import media, tone
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def call(handler: Handler, script: Script, options: PhoneOptions | None = None) -> PhoneReport:
    async def main() -> PhoneReport:
        async with serving(handler) as url:
            return await phone_call(url, script, options or PhoneOptions())

    return run_on_loopback(main())


def test_a_call_reports_what_was_said_and_heard_on_one_clock() -> None:
    clip = tone(0.3, "hello")
    script: Script = [WaitForAgent(quiet_s=0.1), Say(clip), WaitForAgent(quiet_s=0.1)]

    report = call(parrot, script)

    assert report.failure is None
    assert report.violations == []
    assert report.close_code == 1000
    assert len(report.said) == len(report.heard) == round(report.seconds * 8_000)
    (said,) = report.utterances
    assert said.label == "hello"
    np.testing.assert_array_equal(
        report.said[said.start : said.end], mulaw.decode(clip.mulaw)[: clip.speech_end]
    )
    # The parrot waits for ten quiet frames, then says the very same.
    assert said.answered_at is not None
    start = said.answered_at - int(np.argmax(np.abs(mulaw.decode(clip.mulaw)) >= 512))
    np.testing.assert_array_equal(
        report.heard[start : start + len(clip.mulaw)], mulaw.decode(clip.mulaw)
    )
    assert 0.2 <= report.answers_s[0] < 0.5
    assert report.first_audio_s is not None
    assert report.first_audio_s < 0.3
    assert report.counters["media"] == report.counters["mark"] == 2
    assert len(report.mark_waits_s) == 2
    assert report.holes_s == []
    assert abs(report.started_at_utc - 1.7e9) < 3e9
    assert len(report.lateness_s) >= report.seconds / 0.02


def test_stamps_tell_when_each_media_message_went_and_came() -> None:
    script: Script = [WaitForAgent(quiet_s=0.1)]

    report = call(parrot, script, PhoneOptions(stamps=True))

    assert len(report.received_at) == report.counters["media"] == 1
    assert len(report.sent_at) >= report.seconds / 0.02
    assert all(0 <= at - report.started_at < report.seconds + 1 for at in report.sent_at)


def test_a_barge_in_is_timed() -> None:
    script: Script = [BargeIn(tone(0.3, "stop"), after_s=0.1), WaitForAgent(quiet_s=0.1)]

    report = call(parrot, script)

    assert report.failure is None
    assert report.silenced_s[0] < 0.2
    assert report.n_cut > 0


def test_the_upgrade_carries_the_carriers_headers_and_no_others() -> None:
    heads: list[str] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def main() -> PhoneReport:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            options = PhoneOptions(signature="c2lnbmVk")
            return await phone_call(f"ws://127.0.0.1:{port}/m/eu1", [], options)

    report = run_on_loopback(main())

    request, *lines = heads[0].split("\r\n")[:-2]
    headers = dict(line.split(": ", 1) for line in lines)
    assert request == "GET /m/eu1 HTTP/1.1"
    assert sorted(headers) == [
        "Connection",
        "Host",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Upgrade",
        "User-Agent",
        "X-Twilio-Signature",
    ]
    assert headers["User-Agent"] == "Twilio.TmeWs/1.0"
    assert headers["X-Twilio-Signature"] == "c2lnbmVk"
    assert headers["Sec-WebSocket-Version"] == "13"
    assert report.failure == "31920: the upgrade was answered with 403"


def test_a_service_that_is_not_there_or_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def main() -> tuple[PhoneReport, PhoneReport]:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            unanswered = await phone_call(f"ws://127.0.0.1:{port}/m", [])
        return unanswered, await phone_call(f"ws://127.0.0.1:{port}/m", [])

    monkeypatch.setattr(phone, "DIAL_TIMEOUT_S", 0.1)
    unanswered, refused = run_on_loopback(main())

    assert unanswered.failure == "31901: no answer within 0.1 s"
    assert (refused.failure or "").startswith("31902: no connection")
    assert refused.close_code is None


def test_a_service_that_closes_ends_the_call() -> None:
    async def closing(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for _ in range(5):
            await socket.receive()
        await socket.close(code=1012)
        return socket

    surprised = call(closing, [Pause(5.0)])
    expected = call(closing, [WaitForEnd()])

    assert surprised.failure == "step 1 of 2, Pause: the service closed the connection"
    assert expected.failure is None
    assert surprised.close_code == expected.close_code == 1012


def test_a_connection_that_breaks_ends_the_call() -> None:
    async def breaking(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return socket

    report = call(breaking, [Pause(5.0)])

    assert report.failure == "step 1 of 2, Pause: the service closed the connection"


def test_nonsense_from_the_service_is_listed_and_survived() -> None:
    async def rude(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(media(b"\x00"))  # before start
        for _ in range(4):
            await socket.receive()
        await socket.send_bytes(b"\xff" * 160)
        await socket.send_str("{")
        async for _ in socket:
            pass
        return socket

    report = call(rude, [Pause(0.3)], PhoneOptions(start_after_s=0.1))

    assert report.failure is None
    assert [violation.code for violation in report.violations] == [31951, 31950, 31951]


@pytest.mark.parametrize("answers", [True, False])
def test_pings_are_answered_unless_told_otherwise(answers: bool) -> None:
    kinds: list[WSMsgType] = []

    async def pinging(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await socket.ping()
        kinds.extend([message.type async for message in socket])
        return socket

    report = call(pinging, [Pause(0.1)], PhoneOptions(answer_pings=answers))

    assert report.failure is None
    assert (WSMsgType.PONG in kinds) is answers


def test_pings_are_sent_when_asked_for_and_their_answers_timed() -> None:
    async def answering(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    report = call(answering, [Pause(0.35)], PhoneOptions(ping_every_s=0.1))

    assert report.failure is None
    assert report.n_pings >= 2
    assert 0 < len(report.ping_waits_s) <= report.n_pings
    assert max(report.ping_waits_s) < 0.1


@pytest.mark.parametrize("how", HangUp)
def test_however_the_caller_hangs_up_the_service_sees_it(how: HangUp) -> None:
    seen: list[str] = []

    async def noting(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        seen.extend([json.loads(message.data)["event"] async for message in socket])
        seen.append("closed")
        return socket

    report = call(noting, [Press("1"), Leave(how, linger_s=0.1)])

    assert report.failure is None
    assert seen[:2] == ["connected", "start"]
    assert "dtmf" in seen
    ending = ["closed"] if how is HangUp.CLOSE_ONLY else ["stop", "closed"]
    assert seen[-len(ending) :] == ending


def test_many_calls_share_a_bank_and_leave_nothing_behind() -> None:
    clip = tone(0.1, "hi")

    def script(number: int) -> Script:
        return [WaitForAgent(quiet_s=0.06), Say(clip), WaitForAgent(quiet_s=0.06)]

    async def main() -> None:
        before = asyncio.all_tasks()
        async with serving(parrot) as url, phone_bank() as bank:
            report = await bank.load(url, script, calls=8, ramp_s=0.3)
        assert asyncio.all_tasks() == before
        spreads = report.spreads()
        assert report.failures == []
        assert len({call.call.call_sid for call in report.calls}) == 8
        assert spreads["answer"].n == spreads["first_audio"].n == 8
        assert 0.2 <= spreads["answer"].p50 <= spreads["answer"].p99 <= spreads["answer"].largest
        starts = sorted(call.started_at for call in report.calls)
        assert starts[-1] - starts[0] > 0.2

    run_on_loopback(main())
