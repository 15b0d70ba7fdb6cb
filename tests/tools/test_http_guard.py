import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tools.http_guard import networks, permitted

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:80e::200e"]
REFUSED = {
    "this machine": ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::"],
    "private": ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fc00::1", "fd12:3456::1", "fec0::1"],
    "link-local": ["169.254.1.1", "fe80::1", "fe80::1%eth0"],
    "metadata": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"],
    "a cloud's own": ["168.63.129.16"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "to many": ["224.0.0.1", "255.255.255.255", "ff02::1"],
    "reserved": ["240.0.0.1", "198.18.0.1", "192.0.2.1", "2001:db8::1", "64:ff9b:1::1"],
    "IPv4 in IPv6": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::7f00:1"],
    "translated": ["64:ff9b::7f00:1", "2002:7f00:1::", "2002:808:808::1", "2001:0:1:1::1"],
    "not addresses": ["2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1", "localhost", ""],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_reached(address: str) -> None:
    assert [str(found) for found in permitted([address], ())] == [address]


@pytest.mark.parametrize("address", [one for kind in REFUSED.values() for one in kind])
def test_what_only_this_network_reaches_may_not(address: str) -> None:
    assert permitted([address], ()) == []


def test_an_ipv4_address_written_as_ipv6_is_itself() -> None:
    assert [str(found) for found in permitted(["::ffff:8.8.8.8"], ())] == ["8.8.8.8"]


def test_the_operator_may_open_a_network_and_no_more() -> None:
    allow = networks(["10.1.0.0/16", "fd00::/8"])
    found = permitted(["10.1.2.3", "10.2.0.1", "::ffff:10.1.2.3", "fd00::1", "8.8.8.8"], allow)
    assert [str(one) for one in found] == ["10.1.2.3", "10.1.2.3", "fd00::1", "8.8.8.8"]


def test_of_mixed_addresses_the_permitted_are_left() -> None:
    assert [str(one) for one in permitted(["127.0.0.1", "8.8.8.8"], ())] == ["8.8.8.8"]


@given(st.ip_addresses())
def test_nothing_private_is_ever_reached(address: object) -> None:
    for found in permitted([str(address)], ()):
        assert found.is_global
        assert not found.is_loopback
        assert not found.is_link_local
