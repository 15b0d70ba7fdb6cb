"""Requests that are no HTTP: strangers may send many, so they are counted and few are logged.

aiohttp would write an error for each.
"""

import logging
from collections.abc import Callable
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError


class ServerLog(logging.LoggerAdapter[logging.Logger]):
    """The log of aiohttp's server, without its errors about what was no HTTP.

    Args:
        noted: called for each of these.
    """

    def __init__(self, noted: Callable[[], None]) -> None:
        super().__init__(logging.getLogger("aiohttp.server"), {})
        self._noted = noted

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """See `logging.Logger.log`."""
        if isinstance(kwargs.get("exc_info"), HttpProcessingError):
            self._noted()
        else:
            super().log(level, msg, *args, **kwargs)
