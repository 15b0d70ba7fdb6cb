"""What the carrier has told of the latest calls, for their records: written already, or not yet.

Callbacks come late, twice and in any order, some of them after the call's record was written. So
what is known of a call only grows (`agent.observe.carrier_news`), and what comes after its record
goes to the store on its own.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from agent.call.report import CallReport
from agent.observe.carrier_news import LONGEST_ERROR, CarrierNews, merged
from agent.observe.record_schema import Transfer, TransferEnd
from agent.service.continuation import MOST_CALLS
from agent.service.latest import Latest
from agent.service.running import RunningCall


class CarrierFacts:
    """What is known of the latest calls; an observer of them.

    Attributes:
        late: takes what is told of a call whose record was written, or is not to come from here.
    """

    def __init__(self, most: int = MOST_CALLS) -> None:
        self.late: Callable[[CarrierNews], None] = _nobody_keeps
        self._by_call: Latest[str, CarrierNews] = Latest(most)
        self._running: dict[str, str] = {}

    def of(self, call_id: str) -> CarrierNews | None:
        """What is known of a call; None: nothing."""
        return self._by_call.get(call_id)

    def began(self, running: RunningCall) -> None:
        """See `CallObserver`: its record will have what is told until its end."""
        self._running[running.id] = running.tenant

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """See `CallObserver`."""
        self.recorded(running.id, self._running.pop(running.id, running.tenant))

    def recorded(self, call_id: str, tenant: str) -> None:
        """A call's record is written, or about to be; what follows is late."""
        known = self._by_call.get(call_id) or CarrierNews(call_id=call_id)
        self._by_call[call_id] = merged(known, CarrierNews(call_id=call_id, tenant=tenant))

    def call_over(self, call_id: str, status: str, seconds: str, sip_code: str) -> None:
        """The carrier says that a call is over, in its own words."""
        self._learn(
            CarrierNews(
                call_id=call_id,
                status=status,
                duration_s=_number(seconds),
                sip_code=_number(sip_code),
            )
        )

    def stream_failed(self, call_id: str, error: str) -> None:
        """The carrier says what went wrong with a stream."""
        error = " ".join(error.split())[:LONGEST_ERROR]
        if error:
            self._learn(CarrierNews(call_id=call_id, stream_errors=(error,)))

    def passed_on(self, call_id: str, transfer: Transfer) -> int:
        """A caller is passed on; returns the number of this attempt."""
        known = self.of(call_id)
        n = 0 if known is None else len(known.transfers)
        self._learn(CarrierNews(call_id=call_id, transfers={n: transfer}))
        return n

    def transfer_over(
        self, call_id: str, n: int | None, ended: TransferEnd, seconds: str = ""
    ) -> None:
        """What came of an attempt; of one that nobody knows, nothing is kept.

        Args:
            n: its number; None: the latest.
            seconds: that the two talked, in the carrier's words.
        """
        known = self.of(call_id)
        if known is None or not known.transfers:
            return
        n = max(known.transfers) if n is None else n
        if (transfer := known.transfers.get(n)) is None:
            return
        told = replace(transfer, ended=ended, talked_s=_number(seconds))
        self._learn(CarrierNews(call_id=call_id, transfers={n: told}))

    def _learn(self, news: CarrierNews) -> None:
        known = self._by_call.get(news.call_id)
        now_known = news if known is None else merged(known, news)
        if not news.call_id or now_known == known:
            return
        self._by_call[news.call_id] = now_known
        if news.call_id not in self._running:
            self.late(now_known)


def _nobody_keeps(news: CarrierNews) -> None:
    """No records are kept."""


def _number(text: str) -> int | None:
    """A whole number in the carrier's words; None: it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
