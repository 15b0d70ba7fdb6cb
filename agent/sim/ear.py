"""The stand-in's ear: pocketsphinx, listening for the sentences of one grammar.

Beside the grammar each utterance is also taken for any row of sounds: where that fits much better,
nothing of the grammar was said.
"""

from __future__ import annotations

import threading
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent.audio.pcm import Pcm16
from agent.errors import ConfigError
from agent.sim.ear_model import conditioned, trimmed, write_telephone_model

KEPT_GRAMMARS = 64
DOUBT = 1.09
"""How much better any row of sounds must fit; a score is the 1,024th root of a likelihood. Measured
with `bench/recognition.py`: mostly above 1.12 for what no scenario has, below 1.07 for the rest.
"""

_SOUNDS = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH"),
    *("IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH"),
    *("UH", "UW", "V", "W", "Y", "Z", "ZH"),
)
_ANY_SOUNDS = "any-sounds"


class Ear:
    """Recognises speech against grammars; any thread may ask, one at a time is served.

    It keeps nothing of what it heard: the same sound is always heard as the same words.

    Raises:
        ConfigError: the extra `sim` is not installed.
    """

    def __init__(self) -> None:
        try:
            pocketsphinx: Any = import_module("pocketsphinx")
        except ImportError:
            raise ConfigError(
                "the stand-in's ear is missing: pip install 'seamline[sim]'"
            ) from None
        with TemporaryDirectory(prefix="seamline-ear-") as folder:
            settings = write_telephone_model(
                Path(pocketsphinx.get_model_path("en-us/en-us")), Path(folder)
            )
            # The search for a best path through the lattice may leave the grammar at its end.
            self._decoder: Any = pocketsphinx.Decoder(
                lm=None, bestpath=False, loglevel="FATAL", **settings
            )
        self._lock = threading.Lock()
        self._numbers = count()
        self._searches: dict[str, str] = {}
        words = [f"zz{sound.lower()}" for sound in _SOUNDS]
        for word, sound in zip(words, _SOUNDS, strict=True):
            self._decoder.add_word(word, sound, word == words[-1])
        loop = f"#JSGF V1.0;\ngrammar sounds;\npublic <any> = ({' | '.join(words)})+;\n"
        self._decoder.add_jsgf_string(_ANY_SOUNDS, loop)

    def hear(self, pcm16k: Pcm16, grammar: str) -> str:
        """Recognise one utterance.

        Args:
            pcm16k: int16, shape (n,), mono, 16 kHz.
            grammar: JSGF of all that can be said.

        Returns:
            The sentence in small letters; "" when nothing of the grammar fits.

        Raises:
            ConfigError: the grammar is none, or has a word that the recogniser's dictionary lacks.
        """
        sound = conditioned(trimmed(pcm16k))
        with self._lock:
            search = self._search(grammar)
            if sound is None:
                return ""
            found = self._decode(sound, search)
            if found is None:
                return ""
            other = self._decode(sound, _ANY_SOUNDS)
            strange = other is not None and other.score > DOUBT * found.score
            return "" if strange else found.hypstr

    def _decode(self, pcm16k: Pcm16, search: str) -> Any:
        decoder = self._decoder
        decoder.activate_search(search)
        decoder.start_utt()
        decoder.process_raw(pcm16k.tobytes(), False, True)
        decoder.end_utt()
        return decoder.hyp()

    def _search(self, grammar: str) -> str:
        """The recogniser's search for a grammar, made once."""
        name = self._searches.get(grammar)
        if name is None:
            if len(self._searches) >= KEPT_GRAMMARS:
                self._decoder.activate_search(_ANY_SOUNDS)
                self._decoder.remove_search(self._searches.pop(next(iter(self._searches))))
            name = f"grammar-{next(self._numbers)}"
            try:
                self._decoder.add_jsgf_string(name, grammar)
            except (RuntimeError, ValueError) as error:
                raise ConfigError(f"the recogniser does not take the grammar: {error}") from None
            self._searches[grammar] = name
        return name
