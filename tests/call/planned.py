"""A tenant whose calls are planned, and a server of tools in its file."""

from typing import Any

from agent.tenants.tenant import Tenant

STOCK = {"name": "stock", "command": ["stock-mcp"], "allow": ["find-article", "reserve"]}


def tenant(**changes: Any) -> Tenant:
    given = {
        "tenant": "x",
        "numbers": ("+15550100100",),
        "agent": {"instructions": "Be kind.", **changes.pop("agent", {})},
        **changes,
    }
    return Tenant.model_validate(given)
