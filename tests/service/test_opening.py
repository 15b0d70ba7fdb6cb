"""The first messages of a media socket, in virtual time."""

import asyncio
import json
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType

from agent.service.opening import MESSAGES_LIMIT, START_TIMEOUT_S, Opening, read_opening
from agent.service.sockets import PhoneSocket
from agent.telephony.leg import Started
from tests.support.virtual_loop import run_virtually

CONNECTED = b'{"event": "connected", "protocol": "Call", "version": "1.0.0"}'
START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "streamSid": "MZ1",
        "callSid": "CA1",
        "accountSid": "AC1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"tenant": "shop"},
    },
}
FOREIGN = {
    **START,
    "start": {
        **START["start"],
        "mediaFormat": {"encoding": "opus", "sampleRate": 48000, "channels": 1},
    },
}
STOP = b'{"event": "stop", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": "CA1"}}'


class Socket:
    """Gives the messages one by one, then nothing for ever."""

    def __init__(self, *texts: bytes | WSMsgType, every_s: float = 0.1) -> None:
        self._texts = list(texts)
        self._every_s = every_s

    async def receive(self) -> WSMessage:
        if not self._texts:
            await asyncio.Event().wait()
        await asyncio.sleep(self._every_s)
        text = self._texts.pop(0)
        if isinstance(text, WSMsgType):
            return WSMessage(text, None, None)
        return WSMessage(WSMsgType.TEXT, text, None)


def opening_of(*texts: bytes | WSMsgType, every_s: float = 0.1) -> Opening | str:
    socket = cast(PhoneSocket, Socket(*texts, every_s=every_s))
    return run_virtually(read_opening(socket))


def test_all_texts_up_to_the_start_are_kept_for_the_call() -> None:
    start = json.dumps(START).encode()
    opening = opening_of(b"{", CONNECTED, b"\xff", start, b"not read any more")
    assert opening == Opening(
        Started("MZ1", "CA1", "AC1", {"tenant": "shop"}), (b"{", CONNECTED, b"\xff", start)
    )


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ((CONNECTED,), "timeout"),
        ((CONNECTED, WSMsgType.CLOSE), "closed"),
        ((WSMsgType.ERROR,), "closed"),
        ((CONNECTED, STOP), "stopped"),
        ((CONNECTED, json.dumps(FOREIGN).encode()), "media_format"),
        ((CONNECTED,) * MESSAGES_LIMIT, "no_start"),
    ],
)
def test_a_socket_that_does_not_start_says_why(
    texts: tuple[bytes | WSMsgType, ...], reason: str
) -> None:
    assert opening_of(*texts) == reason


def test_a_socket_that_dawdles_has_its_time_in_all() -> None:
    async def main() -> None:
        socket = cast(PhoneSocket, Socket(*[CONNECTED] * 10, every_s=1))
        assert await read_opening(socket) == "timeout"
        assert asyncio.get_running_loop().time() == START_TIMEOUT_S

    run_virtually(main())
