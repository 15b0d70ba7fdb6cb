from agent.service.latest import Latest


def test_the_oldest_entry_goes_first_and_what_was_set_again_is_new() -> None:
    latest: Latest[str, int] = Latest(2)
    latest["a"] = 1
    latest["b"] = 2
    latest["a"] = 3
    latest["c"] = 4
    assert latest == {"a": 3, "c": 4}
    assert latest.pop("a") == 3
    assert latest.get("b") is None
