"""How much is kept for the next connection, and what is said of the rest."""

import gc
import itertools
import tracemalloc
from collections import Counter

import pytest

from agent.gemini.ledger import (
    MOST_BYTES,
    MOST_OTHER_BYTES,
    OVERHEAD_BYTES,
    Kind,
    Ledger,
)
from agent.gemini.session_state import MovePolicy
from tests.gemini.wire import SECOND, Wire, live, lost


def test_what_is_included_is_forgotten_in_time_and_what_is_not_is_kept() -> None:
    wire = live(acknowledges=True, keep_s=0.1)
    for _ in range(10):
        wire.packet(640)
    wire.ledger.acknowledged(4)
    wire.packet(640)
    assert lost(wire) == list(range(4, 11))


def test_a_ring_that_overflows_leaves_the_open_utterance_only_until_the_service_catches_up() -> (
    None
):
    wire = live(acknowledges=True, ring_s=0.2, keep_s=0.1)
    wire.packet(640)
    wire.ledger.acknowledged(1)
    for _ in range(8):
        wire.packet(640)
    assert lost(wire) == []
    wire.ledger.handle_came()
    wire.ledger.acknowledged(0)
    wire.packet(640)
    assert lost(wire) == [9]
    wire.pump()
    for _ in range(8):
        wire.packet(640)
    wire.ledger.acknowledged(3)  # what came next has been forgotten
    wire.lose()
    assert not wire.connect().exact


def test_a_packet_larger_than_the_ring_is_not_kept() -> None:
    wire = Wire(ring_s=0.01)
    wire.packet(161)
    wire.connect()
    assert wire.due == []
    assert wire.ledger.dropped == 161


def test_what_was_never_sent_is_lost_when_no_connection_follows() -> None:
    wire = live()
    wire.packet(640)
    wire.lose()
    wire.packet(320)
    wire.ledger.abandon()
    assert wire.ledger.dropped == 320
    wire.connect()
    assert wire.due == []


def test_a_text_that_a_full_ring_pushes_out_is_counted_too() -> None:
    wire = Wire(ring_s=0.1)
    wire.message()
    for _ in range(3):
        wire.packet(640)
    wire.connect()
    assert wire.due == [2, 3]
    assert wire.counters == {"frames_dropped": 1, "audio_samples_dropped": 640}


def test_texts_are_bounded_by_their_size_and_those_unsent_counted() -> None:
    wire = live()
    size = MOST_OTHER_BYTES // 4 - OVERHEAD_BYTES
    wire.packet(640)
    for index in (1, 2, 3, 4, 0):
        wire.ledger.add(bytes(size), index, Kind.TELLS)
    assert not wire.counters
    wire.ledger.acknowledged(3)
    for _ in range(5):
        wire.ledger.add(bytes(size), 0, Kind.TELLS)
    assert wire.counters == {"frames_dropped": 2}
    wire.ledger.add(bytes(MOST_OTHER_BYTES), 0, Kind.TELLS)
    assert wire.counters == {"frames_dropped": 7}


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("sizes", [(160,), (320,), (640,), (800,), (1_600,), (1_600, 1_600, 800)])
def test_a_minute_of_audio_is_kept_in_less_than_two_megabytes(
    sizes: tuple[int, ...], sent: bool
) -> None:
    ledger = Ledger(MovePolicy(), Counter(), acknowledges=True)
    packet = itertools.cycle(sizes)
    gc.collect()
    tracemalloc.start()
    try:
        most = index = 0
        while ledger.position < 75 * SECOND:
            index += 1
            ledger.add_audio(bytes(2 * next(packet)), index if sent else 0)
            if index % 20 == 0:
                most = max(most, tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert most < 2_000_000
    assert ledger.unconfirmed is not None
    assert 60 * SECOND - max(sizes) < ledger.unconfirmed <= 60 * SECOND
    assert ledger.dropped == (0 if sent else ledger.position - ledger.unconfirmed)


def test_packets_of_any_size_take_less_than_two_megabytes() -> None:
    ledger = Ledger(MovePolicy(), Counter(), acknowledges=True)
    tracemalloc.start()
    try:
        for index in range(1, 300_000):
            ledger.add_audio(b"12", 10**6 + index)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1_500_000 < kept < 2_000_000


def test_texts_take_the_room_of_audio_and_no_more() -> None:
    wire = live(acknowledges=True)
    for _ in range(8):
        wire.ledger.add(bytes(MOST_OTHER_BYTES // 8 - OVERHEAD_BYTES), 0, Kind.TELLS)
    for _ in range(61 * 25):
        wire.ledger.add_audio(bytes(1_280), 0)
    kept = wire.ledger.waiting
    assert kept.size <= MOST_BYTES
    assert kept.other_size <= MOST_OTHER_BYTES


def test_a_text_that_is_forgotten_for_its_size_leaves_a_hole() -> None:
    wire = live(acknowledges=True)
    wire.packet(640)
    wire.ledger.acknowledged(1)
    wire.ledger.add(bytes(MOST_OTHER_BYTES), 2, Kind.TELLS)
    wire.lose()
    assert not wire.connect().exact
