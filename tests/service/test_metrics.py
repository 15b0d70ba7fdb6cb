"""`GET /metrics`, over real sockets."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.parser import text_string_to_metric_families

from agent.observe import metrics as metrics_module
from agent.observe.metrics import Metrics
from agent.service import metrics as service_metrics
from agent.service.metrics import Keeper, ServiceMetrics, now_series, watch_lag
from tests.observe.test_metrics import values
from tests.service.house import NUMBER, SHOP, House, house
from tests.service.model_side import fake_model, polite
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback
from tests.support.virtual_loop import run_virtually

pytestmark = pytest.mark.socket

TOKEN = "a-token-of-more-than-sixteen"


async def scrape(home: House, **headers: str) -> tuple[int, Mapping[tuple[str, ...], float]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{home.origin}/metrics", headers=headers) as response,
    ):
        text = await response.text()
        if response.status != 200:
            return response.status, {}
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return 200, {
        (sample.name, *values(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_call_is_there_while_it_runs_and_when_it_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, number=1, media_every_s=0.02) as first,
            phone_side(home.local, number=2, media_every_s=0.02) as second,
            phone_side(home.local, number=3) as third,
        ):
            await first.open()
            await second.open()
            await second.until("media")
            await third.open()
            assert await third.closed == 1013
            _, found = await scrape(home)
            assert found["seamline_calls_running", "shop"] == 2
            assert found["seamline_calls_refused_total", "tenant_full"] == 1
            assert found["seamline_service_events_total", "answered"] == 2
            assert found["seamline_calls_limit",] == 200
            assert found["seamline_draining",] == 0
            assert found["seamline_tenants",] == 2
            assert found["seamline_tenants_refused",] == 0
            assert found["seamline_tenants_generation",] == 1
            assert found["seamline_spending_failures_total",] == 0
            await first.hang_up()
            await second.hang_up()
            await home.quiet(5.0)
            _, found = await scrape(home)
            assert ("seamline_calls_running", "shop") not in found
            assert found["seamline_calls_total", "shop", "caller_hung_up"] == 2
            assert found["seamline_first_audio_seconds_count", "shop"] == 2
            assert found["seamline_loop_lag_seconds_count",] >= 0

    run_on_loopback(main())


def test_the_day_s_money_stands_beside_its_limit(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            (tmp_path / "shop.yaml").write_text(f"{SHOP}spending: {{per_day: 5 USD}}\n")
            await home.service.tenant_store.reload()
            await phone.open()
            await phone.until("media")
            await asyncio.sleep(2.0)
            _, found = await scrape(home)
            assert found["seamline_day_limit_usd", "shop"] == 5
            assert found["seamline_day_spent_usd", "shop"] == pytest.approx(0.0125)  # a minute
            assert found["seamline_day_forecast_usd", "shop"] >= 0.0125
            assert ("seamline_day_limit_usd", "office") not in found
            await phone.hang_up()
            await home.quiet(5.0)

    run_on_loopback(main())


def test_tenants_beyond_those_told_apart_have_no_money_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_module, "MOST_TENANTS", 0)

    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1") as home:
            (tmp_path / "shop.yaml").write_text(f"{SHOP}spending: {{per_day: 5 USD}}\n")
            await home.service.tenant_store.reload()
            _, found = await scrape(home)
            assert not any(name[0] == "seamline_day_limit_usd" for name in found)

    run_on_loopback(main())


def test_the_money_of_many_tenants_is_read_with_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_metrics, "TENANTS_AT_ONCE", 3)
    for n in range(8):
        text = SHOP.replace("shop", f"t{n}").replace(NUMBER, f"+1555010020{n}")
        (tmp_path / f"t{n}.yaml").write_text(text)

    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1") as home:
            assert len(home.service.tenants.by_name) == 10
            series = now_series(home.service, [], Metrics())
            breaks = 0
            with suppress(StopIteration):
                while True:
                    series.send(None)
                    breaks += 1
            assert breaks == 3

    run_on_loopback(main())


def test_look_ups_and_other_events_have_series_of_their_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1") as home:
            home.service.counters.update({"lookup_found": 2, "recordings_broken": 1})
            home.service.tenant_store.tool_counters["http"]["requests"] += 4
            _, found = await scrape(home)
            assert found["seamline_lookups_total", "found"] == 2
            assert found["seamline_service_events_total", "recordings_broken"] == 1
            assert found["seamline_http_tool_events_total", "requests"] == 4

    run_on_loopback(main())


def test_what_became_of_the_records_is_told(tmp_path: Path) -> None:
    keepers = [
        SimpleNamespace(counters=Counter(records_written=4, records_lost=1), waiting=2),
        SimpleNamespace(counters=Counter(records_written=1), waiting=3),
    ]

    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1") as home:
            metrics = ServiceMetrics()
            assert b"seamline_records_waiting" not in await metrics.text()
            async with metrics.watching(home.service, cast(list[Keeper], keepers)):
                text = (await metrics.text()).decode()
        assert 'seamline_record_events_total{event="records_written"} 5.0' in text
        assert 'seamline_record_events_total{event="records_lost"} 1.0' in text
        assert "seamline_records_waiting 5.0" in text

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_the_series_are_for_the_operator_only(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1", api_token=TOKEN) as home:
            assert (await scrape(home, **headers))[0] == status

    run_on_loopback(main())


def test_the_loop_s_lag_is_measured_again_and_again() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("lag", "Lag.", buckets=(0.1, 1.0), registry=registry)

    async def main() -> None:
        task = asyncio.create_task(watch_lag(histogram))
        await asyncio.sleep(10.5)
        task.cancel()
        await asyncio.wait([task])

    run_virtually(main())
    assert registry.get_sample_value("lag_count") == 10
    assert registry.get_sample_value("lag_sum") == pytest.approx(0.0)
