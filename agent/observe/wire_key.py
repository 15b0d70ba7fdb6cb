"""The keys that tapes are locked with.

A key is 32 random bytes, written as 64 hexadecimal digits or in base64, in `SEAMLINE_WIRE_KEY`.
Several stand there separated by commas: the first locks what is written from now on, each opens
what it has locked. Every file has a key of its own, derived from one of these and from the file's
salt (HKDF-SHA256), so that no two chunks of any two files share key and nonce.
"""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE = "SEAMLINE_WIRE_KEY"
KEY_BYTES = 32
ID_BYTES = 8
SALT_BYTES = 16

_HEX = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True)
class WireKey:
    """One key.

    Attributes:
        id: says which key locked a file, and nothing about the key.
    """

    id: bytes
    _secret: bytes = field(repr=False)

    def of_file(self, salt: bytes) -> AESGCM:
        """What locks and opens the chunks of the file with this salt."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(_derived(self._secret, salt, b"seamline wire file"))


def read_keys(text: str, variable: str = VARIABLE) -> tuple[WireKey, ...]:
    """Read the keys of a variable; none where it is empty.

    Raises:
        ConfigError: one is no key, or the package that locks files is not installed.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    return tuple(_key(word, f"{variable}, key {n}") for n, word in enumerate(words, 1))


def _key(word: str, name: str) -> WireKey:
    secret = b""
    if _HEX.fullmatch(word):
        secret = bytes.fromhex(word)
    else:
        with suppress(ValueError):
            secret = base64.b64decode(word, validate=True)
    if len(secret) != KEY_BYTES:
        raise ConfigError(
            f"{name}: not 32 bytes in hex or base64; make one by: openssl rand -hex 32"
        )
    return WireKey(_derived(secret, b"", b"seamline wire key id")[:ID_BYTES], secret)


def _derived(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    try:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError:
        raise ConfigError(
            "wires cannot be kept or read: install the extra, pip install 'seamline[wire]'"
        ) from None
    return HKDF(SHA256(), KEY_BYTES, salt, purpose).derive(secret)
