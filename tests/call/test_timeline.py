from agent.call.timeline import Entry, Timeline


def test_times_count_from_the_beginning_of_the_call() -> None:
    timeline = Timeline(100.0)
    timeline.add(101.5, "call.started", stream="MZ")
    timeline.add(101.25, "caller.speech_started")
    assert list(timeline) == [
        Entry(1.5, "call.started", {"stream": "MZ"}),
        Entry(1.25, "caller.speech_started", {}),
    ]
    assert timeline.since(1) == [Entry(1.25, "caller.speech_started", {})]


def test_a_full_timeline_keeps_its_beginning_and_counts_the_rest() -> None:
    timeline = Timeline(0.0, capacity=2)
    for n in range(5):
        timeline.add(n, f"e{n}")
    assert [entry.name for entry in timeline] == ["e0", "e1"]
    assert len(timeline) == 2
    assert timeline.dropped == 3
