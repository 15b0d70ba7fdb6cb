"""What the carrier tells of a call is the same in the end, in whichever order it comes."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.observe.carrier_news import (
    MOST_ERRORS,
    CarrierNews,
    merged,
    news_of,
    with_news,
    without_news,
)
from agent.observe.record_schema import Transfer, TransferEnd
from tests.store.records import FULL, record

ENDS = get_args(TransferEnd.__value__)
NUMBERS = st.none() | st.integers(0, 5)


@st.composite
def news(draw: st.DrawFn) -> CarrierNews:
    numbers = draw(st.sets(st.integers(0, 2)))
    return CarrierNews(
        call_id="CA1",
        tenant=draw(st.sampled_from([None, "shop"])),
        status=draw(st.sampled_from([None, "completed", "busy"])),
        duration_s=draw(NUMBERS),
        sip_code=draw(NUMBERS),
        stream_errors=tuple(sorted(draw(st.sets(st.sampled_from("abcdefg"), max_size=3)))),
        transfers={
            n: Transfer(
                target="kitchen",
                ended=draw(st.sampled_from([None, *ENDS])),
                talked_s=draw(NUMBERS),
            )
            for n in sorted(numbers)
        },
    )


@given(news(), news(), news())
def test_order_and_repetition_make_no_difference(
    a: CarrierNews, b: CarrierNews, c: CarrierNews
) -> None:
    both = merged(a, b)
    assert both == merged(b, a)
    assert merged(both, a) == both == merged(both, both)
    assert merged(both, c) == merged(a, merged(b, c))


@given(news())
def test_nothing_adds_nothing(a: CarrierNews) -> None:
    nothing = CarrierNews(call_id="CA1")
    assert merged(a, nothing) == a
    assert a.empty == (merged(nothing, a) == CarrierNews(call_id="CA1", tenant=a.tenant))


def test_that_two_were_connected_stands_above_what_else_is_told() -> None:
    ended = [Transfer(target="kitchen", ended=end, talked_s=n) for n, end in enumerate(ENDS)]
    told = [CarrierNews(call_id="CA1", transfers={0: each}) for each in ended]
    for each in told:
        assert merged(told[0], each).transfers[0].ended == "answered"
    assert merged(told[0], told[3]).transfers[0].talked_s == 3


def test_errors_of_streams_have_a_bound() -> None:
    errors = [CarrierNews(call_id="CA1", stream_errors=(str(n),)) for n in range(MOST_ERRORS + 2)]
    known = errors[0]
    for each in errors:
        known = merged(known, each)
    assert known.stream_errors == tuple(map(str, range(MOST_ERRORS)))


@pytest.mark.parametrize("full", [FULL, record("CA2")])
def test_a_record_gives_its_news_away_and_takes_them_back(full: object) -> None:
    assert isinstance(full, type(FULL))
    bare = without_news(full)
    assert news_of(bare).empty
    assert with_news(bare, news_of(full)) == full
    assert with_news(full, None) == full
    assert with_news(full, news_of(full)) == full
    assert (bare.carrier.mark_round_trip_s, bare.carrier.gaps) == (
        full.carrier.mark_round_trip_s,
        full.carrier.gaps,
    )
