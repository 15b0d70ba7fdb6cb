"""The pure parts of the pages' modules, run in a browser: figures, timelines, words, addresses."""

from typing import Any

import pytest

from agent.service.live_feed import MOST_ENTRIES
from tests.console import loaded
from tests.console.browser import require_chromium
from tests.console.loaded import Modules, Run

require_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.socket]
modules = loaded.modules  # a fixture is found by its name in the file
DASH = "\u2013"


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
