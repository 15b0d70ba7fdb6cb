"""The far end of the relay benchmark: takes carrier frames, answers with 20 ms carrier frames.

It talks as much as the scripted model does in the same run, in real time.
"""

import asyncio
import sys
from dataclasses import dataclass, field

import msgspec
from aiohttp import WSMsgType, web

FRAME_S = 0.02
MEDIA = b'{"event":"media"'
PAYLOAD = "/v7+" * 53 + "/w=="


class _Start(msgspec.Struct, rename="camel"):
    stream_sid: str = ""


@dataclass(slots=True)
class Stamps:
    """The loop's clock at each media message of one connection."""

    received_at: list[float] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)


def make_app(talk_s: float, quiet_s: float, stamps: list[Stamps]) -> web.Application:
    """A websocket at `/media` that alternates talking and being quiet.

    Args:
        stamps: gets those of each connection.
    """

    async def talk(socket: web.WebSocketResponse[bool], stream: str, sent_at: list[float]) -> None:
        media = {"event": "media", "streamSid": stream, "media": {"payload": PAYLOAD}}
        frame = msgspec.json.encode(media)
        loop = asyncio.get_running_loop()
        due = loop.time() + quiet_s
        while True:
            for _ in range(round(talk_s / FRAME_S)):
                await asyncio.sleep(due - loop.time())
                sent_at.append(loop.time())
                await socket.send_frame(frame, WSMsgType.TEXT)
                due += FRAME_S
            due += quiet_s

    async def media(request: web.Request) -> web.WebSocketResponse[bool]:
        socket: web.WebSocketResponse[bool] = web.WebSocketResponse(
            compress=False, decode_text=False
        )
        await socket.prepare(request)
        mine = Stamps()
        stamps.append(mine)
        time = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as group:
            talking: asyncio.Task[None] | None = None
            while (message := await socket.receive()).type is WSMsgType.TEXT:
                if message.data.startswith(MEDIA):
                    mine.received_at.append(time())
                if talking is None and b'"start"' in message.data:
                    stream = msgspec.json.decode(message.data, type=_Start).stream_sid
                    talking = group.create_task(talk(socket, stream, mine.sent_at))
            if talking is not None:
                talking.cancel()
        return socket

    app = web.Application()
    app.router.add_get("/media", media)
    return app


if __name__ == "__main__":
    port, talk_s, quiet_s = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    web.run_app(make_app(talk_s, quiet_s, []), host="127.0.0.1", port=port, print=None)
