"""What goes wrong with requests to the REST API, on order; without I/O."""

import re
from dataclasses import dataclass
from enum import Enum

from agent.sim.exchange.rest_answers import TOO_MANY, RestAnswer, refusal


class Fault(Enum):
    """What happens to one request."""

    TOO_MANY = "429: not processed"
    UNAVAILABLE = "503: not processed"
    LOST = "503, after it was done"
    GARBAGE = "done, and answered with what is no JSON"
    RESET = "done, and the connection is broken before the answer"
    HANG = "done, and never answered"


@dataclass(slots=True)
class RestFault:
    """What goes wrong, with which requests, and how often.

    Attributes:
        path: a pattern that is looked for in the path; method: empty for any.
        times: how often it still happens.
        retry_after_s: with a 429, what it says of that.
    """

    what: Fault
    path: str = ""
    method: str = ""
    times: int = 1
    retry_after_s: int | None = None

    @property
    def done(self) -> bool:
        """Whether the request takes effect all the same."""
        return self.what not in {Fault.TOO_MANY, Fault.UNAVAILABLE}

    @property
    def resets(self) -> bool:
        """Whether the connection is broken in place of an answer."""
        return self.what is Fault.RESET

    def in_place_of(self, answer: RestAnswer | None) -> RestAnswer | None:
        """What is answered; None: nothing ever."""
        match self.what:
            case Fault.TOO_MANY:
                headers = (
                    {} if self.retry_after_s is None else {"Retry_After": str(self.retry_after_s)}
                )
                return refusal(429, TOO_MANY, "Too Many Requests", **headers)
            case Fault.UNAVAILABLE | Fault.LOST:
                return refusal(503, 20503, "Service unavailable")
            case Fault.GARBAGE:
                status = 200 if answer is None else answer.status
                return RestAnswer(
                    status, b"<html>not what you expect", {"Content-Type": "text/html"}
                )
            case Fault.RESET | Fault.HANG:
                return None


class RestFaults:
    """What goes wrong, in the order in which it was planned.

    Attributes:
        latency_s: of every answer.
    """

    def __init__(self, *planned: RestFault, latency_s: float = 0.0) -> None:
        self.planned = list(planned)
        self.latency_s = latency_s

    def take(self, method: str, path: str) -> RestFault | None:
        """What goes wrong with this request; it counts as having happened."""
        for fault in self.planned:
            if fault.times and fault.method in {"", method} and re.search(fault.path, path):
                fault.times -= 1
                return fault
        return None
