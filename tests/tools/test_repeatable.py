from agent.tools import repeatable
from agent.tools.python_function import read_function
from agent.tools.repeatable import is_repeatable


def look() -> None:
    """Look."""


def test_only_what_is_marked_may_run_again() -> None:
    assert not is_repeatable(look)
    assert not read_function(look).repeatable

    @repeatable
    def marked() -> None:
        """Look."""

    assert is_repeatable(marked)
    assert read_function(marked).repeatable
