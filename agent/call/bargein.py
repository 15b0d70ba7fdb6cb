"""Who may interrupt the agent, and when; without I/O.

The model's service hears an interruption and stops talking; our own detection can hear one earlier,
or without it. Neither is believed blindly: a cough is not speech, and a sentence is not lost to a
phantom, an interruption that the service reports though the caller has not made a sound since the
reply began. A tenant who trusts our own ears only needs the caller to be speaking at that moment.

Source: docs/protocols/gemini-live.md 3.5, C-9; docs/protocols/twilio.md section 8, rows 2 and 3.
"""

from typing import Literal

SHORTLY_S = 0.3
"""A caller who was heard so shortly before a reply began may have spoken on into it."""

type BargeInMode = Literal["model", "local", "both"]


class BargeIn:
    """One call's rule.

    Args:
        after_s: speech, pauses left out, that counts as an interruption for our own detection.
        protect_s: the first words of each utterance of the agent that it cannot cut.
    """

    def __init__(self, mode: BargeInMode, after_s: float, protect_s: float) -> None:
        self.listens = mode != "model"
        self._trusts_model = mode != "local"
        self._after_s = after_s
        self._protect_s = protect_s
        self._spent = False

    def caller_started(self) -> None:
        """A new speech of the caller: it may interrupt once."""
        self._spent = False

    def by_speech(self, spoken_s: float, audible_s: float) -> bool:
        """Decide whether the caller's speech interrupts now.

        Args:
            spoken_s: loud speech so far.
            audible_s: how long the agent has been heard in this utterance.
        """
        if self._spent or min(spoken_s, audible_s) < self._after_s or audible_s < self._protect_s:
            return False
        self._spent = True
        return True

    def by_model(self, heard_at: float, reply_from: float, now: float) -> bool:
        """Decide whether an interruption that the model reports silences the agent.

        Args:
            heard_at: when whatever can have interrupted it was last heard: the caller, or we; `now`
                as long as he speaks, or nobody knows.
            reply_from: when the reply began.
        """
        return heard_at >= now if not self._trusts_model else not is_phantom(heard_at, reply_from)


def is_phantom(heard_at: float, reply_from: float) -> bool:
    """Whether an interruption is nobody's: since the reply began nothing was heard."""
    return heard_at < reply_from - SHORTLY_S
