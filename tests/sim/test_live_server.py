import base64
from typing import Any

import pytest

from agent.sim.faults import Faults
from agent.sim.live_server import ServerState
from agent.sim.mishaps import GoAway, Shut
from agent.sim.server_io import Close, Send
from agent.sim.server_profiles import PROFILES
from tests.sim.model_line import Line, calling, tools

TEXT_FRAME = {"realtimeInput": {"text": "hello"}}


def blob(data: bytes, mime_type: str = "audio/pcm;rate=16000") -> dict[str, Any]:
    encoded = base64.b64encode(data).decode()
    return {"realtimeInput": {"audio": {"mimeType": mime_type, "data": encoded}}}


def reason_of(line: Line) -> tuple[int, str]:
    assert line.close is not None
    assert line.server.state is ServerState.CLOSED
    return line.close.code, line.close.reason


# Set-up


def test_setup_complete_is_empty_on_the_developer_api_and_names_a_session_on_vertex() -> None:
    assert Line("dev-3.8").set_up().got[0].message == {"setupComplete": {}}
    for name in ("vertex-3.8", "vertex-2.5-half-cascade"):
        [session_id] = Line(name).set_up().got[0].message["setupComplete"].values()
        assert len(session_id) == 36


def test_setup_takes_as_long_as_scripted_or_for_ever() -> None:
    late = Line(faults=Faults(setup_delay_s=3.0)).set_up().run(2.8)
    assert late.got == []
    assert late.run(0.2).labels == ["setupComplete"]
    never = Line(faults=Faults(setup_never=True)).set_up().run(60.0)
    assert never.got == []
    assert never.close is None


@pytest.mark.parametrize("code", [1007, 1008])
def test_anything_before_setup_is_refused(code: int) -> None:
    line = Line(faults=Faults(early_frame_code=code)).send(TEXT_FRAME)
    assert reason_of(line)[0] == code


def test_anything_before_setup_complete_is_refused() -> None:
    for message in (TEXT_FRAME, blob(b"\0\0")):
        line = Line()
        line.send({"setup": {"model": line.model}}).send(message).run(1.0)
        assert reason_of(line)[0] == 1007
        assert line.got == []


def test_a_second_setup_is_refused() -> None:
    line = Line().set_up()
    line.send({"setup": {"model": line.model}})
    assert reason_of(line) == (1007, "Request contains an invalid argument.")


def test_what_setup_asks_for_and_the_model_does_not_do_is_refused_before_setup_complete() -> None:
    setups: list[dict[str, Any]] = [
        {"model": "models/gemini-9"},
        {"toolConfig": {}},
        {"generationConfig": {"responseModalities": ["TEXT"]}},
        {"tools": [{"functionDeclarations": [{"name": "1"}]}]},
    ]
    for setup in setups:
        line = Line(setup=setup).set_up()
        assert line.got == []
        assert line.close is not None


def test_proactivity_is_known_to_v1alpha_and_to_vertex_only() -> None:
    asked = {"proactivity": {"proactiveAudio": True}}
    assert Line(setup=asked, api_version="v1alpha").set_up().close is None
    assert Line("vertex-3.8", setup=asked).set_up().close is None
    refused = reason_of(Line(setup=asked, api_version="v1beta").set_up())
    assert refused == (
        1007,
        "Invalid JSON payload received. "
        "Unknown name \"proactivity\" at 'setup': Cannot find field.",
    )


@pytest.mark.parametrize(
    ("profile", "setup", "known"),
    [
        ("dev-3.8", {"sessionResumption": {"transparent": True}}, False),
        ("vertex-3.8", {"sessionResumption": {"transparent": True}}, True),
        ("dev-3.8", {"explicitVadSignal": True}, False),
        ("vertex-3.8", {"explicitVadSignal": True}, True),
        ("dev-3.8", {"historyConfig": {}}, True),
        ("vertex-3.8", {"historyConfig": {}}, False),
    ],
)
def test_fields_of_one_surface_are_unknown_to_the_other(
    profile: str, setup: dict[str, Any], known: bool
) -> None:
    line = Line(profile, setup=setup).set_up()
    assert (line.close is None) is known
    if line.close is not None:
        assert "Unknown name" in line.close.reason


