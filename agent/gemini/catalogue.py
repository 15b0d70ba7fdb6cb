"""Voices and languages of the service, by name, without I/O.

Source: docs/protocols/gemini-live.md 5.2, 5.3.
"""

from __future__ import annotations

import difflib

VOICES = (
    "Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe",
    "Charon", "Despina", "Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore",
    "Laomedeia", "Leda", "Orus", "Puck", "Pulcherrima", "Rasalgethi", "Sadachbia", "Sadaltager",
    "Schedar", "Sulafat", "Umbriel", "Vindemiatrix", "Zephyr", "Zubenelgenubi",
)  # fmt: skip
"""The prebuilt voices; the service compares them case for case."""

LANGUAGES = (
    "ar-EG", "ar-XA", "bn-BD", "bn-IN", "cmn-CN", "de-DE", "en-AU", "en-GB", "en-IN", "en-US",
    "es-ES", "es-US", "fr-CA", "fr-FR", "gu-IN", "hi-IN", "id-ID", "it-IT", "ja-JP", "kn-IN",
    "ko-KR", "ml-IN", "mr-IN", "nl-NL", "pl-PL", "pt-BR", "ro-RO", "ru-RU", "ta-IN", "te-IN",
    "th-TH", "tr-TR", "uk-UA", "vi-VN",
)  # fmt: skip
"""Language codes that are documented or seen in use; the models understand more than these."""


def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """The known name that `name` was most likely meant to be, or None; ignores case."""
    folded = {entry.lower(): entry for entry in known}
    found = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
