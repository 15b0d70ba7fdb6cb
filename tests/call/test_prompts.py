import re

from agent.call import prompts


def test_words_to_be_spoken_stand_in_the_only_double_quotes() -> None:
    text = prompts.say(prompts.GREETING, 'Welcome to "Bella {Vista}".')
    found = re.findall(r'Say exactly: "([^"]*)"$', text)
    assert found == ["Welcome to 'Bella {Vista}'."]
