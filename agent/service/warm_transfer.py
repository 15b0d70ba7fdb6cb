"""One warm transfer: the caller waits in a conference while a person is called and asked.

What happens when is decided by `agent.telephony.twilio.conference`; here the carrier is asked to do
it. The person's call is one of its own, so that nothing of what he hears before he takes the call
reaches the caller; only then he joins the conference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from secrets import token_urlsafe
from typing import TYPE_CHECKING, assert_never

import structlog

from agent.call.effects import Outcome
from agent.service.running import RunningCall
from agent.service.twilio_http import CarrierError
from agent.service.twilio_rest import TwilioRest
from agent.telephony.twilio import dial, twiml
from agent.telephony.twilio.acceptance import hints, understood
from agent.telephony.twilio.conference import (
    ACCEPT,
    ASKING_S,
    REFUSE,
    BringBack,
    CallerGone,
    Connected,
    HangUpPerson,
    WarmAction,
    WarmState,
    WarmTransfer,
)
from agent.telephony.twilio.dial import Leg

if TYPE_CHECKING:
    from agent.service.warm import WarmCalls

PATH = "/twilio/conference"
ASK = "Press 1 to take the call, or 2 if you cannot."
ASK_BY_VOICE = "Say yes, or press 1, to take the call; say no, or press 2, if you cannot."
GONE = "The caller is not waiting any more."
KEY_S = 6.0
"""For the person to press a key, after the words."""
PAUSES_S = (0.0, 2.0, 5.0)
"""Before each attempt to bring the caller back."""

_log = structlog.stdlib.get_logger()


class Warm:
    """One warm transfer.

    Args:
        line: the number of ours that the person sees.

    Attributes:
        key: in its addresses.
        machine: what has happened; None until the caller waits.
    """

    def __init__(
        self,
        calls: WarmCalls,
        rest: TwilioRest,
        running: RunningCall,
        name: str,
        summary: str,
        line: str,
    ) -> None:
        self.key = token_urlsafe(12)
        self.machine: WarmTransfer | None = None
        self.running = running
        self._calls = calls
        self._rest = rest
        self._name = name
        self._target = running.ready.tenant.transfers[name]
        self._summary = summary
        self._line = line
        self._origin = ""
        self._alarm: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    # What the carrier asks about the caller.

    def enter(self, origin: str) -> str:
        """The caller comes to wait; the person is called, once.

        Args:
            origin: of our addresses, as the carrier knows them.
        """
        if self.machine is None:
            self._origin = origin
            self.machine = WarmTransfer(self._loop.time(), self._target.ring)
            self._calls.start(self._call_person())
            self._arm()
        return dial.conference(
            self._conference,
            action=self._url("left"),
            time_limit_s=self._time_limit_s + ASKING_S,
            starts=False,
            events=self._url("events"),
            hold=self._target.hold,
        )

    def caller_left(self, status: str) -> bool:
        """The caller's side has left the conference.

        Returns:
            Whether the caller goes back to the agent; else the call is over.
        """
        if self.machine is None:
            return False
        self._perform(self.machine.caller_left(hung_up=status in dial.OVER), answered=True)
        return self.machine.state is WarmState.RETURNING

    def somebody_left(self) -> None:
        """The conference tells that the caller's side has left it; whether he hung up is asked."""
        if self.machine is not None and self.machine.waiting:
            self._calls.start(self._ask_for_caller())

    def agent_gone(self, *, hung_up: bool) -> None:
        """The agent's part of the call is over; if the caller still waits, nobody is waited for.

        Args:
            hung_up: because the caller has hung up.
        """
        if self.machine is None:
            self._calls.forget(self.key)
        elif self.machine.waiting:
            gone = self.machine.caller_left(hung_up=True) if hung_up else self.machine.not_called()
            self._perform(gone)

    # What it asks about the person.

    def person_answered(self) -> str:
        """The person's side asks what to hear."""
        if self.machine is not None and self.machine.state is WarmState.CONNECTED:
            return self._join()
        if self.machine is None or not self.machine.answered(self._loop.time()):
            return twiml.say_and_hang_up(GONE, "en-US")
        self._arm()
        return self._question(self._url("key"), times=2)

    def pressed(self, key: str, spoken: str = "", *, again: bool = False) -> str:
        """The person pressed a key, or none: an empty one.

        Args:
            spoken: what the person said in place of it.
            again: the person had been asked before, and was not understood.
        """
        if self.machine is None:
            return twiml.hang_up()
        if not key and spoken and self._by_voice:
            takes = understood(spoken, self._language)
            if takes is None and not again and self.machine.not_understood(self._loop.time()):
                self._arm()
                return self._question(f"{self._url('key')}?again=1", times=1)
            key = "" if takes is None else ACCEPT if takes else REFUSE
        self._perform(self.machine.pressed(key))
        return self._join() if self.machine.state is WarmState.CONNECTED else twiml.hang_up()

    def _question(self, action: str, *, times: int) -> str:
        ask = self._target.ask or (ASK_BY_VOICE if self._by_voice else ASK)
        return dial.ask_for_key(
            f"{self._summary} {ask}",
            language=self._language,
            action=action,
            wait_s=KEY_S,
            hints=hints(self._language) if self._by_voice else (),
            times=times,
        )

    @property
    def _by_voice(self) -> bool:
        """Whether the person may answer by voice."""
        return self._target.accept == "voice"

    def person_ended(self, status: str) -> None:
        """The person's side is over."""
        if self.machine is not None:
            self._perform(self.machine.person_ended(status))

    def machine_heard(self) -> None:
        """The carrier takes the person for a machine."""
        if self.machine is not None:
            self._perform(self.machine.machine_heard())

    def close(self) -> None:
        """No alarm goes off any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    # What is to be done.

    def _perform(self, actions: Sequence[WarmAction], *, answered: bool = False) -> None:
        """Do it; `answered`: the carrier asks just now where the caller is to go."""
        transfers, call_id = self._calls.service.transfers, self.running.id
        for action in actions:
            match action:
                case BringBack(why):
                    transfers.failed(call_id, why)
                    if not answered:
                        self._calls.start(self._bring_back())
                case HangUpPerson(sid):
                    self._calls.start(self._hang_up(sid))
                case Connected():
                    transfers.finish(call_id, Outcome.TRANSFERRED)
                case CallerGone():
                    transfers.finish(call_id, Outcome.CALLER_HUNG_UP)
                case _:
                    assert_never(action)
        self._arm()

    def _arm(self) -> None:
        self.close()
        assert self.machine is not None
        if self.machine.state is WarmState.OVER:
            self._calls.forget(self.key)
        elif self.machine.deadline is not None:
            self._alarm = self._loop.call_at(self.machine.deadline, self._ring)

    def _ring(self) -> None:
        assert self.machine is not None
        self._perform(self.machine.handle_timer(self._loop.time()))

    async def _call_person(self) -> None:
        assert self.machine is not None
        target = self._target
        try:
            call = await self._rest.create_call(
                Leg(target.to, target.headers).address,
                self._line,
                url=self._url("person"),
                time_limit_s=round(self._time_limit_s + ASKING_S),
                Timeout=round(target.ring),
                StatusCallback=self._url("status"),
                StatusCallbackEvent=["completed"],
                MachineDetection="Enable",
                AsyncAmd=True,
                AsyncAmdStatusCallback=self._url("machine"),
            )
        except CarrierError as error:
            _log.warning(
                "transfer.person_not_called", status=error.status, code=error.code,
                unclear=error.unclear,
            )  # fmt: skip
            self._perform(self.machine.not_called())
        else:
            self._perform(self.machine.called(call.sid))

    async def _hang_up(self, sid: str) -> None:
        try:
            await self._rest.hang_up(sid)
        except CarrierError as error:
            _log.warning("transfer.person_not_hung_up", status=error.status, code=error.code)

    async def _bring_back(self) -> None:
        assert self.machine is not None
        for pause_s in PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                call = await self._rest.redirect(self.running.id, url=self._url("back"))
            except CarrierError as error:
                _log.warning("transfer.not_brought_back", status=error.status, code=error.code)
                continue
            if call is None:
                self._perform(self.machine.caller_left(hung_up=True))
            return
        _log.error("transfer.caller_stranded")
        await self._hang_up(self.running.id)

    async def _ask_for_caller(self) -> None:
        assert self.machine is not None
        try:
            call = await self._rest.fetch_call(self.running.id)
        except CarrierError as error:
            if error.status != 404:
                return  # the document's own question tells, or the time does
        else:
            if call.status not in dial.OVER:
                return
        self._perform(self.machine.caller_left(hung_up=True))

    @property
    def _conference(self) -> str:
        return f"warm-{self.running.id}-{self.key[:6]}"

    @property
    def _time_limit_s(self) -> float:
        return self.running.ready.tenant.limits.transferred

    @property
    def _language(self) -> str:
        return self.running.ready.tenant.agent.language or "en-US"

    def _join(self) -> str:
        return dial.conference(
            self._conference,
            action=self._url("over"),
            time_limit_s=self._time_limit_s,
            starts=True,
        )

    def _url(self, path: str) -> str:
        return f"{self._origin}{PATH}/{path}/{self.key}"
