from agent.tools.docstring import read_docstring


def google(day: str, people: int) -> None:
    """Book a table.
    Call it late.

    A second paragraph.

    Args:
        day (date): the day
            of the visit.
        people: how many.

        name: under which name.
    Returns:
        nothing: at all.
    """


def only_words() -> None:
    """Hours: from nine to five."""


def stray() -> None:
    """Summary.

    Arguments:
        not an entry at all
        day: the day.
    """


class Fields:
    """A thing.

    Attributes:
        size: how large.
    """


def test_summary_and_parameters_are_told_apart() -> None:
    found = read_docstring(google)
    assert found.summary == "Book a table. Call it late.\nA second paragraph."
    assert found.parameters == {
        "day": "the day of the visit.",
        "people": "how many.",
        "name": "under which name.",
    }


def test_a_colon_in_the_summary_is_no_section() -> None:
    assert read_docstring(only_words).summary == "Hours: from nine to five."


def test_lines_that_describe_nothing_are_passed_over() -> None:
    assert read_docstring(stray).parameters == {"day": "the day."}


def test_a_class_describes_its_fields() -> None:
    assert read_docstring(Fields).parameters == {"size": "how large."}


def test_no_docstring_is_empty() -> None:
    assert read_docstring(lambda: None).summary == ""
