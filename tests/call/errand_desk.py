"""The errands of a call, over a session that is ready."""

import json

from agent.call.effects import RunTool
from agent.call.errands import Errands
from agent.call.keeping import Keeping
from agent.call.keypad import PLAIN, KeyPlan
from agent.call.requests import canonical, effect_key
from agent.call.timeline import Timeline
from agent.gemini.codec import encode_client
from agent.gemini.messages import ToolResponse, ToolResponseMessage
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.session_events import SendFrame, ToolCall
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.tools import FunctionDeclaration, FunctionResponse


class Fixture:
    def __init__(
        self,
        model: str = "gemini-3.8-live",
        *,
        end_call_tool: bool = True,
        keys: KeyPlan = PLAIN,
        pause_tool: bool = False,
    ) -> None:
        tools = (FunctionDeclaration("book"), FunctionDeclaration("end_call"))
        setup = build_setup(SetupOptions(model=model, declarations=tools))
        self.session = LiveSession(setup, profile_for(model, "developer"))
        self.session.start(0.0)
        self.session.connected(1, 0.0)
        self.session.receive(1, b'{"setupComplete":{}}', 0.0)
        self.timeline = Timeline(0.0)
        self.keeping = Keeping(self.timeline, records=False, tells=False, longest_pause_s=45.0)
        self.errands = Errands(
            self.session,
            self.timeline,
            budget_s=8.0,
            end_call_tool=end_call_tool,
            keys=keys,
            keeping=self.keeping,
            pause_tool=pause_tool,
        )
        self.sent()

    def sent(self) -> list[bytes]:
        return [e.frame for e in self.session.effects() if isinstance(e, SendFrame)]

    def model_calls(self, *ids: str, name: str = "book", apart: bool = True) -> list[ToolCall]:
        """Calls for different things, by their ids, or all for the same."""
        calls = [ToolCall(id, name, {"for": id} if apart else {}) for id in ids]
        for call in calls:
            function = {"id": call.id, "name": name, "args": call.args}
            message = {"toolCall": {"functionCalls": [function]}}
            self.session.receive(1, json.dumps(message).encode(), 0.0)
        return calls

    def names(self) -> list[str]:
        return [entry.name for entry in self.timeline]


def run(id: str, turn: int = 0, call_id: str = "") -> RunTool:
    args = {"for": id}
    return RunTool(id, "book", args, effect_key(call_id, "book", canonical(args), turn))


def answer(id: str, name: str, **response: object) -> bytes:
    reply = ToolResponse((FunctionResponse(id, name, response),))
    return encode_client(ToolResponseMessage(reply))


def lost(f: Fixture) -> None:
    """A call of the model went with its connection at 1 s, and there is a new one at 2 s."""
    f.errands.requested(f.model_calls("a", apart=False), 1, 0.0)
    f.errands.take()
    f.errands.left(1.0)
    f.errands.lost(["a"], 1.0)
    f.errands.lost(["a"], 1.0)
    f.errands.moved(True, 2.0)
    assert f.names() == ["tool.requested", "tool.lost"]
