"""The cover's phrases in the tenants' own voices: spoken beforehand, kept on disk, used by calls.

A file's name is a digest of all that its sound depends on (model, voice, language, text), so what
is found under a name is never out of date, and tenants who say the same with the same voice share
it.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import structlog

from agent.call.cover import CoverPlan
from agent.call.lead import FRAME
from agent.call.plan import Prepared
from agent.errors import DialError
from agent.service.connection import Dialler
from agent.service.phrase_session import LONGEST_S, PhraseError, speak

ROUNDS = 3
"""How often a phrase is asked for that was not said as it should be, or could not be;"""
PAUSE_S = 60.0
"""and how long after one round the next one begins."""

_LONGEST = round(LONGEST_S * 8000)

_log = structlog.stdlib.get_logger()


class PhraseCache:
    """The phrases of a service.

    Args:
        folder: of the files; made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sounds: dict[str, bytes] = {}

    @property
    def sounds(self) -> Mapping[str, bytes]:
        """What there is, by name; 8 kHz mu-law."""
        return MappingProxyType(self._sounds)

    def cover(self, prepared: Prepared) -> CoverPlan:
        """The cover of a tenant's next call: with what has been spoken so far."""
        plan = prepared.plan.cover
        return replace(
            plan,
            phrase=self._sounds.get(name_of(prepared, prepared.moment), plan.phrase),
            apology=self._sounds.get(name_of(prepared, prepared.apology), plan.apology),
        )

    async def fill(self, tenants: Iterable[Prepared], dialler: Dialler) -> None:
        """Read what is there and have the rest spoken, one phrase at a time; then return.

        It can be cancelled at any time. What fails is logged, and left to the next start.
        """
        wanted = {
            name_of(prepared, text): (prepared, text)
            for prepared in tenants
            for text in (prepared.moment, prepared.apology)
        }
        self._sounds.update(await asyncio.to_thread(_read, self._folder, list(wanted)))
        missing = {name: w for name, w in wanted.items() if name not in self._sounds}
        for rounds in range(ROUNDS):
            if rounds and missing:
                await asyncio.sleep(PAUSE_S)
            for name, (prepared, text) in list(missing.items()):
                if await self._speak(name, prepared, text, dialler):
                    del missing[name]
        _log.info("phrases.ready", spoken=len(wanted) - len(missing), missing=len(missing))

    async def _speak(self, name: str, prepared: Prepared, text: str, dialler: Dialler) -> bool:
        """Have one phrase spoken and keep it; return whether it is there."""
        tenant = prepared.plan.tenant
        try:
            sound = await speak(dialler, prepared, text)
        except (DialError, PhraseError) as error:
            _log.warning("phrase.not_spoken", tenant=tenant, reason=str(error))
            return False
        self._sounds[name] = sound
        try:
            await asyncio.to_thread(_write, self._folder, name, sound)
        except OSError as error:
            _log.warning("phrase.not_kept", tenant=tenant, reason=error.strerror)
        return True


def name_of(prepared: Prepared, text: str) -> str:
    """The name of a phrase: the same for the same sound, another one when anything changes."""
    setup = prepared.setup
    speech = setup.generation_config.speech_config if setup.generation_config else None
    voice = speech.voice_config if speech else None
    prebuilt = voice.prebuilt_voice_config if voice else None
    key = [
        setup.model,
        prebuilt.voice_name if prebuilt else None,
        speech.language_code if speech else None,
        text,
    ]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]


def _read(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The sounds that are on disk and whole; what is not will be spoken again."""
    found = {}
    for name in names:
        with suppress(OSError):
            sound = _path(folder, name).read_bytes()
            if 0 < len(sound) <= _LONGEST and len(sound) % FRAME == 0:
                found[name] = sound
    return found


def _write(folder: Path, name: str, sound: bytes) -> None:
    """Write a file that is there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, name)
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        draft.write_bytes(sound)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.ulaw"
