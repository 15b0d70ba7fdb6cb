"""Business functions as tools: declarations from signatures, and running them.

What a business function needs is offered here: `CallContext`, to know the call it serves,
`ToolError`, to tell the model why it could not do what was asked, and `repeatable`, to mark what
may run again.
"""

from agent.errors import ToolError
from agent.tools.context import CallContext
from agent.tools.repeatable import repeatable

__all__ = ["CallContext", "ToolError", "repeatable"]
