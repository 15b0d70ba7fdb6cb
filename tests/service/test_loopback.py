"""Addresses of this machine, and of others."""

import pytest

from agent.service.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_has_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "203.0.113.7", "voice.example.com"])
def test_what_others_can_reach_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)
