"""What was sent so lately that the service need not have had it when its last frame left; no I/O.

At other times that is little; when the caller's audio comes, or is sent again, all at once, it is
seconds of it.
"""

from __future__ import annotations

from collections import deque


class UnderWay:
    """Of one session.

    Args:
        lately_s: what was sent longer ago has arrived.
    """

    def __init__(self, lately_s: float) -> None:
        self._lately_s = lately_s
        self._marks: deque[tuple[float, int]] = deque()

    def goes_on(self, sent_to: int, now: float) -> None:
        """More may be sent now, after the sample `sent_to`."""
        marks = self._marks
        if marks and sent_to < marks[-1][1]:
            marks.clear()  # a new connection, which is sent some of it again
        while marks and marks[0][0] <= now - self._lately_s:
            marks.popleft()
        if not marks or marks[-1][0] < now:
            marks.append((now, sent_to))

    def begins(self, sent_to: int) -> int:
        """The sample from which on nobody knows; everything before `sent_to` has been sent."""
        return min(self._marks[0][1], sent_to) if self._marks else sent_to
