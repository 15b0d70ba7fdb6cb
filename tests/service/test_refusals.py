import json
from collections import Counter

from agent.service.refusals import EVERY_S, Refusals
from tests.service.house import captured_log


def test_each_refusal_is_counted_and_one_a_second_is_logged() -> None:
    counters: Counter[str] = Counter()
    now = [100.0]
    refusals = Refusals(counters, lambda: now[0])
    with captured_log() as log:
        for _ in range(1000):
            refusals.note("signature", "/twilio/voice")
        refusals.note("account", "/twilio/voice")
        now[0] += EVERY_S
        refusals.note("signature", "/twilio/media/1")
        lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert counters == {"refused_signature": 1001, "refused_account": 1}
    assert [(line["reason"], line["times"]) for line in lines] == [
        ("signature", 1),
        ("account", 1),
        ("signature", 1000),
    ]
