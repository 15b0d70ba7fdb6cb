"""Which calls of the model ask for the same thing, and for how long; without I/O.

The model asks for a function by a call with an id. Ids do not say what is the same: when the
connection is lost, the model asks again under a new one, and now and then it asks several times
for nothing (docs/protocols/gemini-live.md B18, B32). So what is asked for is a `Request`, known by
its effect key: a digest of the telephone call, the function, its arguments and the caller's turn
(C-15). Two calls with one key are one request and have one effect.

When is a call with the same arguments a new request, made on purpose? Once the model knows the
result, has finished a turn with that knowledge, and the caller has spoken since. The caller's
turns are therefore counted by what this service hears itself: audio that is replayed into a new
connection is not heard again. A lost connection can take back what the model knows: it goes on
from the last point at which its service saved the session, and may ask again for what was done
after that. Until `RECALL_S` later such a call is taken for the old request, and its answer says so.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf

import msgspec

from agent.gemini.session_events import ToolCall

RECALL_S = 120.0
"""So long after a lost connection a model may ask again for what it has forgotten."""
DEEPEST = 64
"""Levels of arguments that are brought into canonical form; nobody sends as many on purpose."""


class CallerTurns:
    """Counts the caller's turns: all that the caller says until the model has answered.

    Attributes:
        number: of the turn that the caller is in, or was in last; 0 before the first.
    """

    def __init__(self) -> None:
        self.number = 0
        self._answered = True

    def caller_spoke(self) -> None:
        """The caller gave a sign; any number of them may belong to one turn."""
        if self._answered:
            self.number += 1
            self._answered = False

    def model_answered(self) -> None:
        """The model finished a turn: what the caller says from now on is a new one."""
        self._answered = True


class Knowledge(Enum):
    """How far the model knows the result of a request."""

    RUNNING = "running"
    """There is none yet."""
    KEPT = "kept"
    """It is here, and nobody waited for it."""
    QUEUED = "queued"
    """It will be told as text at a quiet moment."""
    GIVEN = "given"
    """It was sent to the model."""
    USED = "used"
    """The model has finished a turn since."""
    SAVED = "saved"
    """The service has saved the session since."""
    LOOSE = "loose"
    """The model knew, and may have forgotten with its connection."""
    CANCELLED = "cancelled"
    """The service withdrew the call: nobody here knows whether it took effect. The journal does."""


_SETTLED = frozenset({Knowledge.USED, Knowledge.SAVED})


@dataclass(slots=True)
class Request:
    """One thing that was asked for, by one call of the model or by several.

    Attributes:
        key: the effect key.
        turn: the caller's, as `CallerTurns` counts.
        run: the id under which the shell runs it, or ran it last.
        knowledge: of the model.
        since: when that began.
        response: the result; None while there is none.
        promised: the model was told that the result follows.
    """

    key: str
    name: str
    turn: int
    since: float
    run: str = ""
    knowledge: Knowledge = Knowledge.RUNNING
    response: Mapping[str, object] | None = None
    promised: bool = False

    def is_meant(self, turn: int, now: float) -> bool:
        """Whether a call with these arguments, made in that turn, asks for this once more."""
        if self.turn == turn:
            return True
        if self.knowledge is Knowledge.LOOSE:
            return now < self.since + RECALL_S
        return self.knowledge not in _SETTLED

    @property
    def done(self) -> Mapping[str, object] | None:
        """The result, if there is one that stands: a failure that may be tried again does not."""
        if self.response is None or self.response.get("retryable") is True:
            return None
        return self.response

    def know(self, knowledge: Knowledge, now: float) -> None:
        """Note how far the model knows."""
        self.knowledge, self.since = knowledge, now


class Requests:
    """The requests of one telephone call, and the results that came for nobody.

    Args:
        reissue_s: so long the model has, on a new connection, to ask again for what was lost.

    Attributes:
        all: by key, oldest first; the owner bounds their number.
    """

    def __init__(self, reissue_s: float) -> None:
        self.all: dict[str, Request] = {}
        self._reissue_s = reissue_s
        self._alike: dict[tuple[str, bytes], list[Request]] = {}
        self._told_from = -inf  # `inf` while there is no connection

    def find(self, call: ToolCall, turn: int, now: float) -> Request | None:
        """Find the request that a call of the model makes once more; None: it is a new one.

        The latest that may be meant; before one that was cancelled, an earlier one that was done.
        """
        alike = self._alike.get((call.name, canonical(call.args)), [])
        meant = [request for request in reversed(alike) if request.is_meant(turn, now)]
        meant.sort(key=lambda request: request.knowledge is Knowledge.CANCELLED)
        return meant[0] if meant else None

    def new(self, call_id: str, call: ToolCall, turn: int, now: float) -> Request:
        """Begin a request.

        Args:
            call_id: of the telephone call, the same in whatever process serves it.
            turn: the caller's.
        """
        args = canonical(call.args)
        request = Request(effect_key(call_id, call.name, args, turn), call.name, turn, now)
        self.all[request.key] = request
        self._alike.setdefault((call.name, args), []).append(request)
        return request

    # What the model knows.

    def used(self, now: float) -> None:
        """The model finished a turn."""
        self._move({Knowledge.GIVEN}, Knowledge.USED, now)

    def saved(self, now: float) -> None:
        """The service could take the session up again from here."""
        self._move({Knowledge.USED}, Knowledge.SAVED, now)

    def left(self, now: float) -> None:
        """The connection is gone, and with it what the service had not saved."""
        self._told_from = inf
        self._move({Knowledge.GIVEN, Knowledge.USED}, Knowledge.LOOSE, now)
        self._move({Knowledge.QUEUED}, Knowledge.KEPT, now)
        for request in self.all.values():
            request.promised = False

    def moved(self, resumed: bool, turn: int, now: float) -> None:
        """There is a new connection.

        Args:
            resumed: it goes on where the service had saved the session, or near enough. Else it
                begins anew from our own transcript, which has the words of the last turns and not
                their results, or is sent words again that it may answer once more.
            turn: the caller's, which may have been counted twice where words were sent again: so
                what the model learned a short while ago counts among the last as well.
        """
        self._told_from = now + self._reissue_s
        for request in self.all.values():
            late = request.turn >= turn - 1 or now < request.since + RECALL_S
            if not resumed and late and request.knowledge is Knowledge.SAVED:
                request.know(Knowledge.LOOSE, now)

    def _move(self, of: set[Knowledge], to: Knowledge, now: float) -> None:
        for request in self.all.values():
            if request.knowledge in of:
                request.know(to, now)

    # Results that came for nobody.

    @property
    def deadline(self) -> float:
        """When the next one is to be told."""
        kept = self._kept()
        return min(map(self._tell_at, kept)) if kept else inf

    def due(self, now: float) -> list[Request]:
        """Return those to be told now, once; say `tell` when it comes to it."""
        due = [request for request in self._kept() if now >= self._tell_at(request)]
        for request in due:
            request.know(Knowledge.QUEUED, now)
        return due

    def tell(self, key: str, now: float) -> bool:
        """A result's moment has come: whether it is still wanted; if so, it counts as told.

        It is not when the model has asked again, or the connection has gone: then it comes anew.
        """
        request = self.all[key]
        if request.knowledge is not Knowledge.QUEUED:
            return False
        request.know(Knowledge.GIVEN, now)
        return True

    def _kept(self) -> list[Request]:
        return [r for r in self.all.values() if r.knowledge is Knowledge.KEPT]

    def _tell_at(self, request: Request) -> float:
        if request.promised and self._told_from != inf:
            return request.since
        return max(request.since, self._told_from)


def effect_key(call_id: str, name: str, args: bytes, turn: int) -> str:
    """The effect key: 32 hexadecimal digits that tell nothing of what they stand for.

    Args:
        args: in canonical form.
    Source: docs/protocols/gemini-live.md C-15.
    """
    text = msgspec.json.encode([call_id, name, turn]) + args
    return hashlib.sha256(text).hexdigest()[:32]


def canonical(args: Mapping[str, object]) -> bytes:
    """Arguments as JSON in one form: keys in order, and 4.0 written as 4.

    What is nested deeper than anybody needs is told level by level instead, in a form of its own.
    """
    return msgspec.json.encode(_plain(args, DEEPEST), order="sorted")


def _plain(value: object, levels: int) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, Mapping | list):
        return value
    if not levels:
        return _told(value)
    if isinstance(value, Mapping):
        return {name: _plain(item, levels - 1) for name, item in value.items()}
    return [_plain(item, levels - 1) for item in value]


def _told(value: object) -> list[object]:
    """A nested value as a flat list, which tells it from any other."""
    told: list[object] = []
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            told.append({"keys": sorted(one)})
            left.extend(one[name] for name in sorted(one))
        elif isinstance(one, list):
            told.append({"items": len(one)})
            left.extend(one)
        else:
            told.append(_plain(one, 0))
    return told
