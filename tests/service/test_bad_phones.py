"""A carrier's socket that misbehaves: a named end, a counter or a tolerated skip."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.service.house import CALLER, house
from tests.service.model_side import ModelSide, audio, fake_model, polite
from tests.service.phone_side import QUIET, phone_side
from tests.support.leaks import open_sockets, until
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_what_is_odd_is_counted_and_the_call_goes_on(tmp_path: Path) -> None:
    """Nonsense, repeats and strangers' messages between good ones; the greeting is heard whole."""

    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local) as phone,
        ):
            await phone.media()  # before `start`
            await phone.open(**{"from": CALLER})
            await phone.media()
            await phone.connected()
            await phone.start(tenant="office")  # a second one changes nothing
            await phone.ws.send_str("{")
            await phone.ws.send_str('{"event": "media", "media": 7}')
            await phone.ws.send_str('{"event": "weather"}')
            await phone.ws.send_bytes(b"\xff\xfe")
            await phone.ws.send_str(json.dumps({"event": "x", "filler": "x" * 40_000}))
            media = {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": QUIET}
            for stream, number in ((phone.stream, "2"), ("MZ-other", "9")):
                message = {"event": "media", "sequenceNumber": number, "media": media}
                await phone.ws.send_str(json.dumps({**message, "streamSid": stream}))
            await phone.until("mark")
            await phone.hang_up()
            assert phone.heard_s() == pytest.approx(0.6, abs=0.021)
        line = home.ended()
        assert line["outcome"] == "caller_hung_up"
        assert line["tenant"] == "shop"
        assert line["counters"] == {
            "call.phone_malformed": 3,
            "phone.binary": 1,
            "phone.connected_when_started": 1,
            "phone.malformed": 2,
            "phone.media_when_opened": 1,
            "phone.sequence_late": 1,
            "phone.start_when_started": 1,
            "phone.unknown_event": 2,
            "phone.wrong_stream": 1,
        }

    run_on_loopback(main())


def test_too_much_nonsense_ends_the_call(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local) as phone,
        ):
            await phone.open()
            for _ in range(50):
                await phone.ws.send_str("{")
            assert await phone.closed == 1000
        assert home.ended()["outcome"] == "phone_protocol"

    run_on_loopback(main())


def test_a_frame_too_large_for_any_carrier_ends_the_call(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await phone.ws.send_str("x" * 70_000)
            assert await phone.closed == 1009
        assert home.ended()["outcome"] == "phone_lost"
        [line] = home.lines("phone.socket_failed")
        assert (line["code"], line["tenant"]) == (1009, "shop")

    run_on_loopback(main())


@pytest.mark.parametrize("code", [1000, 1001, 1006])
def test_a_socket_that_just_closes_is_nothing_to_warn_of(code: int, tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local) as phone,
        ):
            await phone.open()
            await phone.until("media")
            if code == 1006:
                phone.reset()
            else:
                await phone.ws.close(code=code)
        assert home.ended()["outcome"] == "phone_lost"
        assert home.lines("phone.socket_failed") == []

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("opening", "reason", "code"),
    [
        ([], "timeout", 1008),
        (["{"] * 20, "no_start", 1008),
        ([json.dumps({"event": "media"})] * 20, "no_start", 1008),
    ],
)
def test_a_socket_that_never_starts_is_closed(
    opening: list[str], reason: str, code: int, tmp_path: Path
) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local) as phone,
        ):
            for text in opening:
                await phone.ws.send_str(text)
            assert await phone.closed == code
        assert [line["reason"] for line in home.lines("call.refused")] == [reason]
        assert home.service.counters == {f"refused_{reason}": 1}
        assert model.requests == 0

    run_on_loopback(main())


def test_a_start_that_cannot_be_served_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with fake_model(polite) as model, house(tmp_path, model.url) as home:
            async with phone_side(home.local, number=1) as stranger:
                await stranger.open(tenant="nobody")
                assert await stranger.closed == 1008
            async with phone_side(home.local) as nobody:
                nobody.call_id = ""
                await nobody.open()
                assert await nobody.closed == 1008
            async with phone_side(home.local, number=2, media_every_s=0.02) as first:
                await first.open()
                await first.until("media")
                async with phone_side(home.local, number=2) as second:
                    await second.open(tenant="office")  # whose call it is not
                    assert await second.closed == 1008
                await first.hang_up()
        reasons = [line["reason"] for line in home.lines("call.refused")]
        assert reasons == ["unknown_tenant", "no_call_id", "unknown_tenant"]
        assert home.ended()["outcome"] == "caller_hung_up"

    run_on_loopback(main())


def test_another_sound_than_telephone_sound_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local) as phone,
        ):
            form = {"encoding": "audio/x-l16", "sampleRate": 16000, "channels": 1}
            await phone.send(
                "start",
                start={
                    "streamSid": phone.stream,
                    "callSid": phone.call_id,
                    "accountSid": "AC0",
                    "mediaFormat": form,
                },
            )
            assert await phone.closed == 1008
        assert [line["reason"] for line in home.lines("call.refused")] == ["media_format"]

    run_on_loopback(main())


async def monologue(side: ModelSide) -> None:
    """Two minutes, sent in one go."""
    await side.set_up()
    for _ in range(60):
        await side.send(audio(2.0))
    await side.until_closed()


def test_a_phone_in_a_black_hole_is_given_up(tmp_path: Path) -> None:
    """No media, no answer to pings or to the close; its socket is dropped all the same."""

    async def main() -> None:
        async with fake_model(monologue) as model, house(tmp_path, model.url) as home:
            sockets = open_sockets()
            async with phone_side(home.local, reads=False) as phone:
                await phone.open()
                await phone.media()
                await asyncio.sleep(9)  # 5 s without media, 2 s for the close
                assert home.ended()["outcome"] == "phone_lost"
                assert await until(lambda: len(open_sockets() - sockets) == 1)  # the phone's own

    run_on_loopback(main())


def test_a_phone_that_stops_reading_is_given_up(tmp_path: Path) -> None:
    """It talks on, but takes nothing; what waits for it must not hold its socket open."""

    async def main() -> None:
        async with (
            fake_model(monologue) as model,
            house(tmp_path, model.url, buffer=4096) as home,
        ):
            sockets = open_sockets()
            async with phone_side(home.local, reads=False, media_every_s=1.0, buffer=4096) as phone:
                await phone.open()
                await asyncio.sleep(1)
                await home.quiet(within_s=40)
                assert await until(lambda: len(open_sockets() - sockets) == 1)  # the phone's own
        line = home.ended()
        assert line["outcome"] == "phone_lost"
        assert line["duration_s"] < 40

    run_on_loopback(main())
