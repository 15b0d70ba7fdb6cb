"""One-way latencies of a whole-call run, from what both of its ends have noted."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from agent.sim.phone_report import BankReport, PhoneReport
from agent.sim.recording import Recording

FRAME = 160


def uplink_ms(report: BankReport, recording: Recording) -> list[float]:
    """From a caller's frame going out to the message that completes it at the model."""
    latencies: list[float] = []
    for call, name in zip(in_order(report), recording.connections, strict=True):
        n_samples = 0
        for frame in recording.frames:
            if frame.connection != name or frame.kind != "audio":
                continue
            n_samples += frame.n_samples
            index = round(n_samples / 320) - 1  # 20 ms at 16 kHz
            if index < len(call.sent_at):
                latencies.append(1000 * (frame.at_s - call.sent_at[index]))
    return latencies


def first_message_samples(call: PhoneReport, index: int) -> int:
    """How much audio, at 8 kHz, the first message of a reply held, in whole frames.

    It is not told, but follows: what was queued when the next one came, and what had been played.
    """
    if index + 1 == len(call.received_at):
        return FRAME
    played_s = call.received_at[index + 1] - call.received_at[index]
    return max(round((call.leads_s[index + 1] + played_s) * 8000 / FRAME), 1) * FRAME


def downlink_ms(
    report: BankReport, sent_at: Iterable[Sequence[float]], chunk_ms: int
) -> tuple[list[float], list[float]]:
    """To the first message of each reply at the carrier, in ms.

    Args:
        sent_at: when the model sent each message, for each call in the order of their starts.
        chunk_ms: the length of each.

    Returns:
        From the model's message that completes it, and from the first of the reply.
    """
    beyond: list[float] = []
    from_first: list[float] = []
    for call, sent in zip(in_order(report), sent_at, strict=True):
        gaps = [index for index in range(1, len(sent)) if sent[index] - sent[index - 1] > 1.0]
        for first in (0, *gaps) if sent else ():
            index = bisect_left(call.received_at, sent[first])
            if index == len(call.received_at):
                continue  # the call ended before
            needed = 3 * first_message_samples(call, index) - 2  # at 24 kHz, the last is enough
            last = min(first + math.ceil(needed / (24 * chunk_ms)) - 1, len(sent) - 1)
            beyond.append(1000 * (call.received_at[index] - sent[last]))
            from_first.append(1000 * (call.received_at[index] - sent[first]))
    return beyond, from_first


def in_order(report: BankReport) -> list[PhoneReport]:
    return sorted(report.calls, key=lambda call: call.started_at)
