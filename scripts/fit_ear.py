"""Fit the maps of `agent/sim/ear_model.npz`: from studio speech to a telephone line.

Made voices say sentences that have nothing to do with the scenarios, and rows of words that people
say on the telephone: numbers, days, names. Each utterance exists twice, sample for sample: clear at
16 kHz, and through the telephone. The clear one is aligned with its text by the model as it is,
which tells for each frame which Gaussian made it (single-pass retraining: the posteriors come from
the clear features, the statistics from the telephone's). For each sound and stream of features one
affine map of the means and one factor per dimension for the variances then make the telephone's
frames likeliest.

    python scripts/fit_ear.py [utterances]      (a quarter of an hour for 1,400)
"""

from __future__ import annotations

import random
import struct
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.audio.mulaw import decode, encode
from agent.audio.pcm import FULL_SCALE, Pcm16
from agent.audio.resample import Resampler
from agent.sim.ear_model import MAPS, Gaussians, conditioned, feature_settings, moved
from agent.sim.voice import Voice

type Values = NDArray[np.float64]

pocketsphinx: Any = import_module("pocketsphinx")
MODEL = Path(pocketsphinx.get_model_path("en-us/en-us"))
VARIANTS = "edward edward2 klatt klatt2 Alex Mike linda f2 f3 m3 m7"
VOICES = ["en-us", *(f"en-us+{name}" for name in VARIANTS.split(" "))]
RATES_WPM = (125, 135, 145, 150, 160, 170)
PITCHES = (30, 40, 50, 60, 70)
NOISES_DBFS = (-95, -80, -70, -60, -52)
LEAD_S, TAIL_S = 0.2, 0.3

SENTENCES = """
good morning how are you today
i would like to ask you a question
could you tell me where the station is please
the weather was cold and rainy last weekend
my brother works in a small garden shop
she asked him to close the window because of the noise
they are building a new bridge over the river
we had fresh bread and cheese for breakfast
please send the letter to my office in the city
do you have any room left for a family with children
he never eats meat but he likes fish very much
the bus leaves at the corner every quarter of an hour
what is the price of the large blue chair
thank you very much for your help
i have to call my doctor on wednesday morning
the judge gave both of them another chance
can you hear me now the line is very bad
this is the third time i have tried to reach you
it would be nice to sit outside on the terrace
our daughter will finish school in july
the yellow boat went under the old stone bridge
there is a problem with the package you sent me
nobody knew the answer to the first question
i am sorry i did not understand that
let me check with my wife and call you back later
the garage is on the left side of the house
you should measure the kitchen before you buy a table
his voice was so quiet that nobody could hear a word
five thousand people came to watch the show
the children were playing with a red ball
is it possible to change the day of my visit
we need a quiet place for eleven guests
my phone number has changed since last year
the shoes i ordered are too small i want to return them
when will my order arrive at my house
how much does it cost to ship this to canada
he would rather stay at home and read a book
that sounds good to me let us do that
i think we should leave before the sun goes down
the teacher showed us a picture of the earth
they usually open at nine and close at six
please hold the line for a moment
are there any vegetarian dishes on the menu
a glass of water and some orange juice please
his birthday is on the twelfth of february
we moved to this town in the early spring
the museum is closed on mondays and on holidays
i do not want to wait for such a long time
she put the keys under the flower pot by the door
the young woman played the piano beautifully
he took the wrong road and got lost in the forest
would you like to come with us to the theater
the shop gives your money back within thirty days
my name is spelled with a double letter at the end
you can cancel the reservation until tomorrow evening
the judge thought about it for six long weeks
pleasure and leisure are a matter of vision and measure
sixteen thin thistles stood in the south of the path
both brothers breathe the fresh southern air
choose a cheap chair and a large orange jar
the usual decision was a great pleasure for the king
vivid voices of seven very clever visitors
fifty fine fellows found four free places
the zoo has zebras lions and a lazy old bear
we wish she would wash the dishes and brush the shelf
how now brown cow down town around the house
boys enjoy toys and noise with joy
good cooks look at books about wool and sugar
who knew the moon was blue in june
the bird heard the first word and turned
""".strip().splitlines()

WORDS_SAID = """
one two three four five six seven eight nine ten eleven twelve
one two three four five six seven eight nine ten eleven twelve
monday tuesday wednesday thursday friday saturday sunday tomorrow tonight today
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty thirtieth thirty
january february march april may june july august september october november december
fifteen thirty o'clock half past quarter
anna john mary david emma peter susan robert laura thomas maria james
miller smith brown wilson taylor johnson davis garcia clark lewis walker young
table people book no yes please thank you order number zero oh
"""
WORDS = WORDS_SAID.split()

# How many frames a sound's own map must be drawn from, and how many the common one, or standing
# still, counts as.
ENOUGH_FRAMES = 200.0
COMMON_WEIGHT = 200.0
STILL_WEIGHT = 50.0


