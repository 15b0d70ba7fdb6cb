"""Messages that callers speak on a recording of the carrier's: asked for, and noted."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from agent.telephony.twilio import dial
from agent.tenants.tenant import Tenant
from agent.tools.messages import Message, keep, path_of

DONE_PATH = "/twilio/voicemail/done"
RECORDED_PATH = "/twilio/voicemail/recorded"
KNOWN_CALLERS = 1_000

_RECORDING = re.compile(r"RE[0-9a-f]{32}")

_log = structlog.stdlib.get_logger()


def voicemail_document(tenant: Tenant, origin: str, *, say: str) -> str:
    """The document that takes a message.

    Args:
        origin: of our addresses; empty: the carrier completes them.
        say: what is heard before the tone.
    """
    return dial.record(
        say=say,
        language=tenant.agent.language or "en-US",
        action=origin + DONE_PATH,
        callback=f"{origin}{RECORDED_PATH}/{tenant.tenant}",
        longest_s=tenant.voicemail.longest,
        pause_s=tenant.voicemail.pause,
    )


class Voicemails:
    """Notes the messages of a service where `take_message` keeps its own, each once.

    Args:
        data: the folder that these are kept in.
        counters: `voicemails` are counted there.
    """

    def __init__(self, data: Path, counters: Counter[str]) -> None:
        self._data = data
        self._counters = counters
        self._callers: OrderedDict[str, str] = OrderedDict()

    def expected(self, call_id: str, caller: str | None) -> None:
        """A caller is about to speak: whoever tells of the recording does not say who it was."""
        if caller:
            self._callers[call_id] = caller
        while len(self._callers) > KNOWN_CALLERS:
            self._callers.popitem(last=False)

    async def recorded(self, tenant: Tenant, fields: Mapping[str, str]) -> bool:
        """A recording can be fetched; returns whether it is noted, now or before.

        Args:
            fields: of the carrier's callback.
        """
        recording, call_id = fields.get("RecordingSid", ""), fields.get("CallSid", "")
        seconds = fields.get("RecordingDuration", "")
        if not _RECORDING.fullmatch(recording):
            return False
        if fields.get("RecordingStatus", "completed") != "completed" or seconds == "0":
            _log.info("voicemail.empty", recording=recording)
            return False
        length = f", {seconds} s" if re.fullmatch(r"\d{1,5}", seconds) else ""
        message = Message(
            datetime.now(UTC).astimezone(tenant.hours.timezone).isoformat(timespec="seconds"),
            call_id[:64],
            self._callers.get(call_id),
            f"Voicemail{length}: recording {recording}",
        )
        path = path_of(self._data, tenant.tenant)
        try:
            new = await asyncio.to_thread(keep, path, message, recording)
        except (sqlite3.Error, OSError) as error:
            _log.error("voicemail.not_noted", recording=recording, error=type(error).__name__)
            raise
        if new:
            self._counters["voicemails"] += 1
            _log.info("voicemail.noted", tenant=tenant.tenant, recording=recording)
        return True
