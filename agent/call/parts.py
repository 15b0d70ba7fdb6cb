"""What the agent says without a pause of its own making, and how much of it is collected first.

Theory. A model that delivers slower than real time lets the line run dry in the middle of a part.
From then on playing resumes only with a cushion, which grows with every such hole and shrinks with
every part that had none. Whoever sees a slow turn coming may ask for more. Without I/O.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

from agent.call.lead import RATE_HZ

CUSHION_STEP_S = 0.1
LARGEST_CUSHION_S = 0.4
REMEMBERED_PARTS = 32


@dataclass(slots=True)
class Part:
    """A stretch of one turn without a pause of the model's own making.

    Attributes:
        name: of its mark.
        queue: mu-law not yet sent.
        closed: nothing will be added; `queue` is whole frames.
        hold: not started (or resumed) before so many samples are queued,
        hold_until: or this time has come.
        end: position, in samples sent to the carrier, after its latest one.
        sent: samples sent.
        whole: no hole so far.
    """

    turn: int
    name: str
    hold: int = 0
    hold_until: float = 0.0
    queue: bytearray = field(default_factory=bytearray)
    closed: bool = False
    end: int = 0
    sent: int = 0
    whole: bool = True

    def held(self, now: float) -> bool:
        """Whether it still waits for more of itself; once it does not, it never does again."""
        if self.hold:
            if not self.closed and len(self.queue) < self.hold and now < self.hold_until:
                return True
            self.hold = 0
        return False


class Parts:
    """The parts of one call; of those that were sent, the last few.

    Attributes:
        waiting: those with something yet to send, in order; the last one may be open.
    """

    def __init__(self) -> None:
        self.waiting: deque[Part] = deque()
        self._sent: deque[Part] = deque(maxlen=REMEMBERED_PARTS)
        self._last_name = (0, 0)

    @property
    def latest(self) -> Part | None:
        """The one that was opened last, if it is not sent yet."""
        return self.waiting[-1] if self.waiting else None

    def open(self, turn: int, epoch: int) -> Part:
        """Open one, named by the clears before it, its turn, and its number within that."""
        last_turn, last_number = self._last_name
        self._last_name = (turn, last_number + 1 if turn == last_turn else 1)
        part = Part(turn, f"e{epoch}:t{turn}:{self._last_name[1]}")
        self.waiting.append(part)
        return part

    def begins(self, part: Part) -> None:
        """Its first audio is sent."""
        self._sent.append(part)

    def clear(self, heard: int) -> Counter[int]:
        """Forget all of them.

        Args:
            heard: the position in the stream up to which the caller has heard it.

        Returns:
            The samples of each turn that are not heard, where there are any.
        """
        unheard: Counter[int] = Counter()
        for part in self._sent:
            over = min(part.sent, part.end - heard)
            if over > 0:
                unheard[part.turn] += over
        for part in self.waiting:
            if part.queue:
                unheard[part.turn] += len(part.queue)
        self.waiting.clear()
        self._sent.clear()
        return unheard


class Cushion:
    """How much audio a part collects before it plays.

    Args:
        start_s: at its beginning, and waits for at most.
    """

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._grown_s = 0.0
        self._asked = (0, 0.0)

    def begins(self, part: Part, now: float) -> None:
        """A part was opened."""
        self._hold(part, self._start_s, now)

    def ran_dry(self, part: Part, now: float) -> None:
        """A part has a hole in it."""
        self._grown_s = min(LARGEST_CUSHION_S, self._grown_s + CUSHION_STEP_S)
        part.whole = False
        self._hold(part, 0.0, now)

    def finished(self, part: Part) -> None:
        """A part was closed."""
        if part.whole:
            self._grown_s = max(0.0, self._grown_s - CUSHION_STEP_S)

    def ask(self, turn: int, seconds: float, part: Part | None, now: float) -> None:
        """Collect at least so much in `turn` from now on; `part`, the latest, if it still waits."""
        self._asked = (turn, seconds)
        if part is not None and part.turn == turn and part.hold:
            self._hold(part, self._start_s, now)

    def _hold(self, part: Part, least_s: float, now: float) -> None:
        turn, asked_s = self._asked
        wait_s = max(least_s, self._grown_s, asked_s if turn == part.turn else 0.0)
        part.hold = round(wait_s * RATE_HZ)
        part.hold_until = now + wait_s
