"""Test an agent as its callers meet it: a telephone call in pytest, without network or account.

`docs/testing-agents.md` shows how.
"""

from agent.testing.asynchronous import synchronous
from agent.testing.functions import ToolCall
from agent.testing.listening import Line
from agent.testing.phone import PhoneCall, phone_call
from agent.tools import ToolError

__all__ = ["Line", "PhoneCall", "ToolCall", "ToolError", "phone_call", "synchronous"]
