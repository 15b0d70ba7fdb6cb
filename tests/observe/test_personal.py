import msgspec

from agent.observe.personal import less_personal
from tests.store.records import CALLER, FULL

WORDS = ("Zoë", "Good day", CALLER, *(each.address for each in FULL.transfers))


def test_a_record_less_what_is_personal_says_nobodys_words_and_all_else() -> None:
    less = less_personal(FULL)
    told = msgspec.json.encode(less).decode()
    assert [word for word in WORDS if word in told] == []
    assert [entry.name for entry in less.timeline] == [entry.name for entry in FULL.timeline]
    assert less.timeline[1].values == {"turn": 2}
    changed = {n for n in FULL.__struct_fields__ if getattr(less, n) != getattr(FULL, n)}
    assert changed == {"caller", "conversation", "timeline", "transfers"}
    assert [each.ended for each in less.transfers] == ["busy", "answered"]
    assert less_personal(less) == less
