"""Reads the body of an answer, up to a limit that holds before and after it is unpacked."""

import zlib

import aiohttp

PACKED = {"gzip", "x-gzip", "deflate"}
_EITHER_HEADER = 47
"""zlib's number for: gzip or zlib, whichever the first bytes say."""


class Unread(Exception):
    """A body that cannot be used.

    Attributes:
        reason: a static word, for logs and counters.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def read_bounded(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body, unpacked.

    What the server says of its length is only believed where it is too much: it is counted.

    Raises:
        Unread: it is too large, or packed in a way that was not asked for and is not known.
    """
    if (response.content_length or 0) > most:
        raise Unread("too_large")
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in PACKED | {"identity", ""}:
        raise Unread("unknown_encoding")
    unpacker = zlib.decompressobj(_EITHER_HEADER) if packing in PACKED else None
    content = bytearray()
    received = 0
    async for chunk in response.content.iter_any():
        received += len(chunk)
        try:
            # One byte more than there is room for tells that it is too much.
            room = most - len(content) + 1
            content += unpacker.decompress(chunk, room) if unpacker else chunk
        except zlib.error:
            raise Unread("malformed") from None
        if max(received, len(content)) > most:
            raise Unread("too_large")
    if unpacker is not None and not unpacker.eof and received:
        raise Unread("malformed")
    return bytes(content)
