from agent.sim.token_ledger import TokenLedger, audio_tokens, text_tokens


def test_a_second_of_audio_is_25_tokens() -> None:
    assert [audio_tokens(s) for s in (0.0, 0.04, 0.05, 1.0, 10.0)] == [0, 1, 2, 25, 250]
    assert text_tokens("") == 0
    assert text_tokens("hello") == 2


def test_every_turn_is_billed_the_whole_context() -> None:
    ledger = TokenLedger("x" * 40)
    ledger.add_audio(2.0)
    first = ledger.usage(text="", audio_s=4.0, thoughts=0, vertex=False)
    assert first == {
        "promptTokenCount": 60,
        "responseTokenCount": 100,
        "totalTokenCount": 160,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 10},
            {"modality": "AUDIO", "tokenCount": 50},
        ],
        "responseTokensDetails": [{"modality": "TEXT"}, {"modality": "AUDIO", "tokenCount": 100}],
    }
    ledger.add_audio(4.0)
    second = ledger.usage(text="", audio_s=0.0, thoughts=3, vertex=False)
    assert second["promptTokenCount"] == ledger.context_tokens == 160
    assert second["thoughtsTokenCount"] == 3
    assert second["totalTokenCount"] == 163


def test_zeroes_are_left_out_and_so_are_details_of_nothing() -> None:
    ledger = TokenLedger()
    assert ledger.usage(text="", audio_s=0.0, thoughts=0, vertex=False) == {
        "promptTokensDetails": [{"modality": "TEXT"}, {"modality": "AUDIO"}]
    }


def test_vertex_says_candidates_and_names_its_traffic() -> None:
    ledger = TokenLedger()
    ledger.add_text("four")
    usage = ledger.usage(text="eightxxx", audio_s=0.0, thoughts=0, vertex=True)
    assert usage["candidatesTokenCount"] == 2
    assert usage["candidatesTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 2},
        {"modality": "AUDIO"},
    ]
    assert usage["trafficType"] == "ON_DEMAND"
    assert not any(name.startswith("response") for name in usage)


def talked(system: str = "") -> TokenLedger:
    ledger = TokenLedger(system)
    for i in range(4):
        ledger.add_audio(4.0)
        ledger.add_words(f"question {i}")
        ledger.add_audio(6.0, "model", f"answer {i}")
    return ledger


def test_the_history_is_who_said_what() -> None:
    assert talked().history[:2] == [("user", "question 0"), ("model", "answer 0")]
    assert TokenLedger("be kind").history == []


def test_a_cut_begins_at_a_user_turn_and_leaves_at_most_the_target() -> None:
    ledger = talked("x" * 40)
    assert ledger.context_tokens == 1010
    ledger.cut(600)
    assert ledger.context_tokens == 510
    assert ledger.history[0] == ("user", "question 2")


def test_the_last_user_turn_survives_every_cut() -> None:
    ledger = talked()
    ledger.cut(0)
    assert ledger.history == [("user", "question 3"), ("model", "answer 3")]
    empty = TokenLedger("x" * 40)
    empty.cut(0)
    assert empty.context_tokens == 10


def test_a_new_instruction_takes_the_place_of_the_old_one() -> None:
    ledger = talked("x" * 40)
    ledger.instruct("x" * 80)
    assert ledger.context_tokens == 1020


def test_a_copy_goes_its_own_way() -> None:
    ledger = talked()
    twin = ledger.copy()
    twin.add_text("more")
    assert twin.context_tokens == ledger.context_tokens + 1
    assert len(twin.history) == len(ledger.history) + 1
