"""A telephone call to one of your agents, from a test: no network, no account, and no waiting.

    async with phone_call("bella-vista", at=datetime(2026, 11, 24, 12)) as call:
        await call.say("a table for four on Friday at seven, the name is Anna Miller")
        await call.say("yes please")
        assert [tool.name for tool in call.tool_calls] == ["book_table"]
        assert "is booked" in call.heard

The call, its session with the model, the carrier's stream and the functions are the service's own.
The model, the carrier and the caller are stand-ins; time jumps over what would be waited for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent.call.report import CallReport
from agent.sim.clips import RATE_HZ
from agent.tenants.tenant import Tenant
from agent.testing.clock import JumpingClock
from agent.testing.functions import ToolCall
from agent.testing.listening import Line
from agent.testing.stage import Options, Stage, set_up
from agent.testing.story import story

CALLER = "+15550123456"
SETTLE_S = 0.6
"""The agent has answered when nothing has been going on for so long."""
GREETING_S = 10.0
LISTEN_S = 0.1
KEY_S = 0.25
ENDING_S = 120.0
"""How long a call that has ended may take to let go of everything: its functions' time limits."""


class PhoneCall:
    """A call that is going on. Time passes in it only while one of its methods is awaited.

    `str()` of it is the whole story, which is also added to whatever error leaves the block.
    """

    def __init__(self, stage: Stage, clock: JumpingClock) -> None:
        self._stage, self._clock = stage, clock
        self._exchange = stage.exchange
        self._said: list[Line] = []

    # What the caller does

    async def say(self, text: str, *, wait: bool = True, patience_s: float = 20.0) -> None:
        """Speak, and wait until the agent has answered; `...` in the text is a pause.

        Args:
            wait: False: only until the words have been spoken, so that something can happen while
                the agent thinks, or answers.
            patience_s: how long the agent may take until it has answered.

        Raises:
            AssertionError: the call is over, or no answer came.
        """
        self._still_on(f'say "{text}"')
        await self._in_time(partial(self._say, text, wait, patience_s))

    async def press(self, keys: str, *, wait: bool = True, patience_s: float = 20.0) -> None:
        """Press keys, a few a second, and wait until the agent has answered; else as `say`."""
        self._still_on(f"press {keys}")
        await self._in_time(partial(self._press, keys, wait, patience_s))

    async def silence(self, seconds: float) -> None:
        """Say nothing for so long, or until the call is over."""
        await self._until(lambda: False, seconds)

    async def hang_up(self) -> None:
        """Put the telephone down; returns when the service has let go of the call."""
        self._exchange.hang_up()
        await self.ended()

    # What the caller waits for

    async def hears(self, words: str, within_s: float = 20.0) -> None:
        """Listen until these words have been heard, from now on.

        Raises:
            AssertionError: they were not, in time.
        """
        known = max(0, len(self.heard) - len(words))
        next_at = self._exchange.now

        def heard() -> bool:
            nonlocal next_at
            if self._exchange.now < next_at:
                return False
            next_at = self._exchange.now + LISTEN_S
            return words in self.heard[known:]

        await self._until(heard, within_s)
        if words not in self.heard[known:]:
            raise AssertionError(f'"{words}" was not heard within {within_s:g} s')

    async def runs(self, name: str, within_s: float = 20.0) -> ToolCall:
        """Wait until this function is at work, or has been since now.

        Raises:
            AssertionError: it was not called in time.
        """
        before = {id(call) for call in self.tool_calls if call.took_s is not None}

        def running() -> ToolCall | None:
            calls = (call for call in self.tool_calls if id(call) not in before)
            return next((call for call in calls if call.name == name), None)

        await self._until(lambda: running() is not None, within_s)
        call = running()
        if call is None:
            raise AssertionError(f"{name} was not called within {within_s:g} s")
        return call

    async def ended(self, within_s: float = ENDING_S) -> str:
        """Wait until the call is over and everything of it is done; returns the outcome.

        Raises:
            AssertionError: it is not over in time.
        """
        await self._in_time(lambda: self._exchange.until(self._is_over, within_s))
        if self.outcome is None:
            raise AssertionError(f"the call is not over after {within_s:g} s")
        return self.outcome

    # What befalls the model's service

    async def lose_model(self, for_s: float = 0.0) -> None:
        """The connection to the model is gone, without a word; for so long there is no other."""
        await self._in_time(self._at_once(lambda: self._exchange.model.cut(for_s)))

    async def go_away(self, notice_s: float = 10.0) -> None:
        """The model's service tells the connection to go, and ends it so much later."""
        await self._in_time(self._at_once(lambda: self._exchange.model.go_away(notice_s)))

    # What came of it

    @property
    def tool_calls(self) -> Sequence[ToolCall]:
        """The functions that ran, each equal to `(name, arguments)`, in order."""
        return self._stage.diary.calls.copy()

    @property
    def heard(self) -> str:
        """Everything the caller heard of the agent, in words."""
        return " ".join(line.text for line in self._agent_lines())

    @property
    def transcript(self) -> Sequence[Line]:
        """What was said and heard, by both, in order."""
        return sorted([*self._said, *self._agent_lines()], key=lambda line: line.at_s)

    @property
    def outcome(self) -> str | None:
        """Why the call ended, as in its record: `caller_hung_up`, say; None while it goes on."""
        outcome = self._exchange.outcome
        return None if outcome is None else outcome.value

    @property
    def transfers(self) -> Sequence[tuple[str, str]]:
        """To whom the agent has passed the caller on, with the summary; everybody answers."""
        return self._stage.line.transfers.copy()

    @property
    def messages(self) -> Sequence[tuple[str | None, str]]:
        """The text messages that were sent, each with its number; None: the caller's."""
        return self._stage.line.messages.copy()

    @property
    def dialled(self) -> Sequence[str]:
        """The digits that the agent has dialled."""
        return self._stage.line.dialled.copy()

    @property
    def summary(self) -> CallReport:
        """The service's own report of the call."""
        return self._stage.report()

    @property
    def prompt(self) -> str:
        """What the model was told to be, know and do."""
        return self._stage.prompt

    def __str__(self) -> str:
        return story(self.transcript, self.tool_calls, self._exchange.call.timeline)

    # In the call's time

    async def _in_time[T](self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await self._clock.run(work)

    async def _until(self, done: Callable[[], bool], within_s: float) -> bool:
        exchange = self._exchange

        def over_or_done() -> bool:
            return exchange.outcome is not None or done()

        return await self._in_time(lambda: exchange.until(over_or_done, within_s))

    def _at_once(self, act: Callable[[], None]) -> Callable[[], Coroutine[Any, Any, None]]:
        async def work() -> None:
            act()

        return work

    async def _say(self, text: str, wait: bool, patience_s: float) -> None:
        clip = self._stage.talk.clip(text)
        end = self._exchange.say(clip)
        self._said.append(Line((end - clip.speech_end) / RATE_HZ, "caller", text))
        if wait:
            await self._answered(end, patience_s, f'"{text}"')
        else:
            await self._exchange.until(lambda: self._has_passed(end), end / RATE_HZ)

    async def _press(self, keys: str, wait: bool, patience_s: float) -> None:
        self._said.append(Line(self._exchange.position / RATE_HZ, "caller", f"[{keys}]"))
        for key in keys:
            self._exchange.carrier.press(key)
            await self._exchange.until(lambda: False, KEY_S)
        if wait:
            await self._answered(self._exchange.position, patience_s, f"the keys {keys}")

    async def _answered(self, end: int, patience_s: float, what: str) -> None:
        settled = self._settled(end)
        spoken_s = max(0.0, (end - self._exchange.position) / RATE_HZ)
        if not await self._exchange.until(settled, spoken_s + patience_s):
            raise AssertionError(f"the agent did not answer {what} within {patience_s:g} s")

    def _settled(self, end: int) -> Callable[[], bool]:
        """Whether the agent has been heard since that sample, and all is quiet again."""
        exchange, diary = self._exchange, self._stage.diary
        quiet_from: float | None = None

        def settled() -> bool:
            nonlocal quiet_from
            if exchange.outcome is not None:
                return True
            position = exchange.position
            busy = exchange.working or diary.running or not exchange.model.idle
            if busy or exchange.loud_until <= end or position < exchange.carrier.line.end:
                quiet_from = None
                return False
            if quiet_from is None:
                quiet_from = exchange.now
            return exchange.now - quiet_from >= SETTLE_S

        return settled

    async def _greeted(self) -> None:
        """The greeting is over, or there is none."""
        await self._exchange.until(self._settled(0), GREETING_S)

    async def _leave(self) -> None:
        """The test is over, and so is the call."""
        self._exchange.hang_up()
        await self._exchange.until(self._is_over, ENDING_S)
        await self._stage.close()

    def _has_passed(self, end: int) -> bool:
        return self._exchange.outcome is not None or self._exchange.position >= end

    def _is_over(self) -> bool:
        return self._exchange.over and not self._stage.diary.running

    def _agent_lines(self) -> list[Line]:
        exchange = self._exchange
        return self._stage.talk.heard(exchange.carrier.line, exchange.position, exchange.call)

    def _still_on(self, wish: str) -> None:
        if self.outcome is not None:
            raise AssertionError(f"the call is over ({self.outcome}): the caller cannot {wish}")


@asynccontextmanager
async def phone_call(
    tenant: str | Path | Tenant,
    *,
    scenario: str | Path | None = None,
    config: str | Path = "config",
    data_dir: Path | None = None,
    at: datetime | None = None,
    caller: str | None = CALLER,
    tools: Mapping[str, object] | None = None,
    slow: Mapping[str, float] | None = None,
    audio: bool = False,
) -> AsyncIterator[PhoneCall]:
    """Call a tenant's agent; the block begins when the greeting is over, and ends with the call.

    Args:
        tenant: its name, its file, or itself.
        scenario: by name or file, what callers say and how the model's stand-in answers; by
            default the one that calls the tenant's functions.
        config: the folder with `service.yaml`, tenants, functions and scenarios.
        data_dir: where the functions keep their data; by default a folder of the call's own.
        at: when the call begins, in the tenant's time zone unless it has one; by default now. The
            prompt and `CallContext.now` go by it.
        caller: the caller's number; None: withheld.
        tools: what takes the place of functions, by name: a function, an exception, or a result.
        slow: seconds that functions take longer, by name.
        audio: True: the caller and the model speak with a voice and hear with an ear, which takes
            the extra `sim`; by default their words are tones.

    Raises:
        ConfigError: something is wrong with the configuration, or the test names what is not there.
    """
    clock = JumpingClock()
    try:
        with TemporaryDirectory(prefix="seamline-call-") as folder:
            options = Options(
                tenant, scenario, Path(config), data_dir or Path(folder), at, caller,
                tools or {}, slow or {}, audio,
            )  # fmt: skip
            call = PhoneCall(await clock.run(partial(set_up, options)), clock)
            try:
                await clock.run(call._greeted)
                yield call
            except BaseException as error:
                error.add_note(str(call))
                raise
            finally:
                await clock.run(call._leave)
    finally:
        await clock.close()
