"""What a person says to take a call, or not to: a small table of words; without I/O.

The carrier's recogniser is told these words (`hints`) and gives back a text. How sure it is of it
says little about a single word, so that is not read: what is not plainly one or the other is not
understood, and the person is asked once more.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LONGEST: Final = 200
"""Characters of what is said; whoever tells a story has not answered."""

_WORD: Final = re.compile(r"[^\W_]+")
_APOSTROPHES: Final = re.compile("['`\u2019\u00b4]")


@dataclass(frozen=True, slots=True)
class Answers:
    """The words of one language; longer phrases count before the words in them."""

    yes: tuple[str, ...]
    no: tuple[str, ...]


_EVERYWHERE: Final = ("ok", "okay")

ANSWERS: Final[Mapping[str, Answers]] = MappingProxyType(
    {
        "de": Answers(
            ("ja", "jawohl", "gerne", "klar", "sicher", "kein problem", "verbinden", "annehmen"),
            ("nein", "nee", "nicht", "geht nicht", "kein", "keine", "später", "ablehnen"),
        ),
        "en": Answers(
            ("yes", "yeah", "yep", "sure", "please do", "go ahead", "put them through",
             "no problem", "not a problem", "accept", "one"),
            ("no", "nope", "not", "can't", "cannot", "don't", "later", "decline", "busy", "two"),
        ),
        "es": Answers(
            ("sí", "claro", "vale", "de acuerdo", "por supuesto", "no hay problema", "sin problema",
             "acepto", "adelante"),
            ("no", "ahora no", "no puedo", "más tarde", "luego", "rechazar"),
        ),
        "fr": Answers(
            ("oui", "ouais", "d'accord", "bien sûr", "pas de problème", "allez-y", "j'accepte"),
            ("non", "pas", "pas maintenant", "ne peux pas", "plus tard", "refuser"),
        ),
        "it": Answers(
            ("sì", "certo", "va bene", "d'accordo", "nessun problema", "volentieri", "accetto"),
            ("no", "non", "non posso", "adesso no", "più tardi", "rifiuto"),
        ),
        "nl": Answers(
            ("ja", "jazeker", "graag", "prima", "goed", "geen probleem", "verbind maar door"),
            ("nee", "neen", "niet", "geen", "nu niet", "later", "weigeren"),
        ),
        "pl": Answers(
            ("tak", "jasne", "dobrze", "oczywiście", "nie ma problemu", "proszę łączyć"),
            ("nie", "nie mogę", "nie teraz", "później", "odrzuć"),
        ),
        "pt": Answers(
            ("sim", "claro", "pode ser", "tudo bem", "sem problema", "não tem problema", "aceito"),
            ("não", "agora não", "não posso", "mais tarde", "depois", "recuso"),
        ),
        "tr": Answers(
            ("evet", "tamam", "olur", "tabii", "sorun değil", "kabul"),
            ("hay\u0131r", "olmaz", "değil", "şimdi değil", "sonra", "ret"),
        ),
    }
)  # fmt: skip


def answers_in(language: str) -> Answers | None:
    """The words for a code such as `pt-BR`; None: nobody has written them down."""
    return ANSWERS.get(language.lower().partition("-")[0])


def hints(language: str) -> tuple[str, ...]:
    """What the recogniser should expect to hear; nothing where no words are known."""
    known = answers_in(language)
    return () if known is None else (*known.yes, *known.no, *_EVERYWHERE)


def understood(spoken: str, language: str) -> bool | None:
    """Whether a person takes a call; None: it is not plain from these words.

    Args:
        spoken: what the recogniser made of it.
    """
    known = answers_in(language)
    if known is None or len(spoken) > LONGEST:
        return None
    left = f" {_plain(spoken)} "
    found: set[bool] = set()
    for phrase, takes in _phrases(known):
        if f" {phrase} " in left:
            found.add(takes)
            left = left.replace(f" {phrase} ", "  ")
    return found.pop() if len(found) == 1 else None


def _phrases(known: Answers) -> Iterator[tuple[str, bool]]:
    """The longest first: in "no problem" there is no "no"."""
    words = [(_plain(each), True) for each in (*known.yes, *_EVERYWHERE)]
    words += [(_plain(each), False) for each in known.no]
    yield from sorted(words, key=lambda each: -len(each[0]))


def _plain(text: str) -> str:
    """Words without capitals, accents and signs, one space between two."""
    folded = _APOSTROPHES.sub("", text).casefold().replace("\u0131", "i")  # no dot, as in HAYIR
    decomposed = unicodedata.normalize("NFKD", folded)
    return " ".join(_WORD.findall("".join(c for c in decomposed if not unicodedata.combining(c))))
