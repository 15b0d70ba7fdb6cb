"""The words of the cover: its texts by language, and the sound that comes with them.

A phrase is best spoken beforehand by the tenant's own model and voice
(`agent.service.phrase_cache`). Where that has not happened yet, or cannot, the sound in
`phrases.npz` takes its place, made by `scripts/make_phrases.py` out of the texts on this page.
Without I/O but for that one file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.call.cover import framed

FILE = Path(__file__).with_name("phrases.npz")
DEFAULT = "en"

_QUIET = 150
"""Samples below this (-47 dBFS) at both ends are cut off,"""
_KEPT = 240
"""but for so many of them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language.

    Attributes:
        moment: while the caller waits.
        apology: when nobody comes back to him.
        voice: of espeak-ng, which spoke the shipped sound.
    """

    moment: str
    apology: str
    voice: str


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "de": Words(
            "Einen Moment, bitte.",
            "Es tut uns leid, wir haben ein technisches Problem. Bitte rufen Sie später an.",
            "de",
        ),
        "en": Words(
            "One moment, please.",
            "I am sorry, we have a technical problem. Please call again later.",
            "en-us",
        ),
        "es": Words(
            "Un momento, por favor.",
            "Lo siento, tenemos un problema técnico. Por favor, llame más tarde.",
            "es",
        ),
        "fr": Words(
            "Un instant, s'il vous plaît.",
            "Je suis désolé, nous avons un problème technique. Veuillez rappeler plus tard.",
            "fr",
        ),
        "it": Words(
            "Un momento, per favore.",
            "Mi dispiace, abbiamo un problema tecnico. Richiami più tardi, per favore.",
            "it",
        ),
        "nl": Words(
            "Een ogenblik, alstublieft.",
            "Het spijt me, we hebben een technisch probleem. Belt u later nog eens.",
            "nl",
        ),
        "pl": Words(
            "Chwileczkę, proszę.",
            "Przepraszamy, mamy problem techniczny. Proszę zadzwonić później.",
            "pl",
        ),
        "pt": Words(
            "Um momento, por favor.",
            "Lamento, temos um problema técnico. Por favor, ligue mais tarde.",
            "pt-br",
        ),
        "tr": Words(
            "Bir dakika, lütfen.",
            "Üzgünüz, teknik bir sorun var. Lütfen sonra tekrar aray\u0131n.",
            "tr",
        ),
    }
)


def language_of(code: str | None) -> str:
    """The language, of those in `WORDS`, for a code such as `pt-BR`: itself, its base, or English.

    Args:
        code: a tenant's language; None: the model follows the caller, and nobody knows.
    """
    exact = (code or "").lower()
    base = exact.partition("-")[0]
    return next((known for known in (exact, base) if known in WORDS), DEFAULT)


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of one language's words, 8 kHz mu-law, whole frames."""

    moment: bytes
    apology: bytes


def coded(pcm8k: Pcm16) -> bytes:
    """Speech without the silence around it: a phrase that is due is heard at once.

    Returns:
        8 kHz mu-law, whole frames; none if all is silence.
    """
    (loud,) = np.nonzero(np.abs(pcm8k.astype(np.int32)) > _QUIET)
    if not loud.size:
        return b""
    return framed(mulaw.encode(pcm8k[max(0, loud[0] - _KEPT) : loud[-1] + _KEPT]))


@cache
def shipped(language: str) -> Sound:
    """The sound that comes with the package.

    Args:
        language: one of `WORDS`.
    """
    with np.load(FILE) as file:
        return Sound(*(file[f"{language}/{kind}"].tobytes() for kind in ("moment", "apology")))


def shipped_texts() -> dict[str, Words]:
    """The texts from which the shipped sound was made, which must be those of `WORDS`."""
    with np.load(FILE) as file:
        table = file["texts"].tolist()
    return {language: Words(*row) for language, *row in table}
