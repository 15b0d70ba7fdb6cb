"""The frames of one turn of the model and when each is due, as a list, without I/O.

A turn is planned whole as soon as its sound is known; sending it is then only a matter of time, and
interrupting it of dropping what has not been sent. Faults rewrite the list.
Source: docs/protocols/gemini-live.md 3.3, E-16 to E-18, E-21.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from agent.sim import server_frames as frames
from agent.sim.faults import BURST_SPEED, SLOW_SPEED, TurnFault
from agent.sim.server_io import Speech
from agent.sim.server_profiles import ServerProfile

WORDS_PER_FRAGMENT = 3
TEXT_INTERVAL_S = 0.05
FOREVER = float("inf")


class StepKind(Enum):
    """What a step of a turn is."""

    NOTE = "note"  # a thought, an empty frame, a frame nobody can read
    TRANSCRIPT = "transcript"
    AUDIO = "audio"
    TEXT = "text"
    CALL = "call"
    GENERATED = "generated"
    COMPLETE = "complete"


class Step(Struct, frozen=True):
    """One frame of a turn.

    Attributes:
        at_s: when it is due, from the start of the turn's output.
        frame: what to send; empty for COMPLETE, whose bill is known only when it is due.
        audio_s: length of the audio in it.
        calls: what it calls, for CALL.
        text: what it says, for TEXT.
    """

    at_s: float
    kind: StepKind
    frame: bytes = b""
    audio_s: float = 0.0
    calls: tuple[frames.Call, ...] = ()
    text: str = ""


def speed_of(profile: ServerProfile, faults: frozenset[TurnFault]) -> float:
    """How many times faster than real time this turn's audio is delivered."""
    if TurnFault.BURST in faults:
        return BURST_SPEED
    return SLOW_SPEED if TurnFault.SLOW in faults else profile.speed


def opening(profile: ServerProfile, *, first: bool) -> list[Step]:
    """What precedes the output; a thought only when the turn has put out nothing yet."""
    steps = []
    if profile.opens_empty:
        steps.append(Step(0.0, StepKind.NOTE, frames.content()))
    if profile.thought and first:
        thought = frames.text(profile, frames.THOUGHT, thought=True)
        steps.append(Step(0.0, StepKind.NOTE, thought))
    return steps


def spoken(
    profile: ServerProfile,
    words: str,
    speech: Speech,
    faults: frozenset[TurnFault] = frozenset(),
    *,
    transcribed: bool,
) -> list[Step]:
    """Audio and its transcription, ordered as the profile does."""
    chunks = speech.chunks(profile.chunk_ms, profile.whole_below_s)
    speed = speed_of(profile, faults)
    fragments = _fragments(words) if transcribed else []
    if TurnFault.DOUBLED_TRANSCRIPT in faults:
        fragments = [again for fragment in fragments for again in (fragment, fragment)]
    if profile.transcript == "first":
        steps = _transcript_first(fragments) if transcribed else []
        placed: list[list[str]] = [[] for _ in chunks]
    else:
        steps = []
        placed = _place(fragments, len(chunks))
    at = 0.0
    for chunk, texts in zip(chunks, placed, strict=True):
        bundled = ""
        if profile.transcript == "bundled":
            bundled = "".join(texts)
        else:
            steps.extend(_transcript(at, fragment) for fragment in texts)
        frame = frames.audio(profile, chunk, bundled)
        steps.append(Step(at, StepKind.AUDIO, frame, chunk.seconds))
        at += chunk.seconds / speed
    return steps


def written(profile: ServerProfile, words: str) -> list[Step]:
    """A reply in TEXT modality."""
    return [
        Step(i * TEXT_INTERVAL_S, StepKind.TEXT, frames.text(profile, fragment), text=fragment)
        for i, fragment in enumerate(_fragments(words))
    ]


def called(
    profile: ServerProfile, calls: Sequence[frames.Call], *, transcribed: bool
) -> list[Step]:
    """The calls; half-cascade models bracket them as an empty transcript (section 3.4)."""
    step = Step(0.0, StepKind.CALL, frames.tool_call(calls), calls=tuple(calls))
    if not profile.call_turn_closes or not transcribed:
        return [step]
    opened = Step(0.0, StepKind.TRANSCRIPT, frames.transcript("outputTranscription"))
    return [opened, step, replace(opened, frame=_FINISHED)]


def ended() -> list[Step]:
    """Everything has been generated; the caller is still listening."""
    generated = frames.content(generationComplete=True)
    return [Step(0.0, StepKind.GENERATED, generated), Step(0.0, StepKind.COMPLETE)]


