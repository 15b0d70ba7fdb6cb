from pathlib import Path

from agent.service.account_needs import account_needs, warn_without_account
from agent.service.tenant_files import load_tenants
from agent.tenants.parse import parse_tenant
from tests.service.house import captured_log
from tests.service.passing_line import BELLA


def test_what_only_an_account_can_do_is_named() -> None:
    bella = parse_tenant(BELLA, "bella.yaml")
    assert [*account_needs(bella)] == ["tools[2].builtin", "transfers.owner.how"]


def test_an_operator_is_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "bella.yaml").write_text(BELLA)
    (tmp_path / "plain.yaml").write_text(
        "tenant: plain\nnumbers: [default]\nagent: {instructions: Hi.}\n"
    )
    with captured_log() as log:
        warn_without_account(load_tenants(tmp_path, []))
    [line] = log.getvalue().splitlines()
    assert '"event":"carrier.no_account"' in line
    assert "transfers.owner.how" in line
