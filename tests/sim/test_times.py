import pytest

from agent.sim.times import earlier


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (None, None, None),
        (1.0, None, 1.0),
        (None, 2.0, 2.0),
        (1.0, 2.0, 1.0),
        (2.0, 1.0, 1.0),
        (0.0, None, 0.0),
    ],
)
def test_the_earlier_of_two(one: float | None, other: float | None, expected: float | None) -> None:
    assert earlier(one, other) == expected
