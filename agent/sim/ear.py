"""The stand-in's ear: pocketsphinx, listening for the sentences of one grammar.

The recogniser's model was trained on 16 kHz speech; on a telephone line everything above 3.4 kHz
is missing, and a made voice is not a person's. So the grammar is what makes it hear well: the
fewer sentences are possible, the better; the dialogue knows what it has just asked for.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from agent.audio.pcm import Pcm16, silence
from agent.errors import ConfigError

RATE_HZ = 16_000
_LEAD_IN = silence(RATE_HZ // 10)
"""The recogniser wants a little silence before the first word and after the last."""
KEPT_GRAMMARS = 64


class Ear:
    """Recognises speech against grammars; thread-safe, one utterance at a time.

    Raises:
        ConfigError: the extra `sim` is not installed, or a grammar has a word that the
            recogniser's dictionary lacks.
    """

    def __init__(self) -> None:
        try:
            from pocketsphinx import Decoder  # type: ignore[attr-defined]
        except ImportError:
            hint = "pip install 'seamline[sim]'"
            raise ConfigError(f"the stand-in's ear is not installed: {hint}") from None
        self._decoder: Any = Decoder(lm=None, loglevel="FATAL", bestpath=False)
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}

    def hear(self, pcm16k: Pcm16, grammar: str) -> str:
        """Recognise one utterance.

        Args:
            pcm16k: int16, shape (n,), mono, 16 kHz.
            grammar: JSGF of all that can be said.

        Returns:
            The sentence in small letters; "" when nothing of the grammar fits.
        """
        with self._lock:
            decoder = self._decoder
            decoder.activate_search(self._search(grammar))
            decoder.start_utt()
            # Whole, so that its level is judged by itself and not by what was heard before.
            whole = np.concatenate([_LEAD_IN, pcm16k, _LEAD_IN])
            decoder.process_raw(whole.tobytes(), False, True)
            decoder.end_utt()
            found = decoder.hyp()
            return found.hypstr if found is not None else ""

    def _search(self, grammar: str) -> str:
        """The recogniser's search for a grammar, made once."""
        name = self._names.get(grammar)
        if name is None:
            if len(self._names) >= KEPT_GRAMMARS:
                oldest = next(iter(self._names))
                self._decoder.remove_search(self._names.pop(oldest))
            name = f"grammar-{len(self._names)}-{hash(grammar) & 0xFFFFFFFF:x}"
            try:
                self._decoder.add_jsgf_string(name, grammar)
            except (RuntimeError, ValueError) as error:
                raise ConfigError(f"the recogniser does not take the grammar: {error}") from None
            self._names[grammar] = name
        return name
