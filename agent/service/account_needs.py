"""What tenants want that only an account at the carrier can do."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from agent.service.tenant_files import ReadyTenants
from agent.tenants.tenant import Tenant
from agent.tenants.tools import BuiltinTool

_log = structlog.stdlib.get_logger()


def account_needs(tenant: Tenant) -> Iterator[str]:
    """The keys of a tenant's file that need the carrier's account."""
    for index, tool in enumerate(tenant.tools):
        if isinstance(tool, BuiltinTool) and tool.builtin == "send_sms":
            yield f"tools[{index}].builtin"
    for name, target in tenant.transfers.items():
        if target.how == "warm":
            yield f"transfers.{name}.how"


def warn_without_account(tenants: ReadyTenants) -> None:
    """Log what will not work, since no account is set; the agents are told so when they try."""
    for name, ready in tenants.by_name.items():
        if keys := [*account_needs(ready.tenant)]:
            _log.warning("carrier.no_account", tenant=name, needed_by=keys)
