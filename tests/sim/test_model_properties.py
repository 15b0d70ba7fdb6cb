"""What holds of the model's stand-in whatever a client does."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sim.scripted import Script, marker
from agent.sim.server_profiles import PROFILES
from agent.sim.wire_schema import CLIENT_MESSAGE
from tests.sim.model_line import Line, audio_frame, tools

XT = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def shaped(schema: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that mostly fit the schema, and sometimes do not."""
    if isinstance(schema, list):
        return st.lists(shaped(schema[0], depth + 1), max_size=2)
    if not isinstance(schema, dict) or depth > 5:
        fitting = st.sampled_from(
            ["", "AUDIO", "user", "models/gemini-3.8-live", "AAAA", 0, 1, True, {}]
        )
        return fitting | json_values
    fields = {key: shaped(value, depth + 1) for key, value in schema.items()}
    return st.fixed_dictionaries({}, optional=fields) | json_values


messages = st.sampled_from(sorted(CLIENT_MESSAGE)).flatmap(
    lambda kind: shaped(CLIENT_MESSAGE[kind]).map(lambda body: {kind: body})
)
frames = st.one_of(
    messages.map(lambda message: json.dumps(message)),
    st.binary(max_size=20),
    st.text(max_size=20),
    st.just(audio_frame(marker(0, 0.04, 16_000))),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PROFILES)), st.booleans(), st.lists(frames, max_size=5))
def test_no_frame_of_a_client_raises(profile: str, set_up: bool, sent: list[bytes | str]) -> None:
    line = Line(profile, setup=XT if profile == "dev-3.8-xt" else {})
    if set_up:
        line.set_up()
    for frame in sent:
        line.send(frame).run(0.1)
    line.run(20.0)
    timer = line.server.next_timer()
    assert timer is None or timer > line.now


actions = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(2, 12)),
        st.tuples(st.just("ask"), st.integers(2, 6)),
        st.tuples(st.just("hush"), st.integers(1, 30)),
        st.tuples(st.just("text"), st.just(0)),
        st.tuples(st.just("turn"), st.just(0)),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("run"), st.integers(1, 40)),
    ),
    min_size=3,
    max_size=12,
)


def play(line: Line, script: list[tuple[str, int]]) -> None:
    for action, n in script:
        match action:
            case "say":
                line.say(n % 3, n / 10)
            case "ask":  # and wait for the answer
                line.say(n % 3, n / 10, then=1.0)
            case "hush":
                line.hush(n / 10)
            case "text":
                line.text("hello")
            case "turn":
                line.turn("hello")
            case "answer":
                scheduling = ("WHEN_IDLE", "INTERRUPT", "SILENT", "")[n]
                line.answer(
                    *line.call_ids[-1:], **({"scheduling": scheduling} if scheduling else {})
                )
            case _:
                line.run(n / 10)


def check_order(labels: list[str]) -> None:
    """The rules of section 3.3 and E-19 on a stream of labels."""
    generated = cut = False
    for label in labels:
        if label in ("audio", "outputTranscription", "thought", "text"):
            assert not generated, "output after generationComplete"
            assert not cut, "output between interrupted and turnComplete"
        elif label == "generationComplete":
            assert not generated
            assert not cut
            generated = True
        elif label == "interrupted":
            assert not cut
            cut = True
        elif label == "turnComplete":
            generated = cut = False


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([name for name in PROFILES if name != "dev-3.8-xt"]),
    st.sampled_from(["BLOCKING", None]),
    st.integers(1, 2),
    actions,
)
def test_every_stream_is_in_order(
    profile: str, behavior: str | None, n_tools: int, script: list[tuple[str, int]]
) -> None:
    mind = Script(tool=("look_up", {}), tool_every=n_tools, filler="One moment please.")
    line = Line(profile, setup=tools(behavior), script=mind).set_up()
    play(line, script)
    line.run(40.0)
    assert line.labels[0] == "setupComplete"
    assert line.labels.count("setupComplete") == 1
    check_order([label for got in line.got for label in got.labels])
    assert all("usageMetadata" in got.message for got in line.all("turnComplete"))
    issued = set(line.call_ids)
    assert len(issued) == len(line.call_ids)
    for got in line.all("toolCallCancellation"):
        assert issued.issuperset(got.message["toolCallCancellation"]["ids"])
    opened = len(line.all("generationComplete")) + len(line.all("interrupted"))
    assert len(line.all("turnComplete")) <= opened + len(line.call_ids)
