"""What a `setup` leads to: a new session, one that goes on, or a refusal; without I/O.

Source: docs/protocols/gemini-live.md 2.1, E-9, E-28 to E-35.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from agent.sim.conversation import Conversation
from agent.sim.fate import Fate
from agent.sim.faults import Faults
from agent.sim.mind import Mind, Timing
from agent.sim.mishaps import Life, Notice
from agent.sim.recording import ConnectionRecord
from agent.sim.resumption import Updates
from agent.sim.server_profiles import ServerProfile
from agent.sim.server_session import Session
from agent.sim.session_config import SessionConfig, read_setup, select_profile
from agent.sim.sessions import LogicalSession, SessionStore, Snapshot
from agent.sim.wire import Refused, read_frame


@dataclass(frozen=True, slots=True)
class Terms:
    """What a server offers to a connection.

    Attributes:
        profiles: of the surface connected to; `setup.model` chooses one.
        api_version: from the URL.
        timing: how long the model takes.
        faults: what goes wrong.
    """

    profiles: Sequence[ServerProfile]
    api_version: str = "v1beta"
    timing: Timing = field(default_factory=Timing)
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True, slots=True)
class Running:
    """A connection whose `setup` is good.

    Attributes:
        logical: the session it belongs to.
        snapshot: what it goes on from, or None.
        ready_at: when `setupComplete` is due; None when it never comes.
    """

    session: Session
    logical: LogicalSession
    snapshot: Snapshot | None
    updates: Updates
    fate: Fate
    ready_at: float | None


class Admission:
    """Admits one connection."""

    def __init__(
        self,
        terms: Terms,
        mind: Callable[[SessionConfig], Mind],
        numbers: Iterator[int],
        store: SessionStore,
        connection: str,
        record: ConnectionRecord,
    ) -> None:
        self._terms, self._mind, self._numbers = terms, mind, numbers
        self._store, self._connection, self._record = store, connection, record

    def admit(self, message: Mapping[str, Any], now: float) -> Running:
        """Take a `setup` message.

        Raises:
            Refused: something in it is not taken, or the service is not willing.
        """
        terms, faults = self._terms, self._terms.faults
        profile = select_profile(message["setup"], terms.profiles)
        unknown = profile.unknown_fields
        if not profile.vertex and terms.api_version != "v1alpha":
            unknown |= {"setup.proactivity"}
        config = read_setup(read_frame(message, unknown).body, profile)
        resumption = config.resumption or {}
        handle = str(resumption.get("handle", ""))
        resumes = self._store.number_of(handle) if handle else None
        refused = self._store.refusals.setup(now, resumes=resumes)
        if refused is not None:
            raise Refused(refused.code, refused.reason)
        logical, snapshot = self._join(handle, profile, config, now)
        mind = self._mind(config) if snapshot is None else copy(snapshot.state.conversation.mind)
        conversation = Conversation(config, profile, mind, self._numbers, terms.timing, faults)
        session = Session(
            profile,
            config,
            unknown,
            conversation,
            self._connection,
            faults,
            self._record.utterances,
        )
        if snapshot is not None:
            lost = self._store.lost_calls(handle) if profile.lost_call_waits else ()
            session.restore(snapshot.state, lost, mute=self._store.poisoned(snapshot))

        def issue(at: float) -> str:
            number = next(self._numbers)
            return self._store.issue(logical, profile, session.kept(at), number, at)

        updates = Updates(
            faults.resumption,
            profile,
            issue,
            asked=config.resumption is not None,
            transparent=bool(resumption.get("transparent")),
        )
        life = faults.life or _life(profile)
        fate = Fate(faults.planned, life, logical.number, logical.n_connections, now)
        ready_at = self._ready_at(now, resumes=bool(handle))
        return Running(session, logical, snapshot, updates, fate, ready_at)

    def leaving(self, running: Running) -> None:
        """The connection has been told to go."""
        self._store.leaving(running.logical)

    def left(self, running: Running, now: float) -> None:
        """The connection has ended, as this side knows now."""
        calls = running.session.conversation.delivery.tools.calls
        self._store.left(running.logical, self._connection, calls, now)

    def _join(
        self, handle: str, profile: ServerProfile, config: SessionConfig, now: float
    ) -> tuple[LogicalSession, Snapshot | None]:
        """The session this connection belongs to, and the state it goes on from."""
        if not handle:
            return self._store.begin(self._connection), None
        snapshot = self._store.resume(handle, self._connection, profile, config.model, now)
        if self._terms.faults.resumption.forgets:
            snapshot.session.open.discard(self._connection)
            return self._store.begin(self._connection), None
        return snapshot.session, snapshot

    def _ready_at(self, now: float, *, resumes: bool) -> float | None:
        faults = self._terms.faults
        delay_s = faults.resumption.setup_delay_s if resumes else None
        if faults.setup_never or (resumes and faults.resumption.setup_never):
            return None
        return now + (faults.setup_delay_s if delay_s is None else delay_s)


def _life(profile: ServerProfile) -> Life:
    notices = () if profile.notice_s is None else (Notice(profile.notice_s),)
    return Life(profile.life_s, notices)
