"""For the tests of spoken phrases: a tenant, a dialler, and models that say what they are told."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np

from agent.audio.pcm import Pcm16, silence, to_bytes
from agent.call.plan import Prepared, prepare
from agent.service.gemini_dial import Endpoint, GeminiDialler
from agent.tenants.tenant import Tenant
from tests.service.model_side import END_OF_TURN, Behaviour, ModelSide, text_in

MOMENT, SORRY = "Just a second, please.", "Sorry, do call again."


def prepared(**agent: Any) -> Prepared:
    return prepare(
        Tenant.model_validate(
            {
                "tenant": "shop",
                "numbers": ("+15550100100",),
                "agent": {"instructions": "Be kind.", "moment": MOMENT, **agent},
                "fallback": {"say": SORRY},
            }
        ),
        [],
    )


def speech(seconds: float, level: int = 6000) -> Pcm16:
    t = np.arange(round(seconds * 24000)) / 24000
    return np.asarray(np.sin(2 * np.pi * 300 * t) * level).astype(np.int16)


def says(text: str, pcm: Pcm16) -> dict[str, Any]:
    data = base64.b64encode(to_bytes(pcm)).decode()
    blob = {"mimeType": "audio/pcm;rate=24000", "data": data}
    return {
        "serverContent": {
            "modelTurn": {"parts": [{"inlineData": blob}]},
            "outputTranscription": {"text": text},
        }
    }


async def told(side: ModelSide) -> str:
    """Set up; return what is to be said."""
    await side.set_up()
    text = text_in(await side.until(lambda message: text_in(message) is not None))
    found = re.fullmatch('Say exactly: "(.*)"', text or "")
    assert found is not None
    return found[1]


async def obedient(side: ModelSide) -> None:
    """Says it, in two chunks with silence around them."""
    text = await told(side)
    half, seconds = len(text) // 2, len(text) * 0.05
    await side.send(
        says(text[:half], np.concatenate([silence(12000), speech(seconds / 2)])),
        says(text[half:].upper(), np.concatenate([speech(seconds / 2), silence(24000)])),
        *END_OF_TURN,
    )
    await side.until_closed()


def saying(text: str | None, pcm: Pcm16) -> Behaviour:
    """Says something else, or in another way; None: the right words."""

    async def behave(side: ModelSide) -> None:
        wanted = await told(side)
        await side.send(says(wanted if text is None else text, pcm), *END_OF_TURN)
        await side.until_closed()

    return behave


@asynccontextmanager
async def dialling(url: str, key: str | None = None) -> AsyncIterator[GeminiDialler]:
    async with aiohttp.ClientSession() as session:
        yield GeminiDialler(Endpoint(base_url=url, key=key), session)
