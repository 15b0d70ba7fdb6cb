import base64
from itertools import pairwise

import numpy as np
import pytest

from agent.audio import mulaw
from agent.sim.clips import SILENT_PAYLOADS
from agent.sim.mouth import NO_LOSS, Loss, Mouth
from tests.sim.lines import tone


def mouth(seed: int = 0, loss: Loss = NO_LOSS) -> Mouth:
    return Mouth(np.random.default_rng(seed), loss=loss)


@pytest.mark.parametrize("seed", range(20))
def test_timestamps_wander_about_the_grid_and_never_go_back(seed: int) -> None:
    voice = mouth(seed)
    frames = [voice.frame() for _ in range(2_000)]
    stamps = [frame[0] for frame in frames if frame is not None]

    base = stamps[0]
    assert 0 <= base <= 200
    assert all(abs(stamp - base - 20 * n) <= 3 for n, stamp in enumerate(stamps))
    assert all(a < b for a, b in pairwise(stamps))
    assert any(stamp != base + 20 * n for n, stamp in enumerate(stamps))


def test_clips_follow_one_another_and_silence_follows_them() -> None:
    voice = mouth()
    first, second = tone(0.04, "first"), tone(0.02, "second")
    voice.frame()

    assert voice.say(first) == 160
    assert voice.say(second) == 480
    payloads = [frame[1] for _ in range(4) if (frame := voice.frame())]

    assert tuple(payloads[:3]) == first.payloads + second.payloads
    assert payloads[3] in SILENT_PAYLOADS
    said = voice.pcm(800)
    np.testing.assert_array_equal(said[160:480], mulaw.decode(first.mulaw))
    np.testing.assert_array_equal(said[480:640], mulaw.decode(second.mulaw))
    assert not said[:160].any()
    assert not said[640:].any()
    assert len(voice.pcm(200)) == 200


def test_a_lost_frame_shows_as_a_jump_or_as_silence() -> None:
    clip = tone(20.0)
    jumping = mouth(loss=Loss(0.1, "jump"))
    silenced = mouth(loss=Loss(0.1, "silence"))
    jumping.say(clip)
    silenced.say(clip)

    jumped = [jumping.frame() for _ in range(1_000)]
    replaced = [frame for _ in range(1_000) if (frame := silenced.frame())]

    lost = [n for n, frame in enumerate(jumped) if frame is None]
    assert 60 < len(lost) < 140
    assert jumping.n_lost == len(lost)
    assert jumping.n_frames == 1_000
    silent = [n for n, frame in enumerate(replaced) if frame[1] in SILENT_PAYLOADS]
    assert len(replaced) == 1_000
    assert silenced.n_lost == len(silent) > 60
    # What the caller said is what they said, whatever became of it.
    np.testing.assert_array_equal(jumping.pcm(160_000), silenced.pcm(160_000))
    assert set(base64.b64decode(replaced[silent[0]][1])) <= {0xFF, 0x7F}


def test_nothing_is_remembered_unless_asked() -> None:
    voice = Mouth(np.random.default_rng(0), keep=False)
    voice.say(tone(1.0))

    assert not voice.pcm(8_000).any()
