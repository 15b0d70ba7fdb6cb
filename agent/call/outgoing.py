"""What a call asks its shell to do: gathered from its parts, in order; without I/O."""

from typing import assert_never

from agent.call.conversation import Conversation
from agent.call.effects import (
    CloseModel,
    Effect,
    HangUp,
    Keep,
    OpenModel,
    SaveAudio,
    StepAside,
    ToModel,
    ToPhone,
)
from agent.call.errands import Errands
from agent.call.keeping import Keeping
from agent.call.life import Life
from agent.call.phone_side import PhoneSide
from agent.call.playout import Play
from agent.call.state import CallState
from agent.gemini.session import LiveSession
from agent.gemini.session_events import CloseConnection, OpenConnection, SendFrame


class Outgoing:
    """The outgoing side of one call."""

    def __init__(
        self,
        phone: PhoneSide,
        session: LiveSession,
        talk: Conversation,
        errands: Errands,
        life: Life,
        keeping: Keeping,
    ) -> None:
        self._phone = phone
        self._session = session
        self._talk = talk
        self._errands = errands
        self._life = life
        self._keeping = keeping
        self._hung_up = False

    def effects(self, now: float) -> list[Effect]:
        """Return what must be done now, in order; each effect is returned once."""
        life = self._life
        out = self._errands.take()
        if (may := self._keeping.news()) is not None:
            out.append(Keep(may))
        ended = life.state is CallState.ENDED
        if ended or (life.draining and not self._session.ready):
            self._session.close(now)
        if not (ended or life.aside.away):
            self._to_phone(out, now)
        if self._phone.steps_aside:
            self._phone.steps_aside = False
            out.append(StepAside())
        self._to_model(out)
        recording = self._keeping.recording
        if recording is not None and now >= recording.due:
            out.append(SaveAudio(recording.take(now)))
        if life.outcome is not None and not self._hung_up:
            self._hung_up = True
            if recording is not None:
                out.append(SaveAudio(recording.rest(now)))
            out.append(HangUp(life.outcome))
        return out

    def _to_model(self, out: list[Effect]) -> None:
        for effect in self._session.effects():
            match effect:
                case SendFrame():
                    out.append(ToModel(effect.connection, effect.frame))
                case OpenConnection(connection):
                    out.append(OpenModel(connection))
                case CloseConnection(connection, code, reason):
                    out.append(CloseModel(connection, code, reason))
                case _:
                    assert_never(effect)

    def _to_phone(self, out: list[Effect], now: float) -> None:
        leg, talk, recording = self._phone.leg, self._talk, self._keeping.recording
        tap = self._phone.tap
        if talk.clear_due:
            talk.clear_due = False
            out.append(ToPhone(leg.clear()))
            if recording is not None:
                recording.cleared(now)
            if tap is not None:
                tap.cleared(now)
        for item in talk.take(now):
            if isinstance(item, Play):
                if recording is not None:
                    recording.agent(item.mulaw, item.at)
                if tap is not None and not self._keeping.paused:
                    tap.agent(item.mulaw, item.at)
                out.append(ToPhone(leg.media(item.mulaw)))
            else:
                out.append(ToPhone(leg.mark(item.name)))
