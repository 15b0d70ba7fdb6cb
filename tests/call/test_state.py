from agent.call.state import TRANSITIONS, CallState


def test_every_state_leads_to_the_end_and_nothing_leads_out_of_it() -> None:
    assert set(TRANSITIONS) == set(CallState)
    assert TRANSITIONS[CallState.ENDED] == set()
    for state in set(CallState) - {CallState.ENDED}:
        assert CallState.ENDED in TRANSITIONS[state]
