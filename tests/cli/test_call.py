"""`seamline call --local` against programs of their own, and the WAV files that it plays."""

import re
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from agent.audio.pcm import to_bytes
from agent.audio.resample import Resampler
from agent.cli.call import place_call, read_wav, script_of
from agent.errors import ConfigError
from agent.sim.clips import Clip
from agent.sim.script import Leave, Say, WaitForAgent
from agent.sim.scripted import marker
from tests.cli.wav import written
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def program(*arguments: str) -> Iterator[str]:
    """The command, until it says where it listens; gives the line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if re.search(r"(ws|http)://", line):
                yield line
                break
        process.terminate()
        process.stderr.read()
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.socket
def test_a_wav_file_is_played_to_the_agent_and_the_answer_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = tmp_path / "ask.wav"
    with wave.open(str(ask), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(to_bytes(marker(3, 1.0)))
    monkeypatch.setenv("COLUMNS", "200")
    port = free_port()

    with program("emulate", "gemini", "--port", "0", "--scripted") as line:
        url = re.search(r"ws://\S+", line)
        assert url is not None
        arguments = ("--port", str(port), "--insecure-local", "--gemini-url", url.group())
        with program("serve", *arguments):
            media = f"ws://127.0.0.1:{port}/twilio/media/local"
            began = time.monotonic()
            place_call(media, "bella-vista", [], [ask], tmp_path / "calls", seed=1)

    out = capsys.readouterr().out
    assert re.search(r"ask\.wav.*answered after \d\.\d\d s", out)
    assert re.search(r"gaps inside speech\s+0 ms", out)
    (recording,) = (tmp_path / "calls").glob("CA*.wav")
    with wave.open(str(recording), "rb") as file:
        assert file.getnchannels() == 2
        assert 5 < file.getnframes() / file.getframerate() < time.monotonic() - began


def test_a_service_that_is_not_there_is_a_plain_message(tmp_path: Path) -> None:
    ask = tmp_path / "ask.wav"
    with wave.open(str(ask), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))

    url = f"ws://127.0.0.1:{free_port()}/twilio/media/local"

    with pytest.raises(ConfigError, match="31902: no connection"):
        place_call(url, "bella-vista", [], [ask], tmp_path, seed=1)


def test_wav_files_are_read_at_the_telephones_rate(tmp_path: Path) -> None:
    ramp = (np.arange(800) % 100).astype(np.int16)
    np.testing.assert_array_equal(read_wav(written(tmp_path / "a.wav", 8000)), ramp)
    stereo = read_wav(written(tmp_path / "b.wav", 8000, channels=2))
    np.testing.assert_array_equal(stereo, np.arange(0.5, 1600, 2).astype(np.int64) % 100)
    fast = read_wav(written(tmp_path / "c.wav", 16000))
    ramp = (np.arange(1600) % 100).astype(np.int16)
    np.testing.assert_array_equal(fast, Resampler(16000, 8000).process(ramp))


def test_wav_files_that_cannot_be_played_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    files = {
        written(tmp_path / "a.wav", 8000, width=1): "8-bit samples",
        written(tmp_path / "b.wav", 44100): "44100 Hz; convert it",
        tmp_path / "no.wav": "No such file",
        tmp_path / "text.wav": "does not start with RIFF",
        tmp_path: "Is a directory",
    }
    for path, text in files.items():
        with pytest.raises(ConfigError, match=text):
            read_wav(path)


def test_a_caller_waits_for_the_agent_before_each_turn() -> None:
    clips = [Clip.of(np.zeros(160, np.int16), name) for name in "ab"]
    steps = [WaitForAgent(), Say(clips[0]), WaitForAgent(), Say(clips[1]), WaitForAgent(), Leave()]
    assert script_of(clips) == steps
