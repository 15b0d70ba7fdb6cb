import pytest

from agent.tenants.prompt import estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abcd", 1), ("abcde", 2), ("äbcd", 2), ("こんにちは", 5)]
)
def test_four_plain_characters_or_one_of_another_script_make_a_token(
    text: str, tokens: int
) -> None:
    assert estimate_tokens(text) == tokens
