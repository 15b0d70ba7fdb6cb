"""The pure parts of the pages' modules, run in a browser and compared with Python's."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import numpy as np
import pytest

from agent.audio import mulaw
from agent.service.live_feed import MOST_ENTRIES
from tests.console.browser import chromium, require_chromium, visitor
from tests.service.console_house import desk

require_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.socket]

type Run = Callable[[str, Any], Awaitable[Any]]
DASH = "\u2013"


class Modules:
    """One browser for all tests of this file, and a loop that runs while one of them does."""

    def __init__(self, runner: asyncio.Runner, run: Run) -> None:
        self._runner = runner
        self._run = run

    def hold(self, test: Callable[[Run], Awaitable[None]]) -> None:
        """Hold a test; it can run JavaScript that imports our modules by `load(name)`."""

        async def main() -> None:
            await test(self._run)

        self._runner.run(main())


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    folder = tmp_path_factory.mktemp("modules")

    async def opened(stack: AsyncExitStack) -> Run:
        made = await stack.enter_async_context(desk(folder))
        browser = await stack.enter_async_context(chromium())
        somebody = await stack.enter_async_context(visitor(browser))
        page = await somebody.goes(f"{made.origin}/phone")
        script: str = await page.evaluate("document.querySelector('script').src")

        async def run(script_text: str, given: Any) -> Any:
            return await page.evaluate(
                "async ([folder, given]) => {"
                "const load = (name) => import(`${folder}/${name}`);"
                f"{script_text} }}",
                [script.rpartition("/")[0], given],
            )

        return run

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Modules(runner, runner.run(opened(stack)))
        finally:
            runner.run(stack.aclose())


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


def test_figures_are_written_for_people(modules: Modules) -> None:
    cases: dict[str, list[list[Any]]] = {
        "clock": [[0, "0:00"], [7.9, "0:07"], [725, "12:05"], [3723, "1:02:03"], [-5, "0:00"]],
        "seconds": [[None, DASH], [0.376, "376 ms"], [1.5, "1.50 s"], [12.345, "12.3 s"]],
        "milliseconds": [[None, DASH], [12.4, "12 ms"]],
        "money": [[None, DASH], [0, "$0.00"], [0.0269, "$0.0269"], [12.5, "$12.50"], ["x", DASH]],
        "meter": [[0, 0], [1, 1], [2, 1], [0.00001, 0]],
        "words": [["caller_hung_up", "caller hung up"], [None, DASH]],
    }  # fmt: skip

    async def test(run: Run) -> None:
        script = (
            "const f = await load('format.js');"
            "const all = ([name, cases]) => cases.map(([each]) => f[name](each));"
            "return Object.entries(given).map(all)"
        )
        found = await run(script, cases)
        assert found == [[expected for _, expected in each] for each in cases.values()]

    modules.hold(test)


def test_waits_between_attempts_grow_to_half_a_minute(modules: Modules) -> None:
    async def test(run: Run) -> None:
        script = (
            "const { backoff } = await load('format.js');"
            "return given.map((n) => [backoff(n, 0), backoff(n, 1)])"
        )
        waits = await run(script, [0, 1, 5, 6, 50])
        assert waits == [[250, 500], [500, 1000], [8000, 16000], [15000, 30000], [15000, 30000]]

    modules.hold(test)


def test_spans_of_a_timeline(modules: Modules) -> None:
    entries = [
        [1.0, "agent.audio_started", {"id": "1", "turn": 1}],
        [2.0, "caller.speech_started", {}],
        [2.5, "agent.audio_ended", {"id": "1", "cut": True}],
        [2.5, "barge_in", {}],
        [3.0, "caller.speech_ended", {}],
        [3.5, "tool.requested", {"id": "a", "tool": "<b>book</b>"}],
        [3.6, "tool.requested", {"id": "b", "tool": "look"}],
        [4.0, "tool.cancelled", {"ids": ["b"]}],
        [5.0, "model.leaving", {"planned": True}],
        [5.2, "model.moved", {"connection": 2}],
    ]

    async def test(run: Run) -> None:
        script = (
            "const t = await load('timeline.js');"
            "return [t.spans(given, 9), t.moments(given), t.length(given, 3), t.step(50, 10)]"
        )
        spans, moments, length, step = await run(script, entries)
        assert [(each["kind"], each["from"], each["to"], each["label"]) for each in spans] == [
            ("agent", 1.0, 2.5, ""),
            ("caller", 2.0, 3.0, ""),
            ("tool", 3.5, 9, "<b>book</b>"),
            ("tool", 3.6, 4.0, "look"),
            ("model", 5.0, 5.2, "moves"),
        ]
        assert [each["label"] for each in moments] == ["barge-in"]
        assert (length, step) == (5.2, 5)

    modules.hold(test)


def test_words_stand_where_they_were_spoken_though_they_are_known_later(modules: Modules) -> None:
    entries = [
        [0.5, "agent.audio_started", {"turn": 1, "latency_s": None}],
        [0.9, "agent.said", {"turn": 1, "pii.text": "Good day."}],
        [4.0, "caller.speech_started", {}],
        [4.6, "caller.speech_started", {}],
        [7.0, "agent.audio_started", {"turn": 2, "latency_s": 1.2}],
        [8.0, "caller.speech_started", {}],
        [8.2, "barge_in", {}],
        [8.3, "caller.said", {"turn": 2, "pii.text": "When do you open?"}],
        [8.3, "agent.said", {"turn": 2, "pii.text": "At eleven"}],
        [9.0, "model.going_away", {}],
        [9.5, "caller.said", {"turn": 3, "pii.text": "Wait."}],
        [9.6, "agent.said", {"turn": 3, "pii.text": "Yes?"}],
    ]

    async def test(run: Run) -> None:
        script = (
            "const { Transcript } = await load('transcript.js');"
            "const list = document.createElement('ol');"
            "new Transcript(list).add(given);"
            "const words = (row) => row.querySelector('.words').textContent;"
            "return [...list.children].map((row) => [row.at, words(row)])"
        )
        assert await run(script, entries) == [
            [0.5, "Good day."],
            [4.0, "When do you open?"],
            [7.0, "At eleven"],
            [8.0, "Wait."],
            [8.2, "the caller interrupts"],
            [9.0, "the connection will end"],
            [9.6, "Yes?"],
        ]

    modules.hold(test)


def test_a_transcript_stays_bounded_and_text_stays_text(modules: Modules) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    n = 3 * MOST_ENTRIES

    async def test(run: Run) -> None:
        script = (
            "const { Transcript } = await load('transcript.js');"
            "const list = document.createElement('ol'); document.body.append(list);"
            "const transcript = new Transcript(list);"
            f"for (let k = 0; k < {n}; k += 1)"
            " transcript.add([[k, 'agent.said', { turn: k, 'pii.text': given }]]);"
            "return [list.childElementCount, list.querySelector('img') === null,"
            " list.lastElementChild.querySelector('.words').textContent]"
        )
        assert await run(script, hostile) == [500, True, hostile]

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


def test_addresses_name_pages_and_broken_ones_the_first(modules: Modules) -> None:
    async def test(run: Run) -> None:
        script = "const m = await load('place.js'); return given.map((each) => m.place(each))"
        hashes = ["", "#/call/CA%2F1", "#/nonsense", "#/call/%ff", "#/__proto__", "#/tenants"]
        assert await run(script, hashes) == [
            ["live", []],
            ["call", ["CA/1"]],
            ["live", []],
            ["live", []],
            ["live", []],
            ["tenants", []],
        ]

    modules.hold(test)
