"""The dashboard and the alerts name series that exist, and are of the shape that is read."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from prometheus_client.core import Metric

from agent.observe.metrics import Metrics
from agent.service.metrics import now_series
from agent.service.service import Service

INFRA = Path(__file__).parents[2] / "infra"
DOCS = INFRA.parent / "docs" / "metrics.md"
DASHBOARD: dict[str, Any] = json.loads((INFRA / "grafana" / "dashboard.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((INFRA / "alerts.yaml").read_text())
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}


def families() -> Iterator[Metric]:
    """All that a service tells."""
    metrics = Metrics()
    yield from metrics.registry.collect()
    store = SimpleNamespace(
        tool_counters={"http": {}, "mcp": {}},
        current=SimpleNamespace(by_name={}),
        refused=(),
        generation=1,
    )
    service = SimpleNamespace(
        running={},
        counters={},
        settings=SimpleNamespace(calls=1),
        draining=False,
        tenant_store=store,
        tenants=store.current,
        spending=SimpleNamespace(failures=0, tenants=set()),
    )
    yield from asyncio.run(now_series(cast(Service, service), [], metrics))


NAMES = {family.name + suffix: family for family in families() for suffix in SUFFIXES[family.type]}


def expressions() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["query"]
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize(("where", "expr"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_every_series_that_is_asked_for_exists(where: str, expr: str) -> None:
    named = re.findall(r"seamline_\w+", expr)
    assert named
    assert set(named) <= NAMES.keys()
    for opening, closing in ("()", "[]", "{}"):
        assert expr.count(opening) == expr.count(closing)


@pytest.mark.parametrize(("where", "expr"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_counters_are_asked_for_as_rates_and_by_labels_that_they_have(
    where: str, expr: str
) -> None:
    if where.startswith("variable"):
        return
    for name, selector, window in re.findall(
        r"(seamline_\w+)(\{[^}]*\})?(\[\w+\]|\[\$\w+\])?", expr
    ):
        assert bool(window) == (NAMES[name].type in {"counter", "histogram"}), name
        for label in re.findall(r"(\w+)\s*(?:=~|!=|=)", selector):
            samples = f"{name}{{...}}"
            assert label in {"tenant", "outcome", "reason", "event", "direction"}, samples


def test_the_dashboard_has_what_grafana_needs() -> None:
    assert DASHBOARD["uid"] == "seamline"
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert all(target["legendFormat"] for target in panel["targets"])
    squares = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(squares)) == len(squares), "two panels overlap"


def test_alerts_have_the_shape_that_prometheus_reads() -> None:
    assert set(ALERTS) == {"groups"}
    names = [rule["alert"] for group in ALERTS["groups"] for rule in group["rules"]]
    assert len(set(names)) == len(names)
    assert len({group["name"] for group in ALERTS["groups"]}) == len(ALERTS["groups"])
    for group in ALERTS["groups"]:
        assert set(group) == {"name", "rules"}
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert re.fullmatch(r"Seamline[A-Z]\w+", rule["alert"])
            assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert set(rule["annotations"]) == {"summary", "description"}


def test_the_page_lists_every_series_and_every_alert() -> None:
    text = DOCS.read_text()
    missing = [name for name in {family.name for family in NAMES.values()} if name not in text]
    missing += [
        rule["alert"] for g in ALERTS["groups"] for rule in g["rules"] if rule["alert"] not in text
    ]
    assert not missing
    named = set(re.findall(r"`(seamline_\w+)`", text))
    assert named <= NAMES.keys() | {family.name for family in NAMES.values()}
