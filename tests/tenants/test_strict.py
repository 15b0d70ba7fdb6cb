import pytest
from pydantic import ValidationError

from agent.tenants.strict import Misfit, Strict


class Cup(Strict):
    size: int = 1


def test_a_key_that_means_nothing_is_refused_and_nothing_changes_later() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Cup.model_validate({"sice": 2})
    with pytest.raises(ValidationError, match="frozen"):
        Cup().size = 3


def test_a_misfit_tells_all_of_its_problems_even_without_a_file() -> None:
    misfit = Misfit((("a", 0), "one"), ((), "two"))
    assert str(misfit) == "one; two"
    assert misfit.problems == ((("a", 0), "one"), ((), "two"))
