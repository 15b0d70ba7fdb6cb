"""The model's stand-in on loopback, quick and with a memory, for tests of the client."""

from typing import Any

from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.memory_mind import MemoryMind
from agent.sim.mind import Timing
from agent.sim.scripted import Tones

QUICK = Timing(think_s=0.0, after_tool_s=0.0, realtime_playback=False)
WORD = "The secret word is heliotrope."
QUESTION = "What is the secret word?"


def stand_in(*, reply_s: float = 0.3, **options: Any) -> Emulator:
    """Use it as an async context manager; the options are the emulator's."""
    tones = Tones(reply_s=reply_s)
    options.setdefault("timing", QUICK)
    return Emulator(
        lambda config: MemoryMind(config.behaviors),
        Senses(tones.hear, tones.speak),
        EmulatorOptions(**options),
    )
