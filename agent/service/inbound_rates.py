"""How often one may call: by caller and by tenant; without I/O."""

from typing import Literal

from agent.service.latest import Latest
from agent.service.rates import Buckets
from agent.tenants.tenant import Limits

CALLER_S = 600.0
TENANT_S = 60.0
REMEMBERED = 10_000

type TooOften = Literal["caller_rate", "tenant_rate"]


class InboundRates:
    """Counts the calls that come in.

    A caller without a number counts for the tenant alone: many people withhold theirs. A number
    can be forged, so the limit of the tenant is what holds in the end.
    """

    def __init__(self) -> None:
        self._callers = Buckets()
        self._tenants = Buckets()
        self._verdicts: Latest[str, TooOften | None] = Latest(REMEMBERED)

    def refuses(
        self, tenant: str, limits: Limits, call_id: str, caller: str | None, now: float
    ) -> TooOften | None:
        """Why a call is one too many; the same answer when the carrier asks again.

        Args:
            caller: his number.
        """
        if call_id and call_id in self._verdicts:
            return self._verdicts[call_id]
        verdict = self._verdict(tenant, limits, caller, now)
        if call_id:
            self._verdicts[call_id] = verdict
        return verdict

    def _verdict(
        self, tenant: str, limits: Limits, caller: str | None, now: float
    ) -> TooOften | None:
        known = caller is not None and caller.startswith("+")
        n = limits.per_caller
        if known and not self._callers.take((tenant, caller), n, n / CALLER_S, now):
            return "caller_rate"
        n = limits.per_minute
        return None if self._tenants.take(tenant, n, n / TENANT_S, now) else "tenant_rate"
