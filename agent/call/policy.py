"""The plan of a call: the part of a tenant that shapes it, without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.call.allowance import SpendingPlan
from agent.call.bargein import BargeInMode
from agent.call.claims import Claims
from agent.call.cost import UNPRICED, CallPrices
from agent.call.cover import CoverPlan
from agent.call.idle import IdlePolicy
from agent.call.keypad import KeyPlan
from agent.call.watchdog import WatchdogPolicy
from agent.errors import ConfigError

FRAME_MS = 20

type Scheduling = Literal["WHEN_IDLE", "INTERRUPT", "SILENT"]
"""When the model speaks of a function's result, as the wire says it."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The part of a tenant that shapes a call; built by `agent.call.plan`.

    Attributes:
        tenant: whose call this is.
        greeting: what the model is asked to say first; None: the caller speaks first.
        consent: what it is asked to say before that, because the call is recorded.
        barge_in: who decides that the caller interrupts: the model's service, our own speech
            detection, or whichever is first.
        barge_in_after_ms: unbroken caller speech, while the agent can be heard, that counts as
            an interruption for our own detection.
        protect_ms: the agent's first words of each utterance that our own detection cannot cut.
        uplink_ms: caller audio per message to the model: 20 to 100; 200 where nobody waits for it.
        lead_ms: agent audio at the carrier ahead of what has been heard, at most 300.
        message_ms: agent audio per message to the carrier; a multiple of 20.
        start_ms: agent audio collected before an utterance starts, waited for at most as long.
        idle: the silent caller.
        keys: what is made of the keys the caller presses.
        max_call_s: the longest duration of a call, counted from the start of its stream.
        wrap_up_s: how long before that the model is asked to come to a close.
        end_call_tool: whether the model may end the call with the tool `end_call`.
        tool_budget_s: how long the model may wait for a function (docs/protocols/gemini-live.md
            C-17).
        record: whether both sides' sound is handed out to be kept: from the start, or once the
            caller has heard `consent`.
        keeps: others keep something of the call, a tape or the carrier a recording: they are told
            when they may.
        pause_tool: whether the model may pause all keeping with the tool `pause_recording`.
        longest_pause_s: after which it goes on by itself.
        cover: what the caller hears while there is no model.
        watchdog: how patient the call is with a model that owes a sound.
        claims: words that claim of a function that it was done.
        scheduling: when the model speaks of a function's result, by its name; others, as it likes.
        reattach_s: so long the call waits for its phone, when its socket broke, to come back on
            another one; 0: the call ends with its socket.
        shield_s: of a call that we placed: what the called says so long after the agent's first
            sound does not cut the greeting; 0: it does.
        message: what is said in place of the greeting, before the call ends.
        to_machine: a machine has answered, and its beep has sounded; else somebody listens, or
            nobody knows who.
        prices: what it costs.
        spending: what it may cost.
    """

    tenant: str
    greeting: str | None = None
    consent: str | None = None
    barge_in: BargeInMode = "model"
    barge_in_after_ms: int = 240
    protect_ms: int = 0
    uplink_ms: int = 40
    lead_ms: int = 240
    message_ms: int = 100
    start_ms: int = 60
    idle: IdlePolicy = field(default_factory=IdlePolicy)
    keys: KeyPlan = field(default_factory=KeyPlan)
    max_call_s: float = 1200.0
    wrap_up_s: float = 20.0
    end_call_tool: bool = True
    tool_budget_s: float = 8.0
    record: bool = False
    keeps: bool = False
    pause_tool: bool = False
    longest_pause_s: float = 60.0
    cover: CoverPlan = field(default_factory=CoverPlan)
    watchdog: WatchdogPolicy = field(default_factory=WatchdogPolicy)
    claims: Claims = field(default_factory=dict)
    scheduling: Mapping[str, Scheduling] = field(default_factory=dict)
    reattach_s: float = 0.0
    shield_s: float = 0.0
    message: str | None = None
    to_machine: bool = True
    prices: CallPrices = UNPRICED
    spending: SpendingPlan = field(default_factory=SpendingPlan)

    @property
    def opening(self) -> str | None:
        """All that the model is asked to say first."""
        return " ".join(filter(None, (self.consent, self.greeting))) or None

    def __post_init__(self) -> None:
        problems = []
        if self.uplink_ms not in range(FRAME_MS, 201, FRAME_MS):
            problems.append(f"uplink_ms {self.uplink_ms}: must be a multiple of 20, at most 200")
        if self.message_ms not in range(FRAME_MS, 301, FRAME_MS):
            problems.append(f"message_ms {self.message_ms}: must be a multiple of 20, at most 300")
        if not self.message_ms <= self.lead_ms <= 300:
            problems.append(f"lead_ms {self.lead_ms}: must be message_ms to 300")
        if self.max_call_s <= 0:
            problems.append(f"max_call_s {self.max_call_s}: must be positive")
        if problems:
            raise ConfigError(*problems)
