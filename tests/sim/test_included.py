"""Counting what a session includes of what the caller said."""

from hypothesis import given
from hypothesis import strategies as st

from agent.sim.included import Included, Placed, Span, account


def test_what_follows_on_one_connection_is_one_span() -> None:
    included = Included()
    included.add("a", 0, 640)
    included.add("a", 640, 640)
    included.add("b", 0, 100)
    included.add("b", 100, 0)
    assert included.spans == [Span("a", 0, 1280), Span("b", 0, 100)]
    assert included.n_samples == 1380


def test_a_copy_goes_its_own_way_and_can_leave_out_the_end() -> None:
    included = Included([Span("a", 0, 1000), Span("b", 0, 100)], ["x"])
    assert included.copy(without=300).spans == [Span("a", 0, 800)]
    assert included.copy(without=100).spans == [Span("a", 0, 1000)]
    assert included.copy(without=5000).spans == []
    twin = included.copy()
    twin.add("b", 100, 50)
    twin.tool_results.append("y")
    assert included == Included([Span("a", 0, 1000), Span("b", 0, 100)], ["x"])


def test_missing_and_repeated_are_counted_in_the_callers_samples() -> None:
    placed = [Placed("a", 0, 1000, 0), Placed("b", 0, 400, 800), Placed("b", 400, 500, 1300)]
    included = Included([Span("a", 0, 1000), Span("b", 0, 900)])
    found = account(included, placed, [(0, 1800)])
    assert found.missing == ((1200, 1300),)
    assert found.repeated == ((800, 1000),)
    assert (found.n_missing, found.n_repeated) == (100, 200)


def test_only_what_matters_is_counted() -> None:
    placed = [Placed("a", 0, 1000, 0)]
    included = Included([Span("a", 0, 400)])
    assert account(included, placed, [(0, 300), (350, 450)]).missing == ((400, 450),)
    assert account(included, placed, []).n_missing == 0


def test_three_times_is_twice_too_often() -> None:
    placed = [Placed(name, 0, 10, 0) for name in "abc"]
    included = Included([Span(name, 0, 10) for name in "abc"])
    assert account(included, placed, [(0, 10)]).n_repeated == 20


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=8))
def test_the_account_agrees_with_counting_every_sample(sent: list[tuple[int, int]]) -> None:
    included, placed, here = Included(), [], 0
    times = [0] * 100
    for at, n in sent:
        placed.append(Placed("a", here, n, at))
        included.add("a", here, n)
        here += n
        for i in range(at, at + n):
            times[i] += 1
    found = account(included, placed, [(0, 100)])
    assert found.n_missing == sum(n == 0 for n in times)
    assert found.n_repeated == sum(n - 1 for n in times if n)
