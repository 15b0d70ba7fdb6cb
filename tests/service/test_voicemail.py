import asyncio
from collections import Counter
from pathlib import Path

import pytest

from agent.service.voicemail import KNOWN_CALLERS, Voicemails, voicemail_document
from agent.tenants.parse import parse_tenant
from agent.tenants.tenant import Tenant
from agent.tools.messages import Message, path_of, read
from tests.support.patient_loop import run_on_loopback

RECORDING = "RE" + "1" * 32
CALL = "CA" + "1" * 32
TOLD = {
    "CallSid": CALL,
    "RecordingSid": RECORDING,
    "RecordingStatus": "completed",
    "RecordingDuration": "12",
}


def tenant() -> Tenant:
    return parse_tenant(
        "tenant: bella\nnumbers: [default]\nagent: {instructions: x, language: de-DE}\n"
        "fallback: {then: voicemail}\nvoicemail: {longest: 1m}\n",
        "a.yaml",
    )


def noted(folder: Path, *callbacks: dict[str, str], caller: str | None = "+15550199999") -> list[
    Message
]:  # fmt: skip
    counters: Counter[str] = Counter()

    async def main() -> None:
        voicemails = Voicemails(folder, counters)
        voicemails.expected(CALL, caller)
        for fields in callbacks:
            await voicemails.recorded(tenant(), fields)

    run_on_loopback(main())
    messages = read(path_of(folder, "bella"))
    assert counters["voicemails"] == len(messages)
    return messages


def test_the_document_says_what_the_tenant_wants() -> None:
    document = voicemail_document(tenant(), "https://voice.example.com", say="Closed. Speak.")
    assert '<Say language="de-DE">Closed. Speak.</Say>' in document
    assert 'maxLength="60"' in document
    assert 'action="https://voice.example.com/twilio/voicemail/done"' in document
    assert "https://voice.example.com/twilio/voicemail/recorded/bella" in document


def test_a_message_is_noted_once_with_who_left_it(tmp_path: Path) -> None:
    [message] = noted(tmp_path, TOLD, TOLD)
    assert message.text == f"Voicemail, 12 s: recording {RECORDING}"
    assert (message.call_id, message.caller) == (CALL, "+15550199999")


def test_a_caller_who_withheld_the_number_is_nobody(tmp_path: Path) -> None:
    [message] = noted(tmp_path, {**TOLD, "RecordingDuration": "x"}, caller=None)
    assert message.caller is None
    assert message.text == f"Voicemail: recording {RECORDING}"


@pytest.mark.parametrize(
    "changes",
    [
        {"RecordingStatus": "absent"},
        {"RecordingDuration": "0"},
        {"RecordingSid": "../../etc/passwd"},
        {"RecordingSid": ""},
    ],
)
def test_what_is_no_message_is_not_noted(tmp_path: Path, changes: dict[str, str]) -> None:
    assert noted(tmp_path, {**TOLD, **changes}) == []


def test_the_carrier_has_to_tell_again_what_could_not_be_noted(tmp_path: Path) -> None:
    (tmp_path / "messages").touch()
    with pytest.raises(OSError, match="messages"):
        noted(tmp_path, TOLD)


def test_few_callers_are_remembered(tmp_path: Path) -> None:
    async def main() -> None:
        voicemails = Voicemails(tmp_path, Counter())
        for number in range(KNOWN_CALLERS + 5):
            voicemails.expected(f"CA{number}", "+15550199999")
        assert len(voicemails._callers) == KNOWN_CALLERS
        await asyncio.sleep(0)

    run_on_loopback(main())
