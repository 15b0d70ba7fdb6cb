"""The pure parts of the phone page's modules, run in a browser and compared with Python's."""

import json

import numpy as np
import pytest

from agent.audio import mulaw
from tests.console import loaded
from tests.console.browser import require_chromium
from tests.console.loaded import Modules, Run

require_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.socket]
modules = loaded.modules  # a fixture is found by its name in the file


def test_mu_law_is_the_one_of_the_service(modules: Modules) -> None:
    codes = bytes(range(256))
    expected = (mulaw.decode(codes) / 32768).tolist()
    samples = np.arange(-32768, 32768, 37, dtype=np.int16)

    async def test(run: Run) -> None:
        decoded = await run(
            "const m = await load('mulaw.js'); return [...m.decode(Uint8Array.from(given))]",
            list(codes),
        )
        assert decoded == pytest.approx(expected, abs=1e-9)
        encoded = await run(
            "const m = await load('mulaw.js');"
            "return [...m.encode(Float32Array.from(given, (each) => each / 32768))]",
            samples.tolist(),
        )
        again = mulaw.decode(bytes(encoded)).astype(int)
        theirs = mulaw.decode(mulaw.encode(samples)).astype(int)
        assert (np.abs(again - samples) <= np.abs(theirs - samples)).all()

    modules.hold(test)


RESAMPLED = """
const { Resampler } = await load('resample.js');
const { from, to, hz, seconds, cuts } = given;
const wave = (_, n) => Math.sin(2 * Math.PI * hz * n / from);
const input = Float32Array.from({ length: from * seconds }, wave);
const resampler = new Resampler(from, to);
const out = [];
for (let at = 0, k = 0; at < input.length; k += 1) {
  const next = at + cuts[k % cuts.length];
  out.push(...resampler.process(input.subarray(at, next)));
  at = next;
}
return out;
"""


@pytest.mark.parametrize(("source", "target"), [(48000, 8000), (44100, 8000), (8000, 48000)])
def test_a_voice_passes_the_resampler_and_nothing_folds_back(
    source: int, target: int, modules: Modules
) -> None:
    async def test(run: Run) -> None:
        given = {"from": source, "to": target, "hz": 1000, "seconds": 0.5, "cuts": [128]}
        out = np.array(await run(RESAMPLED, given))
        assert len(out) == pytest.approx(0.5 * target, abs=0.01 * target)
        steady = out[len(out) // 4 : 3 * len(out) // 4]
        assert np.sqrt(2 * (steady**2).mean()) == pytest.approx(1.0, abs=0.02)
        cut = np.array(await run(RESAMPLED, {**given, "cuts": [1, 128, 7, 441]}))
        assert np.abs(cut - out).max() < 1e-6
        if source > target:
            above = np.array(await run(RESAMPLED, {**given, "hz": 5500}))
            assert np.abs(above[len(above) // 4 :]).max() < 0.003  # 50 dB down

    modules.hold(test)


LINE = """
const { Line } = await load('line.js');
const line = new Line();
const log = [];
for (const [what, value] of given) {
  if (what === 'play') line.play(Uint8Array.from(value));
  else if (what === 'mark') line.mark(value);
  else if (what === 'clear') log.push(['cleared', line.clear()]);
  else { const { audio, marks } = line.take(value); log.push([[...audio], marks]); }
}
return log;
"""


def test_the_line_plays_in_order_and_a_mark_comes_back_when_it_is_reached(modules: Modules) -> None:
    async def test(run: Run) -> None:
        orders = [
            ["play", [1, 2, 3]], ["mark", "a"], ["play", [4, 5]], ["mark", "b"],
            ["take", 2], ["take", 2], ["take", 10], ["take", 10],
        ]  # fmt: skip
        assert await run(LINE, orders) == [
            [[1, 2], []],
            [[3, 4], ["a"]],
            [[5], ["b"]],
            [[], []],
        ]

    modules.hold(test)


def test_a_clear_empties_the_line_and_returns_its_marks(modules: Modules) -> None:
    async def test(run: Run) -> None:
        orders = [
            ["play", [1, 2, 3]], ["mark", "a"], ["take", 1], ["mark", "b"],
            ["clear", None], ["take", 5], ["mark", "c"], ["take", 5],
        ]  # fmt: skip
        assert await run(LINE, orders) == [
            [[1], []],
            ["cleared", ["a", "b"]],
            [[], []],
            [[], ["c"]],
        ]

    modules.hold(test)


def test_a_line_that_nobody_empties_is_bounded(modules: Modules) -> None:
    async def test(run: Run) -> None:
        script = (
            "const { Line } = await load('line.js'); const line = new Line();"
            "for (let k = 0; k < 2000; k += 1) line.play(new Uint8Array(8000));"
            "return [line.queued, line.dropped];"
        )
        queued, dropped = await run(script, None)
        assert queued <= 8000 * 180
        assert queued + dropped == 2000 * 8000

    modules.hold(test)


def test_the_texts_of_a_stream_are_the_carrier_s(modules: Modules) -> None:
    async def test(run: Run) -> None:
        script = (
            "const { Texts, read } = await load('media.js');"
            "const parameters = { tenant: 'shop' };"
            "const texts = new Texts({ stream: 'MZ1', call: 'CA1', account: 'AC1', parameters });"
            "const frame = new Uint8Array(160).fill(255);"
            "const sent = [texts.connected(), texts.start(), texts.media(frame)];"
            "texts.skip();"
            "sent.push(texts.media(frame), texts.dtmf('#'), texts.mark('m'), texts.stop());"
            "const order = { event: 'media', media: { payload: btoa('abc') } };"
            'return [sent, [...read(JSON.stringify(order)).play], read(\'{"event":"other"}\')]'
        )
        sent, played, unknown = await run(script, None)
        found = [json.loads(text) for text in sent]
        assert [each["event"] for each in found] == [
            "connected", "start", "media", "media", "dtmf", "mark", "stop",
        ]  # fmt: skip
        assert [each["sequenceNumber"] for each in found[1:]] == ["1", "2", "3", "4", "5", "6"]
        assert [each["media"]["timestamp"] for each in found[2:4]] == ["0", "40"]
        assert found[1]["start"]["customParameters"] == {"tenant": "shop"}
        assert found[1]["start"]["accountSid"] == found[6]["stop"]["accountSid"] == "AC1"
        assert (played, unknown) == ([97, 98, 99], None)

    modules.hold(test)