@pytest.mark.parametrize("profile", PROFILES)
def test_context_update_is_known_to_38_only(profile: str) -> None:
    setup: dict[str, Any] = {}
    if profile == "dev-3.8-xt":
        setup = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}
    line = Line(profile, setup=setup).set_up()
    line.send({"contextUpdate": {"systemInstruction": {"parts": [{"text": "Be brief."}]}}})
    assert (line.close is None) is ("3.8" in profile)


def test_affective_dialog_on_38_is_refused_when_first_used() -> None:
    setup = {"generationConfig": {"enableAffectiveDialog": True}}
    for message in (TEXT_FRAME, blob(b"\0\0")):
        line = Line(setup=setup).set_up()
        assert line.labels == ["setupComplete"]
        assert reason_of(line.send(message))[0] == 1007


# Frames


def test_close_reasons_are_cut_at_123_bytes_between_characters() -> None:
    line = Line().send({"setup": {"model": "models/" + "ü" * 200}})
    code, reason = reason_of(line)
    assert code == 1008
    assert 121 <= len(reason.encode()) <= 123


def test_after_a_close_nothing_is_said_or_heard() -> None:
    line = Line().set_up()
    line.text("hi").send(b"garbage")
    assert reason_of(line)[0] == 1007
    line.run(10.0).send(TEXT_FRAME)
    line.server.heard(1, "x", line.now)
    line.server.handle_timer(line.now)
    assert line.labels == ["setupComplete"]
    assert line.server.next_timer() is None


def test_a_client_that_closes_ends_everything() -> None:
    line = Line().set_up()
    line.text("hi")
    line.server.closed()
    line.run(10.0)
    assert line.labels == ["setupComplete"]


def test_text_and_binary_frames_in_either_spelling_are_understood() -> None:
    for frame in ('{"realtimeInput":{"text":"a"}}', b'{"realtime_input":{"text":"a"}}'):
        assert "audio" in Line().set_up().send(frame).run(5.0).labels


def test_every_frame_is_recorded_with_time_place_and_samples() -> None:
    line = Line().set_up()
    line.say(0, 0.2, then=0.6).text("a").run(1.0)
    frames = list(line.recording.frames)
    assert [frame.place for frame in frames] == list(range(len(frames)))
    assert frames[0].kind == "setup"
    assert frames[0].at_s == 100.0
    assert {frame.kind for frame in frames[1:-1]} == {"audio"}
    assert frames[1].n_samples == 640
    assert frames[-1].kind == "text"
    record = line.recording.connections["a"]
    assert record.n_samples == line.recording.n_samples == 0.8 * 16_000
    assert len(record.utterances) == 1
    assert line.recording.n_setups == 1


def test_tool_responses_are_recorded_by_id_known_or_not() -> None:
    line = Line(setup=tools("BLOCKING"), script=calling()).set_up()
    line.text("greet").run(5.0).text("ask").run(1.0)
    [call_id] = line.call_ids
    line.answer(call_id, "stranger").answer(call_id)
    assert line.recording.responses_to(call_id) == 2
    assert line.recording.connections["a"].ignored_responses == ["stranger", call_id]
    assert line.close is None


def test_a_refused_connection_is_recorded_with_its_close() -> None:
    line = Line().send(b"{}")
    assert line.recording.connections["a"].closed == reason_of(line)


def test_what_nobody_planned_befalls_a_connection_that_is_set_up() -> None:
    line = Line().set_up()
    line.server.befall(GoAway("5s"), line.now)
    assert line.server.outputs() == [Send(b'{"goAway":{"timeLeft":"5s"}}')]
    line.server.befall(Shut(1011, "gone"), line.now)
    assert line.server.outputs() == [Close(1011, "gone")]
    line.server.befall(Shut(1011, "again"), line.now)
    assert line.server.outputs() == []


def test_before_it_is_set_up_nothing_befalls_a_connection() -> None:
    line = Line()
    line.server.befall(Shut(), line.now)
    assert line.server.outputs() == []
    assert line.server.state is ServerState.NEW


def test_a_connection_says_what_is_going_on() -> None:
    line = Line()
    assert line.server.moment is None
    line.set_up()
    assert line.server.moment is None
    line.text("hello").run(0.1)
    assert line.server.moment == "thinking"
    line.run(0.5)
    assert line.server.moment in {"speaking", "playing"}
    line.run(10.0)
    assert line.server.moment is None
