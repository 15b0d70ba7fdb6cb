import base64

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.audio.pcm import silence
from agent.sim.clips import FRAME, SILENT_PAYLOADS, Clip, first_loud


@given(st.lists(st.integers(-32768, 32767), max_size=500))
def test_a_clip_is_the_audio_in_whole_frames(samples: list[int]) -> None:
    pcm = np.array(samples, np.int16)

    clip = Clip.of(pcm, "x")

    encoded = mulaw.encode(pcm)
    assert len(clip.mulaw) % FRAME == 0
    assert clip.mulaw[: len(encoded)] == encoded
    assert set(clip.mulaw[len(encoded) :]) <= {0xFF}
    assert b"".join(map(base64.b64decode, clip.payloads)) == clip.mulaw
    assert clip.seconds == len(clip.mulaw) / 8000


def test_the_end_of_speech_is_the_end_of_its_last_loud_frame() -> None:
    pcm = silence(800)
    pcm[100:300] = 10_000

    assert Clip.of(pcm).speech_end == 320
    assert Clip.of(silence(800)).speech_end == 800


def test_loud_is_neither_a_click_nor_hiss() -> None:
    hiss = np.random.default_rng(0).normal(0, 60, 160).astype(np.int16)
    click = silence(160)
    click[:4] = 30_000
    speech = silence(160)
    speech[50::3] = -2_000

    assert first_loud(mulaw.encode(hiss)) is None
    assert first_loud(mulaw.encode(click)) is None
    assert first_loud(mulaw.encode(speech)) == 50


def test_silence_is_both_zeros_in_dither() -> None:
    codes = [set(base64.b64decode(payload)) for payload in SILENT_PAYLOADS]

    assert all(found == {0xFF, 0x7F} for found in codes)
    assert len(set(SILENT_PAYLOADS)) == len(SILENT_PAYLOADS)
    assert {len(payload) for payload in SILENT_PAYLOADS} == {216}
