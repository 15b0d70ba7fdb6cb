"""Many calls at a time: who begins when, and what callers do."""

import msgspec
import pytest

from agent.audio import mulaw
from agent.sim.clips import Clip
from agent.sim.load_plan import Job, Sound, beep, rounds
from agent.sim.script import BargeIn, Say, WaitForAgent
from agent.sim.scripted import marker_in
from tests.sim.lines import tone

JOB = Job(
    *("http://127.0.0.1:1", "https://voice.example.com"),
    *("https://voice.example.com/twilio/voice", "https://voice.example.com/twilio/status"),
    *("AC" + "0" * 32, "a secret", "+15550100100"),
    calls=10,
    ramp_s=5.0,
    hold_s=20.0,
    barge_in_every=2,
    sounds=[beep()],
    seed=7,
)


def share_of(share: int, shares: int) -> Job:
    return msgspec.structs.replace(JOB, share=share, shares=shares)


def test_calls_begin_evenly_over_the_ramp() -> None:
    starts = [JOB.starts_s(number) for number in JOB.numbers()]
    assert starts == pytest.approx([0.5 * number for number in range(10)])
    at_once = msgspec.structs.replace(JOB, ramp_s=0.0)
    assert {at_once.starts_s(number) for number in at_once.numbers()} == {0.0}


def test_all_calls_are_up_together_for_as_long_as_was_asked_for() -> None:
    last_begins = max(JOB.starts_s(number) for number in JOB.numbers())
    first_ends = JOB.lasts_s
    assert first_ends - last_begins >= JOB.hold_s


@pytest.mark.parametrize("shares", [1, 2, 3, 10])
def test_processes_share_the_calls_and_each_moment_of_the_ramp(shares: int) -> None:
    parts = [list(share_of(share, shares).numbers()) for share in range(shares)]
    assert sorted(number for part in parts for number in part) == list(range(10))
    assert all(number % shares == share for share, part in enumerate(parts) for number in part)


def test_everybody_has_a_number_and_a_seed_of_his_own() -> None:
    assert len({JOB.caller(number) for number in range(10_000)}) == 10_000
    assert JOB.caller(3) == "+15551000003"
    next_run = msgspec.structs.replace(JOB, seed=8)
    seeds = [job.call_seed(number) for job in (JOB, next_run) for number in range(10_000)]
    assert len(set(seeds)) == 20_000


def test_a_job_survives_its_way_to_another_process_and_does_not_show_its_token() -> None:
    assert msgspec.json.decode(msgspec.json.encode(JOB), type=Job) == JOB
    assert "a secret" not in repr(JOB)


def test_callers_talk_into_the_first_of_so_many_answers() -> None:
    one, two = tone(0.3, "one"), tone(0.3, "two")
    steps = rounds([one, two], 3.0, 2)
    assert [type(step) for step in steps] == [
        WaitForAgent,
        *(Say, BargeIn, WaitForAgent),
        *(Say, WaitForAgent),
        *(Say, BargeIn, WaitForAgent),
        *(Say, WaitForAgent),
    ]
    said = [step.clip.label for step in steps if isinstance(step, Say | BargeIn)]
    assert said == ["one", "two", "one", "two", "one", "two"]


def test_callers_may_be_patient_all_the_time() -> None:
    steps = rounds([tone(0.3)], 10.0, 0)
    assert not any(isinstance(step, BargeIn) for step in steps)


def test_there_is_more_to_say_than_a_call_is_long() -> None:
    n_rounds = sum(isinstance(step, Say) for step in JOB.script())
    assert n_rounds * 1.0 >= JOB.lasts_s


def test_a_sound_is_the_same_clip_in_another_process() -> None:
    clip = tone(0.3, "hello")
    assert Sound.of(clip).clip() == clip


def test_the_tone_is_one_that_the_scripted_model_knows() -> None:
    clip = beep().clip()
    pcm16k = mulaw.decode(clip.mulaw).repeat(2)
    assert marker_in(pcm16k) == 4
    assert isinstance(clip, Clip)
    assert clip.seconds == 1.0
