"""Calls of the past: their records, and the sound of one."""

import wave
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from agent.call.timeline import Entry
from agent.observe.record_schema import CallRecord, Cost, Turn
from tests.service.house import CALLER

BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECONDS = 2


def record(n: int, **changes: Any) -> CallRecord:
    """The record of the call that began after so many minutes."""
    values: dict[str, Any] = {
        "call_id": f"CA{n}",
        "stream_id": f"MZ{n}",
        "tenant": "shop",
        "caller": CALLER,
        "began_at": BEGAN + timedelta(minutes=n),
        "ended_at": BEGAN + timedelta(minutes=n + 1),
        "outcome": "caller_hung_up",
        "duration_s": 60.0,
        "cost": Cost(total=Decimal("0.0125"), prices_dated="2026-11-21"),
        "conversation": (Turn(number=1, began_s=1.0, answers_caller=True, caller_text="tables"),),
        "timeline": (Entry(1.0, "caller.said", {"turn": 1, "pii.text": "<img src=x> tables"}),),
    }
    return CallRecord(**{**values, **changes})


def sound(folder: Path, name: str = "recordings/shop/CA1.wav") -> Path:
    """Write the sound of a call, a steady level on both sides; returns its file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.full((8000 * SECONDS, 2), 16384, "<i2").tobytes())
    return path
