"""Files that an operator names, read so that none of them can take for ever or fill the memory."""

from __future__ import annotations

import errno
import os
import stat


def read_plain_file(path: str, most_bytes: int) -> bytes:
    """The content of a file, or its beginning.

    A pipe is not opened: that can wait for ever for somebody to write to it.

    Args:
        path: of the file.
        most_bytes: so much is read; of a larger file, what is behind that is left out.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "Not a regular file", path)
    with open(path, "rb") as file:
        return file.read(most_bytes)
