"""What the agent says without a pause of its own making, and how much of it is collected first.

Theory. A model that delivers slower than real time lets the line run dry in the middle of a part.
From then on playing resumes only with a cushion, which grows with every such hole and shrinks with
every part that had none. Whoever sees a slow turn coming may ask for more. Without I/O.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

from agent.call.lead import FRAME, RATE_HZ

CUSHION_STEP_S = 0.1
LARGEST_CUSHION_S = 0.4
REMEMBERED_PARTS = 32
KEPT_S = 6.0
"""Of what was sent so much is kept, should it turn out that the caller has not heard it: longer
than a line is believed in that gives no sound any more."""


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
        torn: some of it was heard on a line that broke, and this is the rest.
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
    torn: bool = False

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
        self._kept: deque[tuple[int, Part, bytes]] = deque()  # where it ends, whose, what was sent
        self._last_name = (0, 0)

    @property
    def latest(self) -> Part | None:
        """The one that was opened last, if it is not sent yet."""
        return self.waiting[-1] if self.waiting else None

    def open(self, turn: int, epoch: int) -> Part:
        """Open one, named by the clears before it, its turn, and its number within that."""
        part = Part(turn, self._name(turn, epoch))
        self.waiting.append(part)
        return part

    def _name(self, turn: int, epoch: int) -> str:
        last_turn, last_number = self._last_name
        self._last_name = (turn, last_number + 1 if turn == last_turn else 1)
        return f"e{epoch}:t{turn}:{self._last_name[1]}"

    def send(self, part: Part, n: int, position: int) -> bytes:
        """Take the next `n` samples of a part out of its queue: they are sent now.

        Args:
            position: in samples sent to the carrier, after them.
        """
        if not part.sent:
            self._sent.append(part)
        audio = bytes(part.queue[:n])
        del part.queue[:n]
        part.sent += n
        part.end = position
        self._kept.append((position, part, audio))
        while position - self._kept[0][0] > KEPT_S * RATE_HZ:
            self._kept.popleft()
        return audio

    def break_off(self, heard: int, epoch: int) -> tuple[set[str], int]:
        """The line broke: queue again, first and under new names, what was sent and not heard.

        Args:
            heard: the position in the stream up to which the caller has heard it.
            epoch: part of the new names.

        Returns:
            The parts that were begun and not heard to their end, by their old names, and the
            samples queued again.
        """
        names = {part.name for part in self.waiting if part.sent}
        queued = 0
        while self._kept:
            end, part, audio = self._kept.pop()
            unheard = max(0, end - heard)
            unheard += -unheard % FRAME  # in frames of what was sent, wherever its stream began
            audio = audio[max(0, len(audio) - unheard) :]
            if not audio:
                continue
            names.add(part.name)
            queued += len(audio)
            part.queue[:0] = audio
            part.sent -= len(audio)
            if not self.waiting or self.waiting[0] is not part:
                self.waiting.appendleft(part)
        for part in self.waiting:
            part.torn = part.torn or part.sent > 0
            part.sent = part.end = 0
            part.name = self._name(part.turn, epoch)
        self._sent.clear()
        return names, queued

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
        self._kept.clear()
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
