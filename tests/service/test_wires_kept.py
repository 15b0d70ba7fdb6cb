"""Both wires of a call, kept by a running service: locked, replayable, and never without a key."""

import asyncio
import stat
from pathlib import Path

import pytest

from agent.call.tape import Resumed
from agent.errors import ConfigError
from agent.observe import logs
from agent.observe.replay import replay
from agent.observe.wire_key import read_keys
from agent.observe.wires import ReadTape, read_tape
from agent.service.app import make_app, read_tenants
from agent.service.recording_repair import header
from tests.service.house import CALLER, house, settings_in
from tests.service.model_side import ModelSide, fake_model, polite, tool_call
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

KEYS = read_keys("5a" * 32)
WIRED = """
tenant: wired
numbers: [+15550100102]
agent: {greeting: Good day., instructions: Be kind.}
tools: [python: phone_errands.look_up, builtin: end_call]
record: {wire: yes}
"""


def call_through(folder: Path, text: str = WIRED) -> tuple[list[Path], dict[str, int]]:
    """A call with a function and a hang-up; returns the files that are left, and the counters."""

    async def talks(side: ModelSide) -> None:
        await side.greet()
        await side.send(tool_call("look_up", order="4711"))
        await side.until(lambda message: "toolResponse" in message)
        await side.say(0.4)

    async def main() -> dict[str, int]:
        (folder / "wired.yaml").write_text(text)
        async with (
            fake_model(talks) as model,
            house(folder, model.url, wire_keys=KEYS) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open(tenant="wired", **{"from": CALLER})
            await phone.until("mark", lambda message: ":t2:" in message["mark"]["name"])
            await phone.hang_up()
            await home.quiet(within_s=3)
            return dict(home.service.counters)

    counters = run_on_loopback(main())
    return sorted((folder / "wires/wired").glob("*")), counters


def read(path: Path) -> ReadTape:
    return read_tape(path, KEYS)


def test_a_call_is_kept_whole_and_runs_again_as_it_ran(tmp_path: Path) -> None:
    [path], _ = call_through(tmp_path)

    again = replay(read(path))

    assert again.difference is None
    assert again.ended is None
    assert again.report.outcome == "caller_hung_up"
    assert [tool.name for tool in again.report.tools] == ["look_up"]
    assert again.facts > 20
    assert again.effects > 10


def test_the_file_says_nothing_without_its_key(tmp_path: Path) -> None:
    [path], _ = call_through(tmp_path)

    content = path.read_bytes()

    for word in (CALLER, "4711", "look_up", "Good day", "on its way", "streamSid"):
        assert word.encode() not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="none of the 1 keys"):
        read_tape(path, read_keys("00" * 32))


def test_a_file_that_breaks_off_anywhere_is_read_up_to_there(tmp_path: Path) -> None:
    [path], _ = call_through(tmp_path)
    whole = path.read_bytes()
    torn = tmp_path / "torn.wire"

    torn.write_bytes(whole[:-20])
    again = replay(read(torn))

    assert again.ended == "it breaks off"
    assert again.difference is None


def test_a_second_call_of_the_same_name_overwrites_nothing(tmp_path: Path) -> None:
    call_through(tmp_path)

    first, second = call_through(tmp_path)[0]

    assert replay(read(first)).difference is None
    assert replay(read(second)).difference is None


def test_who_hangs_up_before_the_consent_is_heard_leaves_nothing(tmp_path: Path) -> None:
    text = WIRED.replace("wire: yes", "wire: yes, consent: This call is recorded.")

    async def silent(side: ModelSide) -> None:
        await side.set_up()

    async def main() -> None:
        (tmp_path / "wired.yaml").write_text(text)
        async with (
            fake_model(silent) as model,
            house(tmp_path, model.url, wire_keys=KEYS) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open(tenant="wired")
            await phone.hang_up()
            await home.quiet(within_s=3)

    run_on_loopback(main())
    assert not (tmp_path / "wires").exists()


def test_no_service_starts_with_a_tenant_that_wants_it_and_no_key(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (tmp_path / "wired.yaml").write_text(WIRED)

    with pytest.raises(ConfigError, match=r"wired.yaml:6:16: record.wire: needs a key in SEAM"):
        make_app(settings, read_tenants(settings))


def test_no_service_starts_with_a_tenant_whose_carrier_cannot_be_asked(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, insecure_local=False)
    (tmp_path / "wired.yaml").write_text(WIRED.replace("wire: yes", "carrier: yes"))

    with pytest.raises(ConfigError, match=r"wired.yaml:6:19: record.carrier: needs the carrier's"):
        read_tenants(settings)
    assert "wired" in read_tenants(settings, to_serve=False).current.by_name


def test_what_a_crash_has_left_is_repaired_when_the_service_starts(tmp_path: Path) -> None:
    broken = tmp_path / "recordings/office/CA1.wav"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(header(0) + bytes(4000))

    async def main() -> None:
        async with fake_model(polite) as model, house(tmp_path, model.url) as home:
            while not home.service.counters["recordings_repaired"]:  # noqa: ASYNC110 (a thread)
                await asyncio.sleep(0.01)

    run_on_loopback(main())
    assert broken.read_bytes() == header(4000) + bytes(4000)


def test_a_card_number_is_in_nothing_that_is_kept(tmp_path: Path) -> None:
    number = "4929123412341234"
    text = """
tenant: wired
numbers: [+15550100102]
agent: {greeting: Good day., instructions: Be kind.}
tools: [python: phone_errands.look_up, builtin: pause_recording]
record: {wire: yes, audio: yes}
"""

    async def takes_a_card(side: ModelSide) -> None:
        await side.greet()
        await side.send(tool_call("pause_recording"))
        await side.until(lambda message: "toolResponse" in message)
        said = {"inputTranscription": {"text": f"It is {number}."}}
        await side.send({"serverContent": said}, tool_call("look_up", order=number))
        await side.until(lambda message: "toolResponse" in message)
        await side.send(tool_call("resume_recording"))
        await side.until(lambda message: "toolResponse" in message)
        await side.say(0.4)
        await side.until_closed()

    async def main() -> str:
        (tmp_path / "wired.yaml").write_text(text)
        async with (
            fake_model(takes_a_card) as model,
            house(tmp_path, model.url, wire_keys=KEYS) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            logs.configure("info", pii=True, stream=home.log)
            await phone.open(tenant="wired")
            await phone.until("mark", lambda message: ":t2:" in message["mark"]["name"])
            await phone.hang_up()
            await home.quiet(within_s=3)
            return home.log.getvalue()

    log = run_on_loopback(main())

    tape = read(next((tmp_path / "wires/wired").iterdir()))
    assert any(isinstance(fact, Resumed) for fact in tape.facts)
    assert number not in str(tape.facts)
    assert number not in log
    assert "look_up" in log
    again = replay(tape)
    assert again.difference is None
    assert again.ended is not None
    assert again.ended.endswith("a pause")
