"""`seamline up`: a number is pointed at this service, and back."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from rich.console import Console

import agent
from agent.cli.up import Wish, _pointed
from agent.errors import ConfigError
from agent.service.app import make_app, read_tenants, serve
from tests.cli.command import Command
from tests.service.house import NUMBER, captured_log, settings_in
from tests.service.rest_side import ACCOUNT, Answer, Carrier, listening, refused
from tests.support.patient_loop import run_on_loopback
from tests.support.ports import free_port

pytestmark = pytest.mark.socket

ROOT = Path(agent.__file__).parents[1]
PN = "PN" + "1" * 32
OLD = {
    "sid": PN,
    "phone_number": NUMBER,
    "voice_url": "https://old.example.com/",
    "voice_method": "GET",
}


def numbers(*found: dict[str, Any]) -> web.Response:
    return web.json_response({"incoming_phone_numbers": list(found)})


class Exchange(Carrier):
    """Tells of the account besides."""

    kind = "Full"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith(f"/Accounts/{ACCOUNT}.json"):
            return web.json_response({"type": self.kind})
        return await super().answer(request)


class Desk:
    """A service on the desk, a carrier, and what was printed."""

    def __init__(self, folder: Path, *answers: Answer, **changes: Any) -> None:
        self.carrier = Exchange(*answers)
        self.folder, self.changes = folder, changes
        self.console = Console(record=True, width=300)
        self.served = False
        self.origin = ""

    def up(self, during: Callable[[], None] = lambda: None, **wish: Any) -> list[str]:
        """Returns what was printed."""
        values = {"number": NUMBER, "fallback_url": None, "dry_run": False, "restore": False}
        run_on_loopback(self._up(Wish(**{**values, **wish}), during))
        return self.console.export_text().splitlines()

    async def _up(self, wish: Wish, during: Callable[[], None]) -> None:
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        async with listening(self.carrier) as account:
            given = {"carrier": account, "insecure_local": False, "carrier_tokens": ("t",),
                     "public_url": self.origin, **self.changes}  # fmt: skip
            settings = settings_in(self.folder, **given)
            with ExitStack() as stack:
                stack.enter_context(captured_log())
                app = make_app(settings, read_tenants(settings))
                runner, _ = await serve(app, "127.0.0.1", port)
                try:
                    async with _pointed(app, wish, self.console) as self.served:
                        during()
                finally:
                    await runner.cleanup()

    def sets(self) -> list[dict[str, str]]:
        return [dict(form) for method, _, form in self.carrier.asked if method == "POST"]


def test_a_number_is_looked_up_shown_and_set(tmp_path: Path) -> None:
    desk = Desk(tmp_path, numbers(OLD), web.json_response(OLD))
    lines = desk.up()
    assert desk.served
    assert desk.carrier.asked[0][:2] == ("GET", "IncomingPhoneNumbers.json")
    assert desk.carrier.queries[0] == {"PhoneNumber": NUMBER}
    voice = f"{desk.origin}/twilio/voice"
    assert desk.sets() == [
        {
            "VoiceUrl": voice,
            "VoiceMethod": "POST",
            "VoiceFallbackUrl": voice,
            "VoiceFallbackMethod": "POST",
            "StatusCallback": f"{desk.origin}/twilio/status",
            "StatusCallbackMethod": "POST",
        }
    ]
    assert f"  VoiceUrl: https://old.example.com/  ->  {voice}" in lines
    assert lines[-1] == f"{NUMBER} is pointed here"


def test_a_trial_account_is_told_that_nobody_will_talk(tmp_path: Path) -> None:
    desk = Desk(tmp_path, numbers(OLD))
    desk.carrier.kind = "Trial"
    assert any("the account is a trial" in line for line in desk.up(dry_run=True))


def test_a_dry_run_changes_nothing_and_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path, numbers(OLD))
    assert desk.up(dry_run=True, restore=True)[-1] == "nothing was changed: --dry-run"
    assert (desk.served, desk.sets()) == (False, [])


def test_a_number_that_is_pointed_here_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, numbers())

    def pointed() -> None:
        urls = {"voice_url": "/twilio/voice", "voice_fallback_url": "/twilio/voice",
                "status_callback": "/twilio/status"}  # fmt: skip
        number = {**OLD, **{key: desk.origin + path for key, path in urls.items()}}
        methods = ("voice_method", "voice_fallback_method", "status_callback_method")
        desk.carrier.answers = [numbers({**number, **dict.fromkeys(methods, "POST")})]

    class Late(Exchange):
        async def answer(self, request: web.Request) -> web.StreamResponse:
            pointed()
            return await super().answer(request)

    desk.carrier = Late(numbers())
    assert f"{NUMBER} is pointed here already" in desk.up(restore=True)
    assert desk.sets() == []


def test_at_the_end_what_was_there_is_put_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, numbers(OLD), web.json_response(OLD), numbers(OLD))

    def set_now() -> None:
        ours = {name.lower(): value for name, value in desk.sets()[0].items()}
        now = {**OLD, "voice_url": ours["voiceurl"], "voice_method": "POST"}
        desk.carrier.answers = [numbers(now), web.json_response(OLD)]

    lines = desk.up(set_now, restore=True)
    assert desk.sets()[1] == {"VoiceUrl": "https://old.example.com/", "VoiceMethod": "GET"}
    assert lines[-1] == f"{NUMBER}: put back VoiceUrl, VoiceMethod"


@pytest.mark.parametrize("answer", [refused(401), numbers()])
def test_what_cannot_be_put_back_is_said_in_full(answer: Answer, tmp_path: Path) -> None:
    desk = Desk(tmp_path, numbers(OLD), web.json_response(OLD))

    def breaks() -> None:
        desk.carrier.answers = [answer]

    lines = desk.up(breaks, restore=True)
    assert any("could not be put back" in line for line in lines)
    assert "  VoiceUrl: https://old.example.com/" in lines


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(401, 20003), "does not take the credentials"),
        (refused(404, 20404), "the carrier: GET IncomingPhoneNumbers: HTTP 404"),
        (refused(429, 20429), "the carrier: GET IncomingPhoneNumbers: HTTP 429"),
        (refused(500), "the carrier: GET IncomingPhoneNumbers: HTTP 500"),
        (web.Response(text="<html>"), "the carrier: GET IncomingPhoneNumbers: "),
        (ConnectionResetError(), "the carrier: GET IncomingPhoneNumbers: "),
        (1000.0, "no answer within 10 s"),
        (numbers(), "the account has no such number"),
        (numbers({**OLD, "phone_number": "+15550100999"}), "the account has no such number"),
        (numbers({**OLD, "trunk_sid": "TK1"}), "belongs to the SIP trunk TK1"),
    ],
)
def test_whatever_the_carrier_answers_nothing_is_changed(
    answer: Answer, said: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, answer)
    with pytest.raises(ConfigError, match="(?s)" + said.replace("+", "[+]")):
        desk.up()
    assert desk.sets() == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(500), "it may have been done all the same"),
        (refused(400), "the carrier: POST IncomingPhoneNumbers"),
    ],
)
def test_a_change_that_fails_is_told(answer: Answer, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        Desk(tmp_path, numbers(OLD), answer).up()


def test_what_is_missing_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Desk(tmp_path, numbers(OLD), carrier=None).up(number="+15550100999")
    assert [problem.split(" ")[0] for problem in caught.value.problems] == [
        "TWILIO_ACCOUNT_SID",
        "--number",
    ]


def test_an_address_that_leads_elsewhere_changes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, numbers(OLD), public_url="http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="--public-url: not reached"):
        desk.up()
    assert desk.carrier.asked == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--number", "12"], '--number: "12" is not a number'),
        (["--number", NUMBER, "--fallback-url", "http://x"], "--fallback-url http://x: must be"),
    ],
)
def test_a_wish_that_makes_no_sense_is_told(
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = Command(monkeypatch, capsys)
    done = command("up", *arguments, "--public-url", "https://voice.example.com")
    assert done.code == 2
    assert said in done.err[0]


def test_the_service_must_be_whole_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("GEMINI_API_KEY", "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    command = Command(monkeypatch, capsys)
    done = command("up", "--number", NUMBER, "--public-url", "https://voice.example.com")
    assert done.code == 2
    assert any("TWILIO_AUTH_TOKEN is not set" in line for line in done.err)


def test_the_whole_command_as_a_process(tmp_path: Path) -> None:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "functions").mkdir()
    (tmp_path / "tenants" / "a.yaml").write_text(
        f"tenant: a\nnumbers: [{NUMBER}]\nagent: {{instructions: Be kind.}}\n"
    )
    (tmp_path / "service.yaml").write_text("speak_phrases: no\n")
    port = str(free_port())

    async def main() -> tuple[int | None, str]:
        async with listening(Carrier(numbers(OLD))) as account:
            environment = {
                "PATH": os.environ["PATH"],
                "SEAMLINE_DATA": str(tmp_path / "var"),
                "TWILIO_ACCOUNT_SID": account.sid,
                "TWILIO_AUTH_TOKEN": account.secret,
                "SEAMLINE_TWILIO_URL": account.base_url,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "agent", "up", "--number", NUMBER, "--dry-run",
                "--config", str(tmp_path / "service.yaml"), "--port", port,
                "--public-url", f"http://127.0.0.1:{port}", "--gemini-url", "ws://127.0.0.1:1",
                env=environment, cwd=ROOT,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            async with asyncio.timeout(50):
                out, _ = await process.communicate()
            return process.returncode, out.decode()

    code, out = asyncio.run(main())
    assert code == 0, out
    assert "nothing was changed: --dry-run" in out
