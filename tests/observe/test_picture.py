"""The picture of a call: spans from a timeline, and a document that any viewer can read."""

from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.audio.pcm import Pcm16, silence
from agent.call.timeline import Entry, Timeline
from agent.observe.picture import Span, spans, timeline_svg

SVG = "{http://www.w3.org/2000/svg}"


def entries(*facts: tuple[float, str] | tuple[float, str, dict[str, object]]) -> list[Entry]:
    timeline = Timeline(0.0)
    for t, name, *values in facts:
        timeline.add(t, name, **(values[0] if values else {}))
    return list(timeline)


def tone(seconds: float) -> Pcm16:
    t = np.arange(round(seconds * 8000)) / 8000
    return np.asarray(np.sin(2 * np.pi * 300 * t) * 9000).astype(np.int16)


def draw(
    facts: list[Entry], caller: Pcm16 | None = None, agent: Pcm16 | None = None, title: str = "call"
) -> Element:
    empty = silence(0)
    caller = empty if caller is None else caller
    agent = empty if agent is None else agent
    return fromstring(timeline_svg(facts, caller, agent, title=title))


def texts(svg: Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def bars(svg: Element) -> list[str]:
    """What each bar says of itself."""
    return [title.text or "" for title in svg.findall(f"{SVG}rect/{SVG}title")]


def test_starts_are_paired_with_their_ends() -> None:
    facts = entries(
        (0.5, "agent.audio_started", {"turn": 1}),
        (1.0, "tool.requested", {"id": "a", "tool": "look_up"}),
        (1.2, "tool.requested", {"id": "b", "tool": "book"}),
        (1.5, "tool.finished", {"id": "a"}),
        (2.0, "agent.audio_ended", {"mark": "e0:t1:1"}),
        (1.8, "caller.speech_started"),
        (2.5, "caller.speech_ended"),
    )
    assert spans(facts, 4.0) == [
        Span("agent", 0.5, 2.0, ""),
        Span("tool", 1.0, 1.5, "look_up"),
        Span("tool", 1.2, 4.0, "book"),
        Span("caller", 1.8, 2.5, ""),
    ]


def test_a_barge_in_ends_what_the_agent_says() -> None:
    facts = entries(
        (1.0, "agent.audio_started"),
        (2.0, "barge_in"),
        (3.0, "agent.audio_started"),
        (4.0, "agent.audio_ended"),
    )
    assert spans(facts, 5.0) == [Span("agent", 1.0, 2.0, ""), Span("agent", 3.0, 4.0, "")]


def test_a_cancellation_ends_functions() -> None:
    facts = entries(
        (1.0, "tool.requested", {"id": "a", "tool": "f"}),
        (1.0, "tool.requested", {"id": "b", "tool": "g"}),
        (2.0, "tool.cancelled", {"ids": ("a", "unknown")}),
        (3.0, "tool.cancelled"),
    )
    assert spans(facts, 5.0) == [Span("tool", 1.0, 2.0, "f"), Span("tool", 1.0, 5.0, "g")]


def test_an_end_that_is_missing_is_where_the_next_one_begins() -> None:
    facts = entries((1.0, "agent.audio_started"), (3.0, "agent.audio_started"))
    assert spans(facts, 5.0) == [Span("agent", 1.0, 3.0, ""), Span("agent", 3.0, 5.0, "")]


def test_an_end_without_a_start_is_nothing() -> None:
    assert spans(entries((1.0, "caller.speech_ended"), (1.0, "barge_in")), 5.0) == []


def test_the_picture_shows_voices_bars_and_moments() -> None:
    facts = entries(
        (0.2, "agent.audio_started"),
        (1.2, "agent.audio_ended"),
        (1.5, "tool.requested", {"id": "a", "tool": "look_up"}),
        (1.7, "tool.finished", {"id": "a"}),
        (2.0, "barge_in"),
        (2.1, "dtmf", {"pii.digit": "7"}),
        (3.0, "call.ended", {"outcome": "caller_hung_up"}),
    )
    svg = draw(facts, tone(3), tone(2), title="bella-vista")
    assert bars(svg) == ["agent 0.20-1.20 s", "tool look_up 1.50-1.70 s"]
    assert {"bella-vista", "caller", "agent", "look_up", "barge-in", "key", "end"} <= {*texts(svg)}
    waves = [path for path in svg.iter(f"{SVG}path") if path.get("fill-opacity")]
    assert len(waves) == 2
    assert "pii" not in "".join(texts(svg))


def test_audio_stands_where_it_was_heard() -> None:
    svg = fromstring(timeline_svg([], tone(1), silence(0), title="t", audio_starts_s=1.0))
    [wave] = [path for path in svg.iter(f"{SVG}path") if path.get("fill-opacity")]
    first_x = float((wave.get("d") or "")[1:].split()[0])
    assert first_x == pytest.approx(96 + (1280 - 96 - 20) / 2, abs=0.1)


def test_an_empty_call_has_a_picture_too() -> None:
    svg = draw([])
    assert bars(svg) == []
    assert [path for path in svg.iter(f"{SVG}path") if path.get("fill-opacity")] == []


def test_a_sample_at_the_end_of_the_scale_is_drawn() -> None:
    draw([], np.full(8000, -32768, np.int16), np.full(8000, 32767, np.int16))


@pytest.mark.parametrize("seconds", [5, 100, 3600, 200_000])
def test_the_axis_is_readable_however_long_the_call(seconds: int) -> None:
    marks = [text for text in texts(draw(entries((seconds, "call.ended")))) if text.endswith(" s")]
    assert 2 <= len(marks) <= 60


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_whatever_the_model_calls_a_function_the_picture_can_be_read(name: str) -> None:
    svg = draw(entries((0.0, "tool.requested", {"id": "a", "tool": name})), title=name)
    assert svg.tag == f"{SVG}svg"


def test_a_move_is_a_band_over_both_voices_with_its_reason() -> None:
    facts = entries(
        (1.0, "model.going_away", {"time_left_s": 10.0}),
        (2.0, "model.leaving", {"planned": True}),
        (2.5, "model.moved", {"connection": 2}),
        (4.0, "model.leaving", {"planned": False}),
    )
    assert spans(facts, 5.0) == [
        Span("move", 2.0, 2.5, "moves"),
        Span("move", 4.0, 5.0, "lost, moves"),
    ]
    svg = draw(facts, tone(5), tone(5))
    assert {"goAway", "moves", "lost, moves"} <= {*texts(svg)}
    bands = [path for path in svg.iter(f"{SVG}path") if path.get("fill-opacity") == "0.18"]
    assert len(bands) == 2
    assert bars(svg) == ["move moves 2.00-2.50 s", "move lost, moves 4.00-5.00 s"]
