"""What is kept of one call: what its tenant says, and nothing else."""

import asyncio
from collections import Counter
from pathlib import Path

import msgspec
from aiohttp import web

from agent.call.core import Call
from agent.call.tape import Began
from agent.call.taped import TapedCall
from agent.observe.wire_key import read_keys
from agent.observe.wires import read_tape
from agent.service.kept import Keeper, Kept
from agent.service.twilio_rest import TwilioRest
from agent.tenants.parse import parse_tenant
from agent.tenants.tenant import Tenant
from tests.call.tapes import lived
from tests.service.house import captured_log
from tests.service.rest_side import CALL, Carrier, account_of
from tests.support.patient_loop import run_on_loopback

KEYS = read_keys("12" * 32)
FILE = "tenant: a\nnumbers: [default]\nagent: {{instructions: x}}\nrecord: {{{}}}\n"


def tenant(record: str) -> Tenant:
    return parse_tenant(FILE.format(record), "a.yaml")


def began(call_id: str = CALL) -> Began:
    fact = lived(lambda line: None).facts[0]
    assert isinstance(fact, Began)
    return msgspec.structs.replace(fact, call_id=call_id)


def keeper(folder: Path, rest: TwilioRest | None = None) -> Keeper:
    return Keeper(folder, KEYS, rest, Counter())


def test_by_default_nothing_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        kept = Kept(keeper(tmp_path), tenant(""), began())
        assert type(kept.call) is Call
        assert (kept.recording, kept.wire) == (None, None)
        async with kept.opened() as recording:
            assert recording is None
            kept.keep(True)

    asyncio.run(main())
    assert list(tmp_path.iterdir()) == []


def test_each_has_its_place(tmp_path: Path) -> None:
    async def main() -> None:
        kept = Kept(keeper(tmp_path), tenant("audio: yes, wire: yes"), began("CA1"))
        assert isinstance(kept.call, TapedCall)
        assert kept.recording == tmp_path / "recordings/a/CA1.wav"
        assert kept.wire == tmp_path / "wires/a/CA1.wire"
        async with kept.opened() as recording:
            assert recording is not None
            recording.put(b"\x01\x00\x02\x00")
            kept.call.phone_received(START, kept.call.timeline.began_at)
            kept.call.effects(kept.call.timeline.began_at)
        assert len(read_tape(kept.wire, KEYS).facts) == 2
        assert kept.recording.stat().st_size == 48

    run_on_loopback(main())


START = (
    b'{"event":"start","streamSid":"MZ1","start":{"streamSid":"MZ1","callSid":"CA1",'
    b'"accountSid":"AC1","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,'
    b'"channels":1}}}'
)


def test_the_carrier_records_if_there_is_one_to_ask(tmp_path: Path) -> None:
    carrier = Carrier(web.json_response({"sid": "RE" + "2" * 32}))

    async def main() -> Counter[str]:
        async with account_of(carrier) as rest:
            with_one, without = keeper(tmp_path, rest), keeper(tmp_path)
            for each in (with_one, without):
                kept = Kept(each, tenant("carrier: yes"), began())
                async with kept.opened():
                    kept.keep(True)
                    await asyncio.sleep(1)
            assert not without.counters
            return with_one.counters

    assert run_on_loopback(main()) == {"carrier_recordings": 1}
    assert len(carrier.asked) == 1


def test_what_could_not_be_kept_is_counted(tmp_path: Path) -> None:
    (tmp_path / "recordings").touch()
    (tmp_path / "wires").touch()
    counts = keeper(tmp_path)

    async def main() -> None:
        kept = Kept(counts, tenant("audio: yes, wire: yes"), began("CA1"))
        async with kept.opened() as recording:
            assert recording is not None
            recording.put(b"\x01\x00\x02\x00")
            kept.call.phone_received(START, kept.call.timeline.began_at)
            kept.call.effects(kept.call.timeline.began_at)
            await asyncio.sleep(2)

    with captured_log() as log:
        run_on_loopback(main())
    assert counts.counters == {"recordings_broken": 1, "wires_broken": 1}
    for event in ("recording.failed", "recording.incomplete", "wire.given_up"):
        assert event in log.getvalue()
