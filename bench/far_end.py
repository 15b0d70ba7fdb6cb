"""The far end of the relay benchmark: takes carrier frames, answers with 20 ms carrier frames.

It talks as much as the scripted model does in the same run, in real time.
"""

import asyncio
import sys

import msgspec
from aiohttp import WSMsgType, web

FRAME_S = 0.02
PAYLOAD = "/v7+" * 53 + "/w=="


class _Start(msgspec.Struct, rename="camel"):
    stream_sid: str = ""


def make_app(talk_s: float, quiet_s: float) -> web.Application:
    """A websocket at `/media` that alternates talking and being quiet."""

    async def talk(socket: web.WebSocketResponse[bool], stream: str) -> None:
        media = {"event": "media", "streamSid": stream, "media": {"payload": PAYLOAD}}
        frame = msgspec.json.encode(media)
        loop = asyncio.get_running_loop()
        due = loop.time() + quiet_s
        while True:
            for _ in range(round(talk_s / FRAME_S)):
                await asyncio.sleep(due - loop.time())
                await socket.send_frame(frame, WSMsgType.TEXT)
                due += FRAME_S
            due += quiet_s

    async def media(request: web.Request) -> web.WebSocketResponse[bool]:
        socket: web.WebSocketResponse[bool] = web.WebSocketResponse(
            compress=False, decode_text=False
        )
        await socket.prepare(request)
        async with asyncio.TaskGroup() as group:
            talking: asyncio.Task[None] | None = None
            while (message := await socket.receive()).type is WSMsgType.TEXT:
                if talking is None and b'"start"' in message.data:
                    stream = msgspec.json.decode(message.data, type=_Start).stream_sid
                    talking = group.create_task(talk(socket, stream))
            if talking is not None:
                talking.cancel()
        return socket

    app = web.Application()
    app.router.add_get("/media", media)
    return app


if __name__ == "__main__":
    port, talk_s, quiet_s = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    web.run_app(make_app(talk_s, quiet_s), host="127.0.0.1", port=port, print=None)
