import mcp_types as types
import pytest

from agent.errors import ToolError
from agent.tools.mcp_results import result_of
from agent.tools.results import answer_with


def told(*content: types.ContentBlock, structured: object = None) -> object:
    return result_of("f", types.CallToolResult(content=[*content], structured_content=structured))


def text(words: str) -> types.TextContent:
    return types.TextContent(text=words)


def test_text_is_told_line_by_line() -> None:
    assert told(text("One."), text("Two.")) == "One.\nTwo."


def test_text_that_is_json_is_told_as_what_it_means() -> None:
    assert told(text(' {"a": [1]}')) == {"a": [1]}
    assert told(text("[not json")) == "[not json"
    assert told(text("[" * 100_000)) == "[" * 100_000


def test_what_is_structured_comes_before_its_text() -> None:
    assert told(text("two"), structured={"a": 2}) == {"a": 2}
    assert told(text("none"), structured=[]) == []


def test_no_result_at_all_is_done() -> None:
    assert answer_with(told()) == {"output": {"status": "done"}}


def test_what_cannot_be_told_on_the_telephone_is_left_out_and_counted() -> None:
    image = types.ImageContent(data="eA==", mime_type="image/png")
    sound = types.AudioContent(data="eA==", mime_type="audio/wav")
    file = types.BlobResourceContents(uri="file:///a", blob="eA==")
    answer = told(text("A cat."), image, image, sound, types.EmbeddedResource(resource=file))
    assert answer == {
        "result": "A cat.",
        "note": "2 image, 1 audio, 1 file: left out, since they cannot be told on the telephone",
    }


def test_resources_are_told_as_far_as_they_are_text() -> None:
    inside = types.TextResourceContents(uri="file:///a", text="Open at nine.")
    link = types.ResourceLink(uri="https://example.com/hours", name="hours")
    titled = types.ResourceLink(uri="https://example.com/menu", name="menu", title="The menu")
    assert told(types.EmbeddedResource(resource=inside), link, titled) == (
        "Open at nine.\nhours: https://example.com/hours\nThe menu: https://example.com/menu"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [([text("No table is free.")], "No table is free."), ([], "f says that it did not work")],
)
def test_an_error_of_the_tool_is_an_error_in_its_words(
    content: list[types.ContentBlock], words: str
) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        result_of("f", types.CallToolResult(content=content, is_error=True))
    assert not caught.value.retryable


def test_a_tool_that_asks_for_more_was_not_run() -> None:
    asks = types.InputRequiredResult(request_state="x")
    with pytest.raises(ToolError, match="f was not run: it asks for more"):
        result_of("f", asks)
