"""What was sent so lately that the service need not have had it."""

from agent.gemini.under_way import UnderWay


def test_what_was_sent_long_ago_has_arrived() -> None:
    under_way = UnderWay(0.2)
    assert under_way.begins(500) == 500
    under_way.goes_on(0, 10.0)
    under_way.goes_on(800, 10.1)
    assert under_way.begins(1_600) == 0
    under_way.goes_on(1_600, 10.2)
    assert under_way.begins(2_400) == 800
    under_way.goes_on(2_400, 11.0)
    assert under_way.begins(3_200) == 2_400


def test_all_that_goes_out_at_one_time_is_under_way_together() -> None:
    under_way = UnderWay(0.2)
    for n in range(5):
        under_way.goes_on(n * 1_600, 10.0)
    assert under_way.begins(8_000) == 0


def test_what_is_to_be_sent_again_is_not_under_way_and_then_it_is() -> None:
    under_way = UnderWay(0.2)
    under_way.goes_on(8_000, 10.0)
    assert under_way.begins(1_600) == 1_600
    under_way.goes_on(1_600, 10.0)
    assert under_way.begins(8_000) == 1_600
