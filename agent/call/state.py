"""Where a call stands: a table; without I/O."""

from enum import Enum


class CallState(Enum):
    """Where a call stands."""

    NEW = "new"
    """The phone's socket is open; the carrier has not said `start`."""
    ANSWERED = "answered"
    """The caller hears the line; the model is not ready."""
    TALKING = "talking"
    ENDING = "ending"
    """It will end; last words play out."""
    ENDED = "ended"


TRANSITIONS: dict[CallState, set[CallState]] = {
    CallState.NEW: {CallState.ANSWERED, CallState.ENDED},
    CallState.ANSWERED: {CallState.TALKING, CallState.ENDING, CallState.ENDED},
    CallState.TALKING: {CallState.ENDING, CallState.ENDED},
    CallState.ENDING: {CallState.ENDED},
    CallState.ENDED: set(),
}
