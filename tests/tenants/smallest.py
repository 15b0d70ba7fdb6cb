"""The smallest file of a tenant, and what is wrong with one."""

from collections.abc import Sequence

import pytest

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant

SMALLEST = "tenant: x\nnumbers: [+15550100100]\nagent: {instructions: Be kind.}\n"


def problems(text: str) -> Sequence[str]:
    with pytest.raises(ConfigError) as caught:
        parse_tenant(text, "x.yaml")
    return caught.value.problems
