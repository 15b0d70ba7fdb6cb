"""Content."""

from agent.gemini.content import Content, Part, text_content


def test_a_text_is_the_users_unless_said_otherwise() -> None:
    assert text_content("hi") == Content((Part(text="hi"),), "user")
    assert text_content("hi", "model").role == "model"