class Front:
    """A decoder used for its features: (frames, 13) of an utterance."""

    def __init__(self, settings: Path, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._decoder = pocketsphinx.Decoder(
            lm=None, keyphrase="hello", loglevel="FATAL",
            featparams=str(settings), mfclogdir=str(folder),
        )  # fmt: skip

    def features(self, pcm16k: Pcm16) -> Values:
        self._decoder.start_utt()
        self._decoder.process_raw(pcm16k.tobytes(), no_search=True, full_utt=True)
        self._decoder.end_utt()
        (file,) = self._folder.iterdir()
        values = np.fromfile(file, ">f4")[1:].astype(np.float64).reshape(-1, 13)
        file.unlink()
        return values


class Aligner:
    """Which state of which sound each frame of a known text is."""

    def __init__(self, settings: Path, sounds: list[str]) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", featparams=str(settings))
        self._sounds = sounds

    def align(self, pcm16k: Pcm16, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """States and sounds, one per frame; None where the text does not fit."""
        decoder = self._decoder
        decoder.set_align_text(text)
        try:
            self._pass(pcm16k)
            if decoder.hyp() is None:
                return None
            decoder.set_alignment()
            self._pass(pcm16k)
        except RuntimeError:
            return None
        states: list[int] = []
        sounds: list[int] = []
        for word in decoder.get_alignment():
            for sound in word:
                for state in sound:
                    states += [int(state.name)] * state.duration
                    sounds += [self._sounds.index(sound.name)] * state.duration
        return np.array(states), np.array(sounds)

    def _pass(self, pcm16k: Pcm16) -> None:
        self._decoder.start_utt()
        try:
            self._decoder.process_raw(pcm16k.tobytes(), full_utt=True)
        finally:
            self._decoder.end_utt()


def sounds_of_model() -> list[str]:
    """The names of the model's sounds, in its order."""
    raw = (MODEL / "mdef").read_bytes()
    names: list[str] = []
    at = raw.index(b"+NSN+\0")
    while True:
        end = raw.index(b"\0", at)
        name = raw[at:end].decode()
        if not name or not (name.isupper() or name.startswith("+")):
            return names
        names.append(name)
        at = end + 1


def weights_of_model(streams: int, densities: int) -> Values:
    """The mixture weights, (streams, densities, states): kept as logarithms to the base 1.0001."""
    raw = (MODEL / "sendump").read_bytes()
    at = 0
    while (length := struct.unpack_from("<i", raw, at)[0]) != 0:
        at += 4 + length
    _, states = struct.unpack_from("<2i", raw, at + 4)
    stored = np.frombuffer(raw, np.uint8, streams * densities * states, at + 12)
    weights = 1.0001 ** (-1024.0 * stored.reshape(streams, densities, states))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def utterances(count: int, choose: random.Random) -> Iterator[tuple[str, Pcm16, Pcm16]]:
    """Texts, each with its clear sound and that of the telephone, both at 16 kHz and in step."""
    for seed in range(count):
        if choose.random() < 0.6:
            text = choose.choice(SENTENCES)
        else:
            text = " ".join(choose.choice(WORDS) for _ in range(choose.randint(3, 8)))
        voice = Voice(choose.choice(VOICES), choose.choice(RATES_WPM), choose.choice(PITCHES))
        noise = np.random.default_rng(seed)
        clear = conditioned(framed(voice.speak(text, 16_000), 16_000))
        spoken = framed(voice.speak(text, 8_000), 8_000) * 10 ** (choose.uniform(-10, 4) / 20)
        spoken += noise.normal(0, FULL_SCALE * 10 ** (choose.choice(NOISES_DBFS) / 20), spoken.size)
        line = np.clip(spoken, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        phone = conditioned(Resampler(8_000, 16_000).process(decode(encode(line))))
        assert clear is not None
        assert phone is not None
        yield text, clear, phone


def framed(pcm: Pcm16, rate_hz: int) -> Pcm16:
    return np.pad(pcm, (round(LEAD_S * rate_hz), round(TAIL_S * rate_hz)))


def streams_of(cepstra: Values) -> list[Values]:
    """Cepstra, slopes and the slopes' slopes, as the recogniser computes them."""
    at = np.arange(len(cepstra))

    def moved_by(frames: int) -> Values:
        return cepstra[np.clip(at + frames, 0, len(cepstra) - 1)]

    slopes = moved_by(2) - moved_by(-2)
    bends = (moved_by(3) - moved_by(-1)) - (moved_by(1) - moved_by(-3))
    return [cepstra, slopes, bends]


class Statistics:
    """How often each Gaussian made a telephone frame, and the sums of those frames."""

    def __init__(self) -> None:
        self.means = Gaussians(MODEL / "means").streams
        self.variances = [np.maximum(v, 1e-4) for v in Gaussians(MODEL / "variances").streams]
        sounds, densities, _ = self.means[0].shape
        self._weights = weights_of_model(len(self.means), densities)
        self.frames = [np.zeros((sounds, densities)) for _ in self.means]
        self.sums = [np.zeros_like(means) for means in self.means]
        self.squares = [np.zeros_like(means) for means in self.means]

    def add(
        self, states: NDArray[np.int64], sounds: NDArray[np.int64], clear: Values, phone: Values
    ) -> None:
        n = min(len(states), len(clear), len(phone))
        clear = clear[:n] - clear[:n][clear[:n, 0] >= 0].mean(axis=0)  # as the model was trained
        for stream, (known, seen) in enumerate(
            zip(streams_of(clear), streams_of(phone[:n]), strict=True)
        ):
            for sound in np.unique(sounds[:n]):
                here = sounds[:n] == sound
                made = self._posteriors(stream, sound, states[:n][here], known[here])
                self.frames[stream][sound] += made.sum(axis=0)
                self.sums[stream][sound] += made.T @ seen[here]
                self.squares[stream][sound] += made.T @ np.square(seen[here])

    def _posteriors(
        self, stream: int, sound: int, states: NDArray[np.int64], frames: Values
    ) -> Values:
        means, variances = self.means[stream][sound], self.variances[stream][sound]
        logs = -0.5 * (
            np.square(frames) @ (1 / variances).T
            - 2 * frames @ (means / variances).T
            + (np.square(means) / variances + np.log(variances)).sum(axis=1)
        )
        logs += np.log(self._weights[stream][:, states].T + 1e-12)
        made = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(made / made.sum(axis=1, keepdims=True))


def fit(told: Statistics) -> tuple[Values, Values]:
    """Maps (streams, sounds, 14, 13) and factors (streams, sounds, 13)."""
    maps, factors = [], []
    still = np.vstack([np.eye(13), np.zeros(13)])
    for means, variances, frames, sums, squares in zip(
        told.means, told.variances, told.frames, told.sums, told.squares, strict=True
    ):
        known = np.concatenate([means, np.ones((*means.shape[:2], 1))], axis=2)
        common = affine(known, frames, sums, still, STILL_WEIGHT)
        here = np.stack(
            [
                affine(known[s], frames[s], sums[s], common, COMMON_WEIGHT)
                if frames[s].sum() > ENOUGH_FRAMES
                else common
                for s in range(len(means))
            ]
        )
        at = moved(means, here)
        spread = (squares - 2 * sums * at + frames[..., None] * np.square(at)).sum(axis=1)
        expected = (frames[..., None] * variances).sum(axis=1)
        overall = spread.sum(axis=0) / expected.sum(axis=0)
        enough = frames.sum(axis=1)[:, None] > ENOUGH_FRAMES
        own = np.divide(spread, expected, out=np.ones_like(spread), where=enough)
        maps.append(here)
        factors.append(np.where(enough, own, overall))
    return np.stack(maps), np.stack(factors)


def affine(known: Values, frames: Values, sums: Values, prior: Values, weight: float) -> Values:
    """The map from means to what was seen in their place, drawn towards another map."""
    x = known.reshape(-1, known.shape[-1])
    y = sums.reshape(-1, sums.shape[-1])
    n = frames.reshape(-1, 1)
    left = x.T @ (n * x) + weight * np.eye(len(prior))
    return np.asarray(np.linalg.solve(left, x.T @ y + weight * prior))


def in_its_place(sounds: NDArray[np.int64], silence: int) -> bool:
    """Whether the alignment leaves the silence before and after to silence."""
    spoken = np.flatnonzero(sounds != silence)
    lead, tail = round(100 * LEAD_S) - 6, round(100 * TAIL_S) - 4
    return spoken.size > 0 and spoken[0] >= lead and spoken[-1] < len(sounds) - tail


def main(count: int) -> None:
    sounds = sounds_of_model()
    told = Statistics()
    used = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {way: folder / way for way in ("batch", "none")}
        for way, file in settings.items():
            file.write_text(feature_settings(MODEL, way))
        front = Front(settings["none"], folder / "features")
        aligner = Aligner(settings["batch"], sounds)
        for text, clear, phone in utterances(count, random.Random(1)):
            aligned = aligner.align(clear, text)
            if aligned is not None and in_its_place(aligned[1], sounds.index("SIL")):
                told.add(*aligned, front.features(clear), front.features(phone))
                used += 1
    maps, factors = fit(told)
    np.savez_compressed(MAPS, maps=maps.astype(np.float16), factors=factors.astype(np.float16))
    print(f"{used} of {count} utterances aligned; {MAPS} has {MAPS.stat().st_size} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1400)
