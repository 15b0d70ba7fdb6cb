"""What the service says it has taken in."""

from collections import Counter

from agent.gemini.taken_in import TakenIn


def after(n: int) -> tuple[TakenIn, Counter[str]]:
    """So many messages were sent."""
    counters: Counter[str] = Counter()
    taken = TakenIn(counters)
    for index in range(1, n + 1):
        taken.sent(index)
    return taken, counters


def test_before_a_word_nothing_is_known() -> None:
    taken, _ = after(3)
    assert (taken.exact, taken.up_to) == (False, 0)


def test_a_number_that_goes_backwards_is_counted_and_says_nothing_new() -> None:
    taken, counters = after(5)
    for index in (3, 1, -4, 3):
        taken.said(index)
    assert (taken.exact, taken.up_to) == (True, 3)
    assert counters == {"acknowledgements_backwards": 2}


def test_a_number_beyond_what_was_sent_means_what_was_sent_so_far_only() -> None:
    taken, _ = after(2)
    taken.said(10**12)
    taken.sent(3)
    assert taken.up_to == 2


def test_what_was_forgotten_before_its_time_leaves_a_hole_until_it_is_taken_in() -> None:
    taken, _ = after(9)
    taken.said(2)
    taken.forgot(1)
    assert taken.exact
    taken.forgot(5)
    taken.forgot(4)
    assert not taken.exact
    taken.said(4)
    assert not taken.exact
    taken.said(5)
    assert taken.exact


def test_a_new_connection_counts_from_the_beginning() -> None:
    taken, counters = after(9)
    taken.said(7)
    taken.begin(exact=True)
    assert (taken.exact, taken.up_to) == (True, 0)
    taken.sent(1)
    taken.said(1)
    assert (taken.up_to, counters) == (1, {})
