import pytest

from agent.tenants.directory import TenantDirectory, read_directory
from agent.tenants.routing import matching, route


def directory(**numbers: str) -> TenantDirectory:
    return read_directory(
        (name, f"tenant: {name}\nnumbers: [{listed}]\nagent: {{instructions: x}}\n")
        for name, listed in numbers.items()
    )


ALL = directory(exact="+15550100100", area="+15550*, +49 30*", country="+1*, +491*", rest="default")


@pytest.mark.parametrize(
    ("number", "tenant", "rule", "pattern"),
    [
        ("+15550100100", "exact", "exact", "+15550100100"),
        ("+1 (555) 010-0100", "exact", "exact", "+15550100100"),
        ("+15550100101", "area", "prefix", "+15550*"),
        ("+15560100101", "country", "prefix", "+1*"),
        ("+49305550100", "area", "prefix", "+4930*"),
        ("+3906555010", "rest", "default", "default"),
        ("anonymous", "rest", "default", "default"),
        ("default", "rest", "default", "default"),
        ("", "rest", "default", "default"),
    ],
)
def test_the_longest_entry_that_fits_answers(
    number: str, tenant: str, rule: str, pattern: str
) -> None:
    routed = route(number, ALL)
    assert routed is not None
    assert (routed.file.model.tenant, routed.rule, routed.pattern) == (tenant, rule, pattern)
    assert ALL.by_number(number) is routed.file


def test_the_reason_is_told_in_words() -> None:
    reasons = []
    for number in ("+15550100100", "+15550100101", "x"):
        routed = route(number, ALL)
        assert routed is not None
        reasons.append(routed.reason)
    assert reasons == [
        "+15550100100 is one of its numbers",
        "the number begins as +15550*, and none of a longer beginning fits",
        "no tenant has this number, and this one answers the rest (default)",
    ]


@pytest.mark.parametrize("number", ["+49305550100", "anonymous", ""])
def test_without_a_default_other_numbers_are_nobodys(number: str) -> None:
    assert route(number, directory(a="+15550*")) is None


def test_a_pattern_is_not_found_by_its_own_text() -> None:
    assert matching("+1555*", {"+1555*": 0}) is None
