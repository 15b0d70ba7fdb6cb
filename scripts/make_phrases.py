"""Speak the cover's phrases with the stand-in's voice: `python scripts/make_phrases.py`.

Writes `agent/call/phrases.npz` from the texts in `agent/call/phrases.py`. The speech is espeak-ng's
output, which its licence does not cover; the file holds no part of espeak-ng. Needs the extra
`sim`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from agent.call.phrases import FILE, WORDS, Words, coded
from agent.sim.voice import Voice

RATE_WPM = 185


def spoken(words: Words) -> tuple[bytes, bytes]:
    """The moment and the apology, 8 kHz mu-law, whole frames."""
    voice = Voice(words.voice, RATE_WPM)
    moment, apology = (coded(voice.speak(text, 8000)) for text in (words.moment, words.apology))
    return moment, apology


def arrays() -> dict[str, Any]:
    """Everything the file holds, by name."""
    found: dict[str, Any] = {
        "texts": np.array(
            [(language, w.moment, w.apology, w.voice) for language, w in WORDS.items()]
        )
    }
    for language, words in WORDS.items():
        for kind, sound in zip(("moment", "apology"), spoken(words), strict=True):
            found[f"{language}/{kind}"] = np.frombuffer(sound, np.uint8)
    return found


def write(path: Path) -> None:
    """Write the file, the same bytes for the same sound."""
    np.savez_compressed(path, **arrays())


def main() -> None:
    write(FILE)
    print(f"{FILE}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
