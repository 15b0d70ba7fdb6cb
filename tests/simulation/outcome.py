"""All that is known of a simulated call, in one short text: alike for calls that went alike."""

from __future__ import annotations

from dataclasses import astuple
from hashlib import sha256

from agent.sim.simulation.judging_words import accounts, repeated
from agent.sim.simulation.promises import breaches
from agent.sim.simulation.record import Record


def outcome(record: Record) -> str:
    """A digest of what was seen of it, of what it says of itself, and of the judgement."""
    parts = (
        *(record.outcome, record.ended, record.lasted_until, record.gone_at, record.most_lead_s),
        *(record.said, record.voiced, record.placed, record.heard, record.sounds),
        *(record.crashes, record.stray, record.timers, record.late_results),
        *record.connections.values(),
        *(record.tools.runs, record.tools.cancelled, sorted(record.tools.results.items())),
        *(sorted(record.tools.effects.items()), sorted(record.tools.told)),
        [(entry.name, sorted(entry.values.items())) for entry in record.call.timeline],
        *(astuple(record.report.continuity), record.session.figures),
        *(breaches(record), list(accounts(record)), list(repeated(record))),
    )
    return sha256(repr(parts).encode()).hexdigest()[:16]
