"""A tape for a test: nothing personal is left of the call, and it still goes its way."""

import dataclasses
from pathlib import Path
from typing import cast

import msgspec
import pytest

from agent.call.bargein import BargeInMode
from agent.call.core import CallPlan
from agent.call.cover import CoverPlan
from agent.call.idle import IdlePolicy
from agent.call.keypad import KeyAct, KeyPlan
from agent.call.tape import Began, Dialled, Fact, LeftMessage, PhoneBack
from agent.gemini.content import Content, Part
from agent.gemini.tools import FunctionDeclaration, Tool
from agent.observe.masked_tape import BEGINS_AT, masked
from agent.observe.replay import replay
from agent.observe.wires import ReadTape, read_tape, tape_bytes
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import Line, tool_call
from tests.call.tapes import PERSONAL, PLAN, Memory, busy, lived

SAID = CallPlan(
    "lovelace-and-sons",
    greeting="Good day, this is Lovelace and Sons.",
    consent="We record.",
    barge_in="both",
    idle=IdlePolicy(prompt_text="Mrs Lovelace?"),
    keys=KeyPlan(acts={"1": KeyAct("say", "Say: Lovelace.")}),
    claims={"book": ("Lovelace is booked",)},
    scheduling={"book": "INTERRUPT"},
    cover=CoverPlan(phrase=b"\x12" * 800, apology=b"\x34" * 400),
)


def tape(memory: Memory) -> ReadTape:
    began, *facts = memory.facts
    assert isinstance(began, Began)
    return ReadTape(began, facts, None)


def everything(tape: ReadTape) -> str:
    facts: list[Fact] = [tape.began, *tape.facts]
    return "\n".join(map(str, facts))


def test_nothing_personal_is_left() -> None:
    before = tape(lived(busy))
    for word in PERSONAL:
        assert word in everything(before)

    after = everything(masked(before).tape)

    for word in (*PERSONAL, "bella", before.began.call_id):
        assert word not in after


def test_it_goes_its_way_again_and_again() -> None:
    made = masked(tape(lived(busy)))

    again = replay(made.tape)

    assert again.difference is None
    assert again.report == made.report
    assert again.report.outcome == "caller_hung_up"


def test_it_still_does_what_the_call_did() -> None:
    before = tape(lived(busy))

    made = masked(before)

    was, now = replay(before).report, made.report
    assert now.barge_ins == was.barge_ins == 1
    assert now.continuity == was.continuity
    assert [t.name for t in now.tools] == [t.name for t in was.tools]
    assert [len(t.agent_text) for t in now.turns] == [len(t.agent_text) for t in was.turns]
    assert [t.latency_s for t in now.turns] == pytest.approx(
        [t.latency_s for t in was.turns], abs=0.05
    )
    assert made.alike > 0.98 * made.drains
    assert made.differs_s is None or made.differs_s > 0


def test_a_call_without_voices_does_all_the_same() -> None:
    made = masked(tape(lived(lambda line: line.run(3.0))))

    assert (made.alike, made.differs_s) == (made.drains, None)


def test_when_it_was_is_nobodys_business() -> None:
    made = masked(tape(lived(busy))).tape

    assert made.began.at == BEGINS_AT
    assert made.began.at_utc == ""
    assert made.facts[0].at == pytest.approx(BEGINS_AT, abs=0.1)


def test_what_the_tenant_wrote_is_masked_and_what_it_chose_is_not() -> None:
    plan = masked(tape(lived(lambda line: line.run(1.0), SAID))).tape.began.plan

    assert plan.tenant == "xxxxxxxx-xxx-xxxx"
    assert plan.greeting == "xxxx xxx, xxxx xx xxxxxxxx xxx xxxx."
    assert plan.consent == "xx xxxxxx."
    assert plan.idle.prompt_text == "xxx xxxxxxxx?"
    assert plan.keys.acts == {"1": KeyAct("xxx", "xxx: xxxxxxxx.")}
    assert plan.claims == {"book": ("xxxxxxxx xx xxxxxx",)}
    assert plan.scheduling == {"book": "INTERRUPT"}
    assert plan.cover.phrase == b"\xff" * 800
    assert plan.cover.apology == b"\xff" * 400
    mode: BargeInMode = plan.barge_in
    assert mode == "both"
    chosen = {
        field.name
        for field in dataclasses.fields(CallPlan)
        if isinstance(getattr(SAID, field.name), int | float)
    }
    assert {n: getattr(plan, n) for n in chosen} == {n: getattr(SAID, n) for n in chosen}


