"""The example programs, each with the model's stand-in."""

import asyncio
import importlib.util
import re
import sys
import wave
from pathlib import Path
from types import ModuleType

import pytest

from agent.audio.pcm import to_bytes
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Cut, GoAway, InTurn, Planned, Shut
from agent.sim.scripted import marker
from tests.cli.test_emulate import emulator
from tests.live.stand_in import stand_in
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> ModuleType:
    """A program as a module; its `main` is not run yet."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name: str, *arguments: object, faults: Faults | None = None) -> None:
    async def main() -> None:
        async with stand_in(faults=faults or Faults()) as server:
            await example(name).main(server.url, *arguments)

    run_on_loopback(main())


def test_each_program_is_tested_here() -> None:
    text = Path(__file__).read_text()
    for program in EXAMPLES.glob("*.py"):
        assert f'run("{program.stem}"' in text, program


def test_hello(capsys: pytest.CaptureFixture[str]) -> None:
    run("hello")
    assert capsys.readouterr().out == "You said: Good morning! Who are you?\n"


def test_remember(capsys: pytest.CaptureFixture[str]) -> None:
    run("remember")
    assert capsys.readouterr().out.splitlines() == [
        "first session:  I will remember heliotrope.",
        "second session: The secret word is heliotrope.",
    ]


def test_resume(capsys: pytest.CaptureFixture[str]) -> None:
    run("resume")
    assert capsys.readouterr().out.splitlines() == [
        "I will remember heliotrope.",
        "I will remember marigold.",
        "back again: The secret word is heliotrope.",
    ]


def test_resume_after_a_loss(capsys: pytest.CaptureFixture[str]) -> None:
    run("resume", faults=Faults(planned=(Planned(InTurn(2), Cut()),)))
    first, lost, second, back = capsys.readouterr().out.splitlines()
    assert lost.startswith("lost: model connection failed (live): 1006")
    assert [first, second, back] == [
        "I will remember heliotrope.",
        "I will remember marigold.",
        "back again: The secret word is heliotrope.",
    ]


def test_go_away(capsys: pytest.CaptureFixture[str]) -> None:
    faults = Faults(planned=(Planned(At(0.3), GoAway("3s")), Planned(At(3.3), Shut())))
    run("go_away", faults=faults)
    out = capsys.readouterr().out
    assert "[the service closes this connection in 3.0 s]" in out
    assert "[leaving connection 1: go_away, planned: True]" in out
    assert re.search(r"\[connection 2 after \d\.\d{3} s, resumed: True\]", out)
    assert out.endswith("The secret word is heliotrope.\n")


def test_transparent(capsys: pytest.CaptureFixture[str]) -> None:
    run("transparent", None, faults=Faults(planned=(Planned(InTurn(2, audio_s=0.1), Cut()),)))
    out = capsys.readouterr().out
    assert "[connection 1: lost, turn cut: True]" in out
    assert re.search(r"\[connection \d in \d\.\d{3} s, resumed: True, \d+ ms sent again\]", out)
    assert out.endswith("The secret word is heliotrope.\n")


def test_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "garden.png"
    picture.write_bytes(b"\x89PNG")
    run("video", [picture, picture])
    assert capsys.readouterr().out == (
        "shown: garden.png\nshown: garden.png\nYou said: What do you see?\n"
    )


def test_prefilled(capsys: pytest.CaptureFixture[str]) -> None:
    run("prefilled")
    assert capsys.readouterr().out == "The secret word is heliotrope.\n"


def test_tool_call(capsys: pytest.CaptureFixture[str]) -> None:
    run("tool_call")
    assert capsys.readouterr().out == (
        "called: room_temperature {}\nroom_temperature says: 21.5.\n"
    )


def test_talk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question, answer = tmp_path / "question.wav", tmp_path / "answer.wav"
    with wave.open(str(question), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(to_bytes(marker(2, 1.0, 16000)))
    run("talk", question, answer)
    with wave.open(str(answer)) as file:
        assert (file.getframerate(), file.getnframes()) == (24000, 7200)
    assert "You said: utterance 2" in capsys.readouterr().out.replace("\nmodel: ", "")


@pytest.mark.slow
def test_a_program_runs_by_itself_with_the_command() -> None:
    async def main() -> str:
        async with emulator("--scripted") as url:
            program = await asyncio.create_subprocess_exec(
                *(sys.executable, str(EXAMPLES / "remember.py"), "--url", url),
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await program.communicate()
            return out.decode()

    assert "second session: The secret word is heliotrope." in asyncio.run(main())
