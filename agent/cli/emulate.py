"""`seamline emulate gemini`: the model's stand-in as a server of its own."""

import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from agent.cli.runtime import run, stop_signal
from agent.errors import ConfigError
from agent.sim.chaos import chaos
from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.memory_mind import MemoryMind
from agent.sim.mind import Mind
from agent.sim.players import players, senses_executor
from agent.sim.scripted import Tones
from agent.sim.server_profiles import PROFILES
from agent.sim.session_config import SessionConfig

SCENARIOS = Path("config/scenarios")
REPLY_S = 4.0


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What `wss://` is served with; None without a certificate.

    Raises:
        ConfigError: the files do not make a certificate with its key.
    """
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one, too
        raise ConfigError(f"--certificate {certificate}: {error.strerror or error}") from None
    return context


def run_gemini(
    port: int,
    *,
    scripted: bool,
    profile: str | None,
    scenario: Path | None,
    tls: ssl.SSLContext | None = None,
    misfortunes: Sequence[str] = (),
) -> None:
    """Serve until a signal.

    Raises:
        ConfigError: no such profile, misfortune or scenario, or the port is taken.
    """
    if profile is not None and profile not in PROFILES:
        raise ConfigError(f"--profile {profile}: there is none; one of {', '.join(PROFILES)}")
    options = EmulatorOptions(
        profile=PROFILES[profile] if profile else None,
        faults=chaos(misfortunes),
        port=port,
        tls=tls,
    )
    if scripted:
        tones = Tones(reply_s=REPLY_S)
        run(_serve(_scripted, Senses(tones.hear, tones.speak), options))
        return
    with senses_executor() as executor:
        mind, senses = players(scenario or SCENARIOS, executor)
        run(_serve(mind, senses, options))


def _scripted(config: SessionConfig) -> Mind:
    return MemoryMind(config.behaviors)


async def _serve(
    mind: Callable[[SessionConfig], Mind], senses: Senses, options: EmulatorOptions
) -> None:
    try:
        async with Emulator(mind, senses, options) as emulator:
            Console(stderr=True, highlight=False).print(
                f"Gemini Live's stand-in listens on {emulator.url}  (Ctrl-C ends)\n"
                f"  seamline serve --insecure-local --gemini-url {emulator.url}",
                soft_wrap=True,
            )
            await stop_signal()
    except OSError as error:
        raise ConfigError(f"cannot listen on port {options.port}: {error.strerror}") from None