def joined(speed: float, *parts: list[Step]) -> list[Step]:
    """Parts one after another, each beginning when the one before has been delivered."""
    steps: list[Step] = []
    for part in parts:
        begin = max((step.at_s + step.audio_s / speed for step in steps), default=0.0)
        steps.extend(replace(step, at_s=begin + step.at_s) if begin else step for step in part)
    return steps


def faulty(steps: list[Step], faults: frozenset[TurnFault]) -> list[Step]:
    """The same turn, gone wrong."""
    if faults & {TurnFault.EMPTY, TurnFault.REJECTED, TurnFault.MALFORMED_CALL}:
        return [Step(0.0, StepKind.COMPLETE)]
    for fault, change in _CHANGES.items():
        if fault in faults:
            steps = change(steps)
    return steps


def _fragments(words: str) -> list[str]:
    """A text in pieces of a few words, with the space before each piece but the first."""
    split = words.split()
    pieces = [
        " ".join(split[i : i + WORDS_PER_FRAGMENT])
        for i in range(0, len(split), WORDS_PER_FRAGMENT)
    ]
    return [piece if i == 0 else f" {piece}" for i, piece in enumerate(pieces)]


def _place(fragments: list[str], n_chunks: int) -> list[list[str]]:
    """Spread text over audio, as far along in one as in the other; never after its sound."""
    placed: list[list[str]] = [[] for _ in range(n_chunks)]
    for i, fragment in enumerate(fragments if placed else []):
        placed[i * n_chunks // len(fragments)].append(fragment)
    return placed


def _transcript(at_s: float, words: str) -> Step:
    return Step(at_s, StepKind.TRANSCRIPT, frames.transcript("outputTranscription", words))


def _transcript_first(fragments: list[str]) -> list[Step]:
    """An empty one, the whole text in at most three pieces, `finished`; then comes the audio."""
    opened = Step(0.0, StepKind.TRANSCRIPT, frames.transcript("outputTranscription"))
    third = -(-len(fragments) // 3) or 1
    pieces = ["".join(fragments[i : i + third]) for i in range(0, len(fragments), third)]
    return [
        opened,
        *(_transcript(0.0, piece) for piece in pieces),
        replace(opened, frame=_FINISHED),
    ]


_FINISHED = frames.transcript("outputTranscription", finished=True)


def _middle(steps: list[Step]) -> int:
    """The index after which half of the audio parts have been sent."""
    audio = [i for i, step in enumerate(steps) if step.kind is StepKind.AUDIO]
    return audio[(len(audio) - 1) // 2] + 1 if audio else 0


def _premature(steps: list[Step]) -> list[Step]:
    middle = _middle(steps)
    at_s = steps[middle - 1].at_s if middle else 0.0
    kept = (StepKind.CALL, StepKind.GENERATED, StepKind.COMPLETE)
    rest = [replace(step, at_s=at_s) for step in steps[middle:] if step.kind in kept]
    return steps[:middle] + rest


def _late_audio(steps: list[Step]) -> list[Step]:
    audio = [step for step in steps if step.kind is StepKind.AUDIO]
    at = next((i for i, step in enumerate(steps) if step.kind is StepKind.GENERATED), len(steps))
    late = [replace(step, at_s=steps[at].at_s) for step in audio[-1:] if at < len(steps)]
    return steps[: at + 1] + late + steps[at + 1 :]


def _with_note(steps: list[Step], frame: bytes) -> list[Step]:
    middle = _middle(steps)
    at_s = steps[middle - 1].at_s if middle else 0.0
    return [*steps[:middle], Step(at_s, StepKind.NOTE, frame), *steps[middle:]]


def _unknown_key(steps: list[Step]) -> list[Step]:
    return _with_note(steps, frames.encode({"weatherReport": {"outlook": "FAIR"}}))


def _garbage(steps: list[Step]) -> list[Step]:
    return _with_note(steps, b'{"serverContent":{"modelTurn":')


def _stalled(steps: list[Step]) -> list[Step]:
    middle = _middle(steps)
    return steps[:middle] + [replace(step, at_s=FOREVER) for step in steps[middle:]]


_CHANGES = {
    TurnFault.PREMATURE_END: _premature,
    TurnFault.LATE_AUDIO: _late_audio,
    TurnFault.UNKNOWN_KEY: _unknown_key,
    TurnFault.GARBAGE: _garbage,
    TurnFault.STALL: _stalled,
}
