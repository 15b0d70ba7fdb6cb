"""Who plays the model: a scenario for a mind, pocketsphinx for an ear, espeak-ng for a voice."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import date
from functools import cache
from pathlib import Path

from agent.audio.pcm import Pcm16
from agent.errors import ConfigError
from agent.sim.connection import Senses
from agent.sim.ear import Ear
from agent.sim.mind import Mind
from agent.sim.scenario import Scenario, read_scenario
from agent.sim.scenario_mind import ScenarioMind, scenario_for
from agent.sim.server_io import RATE_HZ, Speech
from agent.sim.session_config import SessionConfig
from agent.sim.voice import Voice


def senses_executor(workers: int = 1) -> ProcessPoolExecutor:
    """Processes for ear and voice: recognition holds the interpreter for half a second at a time.

    They are started afresh, so the main module must be importable without running anything.
    """
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context)


def players(scenario: Path, executor: Executor) -> tuple[Callable[[SessionConfig], Mind], Senses]:
    """Mind and senses for an `Emulator`; waits until ear and voice are ready.

    Args:
        scenario: a file, or a folder of which each session gets the file that fits its functions.
        executor: where ear and voice work; threads will do where nothing else has to be in time.

    Raises:
        ConfigError: a scenario is wrong, or the extra `sim` is not installed.
    """
    files = sorted(scenario.glob("*.yaml")) if scenario.is_dir() else [scenario]
    scenarios = [_read(file) for file in files]
    if not scenarios:
        raise ConfigError(f"{scenario}: there is no scenario (*.yaml) in this folder")

    def mind(config: SessionConfig) -> Mind:
        tools = config.behaviors.keys()
        return ScenarioMind(scenario_for(scenarios, tools), date.today(), tools)

    executor.submit(_warm_up).result()
    return mind, Senses(_hear, _speak, executor)


def _read(file: Path) -> Scenario:
    try:
        return read_scenario(file.read_bytes(), str(file))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


@cache
def _ear() -> Ear:
    return Ear()


@cache
def _voice() -> Voice:
    return Voice()


def _warm_up() -> None:
    """Load both, so that the first caller does not wait for it."""
    _ear()
    _speak("Hello.")


def _hear(pcm16k: Pcm16, grammar: str) -> str:
    return _ear().hear(pcm16k, grammar)


def _speak(text: str) -> Speech:
    return Speech(_voice().speak(text, RATE_HZ))
