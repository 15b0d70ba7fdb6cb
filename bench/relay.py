"""The floor: a bare relay that forwards every message of both sides without touching it."""

import asyncio
import sys

import aiohttp
from aiohttp import WSMsgType, web


async def _forward(
    source: web.WebSocketResponse[bool] | aiohttp.ClientWebSocketResponse[bool],
    sink: web.WebSocketResponse[bool] | aiohttp.ClientWebSocketResponse[bool],
) -> None:
    while (message := await source.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
        await sink.send_frame(message.data, WSMsgType.TEXT)
    await sink.close()


def make_app(far_end: str) -> web.Application:
    """A websocket at `/media` joined to a new one at `far_end`."""
    session_key = web.AppKey("session", aiohttp.ClientSession)

    async def media(request: web.Request) -> web.WebSocketResponse[bool]:
        phone: web.WebSocketResponse[bool] = web.WebSocketResponse(
            compress=False, decode_text=False
        )
        await phone.prepare(request)
        async with (
            request.app[session_key].ws_connect(far_end, decode_text=False) as model,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(_forward(phone, model))
            group.create_task(_forward(model, phone))
        return phone

    async def session(app: web.Application):  # type: ignore[no-untyped-def]
        connector = aiohttp.TCPConnector(limit=0)
        app[session_key] = aiohttp.ClientSession(connector=connector)
        yield
        await app[session_key].close()

    app = web.Application()
    app.cleanup_ctx.append(session)
    app.router.add_get("/media", media)
    return app


if __name__ == "__main__":
    import uvloop

    port, url = int(sys.argv[1]), sys.argv[2]
    uvloop.install()
    web.run_app(make_app(url), host="127.0.0.1", port=port, print=None)
