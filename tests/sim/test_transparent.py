"""Transparent resumption: updates that say which messages they include (E-33)."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sim.faults import Faults
from agent.sim.mishaps import Resumption
from agent.sim.scripted import marker
from tests.sim.model_line import FRAME, Line

TRANSPARENT: dict[str, Any] = {"sessionResumption": {"transparent": True}}


def transparent(**rules: Any) -> Line:
    faults = Faults(resumption=Resumption(**rules))
    return Line("vertex-3.8", setup=TRANSPARENT, faults=faults).set_up()


def indices(line: Line) -> list[str]:
    return [update.get("lastConsumedClientMessageIndex", "") for update in line.updates]


def test_setup_is_message_0_and_the_next_is_1() -> None:
    line = transparent(update_every=10)
    assert indices(line) == [""]
    assert indices(line.hush(0.4)) == ["", "10"]
    assert indices(line.text("hi").run(6.0)) == ["", "10", "11"]


def test_an_index_is_a_string_and_only_there_when_asked_for() -> None:
    assert isinstance(indices(transparent(update_every=1).hush(0.04))[-1], str)
    plain = Line("vertex-3.8", setup={"sessionResumption": {}}).set_up().hush(4.0).text("hi")
    assert set(indices(plain.run(6.0))) == {""}


def test_the_handle_includes_exactly_the_messages_up_to_its_index() -> None:
    for lag in (0, 7):
        line = transparent(update_every=10, index_lag=lag).hush(0.2).say(1, 0.48, then=0.36)
        n_sent = line.n_said // FRAME
        index = int(indices(line)[-1])
        assert index <= n_sent - lag
        line.redial(transparent=True)
        assert line.kept().n_samples == index * FRAME


def test_what_is_replayed_is_consumed_once() -> None:
    line = transparent(update_every=10, index_lag=5).hush(0.2).say(1, 0.5)
    index = int(indices(line)[-1])
    said = marker(1, 0.5, 16_000)
    start = index * FRAME
    line.redial(transparent=True).forget().audio_from(said[start - 3200 :], start).hush(1.5)
    assert line.account().missing == line.account().repeated == ()
    assert line.kept().n_samples == line.n_said
    transcripts = [got.content["inputTranscription"] for got in line.all("inputTranscription")]
    assert transcripts == [{"text": "utterance 1"}, {"finished": True}]


def test_replaying_too_much_or_too_little_shows_in_samples() -> None:
    line = transparent(update_every=10).hush(0.6)
    index = int(indices(line)[-1])
    start = index * FRAME
    line.redial(transparent=True).audio_from(marker(0, 0.2, 16_000)[:1280], start - FRAME)
    line.hush(0.2)
    assert line.account().repeated == ((start - FRAME, start),)
    assert line.account().missing == ((start + FRAME, 15 * FRAME),)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(0, 20))
def test_a_client_that_replays_by_the_index_loses_and_repeats_nothing(
    cuts: list[int], lag: int
) -> None:
    line = transparent(update_every=10, index_lag=lag)
    voice = np.concatenate([marker(i, 0.32, 16_000) for i in range(8)] * 2)
    sent: list[tuple[int, int]] = []  # of this connection, from index 1: the caller's ranges
    for n_frames in cuts:
        start = line.n_said
        line.audio(voice[start : start + n_frames * FRAME])
        sent += [(at, at + FRAME) for at in range(start, line.n_said, FRAME)]
        consumed = int(indices(line)[-1] or 0) if line.updates else 0
        line.redial(transparent=True)
        line.forget()
        sent = sent[consumed:]
        for at, end in sent:
            line.audio_from(voice[at:end], at)
    assert line.account().missing == line.account().repeated == ()
