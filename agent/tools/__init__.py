"""Business functions as tools: declarations from signatures, and running them.

What a business function needs is offered here: `CallContext`, to know the call it serves, and
`ToolError`, to tell the model why it could not do what was asked.
"""

from agent.errors import ToolError
from agent.tools.context import CallContext

__all__ = ["CallContext", "ToolError"]
