"""The file that a call's tape is kept in, as bytes; docs/replay.md describes it for other readers.

    header   "SEAMWIRE", format (1 byte), id of the key (8 bytes), salt (16 bytes)
    chunk    length (4 bytes, big-endian; its highest bit: this is the last one), then so many
             bytes: AES-256-GCM over zlib over a MessagePack array of facts
    chunk    ...

The nonce of a chunk is its number from 0, 12 bytes big-endian; authenticated with it are the header
and its length field. So chunks cannot be changed, exchanged, repeated or left out unnoticed, and a
file that ends without its last chunk is known to be torn. Every chunk can be read by itself: of a
torn file, all but the last moments.

A tape for a test (`.tape`) has the same chunks without lock: its header is "SEAMTAPE", format.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import msgspec

from agent.call.tape import Began, Fact
from agent.errors import ConfigError
from agent.observe.wire_key import ID_BYTES, SALT_BYTES, WireKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LOCKED, OPEN = b"SEAMWIRE", b"SEAMTAPE"
FORMAT = b"\x01"
LONGEST_CHUNK = 32 << 20
"""Bytes of one, before and after unpacking; what claims to be longer is damaged."""
TAG_BYTES = 16

_FACTS = 1000  # in a chunk of a tape without lock
_LENGTH = struct.Struct(">I")
_LAST = 1 << 31
_LEVEL = 1  # of zlib: audio in base64 loses a quarter either way

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Fact]).decode


class _Lock(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


class _Unlocked:
    """In the place of a lock, for tapes that hold nothing personal."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        return data + _LENGTH.pack(zlib.crc32(data))


class ChunkWriter:
    """Makes the bytes of one file, one chunk after the other.

    Args:
        key: locks it; None: it is not locked.
        salt: random bytes, of this file only.

    Attributes:
        header: comes first.
    """

    def __init__(self, key: WireKey | None, salt: bytes = b"") -> None:
        self.header = OPEN + FORMAT if key is None else LOCKED + FORMAT + key.id + salt
        self._lock: AESGCM | _Lock = _Unlocked() if key is None else key.of_file(salt)
        self._extra = 4 if key is None else TAG_BYTES
        self._number = 0

    def chunk(self, facts: Sequence[Fact], *, last: bool = False) -> bytes:
        """The next chunk; nothing comes after the last one."""
        packed = zlib.compress(_encode(facts), _LEVEL)
        length = _LENGTH.pack(len(packed) + self._extra | (_LAST if last else 0))
        nonce, self._number = self._number.to_bytes(12, "big"), self._number + 1
        return length + self._lock.encrypt(nonce, packed, self.header + length)


def tape_bytes(tape: ReadTape) -> bytes:
    """A whole tape as a file without lock: only for one that holds nothing personal."""
    writer = ChunkWriter(None)
    facts: list[Fact] = [tape.began, *tape.facts]
    chunks = [
        writer.chunk(facts[i : i + _FACTS], last=i + _FACTS >= len(facts))
        for i in range(0, len(facts), _FACTS)
    ]
    return writer.header + b"".join(chunks)


@dataclass(frozen=True, slots=True)
class ReadTape:
    """A tape, read.

    Attributes:
        facts: in order, without the first.
        torn: why the end is missing; None: it is there.
    """

    began: Began
    facts: list[Fact] = field(repr=False)
    torn: str | None


def read_tape(path: Path, keys: Sequence[WireKey] = ()) -> ReadTape:
    """Read a file up to its end or its tear.

    Raises:
        ConfigError: it is no tape, not of this version, or there is no key for it.
    """
    try:
        with path.open("rb") as file:
            return _read(file, str(path), keys)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def _read(file: BinaryIO, name: str, keys: Sequence[WireKey]) -> ReadTape:
    facts: list[Fact] = []
    torn: str | None = None
    try:
        for chunk in _chunks(file, name, keys):
            facts += _decode(chunk)
    except _Torn as tear:
        torn = str(tear)
    except msgspec.DecodeError as error:
        if not facts:
            raise ConfigError(f"{name}: not of this version: {error}") from None
        torn = "a chunk is of another version"
    if not facts:
        raise ConfigError(f"{name}: nothing in it can be read: {torn or 'it is empty'}")
    began, *rest = facts
    if not isinstance(began, Began):
        raise ConfigError(f"{name}: it does not begin with a call")
    return ReadTape(began, rest, torn)


class _Torn(Exception):
    """The file ends here, although it does not say so."""


def _chunks(file: BinaryIO, name: str, keys: Sequence[WireKey]) -> Iterator[bytes]:
    header, lock = _header(file, name, keys)
    number = 0
    while True:
        length = file.read(_LENGTH.size)
        if len(length) < _LENGTH.size:
            raise _Torn("it breaks off")
        [word] = _LENGTH.unpack(length)
        size = word & ~_LAST
        if size > LONGEST_CHUNK:
            raise _Torn(f"chunk {number} is damaged")
        locked = file.read(size)
        if len(locked) < size:
            raise _Torn("it breaks off")
        packed = _opened(lock, number, locked, header + length)
        unpacking = zlib.decompressobj()
        try:
            yield unpacking.decompress(packed, LONGEST_CHUNK)
        except zlib.error:
            raise _Torn(f"chunk {number} is damaged") from None
        if word & _LAST:
            return
        number += 1


def _opened(lock: AESGCM | None, number: int, locked: bytes, associated: bytes) -> bytes:
    if lock is None:
        packed, check = locked[:-4], locked[-4:]
        if _LENGTH.pack(zlib.crc32(packed)) != check:
            raise _Torn(f"chunk {number} is damaged")
        return packed
    from cryptography.exceptions import InvalidTag

    try:
        return lock.decrypt(number.to_bytes(12, "big"), locked, associated)
    except InvalidTag:
        raise _Torn(f"chunk {number} is damaged") from None


def _header(file: BinaryIO, name: str, keys: Sequence[WireKey]) -> tuple[bytes, AESGCM | None]:
    kind, version = file.read(len(LOCKED)), file.read(1)
    if kind not in {LOCKED, OPEN}:
        raise ConfigError(f"{name}: this is no tape of a call")
    if version != FORMAT:
        raise ConfigError(f"{name}: its format is {version.hex() or 'missing'}, not {FORMAT.hex()}")
    if kind == OPEN:
        return kind + version, None
    id, salt = file.read(ID_BYTES), file.read(SALT_BYTES)
    key = next((key for key in keys if key.id == id), None)
    if key is None:
        given = f"none of the {len(keys)} keys given" if keys else "there is no key that"
        raise ConfigError(f"{name}: {given} opens it (it was locked with key {id.hex()})")
    return kind + version + id + salt, key.of_file(salt)
