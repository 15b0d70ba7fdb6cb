from agent.call.bargein import PHANTOM_S, BargeIn


def test_a_cough_does_not_interrupt_and_speech_does_once() -> None:
    rule = BargeIn("both", 0.24, 0.0)
    assert rule.listens
    assert not rule.by_speech(0.1, 5.0)
    assert rule.by_speech(0.24, 5.0)
    assert not rule.by_speech(0.5, 5.0)
    rule.caller_started()
    assert rule.by_speech(0.5, 5.0)


def test_speech_counts_only_while_the_agent_is_heard_and_not_in_its_first_words() -> None:
    rule = BargeIn("local", 0.24, 1.0)
    assert not rule.by_speech(3.0, 0.1)
    assert not rule.by_speech(3.0, 0.9)
    assert rule.by_speech(3.0, 1.0)


def test_an_interruption_by_a_caller_who_was_silent_is_a_phantom() -> None:
    for mode in ("model", "both"):
        rule = BargeIn(mode, 0.2, 0.0)
        assert rule.by_model(0.0)
        assert rule.by_model(PHANTOM_S)
        assert not rule.by_model(PHANTOM_S + 0.1)
    assert not BargeIn("model", 0.2, 0.0).listens


def test_a_tenant_who_trusts_his_own_ears_alone_wants_the_caller_to_be_speaking() -> None:
    assert BargeIn("local", 0.2, 0.0).by_model(0.0)
    assert not BargeIn("local", 0.2, 0.0).by_model(0.1)
