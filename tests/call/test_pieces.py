from agent.call.pieces import Mark, Play


def test_what_goes_out_is_the_agent_s_unless_it_says_otherwise() -> None:
    assert Play(b"\xff", None, 1, 5.0).cover is None
    assert Mark("m") == Mark("m")
