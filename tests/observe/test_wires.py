"""The file of a call's tape: what is in it comes out, and whoever changes it is found out."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.call.tape import Fact, PhoneSaid, Rang
from agent.errors import ConfigError
from agent.observe.wire_key import read_keys
from agent.observe.wires import ChunkWriter, ReadTape, read_tape, tape_bytes
from tests.call.tapes import busy, lived

[KEY] = read_keys("11" * 32)
[OTHER] = read_keys("22" * 32)
FACTS = lived(busy).facts
PER_CHUNK = 300
CHUNKS = -(-len(FACTS) // PER_CHUNK)


def written(facts: Sequence[Fact] = FACTS, *, key: bool = True) -> list[bytes]:
    """A file's header and its chunks."""
    writer = ChunkWriter(KEY if key else None, b"salt" * 4 if key else b"")
    starts = range(0, len(facts), PER_CHUNK)
    return [
        writer.header,
        *(writer.chunk(facts[n : n + PER_CHUNK], last=n == starts[-1]) for n in starts),
    ]


def read(tmp_path: Path, content: bytes) -> ReadTape:
    path = tmp_path / "call.wire"
    path.write_bytes(content)
    return read_tape(path, [OTHER, KEY])


def whole(tape: ReadTape) -> list[Fact]:
    return [tape.began, *tape.facts]


@pytest.mark.parametrize("key", [True, False], ids=["locked", "open"])
def test_what_was_written_is_read(tmp_path: Path, key: bool) -> None:
    tape = read(tmp_path, b"".join(written(key=key)))

    assert whole(tape) == FACTS
    assert tape.torn is None


def test_a_tape_without_lock_is_written_at_once(tmp_path: Path) -> None:
    tape = read(tmp_path, tape_bytes(ReadTape(FACTS[0], FACTS[1:], None)))  # type: ignore[arg-type]

    assert whole(tape) == FACTS
    assert tape.torn is None


@settings(max_examples=40, deadline=None)
@given(st.integers(min_value=0))
def test_a_torn_file_is_read_up_to_the_tear(
    tmp_path_factory: pytest.TempPathFactory, at: int
) -> None:
    header, *chunks = written()
    body = b"".join(chunks)
    content = (header + body)[: len(header) + len(chunks[0]) + at % (len(body) - len(chunks[0]))]

    tape = read(tmp_path_factory.mktemp("torn"), content)

    n = len(whole(tape))
    assert n % PER_CHUNK == 0
    assert n // PER_CHUNK >= 1
    assert whole(tape) == FACTS[:n]
    assert tape.torn == "it breaks off"


def test_a_changed_byte_anywhere_is_found_out(tmp_path: Path) -> None:
    content = b"".join(written())
    random = Random(1)

    for _ in range(60):
        changed = bytearray(content)
        changed[random.randrange(len(content))] ^= 1 << random.randrange(8)
        try:
            tape = read(tmp_path, bytes(changed))
        except ConfigError:
            continue
        assert tape.torn is not None
        assert whole(tape) == FACTS[: len(whole(tape))]


def test_chunks_cannot_be_exchanged_repeated_or_left_out(tmp_path: Path) -> None:
    header, first, second, *rest = written()

    for chunks in ([first, *rest], [first, first, second, *rest], [first, *rest[:1], second]):
        tape = read(tmp_path, b"".join([header, *chunks]))
        assert tape.torn == "chunk 1 is damaged"
        assert whole(tape) == FACTS[:PER_CHUNK]


def test_a_file_cannot_pass_for_another_or_for_a_whole_one(tmp_path: Path) -> None:
    header, first, *_ = written()
    other = ChunkWriter(KEY, b"tlas" * 4).header
    ended = bytes([first[0] | 0x80]) + first[1:]

    for content in (other + first, header + ended):
        with pytest.raises(ConfigError, match="nothing in it can be read: chunk 0 is damaged"):
            read(tmp_path, content)


def test_a_damaged_tape_without_lock_is_found_out(tmp_path: Path) -> None:
    header, first, second, *_ = written(key=False)
    changed = second[:50] + b"?" + second[51:]

    assert read(tmp_path, header + first + changed).torn == "chunk 1 is damaged"


def test_a_chunk_that_unpacks_to_nonsense_is_damaged(tmp_path: Path) -> None:
    header, first, *_ = written(key=False)
    packed = b"no zlib"
    chunk = packed + zlib.crc32(packed).to_bytes(4, "big")

    assert read(tmp_path, header + first + len(chunk).to_bytes(4, "big") + chunk).torn is not None


def test_a_length_beyond_reason_is_damage(tmp_path: Path) -> None:
    header, first, *_ = written()

    tape = read(tmp_path, header + first + b"\x7f\xff\xff\xff")

    assert tape.torn == "chunk 1 is damaged"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "this is no tape of a call"),
        (b"RIFF....WAVE", "this is no tape of a call"),
        (b"SEAMWIRE", "its format is missing, not 01"),
        (b"SEAMWIRE\x02", "its format is 02, not 01"),
        (b"SEAMWIRE\x01" + bytes(24), "none of the 2 keys given opens it"),
        (b"SEAMTAPE\x01", "nothing in it can be read: it breaks off"),
    ],
)
def test_what_is_no_tape_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read(tmp_path, content)


def test_without_any_key_it_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "call.wire"
    path.write_bytes(b"".join(written()))

    with pytest.raises(ConfigError, match=f"there is no key that opens it .* {KEY.id.hex()}"):
        read_tape(path)
    with pytest.raises(ConfigError, match="No such file"):
        read_tape(tmp_path / "none.wire")


def test_an_empty_chunk_and_a_tape_that_begins_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is empty"):
        read(tmp_path, b"".join([ChunkWriter(None).header, ChunkWriter(None).chunk([], last=True)]))
    with pytest.raises(ConfigError, match="does not begin with a call"):
        read(tmp_path, b"".join(written([Rang(1.0), PhoneSaid(1.0, b"")], key=False)))


def test_facts_of_another_version_are_said_to_be_so(tmp_path: Path) -> None:
    def chunk(content: object) -> bytes:
        packed = zlib.compress(msgspec.msgpack.encode(content))
        locked = packed + zlib.crc32(packed).to_bytes(4, "big")
        return len(locked).to_bytes(4, "big") + locked

    header, first, *_ = written(key=False)

    with pytest.raises(ConfigError, match="not of this version"):
        read(tmp_path, header + chunk([["teleported", 1.0]]))
    later = read(tmp_path, header + first + chunk([["teleported", 1.0]]))
    assert later.torn == "a chunk is of another version"
    assert whole(later) == FACTS[:PER_CHUNK]
