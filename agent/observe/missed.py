"""Calls that never came to the agent, and the record of one; without I/O.

Nobody answered, or nobody was to be talked to, or it was over before its media stream began. What
tells such a record from others is that it has no stream. Callbacks come late and in any order, and
the spool keeps none: so whoever keeps records takes this one only of a call that has none yet.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from agent.call.cost import CallPrices, Meter
from agent.observe.carrier_news import CarrierNews, with_news
from agent.observe.record_schema import CallRecord, Cost, Direction


class Missed(StrEnum):
    """Why a call never came to the agent, where no `Outcome` says it."""

    BUSY = "busy"
    """The line of who was called was busy."""
    NO_ANSWER = "no_answer"
    """It rang, and nobody answered."""
    UNREACHABLE = "unreachable"
    """The carrier could not put it through."""
    CANCELED = "canceled"
    """It was taken back before anybody answered."""
    CLOSED = "closed"
    """The business was closed, and its file says what callers hear then."""
    TURNED_AWAY = "turned_away"
    """There was no room for it, or the tenant's file says that such a call is not talked."""
    UNCLEAR = "unclear"
    """The carrier had it, and never told what became of it."""


@dataclass(frozen=True, slots=True)
class MissedCall:
    """Who, whom and when.

    Attributes:
        call_id: the carrier's.
        caller: the number of the person, whoever called.
        line: the number of the service.
        began_at: in UTC.
    """

    call_id: str
    tenant: str
    direction: Direction
    caller: str | None
    line: str | None
    began_at: datetime


def is_missed(record: CallRecord) -> bool:
    """Whether it is of a call that never came to the agent."""
    return not record.stream_id


def missed_record(
    call: MissedCall,
    outcome: str,
    ended_at: datetime,
    *,
    generation: int | None = None,
    news: CarrierNews | None = None,
    prices: CallPrices | None = None,
) -> CallRecord:
    """The record of a call that is over.

    Args:
        outcome: an `Outcome`, or `Missed`.
        news: what the carrier has told of it.
        prices: of the carrier's minutes; None: nobody knows them.
    """
    record = CallRecord(
        call_id=call.call_id,
        tenant=call.tenant,
        generation=generation,
        direction=call.direction,
        caller=call.caller,
        line=call.line,
        began_at=call.began_at,
        ended_at=max(call.began_at, ended_at),
        outcome=outcome,
    )
    record = with_news(record, news)
    if prices is None or not prices.dated:
        return record
    meter = Meter(prices)
    meter.carrier(record.carrier.duration_s or 0)
    return msgspec.structs.replace(record, cost=msgspec.convert(asdict(meter.cost()), Cost))
