"""What a service does besides answering calls: phrases are spoken, old recordings deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from agent.service.connection import Dialler
from agent.service.recording_repair import repair_all
from agent.service.reload import rewritten
from agent.service.retention import delete_regularly

if TYPE_CHECKING:
    from agent.service.service import Service


async def speak_phrases(service: Service, dialler: Dialler, *, wanted: bool) -> None:
    """Have the tenants' voices say the phrases of the cover, now and when tenants change."""
    if not wanted:
        return
    async with asyncio.TaskGroup() as work:
        prepared = [p for ready in service.tenants.by_name.values() for p in ready.all_prepared]
        work.create_task(service.phrases.fill(prepared, dialler))
        async for before, after in service.tenant_store.generations():
            if new := [p for ready in rewritten(before, after) for p in ready.all_prepared]:
                work.create_task(service.phrases.fill(new, dialler))


async def delete_recordings(service: Service) -> None:
    """Repair what a crash has left; delete what tenants no longer keep, now and every hour."""

    def kept() -> dict[str, float]:
        records = {name: ready.tenant.record for name, ready in service.tenants.by_name.items()}
        return {name: record.keep for name, record in records.items() if record.keep}

    def in_use(path: Path) -> bool:
        calls = list(service.running.values())
        return any(path in (call.recording, call.wire) for call in calls)

    def deleted(n: int) -> None:
        service.counters["recordings_deleted"] += n

    repaired = await asyncio.to_thread(repair_all, service.settings.data, in_use)
    if repaired:
        service.counters["recordings_repaired"] += repaired
    await delete_regularly(service.settings.data, kept, in_use, deleted)
