"""What the events of the model's session mean for the parts of a call; without I/O."""

from typing import assert_never

from agent.audio.pcm import Pcm16
from agent.call.connections import note_failed
from agent.call.conversation import Conversation
from agent.call.effects import Outcome
from agent.call.errands import Errands
from agent.call.life import Life
from agent.call.playout import MODEL_RATE_HZ
from agent.call.seam import Seam
from agent.call.spending import Spending
from agent.call.summary import Facts
from agent.call.timeline import Timeline
from agent.gemini.session_events import (
    GenerationComplete,
    GoingAway,
    HandleUpdated,
    InputTranscript,
    Interrupted,
    Leaving,
    ModelAudio,
    Moved,
    MoveFailed,
    OutputTranscript,
    Ready,
    SessionEvent,
    SessionFailed,
    ToolCallsCancelled,
    ToolCallsLost,
    ToolCallsRequested,
    TurnComplete,
    UsageReported,
    VoiceActivity,
)

type _Functions = ToolCallsRequested | ToolCallsCancelled | ToolCallsLost
type _Connections = Ready | Leaving | MoveFailed | Moved | GoingAway | HandleUpdated | SessionFailed
type _Turns = GenerationComplete | TurnComplete | Interrupted


class ModelSide:
    """Routes one session's events."""

    def __init__(
        self,
        talk: Conversation,
        errands: Errands,
        life: Life,
        seam: Seam,
        facts: Facts,
        spending: Spending,
        timeline: Timeline,
    ) -> None:
        self._talk = talk
        self._errands = errands
        self._life = life
        self._seam = seam
        self._facts = facts
        self._spending = spending
        self._timeline = timeline

    def happened(self, event: SessionEvent, now: float) -> None:
        """Take one event, in a call that has not ended."""
        match event:
            case ModelAudio(pcm24k):
                self._audio(pcm24k, now)
            case OutputTranscript(text):
                self._said(text, now)
            case InputTranscript(text, finished):
                self._caller_said(text, now)
                if finished:
                    self._talk.turns.transcripts.caller_finished()
            case GenerationComplete() | TurnComplete() | Interrupted():
                self._turns(event, now)
            case ToolCallsRequested() | ToolCallsCancelled() | ToolCallsLost():
                self._functions(event, now)
            case UsageReported(usage):
                self._spending.used(usage, now)
            case VoiceActivity(kind):
                self._service_heard(kind, now)
            case _:
                self._connections(event, now)

    def _service_heard(self, kind: str, now: float) -> None:
        if kind == "start":
            self._talk.turns.expect_answer()
            self._life.caller_active(now)
        else:
            self._talk.turns.answer_may_come()

    def _turns(self, event: _Turns, now: float) -> None:
        whole = self._talk.turns.open is not None  # nobody cut it before
        match event:
            case GenerationComplete():
                self._talk.generation_complete(now)
            case TurnComplete(reason, interaction):
                self._facts.meter.turn_over()
                turn = self._talk.turn_complete(reason, interaction, now)
                self._seam.turn_complete(turn, now)
            case Interrupted():
                whole = False
                self._seam.interrupted(now)
            case _:
                assert_never(event)
        self._life.turn_over(now, whole=whole)

    def _audio(self, pcm24k: Pcm16, now: float) -> None:
        if not self._life.takes_audio(now):
            self._life.cut_s += pcm24k.size / MODEL_RATE_HZ
        elif self._talk.model_audio(pcm24k, now):
            self._seam.model_spoke()

    def _said(self, text: str, now: float) -> None:
        if text and self._talk.model_said(text, now):
            self._seam.model_spoke()

    def _caller_said(self, text: str, now: float) -> None:
        if not text or self._errands.is_echo(text):
            return
        self._errands.caller_spoke()
        if not self._talk.caller_said(text, now):
            self._seam.caller_said(now)
        self._life.caller_active(now)

    def _functions(self, event: _Functions, now: float) -> None:
        match event:
            case ToolCallsRequested():
                self._requested(event, now)
            case ToolCallsCancelled(ids):
                self._errands.cancelled(ids, now)
                self._seam.tools_cancelled(now)
            case ToolCallsLost(ids):
                self._errands.lost(ids, now)
            case _:
                assert_never(event)

    def _requested(self, event: ToolCallsRequested, now: float) -> None:
        turns = self._talk.turns
        turn = turns.open or turns.model_spoke(now)
        self._talk.model_pauses()
        self._seam.model_spoke()
        if self._errands.requested(event.calls, turn.number if turn else 0, now):
            self._life.end(Outcome.AGENT_ENDED, now, spoken=bool(turn and turn.audio))

    def _connections(self, event: _Connections, now: float) -> None:
        match event:
            case Ready():
                self._seam.ready(now)
                self._life.ready(now)
            case Leaving():
                self._seam.left(event, now)
                self._life.model_left(now)
            case MoveFailed():
                note_failed(self._timeline, event, now)
            case Moved():
                self._facts.meter.moved()
                self._seam.moved(event, now)
                self._life.model_back(event.took_s, now)
            case GoingAway(time_left_s):
                self._timeline.add(now, "model.going_away", time_left_s=time_left_s)
            case HandleUpdated(resumable):
                if resumable:
                    self._errands.saved(now)
            case SessionFailed():
                self._failed(event, now)
            case _:
                assert_never(event)

    def _failed(self, event: SessionFailed, now: float) -> None:
        self._facts.loss = event
        self._timeline.add(
            now, "model.lost", phase=event.phase, code=event.code, reason=event.reason
        )
        self._seam.failed()
        self._life.drain(Outcome.MODEL_LOST, now)
