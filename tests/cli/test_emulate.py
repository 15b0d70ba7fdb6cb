"""`seamline emulate gemini` as a program of its own."""

import asyncio
import re
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from google import genai
from google.genai import types

from agent.cli.emulate import run_gemini, tls_context
from agent.errors import ConfigError
from tests.support.tls import contexts

MODEL = "gemini-3.8-live"


@asynccontextmanager
async def emulator(*arguments: str) -> AsyncIterator[str]:
    """The command, until it listens; gives its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "emulate", "gemini", "--port", "0", *arguments),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        line = (await process.stderr.readline()).decode()
        found = re.search(r"wss?://\S+", line)
        assert found is not None, line
        yield found.group()
    finally:
        process.terminate()
        rest = (await process.stderr.read()).decode()
        assert await process.wait() == 0, rest


@pytest.mark.socket
def test_googles_sdk_holds_a_conversation_with_it(tmp_path: Path) -> None:
    _, client_tls = contexts(tmp_path)
    arguments = (
        *("--scripted", "--profile", "dev-3.8"),
        *("--certificate", str(tmp_path / "stand-in.pem"), "--key", str(tmp_path / "stand-in.key")),
    )

    async def main() -> int:
        async with emulator(*arguments) as url:
            options = types.HttpOptions(
                base_url=url.replace("wss", "https"), async_client_args={"ssl": client_tls}
            )
            client = genai.Client(api_key="any", http_options=options)
            n_bytes = 0
            async with client.aio.live.connect(model=MODEL) as session:
                await session.send_realtime_input(text="Hello.")
                async for message in session.receive():
                    n_bytes += len(message.data or b"")
            return n_bytes

    assert asyncio.run(main()) > 24000


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"--profile gpt: there is none; one of dev-2\.5"):
        run_gemini(0, scripted=True, profile="gpt", scenario=None)


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.pem"
    file.write_text("no certificate")

    with pytest.raises(ConfigError, match=r"--certificate .*a\.pem: "):
        tls_context(file, None)
    with pytest.raises(ConfigError, match="No such file"):
        tls_context(tmp_path / "b.pem", None)


def test_a_certificate_makes_a_context_and_none_makes_none(tmp_path: Path) -> None:
    contexts(tmp_path)

    context = tls_context(tmp_path / "stand-in.pem", tmp_path / "stand-in.key")

    assert isinstance(context, ssl.SSLContext)
    assert tls_context(None, None) is None
