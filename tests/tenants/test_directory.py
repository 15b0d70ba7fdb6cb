import pytest

from agent.errors import ConfigError
from agent.tenants.directory import read_directory


def file(name: str, *numbers: str) -> str:
    return f"tenant: {name}\nnumbers: [{', '.join(numbers)}]\nagent: {{instructions: x}}\n"


def test_a_number_leads_to_its_tenant() -> None:
    found = read_directory([("a", file("a", "+15550100100")), ("b", file("b", "+15550100101"))])
    owner = found.by_number("+1 555 010 0101")
    assert owner is not None
    assert owner.model.tenant == "b"
    assert owner.path == "b"


@pytest.mark.parametrize("number", ["+15550100199", "anonymous", ""])
def test_nobody_answers_other_numbers(number: str) -> None:
    assert read_directory([("a", file("a", "+15550100100"))]).by_number(number) is None


def test_every_claim_of_two_is_reported_with_both_files() -> None:
    with pytest.raises(ConfigError) as caught:
        read_directory(
            [
                ("a.yaml", file("a", "+15550100100")),
                ("b.yaml", file("b", "+15550100102", "+15550100100")),
                ("c.yaml", file("a", "+15550100103")),
                ("d.yaml", "tenant: d"),
            ]
        )
    assert caught.value.problems == (
        'b.yaml:2:25: numbers[1]: "+15550100100" is already a number of "a" in a.yaml',
        'c.yaml:1:9: tenant: "a" is also the name in a.yaml',
        "d.yaml:1:1: agent: is missing",
        "d.yaml:1:1: numbers: is missing",
    )


def test_an_empty_directory_answers_nobody() -> None:
    assert read_directory([]).by_number("+15550100100") is None


def test_a_beginning_or_the_default_is_claimed_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read_directory(
            [
                ("a.yaml", file("a", "+1 555*", "default")),
                ("b.yaml", file("b", "+1555*", "default", "+15550*")),
            ]
        )
    assert caught.value.problems == (
        'b.yaml:2:11: numbers[0]: "+1555*" is already a number of "a" in a.yaml',
        'b.yaml:2:19: numbers[1]: "default" is already the entry of "a" in a.yaml',
    )


def test_what_a_file_includes_is_read_by_the_reader_given() -> None:
    found = read_directory(
        [("t/a.yaml", "include: x/d.yaml\n" + file("a", "+15550100100"))],
        {"t/x/d.yaml": "idle: {say: Hello?}"}.__getitem__,
    )
    assert found.files["a"].model.idle.say == "Hello?"
    assert found.files["a"].included == ("t/x/d.yaml",)
