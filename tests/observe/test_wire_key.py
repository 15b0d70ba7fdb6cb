"""The keys that wires are locked with."""

import base64
import sys

import pytest

from agent.errors import ConfigError
from agent.observe.wire_key import read_keys

HEX = "0f" * 32


def test_a_key_is_written_in_hex_or_base64_and_is_the_same() -> None:
    plain = base64.b64encode(bytes.fromhex(HEX)).decode()

    assert read_keys(HEX) == read_keys(plain) == read_keys(HEX.upper()) == read_keys(f" {HEX} ,")


def test_there_may_be_none_or_several() -> None:
    assert read_keys("") == ()
    first, second = read_keys(f"{HEX},{'aa' * 32}")
    assert first.id != second.id


@pytest.mark.parametrize("text", ["secret", "0f" * 31, "0f" * 33, "zz" * 32, "äöü"])
def test_what_is_no_key_is_told_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigError, match="THE_KEY, key 2: not 32 bytes") as caught:
        read_keys(f"{HEX},{text}", "THE_KEY")

    assert text not in str(caught.value)


def test_a_key_does_not_show_itself() -> None:
    [key] = read_keys(HEX)

    assert HEX not in repr(key)
    assert repr(bytes.fromhex(HEX)) not in repr(key)


def test_each_file_is_locked_otherwise() -> None:
    [key] = read_keys(HEX)
    nonce = bytes(12)

    locked = {key.of_file(salt).encrypt(nonce, b"same", None) for salt in (b"1" * 16, b"2" * 16)}

    assert len(locked) == 2


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.kdf.hkdf", None)

    with pytest.raises(ConfigError, match=r"pip install 'seamline\[wire\]'"):
        read_keys(HEX)