def test_of_the_setup_the_names_of_functions_are_left() -> None:
    memory = lived(lambda line: line.run(1.0))
    began = memory.facts[0]
    assert isinstance(began, Began)
    instruction = Content(parts=(Part(text="You are Ada Lovelace."),), role="user")
    tools = (Tool(function_declarations=(FunctionDeclaration("book", "Books for Lovelace."),)),)
    setup = msgspec.structs.replace(
        began.setup, system_instruction=instruction, tools=tools, labels={"who": "lovelace"}
    )
    memory.facts[0] = msgspec.structs.replace(began, setup=setup)

    made = masked(tape(memory)).tape.began.setup

    assert made.system_instruction == Content(
        parts=(Part(text="xxx xxx xxx xxxxxxxx."),), role="user"
    )
    [tool] = made.tools
    [declaration] = tool.function_declarations or ()
    assert (declaration.name, declaration.description) == ("book", None)
    assert made.labels == {}
    bare = msgspec.structs.replace(began.setup, system_instruction=None, tools=(Tool(),))
    memory.facts[0] = msgspec.structs.replace(began, setup=bare)
    assert masked(tape(memory)).tape.began.setup.tools == (Tool(),)


def test_what_others_told_the_call_is_masked() -> None:
    def act(line: Line) -> None:
        line.call.caller_wrote("Lovelace here", line.now)
        line.call.advise("Lovelace is here.", line.now)
        line.call.leave_message("Lovelace, call us.", line.now, to_machine=False)
        line.call.dial("49w29#", line.now)
        line.run(1.0)
        line.call.step_aside(5.0, line.now)
        line.run(1.0)
        line.call.phone_back(MediaStream(), line.now)
        line.call.wrap_up(line.now)
        line.call.phone_back(MediaStream(), line.now, tell="Lovelace is busy.")

    made = masked(tape(lived(act))).tape

    assert [f.keys for f in made.facts if isinstance(f, Dialled)] == ["00w00#"]
    left = [f for f in made.facts if isinstance(f, LeftMessage)]
    assert [(f.text, f.to_machine) for f in left] == [("xxxxxxxx, xxxx xx.", False)]
    assert [f.tell for f in made.facts if isinstance(f, PhoneBack)] == [None, "xxxxxxxx xx xxxx."]
    assert "Lovelace" not in everything(made)


def test_it_ends_where_the_tape_saw_no_more() -> None:
    def act(line: Line) -> None:
        line.model(tool_call(("p", "pause_recording")))
        line.run(1.0)
        line.model(tool_call(("q", "resume_recording")))
        line.talk(1.0)
        line.run(2.0)

    plan = CallPlan("bella", keeps=True, pause_tool=True)
    made = masked(tape(lived(act, plan))).tape

    assert made.facts[-1].at - BEGINS_AT < 0.6
    assert replay(made).ended is None


def test_a_tape_from_a_file_is_masked_no_less(tmp_path: Path) -> None:
    before = tape(lived(busy, SAID))
    (tmp_path / "call.tape").write_bytes(tape_bytes(before))

    from_file = masked(read_tape(tmp_path / "call.tape"))

    assert "Lovelace" not in everything(from_file.tape)
    assert from_file.tape == masked(before).tape


def test_what_nobody_has_said_how_to_mask_is_not_let_through() -> None:
    memory = lived(lambda line: None, SAID)
    plan = dataclasses.replace(SAID, message=cast(str, object()))
    memory.facts[0] = msgspec.structs.replace(memory.facts[0], plan=plan)

    with pytest.raises(TypeError, match="a plan with a object"):
        masked(tape(memory))


def test_it_can_be_written_and_read_without_a_key(tmp_path: Path) -> None:
    made = masked(tape(lived(busy, PLAN))).tape
    (tmp_path / "call.tape").write_bytes(tape_bytes(made))

    assert read_tape(tmp_path / "call.tape") == made
