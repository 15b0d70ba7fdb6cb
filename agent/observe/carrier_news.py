"""What the carrier tells of a call: late, twice, in any order; without I/O.

Pieces of news of one call can be put together in any order, and one that comes again changes
nothing. So whoever keeps them need not know what came first, nor whether the call's record did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from msgspec import Struct
from msgspec.structs import replace

from agent.observe.record_schema import CallRecord, Transfer, TransferEnd

MOST_ERRORS: Final = 5
"""Of a call's streams; a call that loses more has told enough."""
LONGEST_ERROR: Final = 200

_ENDS: Final[tuple[str, ...]] = get_args(TransferEnd.__value__)
"""Of two that are told of one transfer, the earlier of these holds."""


class CarrierNews(Struct, frozen=True, kw_only=True):
    """All that is known of one call.

    Attributes:
        call_id: the carrier's.
        tenant: whose call it is; None: whoever has the call's record knows.
        status, duration_s, sip_code, stream_errors: as in the record's `carrier`.
        transfers: as in the record, by their numbers from 0.
    """

    call_id: str
    tenant: str | None = None
    status: str | None = None
    duration_s: int | None = None
    sip_code: int | None = None
    stream_errors: tuple[str, ...] = ()
    transfers: Mapping[int, Transfer] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return self == CarrierNews(call_id=self.call_id, tenant=self.tenant)


def merged(a: CarrierNews, b: CarrierNews) -> CarrierNews:
    """All that two pieces of news of one call say, in whichever order they come."""
    return CarrierNews(
        call_id=a.call_id,
        tenant=_larger(a.tenant, b.tenant),
        status=_larger(a.status, b.status),
        duration_s=_larger(a.duration_s, b.duration_s),
        sip_code=_larger(a.sip_code, b.sip_code),
        stream_errors=tuple(sorted({*a.stream_errors, *b.stream_errors})[:MOST_ERRORS]),
        transfers={
            n: _transfer([news.transfers[n] for news in (a, b) if n in news.transfers])
            for n in sorted({*a.transfers, *b.transfers})
        },
    )


def with_news(record: CallRecord, news: CarrierNews | None) -> CallRecord:
    """A record with what is known by now."""
    known = news_of(record)
    if news is not None:
        known = merged(known, news)
    carrier = replace(
        record.carrier,
        status=known.status,
        duration_s=known.duration_s,
        sip_code=known.sip_code,
        stream_errors=known.stream_errors,
    )
    return replace(record, carrier=carrier, transfers=tuple(known.transfers.values()))


def news_of(record: CallRecord) -> CarrierNews:
    """What a record knows."""
    told = record.carrier
    return CarrierNews(
        call_id=record.call_id,
        tenant=record.tenant,
        status=told.status,
        duration_s=told.duration_s,
        sip_code=told.sip_code,
        stream_errors=told.stream_errors,
        transfers=dict(enumerate(record.transfers)),
    )


def without_news(record: CallRecord) -> CallRecord:
    """A record that knows nothing of it."""
    carrier = replace(record.carrier, status=None, duration_s=None, sip_code=None, stream_errors=())
    return replace(record, carrier=carrier, transfers=())


def _transfer(told: list[Transfer]) -> Transfer:
    """What is said of one transfer once, or twice."""
    ends = [transfer.ended for transfer in told if transfer.ended is not None]
    return replace(
        told[0],
        ended=min(ends, key=_ENDS.index, default=None),
        talked_s=_larger(told[0].talked_s, told[-1].talked_s),
    )


def _larger[T: (int, str)](a: T | None, b: T | None) -> T | None:
    """Of two that contradict each other, always the same one."""
    if a is None or b is None:
        return b if a is None else a
    return max(a, b)
